"""Policies from files: what loads, how they extend each other, and that every mistake is told with its line."""

import contextlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from monitor.errors import ParameterError
from monitor.policy.load import BUILTIN, builtin_names, builtin_text, load_policy
from monitor.policy.problems import MOST_SHOWN, PolicyError

HEAD = '[policy]\nname = "mine"\n'
BEHAVIOUR = '[[behaviour]]\nid = "say.light_roast"\nphrases = ["light roast"]\n'
EXTENDING = '[policy]\nname = "t"\nextends = "upset-customer-en"\n'
MINIMAL = """\
[policy]
name = "mine"
language = "en"
extends = "upset-customer-en"   # optional

[[behaviour]]
id = "say.light_roast"
phrases = ["light roast"]
say_instead = "our lighter roast"   # optional
"""


@pytest.fixture
def write(tmp_path):
    def writer(text, name="mine.toml"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return writer


def problems_of(path):
    with pytest.raises(PolicyError) as caught:
        load_policy(path)
    told = str(caught.value).split("\n")
    assert told[:MOST_SHOWN] == [str(problem) for problem in caught.value.problems[:MOST_SHOWN]]
    return [(problem.line, problem.text) for problem in caught.value.problems]


def test_the_smallest_policy_of_the_design_loads_and_keeps_the_built_in(write):
    policy = load_policy(write(MINIMAL))
    own = policy.behaviour("say.light_roast")
    assert own.phrases == ("light roast",)
    assert own.say_instead == "our lighter roast"
    assert own.light == "red"
    assert own.title == "light roast"
    assert policy.behaviour("say.calm_down") == load_policy().behaviour("say.calm_down")
    assert len(policy.behaviours) == len(load_policy().behaviours) + 1


def test_a_policy_that_extends_nothing_has_only_its_own(write):
    policy = load_policy(write(HEAD + BEHAVIOUR))
    assert [behaviour.id for behaviour in policy.behaviours] == ["say.light_roast"]
    assert policy.language == "en"
    assert policy.checklist == ()
    assert policy.thresholds == load_policy().thresholds


@pytest.mark.parametrize(
    "text",
    [b"\xef\xbb\xbf" + MINIMAL.encode(), MINIMAL.replace("\n", "\r\n").encode()],
    ids=["byte order mark", "windows line ends"],
)
def test_files_of_windows_editors_load_alike(write, text):
    assert load_policy(write(text)) == load_policy(write(MINIMAL))


def test_a_policy_is_found_by_name_by_path_and_by_default():
    assert load_policy(BUILTIN) == load_policy(None)
    assert BUILTIN in builtin_names()
    assert 'name = "upset-customer-en"' in builtin_text()


def test_extending_replaces_adds_to_and_removes(write):
    policy = load_policy(
        write(
            '[policy]\nname = "mine"\nextends = "upset-customer-en"\nremove = ["say.joke", "do.steady"]\n'
            '[[behaviour]]\nid = "say.calm_down"\nphrases = ["simmer down"]\n'
            '[[behaviour]]\nid = "say.blame"\nmore_phrases = ["you broke it"]\ncue = "kinder"\n'
        )
    )
    base = load_policy()
    assert policy.behaviour("say.joke") is None
    assert "do.steady" not in [entry.id for entry in policy.checklist]
    assert policy.behaviour("say.calm_down").phrases == ("simmer down",)
    assert policy.behaviour("say.calm_down").unless == ()
    blame = policy.behaviour("say.blame")
    assert blame.phrases == (*base.behaviour("say.blame").phrases, "you broke it")
    assert (blame.cue, blame.say_instead) == ("kinder", base.behaviour("say.blame").say_instead)


def test_a_relative_path_is_looked_up_beside_the_file_that_names_it(write, tmp_path):
    (tmp_path / "teams").mkdir()
    write(HEAD.replace("mine", "base") + BEHAVIOUR, "base.toml")
    policy = load_policy(write('[policy]\nname = "t"\nextends = "../base.toml"\n', "teams/t.toml"))
    assert (policy.name, policy.behaviours[0].id) == ("t", "say.light_roast")


def test_the_language_is_taken_from_the_extended_policy_unless_named(write):
    write('[policy]\nname = "base"\nlanguage = "pl"\n', "base.toml")
    assert load_policy(write('[policy]\nname = "t"\nextends = "base.toml"\n')).language == "pl"


def test_single_limits_are_overridden_and_the_others_stay(write):
    text = (
        '[policy]\nname = "t"\nextends = "base.toml"\n[thresholds."voice.raised"]\nhold_s = 2.5\n[alerts]\ncue_s = 30\n'
    )
    write(
        '[policy]\nname = "b"\n[thresholds."voice.raised"]\nlevel_db = 5\nhold_s = 9\n[alerts]\nphrase_s = 4\n',
        "base.toml",
    )
    policy = load_policy(write(text))
    limits = policy.thresholds.model_dump(by_alias=True)["voice.raised"]
    assert (limits["hold_s"], limits["level_db"]) == (2.5, 5)
    assert (policy.alerts.cue_s, policy.alerts.phrase_s) == (30, 4)
    assert limits["f0_st"] == load_policy().thresholds.model_dump(by_alias=True)["voice.raised"]["f0_st"]


def test_policies_that_extend_each_other_in_a_circle_are_refused(write):
    write('[policy]\nname = "a"\nextends = "b.toml"\n', "a.toml")
    b = write('[policy]\nname = "b"\n\nextends = "a.toml"\n', "b.toml")
    with pytest.raises(PolicyError, match=r"a\.toml:3: .*circle"):
        load_policy(b)


def test_a_mistake_in_an_extended_file_names_that_file(write):
    write('[policy]\nname = "base"\n[[behaviour]]\nid = "say.x"\nphrase = ["x"]\n', "base.toml")
    with pytest.raises(PolicyError, match=r"base\.toml:5: 'phrase' is not known here; did you mean 'phrases'\?"):
        load_policy(write('[policy]\nname = "t"\nextends = "base.toml"\n'))


MISTAKES = {
    "near miss": (HEAD + '[[behaviour]]\nid = "say.x"\nphrase = ["x"]\n', [(5, "did you mean 'phrases'?")]),
    "far miss": (HEAD + "zzz = 1\n", [(3, "'zzz' is not known here; possible are name, language")]),
    "unknown table": (HEAD + "[behavior]\nx = 1\n", [(3, "did you mean 'behaviour'?")]),
    "no policy": (BEHAVIOUR, [(1, "the table [policy] with a name is missing")]),
    "no name": ('[policy]\nlanguage = "en"\n', [(1, "'name' is missing")]),
    "no id": (HEAD + '\n[[behaviour]]\nphrases = ["x"]\n', [(4, "this [[behaviour]] has no 'id'")]),
    "no phrases": (HEAD + '\n[[behaviour]]\nid = "say.x"\n', [(4, "'say.x' has no 'phrases'")]),
    "bad id": (HEAD + '[[behaviour]]\nid = "calm_down"\nphrases = ["x"]\n', [(4, "'id' must be 'say.' or 'do.'")]),
    "number for text": (
        HEAD + '[[behaviour]]\nid = "say.x"\nphrases = [\n  "one",\n  # two\n  2,\n  "three", 4]\n',
        [(8, "entry 2 of 'phrases' must be text in quotes"), (9, "entry 4 of 'phrases' must be text in quotes")],
    ),
    "text for number": (HEAD + BEHAVIOUR + 'weight = "1"\n', [(6, "'weight' must be a number, without quotes")]),
    "text for list": (
        HEAD + '[[behaviour]]\nid = "say.x"\nphrases = "x"\n',
        [(5, "must be a list in square brackets")],
    ),
    "text for boolean": (HEAD + BEHAVIOUR + 'inflect = "yes"\n', [(6, "'inflect' must be true or false")]),
    "too heavy": (HEAD + BEHAVIOUR + "weight = 3\n", [(6, "'weight' must be at most 1")]),
    "weightless": (HEAD + BEHAVIOUR + "weight = 0\n", [(6, "'weight' must be more than 0")]),
    "colour": (HEAD + BEHAVIOUR + 'light = "blue"\n', [(6, "'light' must be 'red', 'amber' or 'none', not 'blue'")]),
    "long cue": (HEAD + BEHAVIOUR + 'cue = "a b c d"\n', [(6, "'cue' is read at a glance: at most three words")]),
    "brackets": (HEAD + '[[behaviour]]\nid = "say.x"\nphrases = ["a (b"]\n', [(5, "brackets that do not match")]),
    "bar": (HEAD + '[[behaviour]]\nid = "say.x"\nphrases = ["a|b"]\n', [(5, "'|' outside brackets")]),
    "two dots": (HEAD + BEHAVIOUR + 'unless = ["a ... b ... c"]\n', [(6, "'...' more than once")]),
    "twice": (HEAD + BEHAVIOUR + BEHAVIOUR, [(7, "'say.light_roast' is there twice")]),
    "nothing to add to": (
        EXTENDING + '[[behaviour]]\nid = "say.calmdown"\nmore_phrases = ["x"]\n',
        [(6, "there is no 'say.calmdown' yet to add phrases to; did you mean 'say.calm_down'?")],
    ),
    "nothing to remove": (
        EXTENDING + 'remove = [\n"say.joke",\n"say.jokes"]\n',
        [(6, "there is no 'say.jokes' to remove")],
    ),
    "unknown base": (
        '[policy]\nname = "t"\nextends = "upset-customer"\n',
        [(3, "no built-in policy of this name; did you mean 'upset-customer-en'?")],
    ),
    "checklist of say": (HEAD + '[[checklist]]\nid = "say.x"\n', [(4, "only 'do.' can")]),
    "limit unknown": (HEAD + '[thresholds."voice.raised"]\nhold = 1\n', [(4, "did you mean 'hold_s'?")]),
    "limit group unknown": (HEAD + '[thresholds."voice.raise"]\n', [(3, "did you mean 'voice.raised'?")]),
    "limit of another kind": (HEAD + "[alerts]\ncue_s = []\n", [(4, "'cue_s' must be a number")]),
    "syntax": (HEAD + "\n[[behaviour]\n", [(4, "is not valid TOML")]),
    "not ended": (HEAD + 'description = """\nabc', [(4, "is not valid TOML: unterminated string")]),
    "control character": (
        HEAD + 'description = "a\\u0000b"\n[[behaviour]]\nid = "say.x"\nphrases = ["a\\u0007b"]\n',
        [(6, "control character")],
    ),
    "turned text": (HEAD + BEHAVIOUR + 'say_instead = "a\u202eb"\n', [(6, "control character")]),
    "no words": (
        HEAD + '[[behaviour]]\nid = "say.x"\nphrases = ["?!", "(maybe)"]\n',
        [(5, "has no words"), (5, "can be empty")],
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_each_mistake_is_told_at_its_line(write, name):
    text, expected = MISTAKES[name]
    found = problems_of(write(text))
    assert [line for line, _ in found] == [line for line, _ in expected]
    for text in (part for _, part in expected):
        assert any(text in sentence for _, sentence in found), found


def test_all_mistakes_are_told_at_once(write):
    text = '[policy]\nnam = "t"\nlanguage = 3\n[[behaviour]]\nid = "x"\nphrases = []\nweight = -1\n[[checklist]]\n'
    assert [line for line, _ in problems_of(write(text))] == [1, 2, 3, 5, 7, 8]


def test_what_is_wrong_with_the_file_itself_is_one_sentence(write, tmp_path):
    assert problems_of(tmp_path / "absent.toml") == [(1, problems_of(tmp_path / "absent.toml")[0][1])]
    assert "no such file" in problems_of(tmp_path / "absent.toml")[0][1]
    assert "folder" in problems_of(tmp_path)[0][1]
    assert problems_of(write(HEAD.encode() + b"# caf\xe9\n")) == [(3, "is not UTF-8 text; save the file as UTF-8")]
    assert "UTF-8" in problems_of(write(MINIMAL.encode("utf-16")))[0][1]
    assert "[policy]" in problems_of(write(""))[0][1]


def test_a_file_that_may_not_be_read_is_told(write, monkeypatch):
    path = write(MINIMAL)

    def refuse(*_args, **_kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    assert problems_of(path) == [(1, "cannot be read: permission denied")]


def test_policy_errors_are_the_callers_mistake():
    with pytest.raises(ParameterError):
        load_policy("no-such-policy")


HOSTILE = {
    "10,000 phrases": HEAD
    + '[[behaviour]]\nid = "say.x"\nphrases = ['
    + ",\n".join(f'"a {i}"' for i in range(10_000))
    + "]\n",
    "10,000 behaviours": HEAD + "".join(f'[[behaviour]]\nid = "say.x{i}"\n' for i in range(10_000)),
    "too many wordings": HEAD
    + "".join(f'[[behaviour]]\nid = "say.x{i}"\nphrases = ["{i} (a|b|c|d|e|f) (a|b|c|d|e|f)"]\n' for i in range(390)),
    "huge string": HEAD + 'description = """' + ("x" * 99 + "\n") * 4_000 + '"""\n',
    "long line": HEAD + f'description = "{"x" * 100_000}"\n',
    "50 MB": "# nothing\n" * 5_000_000,
    "deep lists": HEAD + "a = " + "[" * 5_000 + "]" * 5_000,
    "deep lists with entries": HEAD + "a = " + "[1,\n" * 3_000 + "]" * 3_000,
    "deep tables": HEAD + "a = " + "{a = " * 3_000 + "1" + "}" * 3_000,
    "long key": ".".join("a" * 9_000) + " = 1\n",
    "many tables": "\n".join(f"[a.b.c.d.e.x{i}]" for i in range(20_000)),
    "many keys": HEAD + "\n".join(f"k{i} = 1" for i in range(40_000)),
    "deep brackets": HEAD + f'[[behaviour]]\nid = "say.x"\nphrases = ["{"(" * 90}{")" * 90}"]\n',
    "many choices": HEAD + f'[[behaviour]]\nid = "say.x"\nphrases = ["{"(a|b)" * 30}"]\n',
    "huge number": HEAD + "a = " + "9" * 9_000,
    "marks": HEAD + '[[behaviour]]\nid = "say.x"\nphrases = ["\u0301\u0301", "\U0001f600"]\n',
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.timeout(20)  # it takes half a second at most; a hang is what must not be
def test_a_hostile_file_is_refused_and_never_a_hang(write, name):
    found = problems_of(write(HOSTILE[name]))
    assert all(len(text) < 300 for _, text in found)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.sampled_from([*'[]{}="".,#\n ax1', "[[behaviour]]\n", 'id = "say.x"\n', "phrases = [", "'''", HEAD]),
        max_size=30,
    )
)
def test_no_text_is_more_than_a_policy_error(tmp_path, parts):
    path = tmp_path / "any.toml"
    path.write_text("".join(parts), encoding="utf-8")
    with contextlib.suppress(PolicyError):
        assert load_policy(path).name == "mine"


def test_the_fingerprint_follows_the_content_and_not_the_layout(write):
    same = MINIMAL.replace("# optional", "# by choice").replace('"light roast"', "\n  'light roast',\n")
    other = MINIMAL.replace("light roast", "dark roast")
    prints = [load_policy(write(text)).fingerprint for text in (MINIMAL, same, other)]
    assert prints[0] == prints[1] != prints[2]
    assert prints[0].startswith("mine@")
    assert len(prints[0]) == len("mine@") + 12
    limits = load_policy(write(MINIMAL + "[alerts]\ncue_s = 21\n"))
    assert limits.fingerprint != prints[0]


def test_policies_cannot_be_changed():
    policy = load_policy()
    with pytest.raises(ValidationError):
        policy.name = "other"
    with pytest.raises(ValidationError):
        policy.behaviours[0].cue = "other"


def test_wordings_to_listen_for_are_plain_and_none_is_forgotten_first(write):
    text = (
        HEAD + '[[behaviour]]\nid = "do.a"\nphrases = ["(that|it) helps"]\n'
        '[[behaviour]]\nid = "say.a"\nphrases = ["Nothing (that) I can do", "we * can"]\nweak_phrases = ["no"]\n'
    )
    policy = load_policy(write(text))
    everything = ("nothing that i can do", "that helps", "nothing i can do", "it helps", "no")
    assert policy.phrases() == everything
    assert policy.phrases(most=3) == everything[:3]
    assert policy.phrases(weak=False) == tuple(wording for wording in everything if wording != "no")
