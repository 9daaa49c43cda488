"""Batches: what is done stays done, whatever happens to the rest."""

import json
import os
import shutil
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from pathlib import PurePath

import pytest

from monitor.batch import Totals, run
from monitor.batch_work import ENDINGS, Job, State, work
from monitor.errors import EnvironmentProblem
from monitor.result import CallResult
from monitor.sinks.json_file import read_json
from tests import batch_fakes as fakes


class CollectingView:
    def __init__(self):
        self.progress = []
        self.outcomes = {}

    def show(self, progress):
        self.progress.append(progress)

    def tell(self, job, outcome):
        self.outcomes[job.path.name] = outcome


def make_jobs(folder, names, *, formats=("json",), force=False, options=None):
    options = options or fakes.AnalysisOptions()
    engine = fakes.engine_info(options)
    recordings = folder / "in"
    recordings.mkdir(exist_ok=True)
    jobs = []
    for name in names:
        path = recordings / name
        if not path.exists():
            path.write_bytes(name.encode() * 100)
        place = folder / "out" / PurePath(name).stem
        jobs.append(Job(path, place, path.stat().st_size, formats, options, engine, force))
    return jobs


def do(jobs, workers=1):
    view, totals = CollectingView(), Totals()
    run(jobs, fakes.analyse, view, totals, workers=workers)
    return view, totals


def files_in(folder):
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_one_recording_leaves_every_format_asked_for(tmp_path):
    view, totals = do(make_jobs(tmp_path, ["a.wav"], formats=("json", "csv", "parquet")))
    assert files_in(tmp_path / "out") == ["a.csv", "a.frames.parquet", "a.json"]
    assert (totals.done, totals.kept, totals.failed, totals.audio_s) == (1, 0, [], 4.0)
    assert view.progress[-1].files == 1
    assert view.progress[-1].left_s == 0.0


def test_progress_only_rises_and_tells_the_audio_done(tmp_path):
    view, _ = do(make_jobs(tmp_path, ["a.wav"]))
    audio_s = [progress.audio_s for progress in view.progress]
    assert audio_s == sorted(audio_s)
    assert {1.0, 2.0, 3.0, 4.0} <= set(audio_s)


def test_bad_recordings_are_named_and_the_others_done(tmp_path):
    jobs = make_jobs(tmp_path, ["a.wav", "bad.wav", "bug.wav", "z.wav"])
    view, totals = do(jobs)
    assert files_in(tmp_path / "out") == ["a.json", "z.json"]
    assert {path.name: why for path, why in totals.failed} == {
        "bad.wav": "bad.wav holds no sound: record or export it again.",
        "bug.wav": "Something went wrong inside Evenkeel (ValueError: a sum came out wrong).",
    }
    assert "a sum came out wrong" in view.outcomes["bug.wav"].trace


def test_a_crashing_worker_costs_only_its_recording(tmp_path):
    _, totals = do(make_jobs(tmp_path, ["a.wav", "segfault.wav", "exit.wav", "y.wav", "z.wav"]), workers=2)
    assert files_in(tmp_path / "out") == ["a.json", "y.json", "z.json"]
    whys = {path.name: why for path, why in totals.failed}
    assert sorted(whys) == ["exit.wav", "segfault.wav"]
    assert os.name != "posix" or "SIGSEGV" in whys["segfault.wav"]


def test_a_full_disk_stops_the_batch_and_keeps_what_is_finished(tmp_path):
    totals = Totals()
    with pytest.raises(EnvironmentProblem, match="the disk is full"):
        run(make_jobs(tmp_path, ["a.wav", "full.wav", "z.wav"]), fakes.analyse, CollectingView(), totals)
    assert files_in(tmp_path / "out") == ["a.json"]
    assert totals.done == 1


def test_what_is_done_is_kept(tmp_path):
    do(make_jobs(tmp_path, ["a.wav"]))
    before = (tmp_path / "out" / "a.json").stat()
    _, totals = do(make_jobs(tmp_path, ["a.wav"]))
    assert (totals.done, totals.kept) == (0, 1)
    assert (tmp_path / "out" / "a.json").stat().st_mtime_ns == before.st_mtime_ns


def test_force_repeats(tmp_path):
    do(make_jobs(tmp_path, ["a.wav"]))
    _, totals = do(make_jobs(tmp_path, ["a.wav"], force=True))
    assert (totals.done, totals.kept) == (1, 0)


def change_policy(folder):
    return make_jobs(folder, ["a.wav"], options=fakes.AnalysisOptions(policy="mine@ffffffffffff"))


def change_recording(folder):
    (folder / "in" / "a.wav").write_bytes(b"another call")
    return make_jobs(folder, ["a.wav"])


def damage_result(folder):
    (folder / "out" / "a.json").write_text('{"schema": "evenkeel.call/1"')
    return make_jobs(folder, ["a.wav"])


def lose_key(folder):
    path = folder / "out" / "a.json"
    data = json.loads(path.read_text())
    del data["lights"]
    path.write_text(json.dumps(data))
    return make_jobs(folder, ["a.wav"])


def ask_for_frames(folder):
    return make_jobs(folder, ["a.wav"], formats=("json", "parquet"))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (change_policy, "it was made with another policy"),
        (change_recording, "the recording changed"),
        (damage_result, "its result could not be read"),
        (lose_key, "its result could not be read"),
        (ask_for_frames, "its frames were not kept"),
    ],
)
def test_what_no_longer_fits_is_made_again_and_said(tmp_path, change, why):
    do(make_jobs(tmp_path, ["a.wav"]))
    jobs = change(tmp_path)
    _, totals = do(jobs)
    assert dict(totals.redone) == {why: 1}
    assert read_json(jobs[0].file("json")).source.duration_s == 4.0


