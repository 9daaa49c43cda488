"""Whether a phrase was meant: not when it was denied, reported, supposed, or part of a harmless longer wording.

The rules look at the words before the match up to the last pause, and at the few words after it. They are written for
English; other languages have the contexts of their policy. "You told me to calm down" is a report, "I am telling you to
calm down" is not: the first person says it anew.
"""

from __future__ import annotations

from dataclasses import dataclass

from monitor.phrases.align import Alignment, Heard, align
from monitor.phrases.closeness import Form
from monitor.phrases.pattern import Context, Wording
from monitor.policy.wording import word_set

MOST_LEAD_WORDS = 12
MOST_BETWEEN = 5
MOST_CONTEXT_GAP = 1
# A pause this long parts what was reported from what is said now.
CLAUSE_PAUSE_S = 0.7

_SUBJECTS = word_set("i you he she it we they that this there")
_FIRST_PERSON = word_set("i we")
_NEGATORS = word_set("not never nobody neither nor without hardly")
_NEGATOR_PAIRS = (("rather", "than"), ("instead", "of"), ("far", "from"))
_PASSIVE = word_set("was were been being got get")
_REQUESTS = word_set("can could would will please want need let to like if may")
_PREPOSITIONS = word_set("for of about by without than from")
_QUOTE_WORDS = word_set("quote word words phrase term expression")
# What may stand between a subject and its verb.
_AUXILIARIES = word_set(
    "have had has did do does just already also keep keeps kept was were is are am been being got would "
    "will should might may not never ever to going clearly only even really once always"
)
_REPORTS_PAST = word_set(
    "said told asked claimed mentioned wrote heard says tells asks claims thinks thought meant suggested implied"
)
_REPORTS_BASE = word_set("say tell ask claim mention think mean suggest imply hear")
_REPORTS_ING = word_set("saying telling asking claiming thinking meaning suggesting implying hearing")
_REPORTS = _REPORTS_PAST | _REPORTS_BASE | _REPORTS_ING
_ATTITUDES = _REPORTS | word_set("want wanting expect expecting believe call calling pretend pretending need know")
# What may stand between "told" and the words told.
_LINKS = word_set(
    "to that there me you us him her them i we he she it they is are was were am be just like how please "
    "all of about should would could might a the your our my his their because really simply everybody "
    "anybody people customers customer"
)
# What may stand between "not" and the verb of saying: no "you", for "don't you think" says it.
_DENIAL_LINKS = word_set(
    "going trying here to would be ever dream of even just want wanting mean meaning have been really "
    "necessarily at all in any way i we am is it that a the"
)
_DIRECT_LINKS = word_set("to be being that because have has had need a the ever just really going trying want like all")
_CLAUSE_OPENERS = word_set("that because like")


@dataclass(frozen=True, slots=True)
class _Lead:
    """Words before a match in the same clause, hesitations left out, the nearest last."""

    words: tuple[str, ...]

    def tail(self, start: int) -> str:
        return " ".join(self.words[start:])


def covered_by(heard: Heard, match: Alignment, context: Context) -> bool:
    """Whether one of the context's wordings lies over the match and, reaching further, makes another thing of it."""
    for wording in context.whole:
        for at in range(max(0, match.first - len(wording) * 2), match.last + 1):
            if wording[0] not in heard.senses[at]:  # as ``align`` would find: most of the time goes into asking it
                continue
            found = _exactly(heard, wording, 0, at)
            if found is None or found.last < match.first:
                continue
            if found.first < match.first or found.last > match.last:
                return True
    return False


def next_to(heard: Heard, match: Alignment, context: Context) -> bool:
    """Whether the context's words stand next to the match, with at most one word between."""
    if not context.before and not context.after:
        return False
    before = range(max(0, match.first - 1 - MOST_CONTEXT_GAP), match.first)
    after = range(match.last + 1, min(len(heard.tokens), match.last + 2 + MOST_CONTEXT_GAP))
    return (
        not context.before
        or any(_exactly(heard, wording, len(wording) - 1, at) for wording in context.before for at in before)
    ) and (not context.after or any(_exactly(heard, wording, 0, at) for wording in context.after for at in after))


def _exactly(heard: Heard, wording: Wording, anchor: int, at: int) -> Alignment | None:
    """Align without slips and other forms: "it needs to" excuses what "you need to" does not."""
    found = align(heard, wording, anchor, at)
    return found if found is not None and not found.edits and not found.sound_cost and found.form is Form.SAME else None


def quotation(heard: Heard, match: Alignment, behaviour_id: str) -> str | None:
    """Why the speaker did not mean the phrase, as a short text with the words that show it; None when it was meant."""
    lead = _lead(heard, match.first)
    phrase = [heard.tokens[at].text for at in match.covered]
    judges = [_denied(lead, phrase[0]), _reported(lead), _apologised_for(lead), _named(lead)]
    if behaviour_id.startswith("say."):
        judges += [_supposed(lead, phrase[0]), _spoken_about(heard, match, phrase)]
    return next((why for why in judges if why), None)


