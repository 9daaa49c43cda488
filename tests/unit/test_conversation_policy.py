"""What a policy says of the conversation: announced holds, the checklist's states while a call goes on, coaching."""

import pytest

from monitor.call_summary import fill, keep, to_try
from monitor.events import FlagChanged, ItemChecked, LightChanged
from monitor.phrases.announcement import HoldListener
from monitor.phrases.checklist import Known
from monitor.phrases.customer_name import CustomerName
from monitor.phrases.flags import FlagTracker
from monitor.policy.load import load_policy
from monitor.policy.model import Coaching
from monitor.policy.problems import PolicyError
from monitor.result import EngineInfo, ResultBuilder
from monitor.types import ChecklistItem, Hypothesis, Light, Reason, SourceInfo, Word
from tests.batch_fakes import flag

POLICY = load_policy()
HEAD = '[policy]\nname = "mine"\nextends = "upset-customer-en"\n\n'


def heard(text, start_s=10.0, *, confidence=0.9, final=True, utterance=1):
    words = tuple(Word(start_s + 0.3 * i, start_s + 0.3 * i + 0.25, w, confidence) for i, w in enumerate(text.split()))
    end_s = words[-1].end_s
    return Hypothesis(utterance, start_s, end_s, end_s + 0.5, final, words)


@pytest.fixture
def write(tmp_path):
    def written(text):
        path = tmp_path / "mine.toml"
        path.write_text(HEAD + text, encoding="utf-8")
        return str(path)

    return written


# --- holds


@pytest.mark.parametrize(
    "text",
    [
        "let me put you on hold", "i'm going to put you on a brief hold", "one moment please", "just bear with me",
        "can i ask you to hold", "please hold the line", "give me a moment", "i'll be right back",
        "this will only take a minute", "let me look that up", "would you mind holding", "stay on the line",
        "could you wait a moment", "hold on please",
    ],
)  # fmt: skip
def test_a_hold_is_announced_in_many_words(text):
    hypothesis = heard(f"right {text}")
    assert HoldListener(POLICY).heard(hypothesis) == pytest.approx(hypothesis.words[-1].end_s, abs=0.7)


@pytest.mark.parametrize(
    "text", ["i will look at the letter", "the van is on the road", "you told me to hold on please", "i hold a card"]
)
def test_other_words_announce_nothing(text):
    assert HoldListener(POLICY).heard(heard(text)) is None


def test_doubtful_words_announce_nothing():
    assert HoldListener(POLICY).heard(heard("one moment please", confidence=0.2)) is None


def test_a_policy_may_have_its_own_announcements(write):
    policy = load_policy(write('[conversation]\nmore_hold_phrases = ["let me look under the hood"]\n'))
    assert HoldListener(policy).heard(heard("let me look under the hood")) is not None
    assert HoldListener(policy).heard(heard("one moment please")) is not None
    policy = load_policy(write("[conversation]\nhold_phrases = []\n"))
    assert HoldListener(policy).heard(heard("one moment please")) is None
    assert policy.fingerprint != POLICY.fingerprint


def test_the_recogniser_listens_for_announcements_and_nobody_is_flagged_for_them():
    assert "one moment please" in POLICY.phrases(most=500)
    assert not FlagTracker(POLICY).take(heard("one moment please", final=False))


# --- the checklist while the call goes on


def states(tracker, now_s, trouble_at_s=None, channels=1):
    known = Known(channels, trouble_at_s, words_heard=True, measured=channels)
    return {e.item.id: (e.item.met, e.item.why) for e in tracker.look(now_s, known)}


def test_items_are_open_at_first_and_what_cannot_be_told_says_why():
    tracker = FlagTracker(POLICY)
    found = states(tracker, 1.0)
    assert found["do.listen"] == found["do.steady"] == (None, "one channel")
    assert found["do.name"] == (None, "the customer's name is not known")
    assert "do.apologise" not in found
    assert states(tracker, 2.0) == {}
    assert "do.listen" not in states(FlagTracker(POLICY), 1.0, channels=2)


def test_without_a_recogniser_no_item_of_words_applies():
    events = FlagTracker(POLICY).look(1.0, Known(2, None, words_heard=False, measured=2))
    whys = {event.item.id: event.item.why for event in events}
    assert whys.pop("do.name") == "words were not heard"
    assert set(whys.values()) == {"words were not heard"}
    assert "do.listen" not in whys


def test_an_apology_counts_from_the_first_sign_of_trouble():
    tracker = FlagTracker(POLICY)
    states(tracker, 1.0)
    assert states(tracker, 500.0) == {}  # no trouble, nothing to apologise for
    assert states(tracker, 564.0, trouble_at_s=500.0) == {}  # words may still be on their way
    assert states(tracker, 565.0, trouble_at_s=500.0) == {"do.apologise": (False, "not heard")}
    (item,) = [e.item for e in tracker.take(heard("i am so sorry about that", 569.5)) if isinstance(e, ItemChecked)]
    assert (item.id, item.met) == ("do.apologise", True)
    (late,) = states(tracker, 575.0, trouble_at_s=500.0).values()
    assert late == (True, "70 s after the first sign of trouble; the aim is 60 s")
    assert states(tracker, 576.0, trouble_at_s=500.0) == {}


