"""The sink that gathers the result of a call from its events; what a result is made of stands in `result_types`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields

from monitor.errors import BugError
from monitor.events import (
    BaselineLearned,
    ConversationMeasured,
    Event,
    FlagChanged,
    FramesMeasured,
    LightChanged,
    TurnEnded,
    Warned,
    WordsHeard,
)
from monitor.features.pace import SpokenTime
from monitor.result_types import (
    SCHEMA_ID,
    CallResult,
    EngineInfo,
    FlagRecord,
    Pace,
    Recording,
    Summary,
    measure,
    time_s,
)
from monitor.types import (
    Baseline,
    ChecklistItem,
    Conversation,
    CustomerVoice,
    Flag,
    FlagState,
    FrameGrid,
    Interruption,
    Light,
    LightSpan,
    Reason,
    Segment,
    SourceInfo,
    Turn,
    Word,
)
from monitor.windows import SPEECH

__all__ = [
    "LEARNING",
    "NO_RECOGNISER",
    "SCHEMA_ID",
    "CallResult",
    "EngineInfo",
    "FlagRecord",
    "Pace",
    "Recording",
    "ResultBuilder",
    "Summary",
]

LEARNING = Reason("learning", "getting to know this voice")
NO_RECOGNISER = "none"

MIN_PACE_SPEECH_S = 1.0  # a rate over less speech than this says nothing


class ResultBuilder:
    """Sink that gathers a `CallResult` from the events of one call.

    It keeps lights, flags, words and turns, and of the frames only sums, so that its memory does not grow with the
    frames of a recording.

    Parameters
    ----------
    info
        The recording; its ``duration_s`` is not used, the engine tells the measured one to `finish`.
    engine
        What judges; frames and words of ``engine.agent_channel`` are the agent's.
    """

    def __init__(self, info: SourceInfo, engine: EngineInfo) -> None:
        self._info = info
        self._engine = engine
        self._lights: list[LightChanged] = [LightChanged(0.0, Light.GREY, (LEARNING,), None)]
        self._flags: dict[int, Flag] = {}
        self._words: list[Word] = []
        self._turns: list[Turn] = []
        self._baseline: Baseline | None = None
        self._warnings: dict[str, str] = {}
        self._conversation: Conversation | None = None
        self._spoken = SpokenTime()
        self._nuclei = 0
        self._taking = False

    @property
    def engine(self) -> EngineInfo:
        """What judges."""
        return self._engine

    def take(self, event: Event) -> None:
        """Receive one event, in the order of the sample clock."""
        self._taking = True
        match event:
            case FramesMeasured():
                self._count(event)
            case LightChanged():
                if event.light != self._lights[-1].light or event.reasons != self._lights[-1].reasons:
                    self._lights.append(event)
            case FlagChanged(flag=flag):
                self._flags[flag.key] = flag
            case WordsHeard(words=words):
                self._words.extend(words)
            case TurnEnded(turn=turn):
                self._turns.append(turn)
            case ConversationMeasured(conversation=conversation):
                self._conversation = conversation
            case BaselineLearned(baseline=baseline):
                self._baseline = baseline
            case Warned():
                self._warnings.setdefault(event.id, event.text)
        self._taking = False

    def _count(self, event: FramesMeasured) -> None:
        if event.channel == self._engine.agent_channel:
            self._spoken.push(event.features.voiced & (event.features.speech > SPEECH))
            self._nuclei += int(event.features.nucleus.sum())  # told a little after the peak: no mask fits

    def finish(
        self, duration_s: float, checklist: Sequence[ChecklistItem] = (), warnings: Sequence[str] = ()
    ) -> CallResult:
        """Return the result of everything taken so far; may be called again, as for a summary on the way.

        Raises
        ------
        BugError
            An event could not be taken, so that the result would be incomplete.
        """
        if self._taking:
            raise BugError("The result would be incomplete, as an event could not be taken.")
        duration_s = time_s(duration_s)
        unknown: dict[str, str] = {}
        if self._info.sha256 is None:
            unknown["source.sha256"] = "not a file"
        baseline = _rounded_baseline(self._baseline)
        if baseline is None:
            unknown["baseline"] = "too little calm speech to learn the usual voice"
        if self._engine.recogniser == NO_RECOGNISER:
            empty = {"words": not self._words, "flags": not self._flags}
            unknown.update({path: "no recogniser" for path, is_empty in empty.items() if is_empty})
        lights = _spans(self._lights, duration_s)
        flags = tuple(sorted(map(_record, self._flags.values()), key=lambda f: (f.start_s, f.end_s, f.id)))
        turns = sorted((Turn(time_s(t.start_s), time_s(t.end_s), t.speaker) for t in self._turns), key=_start_and_end)
        info = self._info
        conversation = self._known_conversation(unknown)
        return CallResult(
            source=Recording(info.name, info.sha256, duration_s, int(info.channels), int(info.rate_hz)),
            engine=self._engine,
            baseline=baseline,
            lights=lights,
            flags=flags,
            checklist=tuple(_rounded_item(item) for item in checklist),
            turns=tuple(turns),
            words=tuple(sorted(map(_rounded_word, self._words), key=_start_and_end)),
            pace=self._pace(unknown),
            summary=self._summary(lights, flags, conversation),
            conversation=conversation,
            warnings=tuple(dict.fromkeys([*self._warnings.values(), *warnings])),
            unknown=unknown,
        )

    def _pace(self, unknown: dict[str, str]) -> Pace:
        speech_s = FrameGrid().start_s(self._spoken.frames)
        words = sum(word.channel == self._engine.agent_channel for word in self._words)
        if speech_s < MIN_PACE_SPEECH_S:
            unknown["pace.articulation_syl_s"] = unknown["pace.words_per_min"] = "too little speech"
            return Pace(None, None)
        if not words:
            silent = self._engine.recogniser == NO_RECOGNISER
            unknown["pace.words_per_min"] = "no recogniser" if silent else "no words were heard"
        return Pace(
            articulation_syl_s=measure(self._nuclei / speech_s),
            words_per_min=measure(60 * words / speech_s, 1) if words else None,
        )

    def _known_conversation(self, unknown: dict[str, str]) -> Conversation | None:
        """Turn-taking, where two sides were heard; else why not."""
        why = None
        if self._info.channels != 2:
            why = "one channel" if self._info.channels < 2 else "more than two channels"
        elif self._conversation is None:
            why = "only the agent's channel was measured"
        elif self._conversation.talk_share is None:
            why = "nobody spoke"
        elif self._conversation.talk_share == 1.0:
            why = "the customer was not heard"
        elif self._conversation.talk_share == 0.0:
            why = "the agent was not heard"
        if why is None and self._conversation is not None:
            return _rounded_conversation(self._conversation, unknown)
        unknown.update(dict.fromkeys(("conversation", "summary.talk_share", "summary.interruptions"), why or ""))
        return None

    def _summary(self, lights: Iterable[LightSpan], flags: Iterable[FlagRecord], both: Conversation | None) -> Summary:
        lit_s = dict.fromkeys(Light, 0.0)
        for span in lights:
            lit_s[span.light] += span.end_s - span.start_s
        return Summary(
            green_s=time_s(lit_s[Light.GREEN]),
            amber_s=time_s(lit_s[Light.AMBER]),
            red_s=time_s(lit_s[Light.RED]),
            grey_s=time_s(lit_s[Light.GREY]),
            flags=sum(flag.state in (FlagState.TENTATIVE, FlagState.CONFIRMED) for flag in flags),
            talk_share=None if both is None else both.talk_share,
            interruptions=None if both is None else sum(cut.by == "agent" for cut in both.interruptions),
        )


def _start_and_end(value: Turn | Word) -> tuple[float, float, int, str]:
    channel, text = (0, value.speaker) if isinstance(value, Turn) else (value.channel, value.text)
    return value.start_s, value.end_s, channel, text


def _ids(reasons: Iterable[Reason]) -> set[str]:
    return {reason.id for reason in reasons}


def _spans(changes: Sequence[LightChanged], duration_s: float) -> tuple[LightSpan, ...]:
    """Gapless spans from 0 to the end; equal neighbours are one span with the reasons it began with.

    Two lights are equal when their colours and the ids of their reasons are: a value that moves on, or another
    measure that says the same, is no new light.
    """
    starts = [min(time_s(change.at_s), duration_s) for change in changes]
    spans: list[LightSpan] = []
    for change, start_s, end_s in zip(changes, starts, [*starts[1:], duration_s], strict=True):
        if end_s <= start_s:
            continue
        reasons = tuple(
            Reason(r.id, r.text, measure(r.value), r.unit, measure(r.usual), measure(r.limit)) for r in change.reasons
        )
        last = spans[-1] if spans else None
        if last and last.light == change.light and _ids(last.reasons) == _ids(reasons):
            spans[-1] = LightSpan(last.start_s, end_s, last.light, last.reasons)
        else:
            spans.append(LightSpan(start_s, end_s, change.light, reasons))
    return tuple(spans)


def _record(flag: Flag) -> FlagRecord:
    return FlagRecord(
        id=flag.id,
        start_s=time_s(flag.start_s),
        end_s=time_s(flag.end_s),
        channel=int(flag.channel),
        text=flag.text,
        phrase=flag.phrase,
        state=flag.state,
        confidence=measure(flag.confidence) or 0.0,
        say_instead=flag.say_instead,
        heard_at_s=time_s(flag.heard_at_s),
    )


def _rounded_word(word: Word) -> Word:
    return Word(time_s(word.start_s), time_s(word.end_s), word.text, measure(word.confidence) or 0.0, int(word.channel))


def _rounded_item(item: ChecklistItem) -> ChecklistItem:
    at_s = None if item.at_s is None else time_s(item.at_s)
    return ChecklistItem(item.id, item.met, at_s, item.evidence, item.why)


def _rounded_conversation(both: Conversation, unknown: dict[str, str]) -> Conversation:
    voice = both.customer
    if both.reply_delay_s is None:
        unknown["conversation.reply_delay_s"] = "the agent answered nothing"
    if voice.louder_db is None:
        changes = ("louder_db", "higher_st", "more_effort_db")
        unknown.update({f"conversation.customer.{name}": "too little of the customer was heard" for name in changes})
    return Conversation(
        talk_share=measure(both.talk_share, 3),
        talk_over_s=time_s(both.talk_over_s),
        interruptions=tuple(Interruption(time_s(cut.at_s), cut.by) for cut in both.interruptions),
        back_channels=both.back_channels,
        longest_monologue_s=time_s(both.longest_monologue_s),
        dead_air_s=time_s(both.dead_air_s),
        reply_delay_s=measure(both.reply_delay_s),
        slow_replies=both.slow_replies,
        customer=CustomerVoice(
            measure(voice.louder_db),
            measure(voice.higher_st),
            measure(voice.more_effort_db),
            tuple(Segment(time_s(span.start_s), time_s(span.end_s)) for span in voice.raised),
        ),
    )


def _rounded_baseline(baseline: Baseline | None) -> Baseline | None:
    if baseline is None:
        return None
    values = {f.name: measure(getattr(baseline, f.name)) for f in fields(Baseline)}
    known = {name: value for name, value in values.items() if value is not None}
    return Baseline(**known) if len(known) == len(values) else None
