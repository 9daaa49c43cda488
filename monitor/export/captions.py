"""Words as lines to be read, and WebVTT: https://www.w3.org/TR/webvtt1/."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from monitor.call_view import STATE_WORDS, counts
from monitor.export.tiers import LEAST_S, light_text, one_line, words_by_speaker
from monitor.result_types import CallResult
from monitor.types import Light, Word

PAUSE_S = 0.8  # a longer one begins a new line
LONGEST_S = 7.0  # as makers of subtitles have it
MOST_LETTERS = 84  # two lines of 42


@dataclass(frozen=True, slots=True)
class Line:
    """Words that one speaker said in one go."""

    speaker: str
    words: tuple[Word, ...]

    @property
    def start_s(self) -> float:
        """When the first word begins."""
        return self.words[0].start_s

    @property
    def end_s(self) -> float:
        """When the last word ends."""
        return self.words[-1].end_s

    @property
    def text(self) -> str:
        """The words."""
        return one_line(" ".join(word.text for word in self.words))


def lines(result: CallResult, *, longest_s: float = LONGEST_S, most_letters: int = MOST_LETTERS) -> list[Line]:
    """The words of all speakers as lines, in the order of time."""
    found = [
        Line(speaker, tuple(group))
        for speaker, words in words_by_speaker(result)
        for group in _groups(words, longest_s, most_letters)
    ]
    return sorted(found, key=lambda line: (line.start_s, line.speaker))


def _groups(words: Sequence[Word], longest_s: float, most_letters: int) -> Iterator[list[Word]]:
    group: list[Word] = []
    letters = 0
    for word in words:
        letters += len(word.text) + 1
        if group and (
            word.start_s - group[-1].end_s > PAUSE_S
            or word.end_s - group[0].start_s > longest_s
            or letters > most_letters
        ):
            yield group
            group, letters = [], len(word.text) + 1
        group.append(word)
    if group:
        yield group


def to_webvtt(result: CallResult) -> str:
    """Write captions: what was heard under each speaker's name, amber and red lights, and flags that count."""
    cues = [(line.start_s, line.end_s, 1, f"<v {line.speaker}>{_escaped(line.text)}</v>") for line in lines(result)]
    cues += [
        (span.start_s, span.end_s, 0, f"<c.{span.light}>{_escaped(light_text(span))}</c>")
        for span in result.lights
        if span.light in (Light.AMBER, Light.RED)
    ]
    for flag in result.flags:
        if counts(flag.state):
            text = f"“{flag.text}” {STATE_WORDS[flag.state]}"
            instead = f" Say instead: {flag.say_instead}" if flag.say_instead else ""
            cues.append((flag.start_s, flag.end_s, 2, f"<c.flag>{_escaped(one_line(f'{text}.{instead}'))}</c>"))
    parts = ["WEBVTT", f"NOTE\n{_escaped(one_line(result.source.name))}"]
    parts += [
        f"{_time(start_s)} --> {_time(max(end_s, start_s + LEAST_S))}\n{text}"
        for start_s, end_s, _, text in sorted(cues)
    ]
    return "\n\n".join(parts) + "\n"


def _escaped(text: str) -> str:
    """The text with the three characters escaped that begin a tag, an entity or an arrow."""
    return html.escape(text, quote=False)


def _time(time_s: float) -> str:
    ms = round(1000 * time_s)
    return f"{ms // 3_600_000:02d}:{ms // 60_000 % 60:02d}:{ms // 1000 % 60:02d}.{ms % 1000:03d}"
