"""Lines of values in TOML texts, checked against texts whose lines are known by construction."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.policy.locate import Locator

TEXT = '''\
# [[behaviour]] in a comment
top.dotted.key = 1 # = [
[policy] # head
name = "a [not] # comment"
"quoted key" = 'x = 1'
long = """
[[behaviour]]
id = "in a string"
"""   # after
raw = \'\'\'
it''s = 1\'\'\'
escaped = "a \\" # b"
ends = """a""\"""
[[behaviour]]
id = "one"
phrases = [ "a",
  "b]", # ] comment, with = and [
  [ 1,
    2 ], { x = 1, y.z = [3,
4] },
]
[behaviour.inner]
deep = true
[[behaviour]]

[[behaviour]]
phrases = []
id = "three"
[[behaviour.part]]
k = 1
[[behaviour.part]]
k = 2
[thresholds."voice.raised"]
when = 2020-01-01T00:00:00
last = 1'''

LINES = {
    ("top",): 2,
    ("top", "dotted", "key"): 2,
    ("policy",): 3,
    ("policy", "name"): 4,
    ("policy", "quoted key"): 5,
    ("policy", "long"): 6,
    ("policy", "raw"): 10,
    ("policy", "escaped"): 12,
    ("policy", "ends"): 13,
    ("behaviour",): 14,
    ("behaviour", 0): 14,
    ("behaviour", 0, "id"): 15,
    ("behaviour", 0, "phrases"): 16,
    ("behaviour", 0, "phrases", 0): 16,
    ("behaviour", 0, "phrases", 1): 17,
    ("behaviour", 0, "phrases", 2): 18,
    ("behaviour", 0, "phrases", 2, 1): 19,
    ("behaviour", 0, "phrases", 3): 19,
    ("behaviour", 0, "phrases", 3, "x"): 19,
    ("behaviour", 0, "phrases", 3, "y", "z", 1): 20,
    ("behaviour", 0, "inner"): 22,
    ("behaviour", 0, "inner", "deep"): 23,
    ("behaviour", 1): 24,
    ("behaviour", 2): 26,
    ("behaviour", 2, "id"): 28,
    ("behaviour", 2, "part", 0, "k"): 30,
    ("behaviour", 2, "part", 1, "k"): 32,
    ("thresholds", "voice.raised"): 33,
    ("thresholds", "voice.raised", "last"): 35,
}


def test_the_text_is_what_the_lines_were_counted_in():
    assert tomllib.loads(TEXT)["behaviour"][0]["phrases"][3]["y"]["z"] == [3, 4]


@pytest.mark.parametrize("path", LINES, ids=str)
def test_every_place_has_its_line(path):
    assert Locator(TEXT).line(path) == LINES[path]


def test_a_missing_place_falls_back_to_what_is_around_it():
    locator = Locator(TEXT)
    assert locator.line(("behaviour", 1, "id")) == 24
    assert locator.line(("behaviour", 0, "phrases", 9)) == 16
    assert locator.line(("nowhere", 3)) == 1
    assert locator.line(()) == 1


def test_nesting_too_deep_to_follow_still_locates_what_came_before():
    locator = Locator("a = 1\nb = 2\nc = " + "[" * 5_000 + "]" * 5_000)
    assert locator.line(("b",)) == 2


@given(
    st.lists(
        st.tuples(
            st.text("ab\"'\\#[]= \t", max_size=6),
            st.sampled_from(["", "\n", "\n\n", " # no [\n", "\n# no =\n"]),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_strings_of_any_content_keep_the_lines_right(entries):
    text, expected = "[t]\nk = [", []
    for value, gap in entries:
        text += gap
        expected.append(text.count("\n") + 1)
        text += '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t") + '",'
    text += "]\nlast = 1\n"
    assert tomllib.loads(text)["t"]["k"] == [value for value, _ in entries]
    locator = Locator(text)
    assert [locator.line(("t", "k", index)) for index in range(len(entries))] == expected
    assert locator.line(("t", "last")) == text.count("\n")
