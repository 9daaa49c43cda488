"""The commands that write pages, and analyze over archives: since, watch, formats, memory."""

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from monitor.batch import Totals, run
from monitor.batch_view import QuietView
from monitor.batch_work import ENDINGS, Job
from monitor.cli import main
from monitor.commands.analyze import FORMATS
from monitor.demo import CALL_PATH
from monitor.recordings import list_recordings
from monitor.sinks.json_file import read_json, write_json
from monitor.store.calls import open_store
from tests import batch_fakes as fakes
from tests.report_samples import call, hostile_call, write_frames
from tests.stored import empty_result, hand_over, head

ROOT = Path(__file__).parents[2]
FAKE_ANALYZE = (
    "import sys; from tests import batch_fakes; sys.modules['monitor.assemble'] = batch_fakes; "
    "from monitor.commands.analyze import analyze; analyze(sys.argv[1:], standalone_mode=False)"
)


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def evenkeel(*arguments):
    """Run the program in this process; its exit code, standard output and standard error."""
    out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main([str(argument) for argument in arguments])
        out.flush()
    return code, out.buffer.getvalue().decode(), err.getvalue()


def page(path):
    return Path(path).read_text(encoding="utf-8")


# --- report


def test_a_result_becomes_a_page_with_its_frames(here):
    write_json(call(), here / "results" / "call.json")
    write_frames(here / "results" / "call.frames.parquet", call())
    assert evenkeel("report", "results/call.json") == (0, "", "The page is call.html.\n")
    assert "Pitch (Hz)" in page("call.html")
    assert evenkeel("report", "results/call.json", "--out", "sub/other.html", "--quiet") == (0, "", "")
    assert page("sub/other.html") == page("call.html")


def test_a_hostile_result_becomes_a_page(here):
    write_json(hostile_call(), here / "call.json")
    assert evenkeel("report", "call.json")[0] == 0
    assert "<script" not in page("call.html")


def test_a_recording_is_analysed_first(here):
    code, _, err = evenkeel("report", CALL_PATH, "--recogniser", "none", "--quiet")
    assert (code, err) == (0, "")
    written = page("call.html")
    assert "nothing: words were not listened to" in written
    assert "Pitch (Hz)" in written
    assert [path.name for path in here.iterdir()] == ["call.html"]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["report", "gone.json"], 2, "gone.json is no file: give a result"),
        (["report", "."], 2, "is no file"),
        (["report", "list.json"], 1, "This is not a result in the format evenkeel.call/1"),
        (["report", "text.wav"], 1, "text.wav"),
        (["report", "call.json", "--out", "text.wav/below.html"], 3, "could not be written"),
        (["report", "call.json", "--policy", "nowhere.toml"], 2, "nowhere.toml"),
        (["trends", "gone"], 2, "gone"),
        (["trends", "."], 1, "There is no week with at least 3 results"),
        (["analyze", "text.wav", "--since", "sometime"], 2, "no time to begin at"),
        (["analyze", ".", "--watch"], 2, "--watch needs a folder for the results"),
    ],
)
def test_wrong_use_is_one_sentence(here, arguments, code, words):
    write_json(call(), here / "call.json")
    Path("list.json").write_text("[1]")
    Path("text.wav").write_text("this is no sound")
    answer, out, err = evenkeel(*arguments)
    assert (answer, out) == (code, "")
    assert words in err
    assert err.count("\n") == 1


# --- trends


def test_a_folder_of_results_becomes_a_page(here):
    for team in ("north", "south"):
        for i in range(4):
            write_json(call(), here / "results" / team / f"2026-11-0{2 + i}-{team}.json")
    code, _, err = evenkeel("trends", "results", "--teams", "--by", "month", "--out", "t.html")
    assert (code, err) == (0, "The page is t.html.\n")
    assert "8 calls" in page("t.html")
    assert "Nov 2026" in page("t.html")
    assert ">north<" in page("t.html")


