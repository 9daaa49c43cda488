"""Learns ``letter_sounds.txt`` from the dictionary that ships with pocketsphinx: ``python -m models.letter_training``.

Method: letters and phones are aligned by expectation maximisation with 0 to 2 phones a letter; the sound of a letter
is then looked up by its context, as in information-gain trees for pronunciation (Daelemans and van den Bosch, 1997):
right, left, right, left... neighbours are added one at a time, and a context is kept only where it changes the answer.
On words that were not learnt from, 10.2 % of the phones are wrong and 55 % of the words are right.
"""

from __future__ import annotations

import math
import re
import sys
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

from models.letter_sounds import RULES_PATH, contexts, pronounce_with
from models.lexicon import Phones, read_dictionary

Pair = tuple[str, Phones]
ROUNDS = 6
MIN_COUNT = 2
HELD_OUT = 20
"""One word in this many is not learnt from, but tested on."""


def candidates(words: dict[str, tuple[Phones, ...]]) -> list[Pair]:
    """Usual pronunciations of words that are written in letters only."""
    return [
        (word, ways[0])
        for word, ways in words.items()
        if re.fullmatch(r"[a-z]{2,}", word) and len(ways[0]) <= 2 * len(word)
    ]


def is_held_out(word: str) -> bool:
    """Whether a word is kept for the test; the same on every machine."""
    return zlib.crc32(word.encode()) % HELD_OUT == 0


def align(pairs: Iterable[Pair]) -> list[tuple[str, list[Phones]]]:
    """Share out each word's phones among its letters, 0 to 2 each, by hard expectation maximisation."""
    listed = list(pairs)
    cost: dict[tuple[str, Phones], float] = {}
    aligned: list[tuple[str, list[Phones]]] = []
    for _ in range(ROUNDS):
        aligned = [(word, shares) for word, phones in listed if (shares := best_shares(word, phones, cost))]
        counts = Counter(pair for word, shares in aligned for pair in zip(word, shares, strict=True))
        totals: Counter[str] = Counter()
        for (letter, _share), count in counts.items():
            totals[letter] += count
        cost = {key: -math.log(count / totals[key[0]]) for key, count in counts.items()}
    return aligned


def best_shares(word: str, phones: Phones, cost: dict[tuple[str, Phones], float]) -> list[Phones]:
    """The cheapest way to share out phones among letters; an unseen share costs by its length alone."""
    best: list[dict[int, tuple[float, int]]] = [{0: (0.0, 0)}]
    for letter in word:
        row: dict[int, tuple[float, int]] = {}
        for used, (paid, _) in best[-1].items():
            for take in range(min(2, len(phones) - used) + 1):
                share = phones[used : used + take]
                total = paid + cost.get((letter, share), (0.5 + 3.0 * abs(take - 1)) if not cost else 12.0)
                if used + take not in row or total < row[used + take][0]:
                    row[used + take] = (total, take)
        best.append(row)
    at = len(phones)
    if at not in best[-1]:
        return []
    shares: list[Phones] = []
    for row in reversed(best[1:]):
        take = row[at][1]
        shares.append(phones[at - take : at])
        at -= take
    return shares[::-1]


def learn(aligned: Iterable[tuple[str, list[Phones]]]) -> dict[str, Phones]:
    """Contexts whose commonest sound differs from that of the next shorter context."""
    seen: defaultdict[str, Counter[Phones]] = defaultdict(Counter)
    parents: dict[str, str] = {}
    for word, shares in aligned:
        for at, share in enumerate(shares):
            shorter = ""
            for context in contexts(word, at):
                seen[context][share] += 1
                parents[context] = shorter
                shorter = context
    rules: dict[str, Phones] = {}
    answer: dict[str, Phones] = {"": ()}
    for context in sorted(parents, key=len):
        counts = seen[context]
        usual, count = min(counts.items(), key=lambda item: (-item[1], item[0]))
        parent = answer[parents[context]]
        if len(context) == 1 or (count >= MIN_COUNT and usual != parent and counts[usual] > counts[parent]):
            rules[context] = answer[context] = usual
        else:
            answer[context] = parent
    return rules


def phone_errors(spoken: Phones, wanted: Phones) -> int:
    """Edit distance in phones."""
    row = list(range(len(wanted) + 1))
    for n, phone in enumerate(spoken, 1):
        above, row = row, [n]
        row += [0] * len(wanted)
        for m, want in enumerate(wanted, 1):
            row[m] = min(above[m] + 1, row[m - 1] + 1, above[m - 1] + (phone != want))
    return row[-1]


def main() -> None:
    """Train, write the table, and print the error on held-out words."""
    from pocketsphinx import get_model_path

    pairs = candidates(read_dictionary(Path(get_model_path("en-us/cmudict-en-us.dict"))))
    test = [(word, phones) for word, phones in pairs if is_held_out(word)]
    rules = learn(align(pair for pair in pairs if not is_held_out(pair[0])))
    lines = [f"{context} {' '.join(phones)}".rstrip() for context, phones in sorted(rules.items())]
    RULES_PATH.write_text("\n".join(lines) + "\n", encoding="utf-8")
    wrong = [phone_errors(pronounce_with(rules, word), phones) for word, phones in test]
    rate = sum(wrong) / sum(len(phones) for _, phones in test)
    sys.stdout.write(
        f"{len(rules)} rules; {len(test)} held-out words: phone error rate {rate:.3f}, "
        f"words right {wrong.count(0) / len(test):.3f}\n"
    )


if __name__ == "__main__":
    main()
