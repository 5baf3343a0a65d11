"""Incidents: what belongs together, how bad it is, and what hides what."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from tests.language.makers import PAGE, TELL, Written, a_bill, a_watch, compiled, fires_beside, plans, rules, watch_of
from tests.makers import NOON, an_alert
from watchbill.decide import correlate, live_silence
from watchbill.decide.claiming import claim
from watchbill.errors import Place, UserError
from watchbill.model.event import Resolved, Woken
from watchbill.model.labels import Matcher
from watchbill.model.policies import Selector, Silence
from watchbill.model.references import Ref

TWO = (
    ("Escalation", "for-critical", """match: ['severity="critical"']\nlevels: [{page: role/primary, wait: 5m}, {page: role/lead}]"""),
    (
        "Escalation",
        "for-warnings",
        """match: ['severity="warning"']\nlevels: [{page: role/secondary, wait: 10m}, {page: role/secondary}]""",
    ),
)
"""Payments pages its primary for what is critical, and its secondary for a warning."""


def needs(inhibits: bool) -> Written:
    """Checkout needs orders-db, and consents to be hidden by it or not."""
    return (
        "Service",
        "checkout",
        f"{{tier: 1, environment: prod, depends_on: [{{service: orders-db, inhibits: {str(inhibits).lower()}}}]}}",
    )


HIDES = (
    "Inhibition",
    "db-hides",
    "{source: {match: ['alertname=\"DatabaseDown\"']}, target: {match: ['severity=\"critical\"']}, depends_on: true}",
    "data",
)
"""What needs a database is hidden while that is down."""

DOWN = an_alert(alertname="DatabaseDown", service="orders-db")


def test_one_service_one_owner():
    """
    An incident is about one service and has one owner: grouping never crosses services.
    """
    grouping = ("Grouping", "together", "{by: [region]}", "engineering")
    bill = a_bill(grouping)
    found = correlate(
        bill, [an_alert(region="eu"), an_alert(service="orders-db", region="eu"), an_alert(service="refunds", region="eu")], NOON
    )

    assert [(each.service, len(each.alerts)) for each in found] == [("checkout", 1), ("orders-db", 1), ("refunds", 1)]


def test_a_service_is_one_incident():
    """
    The alerts of a service make one incident; a `Grouping` tells apart those whose labels `by` differ, an absent one counting as empty.
    """
    alerts = [an_alert(region="eu"), an_alert(region="us"), an_alert(region="")]
    grouping = ("Grouping", "per-region", "{by: [region]}")

    assert len(correlate(a_bill(), alerts, NOON)) == 1
    assert len(correlate(a_bill(grouping), alerts, NOON)) == 3


def test_severity_is_the_highest_so_far():
    """
    The severity of an incident is the highest that any of its alerts has had so far.
    """
    watch = a_watch(*TWO)
    watch.receives(an_alert(severity="warning"))
    before = watch.incident.severity
    watch.receives(an_alert(severity="critical"))
    watch.receives(an_alert(severity="critical", status="resolved"))

    assert (before, watch.incident.severity) == ("warning", "critical")


def test_the_lead_alert_selects_the_escalation():
    """
    The escalation is selected by the lead alert: the most severe that fires, of those the oldest, of those the first by fingerprint.
    """
    by_name = tuple(
        ("Escalation", name.lower(), f"""{{match: ['alertname="{name}"'], levels: [{{page: role/primary}}]}}""")
        for name in ("Aa", "Bb", "Cc")
    )
    warning = an_alert(alertname="Aa", severity="warning", starts_at=NOON - timedelta(hours=1))
    young = an_alert(alertname="Bb", starts_at=NOON)
    old = an_alert(alertname="Cc", starts_at=NOON - timedelta(minutes=1))

    def selected(*alerts):
        (plan,) = plans(*by_name, alerts=alerts)
        return plan.escalations[0].policy.name

    assert selected(warning, young, old) == "cc"
    assert selected(warning, young) == "bb"
    assert selected(young, an_alert(alertname="Aa", starts_at=NOON)) == "aa"


def test_all_else_needs_any_firing_alert():
    """
    Triage, comms and remediations take part if any firing alert of the incident matches.
    """
    triage = (
        "Triage",
        "latency",
        """{match: ['alertname="HighLatency"'], collect: [{name: p99, use: metrics.query, with: {query: p99}}]}""",
    )
    (plan,) = plans(triage, alerts=(an_alert(), an_alert(alertname="HighLatency", severity="info")))

    assert plan.lead.alert.name == "HighErrorRate"
    assert [each.name for each in plan.evidence] == ["p99"]


def test_a_rise_in_severity_pages_again():
    """
    A rise in severity pages again, despite an acknowledgement.
    """
    watch = a_watch(*TWO)
    watch.receives(an_alert(severity="warning"))
    watch.acknowledges("bo")
    watch.passes(minutes=3)
    watch.receives(an_alert(alertname="Worse", severity="critical"))

    assert watch.paged == [("12:00", "bo"), ("12:03", "ana")]


def test_a_fall_in_severity_withdraws_nothing():
    """
    A fall in severity withdraws nothing: the escalation that is at work goes on.
    """
    watch = a_watch(*TWO)
    watch.receives(an_alert(alertname="Worse", severity="critical"), an_alert(severity="warning"))
    watch.receives(an_alert(alertname="Worse", severity="critical", status="resolved"))
    watch.passes(minutes=6)

    assert watch.paged == [("12:00", "ana"), ("12:05", "cy")]


def test_an_unchanged_winner_keeps_its_clock():
    """
    Where the same escalation still wins after a change, its clock runs on.
    """
    watch = a_watch(*TWO)
    watch.receives(an_alert())
    watch.passes(minutes=4)
    watch.receives(an_alert(alertname="Another"))
    watch.passes(minutes=2)

    assert watch.paged == [("12:00", "ana"), ("12:05", "cy")]


def test_it_may_be_reopened():
    """
    What fires again within the grouping's `reopen` time after the resolution (an hour where no grouping says otherwise) reopens the
    incident, and pages from level one.
    """
    watch = a_watch(PAGE)
    watch.receives(an_alert())
    first = watch.incident.id
    watch.receives(an_alert(status="resolved"))
    watch.passes(minutes=59)
    watch.receives(an_alert(starts_at=watch.now))

    assert (watch.incident.id, watch.incident.reopen_count) == (first, 1)
    assert watch.paged == [("12:00", "ana"), ("12:59", "ana")]


def comes_and_goes(watch, times, **labels):
    for _ in range(times):
        watch.receives(an_alert(**labels))
        watch.passes(seconds=30)
        watch.receives(an_alert(status="resolved", **labels))
        watch.passes(seconds=30)


def test_it_flaps():
    """
    From the third return within 15 minutes an incident is flapping: it is not resolved before no alert has fired for 15 minutes; a
    grouping may say otherwise (`flapping`).
    """
    watch = a_watch(PAGE)
    comes_and_goes(watch, 3)
    assert (watch.incident.status, watch.incident.flapping) == ("resolved", None)

    comes_and_goes(watch, 1)
    assert watch.incident.status == "triggered"
    assert watch.incident.flapping is not None

    watch.passes(minutes=14.5)
    assert watch.incident.status == "resolved"

    later = a_watch(PAGE, ("Grouping", "patient", "{flapping: {returns: 5, in: 1h, quiet: 30m}}"))
    comes_and_goes(later, 5)
    assert later.incident.flapping is None

    comes_and_goes(later, 1)
    assert later.incident.flapping.quiet == timedelta(minutes=30)


def test_who_has_what_flaps():
    """
    A flapping incident stays with whoever has it and pages for a higher severity only; where nobody has it, its escalation goes on by its
    clock while an alert fires.
    """
    watch = a_watch(PAGE)
    comes_and_goes(watch, 2, severity="warning")
    watch.receives(an_alert(severity="warning"))
    watch.acknowledges("ana")
    watch.receives(an_alert(severity="warning", status="resolved"))
    comes_and_goes(watch, 3, severity="warning")
    assert (watch.incident.status, watch.incident.acknowledged_by, len(watch.paged)) == ("acknowledged", "ana", 3)

    watch.receives(an_alert(severity="critical"))
    assert (watch.incident.status, len(watch.paged)) == ("triggered", 4)

    nobodys = a_watch(PAGE)
    comes_and_goes(nobodys, 5)
    nobodys.receives(an_alert())
    nobodys.passes(minutes=4)
    assert nobodys.paged == [("12:00", "ana"), ("12:01", "ana"), ("12:02", "ana"), ("12:07", "bo")]


# --- hidden alerts --------------------------------------------------------------------


EVERYTHING = (
    ("Escalation", "page", "levels: [{page: role/primary}]\nhub: {channel: {use: chat.open-channel, with: {name: inc}}}"),
    ("Triage", "look", "{collect: [{name: up, use: metrics.query, with: {query: up}}]}"),
    ("Comms", "tell", TELL, "support"),
    (
        "Remediation",
        "restart",
        "{phase: human-initiated, target: x, steps: [{name: a, use: cluster.rollout-restart, with: {deployment: x}}]}",
    ),
)
"""One policy of each sort."""


def test_a_hidden_alert_is_recorded_and_calls_nobody():
    """
    A hidden alert is recorded and withholds pages, hub and remediation only: evidence is collected and audiences are told.
    """
    watch = a_watch(*EVERYTHING, needs(True), HIDES)
    fires_beside(watch, DOWN)
    decision = watch.receives(an_alert())
    watch.passes(minutes=16)

    assert len(watch.incident.alerts) == 1
    assert {step.kind for step in watch.incident.steps.values()} == {"collect", "update"}
    assert watch.calls("update") == [("12:15", "status.post")]
    assert "hidden by DatabaseDown on orders-db" in [reason.note for reason in decision.reasons]


def test_the_incident_of_the_source_counts_it_as_affected():
    """
    The incident of the alert that hides it counts its service as *affected*, so that comms can name it.
    """
    tell = ("Comms", "tell-db", TELL.replace("it began", '"affected: {{ incident.affected | join }}"'), "support")
    watch = a_watch(needs(True), HIDES, tell)
    fires_beside(watch, an_alert())
    watch.receives(DOWN)
    watch.passes(minutes=16)

    assert watch.step("update").text == "affected: checkout"


def test_it_is_decided_afresh_if_its_source_resolves_first():
    """
    A hidden alert whose source resolves first is decided afresh, and people are paged for it then.
    """
    watch = a_watch(*EVERYTHING, needs(True), HIDES)
    fires_beside(watch, DOWN)
    watch.receives(an_alert())
    watch.passes(minutes=10)
    fires_beside(watch)
    watch.happens(Woken())

    assert watch.paged == [("12:10", "ana")]


def test_equal_labels():
    """
    With `equal` an alert hides only those that agree with it on these labels, an absent one counting as empty.
    """
    same = (
        "Inhibition",
        "same-rack",
        """{source: {match: ['alertname="RackDown"']}, target: {match: ['severity="critical"']}, equal: [rack]}""",
    )
    rack = an_alert(alertname="RackDown", service="orders-db", rack="r1")

    def calls(**labels):
        watch = a_watch(PAGE, same)
        fires_beside(watch, rack)
        watch.receives(an_alert(**labels))
        return watch.people_paged

    assert calls(rack="r1") == []
    assert calls(rack="r2") == ["ana"]
    assert calls() == ["ana"]


def warned_of(*documents):
    """A watch over the company with these documents, which may be of no use."""
    done = compiled(*documents)
    assert {finding.rule for finding in done.findings} <= {"inhibition-ring"}
    return watch_of(done.policies)


def test_no_alert_hides_itself():
    """
    No alert hides itself.
    """
    both = ("Inhibition", "all", """{source: {match: ['service="checkout"']}, target: {match: ['service="checkout"']}, equal: [service]}""")
    watch = warned_of(PAGE, both)
    watch.receives(an_alert())

    assert watch.people_paged == ["ana"]


def test_both_sides():
    """
    An alert that matches both sides of an inhibition is not hidden by another that does.
    """
    sides = """{source: {match: ['severity=~"critical|warning"']}, target: {match: ['severity=~"warning|info"']}, equal: [rack]}"""
    nodes = """{source: {match: ['alertname="NodeDown"']}, target: {match: ['alertname="NodeDown"']}, equal: [rack]}"""

    def calls(spec, first, second):
        watch = warned_of(PAGE, ("Inhibition", "hides", spec))
        fires_beside(watch, an_alert(rack="r1", alertname="NodeDown", node="n2", **second))
        watch.receives(an_alert(rack="r1", alertname="NodeDown", node="n1", **first))
        return watch.people_paged

    assert calls(nodes, {}, {}) == ["ana"]
    assert calls(sides, {"severity": "warning"}, {"severity": "warning"}) == ["ana"]
    assert calls(sides, {"severity": "warning"}, {"severity": "critical"}) == []


def test_a_ring():
    """
    Inside a ring of alerts that would hide each other nobody hides anybody; a ring may hide others.
    """

    def hides(name, source, target):
        return ("Inhibition", name, f"""{{source: {{match: ['k="{source}"']}}, target: {{match: ['k="{target}"']}}, equal: [rack]}}""")

    ring = (hides("one", "a", "b"), hides("two", "b", "c"), hides("three", "c", "a"))
    others = {each: an_alert(rack="r1", k=each) for each in "abcd"}

    def calls(own, *documents):
        watch = warned_of(PAGE, *documents)
        fires_beside(watch, *(alert for name, alert in others.items() if name != own))
        watch.receives(others[own])
        return watch.people_paged

    assert [calls(own, *ring) for own in "abc"] == [["ana"]] * 3
    assert [calls(own, *ring[:2]) for own in "abc"] == [["ana"], [], []]
    assert calls("d", *ring, hides("out", "a", "d")) == []


def test_consent():
    """
    To hide another team's alerts takes its consent: `inhibits: true` on the dependency, all the way.
    """
    watch = a_watch(PAGE, needs(True), HIDES)
    fires_beside(watch, DOWN)
    watch.receives(an_alert())

    assert watch.people_paged == []
    assert rules(PAGE, needs(False), HIDES) == ["no-consent"]


def test_symptoms_come_before_causes():
    """
    Symptoms come before causes: with `wait`, for up to 30 seconds, paging waits for an alert that explains what fires.
    """
    grouping = ("Grouping", "patient", "{wait: 30s}")
    explained = a_watch(PAGE, needs(True), HIDES, grouping)
    explained.receives(an_alert())
    explained.passes(seconds=20)
    fires_beside(explained, DOWN)
    explained.passes(minutes=10)
    unexplained = a_watch(PAGE, grouping)
    unexplained.receives(an_alert())
    unexplained.passes(seconds=30)

    assert explained.people_paged == []
    assert unexplained.people_paged == ["ana"]
    assert rules(("Grouping", "patient", "{wait: 31s}")) == ["bad-duration"]


# --- incidents that people declare ----------------------------------------------------


def test_a_declared_incident():
    """
    An incident that a person declares is an alert of the source `watchbill`, and in all else like any other; it fires until a person
    resolves its incident, and ends with that. No `Source` may be called `watchbill`.
    """
    watch = a_watch(PAGE)
    declared = replace(an_alert(alertname="IncidentDeclared"), source="watchbill")
    watch.receives(declared)
    watch.passes(minutes=600)
    before = watch.incident.status
    watch.receives(an_alert())
    watch.happens(Resolved("ana"))

    assert (watch.people_paged[0], before, watch.incident.status) == ("ana", "triggered", "resolved")
    assert [each.alert.name for each in watch.incident.firing] == ["HighErrorRate"]
    assert rules(("Source", "watchbill", "{type: cloudevents}")) == ["reserved-name"]


def test_a_declared_incident_is_of_the_service_that_is_named():
    """
    What a person declares is of the service that they name, whatever the matchers of services say.
    """
    narrow = ("Service", "refunds", "{tier: 2, environment: prod, claims: [['job=\"refund-worker\"']]}")
    bill = a_bill(narrow)
    ours, theirs = replace(an_alert(service="refunds"), source="watchbill"), an_alert(service="refunds")

    assert [claim(bill, each)[0].service for each in (ours, theirs)] == ["refunds", None]


# --- silences -------------------------------------------------------------------------


def test_a_silence():
    """
    While a silence holds nothing is done for the alerts it matches, which are recorded all the same; what still fires when it ends is
    acted on.
    """
    silence = (
        "Silence",
        "move",
        "match: ['service=\"checkout\"']\nauthor: ana\nreason: the warehouse moves\nfrom: 2026-11-23T00:00:00Z\nto: 2026-11-23T13:00:00Z",
    )
    watch = a_watch(*EVERYTHING, silence)
    watch.receives(an_alert())
    before = list(watch.started)
    watch.passes(minutes=61)

    assert before == []
    assert watch.paged == [("13:00", "ana")]


def a_live_silence(team: str, ends_at: datetime) -> Silence:
    """A silence of this team's on checkout, made on the running server."""
    selector = Selector((Matcher("service", "=", "checkout"),))
    return Silence(Ref("Silence", "live", team, Place("the record")), selector, "ana", "the warehouse moves", ends_at, is_live=True)


