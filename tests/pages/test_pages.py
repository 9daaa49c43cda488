"""What a reader's browser makes of the pages: nothing runs, nothing is fetched, everything can be seen and heard."""

import re
from datetime import date, timedelta
from itertools import pairwise

import pytest

from monitor.export.captions import to_webvtt
from monitor.policy.load import load_policy
from monitor.report.call_page import call_page, voice_of
from monitor.report.page import write_page
from monitor.report.tracks import read_measures
from monitor.report.trends import DatedCall, Period, trends
from monitor.report.trends_page import trends_page
from tests.pages.pictures import trends_page_of
from tests.report_samples import HOSTILE, call, hostile_call, write_frames
from ui.palette import LEAST_FOR_SHAPES, LEAST_FOR_TEXT, contrast

PICTURE_BYTES = 400_000


def page_of(result, folder, *, frames=True):
    if frames:
        write_frames(folder / "call.frames.parquet", result)
    path = folder / "call.html"
    voice = voice_of(read_measures(folder / "call.frames.parquet", result))
    write_page(call_page(result, policy=load_policy(None), voice=voice), path)
    return path


def trends_of(folder, *, team="north", result=None):
    first = date(2026, 9, 7)
    days = [first + timedelta(days=7 * (i // 4)) for i in range(20)]
    calls = [DatedCall(result or call(), day, (team, "south")[i % 2]) for i, day in enumerate(days)]
    path = folder / "trends.html"
    found = trends(calls, Period.WEEK)
    write_page(trends_page(found, title=team, notes=[team], policy=load_policy(None)), path)
    return path


@pytest.fixture
def pages(tmp_path):
    return {"call": page_of(call(), tmp_path), "trends": trends_of(tmp_path)}


@pytest.mark.parametrize("name", ["call", "trends"])
def test_a_page_is_quiet_and_fetches_nothing(visit, pages, name):
    seen = visit(pages[name])
    assert (seen.console, seen.dialogs) == ([], [])
    assert seen.requests == [pages[name].as_uri()]
    assert seen.page.evaluate("document.scripts.length") == 0
    # the style sheet was let in by its hash
    assert seen.page.evaluate("getComputedStyle(document.querySelector('section')).borderRadius") == "8px"


@pytest.mark.parametrize("kind", ["call", "trends"])
def test_hostile_names_run_nothing_and_are_shown_as_they_are(visit, tmp_path, kind):
    hostile = hostile_call()
    path = page_of(hostile, tmp_path, frames=False) if kind == "call" else None
    seen = visit(path or trends_of(tmp_path, team="".join(HOSTILE), result=hostile))
    seen.page.mouse.move(300, 300)
    assert seen.page.evaluate("window.hurt === undefined")
    assert (seen.console, seen.dialogs, len(seen.requests)) == ([], [], 1)
    for tag in ("script", "img", "iframe", "a", "base", "form", "object", "link"):
        assert seen.page.locator(tag).count() == 0
    assert "<script>window.hurt=1</script>" in seen.page.locator("h1").inner_text()
    text = seen.page.content()
    assert "\N{RIGHT-TO-LEFT OVERRIDE}" not in text
    assert "\\u202e" in text


def test_what_would_run_is_forbidden_too(visit, pages):
    """The policy holds even for what might get past the escaping."""
    path = pages["call"]
    evil = '<img src="https://example.invalid/x.png"><p id="styled" style="color: red">x</p>'
    evil += '<script src="https://example.invalid/x.js"></script><script>window.hurt=1</script>'
    path.write_text(path.read_text(encoding="utf-8").replace("<main>", f"<main>{evil}"), encoding="utf-8")
    seen = visit(path)
    assert seen.page.evaluate("window.hurt === undefined")
    # the browser tells of a request before it refuses it
    assert {url for url in seen.requests if "invalid" in url} == set(seen.refused)
    assert len(seen.refused) == 2
    assert any("Content Security Policy" in line for line in seen.console)
    assert seen.page.evaluate("getComputedStyle(document.getElementById('styled')).color") != "rgb(255, 0, 0)"


@pytest.mark.parametrize("name", ["call", "trends"])
def test_a_screen_reader_finds_headings_names_and_tables(visit, pages, name):
    page = visit(pages[name]).page
    levels = page.evaluate("[...document.querySelectorAll('h1,h2,h3')].map(h => Number(h.tagName[1]))")
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    told = page.locator("body").aria_snapshot()
    drawings = page.locator("svg[role=img]").count()
    assert drawings >= 3
    assert len(re.findall(r"\bimg \".+\"", told)) == drawings, "every chart has a name"
    described = page.evaluate(
        "[...document.querySelectorAll('svg[role=img]')].map(s =>"
        " document.getElementById(s.getAttribute('aria-describedby')).textContent.length)"
    )
    assert min(described) > 20
    assert page.evaluate("[...document.querySelectorAll('table')].every(t => t.caption && t.tHead)")
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)")
    assert len(ids) == len(set(ids))
    assert page.locator("html").get_attribute("lang") == "en"


def test_every_chart_of_a_call_has_a_table(visit, pages):
    page = visit(pages["call"]).page
    captions = page.locator("caption").all_text_contents()
    assert captions == [
        "Every light with its reasons",
        "Phrases, and what to say instead",
        "Turns",
        "Upper values over equal stretches of the call",
    ]
    page.locator("summary", has_text="The voice as a table").press("Enter")
    rows = page.locator("details[open] tbody tr").all_text_contents()
    assert len(rows) == 12
    assert any("no voice" in row for row in rows)


@pytest.mark.parametrize("name", ["call", "trends"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_can_be_told_from_the_ground(visit, pages, name, scheme):
    page = visit(pages[name], color_scheme=scheme).page

    def rgb(variable):
        value = page.evaluate(f"getComputedStyle(document.documentElement).getPropertyValue('--{variable}')").strip()
        full = value[1:] if len(value) == 7 else "".join(2 * letter for letter in value[1:])
        return tuple(bytes.fromhex(full))

    for ground in ("ground", "card"):
        for text in ("text", "quiet", "green", "amber", "red"):
            assert contrast(rgb(text), rgb(ground)) >= LEAST_FOR_TEXT, (text, ground)
        for drawn in ("grey", "track", "other"):
            assert contrast(rgb(drawn), rgb(ground)) >= LEAST_FOR_SHAPES, (drawn, ground)
    assert contrast(rgb("text"), rgb("mark")) >= LEAST_FOR_TEXT
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(32, 34, 37)"
    assert dark == (scheme == "dark")


def test_lights_are_told_without_colour(visit, pages):
    page = visit(pages["call"]).page
    heights = page.evaluate(
        "Object.fromEntries([...document.querySelectorAll('rect.light')]"
        ".map(r => [r.classList[1], r.height.baseVal.value]))"
    )
    assert heights["grey"] < heights["green"] < heights["amber"] < heights["red"]
    forms = page.evaluate("[...document.querySelectorAll('.legend path')].map(p => p.getAttribute('class'))")
    assert len(set(forms)) == 4


@pytest.mark.parametrize("name", ["call", "trends"])
@pytest.mark.parametrize("width", [340, 1400])
def test_nothing_sticks_out_of_a_narrow_or_wide_window(visit, pages, name, width):
    page = visit(pages[name], viewport={"width": width, "height": 800}).page
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("name", ["call", "trends"])
def test_paper_shows_everything(visit, pages, name):
    page = visit(pages[name], color_scheme="dark").page
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    hidden = page.evaluate(
        "[...document.querySelectorAll('table')].filter(t => t.getBoundingClientRect().height < 20).length"
    )
    assert hidden == 0, "tables that fold on a screen are open on paper"
    assert page.evaluate("[...document.querySelectorAll('summary')].every(s => getComputedStyle(s).display === 'none')")
    page.set_viewport_size({"width": 700, "height": 1000})  # A4 without its margins
    assert page.evaluate("document.documentElement.scrollWidth") <= 700
    assert page.pdf(prefer_css_page_size=True).startswith(b"%PDF")


@pytest.mark.parametrize("name", ["call", "trends"])
def test_pictures_can_be_taken(visit, pages, name):
    write_page(trends_page_of(), pages["trends"])
    page = visit(pages[name]).page
    picture = page.screenshot(full_page=True)
    assert picture.startswith(b"\x89PNG")
    assert 10_000 < len(picture) < PICTURE_BYTES


def test_a_player_in_a_browser_reads_the_captions(browser):
    page = browser.new_page()
    try:
        page.set_content("<video><track kind=captions default></video>")
        # the file as a player would get it, without a server
        cues = page.evaluate(
            """text => new Promise((done, failed) => {
                const track = document.querySelector('track');
                const read = cue => [cue.startTime, cue.endTime, cue.getCueAsHTML().textContent];
                track.onload = () => done([...track.track.cues].map(read));
                track.onerror = () => failed(new Error('not read'));
                track.src = URL.createObjectURL(new Blob([text], {type: 'text/vtt'}));
                track.track.mode = 'hidden';
            })""",
            to_webvtt(hostile_call()),
        )
    finally:
        page.close()
    assert [21.2, 21.6] in [cue[:2] for cue in cues]
    assert any("<script>window.hurt=1</script>" in text for _, _, text in cues)
    assert len(cues) == to_webvtt(hostile_call()).count("-->")
