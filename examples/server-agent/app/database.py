"""Tables and sessions. The schema itself is made by the migrations, never from these classes."""

from datetime import datetime, timezone

from sqlalchemy import DateTime, Engine, String, Text, TypeDecorator, create_engine
from sqlalchemy.engine import URL
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker


def now() -> datetime:
    return datetime.now(timezone.utc)


class Moment(TypeDecorator):
    """A time with its zone; SQLite, which the tests use, would forget it."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value, dialect):
        return value.astimezone(timezone.utc) if value is not None else None

    def process_result_value(self, value, dialect):
        if value is None or value.tzinfo is not None:
            return value
        return value.replace(tzinfo=timezone.utc)


class Base(DeclarativeBase):
    pass


class Approval(Base):
    """Something that the agent wants to do and the master decides on."""

    __tablename__ = "approvals"

    id: Mapped[int] = mapped_column(primary_key=True)
    action: Mapped[str] = mapped_column(String(200))
    reason: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(String(20), default="pending", index=True)
    requested_at: Mapped[datetime] = mapped_column(Moment, default=now)
    decided_at: Mapped[datetime | None] = mapped_column(Moment)


class TokenSpend(Base):
    """One line of the token ledger."""

    __tablename__ = "token_spends"

    id: Mapped[int] = mapped_column(primary_key=True)
    tokens: Mapped[int]
    purpose: Mapped[str] = mapped_column(String(200))
    spent_at: Mapped[datetime] = mapped_column(Moment, default=now, index=True)


class Cycle(Base):
    """One proactive look at the machine."""

    __tablename__ = "cycles"

    id: Mapped[int] = mapped_column(primary_key=True)
    ran_at: Mapped[datetime] = mapped_column(Moment, default=now)
    outcome: Mapped[str] = mapped_column(String(20))
    details: Mapped[str] = mapped_column(Text, default="")


def open_database(url: URL) -> tuple[Engine, sessionmaker[Session]]:
    engine = create_engine(url, pool_pre_ping=True)
    return engine, sessionmaker(engine, expire_on_commit=False)
