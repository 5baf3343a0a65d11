"""The plan that people read, gathered from the play-forward."""

from __future__ import annotations

from datetime import timedelta

from tests.makers import (
    NOON,
    Document,
    a_comms,
    a_freeze,
    a_guardrail,
    a_hub,
    a_level,
    a_place,
    a_remediation,
    a_review,
    a_shop,
    a_span,
    a_team,
    a_triage,
    a_use,
    an_alert,
    an_audience,
    an_escalation,
)
from watchbill.decide import Bill
from watchbill.decide.planning import plan
from watchbill.expressions.conditions import parse_condition
from watchbill.model.alert import Alert
from watchbill.model.decision import RepairRun, Snapshot
from watchbill.model.forecast import Plan
from watchbill.model.ownership import Acknowledge
from watchbill.model.policies import Verification

VERIFICATION = Verification(
    a_use("metrics.query", query="up"), parse_condition("value < `0.01`", a_place()), timedelta(minutes=2), timedelta(minutes=5)
)


def planned(*documents: Document, alerts: tuple[Alert, ...] = (), snapshot: Snapshot | None = None) -> Plan:
    """The one plan of these alerts, at noon."""
    (found,) = plan(Bill.of(a_shop(*documents)), alerts or (an_alert(),), NOON, snapshot)
    return found


