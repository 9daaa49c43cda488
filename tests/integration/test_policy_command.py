"""``evenkeel policy``, as it is typed; and the examples of its guide."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from monitor.commands.policy import policy
from monitor.errors import EnvironmentProblem, ParameterError
from monitor.phrases.matcher import PhraseMatcher
from monitor.phrases.near import spoken
from monitor.policy.load import load_policy
from monitor.policy.problems import PolicyError

GUIDE = Path(__file__).parents[2] / "docs" / "policy.md"
EXAMPLES = re.findall(r"```toml\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
BAD = '[policy]\nname = "t"\n[[behaviour]]\nid = "say.x"\nphrase = ["x"]\nweight = 2\n'


def run(*args):
    return CliRunner().invoke(policy, [str(arg) for arg in args])


@pytest.fixture
def write(tmp_path):
    def writer(text, name="my-team.toml"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return writer


def test_a_good_policy_is_counted(write):
    result = run("check", write(EXAMPLES[0]))
    assert result.exit_code == 0
    assert re.search(r"is good: mine@[0-9a-f]{12}\n", result.output)
    assert re.search(r"\n24 behaviours, \d+ phrases, \d+ hints, 12 checklist items\.\n", result.output)
    assert json.loads(run("check", "upset-customer-en", "--json").output)["ok"] is True


def test_every_problem_of_a_bad_policy_is_listed(write):
    path = write(BAD)
    result = run("check", path)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.splitlines() == [
        f"{path}:5: 'phrase' is not known here; did you mean 'phrases'?",
        f"{path}:6: 'weight' must be at most 1",
        "2 problems.",
    ]


def test_problems_as_json(write):
    result = run("check", path := write(BAD), "--json")
    assert result.exit_code == 2
    told = json.loads(result.stdout)
    assert told["ok"] is False
    assert told["problems"][0] == {
        "file": str(path),
        "line": 5,
        "text": "'phrase' is not known here; did you mean 'phrases'?",
    }


def test_a_check_advises_on_what_is_likely_not_meant(write):
    text = '[policy]\nname = "t"\n[[behaviour]]\nid = "say.a"\nphrases = ["no", "light roast"]\n'
    text += '[[behaviour]]\nid = "say.b"\nphrases = ["light roast"]\n'
    output = run("check", write(text)).output
    assert "'no' of say.a is very short" in output
    assert "'light roast' is in say.a and in say.b" in output


def test_the_built_in_policy_needs_no_advice():
    assert "Advice" not in run("check", "upset-customer-en").output


def test_a_policy_is_shown_for_people():
    result = run("show")
    assert result.exit_code == 0
    for text in ("say.calm_down: Orders calm", "take it easy", "say instead: Clearly this upset you", "do.apologise"):
        assert text in result.output
    assert "within 60 s after the first sign of trouble" in re.sub(r"\s+", " ", result.output)
    assert "voice.raised: hold_s = " in result.output
    assert all(len(line) <= 100 for line in result.output.splitlines())


def test_a_policy_is_shown_for_programs(write):
    told = json.loads(run("show", write(EXAMPLES[0]), "--json").output)
    assert told["policy"].startswith("mine@")
    assert told["behaviours"][-1]["say_instead"] == "our lighter roast"
    assert "voice.raised" in told["thresholds"]


def test_an_unknown_policy_cannot_be_shown():
    with pytest.raises(PolicyError, match="did you mean 'upset-customer-en'"):
        raise run("show", "upset-customer").exception


def test_a_new_policy_is_good_as_it_stands(tmp_path):
    path = tmp_path / "My Team.toml"
    result = run("new", path)
    assert (result.exit_code, result.output) == (
        0,
        f"Wrote {path}. Change it, then run: evenkeel policy check {path}\n",
    )
    assert load_policy(path).name == "my-team"
    assert run("check", path).exit_code == 0
    everything = re.sub(r"^# (?=\[|\"do\.|\w+ = )", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert everything != path.read_text(encoding="utf-8")
    path.write_text(everything, encoding="utf-8")
    changed = load_policy(path)
    assert "keep your hair on" in changed.behaviour("say.calm_down").phrases
    assert changed.behaviour("say.joke") is None


def test_a_new_policy_replaces_nothing_unless_told(write):
    path = write("kept")
    with pytest.raises(ParameterError, match="--force"):
        raise run("new", path).exception
    assert path.read_text(encoding="utf-8") == "kept"
    assert run("new", path, "--force", "--name", "ours").exit_code == 0
    assert load_policy(path).name == "ours"


def test_where_a_new_policy_cannot_be(tmp_path):
    with pytest.raises(ParameterError, match="is a folder"):
        raise run("new", tmp_path).exception
    with pytest.raises(EnvironmentProblem, match="cannot be written: no such file or directory"):
        raise run("new", tmp_path / "absent" / "t.toml").exception
    with pytest.raises(ParameterError, match="name may have letters"):
        raise run("new", tmp_path / "t.toml", "--name", "two words").exception


def test_a_text_is_tried():
    result = run("try", "You told me to calm down.", "You can relax.", "I promise!", "Relax.", "I'm sorry.")
    assert result.exit_code == 0
    verdicts = [line.split()[:2] for line in result.output.splitlines() if not line.startswith(" ")]
    assert verdicts == [
        ["quoted", "say.calm_down"],
        ["fine", "say.calm_down"],
        ["flagged", "say.promise"],
        ["hint", "say.calm_down"],
        ["counts", "do.apologise"],
    ]
    for text in ('reported: "you told me to"', 'within "you can', "say instead: Here is what I can confirm"):
        assert text in result.output


def test_a_text_with_nothing_in_it_and_a_near_miss():
    assert run("try", "good morning").output == "Nothing in it would be flagged.\n"
    output = run("try", "that's not by department").output
    assert 'it has "my", the text has "by"' in output
    assert output.endswith("Nothing in it would be flagged.\n")


def test_a_trial_as_json(write):
    told = json.loads(run("try", "--policy", write(EXAMPLES[0]), "--json", "a light roast").output)
    assert told["policy"].startswith("mine@")
    (match,) = told["matches"]
    assert (match["id"], match["verdict"], match["say_instead"]) == ("say.light_roast", "flagged", "our lighter roast")
    near = json.loads(run("try", "--json", "that's not by department").output)["near"]
    assert near[0]["expected"] == "my"


def test_what_only_sounds_like_a_phrase_is_a_hint():
    output = run("try", "that's knot my department").output
    assert output.startswith("hint     say.push_off")
    assert "only sounds like the phrase" in output


def test_texts_that_cannot_be_tried():
    with pytest.raises(ParameterError, match="no words"):
        raise run("try", "?!").exception
    with pytest.raises(ParameterError, match="too long"):
        raise run("try", "word " * 5_000).exception
    with pytest.raises(ParameterError, match="--agent-channel is for a recording"):
        raise run("try", "calm down", "--agent-channel", "1").exception
    assert run("try").exit_code == 2


@pytest.mark.parametrize("command", [[], ["check"], ["show"], ["new"], ["try"]])
def test_every_command_has_help_with_an_example(command):
    result = run(*command, "--help")
    assert result.exit_code == 0
    assert "Example: evenkeel policy" in result.output


@pytest.mark.parametrize("example", EXAMPLES, ids=[text.split('"')[1] for text in EXAMPLES])
def test_the_examples_of_the_guide_are_good(write, example):
    assert run("check", write(example)).exit_code == 0


def test_what_the_guide_says_is_so(write):
    def verdicts(example, text):
        matcher = PhraseMatcher(load_policy(write(example)))
        return [
            (m.behaviour_id, m.quoted, m.harmless, m.weak) for words in spoken(text) for m in matcher.explain(words)
        ]

    _, shop, spa, team, *_ = EXAMPLES
    meant = ("say.push_off", False, False, False)
    assert verdicts(shop, "There's nothing I can do") == [meant]
    assert verdicts(shop, "it is, uh, just not my job") == [meant]
    assert verdicts(shop, "you need to ask the other team") == [meant]
    assert verdicts(spa, "just relax and enjoy") == [("say.calm_down", False, True, False)]
    assert verdicts(spa, "once things calm down") == [("say.calm_down", True, False, False)]
    assert verdicts(spa, "you told me to calm down") == [("say.calm_down", True, False, False)]
    policy = load_policy(write(team))
    assert policy.behaviour("say.joke") is None
    assert policy.behaviour("say.excuse").phrases == ("the dog ate it",)
    assert policy.alerts.cue_s == 30
    found = re.search(r"my-team.toml:5: (.*)", GUIDE.read_text(encoding="utf-8"))[1]
    assert found in run("check", write(BAD)).stderr


def test_help_is_quick_to_come():
    code = (
        "import sys, monitor.commands.policy\n"
        "assert not {'pydantic', 'rapidfuzz', 'numpy', 'rich'} & set(sys.modules), sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=GUIDE.parents[1])
