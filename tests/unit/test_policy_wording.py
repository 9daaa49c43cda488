"""How phrases are written: optional words, choices, contexts."""

import pytest

from monitor.policy.wording import MOST_CHARACTERS, MOST_WORDINGS, MOST_WORDS, expand, expand_context


@pytest.mark.parametrize(
    ("phrase", "wordings"),
    [
        ("calm down", ("calm down",)),
        ("  calm   down ", ("calm down",)),
        ("nothing (that) I can do", ("nothing that I can do", "nothing I can do")),
        (
            "(it's|that's) not my (job|problem)",
            ("it's not my job", "it's not my problem", "that's not my job", "that's not my problem"),
        ),
        ("wait (for me|)", ("wait for me", "wait")),
        ("(a|a) b", ("a b",)),
        ("we * help", ("we * help",)),
    ],
)
def test_a_phrase_stands_for_its_wordings(phrase, wordings):
    assert expand(phrase) == wordings


@pytest.mark.parametrize(
    ("phrase", "reason"),
    [
        ("", "no words"),
        ("...", "no words"),
        ("(maybe)", "can be empty"),
        ("a (b", "brackets"),
        ("a b)", "brackets"),
        ("a (b (c))", "brackets"),
        ("a ()", "empty brackets"),
        ("a|b", "outside brackets"),
        ("* a", "cannot stand"),
        ("head(s|ing)", "inside a word"),
        ("a*b", "cannot stand"),
        ("a\x07", "control character"),
        ("a " * (MOST_WORDS + 1), "at most"),
        ("a" * (MOST_CHARACTERS + 1), "at most"),
        ("(a|b)" * 7, str(MOST_WORDINGS)),
    ],
)
def test_a_phrase_that_cannot_be_read_says_why(phrase, reason):
    with pytest.raises(ValueError, match=reason):
        expand(phrase)


def test_a_context_is_around_the_phrase_or_over_it():
    assert expand_context("told (me|you) to ...") == (("told (me|you) to", ""), ())
    assert expand_context("not … at all") == (("not", "at all"), ())
    assert expand_context("you can (just) relax") == (None, ("you can just relax", "you can relax"))


@pytest.mark.parametrize("context", ["a ... b ... c", "...", "a (b ...", ""])
def test_a_context_that_cannot_be_read_is_refused(context):
    with pytest.raises(ValueError, match=r"."):
        expand_context(context)
