"""How an English word sounds, read off its letters, so that "knot" is known for "not" and "dawn" for "down".

A letter-to-sound key in the manner of Metaphone, but with its vowels, because recognisers confuse words of one
skeleton of consonants ("dawn", "down") far more often than others. Sounds are one character each: consonants in small
letters, ``S C J T N`` for sh, ch, j, th, ng; vowels ``i I e a A O o U u W Y E R @``. ``s`` and ``z`` are one sound, for
letters do not tell them apart. Rules see some neighbours, no more; what they get wrong costs a hint, never a light.
"""

from __future__ import annotations

import re
from functools import lru_cache

VOWELS = "iIeaAOoUuWYER@"
NO_MATCH = 2.0
# A vowel next to the one that was said; a consonant with its voice taken or given.
NEAR_VOWEL = 0.5
OTHER_VOICE = 1.0

_VOICELESS = str.maketrans("bdgvJz", "ptkfCs")
_NO_VOWELS = str.maketrans("", "", VOWELS)
_NEAR_PAIRS = "iI Ie ea aA AO Au Ou Oo UU Uo u@ I@ e@ a@ A@ AW OW oW Ee eE aE YA aW R@ uU"
_NEAR = frozenset(map(frozenset, _NEAR_PAIRS.split()))

# Everyday words that are not said as they are written.
_SPOKEN_TEXT = """
a=@ the=T@ of=@v to=tU two=tU too=tU do=dU does=dus done=dun who=hU whom=hUm whose=hUs you=yU your=yor
one=wun once=wuns are=Ar were=wR was=wus have=hav give=gIv live=lIv love=luv come=kum some=sum none=nun
said=sed says=ses again=agen any=eni many=meni been=bIn their=TEr there=TEr where=wEr here=hir hear=hir
heart=hArt know=no known=non own=on low=lo slow=slo show=So grow=gro blow=blo flow=flo throw=Tro
snow=sno row=ro tow=to bow=bo lower=loR yellow=yelo through=TrU threw=TrU though=To enough=inuf
tough=tuf rough=ruf cough=kOf four=for our=Wr hour=Wr young=yuN touch=tuC country=kuntri double=dub@l
trouble=trub@l group=grUp soup=sUp eye=Y buy=bY bye=bY people=pip@l friend=frend great=grEt break=brEk
steak=stEk head=hed read=rid lead=lid dead=ded instead=insted ready=redi bread=bred weather=weTR put=pUt
push=pUS full=fUl pull=pUl sure=SUr sugar=SUgR business=bIsnes busy=bIsi woman=wUman women=wImen
answer=ansR sword=sord island=Yland half=haf laugh=laf aunt=ant iron=YRn only=onli most=most both=boT
child=CYld kind=kYnd mind=mYnd find=fYnd old=old told=told hold=hold get=get gift=gIft girl=gRl
begin=bigIn together=tUgeTR anger=aNgR finger=fINgR i=Y be=bi he=hi me=mi she=Si we=wi no=no go=go so=so
"""
_SPOKEN = dict(entry.split("=") for entry in _SPOKEN_TEXT.split())

# Pairs of a pattern and what it sounds like: "-" is silent, "=" as it is written. The first that fits is taken.
_RULES = r"""
\bkn|\bgn|\bpn n    \bwr r    \bps s    \bwh(?=o) h    wh w    rh r    gn$ n    (?<=a)lm m    al(?=k) O    mb$ m
bt$ t    mn$ m    ould$ Ud    st(?=le$|en) s    ssion|[st]ion S@n    cian S@n    [ct]ia S@    [ct]iou|ceou|xiou S@
ture CR    sure SR    tch|ch C    dge?(?=e)|dj J    sch sk    sh S    th T    ph f    ck|cq k    sc(?=[eiy]) s
cc(?=[eiy]) ks    c(?=[eiy]) s    qu kw    gue$ g    gu(?=[ei]) g    gg g    g(?=e(?:s|d)?$|en|er|[iy]) J    \bgh g
ng$ N    n(?=[kgx]) N
eau o    [ao]ugh(?=t) O    augh af    eigh E    igh Y    ough o    gh -    air|are$ Er    eer|ear(?=$|s|i|e) ir
ear R    oar|oor|ore|our(?=[a-z]) or    our Wr    ire$ Yr    ure$ yUr    [eiu]r(?!r|[aeiou])|yr(?=t) R    er R
ar$ Ar    ar(?=[bcdfgklmnpstvxz]) Ar    or or    (?<=[bcdfghkpstz])le$ @l    (?<=[bcdfghkpstz])les$ @ls    tion S@n
ous$ @s    ee|ea|ie(?=[a-z])|ei(?=v) i    ei|ai|ay|ey(?=[a-z]) E    ey i    oo|ew|ui|ue$ U    oy|oi oY    ou|ow W
oa|oe o    aw|au|al(?=l$) O    (?<=\b[bcdfghjklmnpqrstvwxz])ie$ Y    ie$ i
(?<=\b[bcdfghjklmnpqrstvwxz])y$|(?<=\b[bcdfghjklmnpqrstvwxz][bcdfghjklmnpqrstvwxz])y$ Y
a(?=(?:st|th|[bcdfgklmnpqrstvz])e[sd]?$) E    e(?=(?:st|th|[bcdfgklmnpqrstvz])e[sd]?$) i
i(?=(?:st|th|[bcdfgklmnpqrstvz])e[sd]?$) Y    o(?=(?:st|th|[bcdfgklmnpqrstvz])e[sd]?$) o
u(?=(?:st|th|[bcdfgklmnpqrstvz])e[sd]?$) U
(?<=[bdfgklmnpqrtv])es$ s    ye$ Y    (?<=[a-z])e$ -    (?<=[bcfgjklmnpqrsvxz])ed$ d    y(?=[aeiou]) y    y i
a a    e e    i I    o$ o    o A    u$ U
u u    [cqk] k    x ks    z s    j J    [bdfghlmnprstvw] =
"""
_PATTERNS, _SOUNDS = _RULES.split()[::2], _RULES.split()[1::2]
_LETTERS = re.compile("|".join(f"({pattern})" for pattern in _PATTERNS))
_TWICE = re.compile(r"(.)\1+")


@lru_cache(maxsize=16_384)
def sounds_of(word: str) -> str:
    """The sounds of a folded English word, one character each; empty where it is not written in plain letters."""
    known = _SPOKEN.get(word)
    if known is not None:
        return known
    if not (word.isascii() and word.isalpha()):
        return ""
    sounds = []
    for rule in _LETTERS.finditer(word):
        sound = _SOUNDS[(rule.lastindex or 1) - 1]
        sounds.append(rule.group() if sound == "=" else sound.strip("-"))
    return _TWICE.sub(r"\1", "".join(sounds))


def skeleton_of(sounds: str) -> str:
    """What every way of mishearing these sounds that ``sound_distance`` takes for small has in common."""
    return sounds.translate(_NO_VOWELS).translate(_VOICELESS)


def sound_distance(one: str, other: str) -> float:
    """How far two rows of sounds of one skeleton are apart: 0 for the same, ``NO_MATCH`` where they are too far."""
    if len(one) != len(other):
        return NO_MATCH
    distance = 0.0
    for a, b in zip(one, other, strict=True):
        if a == b:
            continue
        if frozenset((a, b)) in _NEAR:
            distance += NEAR_VOWEL
        elif a not in VOWELS and b not in VOWELS and a.translate(_VOICELESS) == b.translate(_VOICELESS):
            distance += OTHER_VOICE
        else:
            return NO_MATCH
    return distance
