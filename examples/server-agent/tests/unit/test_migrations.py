from alembic import command
from sqlalchemy import text

from app.health import newest_revision


def test_the_migrations_make_what_the_code_expects(settings, alembic_config):
    command.check(alembic_config)


def test_migrating_again_changes_nothing(settings, sessions, alembic_config):
    command.upgrade(alembic_config, "head")
    with sessions() as session:
        assert session.scalar(text("SELECT version_num FROM alembic_version")) == newest_revision()


def test_every_migration_can_be_undone(settings, alembic_config):
    command.downgrade(alembic_config, "base")
    command.upgrade(alembic_config, "head")


def test_the_first_version_can_still_write_on_the_newest_schema(sessions):
    with sessions.begin() as session:
        session.execute(
            text("INSERT INTO approvals (action, reason, status, requested_at) VALUES ('a', '', 'pending', '2025-01-01')")
        )
        session.execute(text("INSERT INTO token_spends (tokens, purpose, spent_at) VALUES (1, 'a', '2025-01-01')"))
