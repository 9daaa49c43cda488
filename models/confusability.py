"""How easily other speech sounds like a phrase by chance: derived from the phrase's sounds, tuned for no phrase.

The model that ships with pocketsphinx says how probable each sound of English is after the two before it. The
product over a phrase is how often just this row of sounds comes up in running speech, whatever words it is made of:
"the pro" is common, "calm down" less so, and every further sound makes a phrase rarer. So short phrases, and those made
of the sounds of frequent words, need more evidence before they count.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from monitor.errors import EnvironmentProblem

if TYPE_CHECKING:
    from pocketsphinx import NGramModel

NATS = 1e-4
"""The library counts probabilities as logarithms to base 1.0001."""

ORDER = 3


class Confusability:
    """Rarity of rows of sounds; the model is read at the first question."""

    def rarity(self, phones: Sequence[str]) -> float:
        """How rare this row of sounds is in English, in nats: the logarithm of how many sounds go by between two."""
        ends = range(1, len(phones) + 1)
        # The library wants the newest sound first.
        return -NATS * sum(int(self._model.prob(list(phones[max(0, end - ORDER) : end])[::-1])) for end in ends)

    @cached_property
    def _model(self) -> NGramModel:
        from pocketsphinx import NGramModel, get_model_path

        try:
            return NGramModel.readfile(get_model_path("en-us/en-us-phone.lm.bin"))
        except (RuntimeError, OSError, ValueError) as error:
            raise EnvironmentProblem(
                "pocketsphinx could not load its model of sounds; reinstall it with "
                "`pip install --force-reinstall pocketsphinx`, or choose --recogniser none."
            ) from error
