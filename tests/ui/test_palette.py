"""Every light stands out from its ground, on every window behind it, and so does every text."""

import itertools

import pytest

from monitor.terminal import COLOURS
from ui.palette import LEAST_FOR_SHAPES, LEAST_FOR_TEXT, LIGHTS, THEMES, blended, contrast, rim_of

BEHIND = [(0, 0, 0), (255, 255, 255), (128, 128, 128)]


def test_contrast_is_that_of_wcag():
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)
    assert contrast((119, 119, 119), (255, 255, 255)) == pytest.approx(4.48, abs=0.01)


def test_lights_are_those_of_the_terminal():
    assert {str(light): "#" + bytes(LIGHTS[light]).hex().upper() for light in COLOURS} == {
        str(light): colour for light, colour in COLOURS.items()
    }


@pytest.mark.parametrize(("theme", "behind"), list(itertools.product(THEMES, BEHIND)))
def test_shapes_and_texts_stand_out(theme, behind):
    colours = THEMES[theme]
    ground = blended(colours, behind)
    for light in LIGHTS.values():
        assert contrast(rim_of(colours) or light, ground) >= LEAST_FOR_SHAPES
    assert contrast(colours.text, ground) >= LEAST_FOR_TEXT
    assert contrast(colours.quiet_text, ground) >= LEAST_FOR_TEXT


@pytest.mark.parametrize("theme", THEMES)
def test_opaque_shows_nothing_of_what_is_behind(theme):
    colours = THEMES[theme].opaque()
    assert blended(colours, (0, 0, 0)) == blended(colours, (255, 255, 255)) == colours.ground


def test_a_rim_is_drawn_where_it_is_needed():
    assert rim_of(THEMES["dark", "normal"]) is None
    assert rim_of(THEMES["light", "normal"]) == THEMES["light", "normal"].rim
