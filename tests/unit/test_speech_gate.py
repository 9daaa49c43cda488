"""Utterances on the sample clock, with a detector that says what the test wants."""

import numpy as np

from models.speech_gate import DOUBTFUL, FRAMES_PER_S, GATE_FRAME, Edge, GateTuning, SpeechGate, StandingOut

TUNING = GateTuning(window=4, onset=3, lead_in=2, hangover=3)


def frames(pattern):
    """One frame per character, ``#`` is speech, ``?`` may be; each frame's samples hold its number."""
    return [
        ({"#": 1.0, "?": DOUBTFUL}.get(c, 0.0), n.to_bytes(2, "little") * GATE_FRAME) for n, c in enumerate(pattern)
    ]


def run(pattern, tuning=TUNING):
    listed = frames(pattern)
    answers = {pcm: speech for speech, pcm in listed}
    gate = SpeechGate(answers.__getitem__, tuning)
    return [gated for _, pcm in listed for gated in gate.push(pcm)]


def frame_numbers(gated):
    width = 2 * GATE_FRAME
    return [int.from_bytes(gated.pcm[at : at + 2], "little") for at in range(0, len(gated.pcm), width)]


def test_nothing_comes_out_while_nobody_speaks():
    assert run("." * 50) == []


def test_a_click_does_not_open():
    assert run("....##......#.#...") == []


def test_opening_brings_the_audio_before_the_onset():
    first = run("..........###")[0]
    assert first.edge is Edge.OPENED
    assert frame_numbers(first) == [7, 8, 9, 10, 11, 12]
    assert first.start == 7 * GATE_FRAME


def test_speech_from_the_first_sample_starts_at_zero():
    first = run("###")[0]
    assert (first.start, frame_numbers(first)) == (0, [0, 1, 2])


def test_an_utterance_closes_after_a_pause_and_not_in_a_short_gap():
    gated = run("....####..##......")
    assert [g.edge for g in gated] == [Edge.OPENED] + [Edge.WENT_ON] * 7 + [Edge.CLOSED]
    assert [g.quiet for g in gated[-5:]] == [0, 0, 1, 2, 3]


def test_what_may_be_speech_opens_nothing_and_closes_late():
    assert run("?" * 50) == []
    gated = run("....####" + "?" * 20)
    assert [g.edge for g in gated] == [Edge.OPENED] + [Edge.WENT_ON] * 12 + [Edge.CLOSED]
    assert gated[-2].quiet == 2
    assert run("....####" + "?" * 11 + "#..?")[-1].quiet == 2


def test_frames_are_given_once_and_in_order():
    gated = run("....####...........####....")
    numbers = [n for g in gated for n in frame_numbers(g)]
    assert numbers == sorted(set(numbers))
    assert [g.start // GATE_FRAME for g in gated] == [frame_numbers(g)[0] for g in gated]


def test_the_next_utterance_does_not_take_audio_of_the_last():
    opened = [g for g in run("....####...###...") if g.edge is Edge.OPENED]
    assert frame_numbers(opened[1]) == [11, 12, 13]


def noisy(level_db, count=1, seed=0):
    """Frames of white noise at this level, as 16-bit PCM."""
    y = np.random.default_rng(seed).standard_normal(count * GATE_FRAME) * 32768 * 10 ** (level_db / 20)
    return [frame.astype(np.int16).tobytes() for frame in y.reshape(count, GATE_FRAME)]


def test_steady_noise_does_not_stand_out_once_it_is_known():
    test = StandingOut(lambda _frame: True)
    answers = [test(frame) for frame in noisy(-30, 10 * FRAMES_PER_S)]
    assert set(answers[3 * FRAMES_PER_S + 3 :]) == {DOUBTFUL}


def test_speech_over_noise_stands_out_and_so_does_speech_from_the_first_sample():
    test = StandingOut(lambda _frame: True)
    assert all(test(frame) == 1 for frame in noisy(-25, FRAMES_PER_S))
    for frame in noisy(-40, 5 * FRAMES_PER_S, seed=1):
        test(frame)
    assert all(test(frame) == 1 for frame in noisy(-30, 2 * FRAMES_PER_S, seed=2))


def test_what_the_detector_refuses_does_not_count():
    test = StandingOut(lambda _frame: False)
    assert not any(test(frame) for frame in noisy(-20, 5))


def test_how_far_speech_stands_out_is_told():
    test = StandingOut(lambda _frame: True)
    assert test.usual_db == 60
    for frame in noisy(-50, 4 * FRAMES_PER_S):
        test(frame)
    quiet = StandingOut(lambda _frame: True)
    for _ in range(5):
        for level_db in (-50, -30):
            for frame in noisy(level_db, FRAMES_PER_S):
                quiet(frame)
    assert 18 <= quiet.usual_db <= 22
