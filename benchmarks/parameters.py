"""``python -m benchmarks.parameters``: writes docs/parameters.md, every value on which a light depends.

The page is made from the shipped policy and from the source, so that it cannot say anything else than the program does;
a test fails when it is out of date.
"""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from benchmarks.data import ROOT
from monitor.policy.load import load_policy

PAGE = ROOT / "docs" / "parameters.md"
FIXED = (
    "monitor/voice.py",
    "monitor/windows.py",
    "monitor/likeness.py",
    "monitor/judgement.py",
    "monitor/features/extractor.py",
    "monitor/features/noise.py",
    "monitor/features/pace.py",
    "monitor/features/pitch.py",
    "monitor/features/spectra.py",
    "models/baseline.py",
    "monitor/turns.py",
    "monitor/conversation/floor.py",
    "monitor/conversation/judge.py",
    "monitor/conversation/customer.py",
)
"""Modules whose constants shape a light. What only keeps phrases apart is told in docs/policy.md and accuracy.md."""

_ACTED = (
    "the middle of a flat region on acted speech of twelve speakers in five conditions (RAVDESS), checked on read "
    "speech of others (LibriSpeech, speechocean); see accuracy.md"
)
_ASKED = "what behaviours.md asks for: a decision about manners, not a measurement"
_SCENES = "set so that the call and the counter-call of behaviours.md come out right; not fitted to real speech"
SOURCES = {
    "learning": "20 s and the shrinking towards a prior by design; memory and weight hold about two minutes of vowels, "
    "so that one call does not rewrite a voice; the limit lies at half of what lights amber",
    "audibility": "floor of 16-bit headsets and signal-to-noise ratios at which F0 stays right in pink noise (FDA)",
    "voice.raised": f"evidence is summed after Page (Biometrika 1954); the values are {_ACTED}",
    "voice.rising": "slow climbs of 1 dB and half a semitone a minute, against calls without a climb; see accuracy.md",
    "voice.agitated": f"spread of F0 in calm and in lively acted speech, {_ACTED}",
    "voice.flat": _SCENES,
    "pace.fast": "1.4 times the usual rate by behaviours.md; floor and ceiling from rates of read speech (accuracy.md)",
    "pace.slow": _SCENES,
    "voice.mirrored": f"10 s by behaviours.md; {_SCENES}",
    "turn.interrupt": _ASKED,
    "turn.talk_over": _ASKED,
    "turn.monologue": _ASKED,
    "turn.dead_air": _ASKED,
    "turn.slow_reply": _ASKED,
    "do.listen": _ASKED,
    "alerts": "the alert budget by design: calm for the eye comes before completeness",
}
"""Where the values of each section come from."""

_HEAD = """# Every value on which a light depends

Made by `python -m benchmarks.parameters` from the shipped policy and from the source; do not edit. A test fails when
this page and the program differ.

## What a policy may change

Of the built-in policy, under `[thresholds."ID"]` and `[alerts]` (see [policy.md](policy.md)). *Spread* is how far the
speaker's own calm voice varies, or the least spread given here where that is larger.
"""
_FIXED_HEAD = """
## What is fixed

Constants of the engine: how long is looked at, what counts as a vowel, what is remembered. They were set once, from the
literature or on the development recordings named in [accuracy.md](accuracy.md), and are the same for every voice,
language and policy.
"""


@dataclass(frozen=True, slots=True)
class Constant:
    """A constant of a module: its value as it stands in the source, and what its comment says."""

    name: str
    value: str
    meaning: str


def page() -> str:
    """The page as it should be."""
    policy = load_policy(None)
    parts = [_HEAD]
    for name, info in type(policy.thresholds).model_fields.items():
        section = getattr(policy.thresholds, name)
        parts.append(_section(info.alias or name, section))
    parts.append(_section("alerts", policy.alerts))
    parts.append(_FIXED_HEAD)
    for module in FIXED:
        rows = [f"| `{c.name}` | {_cell(c.value)} | {_cell(c.meaning)} |" for c in constants(ROOT / module)]
        if rows:
            parts.append(f"\n### {module}\n\n| name | value | meaning |\n|---|---|---|\n" + "\n".join(rows) + "\n")
    return "".join(parts)


