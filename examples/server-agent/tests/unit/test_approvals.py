from datetime import timedelta

import pytest

from app.approvals import AlreadyDecided, decide, expire, request_approval
from app.database import now


def test_a_pending_action_is_not_asked_again(sessions):
    with sessions.begin() as session:
        first, new = request_approval(session, "reboot", "kernel update")
        again, new_again = request_approval(session, "reboot", "kernel update")
    assert (new, new_again) == (True, False)
    assert first.id == again.id


def test_an_action_that_was_decided_may_be_asked_again(sessions):
    with sessions.begin() as session:
        first, _ = request_approval(session, "reboot", "kernel update")
        decide(session, first.id, approve=False)
        second, new = request_approval(session, "reboot", "another update")
    assert new and second.id != first.id


@pytest.mark.parametrize(("approve", "status"), [(True, "approved"), (False, "rejected")])
def test_only_the_first_decision_counts(sessions, approve, status):
    with sessions.begin() as session:
        approval, _ = request_approval(session, "reboot", "kernel update")
        assert decide(session, approval.id, approve).status == status
        with pytest.raises(AlreadyDecided, match=f"already {status}"):
            decide(session, approval.id, not approve)


def test_an_unknown_approval_can_not_be_decided(sessions):
    with sessions.begin() as session, pytest.raises(LookupError):
        decide(session, 99, approve=True)


def test_what_nobody_answered_in_time_expires(sessions):
    with sessions.begin() as session:
        old, _ = request_approval(session, "reboot", "")
        old.requested_at = now() - timedelta(hours=25)
        fresh, _ = request_approval(session, "update", "")
        assert expire(session, older_than_hours=24) == 1
        session.refresh(old)
    assert (old.status, fresh.status) == ("expired", "pending")
    assert old.decided_at.tzinfo is not None
