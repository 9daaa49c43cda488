"""From a name or a file to a policy: read, check everything, join with what it extends.

Every mistake in a file is told at once, with its line.
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from monitor.policy.document import MOST_PHRASES, MOST_WORDINGS, BehaviourTable, Header
from monitor.policy.model import Behaviour, ChecklistEntry, Coaching, Policy, Recording, TalkWords
from monitor.policy.problems import PolicyError, Problem, did_you_mean, printable, sentence, visible
from monitor.policy.reading import BUILTIN_FOLDER, Read, read_document
from monitor.policy.thresholds import Alerts, Thresholds
from monitor.policy.wording import expand

BUILTIN = "upset-customer-en"

_DEEPEST_EXTENDS = 8
_Limits = TypeVar("_Limits", bound=BaseModel)


def builtin_names() -> list[str]:
    """Names of the policies that come with the program."""
    return sorted(path.stem for path in BUILTIN_FOLDER.glob("*.toml"))


def builtin_text(name: str = BUILTIN) -> str:
    """Return the file of a built-in policy as it was written."""
    return (BUILTIN_FOLDER / f"{name}.toml").read_text(encoding="utf-8")


def load_policy(name_or_path: str | Path | None = None) -> Policy:
    """Load the policy of this name or in this file, joined with those it extends; None means the built-in one.

    Raises
    ------
    PolicyError
        The policy cannot be read or used; ``problems`` has every mistake with file and line.
    """
    path = _find(name_or_path, None)
    if isinstance(path, str):
        raise PolicyError([Problem(printable(name_or_path, 200), 1, path)])
    return _join(_chain(path))


def _find(name_or_path: str | Path | None, beside: Path | None) -> Path | str:
    """Find the file of a policy, or say why there is none. ``beside`` is the folder of the file that asks."""
    if name_or_path is None:
        return BUILTIN_FOLDER / f"{BUILTIN}.toml"
    if isinstance(name_or_path, str) and name_or_path in builtin_names():
        return BUILTIN_FOLDER / f"{name_or_path}.toml"
    path = Path(name_or_path) if beside is None else beside / name_or_path
    try:
        if path.is_file():
            return path
        if path.is_dir():
            return "this is a folder; give the policy file in it"
        if path.exists():
            return "this is not an ordinary file; give a policy file"
    except (OSError, ValueError):
        pass
    names = builtin_names()
    return (
        f"there is no such file and no built-in policy of this name{did_you_mean(str(name_or_path), names)}"
        f"{'' if did_you_mean(str(name_or_path), names) else ' (built in: ' + ', '.join(names) + ')'}"
    )


def _chain(path: Path) -> list[Read]:
    """Read the file and all it extends, the farthest first."""
    reads: list[Read] = []
    seen: list[Path] = []
    while True:
        seen.append(path.resolve())
        read = read_document(path)
        reads.insert(0, read)
        extends = read.document.policy.extends
        if extends is None:
            return reads
        found = _find(extends, path.parent)
        if isinstance(found, str):
            read.complain(("policy", "extends"), f"'extends' names {visible(extends)}: {found}")
        elif found.resolve() in seen:
            read.complain(
                ("policy", "extends"), f"'extends' goes round in a circle: {visible(extends)} leads back here"
            )
        elif len(reads) > _DEEPEST_EXTENDS:
            read.complain(("policy", "extends"), f"more than {_DEEPEST_EXTENDS} policies extend each other; join some")
        if read.problems or isinstance(found, str):
            raise PolicyError(read.problems)
        path = found


def _join(reads: list[Read]) -> Policy:
    """Resolve the policy; later files win."""
    behaviours: dict[str, Behaviour] = {}
    checklist: dict[str, ChecklistEntry] = {}
    for read in reads:
        _remove(read, behaviours, checklist)
        _take_behaviours(read, behaviours)
        for index, table in enumerate(read.document.checklist):
            if any(other.id == table.id for other in read.document.checklist[:index]):
                read.complain(("checklist", index, "id"), f"{visible(table.id)} stands in the checklist twice")
            elif not table.id.startswith("do."):
                read.complain(
                    ("checklist", index, "id"), f"{visible(table.id)} cannot be in the checklist: only 'do.' can"
                )
            base = checklist.get(table.id)
            given = table.model_dump(exclude_none=True)
            checklist[table.id] = ChecklistEntry(**({**base.model_dump(), **given} if base else given))
    _check_size(reads[-1], behaviours)
    thresholds = _limits(reads, "thresholds", Thresholds)
    alerts = _limits(reads, "alerts", Alerts)
    problems = [problem for read in reads for problem in read.problems]
    if problems:
        raise PolicyError(sorted(problems, key=lambda problem: (problem.file, problem.line)))
    for behaviour in behaviours.values():
        if behaviour.is_helpful:
            checklist.setdefault(behaviour.id, ChecklistEntry(id=behaviour.id, title=behaviour.title))
    header = reads[-1].document.policy
    return Policy(
        name=header.name,
        language=_language(reads),
        description=header.description,
        behaviours=tuple(behaviours.values()),
        checklist=tuple(checklist.values()),
        thresholds=thresholds,
        alerts=alerts,
        recording=_recording(reads),
        conversation=_conversation(reads),
        coaching=_coaching(reads),
    )


def _recording(reads: list[Read]) -> Recording:
    """What is kept of a call, each as the last file that says so wants it."""
    said: dict[str, bool] = {}
    for read in reads:
        said |= read.document.recording.model_dump(exclude_none=True)
    return Recording(**said)


def _conversation(reads: list[Read]) -> TalkWords:
    """The phrases of the last file that has them, and what later ones add."""
    phrases: list[str] = []
    for table in (read.document.conversation for read in reads):
        phrases = [*(phrases if table.hold_phrases is None else table.hold_phrases), *(table.more_hold_phrases or ())]
    return TalkWords(hold_phrases=tuple(dict.fromkeys(phrases)))


def _coaching(reads: list[Read]) -> Coaching:
    """Advice by id; what a later file says of an id comes first and wins."""
    coaching = Coaching()
    for table in (read.document.coaching for read in reads):
        coaching = Coaching(
            keep={**table.keep, **_rest(coaching.keep, table.keep)},
            attempt={**table.attempt, **_rest(coaching.attempt, table.attempt)},
        )
    return coaching


def _rest(known: dict[str, str], given: dict[str, str]) -> dict[str, str]:
    return {key: text for key, text in known.items() if key not in given}


def _language(reads: list[Read]) -> str:
    """Return the language last named; who extends a policy need not repeat it."""
    headers: list[Header] = [read.document.policy for read in reads]
    named = [header.language for header in headers if "language" in header.model_fields_set]
    return named[-1] if named else headers[-1].language


def _remove(read: Read, behaviours: dict[str, Behaviour], checklist: dict[str, ChecklistEntry]) -> None:
    lists: list[tuple[tuple[str, ...], list[str]]] = [
        (("remove",), read.document.remove),
        (("policy", "remove"), read.document.policy.remove),
    ]
    for place, names in lists:
        for index, name in enumerate(names):
            if name not in behaviours and name not in checklist:
                hint = did_you_mean(name, [*behaviours, *checklist])
                read.complain((*place, index), f"there is no {visible(name)} to remove{hint}")
            behaviours.pop(name, None)
            checklist.pop(name, None)


def _take_behaviours(read: Read, behaviours: dict[str, Behaviour]) -> None:
    own: set[str] = set()
    for index, table in enumerate(read.document.behaviour):
        place = ("behaviour", index)
        if table.id in own:
            read.complain((*place, "id"), f"{visible(table.id)} is there twice; put its phrases into one [[behaviour]]")
        own.add(table.id)
        base = behaviours.get(table.id) if table.phrases is None else None
        phrases = [*(base.phrases if base else ()), *(table.phrases or ()), *(table.more_phrases or ())]
        if table.more_phrases is not None and table.phrases is None and base is None:
            hint = did_you_mean(table.id, behaviours)
            read.complain((*place, "more_phrases"), f"there is no {visible(table.id)} yet to add phrases to{hint}")
        elif not phrases and not table.weak_phrases and not (base and base.weak_phrases):
            read.complain(place, f"{visible(table.id)} has no 'phrases'")
        behaviours[table.id] = _behaviour(table, base, tuple(dict.fromkeys(phrases)))


def _behaviour(table: BehaviourTable, base: Behaviour | None, phrases: tuple[str, ...]) -> Behaviour:
    """Make a behaviour from its table, on top of the one that it adds to."""
    given = table.model_dump(exclude_none=True, exclude={"more_phrases", "phrases"})
    lists = {key: tuple(value) for key, value in given.items() if isinstance(value, list)}
    helpful = table.id.startswith("do.")
    start: dict[str, Any] = base.model_dump() if base else {"light": "none" if helpful else "red"}
    made: dict[str, Any] = {**start, **given, **lists, "phrases": phrases}
    made["title"] = made.get("title") or table.id.partition(".")[2].replace("_", " ")
    return Behaviour(**made)


def _check_size(read: Read, behaviours: dict[str, Behaviour]) -> None:
    count = sum(len(behaviour.phrases) + len(behaviour.weak_phrases) for behaviour in behaviours.values())
    if count > MOST_PHRASES:
        read.complain((), f"there are {count} phrases; at most {MOST_PHRASES} can be listened for")
        return
    phrases = (phrase for behaviour in behaviours.values() for phrase in (*behaviour.phrases, *behaviour.weak_phrases))
    wordings = sum(len(expand(phrase)) for phrase in phrases)
    if wordings > MOST_WORDINGS:
        read.complain((), f"the phrases stand for {wordings} wordings; at most {MOST_WORDINGS} can be listened for")


def _limits(reads: list[Read], table: str, model: type[_Limits]) -> _Limits:
    """Defaults, overridden by each file in turn, judged by the model that owns them."""
    merged: dict[str, Any] = {}
    for read in reads:
        _merge(merged, getattr(read.document, table))
    try:
        return model.model_validate(merged)
    except ValidationError as error:
        for item in error.errors(include_url=False):
            place = (table, *item["loc"])
            # The last file that has the value is where it must be mended.
            owner = next(
                (read for read in reversed(reads) if _has(getattr(read.document, table), item["loc"])), reads[-1]
            )
            owner.complain(place, sentence(item, _limit_names(model, item["loc"])))
        return model.model_construct()


def _limit_names(model: type[BaseModel], place: tuple[str | int, ...]) -> list[str]:
    """Return what the table around this place may have."""
    for part in place[:-1]:
        names = {info.alias or name: info for name, info in model.model_fields.items()}
        inner = names[str(part)].annotation if str(part) in names else None
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            return []
        model = inner
    return [info.alias or name for name, info in model.model_fields.items()]


def _merge(into: dict[str, Any], over: dict[str, Any]) -> None:
    for key, value in over.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = copy.deepcopy(value)


def _has(table: object, place: tuple[str | int, ...]) -> bool:
    for part in place:
        if not isinstance(table, dict) or part not in table:
            return False
        table = table[part]
    return True
