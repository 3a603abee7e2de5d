"""Alembic's entry: run the migrations on the connection that `schema.upgrade` opened."""

from alembic import context

from registry.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    transaction_per_migration=False,
)
context.run_migrations()
