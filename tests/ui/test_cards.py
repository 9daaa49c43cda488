"""The card that says why and the card after a call: what they say, when they come and go, what they ask for."""

import pytest
from PyQt6.QtCore import QEvent, Qt
from PyQt6.QtWidgets import QLabel

from monitor.settings import OverlaySettings
from ui.card import OPENS_AFTER_MS, QUIET_S, Card
from ui.floating import look_of
from ui.places import Area
from ui.summary_card import LightStrip, SummaryCard
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