def name_item(*uses, duration_s=200.0, customer="Peterson"):
    tracker = FlagTracker(POLICY, customer=CustomerName(customer))
    for number, at_s in enumerate(uses):
        tracker.take(heard("thank you mister peterson", at_s, utterance=number + 1))
    return next(item for item in tracker.finish(duration_s, 1, words_heard=True) if item.id == "do.name")


def test_the_name_is_used_early_and_again_later():
    assert name_item(5.0, 90.0).met is True
    assert name_item(5.0, 90.0).evidence == "mister peterson, mister peterson"
    assert (name_item(5.0).met, name_item(5.0).why) == (False, "used once only")
    assert (name_item(5.0, 9.0).met, name_item(5.0, 9.0).why) == (False, "used once only")
    assert (name_item(70.0, 90.0).met, name_item(70.0, 90.0).why) == (False, "not used in the first 60 s")
    assert name_item(duration_s=30.0) == ChecklistItem("do.name", None, why="the call ended before it was due")


def test_the_name_is_missed_live_and_may_not_be_met_later():
    tracker = FlagTracker(POLICY, customer=CustomerName("Peterson"))
    assert "do.name" not in states(tracker, 30.0)
    assert states(tracker, 65.0)["do.name"] == (False, "not used in the first 60 s")


# --- coaching


def result_of(events=(), items=()):
    builder = ResultBuilder(SourceInfo("a.wav", 1, 8000, None, "0" * 64), EngineInfo("0", "p@1", "pocketsphinx"))
    for event in [LightChanged(0.0, Light.GREEN, (), None), *events]:
        builder.take(event)
    return builder.finish(60.0, items)


def lit(row, value=None, unit=None):
    return LightChanged(20.0, Light.AMBER, (Reason(row, "why", value, unit, None, 2.0),), None)


@pytest.mark.parametrize(
    ("events", "items", "expected"),
    [
        ([FlagChanged(10.0, flag())], [], 'Instead of "calm down": '),
        ([lit("voice.mirrored")], [], "at 0:20"),
        ([lit("turn.talk_over")], [], "stop first"),
        ([lit("turn.dead_air")], [], "Bear with me"),
        (
            [],
            [ChecklistItem("do.listen", False, why="3 interruptions")],
            "Leave the customer more room: 3 interruptions.",
        ),
        ([], [ChecklistItem("do.steady", False, why="even for 2 of 8 s")], "even for 2 of 8 s"),
        ([], [ChecklistItem("do.ask", None, why="words were not heard")], "Nothing stands out"),
    ],
)
def test_one_thing_to_try_comes_from_the_call(events, items, expected):
    assert expected in to_try(result_of(events, items))


def test_one_thing_to_keep_comes_from_the_call():
    items = [ChecklistItem("do.thank", True, 5.0, "thank you"), ChecklistItem("do.own", True, 4.0, "let me")]
    assert keep(result_of(items=items)) == 'You took it into your own hands: "let me".'
    assert keep(result_of()) == "Your voice was as usual for 60 s of this call."


def test_a_policy_has_its_own_words(write):
    text = '[coaching.keep]\n"do.thank" = "Thanks said at {time}."\n'
    text += '[coaching.try]\n"pace.fast" = "Slow: {value} {unit}, not {limit}."\n'
    coaching = load_policy(write(text)).coaching
    assert keep(result_of(items=[ChecklistItem("do.thank", True, 65.0)]), coaching) == "Thanks said at 1:05."
    assert to_try(result_of([lit("pace.fast", 6.21, "syl/s")]), coaching) == "Slow: 6.2 syl/s, not 2."
    assert coaching.keep.keys() == POLICY.coaching.keep.keys()  # the rest is the built-in policy's
    assert load_policy(write(text)).fingerprint != POLICY.fingerprint  # by its name alone
    assert keep(result_of(), Coaching()) == keep(result_of())


def test_what_is_not_known_is_left_out_with_its_marks():
    assert fill('You said sorry: "{evidence}".') == "You said sorry."
    assert fill("It stayed even ({evidence}).") == "It stayed even."
    assert fill("{count} times over {limit} dB", count=2, limit=6.0) == "2 times over 6 dB"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('[coaching.keep]\n"do.own" = "Well {mood}."\n', "may have only the fields"),
        ('[coaching.try]\n"do.own" = "Well {value."\n', "brace"),
        ('[coaching]\nhold = { a = "b" }\n', "hold"),
        ('[conversation]\nhold_phrase = ["a"]\n', "hold_phrases"),
        ('[conversation]\nhold_phrases = ["(a"]\n', "hold_phrases"),
    ],
)
def test_mistakes_are_told_with_their_line(write, text, why):
    with pytest.raises(PolicyError, match=why) as problem:
        load_policy(write(text))
    assert problem.value.problems[0].line in (5, 6)


@pytest.mark.parametrize(
    "text", [text for part in (POLICY.coaching.keep, POLICY.coaching.attempt) for text in part.values()]
)
def test_advice_names_no_feeling_and_blames_nobody(text):
    for word in (
        "angry",
        "anger",
        "upset",
        "frustrat",
        "stress",
        "nervous",
        "annoy",
        "emotion",
        "fault",
        "wrong",
        "bad",
    ):
        assert word not in text.lower()
