"""The card that says why and the card after a call: what they say, when they come and go, what they ask for."""

from dataclasses import replace

import pytest
from PyQt6.QtCore import QEvent, Qt
from PyQt6.QtWidgets import QLabel

from monitor.policy.model import Coaching
from monitor.settings import OverlaySettings
from ui.card import OPENS_AFTER_MS, QUIET_S, Card
from ui.floating import look_of, screen_areas
from ui.places import Area
from ui.summary_card import Legend, LightStrip, SummaryCard, fitting_summary
from ui.view import Dot, Replacement, Row, View

LIGHT = Area(600, 24, 170, 34)
RED = View(
    light="red",
    word="softer",
    headline="Pause and breathe",
    rows=(Row("voice well above your usual level", "8.1 dB, limit 6"), Row("said “calm <down>”")),
    replacements=(Replacement("calm <down>", "I see why & how"),),
    dots=(Dot("apologise", True), Dot("follow up", False)),
    notes=("Words are late.",),
    subject=("voice.raised", "voice well above your usual level"),
    in_call=True,
    customer="Ms Lee",
)


@pytest.fixture
def look(qapp):
    return look_of(OverlaySettings(theme="dark"), blends=True)


@pytest.fixture
def card(qtbot, look):
    made = Card(look)
    qtbot.addWidget(made)
    return made


def texts(widget):
    return "\n".join(label.text() for label in widget.findChildren(QLabel) if label.isVisibleTo(widget))


def test_says_why_with_figures_replacement_checklist_and_notes(card):
    card.show_view(RED)
    told = texts(card)
    for part in (
        "Pause and breathe · Ms Lee", "Voice well above your usual level", "8.1 dB, limit 6", "I see why &amp; how",
        "calm &lt;down&gt;", "● apologise", "○ follow\u00a0up", "Words are late.",
    ):  # fmt: skip
        assert part.replace("● ", "●\u00a0").replace("○ ", "○\u00a0") in told
    names = [label.accessibleName() for label in card.findChildren(QLabel)]
    assert "Checklist: apologise done, follow up not yet" in names
    assert "red" in names


def test_grows_with_what_it_says(card):
    card.show_view(View())
    small = card.height()
    card.show_view(RED)
    assert card.height() > small + 100
    for label in card.findChildren(QLabel):
        if label.isVisibleTo(card) and label.wordWrap():
            assert label.heightForWidth(card.width() - 24) <= card.height()


def test_opens_when_the_pointer_rests_and_not_when_it_passes(card, qtbot):
    card.pointed(LIGHT, True)
    assert not card.isVisible()
    card.pointed(LIGHT, False)
    qtbot.wait(OPENS_AFTER_MS + 100)
    assert not card.isVisible()
    card.pointed(LIGHT, True)
    qtbot.waitUntil(card.isVisible)
    assert card.area.y >= LIGHT.y + LIGHT.height
    card.pointed(LIGHT, False)
    qtbot.waitUntil(lambda: not card.isVisible())


def test_stays_while_the_pointer_goes_over_to_it(card, qtbot):
    card.open_at(LIGHT)
    card.pointed(LIGHT, False)
    card.enterEvent(None)
    qtbot.wait(500)
    assert card.isVisible()
    card.leaveEvent(None)
    qtbot.waitUntil(lambda: not card.isVisible())


def test_takes_no_focus_by_the_pointer_and_the_keyboard_from_the_menu(card, qtbot):
    card.show_view(RED)
    card.open_at(LIGHT)
    assert card.windowFlags() & Qt.WindowType.WindowDoesNotAcceptFocus
    card.shut()
    card.open_at(LIGHT, with_keyboard=True)
    assert not card.windowFlags() & Qt.WindowType.WindowDoesNotAcceptFocus
    qtbot.waitActive(card)
    qtbot.waitUntil(lambda: card.focusWidget() is not None and card.focusWidget().text() == "&Not right?")
    qtbot.keyClick(card.focusWidget(), Qt.Key.Key_Tab)
    assert card.focusWidget().text() == "&Quiet for 10 minutes"
    with qtbot.waitSignal(card.quiet_asked) as asked:
        qtbot.keyClick(card.focusWidget(), Qt.Key.Key_Space)
    assert asked.args == [QUIET_S]
    with qtbot.waitSignal(card.closed):
        qtbot.keyClick(card, Qt.Key.Key_Escape)
    assert card.windowFlags() & Qt.WindowType.WindowDoesNotAcceptFocus


def test_not_right_is_noted_once_for_each_reason(card, qtbot):
    card.show_view(RED)
    button = next(b for b in card.findChildren(type(card._not_right)) if "right" in b.text())
    with qtbot.waitSignal(card.disputed) as disputed:
        button.click()
    assert disputed.args == ["voice.raised", "voice well above your usual level"]
    assert (button.text(), button.isEnabled()) == ("Noted, thank you", False)
    card.show_view(RED)
    assert not button.isEnabled()
    card.show_view(View(light="amber", subject=("pace.fast", "fast"), in_call=True))
    assert (button.text(), button.isEnabled()) == ("&Not right?", True)


def test_nothing_to_object_to_has_no_button(card):
    card.show_view(View(light="green", in_call=True))
    assert not card._not_right.isVisibleTo(card)
    card.show_view(RED)
    assert card._not_right.isVisibleTo(card)
    card.offer_dispute(False)
    assert not card._not_right.isVisibleTo(card)