def _section(key: str, section: BaseModel) -> str:
    about = " ".join((type(section).__doc__ or "").split("\n\n")[0].split())
    rows = [_row(name, info, section) for name, info in type(section).model_fields.items()]
    table = "| name | value | unit | meaning |\n|---|---|---|---|\n" + "\n".join(rows)
    return f"\n### {key}\n\n{about}\n\n{table}\n\nSource: {SOURCES[key]}\n"


def _row(name: str, info: FieldInfo, section: BaseModel) -> str:
    meaning, unit = described(name, info)
    value = getattr(section, name)
    shown = ("yes" if value else "no") if isinstance(value, bool) else f"{value:g}"
    return f"| `{info.alias or name}` | {shown} | {unit} | {_cell(meaning)} |"


def described(name: str, info: FieldInfo) -> tuple[str, str]:
    """Meaning and unit: the description up to its last comma, and what follows; a number without unit is a count."""
    if info.annotation is bool:
        return info.description or "whether this is judged", ""
    meaning, comma, unit = (info.description or "").rpartition(", ")
    return (meaning, unit) if comma else (unit, "share" if "share" in name else "")


def constants(path: Path) -> list[Constant]:
    """The constants of a module that hold plain numbers, with the comment beside or above each.

    A number is also a product, a sum or a tuple of numbers and of other constants. Numbers that a class has as defaults
    are listed under the class; without a comment the first sentence about the class stands for it.
    """
    source = path.read_text(encoding="utf-8")
    comments = dict(_comments(source))
    alone = {number for number, line in enumerate(source.splitlines(), 1) if line.lstrip().startswith("#")}
    found = []
    for name, node, about in _assigned(ast.parse(source).body):
        if node.value is not None and _is_number(node.value):
            meaning = _meaning(node.lineno, node.end_lineno or node.lineno, comments, alone)
            found.append(Constant(name, ast.unparse(node.value), meaning or about))
    return found


def _assigned(body: Iterable[ast.stmt]) -> Iterator[tuple[str, ast.Assign | ast.AnnAssign, str]]:
    """Constants in capitals, and what classes have as defaults."""
    for node in body:
        if isinstance(node, ast.ClassDef):
            if node.name.startswith("_"):
                continue  # the state of something, not its measure
            about = (ast.get_docstring(node) or "").split(".")[0].replace("\n", " ")
            for name, inner, _ in _assigned(s for s in node.body if isinstance(s, ast.AnnAssign)):
                yield f"{node.name}.{name}", inner, about
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            if isinstance(target, ast.Name) and (target.id.isupper() or isinstance(node, ast.AnnAssign)):
                yield target.id, node, ""


def _is_number(value: ast.expr) -> bool:
    inside = [node for node in ast.walk(value) if isinstance(node, ast.Constant)]
    plain = all(
        isinstance(
            node,
            ast.Constant | ast.Name | ast.Attribute | ast.Call | ast.BinOp | ast.UnaryOp | ast.Tuple
            | ast.operator | ast.unaryop | ast.expr_context,
        )
        for node in ast.walk(value)
    )  # fmt: skip
    return plain and bool(inside) and all(type(node.value) in (int, float) for node in inside)


def _meaning(first: int, last: int, comments: Mapping[int, str], alone: Set[int]) -> str:
    if last in comments:
        return comments[last]
    above: list[str] = []
    line = first - 1
    while line in comments and line in alone:
        above.insert(0, comments[line])
        line -= 1
    return " ".join(above)


def _comments(source: str) -> Iterator[tuple[int, str]]:
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT and not token.string.startswith("# noqa"):
            yield token.start[0], token.string.lstrip("# ")


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
