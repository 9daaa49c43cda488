"""docs/parameters.md: what it says is what the program does, for every value on which a light depends."""

import re

import pytest

from benchmarks import parameters
from monitor.policy.load import load_policy

STALE = "docs/parameters.md is out of date: python -m benchmarks.parameters"


@pytest.fixture(scope="module")
def written():
    return parameters.PAGE.read_text(encoding="utf-8")


def rows(text):
    """Name and value of every row of a section's table."""
    return dict(re.findall(r"^\| `([^`]+)` \| ([^|]+?) \|", text, re.MULTILINE))


def test_the_page_is_what_the_program_holds(written):
    assert written == parameters.page(), STALE


def test_the_shipped_policy_holds_the_documented_values(written):
    shipped = load_policy(None)
    sections = {**shipped.thresholds.model_dump(by_alias=True), "alerts": shipped.alerts.model_dump(by_alias=True)}
    documented = {}
    for chunk in written.split("## What is fixed")[0].split("\n### ")[1:]:
        title, _, body = chunk.partition("\n")
        documented[title] = rows(body)
    assert set(documented) == set(sections)
    for title, values in sections.items():
        told = {name: {"yes": True, "no": False}.get(value, value) for name, value in documented[title].items()}
        assert {name: value if isinstance(value, bool) else float(value) for name, value in told.items()} == values


def test_everything_has_a_meaning_and_every_number_a_unit_or_is_a_count():
    for module in parameters.FIXED:
        for constant in parameters.constants(parameters.ROOT / module):
            assert constant.meaning, f"{module}: {constant.name} needs a comment that says what it means"
    assert set(parameters.SOURCES) == {
        *(info.alias or name for name, info in type(load_policy(None).thresholds).model_fields.items()),
        "alerts",
    }


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("A = 3  # beside", [("A", "3", "beside")]),
        ("# above\n# both\nA = -2.5", [("A", "-2.5", "above both")]),
        ("B = np.float32(0.5)  # x", [("B", "np.float32(0.5)", "x")]),
        ("A = 1 + B * 2", [("A", "1 + B * 2", "")]),
        ('A = "text"  # x', []),
        ("lower = 3  # x", []),
        ("A: int = 3  # x", [("A", "3", "x")]),
        (
            'class C:\n    """About it. More."""\n    a: float = 2.0\n    b: int = 1  # x',
            [
                ("C.a", "2.0", "About it"),
                ("C.b", "1", "x"),
            ],
        ),
    ],
)
def test_constants_are_read_with_their_comments(tmp_path, source, expected):
    path = tmp_path / "x.py"
    path.write_text(source)
    assert [(c.name, c.value, c.meaning) for c in parameters.constants(path)] == expected
