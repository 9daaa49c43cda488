"""The one place where parts are chosen and joined: settings in, a judged call out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from monitor.errors import EnvironmentProblem, InputProblem, ParameterError
from monitor.listening import CatchingUp, LiveWords
from monitor.memory import keep_freed_memory
from monitor.phrases.customer_name import wordings_of
from monitor.phrases.flags import rule_for
from monitor.pipeline import CallPipeline
from monitor.policy.load import load_policy
from monitor.policy.model import Policy
from monitor.policy.sensitivity import tuned
from monitor.ports import BaselineKeeper, Sink, Source, Transcriber
from monitor.profile import StoredVoice, profile_label, read_profile
from monitor.result import CallResult, EngineInfo, ResultBuilder
from monitor.session import run_inline
from monitor.settings import Sensitivity
from monitor.tap import Tap
from monitor.types import RATE_HZ, Baseline, FloatArray, SourceInfo

# What a recogniser is asked to listen for at most: each wording costs start-up time and confuses with others.
MOST_WORDINGS = 500
SIDES = 2


@dataclass(frozen=True, slots=True)
class AnalysisOptions:
    """How to judge: policy by name or file, a stored profile, the recogniser, which channel is the agent's.

    ``guess_agent`` has the channel of a stereo file guessed; ``customer`` is the customer's name, for ``do.name``.
    ``model`` is a Whisper model by name or folder, ``sensitivity`` what ``monitor.policy.sensitivity`` makes of the
    policy. ``block`` is the number of samples per push, None lets the source choose; ``own_process`` says whether the
    recogniser gets a process of its own, which a worker process does without. Neither changes a result.
    """

    policy: str | None = None
    profile: Path | None = None
    recogniser: str = "auto"
    agent_channel: int = 0
    block: int | None = None
    model: str | None = None
    own_process: bool = True
    sensitivity: Sensitivity = "normal"
    customer: str | None = None
    guess_agent: bool = False


def analyse(
    path: Path,
    options: AnalysisOptions,
    *,
    sinks: Sequence[Sink] = (),
    progress: Callable[[float], None] | None = None,
) -> CallResult:
    """Judge a recording.

    Parameters
    ----------
    sinks : receive every event, such as the writer of frames.
    progress : is told the seconds of audio done so far.

    Raises
    ------
    InputProblem
        The recording cannot be read.
    ParameterError
        Policy, profile, recogniser or channel is unusable.
    EnvironmentProblem
        A recogniser that was asked for is not on this machine.
    """
    from monitor.sources.file import open_recording

    notes: tuple[str, ...] = ()
    if options.guess_agent:
        options, notes = _guessed(path, options)
    block_s = None if options.block is None else options.block / RATE_HZ
    with ExitStack() as stack:
        source = open_recording(path, block_s=block_s, channels=_wanted(options.agent_channel))
        stack.callback(source.close)
        options = replace(options, block=None)
        return analyse_source(source, options, sinks=sinks, progress=progress, row=0, notes=notes)


def _guessed(path: Path, options: AnalysisOptions) -> tuple[AnalysisOptions, tuple[str, ...]]:
    """The agent's channel of a stereo recording from its first minutes, and the sentence that says so."""
    from monitor.conversation.sides import SideListener, told
    from monitor.sources.file import open_recording

    listener = SideListener()
    source = open_recording(path)
    try:
        if source.info.channels != SIDES:
            return replace(options, agent_channel=0), ()
        for block in source.blocks():
            listener.push(block)
            if listener.enough:
                break
    finally:
        source.close()
    guess = listener.guess()
    return replace(options, agent_channel=0 if guess is None else guess.channel), (told(guess),)


