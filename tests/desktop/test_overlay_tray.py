"""The light in a real tray: its icon, and the menu by pointer and by keyboard."""

import json

import numpy as np
import pytest

from tests.desktop.screen import screen, start  # noqa: F401
from ui.palette import LIGHTS


@pytest.fixture
def in_tray(screen, start, tmp_path):  # noqa: F811
    """A panel, the window, and where its icon is."""
    panel = start(screen, "panel")
    panel.hear("ready")
    (tmp_path / "settings.toml").touch()
    screen.xdotool("mousemove", 600, 400)
    stage = start(screen, "stage", tmp_path / "settings.toml", json.dumps({}))
    stage.hear("started")
    return stage, panel.hear("docked")


def share_of(on, area, light):
    """How much of an area has the colour of a light."""
    x, y, width, height = area
    part = on.pixels()[y : y + height, x : x + width].astype(int)
    return (np.abs(part - LIGHTS[light]).max(axis=2) < 16).mean()


def test_icon_follows_the_light(screen, in_tray):  # noqa: F811
    stage, icon = in_tray
    for light in ("green", "amber", "red"):
        stage.tell(light=light)
        screen.until(lambda light=light: share_of(screen, icon, light) > 0.1)


def test_menu_opens_at_the_icon_and_is_used_by_keyboard(screen, in_tray):  # noqa: F811
    stage, icon = in_tray
    before = screen.pixels()
    screen.xdotool("mousemove", icon[0] + icon[2] // 2, icon[1] + icon[3] // 2, "click", 1)
    screen.until(lambda: (screen.pixels()[500:740, 60:200] != before[500:740, 60:200]).mean() > 0.5)
    screen.xdotool("key", "p")
    assert stage.hear("asked") == ["pause"]


def test_click_through_is_undone_from_the_tray(screen, in_tray):  # noqa: F811
    stage, icon = in_tray
    for wanted in (True, False):
        before = screen.pixels()
        screen.xdotool("mousemove", icon[0] + icon[2] // 2, icon[1] + icon[3] // 2, "click", 1)
        screen.until(lambda before=before: (screen.pixels()[500:740, 60:200] != before[500:740, 60:200]).mean() > 0.5)
        screen.xdotool("key", "t")
        assert stage.hear("click_through") is wanted
        screen.until(lambda before=before: (screen.pixels()[500:740, 60:200] != before[500:740, 60:200]).mean() < 0.1)


def test_a_panel_that_comes_later_gets_the_icon(screen, start, tmp_path):  # noqa: F811
    (tmp_path / "settings.toml").touch()
    stage = start(screen, "stage", tmp_path / "settings.toml", json.dumps({}), STAGE_LOOKS_MS="200")
    stage.hear("started")
    panel = start(screen, "panel")
    x, y, size, _ = panel.hear("docked")
    stage.tell(light="amber")
    screen.until(lambda: share_of(screen, [x, y, 2 * size, size], "amber") > 0.05)  # it may dock anew beside that
