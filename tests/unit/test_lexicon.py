"""Pronunciations of words that a dictionary may lack."""

import pytest

from models.lexicon import Lexicon, Origin, normalise, phrase_pronunciations, read_dictionary
from models.vocabulary import build_vocabulary

DICTIONARY = """\
apologize AH P AA L AH JH AY Z
box B AA K S
broad B R AO D
cat K AE T
cry K R AY
department D IH P AA R T M AH N T
fix F IH K S
head HH EH D
hope HH OW P
band B AE N D
i AY
manager M AE N AH JH ER
permit P ER M IH T
stop S T AA P
the DH AH
the(2) DH IY
wait W EY T
wanted W AA N T AH D
"""


@pytest.fixture
def known(tmp_path):
    path = tmp_path / "small.dict"
    path.write_text(DICTIONARY)
    return read_dictionary(path)


@pytest.fixture
def lexicon(known):
    return Lexicon(lambda word: known.get(word, ()))


def test_known_words_keep_all_their_pronunciations(lexicon):
    assert lexicon.pronounce("the") == ((("DH", "AH"), ("DH", "IY")), Origin.KNOWN)


@pytest.mark.parametrize(
    ("word", "phones"),
    [
        ("cats", "K AE T S"),
        ("boxes", "B AA K S AH Z"),
        ("cries", "K R AY Z"),
        ("managers", "M AE N AH JH ER Z"),
        ("cat's", "K AE T S"),
        ("waited", "W EY T AH D"),
        ("stopped", "S T AA P T"),
        ("hoped", "HH OW P T"),
        ("cried", "K R AY D"),
        ("hoping", "HH OW P IH NG"),
        ("stopping", "S T AA P IH NG"),
        ("fixer", "F IH K S ER"),
        ("hopeless", "HH OW P L AH S"),
        ("fixable", "F IH K S AH B AH L"),
        ("unwanted", "AH N W AA N T AH D"),
        ("refixed", "R IY F IH K S T"),
        ("manager'll", "M AE N AH JH ER AH L"),
        ("broadband", "B R AO D B AE N D"),
    ],
)
def test_words_are_derived_from_known_ones(lexicon, word, phones):
    ways, origin = lexicon.pronounce(word)
    assert (" ".join(ways[0]), origin) == (phones, Origin.DERIVED)


@pytest.mark.parametrize("word", ["100", "24h", "naïve", "我", "caffè"])
def test_what_is_not_written_in_letters_has_no_pronunciation(known, word):
    lexicon = Lexicon(lambda word: known.get(word, ()), lambda _: ("AH",))
    assert lexicon.pronounce(word) == ((), Origin.UNKNOWN)


def test_letters_are_the_last_resort(known):
    lexicon = Lexicon(lambda word: known.get(word, ()), lambda word: tuple(word.upper()))
    assert lexicon.pronounce("zzq") == ((("Z", "Z", "Q"),), Origin.GUESSED)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("That’s NOT my department!", ("that's", "not", "my", "department")),
        ("we're short-staffed", ("we're", "short", "staffed")),
        ("  'calm'   down... ", ("calm", "down")),
        ("café", ("cafe",)),
        ("snake_case", ("snake", "case")),
        ("?!", ()),
    ],
)
def test_phrases_become_plain_words(text, words):
    assert normalise(text) == words


def test_usual_ways_come_first_and_are_limited():
    the, cat = (("DH", "AH"), ("DH", "IY")), (("K", "AE", "T"),)
    assert phrase_pronunciations([the, cat], 4) == ((the[0], cat[0]), (the[1], cat[0]))
    assert phrase_pronunciations([the] * 5, 3) == (
        (the[0],) * 5,
        (the[0],) * 4 + (the[1],),
        (the[0],) * 3 + (the[1], the[0]),
    )


def test_each_phrase_is_listened_for_once_and_never_dropped_in_silence(lexicon):
    vocabulary = build_vocabulary(["fix the cat", "Fix the cat!", "fix 100", "...", "wait"], lexicon)
    assert [phrase.key for phrase in vocabulary.phrases] == ["fix_the_cat_kp", "wait_kp"]
    assert len(vocabulary.warnings) == 2
    assert "'fix 100'" in vocabulary.warnings[0]
    assert "'100'" in vocabulary.warnings[0]
    assert "'...'" in vocabulary.warnings[1]


def test_guessed_words_are_told(known):
    lexicon = Lexicon(lambda word: known.get(word, ()), lambda word: tuple(word.upper()))
    (warning,) = build_vocabulary(["zzq cat", "the zzq"], lexicon).warnings
    assert warning.endswith("missed: 'zzq'.")


def test_letter_rules_are_right_about_words_that_were_not_learnt_from():
    pocketsphinx = pytest.importorskip("pocketsphinx")
    from pathlib import Path

    from models.letter_sounds import pronounce_letters
    from models.letter_training import candidates, is_held_out, phone_errors

    words = read_dictionary(Path(pocketsphinx.get_model_path("en-us/cmudict-en-us.dict")))
    held_out = [(word, phones) for word, phones in candidates(words) if is_held_out(word)][::4]
    assert len(held_out) > 1000
    wrong = sum(phone_errors(pronounce_letters(word), phones) for word, phones in held_out)
    assert wrong / sum(len(phones) for _, phones in held_out) < 0.12


def test_training_finds_the_rules_of_a_small_language():
    from models.letter_sounds import pronounce_with
    from models.letter_training import align, learn

    pairs = [("cat", ("K", "AE", "T")), ("cit", ("S", "IH", "T")), ("cut", ("K", "AH", "T")), ("tic", ("T", "IH", "K"))]
    pairs += [("tac", ("T", "AE", "K")), ("cita", ("S", "IH", "T", "AE")), ("cata", ("K", "AE", "T", "AE"))]
    rules = learn(align(pairs * 2))
    assert pronounce_with(rules, "citac") == ("S", "IH", "T", "AE", "K")
