"""Calls for the tests of replay: the sample of the reports with a recording of known sound and its measures."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from monitor.replay.document import CallView
from monitor.replay.notes import FileNotebook
from monitor.replay.recording import open_waveform
from monitor.replay.tracks import tracks_of
from monitor.store.columns import Trace
from tests.media import write_sound
from tests.report_samples import DURATION_S, call

RATE_HZ = 8000
CLICK_S = 12.5
TONE_HZ, TONE_S = 1000.0, (20.0, 25.0)


def sound():
    """Both channels, shape (channels, samples): the agent a tone in the fourth turn, the customer a single click."""
    at_s = np.arange(int(DURATION_S * RATE_HZ)) / RATE_HZ
    y = np.zeros((2, len(at_s)), np.float32)
    toned = (at_s >= TONE_S[0]) & (at_s < TONE_S[1])
    y[0, toned] = 0.5 * np.sin(2 * np.pi * TONE_HZ * at_s[toned])
    y[1, round(CLICK_S * RATE_HZ)] = 0.9
    return y


def trace(level_dbfs=-30.0):
    """Frames of a voice from 20 to 25 s: 200 Hz, an effort of -8 dB, four syllables a second."""
    frames = int(DURATION_S * 100)
    speech = np.zeros(frames, bool)
    speech[2000:2500] = True
    nucleus = np.zeros(frames, bool)
    nucleus[2000:2500:25] = True
    return Trace(
        level_dbfs=np.where(speech, np.float32(level_dbfs), np.float32(-70)),
        f0_hz=np.where(speech, np.float32(200), np.float32(np.nan)),
        effort_db=np.where(speech, np.float32(-8), np.float32(np.nan)),
        speech=speech,
        nucleus=nucleus,
    )


def call_view(folder, *, with_sound=True, with_tracks=True, **changes):
    """A call as the window shows it; close it."""
    path = write_sound(folder / "call.wav", sound(), RATE_HZ, "PCM_16") if with_sound else None
    result = call()
    tracks = (*tracks_of(trace(), "agent"), *tracks_of(trace(-50.0), "customer")) if with_tracks else ()
    notebook = FileNotebook(result, folder / "notes")
    view = CallView(result, None, open_waveform(path) if path else None, tracks, notebook, recording=path)
    return replace(view, **changes)
