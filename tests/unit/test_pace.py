"""Syllable nuclei: hand-made contours with known peaks, then sounds with a known number of syllables."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.features.extractor import NUCLEUS_DELAY_S
from monitor.features.pace import DELAY, DIP_DB, EDGES, PAUSE, SNR_DB, NucleusFinder, SpokenTime
from tests import signals, voices


def contour(peaks, frames=200, *, depth_db=20.0, width=8.0):
    """Bumps of intensity at these frames over a plain."""
    at = np.arange(frames)[:, None]
    bumps = np.exp(-0.5 * ((at - np.array(peaks)) / width) ** 2).max(axis=1, initial=0.0)
    return np.asarray(-60 + depth_db * bumps, np.float32)


def nuclei(band_db, *, voiced=None, snr_db=None, cuts=()):
    """Frames of the peaks that were found."""
    count = len(band_db)
    voiced = np.ones(count, bool) if voiced is None else voiced
    snr = np.full(count, 30, np.float32) if snr_db is None else snr_db
    finder = NucleusFinder()
    found = [
        finder.push(*(part[a:b] for part in (band_db, voiced, snr)))
        for a, b in zip([0, *cuts], [*cuts, count], strict=True)
    ]
    return list(np.flatnonzero(np.concatenate(found)) - DELAY)


def test_each_peak_is_told_once_and_after_the_declared_delay():
    assert nuclei(contour([30, 55, 80, 120, 160])) == [30, 55, 80, 120, 160]


def test_a_plain_has_no_nuclei():
    """Its beginning may count as one, for a vowel may begin like that; nothing after it does."""
    assert [frame for frame in nuclei(np.full(300, -30, np.float32)) if frame > 20] == []


def test_unvoiced_peaks_do_not_count():
    voiced = np.ones(200, bool)
    voiced[70:90] = False
    assert nuclei(contour([30, 80, 130]), voiced=voiced) == [30, 130]


@pytest.mark.parametrize(("snr_db", "expected"), [(SNR_DB - 0.1, []), (SNR_DB + 0.1, [100])])
def test_peaks_must_stand_over_the_noise(snr_db, expected):
    snr = np.where(np.abs(np.arange(200) - 100) < 40, snr_db, 0).astype(np.float32)
    assert nuclei(contour([100]), snr_db=snr) == expected


@pytest.mark.parametrize(("dip_db", "expected"), [(0.4 * DIP_DB, 1), (2.5 * DIP_DB, 2)])
def test_a_dip_must_set_a_peak_off_from_the_one_before(dip_db, expected):
    y = contour([100], width=30)
    y[88:113] = -40.0  # a plateau with a dip in its middle
    y[80:121] = -40 - dip_db * (1 + np.cos(2 * np.pi * (np.arange(41) - 20) / 26)) / 2
    assert len(nuclei(y)) == expected


@pytest.mark.parametrize(("valley_db", "expected"), [(-39, [110]), (-46, [90, 110])])
def test_a_shoulder_before_a_peak_does_not_count(valley_db, expected):
    """It tops what came before it, but hardly falls before the peak: one vowel."""
    y = np.interp(np.arange(200), [60, 90, 98, 110, 150], [-60, -38, valley_db, -30, -60]).astype(np.float32)
    heard = nuclei(y, voiced=(np.arange(200) > 70) & (np.arange(200) < 140))
    assert heard == [pytest.approx(frame, abs=2) for frame in expected]


def test_after_a_pause_no_dip_is_needed():
    y = np.concatenate([contour([40], 60), contour([40], 140)])
    assert nuclei(y) == [40, 100]


@given(st.lists(st.integers(1, 199), max_size=12, unique=True))
def test_cuts_do_not_matter(cuts):
    y = contour([20, 44, 70, 95, 130, 170]) + np.random.default_rng(3).normal(0, 2, 200).astype(np.float32)
    assert nuclei(y, cuts=sorted(cuts)) == nuclei(y)


@pytest.mark.parametrize("rate", [2.5, 4.0, 5.5])
def test_clear_syllables_are_counted(rate):
    spoken = voices.speak([voices.Manner(12, syllables_s=rate)])
    heard = voices.hear(spoken.y)
    assert int(heard.nucleus.sum()) == pytest.approx(len(spoken.nuclei_s), rel=0.03)


def test_nuclei_are_marked_the_declared_delay_after_their_peak():
    spoken = voices.speak([voices.Manner(8, syllables_s=3)])
    marked_s = np.flatnonzero(voices.hear(spoken.y).nucleus) / 100 - NUCLEUS_DELAY_S
    truth_s = np.array(spoken.nuclei_s)
    nearest = np.abs(marked_s[:, None] - truth_s).min(axis=1)
    assert np.median(nearest) < 0.03


@pytest.mark.parametrize(
    "y", [signals.noise(5, -20), signals.silence(5), signals.tone(200, 5)], ids=["noise", "silence", "tone"]
)
def test_what_is_no_speech_has_hardly_a_nucleus(y):
    assert voices.hear(y).nucleus.sum() <= 1


def spoken(voiced, cuts=()):
    time = SpokenTime()
    counts = np.concatenate([time.push(piece) for piece in np.split(voiced, sorted(cuts))])
    assert time.frames == (counts[-1] if len(counts) else 0)
    return counts.tolist()


@pytest.mark.parametrize(("gap", "expected"), [(PAUSE - 1, 100 + PAUSE - 1 + EDGES), (PAUSE, 100 + 2 * EDGES)])
def test_time_spoken_leaves_out_pauses_and_nothing_else(gap, expected):
    voiced = np.concatenate([np.zeros(70, bool), np.ones(60, bool), np.zeros(gap, bool), np.ones(40, bool)])
    assert spoken(voiced)[-1] == expected


def test_nobody_speaks_in_silence():
    assert spoken(np.zeros(50, bool), [10])[-1] == 0
    assert spoken(np.zeros(0, bool)) == []


@given(st.lists(st.booleans(), max_size=200), st.lists(st.integers(0, 200), max_size=8))
def test_time_spoken_does_not_depend_on_cuts(voiced, cuts):
    voiced = np.repeat(np.array(voiced, bool), 7)
    assert spoken(voiced, cuts) == spoken(voiced)
