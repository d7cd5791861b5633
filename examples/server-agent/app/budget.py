"""The token budget: every use of the language model goes into a ledger, and the day has a limit."""

from datetime import datetime, time, timezone

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app.database import TokenSpend, now


class BudgetExceeded(Exception):
    """The day's tokens would not last for this."""


def spent_today(session: Session) -> int:
    midnight = datetime.combine(now().date(), time.min, timezone.utc)
    return session.scalar(select(func.coalesce(func.sum(TokenSpend.tokens), 0)).where(TokenSpend.spent_at >= midnight))


def spend(session: Session, tokens: int, purpose: str, limit: int) -> int:
    """Enters the tokens and returns what is left of the day's limit; raises BudgetExceeded and enters nothing."""
    if session.get_bind().dialect.name == "postgresql":
        # App and worker write to one ledger: without the lock both could take the last tokens.
        session.execute(text("LOCK TABLE token_spends IN SHARE ROW EXCLUSIVE MODE"))
    left = limit - spent_today(session) - tokens
    if left < 0:
        raise BudgetExceeded(f"{purpose} needs {tokens} tokens, {left + tokens} of {limit} are left today")
    session.add(TokenSpend(tokens=tokens, purpose=purpose))
    session.flush()
    return left
