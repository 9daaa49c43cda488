"""The light among other windows: who has the focus, who gets keys and clicks, what is on top, what is to be seen."""

import json
import time

import numpy as np
import pytest

from tests.desktop.screen import WIDTH, Screen, bare_screen, missing, screen, start  # noqa: F401
from ui.overlay import HEIGHT, LAMP
from ui.palette import LIGHTS, THEMES, blended
from ui.places import MARGIN

DARK = THEMES["dark", "normal"]
PAPER = (0xF4, 0xF1, 0xE6)  # the ground of the other program


@pytest.fixture
def show_light(start, tmp_path):  # noqa: F811
    """Shows the light on a screen: the program and where the light is."""

    def show(on, settings=None, **env):
        path = tmp_path / "settings.toml"
        path.touch()
        on.xdotool("mousemove", 20, 780)
        stage = start(on, "stage", path, json.dumps(settings or {"overlay": {"theme": "dark"}}), **env)
        area = stage.hear("area")
        stage.hear("started")
        return stage, area

    return show


@pytest.fixture
def crm(screen, start):  # noqa: F811
    """Another program with the focus in its field."""
    program = start(screen, "crm", "normal")
    program.hear("ready")
    screen.until(lambda: screen.has_focus("crm"))
    return program


def middle(area):
    return area[0] + area[2] // 2, area[1] + area[3] // 2


def colour_in(pixels, area):
    """The middle colour of the lamp's middle."""
    x, y, size = area[0] + 9 + LAMP // 2, area[1] + HEIGHT // 2, 2
    return np.median(pixels[y - size + 2 : y + size + 2, x - size : x + size].reshape(-1, 3), axis=0)


def like(colour, wanted, within=14):
    return bool(np.abs(np.asarray(colour, float) - wanted).max() <= within)


def lamp_of(on, area, light):
    """Wait until the lamp has the colour of a light; the pixels."""
    return on.until(
        lambda: (seen := on.pixels()) is not None and like(colour_in(seen, area), LIGHTS[light]) and [seen]
    )[0]


def test_keys_go_on_arriving_where_they_were_typed(screen, crm, show_light):  # noqa: F811
    screen.xdotool("type", "be")
    assert crm.hear("typed") == "b"
    stage, area = show_light(screen)
    assert screen.active_title() == "crm"
    screen.xdotool("type", "f")
    stage.tell(light="red", cue="softer", reason="voice well above your usual level")
    assert stage.hear("shown") == "softer"
    screen.xdotool("mousemove", *middle(area))
    screen.xdotool("type", "o")
    stage.hear("hovered")  # the card is open
    screen.xdotool("click", 1)
    screen.xdotool("type", "re")
    assert screen.active_title() == "crm"
    screen.until(lambda: crm.hear("typed") == "before")


def test_light_is_seen_blended_in_its_corner(screen, start, show_light):  # noqa: F811
    start(screen, "crm", "maximised").hear("ready")
    stage, area = show_light(screen)
    assert area[0] + area[2] == WIDTH - MARGIN
    assert area[1] == MARGIN
    stage.tell(light="amber", cue="softer")
    pixels = lamp_of(screen, area, "amber")
    body = pixels[area[1] + 6, area[0] + area[2] - 40]
    assert like(body, blended(DARK, PAPER), within=4)
    assert not like(body, DARK.ground, within=8), "nothing shines through"
    assert like(pixels[area[1], area[0]], PAPER, within=3), "the corner is not transparent"


def test_shapes_and_colours_are_told_apart(screen, show_light):  # noqa: F811
    stage, area = show_light(screen)
    shares = {}
    for light in ("green", "amber", "red"):
        stage.tell(light=light)
        pixels = lamp_of(screen, area, light)
        lamp = pixels[area[1] : area[1] + HEIGHT, area[0] + 4 : area[0] + 14 + LAMP].astype(float)
        filled = np.abs(lamp - LIGHTS[light]).max(axis=2) < 30
        rows, columns = np.where(filled)
        box = (np.ptp(rows) + 1) * (np.ptp(columns) + 1)
        shares[light] = filled.sum() / box
        top = filled[rows.min()].sum() / (np.ptp(columns) + 1)
        shares[light, "top"] = top
    assert shares["green"] == pytest.approx(np.pi / 4, abs=0.08)
    assert shares["amber"] == pytest.approx(0.5, abs=0.1)
    assert shares["red"] == pytest.approx(1.0, abs=0.08)
    assert shares["amber", "top"] < 0.3 < shares["red", "top"]
    stage.tell(device="lost")
    screen.until(lambda: stage.hear("name") == "Evenkeel, grey: mic lost")
    ring = screen.until(
        lambda: (
            (seen := screen.pixels()) is not None
            and like(colour_in(seen, area), blended(DARK, (128, 128, 128)))
            and [seen]
        )
    )[0]  # its middle is open
    lamp = ring[area[1] : area[1] + HEIGHT, area[0] + 4 : area[0] + 14 + LAMP].astype(float)
    assert (np.abs(lamp - LIGHTS["grey"]).max(axis=2) < 30).sum() > 60