def analyse_source(
    source: Source,
    options: AnalysisOptions,
    *,
    sinks: Sequence[Sink] = (),
    progress: Callable[[float], None] | None = None,
    row: int | None = None,
    notes: Sequence[str] = (),
) -> CallResult:
    """Judge whatever a source lets hear, to its end; ``row`` is the agent's row of its blocks, by default the channel.

    ``notes`` are sentences for the result's warnings.

    Raises
    ------
    The errors of ``analyse``.
    """
    keep_freed_memory()
    policy = chosen_policy(options)
    if options.agent_channel < 0:
        raise ParameterError(f"Channels are counted from 0, so {options.agent_channel} is none of them.")
    info = source.info
    if row is None:
        row = options.agent_channel
        if row >= info.channels:
            raise ParameterError(f"{info.name} has {info.channels} channels, so there is no channel {row}.")
    both = info.channels == SIDES  # of more channels nobody told which is the customer's
    heard: Source = source if options.block is None else _Reblocked(source, options.block)
    aside = _Aside(heard, (row, 1 - row)) if both and not notes else None
    with ExitStack() as stack:
        words = _words(options, policy, stack)
        usual = None if options.profile is None else read_profile(options.profile)
        builder = ResultBuilder(info, _named_engine(options, policy, words.name))
        pipeline = CallPipeline(
            policy,
            keeper(policy, usual),
            words.transcriber,
            agent_channel=options.agent_channel,
            rule=rule_for(words.name),
            customer_keeper=keeper(policy, None) if both else None,
            customer=options.customer,
        )
        for sink in sinks:
            if isinstance(sink, Tap):
                pipeline.tell(sink)
        customer_row = 1 - row if both else None
        run_inline(aside or heard, pipeline, [builder, *sinks], row=row, customer_row=customer_row, progress=progress)
    if pipeline.duration_s == 0:
        raise InputProblem(f"{info.name} holds no sound; check that the recorder wrote it completely.")
    doubt = None if aside is None else aside.doubt(options.agent_channel)
    told = (*notes, *getattr(source, "warnings", ()), *words.warnings, *([doubt] if doubt else []))
    return builder.finish(pipeline.duration_s, pipeline.checklist(info.channels), told)


def engine_info(options: AnalysisOptions) -> EngineInfo:
    """What ``analyse`` would write about the engine, without hearing anything."""
    from models.registry import choose

    policy = chosen_policy(options)
    choice = choose(options.recogniser, _wordings(policy, options.customer), policy.language, options.model)
    return _named_engine(options, policy, choice.name)


def chosen_policy(options: AnalysisOptions) -> Policy:
    """The policy at the chosen sensitivity.

    Raises
    ------
    ParameterError
        There is none of this name, or it cannot be used.
    """
    return tuned(load_policy(options.policy), options.sensitivity)


def live_words(options: AnalysisOptions, policy: Policy) -> LiveWords:
    """What hears the words of the next live call; it starts in the background.

    Raises
    ------
    ParameterError
        The recogniser or its model is unusable.
    EnvironmentProblem
        A recogniser that was asked for is not on this machine.
    """
    from models import registry

    choice = registry.choose(options.recogniser, _wordings(policy, options.customer), policy.language, options.model)
    if choice.recipe is None:
        return LiveWords(choice.name, None, choice.warnings)
    from models.host import HostedTranscriber

    return LiveWords(choice.name, HostedTranscriber(choice.recipe, wait=False, name=choice.name), choice.warnings)


def live_call(
    policy: Policy, voice: StoredVoice | None, words: LiveWords, info: SourceInfo, *, at_once: int = 0
) -> tuple[CallPipeline, ResultBuilder]:
    """The engine of one live call, and what gathers its result; the first ``at_once`` samples come in one go.

    The agent is channel 0, the customer channel 1 of two. The same samples give what ``analyse`` gives.
    """
    profile = None if voice is None else voice.label
    engine = EngineInfo(engine_version(), policy.fingerprint, words.name, 0, profile)
    hears = words.transcriber
    pipeline = CallPipeline(
        policy,
        keeper(policy, None if voice is None else voice.baseline),
        None if hears is None else CatchingUp(hears, at_once),
        rule=rule_for(words.name),
        customer_keeper=keeper(policy, None) if info.channels == SIDES else None,
    )
    return pipeline, ResultBuilder(info, engine)


