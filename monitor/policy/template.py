"""The file that ``evenkeel policy new`` starts with."""

from __future__ import annotations

_TEMPLATE = """\
# A policy for Evenkeel. After each change:  evenkeel policy check {file}
# Try a sentence:                            evenkeel policy try --policy {file} "..."

[policy]
name = "{name}"
language = "en"
extends = "upset-customer-en"    # everything of the built-in policy; leave this line out to start from nothing
description = ""
# remove = ["say.joke"]          # behaviours of the extended policy that you do not want

# A behaviour of your own. The id starts with "say." for what makes a call worse and "do." for what makes it better.
# In a phrase, (these words) may be missing, (one|other) stands for either, * for any one word.
[[behaviour]]
id = "say.light_roast"
title = "Uses the old product name"
phrases = ["light roast", "light roasted (coffee|beans)"]
say_instead = "our lighter roast"
cue = "new name"
# weak_phrases = ["the roast"]              # also said in friendly calls: never more than a hint
# unless = ["light roast chicken", "not ..."]   # a longer wording, or words next to the phrase (...), that make it fine
# inflect = true                            # other forms too: roasts, roasted, roasting
# light = "amber"                           # "red" is usual, "none" only counts

# More wordings for a behaviour of the built-in policy:
# [[behaviour]]
# id = "say.calm_down"
# more_phrases = ["keep your hair on"]

# What should be heard in every call:
# [[checklist]]
# id = "do.apologise"
# deadline_s = 45
# after = "trouble"              # or "start"

# More words after which a silence is a hold and no dead air:
# [conversation]
# more_hold_phrases = ["let me look under the hood"]

# What to say after a call, by id. {{value}}, {{unit}}, {{limit}}, {{count}}, {{time}}, {{evidence}} and
# {{say_instead}} are filled in:
# [coaching.keep]
# "do.apologise" = "You said sorry in plain words: {{evidence}}"
# [coaching.try]
# "pace.fast" = "Leave a short pause after each sentence."

# Limits of the voice and the alert budget are listed by: evenkeel policy show
"""


def new_policy(name: str, file: str) -> str:
    """Write a commented policy that extends the built-in one; it is valid as it stands."""
    return _TEMPLATE.format(name=name, file=file)
