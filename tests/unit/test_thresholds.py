"""The shipped values, their names in a policy file, and what is refused."""

import pytest
from pydantic import ValidationError

from monitor.policy.load import load_policy
from monitor.policy.thresholds import Alerts, Thresholds

DOCUMENTED = {
    "learning": {"speech_s": 20, "memory": 240, "below": 1.0, "profile_weight": 60},
    "raised": {
        "on": True,
        "amber": 1.15,
        "red": 1.8,
        "amber_evidence": 0.5,
        "red_evidence": 3.0,
        "growth": 2.5,
        "release": 0.6,
        "level_db": 4,
        "f0_st": 2.25,
        "effort_db": 2.5,
        "doubt": 9,
        "most": 4,
        "agreement": 0.8,
        "without_level": 0.85,
        "hold_s": 3,
    },
    "rising": {"on": True, "strain": 0.75, "samples": 50, "lasts_s": 10},
    "agitated": {"on": True, "above_st": 4.5, "lasts_s": 4},
    "flat": {"on": False, "below_share": 0.5, "lasts_s": 30},
    "fast": {"on": True, "share": 1.3, "least_syl_s": 4.7, "ceiling_syl_s": 6.8, "lasts_s": 3},
    "slow": {"on": False, "share": 0.6, "lasts_s": 10},
    "mirrored": {"on": True, "within_s": 10, "strain": 0.9, "lasts_s": 0.5, "hold_s": 6},
    "interrupt": {"on": True, "count": 2, "within_s": 60, "hold_s": 6},
    "talk_over": {"on": True, "seconds": 3, "within_s": 30, "hold_s": 6},
    "monologue": {"on": True, "seconds": 60},
    "dead_air": {"on": True, "seconds": 10, "announced_s": 120},
    "slow_reply": {"seconds": 4},
    "listen": {"interruptions_per_min": 0.5, "talk_over_share": 0.05, "talk_share": 0.8},
    "audibility": {"dead_dbfs": -80, "dead_s": 5, "snr_db": 8, "clipped_share": 0.2},
}
HEAD = '[policy]\nname = "mine"\nlanguage = "en"\n\n'
NAMES = (
    *("voice.raised", "voice.rising", "voice.agitated", "voice.flat", "voice.mirrored", "pace.fast", "pace.slow"),
    *("turn.interrupt", "turn.talk_over", "turn.monologue", "turn.dead_air"),
)


def test_defaults_are_the_documented_ones():
    assert Thresholds().model_dump() == DOCUMENTED


def test_alert_budget_is_that_of_the_design():
    assert Alerts().model_dump() == {"phrase_s": 6, "hint_s": 0.25, "change_s": 1.5, "cue_s": 20}


def test_the_shipped_policy_keeps_the_defaults():
    policy = load_policy(None)
    assert policy.thresholds == Thresholds()
    assert policy.alerts == Alerts()


@pytest.mark.parametrize("name", NAMES)
def test_a_policy_file_names_the_behaviour(name, tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text(HEAD + f'[thresholds."{name}"]\non = false\n', encoding="utf-8")
    limits = getattr(load_policy(str(file)).thresholds, name.split(".")[1])
    assert limits.on is False
    assert limits == type(limits)(on=False)


def test_other_groups_keep_their_defaults(tmp_path):
    file = tmp_path / "mine.toml"
    text = HEAD + '[thresholds."voice.raised"]\nred = 2.5\n\n[alerts]\nphrase_s = 4.0\n'
    file.write_text(text, encoding="utf-8")
    policy = load_policy(str(file))
    expected = DOCUMENTED | {"raised": DOCUMENTED["raised"] | {"red": 2.5}}
    assert policy.thresholds.model_dump() == expected
    assert policy.alerts == Alerts(phrase_s=4)


@pytest.mark.parametrize("wrong", [{"amber": 0}, {"amber": "loud"}, {"release": 1.1}, {"loudness": 3}, {"most": -1}])
def test_unusable_values_are_refused(wrong):
    with pytest.raises(ValidationError):
        Thresholds.model_validate({"voice.raised": wrong})


def test_limits_cannot_change_under_way():
    with pytest.raises(ValidationError):
        Thresholds().raised.amber = 3.0


@pytest.mark.parametrize("group", [Alerts, *(type(getattr(Thresholds(), name)) for name in DOCUMENTED)])
def test_every_number_says_what_it_means(group):
    for name, field in group.model_fields.items():
        assert name == "on" or field.description, name
