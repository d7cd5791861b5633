from alembic import context

from app.database import Base, open_database
from app.settings import load_settings

# Serialises migrations of one database; any fixed number does.
LOCK = 4_601_203

engine, _ = open_database(load_settings().database_url)

with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=Base.metadata)
    with context.begin_transaction():
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
            # Waiting long for a table lock would hold up the version that is serving.
            connection.exec_driver_sql("SET LOCAL lock_timeout = '10s'")
        context.run_migrations()
engine.dispose()
