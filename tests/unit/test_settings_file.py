"""Settings as a file: whatever stands in it the program starts, and what people wrote there stays."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from monitor.errors import EnvironmentProblem
from monitor.policy.load import load_policy
from monitor.policy.sensitivity import tuned
from monitor.settings import OverlaySettings, Settings
from monitor.settings_file import default_settings_path, read_settings, write_settings

PROFILE_PROBLEM = (
    "settings.toml, line 1: 'profile' may have letters, digits, spaces and - . _ ( ) only, and at most 64 of them; "
    "its usual value is used."
)
WRITTEN = """\
# mine
agent_device = "Headset"   # the blue one

sensitivity = "keen"

[overlay]
theme = "dark"
places = { "HDMI-1 1920x1080" = [3, 4] }
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "config" / "settings.toml"


def read(path, text):
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return read_settings(path)


def test_no_file_is_no_problem(path):
    assert read_settings(path) == (Settings(), ())


def test_what_is_written_is_read(path):
    settings, problems = read(path, WRITTEN)
    assert not problems
    assert settings.agent_device == "Headset"
    assert settings.overlay.places == {"HDMI-1 1920x1080": (3, 4)}


def test_changes_keep_comments_and_order(path):
    settings, _ = read(path, WRITTEN)
    changed = settings.model_copy(update={"sensitivity": "calm", "learn_from_calls": True})
    write_settings(changed, path)
    text = WRITTEN.replace('"keen"', '"calm"')
    assert path.read_text() == text.replace("\n[overlay]", "learn_from_calls = true\n\n[overlay]")
    assert read_settings(path) == (changed, ())
    assert path.stat().st_mode & 0o777 == 0o600 or os.name != "posix"


def test_what_is_unset_goes(path):
    settings, _ = read(path, WRITTEN)
    changed = settings.model_copy(update={"agent_device": None})
    write_settings(changed, path)
    assert "agent_device" not in path.read_text()
    assert read_settings(path) == (changed, ())


def test_usual_values_are_not_written(path):
    write_settings(Settings(), path)
    assert path.read_text() == "# Settings of Evenkeel. You may change them here; they are read when it starts.\n"


overlays = st.builds(
    OverlaySettings,
    click_through=st.booleans(),
    theme=st.sampled_from(["auto", "dark", "light"]),
    scale=st.floats(0.75, 3.0),
    places=st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20),
        st.tuples(st.integers(-9999, 9999), st.integers(0, 9999)),
        max_size=3,
    ),
)
names = st.none() | st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30)
settings_ = st.builds(
    Settings,
    agent_device=names,
    customer_device=names,
    learn_from_calls=st.none() | st.booleans(),
    sensitivity=st.sampled_from(["calm", "normal", "keen"]),
    end_after_s=st.floats(5, 600),
    profile=st.sampled_from(["default", "Anna (headset)", "Zoë", "x.1-b_2"]),
    overlay=overlays,
)


@given(st.lists(settings_, min_size=1, max_size=3))
def test_every_choice_comes_back(tmp_path_factory, choices):
    path = tmp_path_factory.mktemp("settings") / "settings.toml"
    for settings in choices:
        write_settings(settings, path)
        assert read_settings(path) == (settings, ())


@pytest.mark.parametrize(
    ("text", "problem", "kept"),
    [
        (
            'sensitivity = "keener"',
            "settings.toml, line 1: 'sensitivity' should be 'calm', 'normal' or 'keen'; its usual value is used.",
            {},
        ),
        (
            '\nend_after_s = 2\nsensitivity = "keen"',
            "settings.toml, line 2: 'end_after_s' should be greater than or equal to 5; its usual value is used.",
            {"sensitivity": "keen"},
        ),
        (
            'senstivity = "calm"',
            "settings.toml, line 1: there is no setting 'senstivity'; did you mean 'sensitivity'?",
            {},
        ),
        ("frob = 3", "settings.toml, line 1: there is no setting 'frob'; it is left out.", {}),
        (
            '[overlay]\nscale = 9\ntheme = "dark"',
            "settings.toml, line 2: 'overlay.scale' should be less than or equal to 3; its usual value is used.",
            {"overlay": OverlaySettings(theme="dark")},
        ),
        (
            'profile = "../../etc"',
            PROFILE_PROBLEM,
            {},
        ),
    ],
)
def test_a_wrong_value_is_told_and_the_rest_is_used(path, text, problem, kept):
    settings, problems = read(path, text)
    assert problems == (problem,)
    assert settings == Settings(**kept)


