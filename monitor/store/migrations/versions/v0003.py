"""Where a recording of the call lies, and which journal a call came from, so that none is stored twice."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the columns."""
    op.add_column("calls", sa.Column("sound", sa.Text(), nullable=True))
    op.add_column("calls", sa.Column("origin", sa.String(64), nullable=True))
    op.create_index("ix_calls_origin", "calls", ["origin"])