def test_a_program_reads_the_figures(here):
    for i in range(4):
        write_json(call(), here / f"2026-11-0{2 + i}.json")
    code, out, _ = evenkeel("trends", ".", "--json")
    told = json.loads(out)
    assert (code, told["all"]["calls"], told["periods"][0]["begin"], told["teams"]) == (0, 4, "2026-11-02", [])
    assert told["all"]["per_hour"]["say.calm_down"] == 90.0
    assert told["all"]["met"] == {"do.apologise": 1.0, "do.empathise": 0.0}
    assert not Path("trends.html").exists()


def test_a_damaged_result_is_named_and_the_others_are_used(here):
    for i in range(3):
        write_json(call(), here / f"2026-11-0{2 + i}.json")
    Path("half.json").write_text('{\n "schema": "evenkeel.call/1"')
    code, _, err = evenkeel("trends", ".")
    assert code == 1
    assert err.startswith("half.json: half.json could not be read as a result")
    assert "1 results could not be read" in page("trends.html")


# --- stored calls


@pytest.fixture
def stored(here):
    """A store with three calls of one agent, shared with the team."""
    with open_store(here / "store.db", who="ann") as store:
        numbers = []
        for _ in range(3):
            writer = store.begin(head(team="north"))
            hand_over(writer)
            numbers.append(writer.finish(empty_result()))
    return here / "store.db", numbers


def test_a_stored_call_becomes_a_page_and_its_agent_can_see_that(stored):
    place, numbers = stored
    code, _, err = evenkeel("report", numbers[0], "--store", place, "--as", "ann")
    assert (code, err) == (0, f"The page is {numbers[0]}.html.\n")
    assert "Pitch (Hz)" in page(f"{numbers[0]}.html")
    with open_store(place, who="ann") as store:
        assert store.visits("ann")[0].deed == "report"
    code, _, err = evenkeel("report", 99, "--store", place, "--as", "ann")
    assert (code, err.count("\n")) == (2, 1)
    assert evenkeel("report", numbers[0], "--store", place, "--as", "bob")[0] == 2  # not shared with him


def test_stored_calls_become_a_page_of_patterns(stored):
    place, _ = stored
    code, _, err = evenkeel("trends", "--store", place, "--as", "ann", "--teams")
    assert (code, err) == (0, "The page is trends.html.\n")
    assert ">north<" in page("trends.html")
    code, _, err = evenkeel("trends", "--store", place, "--as", "bob")
    assert (code, err.split(",")[0]) == (1, "There is no week with at least 3 results in the store")


# --- analyze: formats


def test_every_format_is_offered_and_written(here, monkeypatch):
    assert set(FORMATS) == set(ENDINGS)
    monkeypatch.setitem(sys.modules, "monitor.assemble", fakes)
    Path("a.wav").write_bytes(b"sound")
    assert evenkeel("analyze", "a.wav", "--out", "out", "--format", ",".join(FORMATS), "--quiet")[0] == 0
    assert sorted(path.name for path in Path("out").iterdir()) == sorted(f"a{ending}" for ending in ENDINGS.values())
    for name in ("textgrid", "audacity", "elan", "webvtt"):
        written = Path(f"out/a{ENDINGS[name]}").read_bytes()
        assert evenkeel("analyze", "a.wav", "--format", name)[1].encode() == written
        Path(f"out/a{ENDINGS[name]}").unlink()
    err = evenkeel("analyze", "a.wav", "--out", "out", "--format", ",".join(FORMATS))[2]
    assert err == "1 already done; --force repeats them.\n"
    assert Path("out/a.eaf").exists()  # what is missing follows from the result, without the sound


# --- analyze: since and watch


