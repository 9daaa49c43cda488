"""Every free parameter of the judgement, in one place: meaning, unit and where the value comes from.

Values were chosen on acted speech of twelve speakers (RAVDESS) in five conditions and checked against read speech of
other speakers, at the middle of a flat region rather than at its best point. All are relative to the speaker's own
usual voice and none to a recording as a whole. A policy may change each of them.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Learning(_Frozen):
    """How the usual voice is learnt."""

    speech_s: float = Field(
        default=20.0,
        gt=0,
        le=300,
        description="speech to hear before judging, s (design section 4)",
    )
    memory: int = Field(
        default=240, ge=20, le=5000, description="calm samples remembered, one per half second of voiced speech"
    )
    below: float = Field(
        default=1.0,
        gt=0,
        le=5,
        description="learn only while the strain is under this, in usual spreads",
    )
    profile_weight: int = Field(default=60, ge=0, le=5000, description="samples that a stored profile counts for")


class RaisedVoice(_Frozen):
    """``voice.raised``: level, F0 and effort together, in spreads of the usual voice, summed up over time.

    Strain is the mean of the three deviations, each divided by the speaker's own spread or the floor given here,
    whichever is larger, and wider while few samples of calm speech were learnt. Evidence grows every second by strain
    minus limit (Page's CUSUM, Biometrika 1954), times a power of their ratio: a shout lights at once, a slightly raised
    voice only when it lasts.
    """

    on: bool = True
    amber: float = Field(default=1.15, gt=0, le=10, description="strain that begins to count for amber, spreads")
    red: float = Field(default=1.8, gt=0, le=10, description="strain that begins to count for red, spreads")
    amber_evidence: float = Field(
        default=0.5,
        gt=0,
        le=20,
        description="evidence that lights amber, spreads x seconds",
    )
    red_evidence: float = Field(default=3.0, gt=0, le=20, description="evidence that lights red, spreads x seconds")
    growth: float = Field(
        default=2.5, ge=0, le=4, description="power of strain over limit by which evidence over the limit grows faster"
    )
    release: float = Field(default=0.6, gt=0, le=1, description="share of the limit that keeps a light on")
    level_db: float = Field(default=4.0, gt=0, le=30, description="least spread of level, dB")
    f0_st: float = Field(default=2.25, gt=0, le=12, description="least spread of F0, semitones")
    effort_db: float = Field(default=2.5, gt=0, le=30, description="least spread of effort, dB")
    doubt: float = Field(
        default=9.0,
        ge=0,
        le=100,
        description="spreads count as wider by the root of 1 + this over the samples learnt: medians of few err",
    )
    most: float = Field(default=4.0, gt=0, le=20, description="what one measure may contribute at most, spreads")
    agreement: float = Field(
        default=0.8,
        ge=0,
        le=10,
        description="two of the three measures must be over this, spreads",
    )
    without_level: float = Field(
        default=0.85, ge=0, le=1, description="weight of F0 and effort alone, for where gain control hides the level"
    )
    hold_s: float = Field(default=3.0, ge=0, le=60, description="how long a light stays after the evidence has gone, s")


class RisingVoice(_Frozen):
    """``voice.rising``: the last minute against the voice at the start of the call, or the stored profile."""

    on: bool = True
    strain: float = Field(
        default=0.75,
        gt=0,
        le=10,
        description="strain of the recent median, in the spreads of voice.raised",
    )
    samples: int = Field(default=50, ge=10, le=1000, description="recent samples, one per half second of voiced speech")
    lasts_s: float = Field(default=10.0, ge=0, le=600, description="how long it must hold before amber, s of call")


class AgitatedVoice(_Frozen):
    """``voice.agitated``: F0 swings wider than usual; spread over the last voiced seconds against the usual spread."""

    on: bool = True
    above_st: float = Field(default=4.5, gt=0, le=24, description="spread over the usual spread, semitones")
    lasts_s: float = Field(default=4.0, ge=0, le=60, description="how long it must hold before amber, s of call")


class FlatVoice(_Frozen):
    """``voice.flat``: F0 hardly moves for a long stretch; advice only, so off unless a policy wants it."""

    on: bool = False
    below_share: float = Field(default=0.5, gt=0, lt=1, description="share of the usual spread")
    lasts_s: float = Field(default=30.0, ge=0, le=600, description="how long it must hold before amber, s of call")


class FastPace(_Frozen):
    """``pace.fast``: articulation rate over the usual one and over a floor under which nobody is fast.

    Hurried speech swallows syllables, and more of them escape the count: speech that is played 1.4, 1.6 and 1.8 times
    as fast reads 1.2, 1.3 and 1.4 times its usual rate.
    """

    on: bool = True
    share: float = Field(default=1.3, gt=1, le=5, description="times the usual articulation rate")
    least_syl_s: float = Field(
        default=4.7,
        gt=0,
        le=15,
        description="never fast below this, syllables per second of speech",
    )
    ceiling_syl_s: float = Field(
        default=6.8,
        gt=0,
        le=20,
        description="always fast above this, syllables per second of speech",
    )
    lasts_s: float = Field(default=3.0, ge=0, le=60, description="how long it must hold before amber, s of call")


class SlowPace(_Frozen):
    """``pace.slow``: articulation rate far under the usual one; off unless a policy wants it."""

    on: bool = False
    share: float = Field(default=0.6, gt=0, lt=1, description="times the usual articulation rate")
    lasts_s: float = Field(default=10.0, ge=0, le=600, description="how long it must hold before amber, s of call")


class MirroredVoice(_Frozen):
    """``voice.mirrored``: the agent's voice goes up within seconds of the customer's (two channels)."""

    on: bool = True
    within_s: float = Field(default=10.0, gt=0, le=60, description="after the customer's rise, s (behaviours.md)")
    strain: float = Field(default=0.9, gt=0, le=10, description="strain of the agent's voice, spreads of voice.raised")
    lasts_s: float = Field(default=0.5, ge=0, le=60, description="speech for which it must hold before amber, s")
    hold_s: float = Field(default=6.0, gt=0, le=60, description="how long the light stays, s")


class Interrupting(_Frozen):
    """``turn.interrupt``: the agent cuts in; the limits of one interruption stand in ``monitor.conversation.floor``."""

    on: bool = True
    count: int = Field(default=2, ge=1, le=100, description="so many light amber (behaviours.md)")
    within_s: float = Field(default=60.0, gt=0, le=600, description="counted over so long, s")
    hold_s: float = Field(default=6.0, gt=0, le=60, description="how long the light stays, s")


class TalkingOver(_Frozen):
    """``turn.talk_over``: both speak at once, whoever began."""

    on: bool = True
    seconds: float = Field(default=3.0, gt=0, le=600, description="so much lights amber, s (behaviours.md)")
    within_s: float = Field(default=30.0, gt=0, le=600, description="counted over so long, s")
    hold_s: float = Field(default=6.0, gt=0, le=60, description="how long the light stays after the last, s")


class Monologue(_Frozen):
    """``turn.monologue``: one turn of the agent without a word of the customer."""

    on: bool = True
    seconds: float = Field(default=60.0, gt=0, le=3600, description="longer lights amber, s (behaviours.md)")


class DeadAir(_Frozen):
    """``turn.dead_air``: nobody speaks; music and an announced hold are no dead air."""

    on: bool = True
    seconds: float = Field(default=10.0, gt=0, le=600, description="longer lights amber, s (behaviours.md)")
    announced_s: float = Field(default=120.0, ge=0, le=3600, description="how long an announced hold may last, s")


class SlowReply(_Frozen):
    """``turn.slow_reply``: for the report only."""

    seconds: float = Field(default=4.0, gt=0, le=60, description="a reply later than this is counted as slow, s")


class Listening(_Frozen):
    """``do.listen``: what lets a call count as one in which the customer was heard."""

    interruptions_per_min: float = Field(default=0.5, ge=0, le=60, description="of the agent, per minute of call")
    talk_over_share: float = Field(default=0.05, ge=0, le=1, description="of the time in which anybody spoke")
    talk_share: float = Field(default=0.8, gt=0, le=1, description="of the agent, of all speaking")


class Audibility(_Frozen):
    """When the voice cannot be judged, and the light is grey."""

    dead_dbfs: float = Field(
        default=-80.0,
        ge=-200,
        le=-20,
        description="a microphone below this all the time is muted, dBFS",
    )
    dead_s: float = Field(default=5.0, gt=0, le=600, description="how long before it is called muted, s")
    snr_db: float = Field(
        default=8.0,
        ge=0,
        le=60,
        description="voiced speech must stand this far over the noise floor, dB",
    )
    clipped_share: float = Field(
        default=0.2,
        gt=0,
        le=1,
        description="share of speech frames at full scale that is too much",
    )


class Thresholds(_Frozen):
    """Limits of each measure; a policy sets them as ``[thresholds."voice.raised"]`` and so on."""

    learning: Learning = Learning()
    audibility: Audibility = Audibility()
    raised: RaisedVoice = Field(default=RaisedVoice(), alias="voice.raised")
    rising: RisingVoice = Field(default=RisingVoice(), alias="voice.rising")
    agitated: AgitatedVoice = Field(default=AgitatedVoice(), alias="voice.agitated")
    flat: FlatVoice = Field(default=FlatVoice(), alias="voice.flat")
    fast: FastPace = Field(default=FastPace(), alias="pace.fast")
    slow: SlowPace = Field(default=SlowPace(), alias="pace.slow")
    mirrored: MirroredVoice = Field(default=MirroredVoice(), alias="voice.mirrored")
    interrupt: Interrupting = Field(default=Interrupting(), alias="turn.interrupt")
    talk_over: TalkingOver = Field(default=TalkingOver(), alias="turn.talk_over")
    monologue: Monologue = Field(default=Monologue(), alias="turn.monologue")
    dead_air: DeadAir = Field(default=DeadAir(), alias="turn.dead_air")
    slow_reply: SlowReply = Field(default=SlowReply(), alias="turn.slow_reply")
    listen: Listening = Field(default=Listening(), alias="do.listen")


class Alerts(_Frozen):
    """How often and how long a light may speak: the alert budget."""

    phrase_s: float = Field(default=6.0, gt=0, le=60, description="how long a phrase keeps its light, s")
    hint_s: float = Field(default=0.25, ge=0, le=10, description="how long a tentative flag must hold to light, s")
    change_s: float = Field(default=1.5, ge=0, le=60, description="least time between two changes of the light, s")
    cue_s: float = Field(default=20.0, ge=0, le=600, description="least time between two new cue words, s")
