"""Texts from elsewhere, such as names of people, devices and files, as labels and menus can show them."""

from __future__ import annotations

import re

LONGEST = 20  # letters without a place to break at; a card holds about 28 of the larger ones
_RUN = re.compile(rf"[^\s\u200b]{{{LONGEST}}}(?=\w)")


def breakable(text: str) -> str:
    """The text with places at which long words may go on in the next line, where they would be cut off."""
    return _RUN.sub("\\g<0>\u200b", text)


def unlettered(text: str) -> str:
    """The text for an entry of a menu: an ampersand in it marks no letter."""
    return text.replace("&", "&&")
