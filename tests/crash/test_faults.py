"""What is outside hangs or talks nonsense, and the machine's clock is set: it is bounded, it is said, and everybody else is paged."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.crash.lives import Story, a_story
from tests.crash.outside import WITHIN, Arrival, Outside, Treatment
from tests.crash.shop import a_webhook, an_alert


def break_down(story: Story, instance: str, name: str = "Slow") -> str:
    """Something breaks; the incident."""
    alert = an_alert(instance, name)
    story.posts("/v1/ingest/alertmanager", a_webhook(alert, now=story.now), alert["labels"])
    return story.incident_of(instance)


def the_step(story: Story, incident: str, kind: str) -> dict[str, Any]:
    """The one step of this *kind*."""
    _, found = story.insist(lambda life: life.ask("GET", f"/v1/incidents/{incident}"))
    (step,) = [each for each in found["steps"] if each["kind"] == kind]
    return step


def paged(outside: Outside, incident: str) -> list[str]:
    """To whom pages for this *incident* went."""
    return [each.body["to"] for each in outside.of("page") if each.incident == incident]


# --- connectors -------------------------------------------------------------------------


def test_a_connector_that_hangs_holds_nobody_up(nursery: str, outside: Outside, tmp_path: Path):
    """
    A connector that never comes back is given up at its time-out, tried again, and at last left to a person; pages leave at their times.
    """
    story = a_story(nursery, outside, tmp_path)
    story.patience = 0.1
    stuck, other = break_down(story, "a", "Hang"), break_down(story, "b")
    story.passes(timedelta(minutes=3))
    first = the_step(story, stuck, "notify")
    story.passes(timedelta(minutes=12))
    last = the_step(story, stuck, "notify")

    assert paged(outside, stuck)[:3] == paged(outside, other)[:3] == ["ana", "ana-at-home", "bo"]
    assert first["retry_at"] is not None
    assert first["attempt"] > 2
    assert last["state"] == "failed"
    assert "did not end within" in last["error"]
    assert the_step(story, other, "notify")["state"] == "done"


def test_a_connector_that_talks_nonsense_is_taken_at_nothing(nursery: str, outside: Outside, tmp_path: Path):
    """
    What a connector gives that is no outcome counts as none: the step is tried again and then left to a person, with the reason.
    """
    story = a_story(nursery, outside, tmp_path)
    incident = break_down(story, "a", "Garbage")
    story.passes(timedelta(minutes=20), step=19)
    step = the_step(story, incident, "notify")

    assert step["state"] == "failed"
    assert "notices.set" in step["error"]
    assert "bug of watchbill" not in step["error"]
    assert paged(outside, incident)[:3] == ["ana", "ana-at-home", "bo"]


@contextmanager
def silence(outside: Outside, whom: str) -> Iterator[threading.Event]:
    """A receiver that takes pages for somebody, and never answers; set when the next person's page has arrived."""
    over, others = threading.Event(), threading.Event()

    def treat(arrival: Arrival) -> Treatment:
        if arrival.kind == "page" and arrival.body["to"].startswith(whom):
            over.wait(WITHIN)
            return "cut"
        if arrival.kind == "page":
            others.set()
        return 200

    outside.treat = treat
    try:
        yield others
    finally:
        over.set()


def test_an_escalation_never_waits_for_a_page_to_be_answered(nursery: str, outside: Outside, tmp_path: Path):
    """
    While a page hangs, unanswered by whoever was to deliver it, the next level is paged at its time.
    """
    story = a_story(nursery, outside, tmp_path)
    alert = an_alert("a")
    with silence(outside, "ana") as others:
        story.posts("/v1/ingest/alertmanager", a_webhook(alert, now=story.now), alert["labels"])
        life = story.alive()
        life.waits_for(lambda: [each for each in life.asked if each.kind == "page"])
        for _ in range(9):
            life.turns(15)

        assert others.wait(WITHIN)
        assert life.asked[0].how == ""


# --- the clock --------------------------------------------------------------------------


@pytest.mark.parametrize("hours", [1, -1])
def test_a_clock_that_is_set_is_said_and_pages_are_not_late(nursery: str, outside: Outside, tmp_path: Path, hours: int):
    """
    The machine's clock is set by an hour, forward or back: it is said, no alert ends, and the next level is paged when its time has passed.
    """
    story = a_story(nursery, outside, tmp_path)
    incident = break_down(story, "a")
    story.passes(timedelta(seconds=60))
    life = story.alive()
    life.sets_clock(hours * 3600)
    story.passes(timedelta(seconds=90))
    said = [each for each in life.said if each["event"] == "clock_was_set"]
    _, shown = life.ask("GET", f"/v1/incidents/{incident}")

    assert "bo" in paged(outside, incident)
    assert [each["seconds"] for each in said] == [hours * 3600]
    assert shown["status"] == "triggered"


def test_a_clock_set_back_between_two_lives_makes_no_page_late(nursery: str, outside: Outside, tmp_path: Path):
    """
    A machine that comes back with its clock an hour behind pages the next level when its time has passed since the last life.
    """
    story = a_story(nursery, outside, tmp_path)
    incident = break_down(story, "a")
    story.passes(timedelta(seconds=60))
    story.alive().kill()
    story.life = None
    story.at -= 3600
    story.passes(timedelta(seconds=90))

    assert "bo" in paged(outside, incident)
