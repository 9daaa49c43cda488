"""Results in the formats of other programs: Praat, Audacity, ELAN, and captions for players.

A result goes through `tiers`, which knows nothing of a format, to one module per format that knows nothing of the
engine. All text is made of printable characters of one line.
"""