def test_cues_come_back_when_asked(card, qtbot):
    card.show_view(View(quiet=True, in_call=True))
    assert card._quiet.text() == "&Cues on again"
    with qtbot.waitSignal(card.quiet_asked) as asked:
        card._quiet.click()
    assert asked.args == [0.0]


def test_a_caption_has_room_for_two_lines(card):
    card.set_caption("Agent: Yes.")
    one = card.height()
    card.set_caption("Customer: Every time, somebody new reads me the same notes, and nothing ever happens!")
    assert card.height() == one


# --- after the call


@pytest.fixture
def summary(qtbot, look, result):
    made = SummaryCard(look, result, goes_after_ms=300)
    qtbot.addWidget(made)
    return made


def test_summary_has_lights_flags_checklist_and_one_thing_to_try(summary):
    told = texts(summary)
    for part in ("Your call, 1:38 long", "calm down", "Clearly this upset you", "●\u00a0apologise", "Next time:"):
        assert part in told
    assert told.count("Next time:") == 1
    strip = summary.findChild(LightStrip)
    assert strip.accessibleName() == "Lights: grey 35 s, green 45 s, red 18 s"


def test_summary_goes_by_itself(summary, qtbot):
    summary.show_beside(LIGHT)
    assert summary.windowFlags() & Qt.WindowType.WindowDoesNotAcceptFocus
    with qtbot.waitSignal(summary.gone):
        pass
    assert not summary.isVisible()


def test_summary_stays_while_it_is_read(summary, qtbot):
    summary.show_beside(LIGHT)
    summary.enterEvent(None)
    qtbot.wait(600)
    assert summary.isVisible()
    summary.leaveEvent(QEvent(QEvent.Type.Leave))
    qtbot.waitSignal(summary.gone).wait()
    assert not summary.isVisible()


def test_summary_closes_by_escape(summary, qtbot):
    summary.show_beside(LIGHT)
    with qtbot.waitSignal(summary.gone):
        qtbot.keyClick(summary, Qt.Key.Key_Escape)


def test_strip_paints_each_light_where_it_was(look, qtbot, result):
    from tests.ui.test_light import painted, picture
    from ui.palette import LIGHTS

    strip = LightStrip(look, result.lights, result.source.duration_s)
    qtbot.addWidget(strip)
    strip.resize(600, 22)
    pixels = picture(strip)
    for span in result.lights:
        if span.end_s - span.start_s > 2:
            x = round(600 * (span.start_s + span.end_s) / 2 / result.source.duration_s)
            assert painted(pixels, LIGHTS[span.light])[:, x].any()


# --- what it is given


def test_names_are_shown_as_they_are_written_and_to_their_end(card):
    long = "Donaudampfschifffahrtsgesellschaftskapitänswitwe"
    card.show_view(replace(RED, customer=f"<b>{long}</b>", notes=("<i>mic</i> is gone.",)))
    told = texts(card).replace("\u200b", "")
    assert f"Pause and breathe · <b>{long}</b>" in told
    assert "<i>mic</i> is gone." in told
    for label in (card._headline, card._notes):
        assert label.textFormat() is Qt.TextFormat.PlainText
    assert card._headline.minimumSizeHint().width() <= card._headline.width(), "cut off"


def test_a_light_that_goes_out_while_it_is_read_can_still_be_objected_to(card, qtbot):
    card.show_view(RED)
    card.open_at(LIGHT)
    card.show_view(View(light="green", word="steady", in_call=True))
    assert card._not_right.isVisible()
    with qtbot.waitSignal(card.disputed) as disputed:
        card._not_right.click()
    assert disputed.args == ["voice.raised", "voice well above your usual level"]
    card.shut()
    card.open_at(LIGHT)
    assert not card._not_right.isVisible()


@pytest.mark.parametrize("scale", [1.0, 3.0])
def test_cards_fit_on_the_screen_at_every_size(qtbot, result, scale):
    look = look_of(OverlaySettings(scale=scale), blends=True)
    free = screen_areas()[0].free
    card = Card(look)
    qtbot.addWidget(card)
    card.show_view(RED)
    card.open_at(LIGHT)
    many = replace(result, flags=result.flags[:1] * 5)
    summary = fitting_summary(look, many, LIGHT, None)
    qtbot.addWidget(summary)
    summary.show_beside(LIGHT)
    for shown in (card, summary):
        assert shown.height() <= free.height
        assert shown.width() <= free.width
        assert (shown.look.scale < scale) is (scale > 1)


def test_the_times_of_a_long_call_are_not_cut_off(qtbot, look, result):
    sums = replace(result.summary, green_s=5112.0, amber_s=602.0, red_s=730.0, grey_s=610.0)
    made = SummaryCard(look, replace(result, summary=sums))
    qtbot.addWidget(made)
    made.show_beside(LIGHT)
    legends = made.findChildren(Legend)
    assert len(legends) == 4
    for legend in legends:
        assert legend.width() >= legend.sizeHint().width()


def test_advice_after_a_call_is_that_of_its_policy(qtbot, look, result):
    own = Coaching(keep={"do.apologise": "Gut entschuldigt."}, attempt={"say": "Ruhig bleiben."})
    made = SummaryCard(look, result, own)
    qtbot.addWidget(made)
    assert "Gut entschuldigt." in texts(made)
    assert "Ruhig bleiben." in texts(made)
