"""Where the service is told what to do: secrets and addresses by the environment, behaviour by agent.yaml."""

import os
from dataclasses import dataclass, field
from pathlib import Path

import yaml
from sqlalchemy import URL, make_url


@dataclass(frozen=True)
class Settings:
    database_url: URL
    telegram_token: str = field(repr=False)
    telegram_api_url: str
    master_chat_id: int | None
    daily_token_budget: int
    cycle_seconds: float
    cycle_tokens: int
    approval_hours: float
    disk_percent: float


def load_settings(environ=os.environ) -> Settings:
    """Reads the environment and the file that AGENT_CONFIG names. Raises KeyError or ValueError where one is wrong."""
    config = yaml.safe_load(Path(environ.get("AGENT_CONFIG", "config/agent.yaml")).read_text())
    chat = environ.get("MASTER_CHAT_ID", "")
    return Settings(
        database_url=_database_url(environ),
        telegram_token=environ.get("TELEGRAM_API_TOKEN", ""),
        telegram_api_url=environ.get("TELEGRAM_API_URL") or "https://api.telegram.org",
        master_chat_id=int(chat) if chat else None,
        daily_token_budget=int(config["budget"]["daily_tokens"]),
        cycle_seconds=float(config["proactive"]["every_seconds"]),
        cycle_tokens=int(config["proactive"]["tokens_per_cycle"]),
        approval_hours=float(config["approvals"]["expire_after_hours"]),
        disk_percent=float(config["proactive"]["disk_percent"]),
    )


def _database_url(environ) -> URL:
    if environ.get("DATABASE_URL"):
        return make_url(environ["DATABASE_URL"])
    # From parts, so that a password may hold any character.
    return URL.create(
        "postgresql+psycopg",
        username=environ.get("POSTGRES_USER", "agent"),
        password=environ["POSTGRES_PASSWORD"],
        host=environ.get("POSTGRES_HOST", "db"),
        database=environ.get("POSTGRES_DB", "server_agent"),
    )
