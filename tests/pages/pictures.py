"""Draw the pictures of docs/reports.md: ``python -m tests.pages.pictures docs/images``. It needs Chromium."""

import random
import shutil
import sys
import tempfile
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from monitor.policy.load import load_policy
from monitor.report.call_page import call_page, voice_of
from monitor.report.page import write_page
from monitor.report.tracks import read_measures
from monitor.report.trends import DatedCall, trends
from monitor.report.trends_page import trends_page
from monitor.sinks.json_file import read_json
from monitor.types import FlagState
from tests.report_samples import call, flag

BEHAVIOURS = ("say.calm_down", "say.push_off", "say.argue", "say.cannot")
SIZE = {"width": 760, "height": 900}


def call_page_of(result_path):
    """The page of a result, with the frames beside it."""
    result = read_json(result_path)
    voice = voice_of(read_measures(result_path.with_suffix(".frames.parquet"), result))
    return call_page(result, policy=load_policy(None), voice=voice)


def trends_page_of():
    """A page of nine weeks of made-up calls."""
    rng = random.Random(3)
    calls = []
    for week in range(9):
        for team in ("north", "south") * rng.randint(2, 4):
            flags = [flag(FlagState.CONFIRMED, 5.0, behaviour=rng.choice(BEHAVIOURS)) for _ in range(rng.randint(0, 3))]
            red_s, amber_s = rng.uniform(0, 4 - week / 3), rng.uniform(0.5, 4)
            summary = replace(call().summary, red_s=red_s, amber_s=amber_s, green_s=30 - red_s - amber_s)
            day = date(2026, 9, 7) + timedelta(days=7 * week + rng.randint(0, 4))
            calls.append(DatedCall(call(flags=tuple(flags), summary=summary), day, team))
    return trends_page(trends(calls), title="support calls", policy=load_policy(None))


def main(out):
    """Judge the bundled call, write both pages and take their pictures."""
    from playwright.sync_api import sync_playwright

    from monitor.commands.analyze import analyze
    from monitor.demo import CALL_PATH

    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        options = ["--recogniser", "pocketsphinx", "--format", "parquet", "--quiet", "--out", name]
        analyze.main([str(CALL_PATH), *options], standalone_mode=False)
        write_page(call_page_of(folder / "call.json"), folder / "report.html")
        write_page(trends_page_of(), folder / "trends.html")
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for page in ("report", "trends"):
            view = browser.new_page(viewport=SIZE)
            view.goto((folder / f"{page}.html").as_uri())
            if page == "report":
                view.evaluate("document.querySelector('main').scrollIntoView()")
            view.screenshot(path=out / f"{page}.png")
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/images"))
