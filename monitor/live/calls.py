"""The calls of a session: the one under way, those that are ending, and what the next one needs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.assemble import AnalysisOptions, live_call, live_words
from monitor.errors import MonitorError
from monitor.events import Event
from monitor.live.call import CallFacts, Finished, LiveCall
from monitor.live.clerk import Clerk
from monitor.live.diary import Diary
from monitor.live.events import CallBegan, CallEnded, CustomerNamed
from monitor.live.keeping import Keeping
from monitor.live.telling import Inbox, Teller
from monitor.live.words import CHOOSING, Badge, WordsKeeper, badge_of
from monitor.policy.load import load_policy
from monitor.policy.model import Policy
from monitor.policy.sensitivity import tuned
from monitor.profile import ProfileStore, StoredVoice
from monitor.settings import Settings
from monitor.types import RATE_HZ, Baseline, FloatArray, SourceInfo

if TYPE_CHECKING:
    from monitor.sinks.recorder import Recorder

LEAST_LEARNT_S = 10.0  # a call with less speech than this teaches nothing that is worth storing
_WORDS_PATIENCE_S = 3.0  # in the first second of a session the recogniser may still be being chosen
_CATCH_UP = 3 * RATE_HZ  # samples that came meanwhile


class Calls:
    """Owned by the engine's thread; ``now`` is the session's time in seconds."""

    def __init__(
        self, settings: Settings, teller: Teller, inbox: Inbox, folder: Path, now: Callable[[], float]
    ) -> None:
        self.current: LiveCall | None = None
        self.policy: Policy | None = None
        self._written: Policy | None = None  # the same as it was written, for no sensitivity
        self._judges_by: Policy | None = None  # the written one by which the call under way is judged
        self._ending: list[LiveCall] = []
        self._settings = settings
        self._teller, self._inbox, self._now = teller, inbox, now
        self._folder = folder
        self._words = WordsKeeper()
        self._voice: StoredVoice | None = None
        self._profiles = ProfileStore(folder)
        self._diary = Diary(folder)
        self.clerk = Clerk(self._disk)
        self._keeping = Keeping(folder, self._disk)
        self._names: set[str] = set()

    def _disk(self, text: str) -> None:
        """Something could not be stored; told from any thread."""
        self._inbox.post(partial(self._warn, "disk", text))

    def _warn(self, kind: str, text: str) -> None:
        self._teller.warn(self._now(), kind, text)

    # What the next call needs.

    def prepare(self) -> None:
        """Load policy and voice and start a recogniser, for the settings that are in force."""
        self._load_policy()
        self._load_voice()
        self._prepare_words()
        self._keeping.settle(self._settings)  # what was cut off when the program ended last time

    def change(self, settings: Settings) -> None:
        """Take new settings: the sensitivity at once, the rest from the next call on."""
        before, self._settings = self._settings, settings
        if settings.sensitivity != before.sensitivity or settings.policy != before.policy:
            self._load_policy()
        if settings.sensitivity != before.sensitivity and self.current is not None and self._judges_by is not None:
            self.current.retune(tuned(self._judges_by, settings.sensitivity), settings.sensitivity)
        if settings.profile != before.profile:
            self._load_voice()
        heard_by = (settings.policy, settings.recogniser, settings.model)
        if heard_by != (before.policy, before.recogniser, before.model) and self.current is None:
            self._prepare_words()

    def learn(self, baseline: Baseline) -> None:
        """Keep this as the usual voice of the chosen profile, in force from the next call on."""
        name = self._settings.profile
        self._voice = self._profiles.stored(name, baseline)
        self.clerk.ask(partial(self._profiles.store, name, baseline))

    def _options(self) -> AnalysisOptions:
        chosen = self._settings
        return AnalysisOptions(
            policy=chosen.policy, recogniser=chosen.recogniser, model=chosen.model, sensitivity=chosen.sensitivity
        )

    def _load_policy(self) -> None:
        try:
            self._written = load_policy(self._settings.policy)
        except MonitorError as problem:
            self._warn("policy", f"{problem} The built-in policy is used instead.")
            self._written = load_policy()
        self.policy = tuned(self._written, self._settings.sensitivity)

    def _load_voice(self) -> None:
        self._voice, problem = self._profiles.load(self._settings.profile)
        if problem is not None:
            self._warn("profile", problem)

    def _prepare_words(self) -> None:
        self._words.prepare(partial(live_words, self._options(), self._required_policy()))

    def _required_policy(self) -> Policy:
        if self.policy is None:
            self._load_policy()
        assert self.policy is not None
        return self.policy

    @property
    def badge(self) -> Badge | None:
        """How the hearing of words fares; None while nothing can be said."""
        words = self.current.words if self.current is not None else self._words.spare
        if words is not None:
            return badge_of(words)
        return CHOOSING if self._words.pending else None

    # A call's life.

    def begin(self, channels: int, customer: str | None, *, automatic: bool, heard: Sequence[FloatArray] = ()) -> None:
        """Begin a call; ``heard`` are the blocks from before, which belong to it."""
        words = self._words.take(_WORDS_PATIENCE_S)
        samples = sum(y.shape[1] for y in heard)
        policy = self._required_policy()
        self._judges_by = self._written
        facts = CallFacts(
            name=self._new_name(),
            automatic=automatic,
            began=datetime.now().astimezone(),
            began_s=self._now() - samples / RATE_HZ,
            channels=channels,
            profile=self._settings.profile,
            heard_before_s=0.0 if self._voice is None else self._voice.baseline.speech_s,
        )
        info = SourceInfo(facts.name, channels, RATE_HZ)
        pipeline, builder = live_call(policy, self._voice, words, info, at_once=samples + _CATCH_UP if samples else 0)
        recorder = self._recorder(policy, facts)
        journal = self._keeping.begin(
            self._settings, policy, info, builder.engine,
            began=facts.began,
            usual=None if self._voice is None else self._voice.baseline,
            sound=None if recorder is None else recorder.path,
        )  # fmt: skip
        self.current = LiveCall(facts, pipeline, builder, words, recorder, journal=journal)
        if customer is not None:
            self.current.name_customer(customer)
        self._teller.quiet.forget()
        keeps = (recorder is not None, journal is not None, journal is not None and policy.recording.share_calls)
        self._teller.tell(CallBegan(facts.began_s, facts.name, customer, automatic, *keeps))

    def name_customer(self, name: str) -> None:
        """Give the customer of the call under way a name."""
        if self.current is not None and name and name != self.current.customer:
            self.current.name_customer(name)
            self._teller.tell(CustomerNamed(self._now(), self.current.facts.name, name))

    def push(self, y: FloatArray) -> list[Event]:
        """The next samples of the call under way, shape (channels, samples); its events are told and returned."""
        assert self.current is not None
        events = self.current.push(y)
        self._teller.tell_all(events)
        return events

    def end(self, *, more: bool = True) -> None:
        """End the call under way; its result follows. ``more`` says whether another call may come."""
        call, self.current = self.current, None
        if call is None:
            return
        self._ending.append(call)
        call.finish(lambda finished: self._inbox.post(partial(self._ended, call, finished)))
        if more:
            self._prepare_words()

    @property
    def ending(self) -> bool:
        """Whether the result of a call is still awaited."""
        return bool(self._ending)

    def hurry(self) -> None:
        """Make do with the words that were heard by now."""
        for call in self._ending:
            call.hurry()

    def close(self) -> None:
        """Nothing more will come: end the waiting recogniser."""
        self._words.close()

    def _ended(self, call: LiveCall, finished: Finished) -> None:
        self._ending.remove(call)
        facts, result = finished.facts, finished.result
        self._keeping.settle(self._settings)
        if self.current is None:
            self._teller.tell_all(finished.events)
            self._teller.quiet.forget()
        if result is None:
            self._warn("call", "The result of this call could not be made; the program's log tells more.")
            return
        learnt = self._learn_from(finished)
        self.clerk.ask(partial(self._diary.note_call, facts.name, facts.began, result))
        self._teller.tell(CallEnded(self._now(), facts.name, result, learnt))

    def _learn_from(self, finished: Finished) -> bool:
        baseline, facts = finished.baseline, finished.facts
        agreed = self._settings.learn_from_calls is True and self._settings.profile == facts.profile
        if not agreed or baseline is None or baseline.speech_s - facts.heard_before_s < LEAST_LEARNT_S:
            return False
        if self._voice is not None and self._voice.baseline.speech_s > baseline.speech_s:
            return False  # a call that was not summed up when this one began has taught more
        self.learn(baseline)
        return True

    def _recorder(self, policy: Policy, facts: CallFacts) -> Recorder | None:
        """What keeps the sound, only where the policy asks for it."""
        if not policy.recording.keep_audio:
            return None
        from monitor.sinks.recorder import Recorder

        path = self._folder / "recordings" / f"{facts.name}.flac"
        return Recorder(path, facts.channels, on_problem=self._disk)

    def _new_name(self) -> str:
        start = name = datetime.now().strftime("call %Y-%m-%d %H.%M.%S")
        number = 1
        while name in self._names:
            number += 1
            name = f"{start} ({number})"
        self._names.add(name)
        return name
