"""Teams, and the list of accesses by agent without reading all of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the column and the index."""
    op.add_column("calls", sa.Column("team", sa.String(200), nullable=True))
    op.create_index("ix_accesses_agent_made_ms", "accesses", ["agent", "made_ms"])
