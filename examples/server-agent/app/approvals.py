"""What the agent may do only after its master said yes."""

from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.database import Approval, now


class AlreadyDecided(Exception):
    """The approval is not pending any more."""


def request_approval(session: Session, action: str, reason: str) -> tuple[Approval, bool]:
    """The pending approval for this action, and whether it is new: the same thing is never asked twice."""
    pending = session.scalar(select(Approval).where(Approval.action == action, Approval.status == "pending"))
    if pending:
        return pending, False
    approval = Approval(action=action, reason=reason)
    session.add(approval)
    session.flush()
    return approval, True


def decide(session: Session, approval_id: int, approve: bool) -> Approval:
    """Raises LookupError for an unknown approval and AlreadyDecided when somebody was faster."""
    decided = session.execute(
        update(Approval)
        .where(Approval.id == approval_id, Approval.status == "pending")
        .values(status="approved" if approve else "rejected", decided_at=now())
    )
    approval = session.get(Approval, approval_id)
    if approval is None:
        raise LookupError(f"There is no approval {approval_id}.")
    if decided.rowcount == 0:
        raise AlreadyDecided(f"Approval {approval_id} is already {approval.status}.")
    return approval


def expire(session: Session, older_than_hours: float) -> int:
    """Closes what nobody answered in time; returns how many."""
    limit = now() - timedelta(hours=older_than_hours)
    return session.execute(
        update(Approval)
        .where(Approval.status == "pending", Approval.requested_at < limit)
        .values(status="expired", decided_at=now())
    ).rowcount