def test_a_live_silence():
    """
    A person may silence alerts of their team on the running server, at once and for at most 7 days; such a silence holds on open
    incidents too, stands in no file, and is in all else like a declared one.
    """
    watch = a_watch(PAGE)
    watch.receives(an_alert())
    live = a_live_silence("payments", watch.now + timedelta(minutes=30))
    watch.silenced(live)
    watch.passes(minutes=29)
    before = list(watch.people_paged)
    watch.passes(minutes=1)
    elsewhere = a_watch(PAGE)
    elsewhere.silenced(a_live_silence("security", elsewhere.now + timedelta(minutes=30)))
    elsewhere.receives(an_alert())

    assert before == ["ana"]
    assert watch.people_paged == ["ana", "ana"]
    assert elsewhere.people_paged == ["ana"]
    live_silence.check(live.selector.match, "why", watch.now, watch.now + timedelta(days=7), watch.now)
    with pytest.raises(UserError, match="more than 7 days"):
        live_silence.check(live.selector.match, "why", watch.now, watch.now + timedelta(days=7, seconds=1), watch.now)


def test_whose_a_live_silence_is():
    """
    A live silence is of the only team of the person who makes it; of several teams it is the one that is named, or that a matcher
    `team=` names, if it is theirs or below theirs; where nothing says which, it is refused.
    """
    both = a_watch(("Team", "search", "{members: [ana], roles: {primary: person/ana}}", "search")).bill.policies
    alone = a_watch().bill.policies
    team, other = Matcher("team", "=", "search"), Matcher("service", "=", "checkout")

    assert live_silence.owner_of(alone, "ana", [other]) == "payments"
    assert live_silence.owner_of(alone, "eve", [other], "payments") == "payments"  # hers is above it
    assert live_silence.owner_of(both, "ana", [other], "search") == live_silence.owner_of(both, "ana", [team]) == "search"
    for policies, person, matchers, named in (
        (both, "ana", [other], ""),
        (alone, "ana", [other], "security"),
        (alone, "ana", [team], ""),
        (alone, "nobody", [other], "payments"),
    ):
        with pytest.raises(UserError):
            live_silence.owner_of(policies, person, matchers, named)


def test_a_silence_is_signed_and_ends():
    """
    A silence has an author and a reason, and an end: `to`, or `expires` for one that comes again in a `TimeInterval`.
    """
    nights = ("TimeInterval", "nights", '{time_intervals: [{times: [{start_time: "22:00", end_time: "06:00"}]}]}', "")
    said = "match: ['service=\"checkout\"']\nauthor: ana\nreason: it is slow then"

    assert rules(("Silence", "x", f"{said}\nfrom: 2026-11-23T00:00:00Z")) == ["silence-without-end"]
    assert rules(nights, ("Silence", "x", f"{said}\nduring: nights")) == ["silence-without-end"]
    assert rules(nights, ("Silence", "x", f"{said}\nduring: nights\nexpires: 2027-01-01T00:00:00Z")) == []
    assert rules(("Silence", "x", "match: ['service=\"checkout\"']\nfrom: 2026-11-23T00:00:00Z\nto: 2026-11-24T00:00:00Z")) == [
        "missing-key",
        "missing-key",
    ]
