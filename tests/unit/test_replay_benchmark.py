"""The benchmark of the replay window opens, draws and measures it."""

from benchmarks.replay import _goals, _joined, _one, _tables
from benchmarks.replay_call import write_call
from monitor.replay.kept import KeptCalls


def test_a_minute_is_opened_zoomed_and_measured(tmp_path):
    write_call(tmp_path / "call.wav", KeptCalls(tmp_path / "kept"), minutes=1, channels=2)
    run = _one(tmp_path / "call.wav", tmp_path / "kept", frames=30)
    assert len(run["zoom_ms"]) == len(run["pan_ms"]) == 30
    assert 0 < run["usable_cpu_s"] <= run["whole_cpu_s"]
    assert 50 < run["peak_mb"] < 500
    joined = _joined([run, run, run])
    assert joined["zoom_ms_p50"] <= joined["zoom_ms_p95"] <= max(run["zoom_ms"])
    assert all(goal.met is not None for goal in _goals(joined))
    assert len(_tables({"mono": joined, "stereo": joined}, 1)[1].rows) == 8