@pytest.mark.parametrize(
    "text",
    [
        "overlay = 3", "overlay = []", "[overlay]\nplaces = [1]", "[overlay]\nplaces = { a = [1, 2, 3] }",
        "[agent_device]",
        "[[profile]]\nx = 1", "agent_device = 1979-05-27", "end_after_s = nan", "end_after_s = inf", "a.b.c = 1",
    ],
)  # fmt: skip
def test_odd_values_are_told_once_and_never_raise(path, text):
    settings, problems = read(path, text)
    assert settings == Settings()
    assert len(problems) >= 1
    assert len(set(problems)) == len(problems)


@pytest.mark.parametrize("raw", [b"x = = 3", b"\xff\xfe", b"[" * 5000, b"a" * 300_000, b'x = "\x00"'])
def test_a_file_that_is_none_is_told_and_set_aside_when_settings_change(path, raw):
    path.parent.mkdir()
    path.write_bytes(raw)
    settings, problems = read_settings(path)
    assert settings == Settings()
    assert len(problems) == 1
    assert str(path) in problems[0]
    changed = Settings(sensitivity="calm")
    write_settings(changed, path)
    assert read_settings(path) == (changed, ())


def test_a_change_leaves_slips_and_what_a_newer_version_wrote(path):
    text = 'sensitivity = "keener"\nfuture = 3\n\n[overlay]\nscale = 9\nglow = true\n\n[newer]\nx = 1\n'
    before, problems = read(path, text)
    changed = Settings(agent_device="mic", overlay=OverlaySettings(theme="dark"))
    assert write_settings(changed, path, before=before) is None
    assert read_settings(path)[0] == changed
    assert len(read_settings(path)[1]) == len(problems)
    for line in text.splitlines():
        assert line in path.read_text()
    write_settings(Settings(sensitivity="calm"), path, before=changed)
    assert "keener" not in path.read_text()


def test_a_file_that_is_a_link_stays_one(path, tmp_path):
    path.parent.mkdir()
    (tmp_path / "elsewhere.toml").write_text("# mine\n")
    path.symlink_to(tmp_path / "elsewhere.toml")
    write_settings(Settings(sensitivity="calm"), path)
    assert path.is_symlink()
    assert (tmp_path / "elsewhere.toml").read_text() == '# mine\nsensitivity = "calm"\n'


def test_a_folder_in_the_way(path):
    path.mkdir(parents=True)
    assert len(read_settings(path)[1]) == 1
    with pytest.raises(EnvironmentProblem):
        write_settings(Settings(), path)


@pytest.mark.parametrize("name", ["", ".", "..", ".hidden", "a/b", "a\\b", "x" * 65, "a\n", "con:"])
def test_profile_names_that_are_no_file_names(name):
    with pytest.raises(ValidationError):
        Settings(profile=name)


def test_the_usual_place(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert default_settings_path().name == "settings.toml"


class TestSensitivity:
    def test_normal_is_the_policy_itself(self):
        policy = load_policy()
        assert tuned(policy, "normal") is policy

    def test_calm_asks_for_more_and_keen_for_less(self):
        policy = load_policy()
        assert policy.fingerprint  # worked out before, and not to be handed on
        calm, normal, keen = (tuned(policy, choice).thresholds for choice in ("calm", "normal", "keen"))
        for name in ("amber", "red", "amber_evidence", "red_evidence", "agreement"):
            assert getattr(calm.raised, name) > getattr(normal.raised, name) > getattr(keen.raised, name)
        assert calm.rising.strain > normal.rising.strain > keen.rising.strain
        assert calm.agitated.above_st > normal.agitated.above_st > keen.agitated.above_st
        assert calm.fast.share > normal.fast.share > keen.fast.share
        assert calm.learning == normal.learning == keen.learning

    def test_results_tell_which_it_was(self):
        policy = load_policy()
        prints = {tuned(policy, choice).fingerprint for choice in ("calm", "normal", "keen")}
        assert len(prints) == 3
        assert {each.partition("@")[0] for each in prints} == {"upset-customer-en"}

    def test_words_stay_as_they_are(self):
        policy = load_policy()
        keen = tuned(policy, "keen")
        assert (keen.behaviours, keen.checklist, keen.alerts) == (policy.behaviours, policy.checklist, policy.alerts)
