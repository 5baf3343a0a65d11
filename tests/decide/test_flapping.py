"""Incidents that come and go: who is called for them, and when they are over; on virtual time, from noon."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.makers import NOON, a_grouping, a_level, a_shop, an_alert, an_escalation
from tests.watch import Watch
from watchbill.model.change import FlappingBegun
from watchbill.model.fold import fold
from watchbill.model.policies import Flaps

TWO = (a_level("role/primary"), a_level("role/secondary"))


def a_watch(**flaps: Any) -> Watch:
    """The shop with two levels, five minutes each, and these words about what comes and goes, if any."""
    grouping = [a_grouping(flapping=Flaps(**flaps))] if flaps else []
    return Watch(a_shop(an_escalation("critical", *TWO), *grouping))


def comes_and_goes(watch: Watch, times: int, *, seconds: float = 2, **labels: str) -> None:
    """An alert fires and ends, so many times."""
    for _ in range(times):
        watch.receives(an_alert(**labels))
        watch.passes(seconds=seconds)
        watch.receives(an_alert(status="resolved", **labels))
        watch.passes(seconds=seconds)


def test_ten_returns_are_three_pages() -> None:
    """
    An alert comes back ten times in forty seconds: the first two returns page as the opening did; from the third on nobody is paged, and
    the incident stays open, with a flag that says so.
    """
    watch = a_watch()
    comes_and_goes(watch, 11)

    assert watch.people_paged == ["ana"] * 3
    assert watch.incident.status == "triggered"
    assert watch.incident.reopen_count == 3
    assert watch.incident.flapping is not None
    assert watch.incident.flapping.ends_at == watch.now - timedelta(seconds=2) + timedelta(minutes=15)


def test_it_is_resolved_once_it_was_quiet() -> None:
    """
    It is resolved when no alert has fired for the quiet time, and no earlier; what comes back then begins to be counted anew.
    """
    watch = a_watch()
    comes_and_goes(watch, 5)
    watch.passes(minutes=14)
    assert (watch.incident.status, watch.incident.flapping is None) == ("triggered", False)

    watch.passes(minutes=2)
    assert (watch.incident.status, watch.incident.flapping) == ("resolved", None)

    watch.receives(an_alert())
    assert (watch.incident.status, watch.incident.flapping) == ("triggered", None)
    assert watch.people_paged == ["ana"] * 4


def test_who_has_it_keeps_it() -> None:
    """
    Somebody has the incident when it ends and comes back once too often: it is theirs still, and nobody is paged, however often it
    comes back.
    """
    watch = a_watch()
    comes_and_goes(watch, 2)
    watch.receives(an_alert())
    watch.acknowledges("bo")
    watch.receives(an_alert(status="resolved"))
    comes_and_goes(watch, 5, seconds=60)

    assert (watch.incident.status, watch.incident.acknowledged_by) == ("acknowledged", "bo")
    assert watch.people_paged == ["ana"] * 3


def test_it_pages_for_a_higher_severity() -> None:
    """
    What comes back worse than ever before pages, though it comes and goes and somebody has it.
    """
    watch = a_watch()
    comes_and_goes(watch, 2, severity="warning")
    watch.receives(an_alert(severity="warning"))
    watch.acknowledges("bo")
    watch.receives(an_alert(severity="warning", status="resolved"))
    comes_and_goes(watch, 3, severity="warning")
    assert watch.people_paged == ["ana"] * 3

    watch.receives(an_alert(severity="critical"))
    assert (watch.incident.severity, watch.incident.status) == ("critical", "triggered")
    assert watch.people_paged == ["ana"] * 4


def test_the_escalation_goes_on_where_nobody_has_it() -> None:
    """
    Nobody takes what comes and goes: the next level is paged when its time has come and an alert fires, and level one not again.
    """
    watch = a_watch()
    comes_and_goes(watch, 3)
    watch.receives(an_alert())
    watch.passes(minutes=7)

    assert watch.paged == [("12:00", "ana")] * 3 + [("12:05", "bo")]


def test_nobody_is_paged_while_it_is_quiet() -> None:
    """
    While no alert fires nobody is paged, though the time of the next level comes; it is paged when an alert fires again.
    """
    watch = a_watch()
    comes_and_goes(watch, 4)
    watch.passes(minutes=10)
    assert watch.people_paged == ["ana"] * 3

    watch.receives(an_alert())
    assert watch.paged[3:] == [("12:10", "bo")]


def test_a_relapse_is_a_return() -> None:
    """
    What fires again after somebody mitigated it counts as a return too.
    """
    watch = a_watch()
    watch.receives(an_alert(), an_alert(zone="b"))
    for _ in range(6):
        watch.mitigates()
        watch.receives(an_alert(zone="b", status="resolved"))
        watch.receives(an_alert(zone="b"))

    assert watch.people_paged == ["ana"] * 3


def test_who_resolves_it_by_hand_ends_it() -> None:
    """
    A person says that it is over: it is, and what came back before counts no more.
    """
    watch = a_watch()
    comes_and_goes(watch, 4)
    watch.resolves()
    assert (watch.incident.status, watch.incident.flapping, watch.incident.returns) == ("resolved", None, ())

    watch.receives(an_alert())
    assert watch.people_paged == ["ana"] * 4


@pytest.mark.parametrize(
    ("flaps", "pages"),
    [
        ({"returns": 1}, 1),
        ({"returns": 5}, 5),
        ({"returns": 0}, 11),
        ({"within": timedelta(seconds=3)}, 11),
    ],
)
def test_a_grouping_says_what_is_too_often(flaps: dict[str, Any], pages: int) -> None:
    """
    How many returns in how short a time, and how long it must be quiet, stands in the grouping; no returns are never too many.
    """
    watch = a_watch(**flaps)
    comes_and_goes(watch, 11)

    assert len(watch.people_paged) == pages


def test_slow_returns_are_no_flapping() -> None:
    """
    Returns that are further apart page each, as ever.
    """
    watch = a_watch()
    comes_and_goes(watch, 5, seconds=240)

    assert watch.incident.flapping is None
    assert watch.people_paged == ["ana"] * 5


@given(st.lists(st.sampled_from(["fires", "ends", "passes", "ack", "unack", "mitigate", "resolve"]), max_size=60))
@settings(max_examples=100, deadline=None)
def test_what_comes_and_goes_is_over_in_the_end(story: list[str]) -> None:
    """
    For all stories: an incident whose alerts have ended is resolved, at the latest once it was quiet; it is quiet exactly while it comes
    and goes and no alert fires; and its changes, read back, are the incident.
    """
    watch = a_watch()
    watch.receives(an_alert())
    said = {"ack": watch.acknowledges, "unack": watch.unacknowledges, "mitigate": watch.mitigates, "resolve": watch.resolves}
    for word in story:
        if word == "passes":
            watch.passes(minutes=1)
        elif word in said:
            said[word]()
        else:
            watch.receives(an_alert(status="firing" if word == "fires" else "resolved"))
        its = watch.incident
        assert its.firing or its.status == "resolved" or its.flapping is not None
        assert its.flapping is None or (its.flapping.quiet_since is None) == bool(its.firing)
    watch.receives(an_alert(status="resolved"))
    watch.passes(minutes=16)

    assert (watch.incident.status, watch.incident.flapping) == ("resolved", None)
    changes = [change for decision in watch.decisions for change in decision.changes]
    assert fold(None, changes) == watch.incident
    begun = [change for change in changes if isinstance(change, FlappingBegun)]
    assert all(change.at >= NOON for change in begun)


def test_the_last_alarm_is_repeated_where_nobody_has_it() -> None:
    """
    Every round went unanswered before what comes and goes ended: while it is quiet no alarm sounds, and the next one does when an alert
    fires again.
    """
    watch = a_watch()
    comes_and_goes(watch, 3)
    watch.receives(an_alert())
    watch.passes(minutes=60)
    alarms = len(watch.steps("alarm"))
    sounded = [at for at, step in watch.started if step.kind == "alarm"]
    watch.receives(an_alert(status="resolved"))
    watch.passes(minutes=14)
    assert [at for at, step in watch.started if step.kind == "alarm"] == sounded != []

    watch.receives(an_alert())
    watch.passes(minutes=1)
    assert len([at for at, step in watch.started if step.kind == "alarm"]) == len(sounded) + 1
    assert len(watch.steps("alarm")) == alarms + 1
