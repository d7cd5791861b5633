"""One proactive cycle: look at the machine, and ask the master before doing anything about it."""

import shutil
from collections.abc import Callable

from sqlalchemy.orm import Session, sessionmaker

from app.approvals import expire, request_approval
from app.budget import BudgetExceeded, spend
from app.database import Cycle
from app.settings import Settings
from app.telegram import tell_master


def disk_used_percent() -> float:
    usage = shutil.disk_usage("/")
    return 100 * usage.used / usage.total


def run_cycle(
    sessions: sessionmaker[Session], settings: Settings, disk_used: Callable[[], float] = disk_used_percent
) -> Cycle:
    """Looks once and records it, also when the budget did not allow it."""
    asked = None
    with sessions.begin() as session:
        expired = expire(session, settings.approval_hours)
        try:
            left = spend(session, settings.cycle_tokens, "proactive cycle", settings.daily_token_budget)
        except BudgetExceeded as error:
            cycle = Cycle(outcome="over_budget", details=str(error))
        else:
            used = disk_used()
            if used >= settings.disk_percent:
                approval, new = request_approval(session, "clean up the disk", f"{used:.0f} % used")
                asked = approval if new else None
            cycle = Cycle(outcome="ok", details=f"disk {used:.0f} %, {left} tokens left, {expired} approvals expired")
        session.add(cycle)
    if asked:
        # After the commit: the master may answer at once, and the approval must be there then.
        tell_master(settings, f"May I {asked.action}? {asked.reason}. /approve {asked.id} or /reject {asked.id}")
    return cycle
