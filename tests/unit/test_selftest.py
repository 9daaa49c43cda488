"""Labels that people set, and the score of a result against them; no recording is judged."""

from dataclasses import replace

import pytest

from monitor.errors import InputProblem
from monitor.export.audacity import to_audacity
from monitor.truth.figures import figures_of
from monitor.truth.labels import Mark, read_labels, truth_of
from monitor.truth.lights import Part, score_call
from monitor.truth.said import Counts
from monitor.truth.trial import notes_on, pooled_counts, pooled_score, scored
from tests.report_samples import call

IDS = {"calm down": frozenset({"say.calm_down"}), "it is not so": frozenset({"say.argue"})}


def ids_of(text):
    return IDS.get(text.casefold(), frozenset())


def truth(*labels, duration_s=40.0):
    return truth_of([Mark(*label) for label in labels], duration_s, ids_of)


def figures(*labels, result=None):
    one = scored([Mark(*label) for label in labels], result or call(), ids_of)
    return {f.id: f for f in figures_of(pooled_score([one]), pooled_counts([one]))}


def test_a_label_file_of_any_audacity_is_read(tmp_path):
    path = tmp_path / "x.txt"
    text = "\ufeff20,5\t26,5\traised: the second time\r\n\\\t100.0\t3000.0\r\n1.0\t2.0\tcalm\r\n3\t3\t\r\n\r\n"
    path.write_bytes(text.encode())
    assert read_labels(path) == [
        Mark(1.0, 2.0, "calm"),
        Mark(3.0, 3.0, ""),
        Mark(20.5, 26.5, "raised: the second time"),
    ]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "holds no label"),
        (b"1.0 2.0 raised\n", "line 1"),
        (b"1.0\t2.0\tcalm\n5\t4\traised\n", "line 2"),
        (b"-1\t4\traised\n", "line 1"),
        (b"nan\t4\traised\n", "line 1"),
        (b"1\tinf\traised\n", "line 1"),
        (b"\xff\xfe1\x00\t\x002\x00", "UTF-8"),
        (b"RIFF....WAVEfmt \x00\x00", "line 1"),
    ],
)
def test_a_file_that_is_none_says_so_in_one_sentence(tmp_path, data, says):
    path = tmp_path / "x.txt"
    path.write_bytes(data)
    with pytest.raises(InputProblem, match=says) as caught:
        read_labels(path)
    assert str(caught.value).count("\n") == 0


def test_without_a_label_calm_all_the_rest_is():
    found = truth((10.0, 12.0, "Raised"), (11.0, 14.0, "RED: louder"), (20.0, 50.0, "grey"))
    assert found.parts == (Part(0.0, 10.0, "calm"), Part(10.0, 14.0, "raised"), Part(14.0, 20.0, "calm"))
    assert not found.calm_told


def test_with_a_label_calm_only_that_is():
    found = truth((10.0, 14.0, "raised"), (2.0, 11.0, "calm"), (30.0, 60.0, "green"))
    assert found.parts == (Part(2.0, 10.0, "calm"), Part(10.0, 14.0, "raised"), Part(30.0, 40.0, "calm"))


def test_what_means_nothing_is_named():
    found = truth((1, 2, "hm"), (3, 4, "hm"), (5, 5, ""), (90, 91, "raised"), (6, 9, "agent"), (6, 7, "calm down"))
    assert found.ignored == ("hm", "(a label without text)", "raised (after the end)")
    assert found.parts == ()
    assert [turn.speaker for turn in found.turns] == ["agent"]
    assert [phrase.ids for phrase in found.phrases] == [{"say.calm_down"}]


def test_nothing_is_said_of_phrases_unless_labels_do():
    assert truth((1, 2, "raised")).phrases is None
    assert truth((1, 2, "raised"), (0, 0, "No phrases")).phrases == ()


def test_lights_are_found_or_false():
    found = figures((19.0, 26.0, "raised"), (35.0, 38.0, "raised"))
    assert (found["recall"].value, found["recall"].count, found["recall"].total) == (0.5, 1, 2)
    assert found["delay_p50_s"].value == pytest.approx(1.0)
    assert found["false_per_h"].value == 0
    assert found["false_per_h"].high == pytest.approx(3.689 / found["false_per_h"].total, rel=0.001)
    # of 1 in 2 next to nothing is known
    assert (found["recall"].low, found["recall"].high) == (
        pytest.approx(0.0126, abs=1e-3),
        pytest.approx(0.987, abs=1e-3),
    )
    wrong = figures((0.0, 40.0, "calm"))
    assert wrong["recall"].value is None
    assert (wrong["false_per_h"].count, wrong["red_false_per_h"].count) == (1, 1)
    assert wrong["calm_lit"].value == pytest.approx(8 / 40)


