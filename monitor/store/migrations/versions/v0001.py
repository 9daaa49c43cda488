"""The first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make every table."""
    _accesses()
    _policies()
    _calls()
    _checklist()
    _comments()
    _disputes()
    _flags()
    _lights()
    _parts()
    _verdicts()


def _accesses() -> None:
    op.create_table(
        "accesses",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("call_id", _KEY, nullable=False),
        sa.Column("agent", sa.String(length=200), nullable=False),
        sa.Column("made_ms", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.String(length=200), nullable=False),
        sa.Column("deed", sa.String(length=20), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accesses")),
    )


def _policies() -> None:
    op.create_table(
        "policies",
        sa.Column("fingerprint", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("fingerprint", name=op.f("pk_policies")),
    )


def _calls() -> None:
    op.create_table(
        "calls",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("began_ms", sa.BigInteger(), nullable=False),
        sa.Column("ended", sa.Boolean(), nullable=False),
        sa.Column("agent", sa.String(length=200), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("name", sa.String(length=400), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("duration_s", sa.Double(), nullable=False),
        sa.Column("samples", sa.BigInteger(), nullable=False),
        sa.Column("channels", sa.Integer(), nullable=False),
        sa.Column("rate_hz", sa.Integer(), nullable=False),
        sa.Column("version", sa.String(length=60), nullable=False),
        sa.Column("policy", sa.String(length=200), nullable=False),
        sa.Column("heard_policy", sa.String(length=200), nullable=False),
        sa.Column("recogniser", sa.String(length=100), nullable=False),
        sa.Column("agent_channel", sa.Integer(), nullable=False),
        sa.Column("profile", sa.String(length=200), nullable=True),
        sa.Column("usual", sa.Text(), nullable=True),
        sa.Column("green_s", sa.Double(), nullable=False),
        sa.Column("amber_s", sa.Double(), nullable=False),
        sa.Column("red_s", sa.Double(), nullable=False),
        sa.Column("grey_s", sa.Double(), nullable=False),
        sa.Column("flags", sa.Integer(), nullable=False),
        sa.Column("talk_share", sa.Double(), nullable=True),
        sa.Column("interruptions", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["policy"], ["policies.fingerprint"], name=op.f("fk_calls_policy")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calls")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_calls_agent_began_ms"), "calls", ["agent", "began_ms"], unique=False)
    op.create_index(op.f("ix_calls_began_ms"), "calls", ["began_ms"], unique=False)
    op.create_index(op.f("ix_calls_sha256"), "calls", ["sha256"], unique=False)


def _checklist() -> None:
    op.create_table(
        "checklist",
        sa.Column("call_id", _KEY, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("behaviour", sa.String(length=100), nullable=False),
        sa.Column("met", sa.Boolean(), nullable=True),
        sa.Column("at_s", sa.Double(), nullable=True),
        sa.Column("evidence", sa.Text(), nullable=True),
        sa.Column("why", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_checklist_call_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("call_id", "number", name=op.f("pk_checklist")),
    )


def _comments() -> None:
    op.create_table(
        "comments",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("call_id", _KEY, nullable=False),
        sa.Column("made_ms", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.String(length=200), nullable=False),
        sa.Column("at_s", sa.Double(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_comments_call_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comments")),
    )
    op.create_index(op.f("ix_comments_call_id"), "comments", ["call_id"], unique=False)


def _disputes() -> None:
    op.create_table(
        "disputes",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("call_id", _KEY, nullable=False),
        sa.Column("made_ms", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.String(length=200), nullable=False),
        sa.Column("subject", sa.String(length=100), nullable=False),
        sa.Column("at_s", sa.Double(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_disputes_call_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disputes")),
    )
    op.create_index(op.f("ix_disputes_call_id"), "disputes", ["call_id"], unique=False)


def _flags() -> None:
    op.create_table(
        "flags",
        sa.Column("call_id", _KEY, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("behaviour", sa.String(length=100), nullable=False),
        sa.Column("start_s", sa.Double(), nullable=False),
        sa.Column("end_s", sa.Double(), nullable=False),
        sa.Column("channel", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("phrase", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("say_instead", sa.Text(), nullable=True),
        sa.Column("heard_at_s", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_flags_call_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("call_id", "number", name=op.f("pk_flags")),
    )


def _lights() -> None:
    op.create_table(
        "lights",
        sa.Column("call_id", _KEY, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("start_s", sa.Double(), nullable=False),
        sa.Column("end_s", sa.Double(), nullable=True),
        sa.Column("light", sa.String(length=10), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_lights_call_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("call_id", "number", name=op.f("pk_lights")),
    )


def _parts() -> None:
    op.create_table(
        "parts",
        sa.Column("call_id", _KEY, nullable=False),
        sa.Column("side", sa.Integer(), nullable=False),
        sa.Column("minute", sa.Integer(), nullable=False),
        sa.Column("ticks", sa.LargeBinary(), nullable=True),
        sa.Column("talk", sa.LargeBinary(), nullable=True),
        sa.Column("words", sa.LargeBinary(), nullable=True),
        sa.Column("frames", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_parts_call_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("call_id", "side", "minute", name=op.f("pk_parts")),
    )


def _verdicts() -> None:
    op.create_table(
        "verdicts",
        sa.Column("call_id", _KEY, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("made_ms", sa.BigInteger(), nullable=False),
        sa.Column("policy", sa.String(length=200), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_verdicts_call_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["policy"], ["policies.fingerprint"], name=op.f("fk_verdicts_policy")),
        sa.PrimaryKeyConstraint("call_id", "number", name=op.f("pk_verdicts")),
    )
