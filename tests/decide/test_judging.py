"""What events do to an incident: opening, joining, ending, coming back."""

from __future__ import annotations

from datetime import timedelta

from tests.makers import NOON, a_collector, a_service, a_shop, a_triage, an_alert, an_escalation
from tests.watch import Watch
from watchbill.decide import Bill, correlate, decide
from watchbill.decide.judging import incident_id
from watchbill.model.decision import Snapshot
from watchbill.model.event import Acknowledged, AlertsReceived, Woken


def test_a_firing_alert_opens_an_incident() -> None:
    """
    The first alert of a service opens an incident that carries its owner, tier, severity and revision.
    """
    watch = Watch(a_shop(an_escalation()))
    watch.receives(an_alert())

    incident = watch.incident
    assert (incident.service, incident.team, incident.tier, incident.severity) == ("checkout", "payments", 1, "critical")
    assert (incident.status, incident.opened_at, incident.revision) == ("triggered", NOON, "4f2c1d9")


def test_a_resolved_alert_opens_nothing() -> None:
    """
    An alert that has ended before it was heard of changes nothing.
    """
    bill = Bill.of(a_shop())
    (correlation,) = correlate(bill, [an_alert(status="resolved")], NOON)
    decision = decide(bill, Snapshot(), AlertsReceived(correlation.key, correlation.alerts), NOON)

    assert (decision.incident, decision.changes, decision.steps, decision.wake_at) == (None, (), (), None)


def test_events_without_an_incident_change_nothing() -> None:
    """
    A timer or an acknowledgement for which there is no incident is harmless.
    """
    for event in (Woken(), Acknowledged("ana")):
        assert decide(Bill.of(a_shop()), Snapshot(), event, NOON).changes == ()


def test_alerts_of_one_service_are_one_incident() -> None:
    """
    Alerts of one service are decided together; those of another apart.
    """
    bill = Bill.of(a_shop(a_service("cart")))
    found = correlate(bill, [an_alert(), an_alert(service="cart"), an_alert(alertname="Slow")], NOON)

    assert [(each.key, len(each.alerts)) for each in found] == [("service/checkout", 2), ("service/cart", 1)]


def test_what_nobody_claims_is_kept_apart_by_its_name() -> None:
    """
    Two unclaimed alerts of different names are two incidents.
    """
    found = correlate(Bill.of(a_shop()), [an_alert(service="", alertname="A"), an_alert(service="", alertname="B")], NOON)

    assert [each.key for each in found] == ["unclaimed/A", "unclaimed/B"]


def test_an_alert_sent_again_changes_nothing() -> None:
    """
    An alert that only says again that it holds makes no change.
    """
    watch = Watch(a_shop(an_escalation()))
    watch.receives(an_alert())
    watch.passes(minutes=1)

    assert watch.receives(an_alert()).changes == ()


def test_it_resolves_when_its_last_alert_ends() -> None:
    """
    When all its alerts have ended the incident is resolved, and what was planned is withdrawn.
    """
    watch = Watch(a_shop(an_escalation()))
    watch.receives(an_alert(), an_alert(alertname="Slow"))
    watch.receives(an_alert(status="resolved"))
    before = watch.incident.status
    watch.receives(an_alert(alertname="Slow", status="resolved"))

    assert (before, watch.incident.status) == ("triggered", "resolved")
    assert watch.incident.in_state("planned", "waiting") == ()
    assert watch.last.wake_at is None


def test_it_reopens_when_an_alert_comes_back() -> None:
    """
    A resolved incident whose alert fires again is triggered again, and pages from level one.
    """
    watch = Watch(a_shop(an_escalation()))
    watch.receives(an_alert())
    watch.receives(an_alert(status="resolved"))
    watch.passes(minutes=10)
    watch.receives(an_alert(starts_at=NOON + timedelta(minutes=9)))

    assert (watch.incident.status, watch.incident.reopen_count) == ("triggered", 1)
    assert watch.paged == [("12:00", "ana"), ("12:10", "ana")]


def test_a_mitigated_incident_relapses() -> None:
    """
    An alert that joins a mitigated incident pages again.
    """
    watch = Watch(a_shop(an_escalation()))
    watch.receives(an_alert())
    watch.mitigates()
    watch.receives(an_alert(alertname="Slow"))

    assert watch.incident.status == "triggered"
    assert watch.people_paged == ["ana", "ana"]


def test_evidence_is_collected_once_for_all_alerts() -> None:
    """
    Every triage that any firing alert matches collects at once, each collector one time an incident.
    """
    watch = Watch(a_shop(an_escalation(), a_triage("http", a_collector("errors"), a_collector("deploys"))))
    watch.receives(an_alert(), an_alert(alertname="Slow"))
    watch.receives(an_alert(alertname="Down"))

    assert [(step.slot, step.state) for step in watch.steps("collect")] == [("errors", "started"), ("deploys", "started")]


def test_a_collector_that_cannot_be_filled_in_fails_alone() -> None:
    """
    A missing label refuses one collector; the others run, and so does everything else.
    """
    triage = a_triage("http", a_collector("host", query="{{ alert.labels.instance }}"), a_collector("errors"))
    watch = Watch(a_shop(an_escalation(), triage))
    watch.receives(an_alert())

    assert [step.state for step in watch.steps("collect")] == ["failed", "started"]
    assert watch.people_paged == ["ana"]


def test_an_unknown_severity_leaves_a_reason() -> None:
    """
    A severity that the map does not know counts as critical, and the decision says so.
    """
    watch = Watch(a_shop(an_escalation()))
    decision = watch.receives(an_alert(severity="spicy"))

    assert watch.incident.severity == "critical"
    assert "the severity `spicy` is not known and counts as critical" in [reason.note for reason in decision.reasons]


def test_a_decision_says_by_which_rules_it_was_made() -> None:
    """
    Every decision carries the revision of the policies and the version of the zone rules.
    """
    decision = Watch(a_shop(an_escalation())).receives(an_alert())

    assert (decision.revision, decision.tzdata) == ("4f2c1d9", "2026a")


def test_an_incidents_id_can_be_said_and_is_one_of_its_kind() -> None:
    """
    An id is the service's name and a short tail that differs by key and time of opening.
    """
    one = incident_id("checkout", "service/checkout", NOON)
    other = incident_id("checkout", "service/checkout", NOON + timedelta(seconds=1))

    assert one.startswith("checkout-")
    assert len(one) == len("checkout-") + 6
    assert one != other
    assert incident_id("Ünheard/of", "k", NOON).startswith("nheard-of-")