def test_stays_above_a_maximised_window(screen, start, show_light):  # noqa: F811
    stage, area = show_light(screen)
    crm = start(screen, "crm", "maximised")
    crm.hear("ready")
    screen.until(lambda: screen.has_focus("crm"))
    assert screen.stacking()[-1] == "Evenkeel light"
    stage.tell(light="green")
    lamp_of(screen, area, "green")


def kept_out_of_the_task_bar(on, title):
    """Whether a window of this title is there, on top and in no task bar."""
    wanted = {"_NET_WM_STATE_SKIP_TASKBAR", "_NET_WM_STATE_ABOVE"}
    return any(wanted <= on.states(int(window)) for window in on.xdotool("search", "--name", title).split())


def test_asks_to_stay_out_of_the_task_bar(screen, crm, show_light):  # noqa: F811
    stage, area = show_light(screen, STAGE_TRAY="1")
    screen.until(lambda: kept_out_of_the_task_bar(screen, "Evenkeel light"))
    for there in (False, True):  # hidden and back: window managers forget what they were asked
        before = screen.pixels()
        stage.tell(show="menu")
        screen.until(lambda before=before: (screen.pixels()[60:380, 1000:] != before[60:380, 1000:]).mean() > 0.3)
        screen.xdotool("key", "l")
        screen.until(lambda there=there: ("Evenkeel light" in screen.stacking()) is there)
    screen.until(lambda: kept_out_of_the_task_bar(screen, "Evenkeel light"))
    screen.xdotool("mousemove", *middle(area))
    stage.hear("hovered")
    screen.until(lambda: kept_out_of_the_task_bar(screen, "Evenkeel: why this light"))


def test_what_cannot_be_kept_is_told_without_taking_the_keyboard(screen, crm, tmp_path):  # noqa: F811
    stage = screen.program("stage", tmp_path, json.dumps({"overlay": {"theme": "dark"}}))  # a folder is no file
    try:
        x, y = middle(stage.hear("area"))
        stage.hear("started")
        screen.xdotool("mousemove", x, y, "mousedown", 1, "mousemove", x - 60, y, "mousemove", x - 300, y + 60)
        screen.xdotool("mouseup", 1)
        screen.until(lambda: "Evenkeel" in screen.stacking())
        time.sleep(0.5)  # a window manager takes its time to move the focus
        assert screen.active_title() == "crm"
        screen.xdotool("type", "b")
        assert crm.hear("typed") == "b"
    finally:
        code, errors = stage.close()
    assert code == 0
    assert errors.startswith("settings were not kept: ")


def test_above_a_full_screen_window_when_asked(screen, start, show_light):  # noqa: F811
    stage, area = show_light(screen, {"overlay": {"theme": "dark", "above_full_screen": True}})
    crm = start(screen, "crm", "full")
    crm.hear("ready")
    screen.until(lambda: screen.has_focus("crm"))
    stage.tell(light="red")
    lamp_of(screen, area, "red")
    assert screen.active_title() == "crm"


def test_is_dragged_and_stays_where_it_was_let_go(screen, crm, show_light, tmp_path):  # noqa: F811
    stage, area = show_light(screen)
    x, y = middle(area)
    screen.xdotool("mousemove", x, y, "mousedown", 1)
    for part in range(1, 11):
        screen.xdotool("mousemove", x - 60 * part, y + 30 * part)
    screen.xdotool("mouseup", 1)
    (place,) = stage.hear("places").values()
    assert place == [area[0] - 600, area[1] + 300]
    moved = [*place, *area[2:]]
    stage.tell(light="green")
    lamp_of(screen, moved, "green")
    assert screen.active_title() == "crm"
    screen.until(lambda: f"{place[0]}, {place[1]}" in (tmp_path / "settings.toml").read_text())


def test_remembered_place_is_taken_again_and_one_off_the_screen_is_not(screen, show_light):  # noqa: F811
    def area_with(place):
        places = {"screen 1280x800": place}
        return show_light(screen, {"overlay": {"places": places}})[1]

    assert area_with([300, 400])[:2] == [300, 400]
    far = area_with([-81, 300])
    assert [far[0] + far[2], far[1]] == [WIDTH - MARGIN, MARGIN]


def test_clicks_reach_the_window_below_when_asked(screen, start, show_light):  # noqa: F811
    crm = start(screen, "crm", "maximised")
    crm.hear("ready")
    settings = {"overlay": {"theme": "dark", "click_through": True, "places": {"screen 1280x800": [500, 200]}}}
    stage, area = show_light(screen, settings, STAGE_TRAY="1")
    assert area[:2] == [500, 200]
    stage.tell(light="green")
    lamp_of(screen, area, "green")
    screen.xdotool("mousemove", *middle(area), "click", 1)
    assert crm.hear("clicked")


