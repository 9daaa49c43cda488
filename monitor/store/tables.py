"""The tables of the store. A change here needs a migration beside it in ``migrations/versions``.

Times of day are milliseconds since 1970 in UTC, times within a call seconds from its first sample.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, LargeBinary, MetaData, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

HEAD = "0003"  # the newest migration

Key = BigInteger().with_variant(Integer(), "sqlite")  # SQLite numbers rows by themselves only as INTEGER


class Base(DeclarativeBase):
    """Names every constraint, so that both databases can change it later."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


def _call() -> Mapped[int]:
    return mapped_column(ForeignKey("calls.id", ondelete="CASCADE"), primary_key=True)


class PolicyText(Base):
    """A policy as it judged some call, complete; ``text`` is JSON."""

    __tablename__ = "policies"

    fingerprint: Mapped[str] = mapped_column(String(200), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text)


class Call(Base):
    """One call and what it came to; ``ended`` is False while it runs, or where the program was stopped in it."""

    __tablename__ = "calls"
    # A number is never given twice, for the list of accesses keeps it.
    __table_args__ = (
        Index(None, "began_ms"), Index(None, "agent", "began_ms"), Index(None, "sha256"), Index(None, "origin"),
        {"sqlite_autoincrement": True},
    )  # fmt: skip

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    began_ms: Mapped[int] = mapped_column(BigInteger)
    ended: Mapped[bool] = mapped_column(default=False)
    agent: Mapped[str] = mapped_column(String(200))
    team: Mapped[str | None] = mapped_column(String(200))
    shared: Mapped[bool] = mapped_column(default=False)
    name: Mapped[str] = mapped_column(String(400))
    sha256: Mapped[str | None] = mapped_column(String(64))
    duration_s: Mapped[float] = mapped_column(default=0.0)
    samples: Mapped[int] = mapped_column(BigInteger, default=0)
    channels: Mapped[int]
    rate_hz: Mapped[int]
    version: Mapped[str] = mapped_column(String(60))
    policy: Mapped[str] = mapped_column(ForeignKey("policies.fingerprint"))
    heard_policy: Mapped[str] = mapped_column(String(200))  # the one whose phrases the recogniser listened for
    recogniser: Mapped[str] = mapped_column(String(100))
    agent_channel: Mapped[int]
    profile: Mapped[str | None] = mapped_column(String(200))
    usual: Mapped[str | None] = mapped_column(Text)  # the usual voice that the call began with, JSON
    green_s: Mapped[float] = mapped_column(default=0.0)
    amber_s: Mapped[float] = mapped_column(default=0.0)
    red_s: Mapped[float] = mapped_column(default=0.0)
    grey_s: Mapped[float] = mapped_column(default=0.0)
    flags: Mapped[int] = mapped_column(default=0)
    talk_share: Mapped[float | None]
    interruptions: Mapped[int | None]
    sound: Mapped[str | None] = mapped_column(Text)  # the path of a recording, on the machine where it was made
    origin: Mapped[str | None] = mapped_column(String(64))  # of the journal that it was written from, for a live call


class Verdict(Base):
    """A result in full, zlib-compressed JSON. Number 0 is as it was shown; the highest is the newest."""

    __tablename__ = "verdicts"

    call_id: Mapped[int] = _call()
    number: Mapped[int] = mapped_column(primary_key=True)
    made_ms: Mapped[int] = mapped_column(BigInteger)
    policy: Mapped[str] = mapped_column(ForeignKey("policies.fingerprint"))
    document: Mapped[bytes] = mapped_column(LargeBinary)


class Part(Base):
    """One minute of one side. ``ticks``, ``frames`` and ``talk`` are of ``columns``, ``words`` is compressed JSON."""

    __tablename__ = "parts"

    call_id: Mapped[int] = _call()
    side: Mapped[int] = mapped_column(primary_key=True)
    minute: Mapped[int] = mapped_column(primary_key=True)
    ticks: Mapped[bytes | None] = mapped_column(LargeBinary)
    talk: Mapped[bytes | None] = mapped_column(LargeBinary)
    words: Mapped[bytes | None] = mapped_column(LargeBinary)
    frames: Mapped[bytes | None] = mapped_column(LargeBinary)  # last, so that judging again need not read it


class StoredLight(Base):
    """One stretch of unchanged light; ``end_s`` is None for the light that shows. ``reasons`` is JSON."""

    __tablename__ = "lights"

    call_id: Mapped[int] = _call()
    number: Mapped[int] = mapped_column(primary_key=True)
    start_s: Mapped[float]
    end_s: Mapped[float | None]
    light: Mapped[str] = mapped_column(String(10))
    reasons: Mapped[str] = mapped_column(Text)


class StoredFlag(Base):
    """The last state of one flagged phrase."""

    __tablename__ = "flags"

    call_id: Mapped[int] = _call()
    number: Mapped[int] = mapped_column(primary_key=True)
    behaviour: Mapped[str] = mapped_column(String(100))
    start_s: Mapped[float]
    end_s: Mapped[float]
    channel: Mapped[int]
    text: Mapped[str] = mapped_column(Text)
    phrase: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(12))
    confidence: Mapped[float]
    say_instead: Mapped[str | None] = mapped_column(Text)
    heard_at_s: Mapped[float]


class StoredItem(Base):
    """One item of the checklist."""

    __tablename__ = "checklist"

    call_id: Mapped[int] = _call()
    number: Mapped[int] = mapped_column(primary_key=True)
    behaviour: Mapped[str] = mapped_column(String(100))
    met: Mapped[bool | None]
    at_s: Mapped[float | None]
    evidence: Mapped[str | None] = mapped_column(Text)
    why: Mapped[str | None] = mapped_column(Text)


class StoredDispute(Base):
    """What somebody found not right: a flag or a light's reason by its id, and where it was."""

    __tablename__ = "disputes"
    __table_args__ = (Index(None, "call_id"),)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    call_id: Mapped[int] = mapped_column(ForeignKey("calls.id", ondelete="CASCADE"))
    made_ms: Mapped[int] = mapped_column(BigInteger)
    who: Mapped[str] = mapped_column(String(200))
    subject: Mapped[str] = mapped_column(String(100))
    at_s: Mapped[float]
    text: Mapped[str] = mapped_column(Text)
    note: Mapped[str | None] = mapped_column(Text)


class StoredComment(Base):
    """A remark on a moment of a call."""

    __tablename__ = "comments"
    __table_args__ = (Index(None, "call_id"),)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    call_id: Mapped[int] = mapped_column(ForeignKey("calls.id", ondelete="CASCADE"))
    made_ms: Mapped[int] = mapped_column(BigInteger)
    who: Mapped[str] = mapped_column(String(200))
    at_s: Mapped[float | None]
    text: Mapped[str] = mapped_column(Text)


class Access(Base):
    """Who did what with a call. It stays when the call is deleted, and names no more than the call's number."""

    __tablename__ = "accesses"
    __table_args__ = (Index(None, "agent", "made_ms"),)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    call_id: Mapped[int] = mapped_column(Key)
    agent: Mapped[str] = mapped_column(String(200))
    made_ms: Mapped[int] = mapped_column(BigInteger)
    who: Mapped[str] = mapped_column(String(200))
    deed: Mapped[str] = mapped_column(String(20))
