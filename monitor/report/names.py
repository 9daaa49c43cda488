"""What ids and paths are called where people read."""

from __future__ import annotations

from monitor.call_view import item_name
from monitor.policy.model import Policy
from monitor.result_types import CallResult

_MEASURED = {
    "voice.raised": "Voice above the usual",
    "voice.rising": "Voice climbing through the call",
    "voice.agitated": "Pitch swinging wide",
    "voice.flat": "Voice with little melody",
    "voice.mirrored": "Voice following the customer's rise",
    "pace.fast": "Fast pace",
    "pace.slow": "Slow pace",
    "turn.interrupt": "Cutting in",
    "turn.talk_over": "Both speaking at once",
    "turn.monologue": "Long turn",
    "turn.dead_air": "Silence without a word of why",
    "turn.slow_reply": "Late reply",
}
_UNKNOWN = {
    "source.sha256": "Fingerprint of the recording",
    "baseline": "Usual voice",
    "words": "Words",
    "flags": "Phrases",
    "pace.articulation_syl_s": "Syllables per second",
    "pace.words_per_min": "Words per minute",
    "conversation": "Turn-taking",
    "conversation.reply_delay_s": "Time until the agent replies",
    "conversation.customer.louder_db": "How much louder the customer became",
    "conversation.customer.higher_st": "How much higher the customer's voice became",
    "conversation.customer.more_effort_db": "How much more effort the customer's voice took",
    "summary.talk_share": "Agent's share of talk",
    "summary.interruptions": "Interruptions",
}


def behaviour_name(behaviour_id: str, policy: Policy | None) -> str:
    """The policy's title of a behaviour or checklist item, else a name of our own, else the readable part of its id."""
    if policy is not None:
        titles = {each.id: each.title for each in policy.behaviours}
        titles |= {each.id: each.title for each in policy.checklist if each.title}
        if titles.get(behaviour_id):
            return titles[behaviour_id]
    return _MEASURED.get(behaviour_id) or item_name(behaviour_id).capitalize()


def unknown_name(path: str) -> str:
    """What stands at a dotted path of a result."""
    return _UNKNOWN.get(path) or path.replace(".", ", ").replace("_", " ").capitalize()


def recogniser_name(result: CallResult) -> str:
    """What listened for words, as people know it."""
    known = {"none": "nothing: words were not listened to", "pocketsphinx": "basic detection"}
    return known.get(result.engine.recogniser, result.engine.recogniser)
