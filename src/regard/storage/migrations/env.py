"""Runs migrations on the connection that `Database.migrate` hands over."""

from alembic import context

from regard.storage.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
