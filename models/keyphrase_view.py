"""A second view of an utterance: keyphrase search, which asks only whether a phrase fits better than any other sounds.

It knows no other words, so it finds phrases that the language model talks the decoder out of, and errs elsewhere: what
both views hear is hardly ever wrong. Each phrase is searched as one word with the phones of its words, because
keyphrase search joins phones within a word as they are joined in running speech, and between words as if there was
silence (measured on LibriSpeech: a fifth of the false hits for the same recall). 1200 pronunciations cost 0.05 of one
core while somebody speaks, and 10 MB.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from models.confusability import Confusability
from models.decoder_loading import PIECE_BYTES, load_decoder, make_forget
from models.evidence import least_score
from models.vocabulary import PhraseIndex, PhraseWord

SCORE_UNIT = 1024 * math.log(1.0001)
"""pocketsphinx keeps scores as logarithms to base 1.0001, in steps of 1024."""

LIBRARY_OFFSET = 1500
"""What keyphrase search takes off the score of every hit, in its units."""

SEARCH = "phrases"


@dataclass(frozen=True, slots=True)
class Hit:
    """A phrase that was found: frames of 10 ms from the utterance's first sample, ``end`` exclusive.

    ``score`` is the log likelihood ratio of the phrase against the best row of sounds of any kind: 0 when nothing fits
    better. ``way`` counts its pronunciations from 0. ``rarity`` is that of its sounds, in nats.
    """

    phrase: PhraseWord
    way: int
    start: int
    end: int
    score: float
    rarity: float


class KeyphraseView:
    """One keyphrase search for one set of phrases; hears one utterance at a time."""

    def __init__(self, phrases: Sequence[PhraseWord], confusability: Confusability) -> None:
        self._index = PhraseIndex(phrases)
        self._decoder = load_decoder(lm=None)
        self._rarity: dict[str, float] = {}
        self._speaking = False
        self._is_idle = not phrases
        if phrases:
            self._add(phrases, confusability)

    def reset(self) -> None:
        """Forget the last recording."""
        if self._is_idle:
            return
        if self._speaking:
            self.end()
        make_forget(self._decoder)

    def measure_mean(self, pcm: bytes, cepstral_mean: str) -> tuple[str, int]:
        """The library's mean spectrum after this audio, begun with the given one, and frames of 10 ms in it.

        Leaves no trace. Without phrases nothing is measured: 0 frames.
        """
        if self._is_idle:
            return cepstral_mean, 0
        self.start(cepstral_mean)
        self.feed(pcm)
        measured = self._decoder.get_cmn(True), self._decoder.n_frames()
        self.reset()
        return measured

    def start(self, cepstral_mean: str) -> None:
        """Begin an utterance with this mean spectrum, which should be that of the first view."""
        if self._is_idle:
            return
        self._decoder.set_cmn(cepstral_mean)
        self._decoder.start_utt()
        self._speaking = True

    def feed(self, pcm: bytes) -> None:
        """Hear further 16-bit audio of the utterance."""
        if self._is_idle:
            return
        for at in range(0, len(pcm), PIECE_BYTES):
            self._decoder.process_raw(pcm[at : at + PIECE_BYTES], False, False)

    def end(self) -> None:
        """End the utterance; ``hits`` then gives all of it."""
        if self._speaking:
            self._decoder.end_utt()
            self._speaking = False

    def hits(self) -> list[Hit]:
        """What was found in the utterance so far, in the order of time; one place may hold several phrases."""
        if self._is_idle:
            return []
        found = []
        for entry in self._decoder.seg() or ():
            name = entry.word.strip()
            key, _, alternate = name.partition("(")
            phrase = self._index.get(key)
            if phrase is not None:
                way = int(alternate.rstrip(")")) - 1 if alternate else 0
                score = math.log(max(entry.prob, 1e-300)) * 1024 + LIBRARY_OFFSET * SCORE_UNIT
                found.append(Hit(phrase, way, entry.start_frame, entry.end_frame + 1, score, self._rarity[name]))
        return sorted(found, key=lambda hit: (hit.start, hit.end, hit.phrase.key, hit.way))

    def _add(self, phrases: Sequence[PhraseWord], confusability: Confusability) -> None:
        lines = []
        for key, way in (entry for phrase in phrases for entry in phrase.entries()):
            self._decoder.add_word(key, " ".join(way), False)
            self._rarity[key] = confusability.rarity(way)
            lines.append(f"{key} /{math.exp(least_score(self._rarity[key]))}/\n")
        with tempfile.TemporaryDirectory() as folder:
            # The library takes more than one phrase only from a file.
            listed = Path(folder) / "phrases.list"
            listed.write_text("".join(lines), encoding="utf-8")
            self._decoder.add_kws(SEARCH, str(listed))
        self._decoder.activate_search(SEARCH)