def engine_version() -> str:
    """Version of the installed program."""
    try:
        return version("evenkeel")
    except PackageNotFoundError:
        return "0+unknown"


def _wanted(agent_channel: int) -> Callable[[int], Sequence[int]]:
    """Which channels of a recording are heard: the agent's, and of two the customer's after it."""

    def wanted(available: int) -> Sequence[int]:
        return [agent_channel, 1 - agent_channel] if available == SIDES and agent_channel < SIDES else [agent_channel]

    return wanted


class _Reblocked:
    """A source cut anew; the samples stay the same."""

    def __init__(self, source: Source, block: int) -> None:
        self._source, self._block = source, block

    @property
    def info(self) -> SourceInfo:
        return self._source.info

    def blocks(self) -> Iterator[FloatArray]:
        from monitor.sources.blocks import reblock

        return reblock(self._source.blocks(), self._block)


class _Aside:
    """A source whose two sides are listened to on the way, to doubt that the given channel is the agent's."""

    def __init__(self, source: Source, rows: tuple[int, int]) -> None:
        from monitor.conversation.sides import SideListener

        self._source, self._rows, self._listener = source, list(rows), SideListener()

    @property
    def info(self) -> SourceInfo:
        return self._source.info

    def blocks(self) -> Iterator[FloatArray]:
        for block in self._source.blocks():
            self._listener.push(block[self._rows])
            yield block

    def doubt(self, agent_channel: int) -> str | None:
        """What speaks for the other channel; the rows heard are the agent's and the customer's, in this order."""
        from monitor.conversation.sides import doubt

        guess = self._listener.guess()
        if guess is not None and agent_channel == 1:
            guess = replace(guess, channel=1 - guess.channel)
        return doubt(guess, agent_channel)


@dataclass(frozen=True, slots=True)
class _Words:
    """What listens for words: nothing, or a transcriber with its name; and sentences about the choice."""

    name: str
    transcriber: Transcriber | None
    warnings: tuple[str, ...] = ()


def _words(options: AnalysisOptions, policy: Policy, stack: ExitStack) -> _Words:
    """The recogniser, ready to hear; ended with ``stack``. Where none was asked for by name, none is no error."""
    from models import registry

    choice = registry.choose(options.recogniser, _wordings(policy, options.customer), policy.language, options.model)
    transcriber: Transcriber | None = None
    try:
        if choice.recipe is not None and options.own_process:
            from models.host import HostedTranscriber

            host = stack.enter_context(HostedTranscriber(choice.recipe, wait=True, name=choice.name))
            host.wait_ready()
            transcriber = host
        elif choice.recipe is not None:
            from models.allowance import Allowed

            transcriber = Allowed(registry.build(choice.recipe), choice.recipe.allowance)
    except EnvironmentProblem as problem:
        if options.recogniser != "auto" or options.model is not None:
            raise
        choice = registry.without_words(problem)
    return _Words(choice.name, transcriber, choice.warnings)


def _wordings(policy: Policy, customer: str | None) -> tuple[str, ...]:
    names = wordings_of(customer)
    return (*names, *policy.phrases(most=MOST_WORDINGS - len(names)))


def keeper(policy: Policy, usual: Baseline | None) -> BaselineKeeper:
    """What learns a usual voice, from a stored one or from nothing."""
    from models.baseline import BaselineLearner

    limits = policy.thresholds.learning
    return BaselineLearner(
        speech_s=limits.speech_s, memory=limits.memory, profile=usual, profile_weight=limits.profile_weight
    )


def _named_engine(options: AnalysisOptions, policy: Policy, recogniser: str) -> EngineInfo:
    profile = None
    if options.profile is not None:
        # A missing one is refused with a sentence where it is read.
        content = options.profile.read_bytes() if options.profile.is_file() else b""
        profile = profile_label(options.profile.stem, content)
    return EngineInfo(
        version=engine_version(),
        policy=policy.fingerprint,
        recogniser=recogniser,
        agent_channel=options.agent_channel,
        profile=profile,
    )