def test_frames_of_an_older_result_are_made_again(tmp_path):
    both = {"formats": ("json", "parquet")}
    do(make_jobs(tmp_path, ["a.wav"], **both))
    old = tmp_path / "old.parquet"
    shutil.copy(tmp_path / "out" / "a.frames.parquet", old)
    change_recording(tmp_path)
    do(make_jobs(tmp_path, ["a.wav"], **both))
    shutil.copy(old, tmp_path / "out" / "a.frames.parquet")
    _, totals = do(make_jobs(tmp_path, ["a.wav"], **both))
    assert totals.done == 1


@pytest.mark.parametrize("damage", ["missing", "stale"])
def test_a_table_is_mended_without_analysing_again(tmp_path, damage):
    table = tmp_path / "out" / "a.csv"
    do(make_jobs(tmp_path, ["a.wav"], formats=("json", "csv")))
    wanted = table.read_bytes()
    if damage == "missing":
        table.unlink()
    else:
        table.write_text("of another policy")
    _, totals = do(make_jobs(tmp_path, ["a.wav"], formats=("json", "csv")))
    assert (totals.done, totals.kept) == (0, 1)
    assert table.read_bytes() == wanted


def test_processes_change_nothing(tmp_path):
    names = [f"c{i}.wav" for i in range(6)]
    do(make_jobs(tmp_path, names))
    alone = {name: (tmp_path / "out" / name).read_bytes() for name in files_in(tmp_path / "out")}
    shutil.rmtree(tmp_path / "out")
    _, totals = do(make_jobs(tmp_path, names), workers=3)
    assert {name: (tmp_path / "out" / name).read_bytes() for name in files_in(tmp_path / "out")} == alone
    assert len(alone) == totals.done == 6
    assert totals.audio_s == 24.0


def test_stopping_leaves_finished_results_and_no_halves(tmp_path):
    jobs = make_jobs(tmp_path, ["a.wav", "slow.wav", "slow2.wav"], formats=("json", "parquet"))

    class ImpatientView(CollectingView):
        def show(self, progress):
            if "a.wav" in self.outcomes and progress.audio_s > 5.0:
                raise KeyboardInterrupt

    totals = Totals()
    with pytest.raises(KeyboardInterrupt):
        run(jobs, fakes.analyse, ImpatientView(), totals, workers=2)
    assert files_in(tmp_path / "out") == ["a.frames.parquet", "a.json"]
    assert totals.done == 1
    assert isinstance(read_json(jobs[0].file("json")), CallResult)


def test_stopping_here_leaves_no_halves(tmp_path):
    class ImpatientView(CollectingView):
        def show(self, _progress):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(make_jobs(tmp_path, ["a.wav"], formats=tuple(ENDINGS)), fakes.analyse, ImpatientView(), Totals())
    assert files_in(tmp_path / "out") == []


def test_state_words_are_what_the_view_is_told(tmp_path):
    do(make_jobs(tmp_path, ["b.wav"]))
    view, _ = do(make_jobs(tmp_path, ["a.wav", "b.wav", "bad.wav"]))
    assert {name: outcome.state for name, outcome in view.outcomes.items()} == {
        "a.wav": State.DONE,
        "b.wav": State.KEPT,
        "bad.wav": State.FAILED,
    }


class BreakingCrew:
    """Workers whose pool breaks down so many times before it works."""

    breaks = 0

    def __init__(self, analyse, slots, workers):
        self.analyse = analyse

    def begin(self, job, slot):
        future = Future()
        if self.breaks:
            type(self).breaks -= 1
            future.set_exception(BrokenProcessPool("all workers expired"))
        else:
            future.set_result(work(job, self.analyse, lambda _done_s: None))
        return future

    def stop(self):
        pass


@pytest.mark.parametrize(("breaks", "failed"), [(1, 0), (2, 1), (5, 2)])
def test_a_pool_that_breaks_down_is_made_again_once(tmp_path, monkeypatch, breaks, failed):
    monkeypatch.setattr("monitor.batch._Crew", BreakingCrew)
    monkeypatch.setattr(BreakingCrew, "breaks", breaks)
    view, totals = do(make_jobs(tmp_path, ["a.wav", "b.wav", "c.wav"]), workers=1)
    assert len(totals.failed) == failed
    assert totals.done == 3 - failed
    assert view.progress[-1].files == 3
    assert all("process ended without an answer" in why for _, why in totals.failed)


class InterruptedCrew(BreakingCrew):
    """Workers that are interrupted just after one of them began its recording: nobody noted yet that it has it."""

    def begin(self, job, slot):
        super().begin(job, slot)
        job.file("parquet").with_name(f".{job.file('parquet').name}.1.evenkeel-part").touch()
        raise KeyboardInterrupt


def test_an_interruption_while_work_is_handed_over_leaves_no_part_of_a_file(tmp_path, monkeypatch):
    monkeypatch.setattr("monitor.batch._Crew", InterruptedCrew)
    with pytest.raises(KeyboardInterrupt):
        do(make_jobs(tmp_path, ["a.wav", "b.wav"]), workers=2)
    assert not list(tmp_path.rglob("*.evenkeel-part"))
