"""The proactive scheduler: `python -m app.worker`."""

import logging
import signal
import threading
from pathlib import Path

from app.database import open_database
from app.proactive import run_cycle
from app.settings import load_settings

HEARTBEAT = Path("/tmp/worker-heartbeat")
log = logging.getLogger("worker")


def run(sessions, settings, stop: threading.Event, heartbeat: Path = HEARTBEAT) -> None:
    """Cycles until `stop` is set. A cycle that fails is logged, and its heartbeat stays out."""
    while not stop.is_set():
        try:
            cycle = run_cycle(sessions, settings)
            log.info("cycle %s: %s", cycle.outcome, cycle.details)
            heartbeat.touch()
        except Exception:
            log.exception("the cycle failed")
        stop.wait(settings.cycle_seconds)


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    settings = load_settings()
    _, sessions = open_database(settings.database_url)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    run(sessions, settings, stop)
    log.info("stopped")


if __name__ == "__main__":
    main()
