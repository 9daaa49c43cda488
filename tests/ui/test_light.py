"""The light as a widget: what it paints, what a screen reader hears, how it is dragged."""

import numpy as np
import pytest
from PyQt6.QtCore import QEvent, QPoint, QPointF, Qt
from PyQt6.QtGui import QImage, QMouseEvent

from monitor.settings import OverlaySettings
from ui.floating import look_of
from ui.lamp import lamp_icon, lamp_pixmap
from ui.overlay import BADGE, EDGE, HEIGHT, Overlay
from ui.palette import LIGHTS, THEMES
from ui.view import Badge, View


def picture(widget):
    """What is painted, shape (height, width, 4): red, green, blue and opacity."""
    image = widget.grab().toImage() if hasattr(widget, "grab") else widget.toImage()
    return rgba(image)


def rgba(image):
    image = image.convertToFormat(QImage.Format.Format_RGBA8888)
    bits = image.constBits().asarray(image.sizeInBytes())
    return np.array(bits, np.uint8).reshape(image.height(), image.bytesPerLine() // 4, 4)[:, : image.width()]


def painted(pixels, colour):
    """Which pixels have this colour."""
    return np.abs(pixels[:, :, :3].astype(int) - colour).max(axis=2) < 12


@pytest.fixture
def make_light(qtbot):
    """A light with settings."""

    def make(**settings):
        light = Overlay(OverlaySettings(**{"theme": "dark", **settings}))
        qtbot.addWidget(light)
        return light

    return make


def drag(light, start, *to):
    """Press at a point of the window, go through points of the screen, let go at the last one."""
    events = [(QEvent.Type.MouseButtonPress, QPointF(start), light.mousePressEvent)]
    events += [(QEvent.Type.MouseMove, QPointF(point), light.mouseMoveEvent) for point in to]
    events += [(QEvent.Type.MouseButtonRelease, QPointF(to[-1]), light.mouseReleaseEvent)]
    for kind, point, receive in events:
        at = QPointF(light.area.x, light.area.y)
        local = point if kind == QEvent.Type.MouseButtonPress else point - at
        left = Qt.MouseButton.LeftButton
        held = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseButtonRelease else left
        receive(QMouseEvent(kind, local, local + at, left, held, Qt.KeyboardModifier.NoModifier))


@pytest.mark.parametrize("light", LIGHTS)
@pytest.mark.parametrize("theme", ["dark", "light"])
def test_paints_each_light_in_its_colour_and_no_other(make_light, light, theme):
    widget = make_light(theme=theme)
    widget.show_view(View(light=light, word="word"))
    pixels = picture(widget)
    counts = {name: int(painted(pixels, colour).sum()) for name, colour in LIGHTS.items()}
    assert counts[light] > 80
    others = [count for name, count in counts.items() if name != light]
    assert max(others) < counts[light] / 2  # the edges of a dark rim are grey


def test_shapes_differ_without_any_colour(make_light):
    masks = {}
    for name, colour in LIGHTS.items():
        widget = make_light()
        widget.show_view(View(light=name, word=""))
        masks[name] = painted(picture(widget), colour)
    names = list(masks)
    for i, one in enumerate(names):
        for other in names[i + 1 :]:
            differing = (masks[one] ^ masks[other]).sum() / (masks[one] | masks[other]).sum()
            assert differing > 0.15, f"{one} and {other} look alike"


def test_corners_are_transparent_and_the_ground_is_nearly_opaque(make_light):
    pixels = picture(make_light())
    assert pixels[0, 0, 3] == 0
    assert pixels[6, -40, 3] == pytest.approx(THEMES["dark", "normal"].alpha, abs=2)


def test_without_blending_the_corners_are_cut_off(qtbot):
    light = Overlay(OverlaySettings(), blends=False)
    qtbot.addWidget(light)
    assert not light.mask().contains(QPoint(0, 0))
    assert light.mask().contains(light.rect().center())
    light.apply(OverlaySettings(), blends=True)
    assert light.mask().isEmpty()


def test_a_word_is_painted_beside_the_light_unless_it_is_not_wanted(make_light):
    with_word, other_word, none = make_light(), make_light(), make_light(show_word=False)
    with_word.show_view(View(light="green", word="softer"))
    other_word.show_view(View(light="green", word="steady"))
    none.show_view(View(light="green", word="softer"))
    assert none.width() < with_word.width() / 2
    assert (picture(with_word) != picture(other_word)).any()


@pytest.mark.parametrize("word", ["softer", "take it seriously", "a word that is far too long for such a light"])
def test_every_word_stays_inside(make_light, word):
    widget = make_light()
    widget.show_view(View(light="green", word=word))
    empty = make_light()
    empty.show_view(View(light="green", word=""))
    changed = (picture(widget) != picture(empty)).any(axis=2)
    assert changed.any()
    assert not changed[:, -(EDGE + BADGE) :].any(), "the word runs into the badge"


def test_a_cue_too_long_for_one_line_takes_two(make_light):
    heights = []
    for word in ("softer", "lassen Sie ausreden"):
        widget, empty = make_light(), make_light()
        widget.show_view(View(light="green", word=word))
        empty.show_view(View(light="green", word=""))
        rows = (picture(widget) != picture(empty)).any(axis=2).any(axis=1)
        heights.append(int(np.ptp(np.flatnonzero(rows))))
    assert heights[1] > 1.5 * heights[0]


@pytest.mark.parametrize("kind", ["kept", "quiet", "words", "customer", "trouble"])
def test_each_badge_is_a_mark_of_its_own(make_light, kind):
    plain, marked, other = make_light(), make_light(), make_light()
    plain.show_view(View(word=""))
    marked.show_view(View(word="", badge=Badge(kind, "text")))
    other.show_view(View(word="", badge=Badge("words" if kind == "quiet" else "quiet", "text")))
    for one in (plain, other):
        assert (picture(one) != picture(marked)).any()


def test_scale_and_contrast_and_theme_change_at_once(make_light):
    light = make_light()
    light.apply(OverlaySettings(theme="light", contrast="high", scale=2.0), blends=True)
    assert light.height() == 2 * HEIGHT
    assert painted(picture(light), (255, 255, 255)).mean() > 0.5


def test_paints_only_when_something_to_be_seen_changed(make_light, qtbot):
    light = make_light()
    light.show()
    qtbot.waitExposed(light)
    qtbot.waitUntil(lambda: True)
    qtbot.wait(50)
    times = []
    light.painted.connect(lambda: times.append(1))
    view = View(light="green", word="steady")
    light.show_view(view)
    qtbot.waitUntil(lambda: len(times) == 1)
    for same in (view, View(light="green", word="steady", headline="As usual", notes=("Words are late.",))):
        light.show_view(same)
    qtbot.wait(120)
    assert len(times) == 1


def test_is_named_for_screen_readers(make_light):
    light = make_light()
    light.show_view(View(light="red", word="softer", headline="Pause and breathe"))
    assert light.accessibleName() == "Evenkeel, red: softer"
    assert light.accessibleDescription() == "Pause and breathe"


def test_takes_no_focus_and_stays_on_top(make_light):
    flags = make_light().windowFlags()
    kind = Qt.WindowType
    for flag in (kind.FramelessWindowHint, kind.WindowStaysOnTopHint, kind.WindowDoesNotAcceptFocus):
        assert flags & flag
    assert flags & kind.WindowType_Mask == kind.Tool
    assert make_light().testAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)


