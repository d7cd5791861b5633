from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.budget import BudgetExceeded, spend, spent_today
from app.database import TokenSpend, now


def test_spending_leaves_less(sessions):
    with sessions.begin() as session:
        assert spend(session, 300, "answer", limit=1000) == 700
        assert spend(session, 700, "answer", limit=1000) == 0
        assert spent_today(session) == 1000


def test_what_exceeds_the_day_is_refused_and_not_entered(sessions):
    with sessions.begin() as session:
        spend(session, 900, "answer", limit=1000)
        with pytest.raises(BudgetExceeded, match="100 of 1000 are left"):
            spend(session, 101, "essay", limit=1000)
        assert session.scalar(select(func.count()).select_from(TokenSpend)) == 1


def test_yesterday_does_not_count(sessions):
    with sessions.begin() as session:
        session.add(TokenSpend(tokens=5000, purpose="old", spent_at=now() - timedelta(days=1)))
        assert spent_today(session) == 0