def test_without_a_compositor_it_is_opaque_and_round(bare_screen, show_light):  # noqa: F811
    stage, area = show_light(bare_screen)
    stage.tell(light="amber")
    pixels = lamp_of(bare_screen, area, "amber")
    assert like(pixels[area[1] + 6, area[0] + area[2] - 40], DARK.ground, within=3)
    assert like(pixels[area[1], area[0]], pixels[area[1] - 3, area[0] - 3], within=3), "the corner is filled"
    assert not like(pixels[area[1], area[0]], (0, 0, 0), within=30), "the corner is black"


def test_at_twice_the_density_it_is_twice_as_large(screen, show_light):  # noqa: F811
    stage, area = show_light(screen, QT_SCALE_FACTOR="2")
    stage.tell(light="red")
    twice = [2 * value for value in area]

    def lamp():
        pixels = screen.pixels()
        part = pixels[twice[1] : twice[1] + twice[3], twice[0] : twice[0] + 2 * (14 + LAMP)].astype(float)
        return (np.abs(part - LIGHTS["red"]).max(axis=2) < 20).sum()

    full = (2 * LAMP * 0.88) ** 2
    assert screen.until(lambda: lamp() > 0.8 * full and lamp()) < 1.2 * full


def test_card_opens_beside_the_light_and_its_buttons_work_without_taking_the_focus(screen, crm, show_light):  # noqa: F811
    stage, area = show_light(screen)
    stage.tell(light="red", cue="softer", reason="voice well above your usual level")
    assert stage.hear("shown") == "softer"
    screen.xdotool("mousemove", *middle(area))
    card = stage.hear("hovered")
    assert card["area"][1] >= area[1] + area[3]
    for button, asked in (("not_right", "dispute"), ("quiet", "quiet")):
        screen.xdotool("mousemove", *card[button], "click", 1)
        assert stage.hear("asked")[0] == asked
    assert screen.active_title() == "crm"
    screen.xdotool("mousemove", 20, 700)
    assert stage.hear("shut")


def test_without_a_tray_and_a_pointer_a_key_of_the_desktop_leads_everywhere(screen, crm, show_light):  # noqa: F811
    stage, _area = show_light(screen)
    before = screen.pixels()
    stage.tell(show="menu")
    screen.until(lambda: (screen.pixels()[60:380, 1000:] != before[60:380, 1000:]).mean() > 0.3)
    screen.xdotool("key", "p")
    assert stage.hear("asked") == ["pause"]
    stage.tell(show="card")
    screen.until(lambda: screen.has_focus("Evenkeel: why this light"))
    screen.xdotool("key", "space")
    assert stage.hear("asked") == ["quiet", 600.0]
    screen.xdotool("key", "Escape")
    screen.until(lambda: screen.has_focus("crm"))
    stage.tell(show="settings")
    screen.until(lambda: screen.has_focus("Evenkeel settings"))
    screen.xdotool("key", "Escape")
    screen.until(lambda: screen.has_focus("crm"))


def test_a_card_that_had_the_keyboard_goes_with_it(screen, crm, show_light):  # noqa: F811
    stage, _area = show_light(screen)
    stage.tell(show="card")
    screen.until(lambda: screen.has_focus("Evenkeel: why this light"))
    screen.xdotool("mousemove", 300, 600, "click", 1)
    screen.until(lambda: screen.has_focus("crm"))
    screen.until(lambda: "Evenkeel: why this light" not in screen.stacking())


def resized(on, width, height):
    """The same screen with another resolution, as when a projector or a remote desktop takes it over."""
    from Xlib.display import Display

    display = Display(on.name)
    root = display.screen().root
    found = root.xrandr_get_screen_resources()
    (crtc,) = found.crtcs
    of = display.xrandr_get_crtc_info(crtc, found.config_timestamp)
    known = {(mode.width, mode.height): mode.id for mode in found.modes}
    if (width, height) not in known:
        name = f"{width}x{height}"
        times = (0, width, height, width * height * 60, *3 * [width], 0, *3 * [height], len(name), 0)
        known[width, height] = root.xrandr_create_mode(times, name).mode
        display.xrandr_add_output_mode(of.outputs[0], known[width, height])
        found = root.xrandr_get_screen_resources()
    display.xrandr_set_crtc_config(crtc, found.config_timestamp, 0, 0, 0, 1, [])
    root.xrandr_set_screen_size(width, height, width // 4, height // 4)
    display.xrandr_set_crtc_config(crtc, found.config_timestamp, 0, 0, known[width, height], 1, of.outputs)
    display.sync()
    display.close()


def test_a_screen_that_gets_smaller_keeps_the_light(tmp_path):
    if reason := missing():
        pytest.skip(reason)
    (tmp_path / "settings.toml").touch()
    small = Screen(compositor=False)
    stage = small.program("stage", tmp_path / "settings.toml", json.dumps({"overlay": {"theme": "dark"}}))

    def right():
        told = small.xdotool("getwindowgeometry", "--shell", window)
        place = dict(line.split("=") for line in told.split())
        return int(place["X"]) + int(place["WIDTH"])

    try:
        window = stage.hear("window")
        stage.hear("started")
        resized(small, 800, 600)
        small.until(lambda: right() == 800 - MARGIN)
    finally:
        left = stage.close()
        small.close()
    assert left == (0, "")
