"""What is said in the bundled call, by whom and how: read by ``make_call``, not by the program.

Times follow from the synthesiser, so the script gives only pauses. A sentence's ``marks`` name the behaviours of the
policy that it shows, with the words that show them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Speaker = Literal["agent", "customer"]


@dataclass(frozen=True, slots=True)
class Manner:
    """How something is said.

    ``level_dbfs`` is the RMS of the active part, ``f0_hz`` and ``f0_spread_hz`` are the synthesiser's targets for mean
    and standard deviation, ``stretch`` multiplies durations, ``effort_db`` lifts 1-4 kHz against the lower band.
    """

    label: Literal["calm", "raised"]
    level_dbfs: float
    f0_hz: float
    f0_spread_hz: float
    stretch: float = 1.0
    effort_db: float = 0.0


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence; ``spoken`` replaces ``text`` where the synthesiser needs another spelling."""

    text: str
    manner: Manner
    marks: dict[str, str] = field(default_factory=dict)
    pause_s: float = 0.35
    spoken: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One turn, ``gap_s`` after the end of the one before."""

    who: Speaker
    sentences: tuple[Sentence, ...]
    gap_s: float = 0.5


# The agent's usual voice, and three ways away from it. Raised: 9 dB and 6 semitones up with a brighter balance.
CALM = Manner("calm", -27.0, 178.0, 70.0, 0.95)
TENSE = Manner("raised", -22.0, 214.0, 85.0, 0.93, 3.0)
RAISED = Manner("raised", -17.5, 254.0, 95.0, 0.96, 5.5)
SOFT = Manner("calm", -27.5, 179.0, 55.0, 0.97)
# The customer, heard through a telephone.
TOLD = Manner("calm", -27.0, 118.0, 40.0, 1.0)
LOUD = Manner("raised", -20.0, 158.0, 60.0, 1.0, 4.5)
EASED = Manner("calm", -27.5, 114.0, 36.0, 1.05)


def _agent(manner: Manner, *texts: str, gap_s: float = 0.5) -> Line:
    return Line("agent", tuple(Sentence(t, manner) for t in texts), gap_s)


def _customer(manner: Manner, *texts: str, gap_s: float = 0.5) -> Line:
    return Line("customer", tuple(Sentence(t, manner) for t in texts), gap_s)


SCRIPT: tuple[Line, ...] = (
    _agent(
        CALM,
        "Good morning, and thank you for calling Harbor Broadband.",
        "My name is Anna.",
        "How can I help you today?",
        gap_s=0.8,
    ),
    _customer(
        TOLD,
        "Hello, this is Paul Miller.",
        "My internet has been down since Monday, and I work from home.",
    ),
    _agent(
        CALM,
        "Thank you, Mister Miller.",
        "I have your account open in front of me.",
        "The line dropped out on Monday afternoon, and a repair was booked for this morning, between nine and eleven.",
    ),
    _customer(TOLD, "Nobody came.", "I waited all morning."),
    _agent(
        CALM,
        "I will read you the notes from the repair team.",
        "They say that the van was sent to an older address, on Garden Street.",
        "Could you tell me where you live now, so that I can compare the two?",
    ),
    _customer(TOLD, "Twelve Mill Lane.", "I gave you that address twice."),
    _agent(CALM, "One moment, please, while I read through the rest of the record."),
    _customer(
        LOUD,
        "This is the third time I have called!",
        "Every time, somebody new reads me the same notes, and nothing happens!",
        gap_s=0.8,
    ),
    Line(
        "agent",
        (
            Sentence("I am reading this as fast as I can.", TENSE),
            Sentence("Mister Miller, you need to calm down, please.", RAISED, {"say.calm_down": "calm down"}),
        ),
        gap_s=0.35,
    ),
    _customer(LOUD, "Then who sent the van?", "I pay you every month!", gap_s=0.35),
    Line(
        "agent",
        (
            Sentence(
                "The vans are sent out by the repair team, and that's not my department.",
                RAISED,
                {"say.push_off": "that's not my department"},
            ),
            Sentence("I see only what they wrote in the record!", RAISED),
        ),
        gap_s=0.35,
    ),
    _customer(LOUD, "So now it is nobody's job?", gap_s=0.4),
    Line(
        "agent",
        (
            Sentence("Mister Miller, I'm sorry about that.", SOFT, {"do.apologise": "I'm sorry about that"}),
            Sentence(
                "You waited all morning, and I understand why that matters.", SOFT, {"do.empathise": "I understand"}
            ),
            Sentence("Let me take care of this.", SOFT, {"do.own": "let me take care of this"}),
            Sentence(
                "You could either have a visit this afternoon, or a new router in the post today.",
                SOFT,
                {"do.options": "you could either"},
            ),
        ),
        gap_s=1.6,
    ),
    _customer(EASED, "This afternoon would be good."),
    Line(
        "agent",
        (
            Sentence("Then it is booked for two o'clock, at twelve Mill Lane.", SOFT),
            Sentence(
                "I'll call you back at five, to check that it works.", SOFT, {"do.follow_up": "I'll call you back"}
            ),
            Sentence("And thank you for telling me.", SOFT, {"do.thank": "thank you for telling me"}),
        ),
    ),
    _customer(EASED, "All right.", "Thank you, Anna."),
)
