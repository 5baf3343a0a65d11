"""Who has an incident, until when, and what follows when that time ends; on virtual time, from noon."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.makers import (
    NOON,
    Document,
    a_level,
    a_person,
    a_place,
    a_policy_set,
    a_remediation,
    a_shop,
    a_silence,
    a_team,
    a_use,
    an_alert,
    an_escalation,
)
from tests.watch import Watch
from watchbill.decide import Bill
from watchbill.decide.holding import REMIND, UNHURRIED, USUAL, Terms, terms_of
from watchbill.expressions.conditions import parse_condition
from watchbill.model.change import StatusChanged
from watchbill.model.fold import fold
from watchbill.model.ownership import Acknowledge, Contact
from watchbill.model.policies import Verification
from watchbill.model.severity import Severity

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
TWO = (a_level("role/primary"), a_level("role/secondary"))


def a_watch(*documents: Document, severity: str = "critical", **more: Any) -> Watch:
    """The shop with two levels, five minutes each, and these documents; an alert fires."""
    watch = Watch(a_shop(an_escalation("critical", *TWO, **more), *documents))
    watch.receives(an_alert(severity=severity))
    return watch


def taken(*documents: Document, by: str = "ana", **more: Any) -> Watch:
    """The same, taken by somebody at noon."""
    watch = a_watch(*documents, **more)
    watch.acknowledges(by)
    return watch


def statuses(watch: Watch) -> list[tuple[str, str]]:
    """The triggers of every change of status, with the time."""
    found = zip(watch.times, watch.decisions, strict=True)
    return [(f"{at:%H:%M}", each.trigger) for at, made in found for each in made.changes if isinstance(each, StatusChanged)]


# --- its end --------------------------------------------------------------------------


def test_it_is_given_back_after_four_hours() -> None:
    """
    An acknowledgement ends after four hours; then the same escalation pages again from level one, and the page says why.
    """
    watch = taken()
    watch.passes(minutes=247)

    assert statuses(watch) == [("12:00", "acknowledge"), ("16:00", "acknowledgement-end")]
    assert watch.paged == [("12:00", "ana"), ("16:00", "ana"), ("16:05", "bo")]
    pages = [step for _, step in watch.started if step.kind == "page"]
    assert "given back by watchbill: ana took it 4h ago, and that time is over" in pages[1].text
    assert watch.incident.acknowledged_by == ""


def test_whoever_has_it_is_reminded() -> None:
    """
    Whoever has it is told a quarter of an hour before, by their contact that tells, how to keep it.
    """
    watch = taken()
    watch.passes(minutes=230)

    assert watch.told == [("15:45", "ana")]
    text = watch.step("tell").text
    assert (
        f"until 2026-11-23 16:00 UTC; then it is given back, and people are paged again. Keep it: watchbill extend {watch.incident.id}"
        in text
    )


@pytest.mark.parametrize("severity", ["warning", "info"])
def test_warnings_and_infos_have_a_day(severity: str) -> None:
    """
    Where nothing is declared, the acknowledgement of a warning or an info holds for a day.
    """
    assert taken(severity=severity).incident.acknowledged_until == NOON + UNHURRIED


@pytest.mark.parametrize(
    ("escalation", "team", "above", "house", "severity", "expected"),
    [
        (None, None, None, None, "critical", Terms(USUAL, REMIND)),
        (None, None, None, None, "warning", Terms(UNHURRIED, REMIND)),
        (None, None, None, Acknowledge(HOUR), "warning", Terms(HOUR, REMIND)),
        (None, None, Acknowledge(2 * HOUR), Acknowledge(HOUR), "critical", Terms(2 * HOUR, REMIND)),
        (None, Acknowledge(3 * HOUR), Acknowledge(2 * HOUR), None, "critical", Terms(3 * HOUR, REMIND)),
        (Acknowledge(5 * HOUR), Acknowledge(3 * HOUR), None, None, "critical", Terms(5 * HOUR, REMIND)),
        (Acknowledge(remind=MINUTE), Acknowledge(3 * HOUR, 2 * MINUTE), None, None, "critical", Terms(3 * HOUR, MINUTE)),
        (Acknowledge(10 * MINUTE), None, None, None, "critical", Terms(10 * MINUTE, 5 * MINUTE)),
    ],
)
def test_where_the_times_are_declared(escalation: Any, team: Any, above: Any, house: Any, severity: Severity, expected: Terms) -> None:
    """
    Each of the two times is said by the escalation, else by the team, the nearest above it or the settings; the reminder comes when half of
    the time is over at the earliest.
    """
    teams = (a_team("engineering", acknowledge=above), a_team("payments", parent="engineering", acknowledge=team))
    policies = a_policy_set(*teams)
    bill = Bill.of(replace(policies, settings=replace(policies.settings, acknowledge=house)))

    assert terms_of(bill, an_escalation(acknowledge=escalation), "payments", severity) == expected


def test_a_rise_in_severity_ends_it_at_once() -> None:
    """
    What is triggered again for another reason has no acknowledgement that could end, and reminds nobody.
    """
    watch = taken(severity="warning")
    watch.passes(minutes=10)
    watch.receives(an_alert(alertname="Worse", severity="critical"))
    watch.passes(minutes=60 * 25)

    assert statuses(watch) == [("12:00", "acknowledge"), ("12:10", "severity-rise")]
    assert watch.told == []


def test_it_goes_on_by_the_escalation_that_was_at_work() -> None:
    """
    What is given back goes on by the escalation that was at work, even where another one would win now.
    """
    other = an_escalation("other", a_level("person/cy"), match=['alertname="Worse"'])
    watch = taken(other)
    watch.receives(an_alert(alertname="Worse"))
    watch.receives(an_alert(status="resolved"))
    watch.passes(minutes=241)

    assert watch.paged[-1] == ("16:00", "ana")
    assert {run.policy.name for run in watch.incident.escalations} == {"critical"}


def test_what_applies_besides_begins_again_too() -> None:
    """
    An escalation besides that the acknowledgement had stopped pages again as well.
    """
    watch = taken(an_escalation("besides", a_level("person/cy"), proceed=True))
    watch.passes(minutes=241)

    assert watch.paged == [("12:00", "ana"), ("12:00", "cy"), ("16:00", "ana"), ("16:00", "cy")]


def test_what_is_silenced_is_given_back_and_pages_nobody() -> None:
    """
    What is silenced when its acknowledgement ends is given back and pages nobody; it pages when the silence ends.
    """
    watch = taken(a_silence("later", "2026-11-23T14:00Z", "2026-11-23T18:00Z"))
    watch.passes(minutes=359)

    assert (watch.incident.status, watch.paged) == ("triggered", [("12:00", "ana")])
    watch.passes(minutes=2)
    assert watch.paged == [("12:00", "ana"), ("18:00", "ana")]


# --- keeping it -----------------------------------------------------------------------


def test_whoever_has_it_extends_it() -> None:
    """
    Whoever has it keeps it for as long as an acknowledgement holds, from then on, and is reminded before the new end.
    """
    watch = taken()
    watch.passes(minutes=230)
    watch.extends("ana")
    said = watch.answer
    watch.passes(minutes=235)

    assert said == (True, "extended by ana until 2026-11-23 19:50 UTC")
    assert (watch.incident.status, watch.told) == ("acknowledged", [("15:45", "ana"), ("19:35", "ana")])
    watch.passes(minutes=6)
    assert watch.paged[-1] == ("19:50", "ana")


def test_it_is_kept_for_as_long_as_is_said() -> None:
    """
    Who says for how long they keep it has it until then, and a shorter time than they had changes nothing.
    """
    watch = taken()
    watch.extends("ana", minutes=60)
    shorter = watch.answer
    watch.extends("ana", minutes=360)

    assert shorter == (False, "ana has it until 2026-11-23 16:00 UTC already")
    assert watch.incident.acknowledged_until == NOON + timedelta(hours=6)


def test_only_who_has_it_extends_it() -> None:
    """
    Nobody extends what another has, what nobody has, what is snoozed or what is over.
    """
    watch = a_watch()
    watch.extends("ana")
    nobody = watch.answer
    watch.acknowledges("ana")
    watch.extends("bo")
    others = watch.answer
    watch.snoozes("ana", minutes=30)
    watch.extends("ana")
    snoozed = watch.answer
    watch.resolves("ana")
    watch.extends("ana")

    assert nobody == (False, "nobody has it: it is triggered")
    assert others == (False, "ana has it, and only who has it extends that")
    assert snoozed == (False, "it is snoozed until 2026-11-23 12:30 UTC, and a snooze ends by its own time")
    assert watch.answer == (False, "nobody has it: it is resolved already")


# --- snoozed and mitigated ------------------------------------------------------------


def test_a_snooze_ends_by_its_own_time() -> None:
    """
    A snooze ends by its own time alone: an acknowledgement that would end before does not cut it short, and nobody is reminded of it.
    """
    watch = taken()
    watch.passes(minutes=60)
    watch.snoozes("ana", minutes=360)
    watch.passes(minutes=359)

    assert (watch.incident.status, watch.told, watch.incident.acknowledged_until) == ("acknowledged", [], None)
    watch.passes(minutes=2)
    assert statuses(watch)[-1] == ("19:00", "snooze-end")


def test_a_mitigated_incident_is_only_reminded_of() -> None:
    """
    A mitigated incident is never given back: whoever has it is reminded of it before the end of each such time, until it is resolved.
    """
    watch = a_watch()
    watch.mitigates("bo")
    watch.passes(minutes=490)

    assert (watch.incident.status, watch.incident.acknowledged_by) == ("mitigated", "bo")
    assert watch.told == [("15:45", "bo"), ("19:45", "bo")]
    assert "which is mitigated and not resolved" in watch.step("tell").text
    watch.resolves("bo")
    assert watch.last.wake_at is None


def test_who_has_it_keeps_it_when_another_says_that_it_is_mitigated() -> None:
    """
    Of a mitigated incident that somebody had, it is they who are reminded.
    """
    watch = taken()
    watch.mitigates("bo")

    assert watch.incident.acknowledged_by == "ana"


def test_what_was_mitigated_by_a_remediation_has_nobody_to_remind() -> None:
    """
    What a remediation mitigated before anybody took it reminds nobody.
    """
    expect = parse_condition("value < `0.01`", a_place())
    verification = Verification(a_use("metrics.query", query="errors"), expect, timedelta(0), timedelta(minutes=5))
    watch = a_watch(a_remediation(phase="oversight", verification=verification))
    watch.finishes(watch.step("repair"))
    watch.observes(watch.step("verify"), {"value": 0.0})
    watch.passes(minutes=60 * 9)

    assert (watch.incident.status, watch.told, watch.incident.acknowledged_by) == ("mitigated", [], "")


# --- whoever has it is gone -----------------------------------------------------------


def test_a_holder_who_is_declared_no_more_has_it_no_more() -> None:
    """
    What somebody had is given back at once when they are declared no more, also where an old definition names them, and from a snooze.
    """
    watches = [taken(by="bo"), taken(by="bo")]
    watches[1].snoozes("bo", minutes=500)
    for watch, gone in zip(watches, ({"people": {}}, {"former": frozenset({"bo"})}), strict=True):
        watch.bill = Bill.of(replace(watch.bill.policies, **gone))
        watch.snapshot = replace(watch.snapshot)
        watch.kills()

        assert watch.incident.status == "triggered"
        assert statuses(watch)[-1] == ("12:00", "holder-gone")
        assert any("bo had it, and is no declared person" in reason.note for reason in watch.last.reasons)


def test_a_person_whose_document_is_broken_is_still_declared() -> None:
    """
    Who is left out for a mistake in their document keeps what they have.
    """
    watch = taken(by="bo")
    policies = watch.bill.policies
    people = {name: person for name, person in policies.people.items() if name != "bo"}
    watch.bill = Bill.of(replace(policies, people=people, quarantined=("Person/bo",)))
    watch.kills()

    assert watch.incident.status == "acknowledged"


def test_who_has_only_contacts_that_ring_is_not_woken_to_be_reminded() -> None:
    """
    Somebody all of whose contacts ring keeps the incident and is not rung to be reminded; at its end it is given back all the same.
    """
    ana = a_person("ana", contacts=(Contact("phone", "call", "+1 555 0100", rings=True),))
    watch = taken(ana)
    watch.passes(minutes=241)

    assert (watch.told, watch.incident.status) == ([], "triggered")


# --- for all stories ------------------------------------------------------------------

SAID = st.lists(
    st.tuples(
        st.sampled_from(["acknowledges", "unacknowledges", "escalates", "extends", "snoozes", "mitigates", "resolves", "alert", "ended"]),
        st.sampled_from(["ana", "bo", "ghost"]),
        st.integers(0, 300),
    ),
    max_size=10,
)


def a_story(said: list[tuple[str, str, int]]) -> Watch:
    """What comes of all that is said, one after another, with so many minutes after each."""
    watch = a_watch(joined="page")
    for number, (word, by, minutes) in enumerate(said):
        if word == "alert":
            watch.receives(an_alert(alertname=f"Other{number % 3}"))
        elif word == "ended":
            watch.receives(an_alert(status="resolved"))
        elif word == "snoozes":
            watch.snoozes(by, minutes=minutes + 1)
        elif word == "extends":
            before = watch.incident
            watch.extends(by, minutes=minutes)
            assert watch.incident.acknowledged_until is None or (
                before.acknowledged_until is None or watch.incident.acknowledged_until >= before.acknowledged_until
            )
        else:
            getattr(watch, word)(by)
        watch.passes(minutes=minutes)
    return watch


@given(SAID)
@settings(max_examples=80)
def test_what_nobody_keeps_is_always_given_back(said: list[tuple[str, str, int]]) -> None:
    """
    Whatever was said before: what is acknowledged has an end, a snooze's or its own, and is given back by then if nobody acts; and what is
    resolved waits for nothing.
    """
    watch = a_story(said)
    incident = watch.incident
    if incident.status == "acknowledged":
        end = incident.snoozed_until or incident.acknowledged_until
        assert end is not None
        assert incident.acknowledged_by != "ghost"
        watch.passes(seconds=(end - watch.now).total_seconds())
        assert watch.incident.status == "triggered"
    elif incident.status == "resolved":
        told = len(watch.told)
        watch.passes(minutes=3000)
        assert (incident.acknowledged_until, len(watch.told), watch.incident.status) == (None, told, "resolved")
    assert fold(None, [change for decision in watch.decisions for change in decision.changes]) == watch.incident
