"""Where the light goes on screens that come and go."""

import pytest

from ui.places import CORNERS, MARGIN, Area, ScreenArea, beside, choose_place, corner_place, kept_inside, remembered

LAPTOP = ScreenArea("eDP-1", Area(0, 0, 1280, 800), Area(0, 0, 1280, 760))
WIDE = ScreenArea("DP-2", Area(1280, -200, 2560, 1440), Area(1280, -200, 2560, 1440))
SIZE = (170, 34)


def test_nothing_remembered_is_the_corner_of_the_main_screen():
    assert choose_place({}, [LAPTOP, WIDE], SIZE) == (1280 - 170 - MARGIN, MARGIN)


def test_a_remembered_place_counts_from_the_corner_of_its_screen():
    assert choose_place({WIDE.key: (100, 50)}, [LAPTOP, WIDE], SIZE) == (1380, -150)


def test_the_newest_place_wins_and_a_screen_that_is_gone_does_not():
    places = {LAPTOP.key: (10, 20), WIDE.key: (100, 50)}
    assert choose_place(places, [LAPTOP, WIDE], SIZE) == (1380, -150)
    assert choose_place(places, [LAPTOP], SIZE) == (10, 20)


def test_another_monitor_at_the_same_plug_is_another_screen():
    other = ScreenArea("DP-2", Area(1280, 0, 1024, 768), Area(1280, 0, 1024, 768))
    assert choose_place({WIDE.key: (100, 50)}, [other], SIZE) == (1280 + 1024 - 170 - MARGIN, MARGIN)


@pytest.mark.parametrize("place", [(-81, 300), (1280, 10), (10, 800), (5000, 5000)])
def test_a_place_off_its_screen_is_refused(place):
    assert choose_place({LAPTOP.key: place}, [LAPTOP], SIZE) == (1280 - 170 - MARGIN, MARGIN)


def test_a_place_too_near_the_edge_is_moved_inside():
    assert choose_place({LAPTOP.key: (1270, 795)}, [LAPTOP], SIZE) == (1110, 766)


def test_remembered_is_what_is_chosen_next():
    for point in [(300, 400), (2000, 900), (1200, 10), (-50, 790)]:
        places = remembered({LAPTOP.key: (1, 2)}, [LAPTOP, WIDE], point, SIZE)
        x, y = choose_place(places, [LAPTOP, WIDE], SIZE)
        area = next(s for s in (LAPTOP, WIDE) if s.key == list(places)[-1]).whole
        assert (x, y) == kept_inside(point, area, SIZE)


def test_dragged_off_all_screens_is_remembered_on_the_main_one():
    assert list(remembered({}, [LAPTOP, WIDE], (300, 5000), SIZE)) == [LAPTOP.key]


def test_corners_lie_inside_and_differ():
    points = {corner: corner_place(corner, LAPTOP.free, SIZE) for corner in CORNERS}
    assert len(set(points.values())) == 4
    assert points["bottom left"] == (MARGIN, 760 - 34 - MARGIN)


def test_a_card_goes_below_or_above_or_inside_but_not_over_the_light():
    size, free = (330, 260), LAPTOP.free
    below = beside(Area(400, 100, *SIZE), size, free)
    assert below == (400, 140)
    above = beside(Area(400, 700, *SIZE), size, free)
    assert above == (400, 700 - 6 - 260)
    right = beside(Area(1100, 100, *SIZE), size, free)
    assert right == (1100 + 170 - 330, 140)
    assert beside(Area(0, 90, *SIZE), (330, 750), free) == (0, 10)
