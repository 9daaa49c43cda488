"""What replay draws is what was recorded and measured, at every zoom and in every format."""

import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.store_calls import features, windows
from monitor.errors import InputProblem, ParameterError
from monitor.replay import spectrum
from monitor.replay.clip import around, export_clip
from monitor.replay.pyramid import Pyramid
from monitor.replay.recording import BLOCK, open_waveform
from monitor.replay.tracks import Track, pace, tracks_of
from tests.media import write_libav, write_sound
from tests.replay_calls import CLICK_S, RATE_HZ, TONE_HZ, TONE_S, call_view, sound, trace


@given(
    seed=st.integers(0, 99),
    length=st.integers(1, 3000),
    start=st.floats(-500, 3000),
    wide=st.floats(0.5, 4000),
    count=st.integers(1, 60),
)
def test_a_pyramid_shows_every_extreme_and_nothing_that_is_not_there(seed, length, start, wide, count):
    rng = np.random.default_rng(seed)
    row = np.where(rng.random(length) < 0.3, np.nan, rng.standard_normal(length)).astype(np.float32)
    low, high = Pyramid((np.fmin, row), (np.fmax, row)).columns(start, start + wide, count)
    step = wide / count
    for i in range(count):
        first, last = start + i * step, start + (i + 1) * step
        inside = row[max(0, int(np.ceil(first))) : max(0, int(np.floor(last)))]
        # Edges are met to a value of the level that is used, which is never longer than a column.
        near = row[max(0, int(np.floor(first - step))) : max(0, int(np.ceil(last + step)) + 1)]
        if np.isfinite(inside).any() and first >= 0:
            assert np.nanmin(low[max(0, i - 1) : i + 2]) <= np.nanmin(inside)
        if np.isfinite(low[i]):
            assert low[i] in near
            assert high[i] in near
        assert np.isfinite(low[i]) == np.isfinite(high[i])
    if start + wide < 0 or start > length:
        assert np.isnan(low).all()


