"""Learning a usual voice from three sentences read aloud, so that the first call can be judged from its start."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from monitor.events import FramesMeasured
from monitor.live.events import EnrolmentEnded, EnrolmentProgress, EnrolmentProgressed, EnrolmentState
from monitor.types import Baseline, Features, FloatArray, FrameGrid

if TYPE_CHECKING:
    from monitor.live.calls import Calls
    from monitor.live.telling import Teller

SENTENCES = (
    "Good morning, you are speaking with the service team, and I have all the time we need to look into this with you.",
    "Let me read back what I have written down, so that we are sure your name, your address and your order are right.",
    "In the evening we walked along the river, where the old mill stands, and on the other side someone played violin.",
)
WANTED_S = 15.0  # of speech; reading the three sentences takes 20 to 30 s

_LOOK_FRAMES = 200  # of speech, over which what is wrong is looked at
_LEAST_DBFS = -52.0
_LEAST_SNR_DB = 10.0
_MOST_CLIPPED = 0.03
_TEXTS = {
    EnrolmentState.LISTENING: "Read at your own pace, as you speak with a customer.",
    EnrolmentState.TOO_QUIET: "Very quiet: come nearer to the microphone, or turn it up.",
    EnrolmentState.CLIPPING: "The microphone is set too loud; turn it down a little.",
    EnrolmentState.NOISY: "It is noisy around you; a quieter place helps.",
    EnrolmentState.READY: "Thank you, that is enough.",
}


class Enrolment:
    """Takes blocks of the agent's microphone, and gives the usual voice once enough was read."""

    def __init__(self) -> None:
        from monitor.assemble import keeper
        from monitor.pipeline import CallPipeline
        from monitor.policy.load import load_policy
        from monitor.windows import SPEECH

        policy = load_policy()
        learning = policy.thresholds.learning.model_copy(update={"speech_s": WANTED_S})
        limits = policy.thresholds.model_copy(update={"learning": learning})
        policy = policy.model_copy(update={"thresholds": limits})
        self._keeper = keeper(policy, None)
        self._pipeline = CallPipeline(policy, self._keeper, None)
        self._threshold = SPEECH
        self._speech_frames = self._clipped_frames = 0
        self._lately = np.zeros((0, 3), np.float32)  # level, level over noise and clipping of frames of speech
        self._level_dbfs = -120.0

    def push(self, y: FloatArray) -> EnrolmentProgress:
        """Take the next samples, shape (samples,); say how it goes."""
        for event in self._pipeline.push(y):
            if isinstance(event, FramesMeasured):
                self._look(event.features)
        speech_s = self._speech_frames / FrameGrid().frames_per_s
        share = min(1.0, speech_s / WANTED_S)
        state = self._state()
        sentence = min(len(SENTENCES) - 1, int(share * len(SENTENCES)))
        return EnrolmentProgress(state, speech_s, share, sentence, self._level_dbfs, _TEXTS[state])

    @property
    def baseline(self) -> Baseline | None:
        """The usual voice, None until enough was heard without clipping."""
        return self._keeper.baseline if self._keeper.known and not self._clips else None

    @property
    def _clips(self) -> bool:
        return self._clipped_frames > _MOST_CLIPPED * max(1, self._speech_frames)

    def _look(self, features: Features) -> None:
        speech = features.speech > self._threshold
        self._speech_frames += int(speech.sum())
        self._clipped_frames += int((speech & features.clipped).sum())
        self._level_dbfs = float(features.level_dbfs.max())
        levels = features.level_dbfs[speech]
        columns = (levels, levels - features.noise_dbfs[speech], features.clipped[speech].astype(np.float32))
        self._lately = np.concatenate([self._lately, np.stack(columns, axis=1)])[-_LOOK_FRAMES:]

    def _state(self) -> EnrolmentState:
        if self.baseline is not None:
            return EnrolmentState.READY
        if len(self._lately) < _LOOK_FRAMES // 4:
            return EnrolmentState.LISTENING
        level, snr = float(np.median(self._lately[:, 0])), float(np.median(self._lately[:, 1]))
        clipped = float(self._lately[:, 2].mean())
        if clipped > _MOST_CLIPPED:
            return EnrolmentState.CLIPPING
        if level < _LEAST_DBFS:
            return EnrolmentState.TOO_QUIET
        return EnrolmentState.NOISY if snr < _LEAST_SNR_DB else EnrolmentState.LISTENING


class Enrolling:
    """The enrolment of a session, while there is one. Times are those of the session."""

    _TOLD_S = 0.1

    def __init__(self, teller: Teller, calls: Calls) -> None:
        self._teller, self._calls = teller, calls
        self._enrolment: Enrolment | None = None
        self._told_s = 0.0

    @property
    def on(self) -> bool:
        """Whether somebody reads aloud now."""
        return self._enrolment is not None

    def begin(self, now_s: float, *, refused: str | None) -> None:
        """Begin anew, or say why not."""
        if refused is not None:
            self._teller.tell(EnrolmentEnded(now_s, kept=False, text=refused))
            return
        self._enrolment = Enrolment()
        self._told_s = now_s

    def push(self, y: FloatArray, now_s: float) -> None:
        """Take the agent's next samples, shape (samples,)."""
        if self._enrolment is not None:
            progress = self._enrolment.push(y)
            if now_s - self._told_s >= self._TOLD_S:
                self._told_s = now_s
                self._teller.tell(EnrolmentProgressed(now_s, progress))

    def end(self, now_s: float, *, keep: bool) -> None:
        """End it, if there is one, and store the voice where that is wanted and enough was heard."""
        enrolment, self._enrolment = self._enrolment, None
        if enrolment is None:
            return
        baseline = enrolment.baseline if keep else None
        if baseline is not None:
            self._calls.learn(baseline)
        text = "Your usual voice is stored on this computer." if baseline else "No voice was stored."
        self._teller.tell(EnrolmentEnded(now_s, kept=baseline is not None, text=text))