def test_clicks_pass_through_only_when_asked(make_light):
    light = make_light()
    assert not light.windowFlags() & Qt.WindowType.WindowTransparentForInput
    light.apply(OverlaySettings(click_through=True), blends=True)
    assert light.windowFlags() & Qt.WindowType.WindowTransparentForInput


def test_drag_keeps_the_grabbed_point_under_the_pointer(make_light, qtbot):
    light = make_light()
    with qtbot.waitSignal(light.moved) as moved:
        drag(light, QPoint(20, 10), QPoint(300, 200), QPoint(420, 330))
    assert (light.area.x, light.area.y) == (400, 320)
    assert list(moved.args[0].values()) == [(400, 320)]


def test_a_press_without_a_drag_is_a_click(make_light, qtbot):
    light = make_light()
    before = light.area
    with qtbot.waitSignal(light.clicked), qtbot.assertNotEmitted(light.moved):
        at = QPoint(before.x, before.y)
        drag(light, QPoint(20, 10), at + QPoint(21, 11))
    assert light.area == before


def test_dragged_outside_it_comes_back_inside(make_light):
    light = make_light()
    drag(light, QPoint(20, 10), QPoint(400, 300), QPoint(-500, 300))
    assert light.area.x == 0


def test_tray_icons_show_shape_and_colour_at_every_size(qapp):
    for name, colour in LIGHTS.items():
        assert {size.width() for size in lamp_icon(name).availableSizes()} >= {16, 24, 48}
        for size in (16, 32):
            assert painted(rgba(lamp_pixmap(name, size).toImage()), colour).sum() > size


def test_theme_follows_the_system_only_when_asked(qapp):
    chosen = [look_of(OverlaySettings(theme=theme), blends=True).theme for theme in ("dark", "light", "auto")]
    assert chosen[:2] == [THEMES["dark", "normal"], THEMES["light", "normal"]]
    assert chosen[2] in chosen[:2]
