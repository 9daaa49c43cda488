"""The settings as a TOML file: read with patience, written whole, with the comments that people put there kept.

A value that cannot be used is told in one sentence with its line, and its default is used: a slip in a file never keeps
the program from starting.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from monitor.errors import EnvironmentProblem
from monitor.policy.locate import Locator
from monitor.policy.problems import did_you_mean, visible
from monitor.private import write_private
from monitor.settings import OverlaySettings, Settings

if TYPE_CHECKING:
    from tomlkit import TOMLDocument

NAME = "settings.toml"
_HEAD = "Settings of Evenkeel. You may change them here; they are read when it starts."
_MOST_BYTES = 200_000


def default_settings_path() -> Path:
    """Where a user's settings are."""
    import platformdirs

    return Path(platformdirs.user_config_dir("evenkeel", appauthor=False)) / NAME


def read_settings(path: Path) -> tuple[Settings, tuple[str, ...]]:
    """The settings in this file, and a sentence for each value that could not be used. No file is no problem."""
    try:
        with path.open("rb") as stream:
            raw = stream.read(_MOST_BYTES + 1)
        if len(raw) > _MOST_BYTES:
            return Settings(), (f"{path} is too big for settings; the usual ones are used.",)
        text = raw.decode("utf-8-sig").replace("\r\n", "\n")
        given = tomllib.loads(text)
    except FileNotFoundError:
        return Settings(), ()
    except OSError as error:
        return Settings(), (f"{path} cannot be read ({error.strerror or error}); the usual settings are used.",)
    except UnicodeDecodeError:
        return Settings(), (f"{path} is not UTF-8 text; the usual settings are used until it is saved as UTF-8.",)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        return Settings(), (f"{path} is not valid TOML: {error}; the usual settings are used until that is mended.",)
    return _checked(given, Locator(text), path)


def _checked(given: dict[str, Any], locator: Locator, path: Path) -> tuple[Settings, tuple[str, ...]]:
    """Take out what is wrong until the rest is valid."""
    problems: list[tuple[int, str]] = []
    while True:
        try:
            return Settings(**given), tuple(text for _, text in sorted(problems))
        except ValidationError as error:
            for wrong in error.errors(include_url=False):
                place = _place(wrong["loc"], given)
                if not place:  # fell with another complaint about the same value
                    continue
                line = locator.line(place)
                problems.append((line, f"{path.name}, line {line}: {_sentence(place, wrong)}"))
                _drop(given, place)
            problems = list(dict.fromkeys(problems))


def _place(loc: tuple[int | str, ...], given: Mapping[str, Any]) -> tuple[str, ...]:
    """The key that is wrong: pydantic names parts of a value too."""
    place: tuple[str, ...] = ()
    table: Any = given
    for part in loc:
        if not isinstance(table, Mapping) or part not in table:
            break
        place, table = (*place, str(part)), table[part]
    return place


def _drop(given: dict[str, Any], place: tuple[str, ...]) -> None:
    table = given
    for part in place[:-1]:
        table = table[part]
    table.pop(place[-1], None)


def _sentence(place: tuple[str, ...], wrong: Any) -> str:  # noqa: ANN401  pydantic's own dictionary
    key = ".".join(place)
    if wrong["type"] == "extra_forbidden":
        model: type[BaseModel] = OverlaySettings if place[0] == "overlay" and len(place) > 1 else Settings
        hint = did_you_mean(place[-1], list(model.model_fields))
        return f"there is no setting {visible(key)}{hint or '; it is left out.'}"
    reason = str(wrong["msg"]).removeprefix("Value error, ").removeprefix("Input ")
    return f"{visible(key)} {reason[:1].lower()}{reason[1:]}; its usual value is used."


def write_settings(settings: Settings, path: Path, *, before: Settings | None = None) -> Path | None:
    """Put the settings into the file, with what else stands there kept: comments, order, blank lines.

    Parameters
    ----------
    before
        What was read from the file: only what differs from it is written, so that slips, and what a newer version
        wrote, stay for whoever mends or reads them.

    Returns
    -------
    Where a file was put that could not be read, None when there was none.

    Raises
    ------
    EnvironmentProblem
        The file cannot be written.
    """
    import tomlkit

    path = path.resolve()  # a link, such as to a folder that is kept elsewhere too, stays one
    document, aside = _document(path)
    _update(document, settings, Settings(), None if aside else before)
    write_private(path, tomlkit.dumps(document))
    return aside


def _document(path: Path) -> tuple[TOMLDocument, Path | None]:
    """What stands in the file; where it cannot be read, that is set aside and a new one begun."""
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    aside = None
    try:
        return tomlkit.parse(path.read_text(encoding="utf-8-sig")), None
    except FileNotFoundError:
        pass
    except OSError as error:
        raise EnvironmentProblem(f"{path} cannot be read ({error.strerror or error}).") from error
    except (TOMLKitError, ValueError):
        with suppress(OSError):
            aside = path.replace(path.with_name(f"{path.name}.damaged"))
    document = tomlkit.document()
    document.add(tomlkit.comment(_HEAD))
    return document, aside


def _update(table: Any, values: BaseModel, usual: BaseModel, before: Any) -> None:  # noqa: ANN401  tomlkit's containers
    """Set what differs from what stands there; what is at its default and not there stays away.

    ``before``: the values of which only what differs is touched; None for all, and for nothing else in the table.
    """
    import tomlkit

    for name in [key for key in table if before is None and key not in type(values).model_fields]:
        del table[name]
    for name in type(values).model_fields:
        value, default = getattr(values, name), getattr(usual, name)
        if before is not None and value == getattr(before, name):
            continue
        if isinstance(value, BaseModel):
            if value == default and name not in table:
                continue
            if not isinstance(table.get(name), Mapping):
                table[name] = tomlkit.table()
            _update(table[name], value, default, before and getattr(before, name))
        elif value is None or (name not in table and value == default):
            table.pop(name, None)
        elif name not in table or _plain(table[name]) != _plain(value):
            table[name] = _toml(value)


def _plain(value: Any) -> Any:  # noqa: ANN401  any TOML value
    """Comparable with what tomlkit gives back."""
    value = value.unwrap() if hasattr(value, "unwrap") else value
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value


def _toml(value: Any) -> Any:  # noqa: ANN401  any TOML value
    import tomlkit

    if isinstance(value, Mapping):
        table = tomlkit.inline_table()
        table.update(_plain(value))
        return table
    return value
