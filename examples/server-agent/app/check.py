"""`python -m app.check`: exit code 0 when the settings can be read and every table can be queried."""

from sqlalchemy import func, select

from app.database import Base, open_database
from app.health import health, newest_revision
from app.settings import load_settings


def check() -> str:
    settings = load_settings()
    engine, sessions = open_database(settings.database_url)
    with sessions() as session:
        seen = health(session, settings)
        tables = Base.metadata.sorted_tables
        rows = {table.name: session.scalar(select(func.count()).select_from(table)) for table in tables}
    engine.dispose()
    counts = ", ".join(f"{count} {name}" for name, count in rows.items())
    return f"ok: schema {seen['schema']} (newest known: {newest_revision()}), {counts}"


if __name__ == "__main__":
    print(check())
