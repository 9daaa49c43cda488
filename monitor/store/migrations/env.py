"""How Alembic runs the steps: on the connection that it is given, in that connection's transaction."""

from __future__ import annotations

from alembic import context

from monitor.store.tables import Base

context.configure(
    connection=context.config.attributes["connection"], target_metadata=Base.metadata, render_as_batch=True
)
context.run_migrations()
