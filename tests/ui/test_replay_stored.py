"""A stored call in the replay window: all but its sound; remarks go to the store, and the opening is noted."""

from dataclasses import replace

import pytest

from monitor.assemble import AnalysisOptions
from monitor.store.calls import open_store
from monitor.types import Light
from tests.stored import said, store_call
from ui.replay_child import Request, load
from ui.replay_window import ReplayWindow


@pytest.fixture
def place(tmp_path):
    return tmp_path / "calls.sqlite"


@pytest.fixture
def number(place):
    with open_store(place, who="ann") as store:
        return store_call(store, minutes=2, passes=[said("please calm down now")])


@pytest.fixture
def request_of(place, number):
    options = AnalysisOptions(own_process=False)
    return Request(None, options, call_id=number, open_store=lambda: open_store(place, who="ann"))


def test_remarks_go_to_the_store_and_the_visit_is_noted(request_of, place, number, qtbot):
    window = ReplayWindow(request_of, silent=True)
    window.show()
    window.begin()
    qtbot.waitUntil(lambda: window.call is not None, timeout=30_000)
    try:
        assert window.call.tracks
        assert "no sound to hear" in window.statusBar().currentMessage()
        window.doing.go_to(30.0)
        window.doing.add_comment("well solved")
        qtbot.waitUntil(lambda: window.panel.notes.list.count() == 1)
        window.panel.moments.kind.setCurrentText("Everything")
        place_here = window.places[0]
        window.doing.add_dispute(place_here, "the door slammed")
        qtbot.waitUntil(lambda: window.panel.notes.list.count() == 2)
    finally:
        window.close()
    with open_store(place, who="ann") as store:
        comment, dispute = sorted(store.remarks(number), key=lambda each: each.subject is not None)
        assert (comment.text, comment.at_s) == ("well solved", 30.0)
        assert (dispute.subject, dispute.at_s, dispute.note) == (
            place_here.id,
            place_here.start_s,
            "the door slammed",
        )
        assert "replay" in [visit.deed for visit in store.visits()]


def test_a_call_that_one_may_not_see_is_told(request_of, qtbot):
    window = ReplayWindow(replace(request_of, call_id=99), silent=True)
    window.show()
    window.begin()
    qtbot.waitUntil(lambda: window.problem is not None, timeout=30_000)
    assert "There is no call 99" in str(window.problem)
    assert not window.isVisible()


def test_a_call_that_was_judged_again_shows_both(request_of, qtbot):
    held = load(request_of)
    then = replace(held.call.result, lights=(replace(held.call.result.lights[0], end_s=120.0, light=Light.RED),))
    window = ReplayWindow(request_of, silent=True)
    window.show_call(replace(held, call=replace(held.call, then=then)))
    try:
        assert window.light != Light.RED
        window.actions_by_name["then"].trigger()
        assert window.light == Light.RED
        window.retake()
        assert window.light == Light.RED
    finally:
        window.close()
