"""Whether this version can do its work."""

import os
from pathlib import Path

from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.budget import spent_today
from app.settings import Settings

ROOT = Path(__file__).resolve().parent.parent


def newest_revision() -> str:
    """The last migration that this code knows."""
    return ScriptDirectory.from_config(Config(ROOT / "alembic.ini")).get_current_head()


def health(session: Session, settings: Settings) -> dict:
    """Asks the database; raises where it can't be asked."""
    return {
        "status": "ok",
        "commit": os.environ.get("VCS_REF", "unknown"),
        "schema": session.scalar(text("SELECT version_num FROM alembic_version")),
        "telegram": "on" if settings.telegram_token else "off",
        "tokens_today": spent_today(session),
        "daily_token_budget": settings.daily_token_budget,
    }