def _lead(heard: Heard, first: int) -> _Lead:
    words: list[str] = []
    for at in range(first - 1, -1, -1):
        token = heard.tokens[at]
        if heard.pause_s(at + 1) >= CLAUSE_PAUSE_S or len(words) >= MOST_LEAD_WORDS:
            break
        if not heard.idle[at]:
            words.append(token.text)
    return _Lead(tuple(reversed(words)))


def _linked(words: tuple[str, ...], links: frozenset[str]) -> bool:
    return len(words) <= MOST_BETWEEN and all(word in links for word in words)


def _denied(lead: _Lead, phrase_start: str) -> str | None:
    """Look for a denial: "I'm not saying", "never tell you to", "not that", "no need to"."""
    words = lead.words
    if words[-3:] in (("no", "need", "to"), ("no", "reason", "to")):
        return f'denied: "{lead.tail(-3)}"'
    for at in range(len(words) - 1, -1, -1):
        length = 1 if words[at] in _NEGATORS else 2 if words[at : at + 2] in _NEGATOR_PAIRS else 0
        if not length:
            continue
        between = words[at + length :]
        for verb, word in enumerate(between):
            told = between[verb + 1 :]
            # "I can't tell you how sorry I am" says it all the more.
            emphatic = "how" in told and words[at - 1 : at] in (("can",), ("could",))
            if word in _ATTITUDES and not emphatic and _linked(between[:verb], _DENIAL_LINKS) and _linked(told, _LINKS):
                return f'denied: "{lead.tail(at)}"'
        if _linked(between, _DIRECT_LINKS):
            clause = phrase_start in _SUBJECTS
            if (between and _CLAUSE_OPENERS & set(between)) if clause else True:
                return f'denied: "{lead.tail(at)}"'
    return None


def _reported(lead: _Lead) -> str | None:
    """Look for a report: "you told me to", "he said that", "what you're saying is", "I was told"."""
    words = lead.words
    for verb in range(len(words) - 1, -1, -1):
        if not _linked(words[verb + 1 :], _LINKS):
            return None
        if words[verb] in _REPORTS and (start := _reporter(words, verb)) is not None:
            return f'reported: "{lead.tail(start)}"'
    return None


def _reporter(words: tuple[str, ...], verb: int) -> int | None:
    """Find where a report by somebody else starts; None when the speaker says it here and now."""
    at = verb - 1
    while at >= 0 and words[at] in _AUXILIARIES and verb - at <= 4:
        at -= 1
    skipped = set(words[at + 1 : verb])
    if words[verb] in ("told", "asked") and skipped & _PASSIVE:
        return max(at, 0)
    if at < 0:
        return None
    subject = words[at]
    if subject in _PREPOSITIONS:
        return at if words[verb] in _REPORTS_ING else None
    if subject in _FIRST_PERSON:
        return None
    if words[verb] in _REPORTS_BASE:
        # "could you tell me", "don't you think"
        asked = at > 0 and (words[at - 1] in _REQUESTS or words[at - 1] == "not")
        return None if asked or subject in _REQUESTS or skipped & _REQUESTS else at
    return at


def _apologised_for(lead: _Lead) -> str | None:
    """Look for something taken back: "I'm sorry I said", "I regret that I told you to"."""
    words = lead.words
    for verb in range(len(words) - 1, -1, -1):
        if not _linked(words[verb + 1 :], _LINKS):
            return None
        if words[verb] in ("said", "told", "asked") and {"sorry", "regret", "apologize"} & set(
            words[max(0, verb - 4) : verb]
        ):
            return f'taken back: "{lead.tail(max(0, verb - 2))}"'
    return None


def _named(lead: _Lead) -> str | None:
    """Look for a phrase that is only named: "the words", "a phrase like"."""
    near = [word for word in lead.words[-2:] if word not in ("like", "such")]
    return f'named: "{near[-1]}"' if near and near[-1] in _QUOTE_WORDS else None


def _supposed(lead: _Lead, phrase_start: str) -> str | None:
    """Look for a supposition: "if you are wrong", but not "if you would calm down", which is an order."""
    words = lead.words[:-1] if lead.words[-1:] == ("that",) else lead.words
    if phrase_start in _SUBJECTS and words[-1:] in (("if",), ("whether",)):
        return f'supposed: "{words[-1]}"'
    return None


def _spoken_about(heard: Heard, match: Alignment, phrase: list[str]) -> str | None:
    """Look for words after it: "calm down is not what I meant", "calm down, he said"."""
    after: list[str] = []
    for at in range(match.last + 1, len(heard.tokens)):
        if heard.pause_s(at) >= CLAUSE_PAUSE_S or len(after) > 4:
            break
        if not heard.idle[at]:
            after.append(heard.tokens[at].text)
    if (
        phrase[0] not in _SUBJECTS
        and after[:1] in (["is"], ["was"])
        and after[1:2]
        and after[1] in ("not", "what", "never")
    ):
        return f'spoken about: "{" ".join(after[:2])}"'
    reporting = after[:2]
    if len(reporting) == 2 and reporting[0] in ("he", "she", "they") and reporting[1] in ("said", "told", "says"):
        rest = after[2:]
        if all(word in ("me", "us", "you", "to") for word in rest):
            return f'reported: "{" ".join(reporting)}"'
    return None