@pytest.mark.parametrize("kind", ["PCM_16", "PCM_24", "FLOAT", "ULAW", "flac", "mp3"])
def test_a_waveform_shows_the_sound_where_it_is_in_every_format(tmp_path, kind):
    if kind == "flac":
        path = write_sound(tmp_path / "call.flac", sound(), RATE_HZ)
    elif kind == "mp3":
        path = write_libav(tmp_path / "call.mp3", sound(), RATE_HZ, "libmp3lame")
    else:
        path = write_sound(tmp_path / "call.wav", sound(), RATE_HZ, kind)
    waveform = open_waveform(path)
    low, _ = waveform.peaks(0, 0, 40, 100)
    assert np.isnan(low).all()
    assert not waveform.complete
    told = list(waveform.read())
    assert waveform.complete
    assert told == sorted(told)
    assert waveform.duration_s == pytest.approx(40, abs=0.1)
    low, high = waveform.peaks(0, 0, 40, 80)  # half a second a column
    assert (high[40:50] > 0.4).all()
    assert (np.nan_to_num(high[[*range(39), *range(51, 80)]]) < 0.1).all()
    assert low[42] == pytest.approx(-0.5, abs=0.06)
    _, click = waveform.peaks(1, 0, 40, 160)
    assert int(np.nanargmax(click)) == round(4 * CLICK_S)
    close = waveform.peaks(0, 20.1, 20.11, 80)  # one sample a column
    assert close[1].max() == pytest.approx(0.5, abs=0.06)
    beyond = waveform.peaks(0, 39, 41, 20)[1]
    assert np.isfinite(beyond[:9]).all()
    assert np.isnan(beyond[12:]).all()
    assert waveform.samples(20.0, 20.5).shape == (2, RATE_HZ // 2)
    waveform.close()
    assert np.isfinite(waveform.peaks(0, 0, 40, 10)[1]).all()  # what was read can still be drawn
    assert waveform.samples(20.0, 20.5).shape == (2, 0)


def test_a_waveform_can_be_drawn_while_it_is_read_and_reading_can_be_given_up(tmp_path):
    y = np.full((1, 20 * 2**19), 0.25, np.float32)
    waveform = open_waveform(write_sound(tmp_path / "long.wav", y, 48_000, "PCM_16"))
    reading = waveform.read()
    known_s = next(reading)
    assert 0 < known_s < waveform.duration_s
    whole = waveform.peaks(0, 0, waveform.duration_s, 1000)[1]
    known = np.isfinite(whole)
    assert known[: int(1000 * known_s / waveform.duration_s) - 2].all()
    assert not known[int(1000 * known_s / waveform.duration_s) + 2 :].any()
    stop = threading.Event()
    stop.set()
    assert list(waveform.read(stop.is_set)) == []
    assert not waveform.complete
    assert list(waveform.read())[-1] == waveform.duration_s  # goes on where it was stopped
    assert waveform.peaks(0, 0, waveform.duration_s, 1000)[0] == pytest.approx(0.25, abs=1e-3)
    assert list(waveform.read()) == []
    waveform.close()


def test_what_is_no_recording_is_refused_with_a_sentence(tmp_path):
    (tmp_path / "text.wav").write_text("no sound")
    for path in (tmp_path / "text.wav", tmp_path / "missing.wav"):
        with pytest.raises(InputProblem, match=": ") as problem:
            open_waveform(path)
        assert str(tmp_path) not in str(problem.value)


def test_tracks_tell_measures_where_they_are_and_only_there(tmp_path):
    level, f0, effort, rate = tracks_of(trace(), "agent")
    assert (f0.at(22.0), f0.at(30.0), f0.at(-1.0), f0.at(99.0)) == (200.0, None, None, None)
    look = f0.look(0, 40, 40)
    assert set(np.flatnonzero(np.isfinite(look.mean))) - {25} == {20, 21, 22, 23, 24}
    assert set(look.mean[20:25]) == {200.0}
    assert level.limits() == (-70.0, -30.0)
    assert effort.limits() == (-8.0, -8.0)
    assert rate.at(24.5) == pytest.approx(4.0, rel=0.1)  # 4 s of speech are needed, as for the judgement
    assert rate.at(23.0) is None
    assert Track("f0_hz", "Hz", "agent", np.full(10, np.nan, np.float32)).limits() is None
    assert len(pace(*np.zeros((3, 3), bool))) == 0


def test_the_pace_is_the_one_that_is_judged():
    (frames,) = features(1, seed=4)
    judged = windows([frames])[0].pace_syl_s
    voiced = frames.voiced & (frames.speech > 0.5)
    shown = pace(voiced, voiced & np.isfinite(frames.effort_db), frames.nucleus)
    known = np.isfinite(judged)
    assert known.sum() > 10
    assert shown[known] == pytest.approx(judged[known])
    assert np.isnan(shown[:70]).all()


def test_a_spectrogram_shows_a_tone_at_its_height_and_silence_as_nothing(tmp_path):
    view = call_view(tmp_path)
    list(view.waveform.read())
    for level in (0, 3, 6, 9):
        length_s = spectrum.TILE * spectrum.step_s(level)
        found = spectrum.tile(view.waveform, 0, level, int(22.0 / length_s), loudest_db=10.0)
        assert found.shape == (spectrum.ROWS, spectrum.TILE)
        column = int((22.0 % length_s) / spectrum.step_s(level))
        top = spectrum.top_hz(RATE_HZ)
        height = spectrum.ROWS - 1 - int(found[:, column].argmax())
        assert (height + 0.5) / spectrum.ROWS * top == pytest.approx(TONE_HZ, abs=1.5 * top / spectrum.ROWS)
        silent = spectrum.tile(view.waveform, 0, level, int(39.5 / length_s))
        assert silent[:, int((39.5 % length_s) / spectrum.step_s(level))].max() == 0
    assert spectrum.level_for(0.1) == 5
    assert spectrum.step_s(spectrum.level_for(0.0001)) == spectrum.FINEST_S
    view.close()


def test_a_clip_is_what_was_recorded_and_a_wrong_one_leaves_no_file(tmp_path):
    import soundfile

    view = call_view(tmp_path)
    assert around(*TONE_S, view.duration_s) == (18.0, 27.0)
    assert around(0.5, 39.5, 40.0) == (0.0, 40.0)
    export_clip(view.waveform, 18.0, 27.0, tmp_path / "clip.wav")
    y, rate_hz = soundfile.read(tmp_path / "clip.wav", dtype="int16", always_2d=True)
    whole, _ = soundfile.read(tmp_path / "call.wav", dtype="int16", always_2d=True)
    assert rate_hz == RATE_HZ
    assert np.array_equal(y, whole[18 * RATE_HZ : 27 * RATE_HZ])
    for span, kind in (((5.0, 5.0), ParameterError), ((50.0, 51.0), InputProblem)):
        with pytest.raises(kind):
            export_clip(view.waveform, *span, tmp_path / "none.wav")
    assert not (tmp_path / "none.wav").exists()
    assert BLOCK / RATE_HZ < 0.05
    view.close()
