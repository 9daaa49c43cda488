"""Patterns over many calls: sums that are right, and nothing that tells of one person."""

import os
from dataclasses import replace
from datetime import date
from pathlib import PurePath

import pytest

from monitor.policy.load import load_policy
from monitor.report.archive import Archive, day_in
from monitor.report.trends import DatedCall, Period, episodes, trends
from monitor.report.trends_page import period_name, trends_page
from monitor.sinks.json_file import write_json
from monitor.types import ChecklistItem, FlagState, Light, LightSpan, Reason
from tests.report_samples import RAISED, call, flag

MONDAY = date(2026, 11, 2)


def dated(count, day=MONDAY, team=None, **changes):
    return [DatedCall(call(**changes), day, team) for _ in range(count)]


@pytest.mark.parametrize(
    ("by", "begin", "after"),
    [
        (Period.DAY, date(2026, 11, 5), date(2026, 11, 6)),
        (Period.WEEK, MONDAY, date(2026, 11, 9)),
        (Period.MONTH, date(2026, 11, 1), date(2026, 12, 1)),
    ],
)
def test_periods_begin_and_follow_each_other(by, begin, after):
    assert by.begin(date(2026, 11, 5)) == begin
    assert by.after(begin) == after


def test_months_of_any_length_follow_each_other():
    day, months = date(2027, 12, 1), []
    for _ in range(15):
        months.append((day.year, day.month))
        day = Period.MONTH.after(day)
    assert months[:3] == [(2027, 12), (2028, 1), (2028, 2)]
    assert len(set(months)) == 15


def test_sums_are_those_of_the_calls():
    whole = trends(dated(4)).whole
    assert (whole.calls, whole.duration_s) == (4, 160.0)
    assert whole.light_share(Light.RED) == pytest.approx(6 / 30)  # grey was not judged
    assert whole.per_hour("say.calm_down") == pytest.approx(3600 / 40)
    assert whole.per_hour("voice.raised") == pytest.approx(3600 / 30)
    assert whole.met_share("do.apologise") == 1.0
    assert whole.met_share("do.steady") is None  # it was known in no call


def test_what_could_not_be_told_is_not_counted_as_nothing():
    silent = dated(3, engine=replace(call().engine, recogniser="none"), flags=(), conversation=None)
    whole = trends(silent).whole
    assert whole.per_hour("say.calm_down") is None
    assert whole.per_hour("turn.interrupt") is None
    assert whole.per_hour("voice.raised") is not None
    both = trends(silent + dated(3)).whole
    assert both.per_hour("say.calm_down") == pytest.approx(3600 / 40)  # over the three that were listened to


def test_an_episode_over_several_lights_is_one():
    other = Reason("pace.fast", "faster than usual")
    lights = (
        LightSpan(0, 5, Light.GREEN, (RAISED,)),  # a reason that lit nothing
        LightSpan(5, 10, Light.AMBER, (RAISED,)),
        LightSpan(10, 15, Light.RED, (RAISED, other)),
        LightSpan(15, 20, Light.GREEN),
        LightSpan(20, 40, Light.AMBER, (RAISED,)),
    )
    flags = (flag(FlagState.QUOTED, 1.0), flag(FlagState.TENTATIVE, 2.0), flag(FlagState.CONFIRMED, 9.0))
    assert episodes(call(lights=lights, flags=flags)) == {"voice.raised": 2, "pace.fast": 1, "say.calm_down": 2}


def test_groups_of_fewer_than_three_calls_are_left_out_with_their_calls():
    found = trends(dated(5, team="a") + dated(2, team="b") + dated(2, date(2026, 11, 9), team="a"))
    assert list(found.teams) == ["a"]
    assert {day: sums.calls for day, sums in found.periods.items()} == {MONDAY: 5}
    assert (found.whole.calls, found.left_out) == (5, 4)


def test_no_figure_tells_a_small_group_by_subtraction():
    """A week that is large enough only with a small team's calls goes with them."""
    found = trends(dated(2, team="a") + dated(1, team="b") + dated(3, date(2026, 11, 9), team="a"))
    assert list(found.periods) == [date(2026, 11, 9)]
    totals = found.whole.calls, sum(s.calls for s in found.periods.values()), sum(s.calls for s in found.teams.values())
    assert totals == (3, 3, 3)


def test_two_calls_are_no_pattern():
    found = trends(dated(2))
    assert (found.whole.calls, found.left_out, found.periods) == (0, 2, {})


def test_calls_are_taken_one_at_a_time():
    alive = []

    def calls():
        for made in range(50):
            alive.append(made)
            yield DatedCall(call(), MONDAY)

    assert trends(calls()).whole.calls == len(alive) == 50


@pytest.mark.parametrize(
    ("path", "day"),
    [
        ("2026-11-05-call.json", date(2026, 11, 5)),
        ("20261105_0930.json", date(2026, 11, 5)),
        ("agent7_2026_11_05.json", date(2026, 11, 5)),
        ("north/2026-11-05/a.json", date(2026, 11, 5)),
        ("2026-11-04/2026-11-05.json", date(2026, 11, 5)),
        ("a.json", None),
        ("20261305.json", None),
        ("2026-02-31.json", None),
        ("442026110512345.json", None),
    ],
)
def test_days_are_read_from_names(path, day):
    assert day_in(PurePath(path)) == day


def test_an_archive_knows_days_teams_and_what_it_could_not_read(tmp_path):
    for path in ("north/2026-11-05-a.json", "south/b.json", "c.json"):
        write_json(call(), tmp_path / path)
    os.utime(tmp_path / "south/b.json", (1_790_000_000, 1_790_000_000))
    (tmp_path / "settings.json").write_text('{"mine": true}')
    (tmp_path / "half.json").write_text('{\n "schema": "evenkeel.call/1",')
    archive = Archive(tmp_path, teams=True)
    found = {(made.team, made.day) for made in archive.calls()}
    assert {team for team, _ in found} == {"north", "south", None}
    assert ("north", date(2026, 11, 5)) in found
    assert ("south", date(2026, 9, 21)) in found
    assert archive.days_from == {"names": 1, "file times": 2}
    assert [path.name for path, _ in archive.problems] == ["half.json"]


# --- the page


def test_the_page_has_every_behaviour_and_team_and_ranks_nobody():
    calls = dated(4, team="zebra") + dated(3, team="Ant") + dated(4, date(2026, 11, 16), team="zebra")
    page = trends_page(trends(calls), title="calls", policy=load_policy(None))
    assert page.index(">Ant<") < page.index(">zebra<")
    for words in (
        "Orders calm",
        "Argues, needs the last word",
        "Voice above the usual",
        "week of 2 Nov 2026",
        "11 calls",
    ):
        assert words in page, words
    assert "week of 9 Nov 2026" not in page.split("<table>")[1]


def test_a_page_without_teams_and_behaviours_says_so():
    calm = dated(3, flags=(), lights=(LightSpan(0, 40, Light.GREEN),), checklist=(ChecklistItem("do.ask", None),))
    page = trends_page(trends(calm, Period.MONTH), title="calls")
    assert "Nothing that the policy names came up." in page
    assert "Teams</h2>" not in page
    assert "Nov 2026" in page


def test_many_periods_keep_to_the_page():
    calls = [made for week in range(60) for made in dated(3, date.fromordinal(MONDAY.toordinal() + 7 * week))]
    page = trends_page(trends(calls), title="calls")
    assert page.count("<rect") < 1000
    assert period_name(MONDAY, Period.DAY) == "2 Nov 2026"
