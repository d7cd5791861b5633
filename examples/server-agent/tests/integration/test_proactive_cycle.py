import threading
from dataclasses import replace

from sqlalchemy import select

from app.approvals import request_approval
from app.budget import spent_today
from app.database import Approval, Cycle
from app.proactive import disk_used_percent, run_cycle
from app.worker import run


def test_a_quiet_machine_costs_the_tokens_of_a_cycle_and_asks_nothing(sessions, settings, telegram):
    assert run_cycle(sessions, settings, lambda: 10).outcome == "ok"
    with sessions() as session:
        assert spent_today(session) == settings.cycle_tokens
        assert session.scalars(select(Approval)).all() == []
    assert telegram.messages == []


def test_a_full_disk_is_asked_about_once(sessions, settings, telegram):
    run_cycle(sessions, settings, lambda: 97)
    run_cycle(sessions, settings, lambda: 98)
    texts = [message["text"] for message in telegram.messages]
    assert texts == ["May I clean up the disk? 97 % used. /approve 1 or /reject 1"]


def test_without_budget_the_cycle_is_recorded_and_looks_at_nothing(sessions, settings):
    def disk_used():
        raise AssertionError("looked although there was no budget")

    cycle = run_cycle(sessions, replace(settings, daily_token_budget=10), disk_used)
    assert cycle.outcome == "over_budget"
    with sessions() as session:
        assert session.scalars(select(Cycle.outcome)).all() == ["over_budget"]
        assert spent_today(session) == 0


def test_a_cycle_closes_what_nobody_answered(sessions, settings):
    with sessions.begin() as session:
        request_approval(session, "reboot", "")
    run_cycle(sessions, replace(settings, approval_hours=0), lambda: 10)
    with sessions() as session:
        assert session.scalars(select(Approval.status)).all() == ["expired"]


def test_the_disk_of_this_machine_can_be_read():
    assert 0 < disk_used_percent() <= 100


class StopAfterOneCycle(threading.Event):
    def wait(self, timeout=None):
        self.set()
        return True


def test_the_worker_touches_its_heartbeat_after_a_good_cycle(sessions, settings, tmp_path):
    run(sessions, settings, StopAfterOneCycle(), tmp_path / "heartbeat")
    assert (tmp_path / "heartbeat").exists()


def test_the_worker_survives_a_cycle_that_fails(sessions, settings, tmp_path, caplog):
    (tmp_path / "agent.db").unlink()
    run(sessions, settings, StopAfterOneCycle(), tmp_path / "heartbeat")
    assert "the cycle failed" in caplog.text
    assert not (tmp_path / "heartbeat").exists()
