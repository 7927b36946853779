"""Runs the migrations on the open connection of `valor_core.store.migrate`, in one transaction."""

from alembic import context

from valor_core.store.guards import APP_ROLE
from valor_core.store.tables import Base

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    compare_server_default=True,
    transactional_ddl=True,
)
context.run_migrations()
if connection.dialect.name == "postgresql":
    connection.exec_driver_sql(f"GRANT SELECT ON alembic_version TO {APP_ROLE}")
