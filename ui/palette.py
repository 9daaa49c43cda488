"""Colours of the windows: those of Okabe and Ito for the lights, and two grounds that every light stands out from.

Contrast is counted as WCAG 2 does: 3 to 1 for shapes, 4.5 to 1 for text, also where the ground lets a white or a black
window shine through.
"""

from __future__ import annotations

from dataclasses import dataclass

Rgb = tuple[int, int, int]

LEAST_FOR_SHAPES, LEAST_FOR_TEXT = 3.0, 4.5

# The same as in the terminal; a test compares them, for that module loads numpy and this one is loaded first.
LIGHTS: dict[str, Rgb] = {
    "grey": (0x99, 0x99, 0x99),
    "green": (0x00, 0x9E, 0x73),
    "amber": (0xE6, 0x9F, 0x00),
    "red": (0xD5, 0x5E, 0x00),
}


@dataclass(frozen=True, slots=True)
class Theme:
    """Ground with its opacity (0 to 255), text, quieter text, the rim around shapes, and lines between parts."""

    ground: Rgb
    alpha: int
    text: Rgb
    quiet_text: Rgb
    rim: Rgb
    line: Rgb

    def opaque(self) -> Theme:
        """The same for a screen that cannot blend."""
        return Theme(self.ground, 255, self.text, self.quiet_text, self.rim, self.line)


THEMES = {
    ("dark", "normal"): Theme((32, 34, 37), 236, (242, 242, 242), (190, 192, 196), (255, 255, 255), (84, 87, 92)),
    ("dark", "high"): Theme((0, 0, 0), 255, (255, 255, 255), (255, 255, 255), (255, 255, 255), (255, 255, 255)),
    ("light", "normal"): Theme((250, 250, 248), 240, (28, 28, 30), (78, 80, 84), (28, 28, 30), (196, 196, 192)),
    ("light", "high"): Theme((255, 255, 255), 255, (0, 0, 0), (0, 0, 0), (0, 0, 0), (0, 0, 0)),
}


def luminance(colour: Rgb) -> float:
    """Relative luminance of an sRGB colour, 0 to 1 (WCAG 2)."""

    def linear(value: int) -> float:
        share = value / 255
        return share / 12.92 if share <= 0.04045 else float(((share + 0.055) / 1.055) ** 2.4)

    red, green, blue = (linear(value) for value in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Rgb, other: Rgb) -> float:
    """How far two colours stand apart, 1 to 21 (WCAG 2)."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def blended(theme: Theme, behind: Rgb) -> Rgb:
    """The ground as it is seen over a window of this colour."""
    share = theme.alpha / 255
    red, green, blue = (round(share * own + (1 - share) * far) for own, far in zip(theme.ground, behind, strict=True))
    return red, green, blue


def rim_of(theme: Theme) -> Rgb | None:
    """The colour around the lights' shapes: None where every light stands out from the ground by itself."""
    worst = min(
        contrast(light, blended(theme, behind)) for light in LIGHTS.values() for behind in ((0, 0, 0), (255, 255, 255))
    )
    return theme.rim if worst < LEAST_FOR_SHAPES or theme.alpha == 255 else None
