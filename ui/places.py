"""Where the light is put on each screen, in plain Python: remembered, and checked against the screens there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

MARGIN = 24  # pixels from the screen's edges where nothing is remembered

CORNERS = ("top right", "top left", "bottom right", "bottom left")

Places = Mapping[str, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle in pixels that do not depend on the screen's density."""

    x: int
    y: int
    width: int
    height: int

    def holds(self, x: int, y: int) -> bool:
        """Whether the point lies inside."""
        return self.x <= x < self.x + self.width and self.y <= y < self.y + self.height


@dataclass(frozen=True, slots=True)
class ScreenArea:
    """One screen: its whole area, and what panels leave free of it."""

    name: str
    whole: Area
    free: Area

    @property
    def key(self) -> str:
        """How places are remembered: another monitor at the same plug is another screen."""
        return f"{self.name} {self.whole.width}x{self.whole.height}"


def choose_place(places: Places, screens: Sequence[ScreenArea], size: tuple[int, int]) -> tuple[int, int]:
    """Where to show something of this size: the newest place whose screen is there, else the first screen's corner.

    Parameters
    ----------
    places
        By ``ScreenArea.key``, pixels from the screen's corner, the newest last.
    screens
        At least one, the main screen first.
    """
    there = {screen.key: screen for screen in screens}
    for key, (left, top) in reversed(list(places.items())):
        screen = there.get(key)
        # A place outside of its own screen is a mistake from somewhere; the corner is better than a nearby edge.
        if screen is not None and Area(0, 0, screen.whole.width, screen.whole.height).holds(left, top):
            return kept_inside((screen.whole.x + left, screen.whole.y + top), screen.whole, size)
    return corner_place(CORNERS[0], screens[0].free, size)


def corner_place(corner: str, free: Area, size: tuple[int, int]) -> tuple[int, int]:
    """Where something of this size goes in one of the `CORNERS`, a little away from the edges."""
    right, bottom = free.x + free.width - size[0] - MARGIN, free.y + free.height - size[1] - MARGIN
    x = right if corner.endswith("right") else free.x + MARGIN
    y = bottom if corner.startswith("bottom") else free.y + MARGIN
    return kept_inside((x, y), free, size)


def kept_inside(point: tuple[int, int], area: Area, size: tuple[int, int]) -> tuple[int, int]:
    """The point nearest to this one at which all of something of this size is inside."""
    x = max(area.x, min(point[0], area.x + area.width - size[0]))
    y = max(area.y, min(point[1], area.y + area.height - size[1]))
    return x, y


def remembered(
    places: Places, screens: Sequence[ScreenArea], point: tuple[int, int], size: tuple[int, int]
) -> dict[str, tuple[int, int]]:
    """The places with this point as the newest: on the screen that holds the middle of what was moved."""
    middle = point[0] + size[0] // 2, point[1] + size[1] // 2
    on = next((screen for screen in screens if screen.whole.holds(*middle)), screens[0])
    x, y = kept_inside(point, on.whole, size)
    rest = {key: place for key, place in places.items() if key != on.key}
    return {**rest, on.key: (x - on.whole.x, y - on.whole.y)}


def beside(anchor: Area, size: tuple[int, int], free: Area, gap: int = 6) -> tuple[int, int]:
    """Where a card goes: below the light, or above it where there is no room, never over it if that can be."""
    below, above = anchor.y + anchor.height + gap, anchor.y - gap - size[1]
    fits_below = below + size[1] <= free.y + free.height
    x = anchor.x if anchor.x + size[0] <= free.x + free.width else anchor.x + anchor.width - size[0]
    return kept_inside((x, below if fits_below or above < free.y else above), free, size)
