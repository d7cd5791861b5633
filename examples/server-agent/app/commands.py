"""What the master can write to the bot."""

import re

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.approvals import AlreadyDecided, decide
from app.budget import spent_today
from app.database import Approval
from app.settings import Settings

HELP = "I know /status, /approve NUMBER and /reject NUMBER."


def answer(session: Session, settings: Settings, text: str) -> str:
    if text.strip() == "/status":
        return status(session, settings)
    match = re.fullmatch(r"/(approve|reject)\s+(\d{1,9})", text.strip())
    if not match:
        return HELP
    try:
        approval = decide(session, int(match[2]), approve=match[1] == "approve")
    except (LookupError, AlreadyDecided) as error:
        return str(error)
    return f"{approval.action}: {approval.status}"


def status(session: Session, settings: Settings) -> str:
    pending = session.scalars(select(Approval).where(Approval.status == "pending").order_by(Approval.id)).all()
    lines = [f"{spent_today(session)} of {settings.daily_token_budget} tokens spent today"]
    lines += [f"{approval.id}: {approval.action} ({approval.reason})" for approval in pending]
    return "\n".join(lines)
