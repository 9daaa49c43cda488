"""Who may import whom: the table of the architecture, read from the syntax trees."""

import ast
import sys
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("monitor", "models", "ui")
VOCABULARY = {"monitor.types", "monitor.errors", "monitor.ports", "monitor.events"}


@dataclass(frozen=True)
class Import:
    """One import of one module; ``deep`` when it stands inside a function."""

    importer: str
    imported: str
    deep: bool
    typing_only: bool
    line: int


def module_name(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


SOURCES = {module_name(path): path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))}


def resolved(importer, path, node):
    """Full names of what an import statement loads; ``from monitor import types`` loads ``monitor.types``."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    base = node.module or ""
    if node.level:
        package = importer.split(".") if path.name == "__init__.py" else importer.split(".")[:-1]
        package = package[: len(package) - node.level + 1]
        base = ".".join([*package, base] if base else package)
    return [f"{base}.{alias.name}" if f"{base}.{alias.name}" in SOURCES else base for alias in node.names]


def is_typing_guard(node):
    return isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")


def walk(node, deep=False, typing_only=False):
    """Every import statement with where it stands."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child, deep, typing_only
        inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        yield from walk(child, deep or inside, typing_only or is_typing_guard(child))


def imports_of(importer, path):
    for node, deep, typing_only in walk(ast.parse(path.read_text(encoding="utf-8"))):
        for imported in resolved(importer, path, node):
            yield Import(importer, imported, deep, typing_only, node.lineno)


def top(name):
    return name.split(".")[0]


def within(name, *packages):
    return any(name == package or name.startswith(package + ".") for package in packages)


def objection(found):
    """Why this import is against the table, or nothing."""
    who, what = found.importer, found.imported
    if who in VOCABULARY:
        fine = what in VOCABULARY or top(what) == "numpy" or top(what) in sys.stdlib_module_names
        return "" if fine else "the shared vocabulary imports only the standard library, numpy and itself"
    if within(who, "monitor"):
        return monitor_objection(found)
    if within(who, "models"):
        if top(what) in ("PyQt6", "ui", "sounddevice"):
            return f"models never imports {top(what)}"
        if top(what) == "monitor" and what not in VOCABULARY:
            return "models knows of monitor only types, errors, ports and events"
    if within(who, "ui") and top(what) in ("sounddevice", "librosa", "faster_whisper", "models"):
        return f"ui never imports {top(what)}"
    return ""


def monitor_objection(found):
    who, what = found.importer, found.imported
    if top(what) == "PyQt6":
        return "monitor never imports PyQt6"
    if top(what) == "ui" and not (within(who, "monitor.commands") and found.deep):
        return "only commands open windows, inside functions, so that everything else works without PyQt6"
    if top(what) == "sounddevice" and not (who == "monitor.sources.microphone" and found.deep):
        return "only monitor.sources.microphone imports sounddevice, inside functions"
    if top(what) == "models" and not (within(who, "monitor.assemble", "monitor.commands") and found.deep):
        return "only monitor.assemble and monitor.commands import models, inside functions"
    if what == "monitor.sources.microphone" and not found.deep:
        return "the microphone is imported inside functions, for machines without a sound system"
    return ""


def parsed(importer, text):
    """Imports of a made-up module."""
    for node, deep, typing_only in walk(ast.parse(text)):
        for imported in resolved(importer, Path("x.py"), node):
            yield Import(importer, imported, deep, typing_only, node.lineno)


@pytest.mark.parametrize(
    ("importer", "text"),
    [
        ("monitor.types", "import click"),
        ("monitor.ports", "from monitor.result import CallResult"),
        ("monitor.judgement", "import models.registry"),
        ("monitor.judgement", "def f():\n    from models import registry"),
        ("monitor.assemble", "from models import registry"),
        ("monitor.features.pitch", "if x:\n    from PyQt6.QtCore import Qt"),
        ("monitor.sources.file", "try:\n    import sounddevice\nexcept OSError: pass"),
        ("monitor.commands.devices", "def f():\n    import sounddevice as sd"),
        ("monitor.cli", "from monitor.sources.microphone import input_devices"),
        ("models.registry", "from monitor.policy import load"),
        ("models.registry", "class A:\n    def f(self):\n        import ui.app"),
        ("ui.overlay", "import librosa"),
        ("monitor.commands.live", "from ui.app import run_live"),
        ("monitor.live.session", "def f():\n    from ui.app import run_live"),
    ],
)
def test_table_refuses(importer, text):
    assert all(objection(found) for found in parsed(importer, text))


@pytest.mark.parametrize(
    ("importer", "text"),
    [
        ("monitor.types", "import enum, numpy.typing"),
        ("monitor.assemble", "def f():\n    from models import registry"),
        ("monitor.commands.demo", "def f():\n    from models import registry"),
        ("monitor.commands.live", "def f():\n    from ui.app import run_live"),
        ("monitor.sources.microphone", "def f():\n    import sounddevice"),
        ("models.registry", "from monitor.types import Word\nimport pocketsphinx"),
        ("ui.overlay", "from PyQt6.QtCore import Qt\nfrom monitor.events import Event"),
    ],
)
def test_table_allows(importer, text):
    assert not any(objection(found) for found in parsed(importer, text))


def test_imports_follow_the_table():
    assert len(SOURCES) > 20
    wrong = [
        f"{path.relative_to(ROOT)}:{found.line} imports {found.imported}: {objection(found)}"
        for name, path in SOURCES.items()
        for found in imports_of(name, path)
        if objection(found)
    ]
    assert not wrong, "\n".join(wrong)


def part(name):
    """What counts as one in the search for cycles: a sub-package, or a module that stands alone."""
    parts = name.split(".")
    inside = ".".join(parts[:2])
    return inside if f"{inside}" in SOURCES or len(parts) > 1 else name


def test_packages_form_no_cycle():
    graph = {}
    for name, path in SOURCES.items():
        needs = graph.setdefault(part(name), set())
        for found in imports_of(name, path):
            if found.imported in SOURCES and not found.typing_only and part(found.imported) != part(name):
                needs.add(part(found.imported))
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as cycle:
        pytest.fail("packages import each other: " + " <- ".join(cycle.args[1]))


def test_monitor_package_imports_nothing():
    assert not list(imports_of("monitor", ROOT / "monitor" / "__init__.py"))