def test_since_leaves_older_recordings_out(here, monkeypatch):
    monkeypatch.setitem(sys.modules, "monitor.assemble", fakes)
    for name in ("old.wav", "new.wav"):
        Path(name).write_bytes(b"sound")
    os.utime("old.wav", (1_700_000_000, 1_700_000_000))
    assert "1 recording analysed" in evenkeel("analyze", ".", "--out", "out", "--since", "7d")[2]
    assert [path.name for path in Path("out").iterdir()] == ["new.json"]
    answer = evenkeel("analyze", "old.wav", "--out", "out", "--since", "2026-01-01")
    assert answer == (0, "", "No recording was changed since 2026-01-01.\n")


@contextlib.contextmanager
def watching(*options):
    command = [sys.executable, "-c", FAKE_ANALYZE, "calls", "--out", "out", "--watch", *options]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def wait_for(condition, process):
    end_s = time.monotonic() + 60
    while not condition():
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < end_s
        time.sleep(0.05)


def put(name, text="sound"):
    """A recording that was finished some time ago."""
    path = Path("calls", name)
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    os.utime(path, (time.time() - 100, time.time() - 100))


@pytest.mark.skipif(os.name != "posix", reason="signals are sent as on POSIX systems")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_watched_folder_is_judged_as_it_fills_and_ctrl_c_ends_it(here, how):
    put("a.wav")
    with watching() as process:
        wait_for(Path("out/a.json").exists, process)
        put("b.wav")
        wait_for(Path("out/b.json").exists, process)
        time.sleep(0.3)
        process.send_signal(how)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    assert err.splitlines()[0] == "Watching calls; Ctrl-C ends it."
    assert err.splitlines()[-1] == "Stopped watching; 2 recordings analysed."
    assert "Traceback" not in err
    assert read_json(Path("out/b.json")).source.name == "b.wav"


@pytest.mark.skipif(os.name != "posix", reason="signals are sent as on POSIX systems")
def test_a_watch_goes_on_past_bad_and_crashing_recordings_and_resumes(here):
    for name in ("bad.wav", "segfault.wav", "a.wav"):
        put(name)
    with watching("--json") as process:
        wait_for(Path("out/a.json").exists, process)
        put("z.wav")
        wait_for(Path("out/z.json").exists, process)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    rounds = [json.loads(line) for line in out.splitlines()]
    failed = {Path(each["path"]).name for told in rounds for each in told["failed"]}
    assert failed == {"bad.wav", "segfault.wav"}, err
    assert process.returncode == 1
    before = Path("out/a.json").stat().st_mtime_ns
    put("y.wav")
    with watching("--quiet") as process:
        wait_for(Path("out/y.json").exists, process)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
    assert Path("out/a.json").stat().st_mtime_ns == before


# --- memory


class Sampler(QuietView):
    """Notes the memory of this process and its workers at every hundredth recording."""

    def __init__(self):
        self.told = 0
        self.samples_mb = []

    def tell(self, job, outcome):
        self.told += 1
        if self.told % 100 == 0:
            own = psutil.Process()
            self.samples_mb.append(sum(each.memory_info().rss for each in [own, *own.children(recursive=True)]) / 1e6)


@pytest.mark.slow
def test_memory_does_not_grow_with_the_number_of_recordings(here):
    calls = Path("calls")
    calls.mkdir()
    for i in range(2000):
        (calls / f"{i:04d}.wav").write_bytes(b"sound %d" % i)
    listing = list_recordings(["calls"])
    options = fakes.AnalysisOptions()
    jobs = [
        Job(r.path, Path("out") / r.target, r.size_bytes, ("json", "csv"), options, fakes.ENGINE)
        for r in listing.recordings
    ]
    view, totals = Sampler(), Totals()
    threads = threading.active_count()  # other tests may have left some
    run(jobs, fakes.analyse, view, totals)
    assert (totals.done, totals.failed) == (2000, [])
    assert threading.active_count() <= threads + 2
    # after the first hundreds everything that is loaded once is loaded
    assert view.samples_mb[-1] - view.samples_mb[4] < 10, view.samples_mb