def minutes_after(found: Plan) -> list[tuple[int, str]]:
    """When who is paged by the escalation that won."""
    pages = found.escalations[0].pages
    return [(int((page.at - NOON).total_seconds() // 60), person.name) for page in pages for person in page.people]


def test_a_plan_says_who_is_paged_when_and_why() -> None:
    """
    Every level of every round stands in the plan, down to the fallback team, with the duty and the way that led to each person.
    """
    found = planned(an_escalation("two", a_level("role/primary"), a_level("role/lead"), repeat=1))

    assert minutes_after(found) == [(0, "ana"), (5, "cy"), (10, "ana"), (15, "cy"), (20, "dan")]
    first = found.escalations[0].pages[0].people[0]
    assert (first.duty, first.why, first.zone) == ("role/primary", "payments-primary, layer base", "UTC")
    assert [(contact.use, contact.after) for contact in first.contacts] == [
        ("phone.call", timedelta(0)),
        ("phone.sms", timedelta(minutes=2)),
    ]
    assert found.escalations[0].why == "the only one of payments that matches"


def test_a_plan_for_each_incident() -> None:
    """
    Alerts of two services are two plans.
    """
    from tests.makers import a_service

    bill = Bill.of(a_shop(a_service("cart"), an_escalation()))

    assert [found.title for found in plan(bill, [an_alert(), an_alert(service="cart")], NOON)] == [
        "HighErrorRate on checkout",
        "HighErrorRate on cart",
    ]


def test_a_held_page_says_until_when_and_for_what() -> None:
    """
    With a fallback that runs, the plan shows the page as it would leave if the repair never ended.
    """
    restart = a_remediation(phase="fallback", hold=timedelta(minutes=6), verification=VERIFICATION)
    found = planned(an_escalation(), restart)

    assert found.escalations[0].held_until == NOON + timedelta(minutes=6)
    assert found.escalations[0].held_for == ("restart-checkout",)
    assert minutes_after(found)[0] == (6, "ana")


def test_a_repair_shows_what_guards_forecast() -> None:
    """
    Each remediation that applies tells its phase, whether it runs by itself, what guards say, and how it is verified and undone.
    """
    december = a_guardrail("freeze-december", freeze=a_freeze(a_span("2026-12-20", "2027-01-04"), reason="sale"))
    found = planned(an_escalation(), a_remediation(phase="oversight", verification=VERIFICATION), december)

    (repair,) = found.repairs
    assert (repair.phase, repair.runs, repair.target) == ("oversight", True, "checkout")
    assert [forecast.text for forecast in repair.forecasts] == ["freeze-december begins 2026-12-20", "0 of 2 in 1d"]
    assert (repair.verification, repair.rollback) == ("value < `0.01` for 2m, within 5m", "a restart leaves nothing to undo")
    assert repair.steps[0].arguments == {"deployment": "checkout"}


def test_past_runs_count_in_the_forecast() -> None:
    """
    A plan that is given the record counts the runs in it.
    """
    runs = tuple(
        RepairRun("restart-checkout", "x", "checkout", "checkout", "payments", NOON - timedelta(hours=hour), NOON) for hour in (3, 2)
    )
    found = planned(an_escalation(), a_remediation(phase="oversight", verification=VERIFICATION), snapshot=Snapshot(runs=runs))

    assert found.repairs[0].runs is False
    assert [(forecast.text, forecast.passes) for forecast in found.repairs[0].forecasts] == [("2 of 2 in 1d", False)]


def test_a_human_initiated_remediation_says_to_whom_it_is_offered() -> None:
    """
    What runs only by hand is offered to those who may run it.
    """
    (repair,) = planned(an_escalation(), a_remediation()).repairs

    assert (repair.runs, repair.offered_to) == (False, ("team/payments",))


def test_an_update_says_by_when_for_whom_and_who_reviews_it() -> None:
    """
    The first update of each audience stands with its obligation, its reviewer, when it leaves without an answer, and its text.
    """
    liaison = a_team("engineering", members=["eve"], roles={"customer-liaison": "person/eve"})
    found = planned(an_escalation(), liaison, an_audience("customers"), a_comms(review=a_review()))

    (update,) = found.updates
    assert (update.due_at, update.sent_at) == (NOON + timedelta(minutes=15), NOON + timedelta(minutes=25))
    assert update.reviewer is not None
    assert update.reviewer.name == "eve"
    assert (update.body, update.every) == ("checkout is disturbed", timedelta(minutes=30))


def test_the_hub_names_who_is_asked_in() -> None:
    """
    Those paged first and those invited are asked into the hub.
    """
    hub = a_hub("inc-{{ service.name }}", bridge=True, invite=["role/incident-commander"])
    found = planned(an_escalation(hub=hub))

    assert found.hub is not None
    assert (found.hub.channel, found.hub.bridge) == ("inc-checkout", True)
    assert found.hub.invited == (("ana", "role/primary"), ("eve", "role/incident-commander"))


def test_evidence_stands_with_its_arguments_filled_in() -> None:
    """
    Each collector is listed as it would be called, and one that cannot be filled in says why.
    """
    from tests.makers import a_collector

    triage = a_triage(
        "http", a_collector("errors", query="rate({{ service.name }})"), a_collector("host", query="{{ alert.labels.instance }}")
    )
    found = planned(an_escalation(), triage)

    assert [(each.name, each.call.arguments, bool(each.error)) for each in found.evidence] == [
        ("errors", {"query": "rate(checkout)"}, False),
        ("host", {}, True),
    ]
    assert found.evidence_budget == timedelta(seconds=30)


def test_refused_policies_stand_with_their_first_failed_condition() -> None:
    """
    A policy that a reader might expect and that takes no part is listed with what failed.
    """
    found = planned(an_escalation(), an_escalation("other", match=['service="checkout"', 'region="eu"']))

    assert [(reason.policy.name, reason.failed, reason.saw) for reason in found.refused] == [("other", 'region="eu"', "")]


def test_ended_alerts_plan_nothing_and_say_so() -> None:
    """
    A payload of resolved alerts gives a plan in which nobody is paged, with a note.
    """
    found = planned(an_escalation(), alerts=(an_alert(status="resolved"),))

    assert (found.incident, found.escalations, found.updates) == ("", (), ())
    assert found.notes == ("these alerts have ended: with no incident open, nothing would be done",)


def test_a_page_that_reaches_nobody_stands_with_its_reason() -> None:
    """
    A level that cannot be reached is shown, empty, with the sentence that says why.
    """
    from tests.makers import a_person

    found = planned(a_person("ana", contacts=()), an_escalation("two", a_level("person/ana"), a_level("person/bo")))
    page = found.escalations[0].pages[0]

    assert (page.people, page.note) == ((), "ana has no contact")
    assert minutes_after(found)[0] == (0, "bo")


def test_a_plan_says_how_long_an_acknowledgement_holds() -> None:
    """
    For each escalation a plan says how long an acknowledgement holds, when its holder is reminded, and what joins then does.
    """
    terms = Acknowledge(timedelta(hours=2), timedelta(minutes=10))
    winner = an_escalation(acknowledge=terms, joined="page")
    (found,) = plan(Bill.of(a_shop(winner, an_escalation("besides", proceed=True))), [an_alert()], NOON)
    (usual,) = plan(Bill.of(a_shop(an_escalation())), [an_alert(severity="info")], NOON)

    told = [(each.acknowledged_for, each.reminded_before, each.joined) for each in (*found.escalations, *usual.escalations)]
    assert told == [(terms.expires, terms.remind, "page")] * 2 + [(timedelta(hours=24), timedelta(minutes=15), "tell")]