def test_phrases_are_found_by_place_and_behaviour():
    found = figures((21.5, 22.2, "calm down"))
    assert (found["phrase_recall_sure"].value, found["phrase_recall"].value) == (1.0, 1.0)
    assert found["phrase_delay_p50_s"].value == pytest.approx(22.6 - 22.2)
    assert (found["phrase_false_sure_per_h"].count, found["phrase_false_per_h"].count) == (0, 1)
    elsewhere = figures((5.0, 5.7, "calm down"), (22.0, 22.7, "it is not so"))
    assert (elsewhere["phrase_recall_sure"].value, elsewhere["phrase_recall"].value) == (0.0, 0.5)
    assert elsewhere["phrase_false_sure_per_h"].count == 1
    none = figures((0.0, 0.0, "no phrases"))
    assert none["phrase_recall"].value is None
    assert none["phrase_false_per_h"].count == 2


def test_boundaries_of_turns_are_compared_by_speaker():
    found = figures((1.2, 9.0, "agent"), (9.5, 18.0, "customer"), (30.0, 33.0, "customer"))
    assert (found["boundary_recall"].count, found["boundary_recall"].total) == (4, 6)
    assert found["boundary_p50_s"].value == pytest.approx(0.1)


def test_labels_that_say_nothing_are_refused():
    with pytest.raises(InputProblem, match=r"No label of call\.wav"):
        scored([Mark(1, 2, "music")], call(), ids_of)


def test_several_recordings_count_as_one():
    pair = [scored([Mark(19.0, 26.0, "raised")], call(), ids_of), scored([Mark(1, 2, "raised")], call(), ids_of)]
    assert [f.value for f in figures_of(pooled_score(pair), pooled_counts(pair)) if f.id == "recall"] == [0.5]
    assert figures_of(pooled_score([]), Counts()) == []
    assert any("counts as calm" in note for note in notes_on(pair))


def test_calm_time_is_only_spared_after_a_raised_part():
    parts = [Part(0.0, 10.0, "calm"), Part(10.0, 20.0, "calm"), Part(20.0, 22.0, "raised"), Part(22.0, 24.0, "calm")]
    assert score_call(parts, {"lights": []})["any"].calm_s == [10.0, 10.0, 0.0]


def test_calm_time_long_after_a_raised_part_is_charged_in_full():
    parts = [Part(0.0, 10.0, "raised"), Part(13.0, 20.0, "calm"), Part(30.0, 40.0, "calm")]
    assert score_call(parts, {"lights": []})["any"].calm_s == [6.0, 10.0]
    labelled_apart = [Part(0.0, 10.0, "raised"), Part(60.0, 70.0, "calm")]
    assert score_call(labelled_apart, {"lights": []})["any"].calm_s == [10.0]


def test_a_phrase_said_twice_is_found_twice():
    said = next(flag for flag in call().flags if flag.state == "confirmed" and flag.id == "say.calm_down")
    again = replace(said, start_s=said.end_s + 0.6, end_s=said.end_s + 1.3, heard_at_s=said.end_s + 1.5)
    both = replace(call(), flags=(said, again))
    labels = [(each.start_s, each.end_s, "calm down") for each in (said, again)]
    assert figures(*labels, result=both)["phrase_recall"].count == 2
    one = figures(*labels, result=replace(both, flags=(again,)))
    assert (one["phrase_recall"].count, one["phrase_false_per_h"].count) == (1, 0)
    twice_labelled = figures(*labels[:1], (said.start_s - 0.2, said.end_s, "Calm down"), result=both)
    assert (twice_labelled["phrase_recall"].count, twice_labelled["phrase_false_per_h"].count) == (2, 0)


def test_what_follows_a_colon_is_no_part_of_a_phrase():
    found = truth((6.0, 7.0, "calm down: it is not so"), (8.0, 9.0, "calm down : twice"))
    assert [phrase.ids for phrase in found.phrases] == [{"say.calm_down"}] * 2


def test_a_voice_at_a_point_is_named_as_left_out():
    found = truth((10.0, 10.0, "raised"), (11.0, 11.0, "calm"), (12.0, 15.0, "raised"))
    assert found.ignored == ("raised (no length)", "calm (no length)")
    assert [part.label for part in found.parts] == ["calm", "raised", "calm"]


def test_labels_that_the_program_wrote_itself_are_borne_out(tmp_path):
    before, lit, after = call().lights[1], call().lights[3], call().lights[4]
    by_words = replace(lit, start_s=32.0, end_s=36.0, reasons=lit.reasons[:1])
    spans = (*call().lights[:4], replace(after, end_s=32.0), by_words, replace(before, start_s=36.0, end_s=40.0))
    judged = replace(call(), lights=spans, flags=call().flags[:1])
    path = tmp_path / "call.labels.txt"
    path.write_text(to_audacity(judged), encoding="utf-8")
    marks = read_labels(path)
    assert any(mark.text == "red: said “calm down”" for mark in marks)
    one = scored(marks, judged, lambda text: ids_of("calm down" if "(say.calm_down)" in text else text))
    found = {f.id: f for f in figures_of(pooled_score([one]), pooled_counts([one]))}
    assert (found["recall"].value, found["phrase_recall"].value, found["boundary_recall"].value) == (1.0, 1.0, 1.0)
    assert (found["false_per_h"].count, found["phrase_false_per_h"].count) == (0, 0)
    assert one.truth.ignored == ()
