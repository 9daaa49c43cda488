"""Templates to one self-contained page: every value escaped, one style sheet, and a policy that allows nothing else."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from monitor.call_view import clock, number
from monitor.sinks.files import replacing
from monitor.sources.names import shown_text

if TYPE_CHECKING:
    from jinja2 import Environment


def render(template: str, values: dict[str, Any]) -> str:
    """Fill in a template of this package.

    Text comes out as it is in `values`, with markup escaped and with characters made visible that would turn or hide
    what stands around them.
    """
    css = _resource("page.css").strip()
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    # the hash covers what stands between the tags, to the letter
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return _environment().get_template(template).render(values, css=css, content_policy=policy)


def write_page(text: str, path: Path) -> None:
    """Write a page as a whole.

    Raises
    ------
    OutputProblem
        The file cannot be written.
    """
    with replacing(path) as handle:
        handle.write(text.encode("utf-8", "backslashreplace"))


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    environment = Environment(
        loader=FunctionLoader(_resource),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(clock=clock, number=number)
    return environment


def _resource(name: str) -> str:
    return resources.files("monitor.report").joinpath("templates", name).read_text(encoding="utf-8")


def _shown(value: object) -> object:
    # exactly str: markup is ours, and a number has nothing to hide
    return shown_text(" ".join(value.split())) if type(value) is str else value
