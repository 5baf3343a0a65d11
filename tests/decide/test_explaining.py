"""Why and why not: every policy is looked at, and nothing else is decided for it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.laws.test_decide_laws import GROUPS, LABELS, TEAMS, a_bill
from tests.makers import (
    NOON,
    a_comms,
    a_guardrail,
    a_hub,
    a_layer,
    a_level,
    a_person,
    a_remediation,
    a_review,
    a_schedule,
    a_service,
    a_shop,
    a_team,
    a_triage,
    an_alert,
    an_audience,
    an_escalation,
    an_override,
    at,
    hours,
    some_days,
    some_settings,
)
from watchbill.decide import Bill
from watchbill.decide.claiming import claim
from watchbill.decide.explaining import explain
from watchbill.decide.explaining_people import explain_person
from watchbill.decide.planning import plan
from watchbill.decide.selecting import choose_escalation
from watchbill.errors import Place
from watchbill.expressions.conditions import parse_condition
from watchbill.model.explanation import Explanation, LookedAt, PersonExplained
from watchbill.model.plan import Reason
from watchbill.model.policyset import Grant


def explained(*documents: Any, alerts: Any = None, moment: Any = NOON, **more: Any) -> Explanation:
    """What is looked at in the shop with these *documents*."""
    return explain(Bill.of(a_shop(*documents, **more)), alerts or [an_alert()], moment)[0]


def looked_at(explanation: Explanation, name: str) -> LookedAt:
    return next(each for each in (*explanation.services, *explanation.policies) if each.policy.name == name)


def person(name: str, *documents: Any, moment: Any = NOON, alerts: Any = None) -> PersonExplained:
    bill = Bill.of(a_shop(*documents))
    return explain_person(bill, explain(bill, alerts or [an_alert()], moment)[0], name)


def condition(text: str) -> Any:
    return parse_condition(text, Place("policies/payments.yaml", 7, 9))


# --- laws -------------------------------------------------------------------------------


@given(GROUPS, TEAMS, st.lists(LABELS, min_size=1, max_size=3))
@settings(max_examples=60, deadline=None)
def test_looking_at_everything_decides_the_same(groups: list[list[Any]], teams: list[str], several: list[dict[str, str]]) -> None:
    """
    For all policies and alerts, what is explained is the very plan, and the candidates have the very reasons, in order.
    """
    bill = a_bill(groups, teams)
    alerts = [an_alert(**labels) for labels in several]
    plans = plan(bill, alerts, NOON)
    explanations = explain(bill, alerts, NOON)

    assert len(plans) == len(explanations)
    for indexed, scanned in zip(plans, (each.plan for each in explanations), strict=True):
        assert replace(scanned, reasons=indexed.reasons, refused=indexed.refused) == indexed
        known = set(indexed.reasons)
        assert tuple(reason for reason in scanned.reasons if reason in known) == indexed.reasons


@given(GROUPS, TEAMS, LABELS)
@settings(max_examples=60, deadline=None)
def test_the_full_scans_say_the_same(groups: list[list[Any]], teams: list[str], labels: dict[str, str]) -> None:
    """
    Every reason that a full scan of claims and escalations gives is in the explanation.
    """
    bill = a_bill(groups, teams)
    alert = an_alert(**labels)
    claimed, claims = claim(bill, alert, everything=True)
    (explanation,) = explain(bill, [alert], NOON)
    reasons: list[Reason] = []
    if claimed.is_firing:
        choose_escalation(bill, claimed, dict, reasons, everything=True)

    assert {*claims, *reasons} <= set(explanation.plan.reasons)


@given(GROUPS, TEAMS, LABELS)
@settings(max_examples=60, deadline=None)
def test_every_policy_is_looked_at(groups: list[list[Any]], teams: list[str], labels: dict[str, str]) -> None:
    """
    No escalation, triage, comms, remediation or service is missing, and each takes part exactly where the plan says so.
    """
    bill = a_bill(groups, teams)
    (explanation,) = explain(bill, [an_alert(**labels)], NOON)
    policies = bill.policies
    tables = (policies.escalations, policies.triages, policies.comms, policies.remediations, policies.services)
    found = {each.policy for each in (*explanation.services, *explanation.policies)}

    assert {document.ref for table in tables for document in table.values()} <= found
    applied = {reason.policy for reason in explanation.plan.reasons if reason.applied}
    assert {each.policy for each in explanation.policies if each.applied} <= applied


# --- policies ---------------------------------------------------------------------------


def test_a_policy_says_which_matcher_failed_and_what_it_saw():
    """
    The first matcher that failed, and the value of its label, are the reason.
    """
    found = looked_at(explained(an_escalation(), a_triage("night", match=['severity="warning"'])), "night")

    assert not found.applied
    assert (found.reason.kind, found.reason.failed, found.reason.saw) == ("matcher", 'severity="warning"', "critical")


def test_a_condition_points_to_its_own_line():
    """
    Where `when` failed, the place is that of the condition.
    """
    found = looked_at(explained(a_triage("night", when=condition("tier == `3`"))), "night")

    assert (found.reason.kind, found.reason.failed, found.reason.saw) == ("when", "tier == `3`", "1")
    assert found.place == Place("policies/payments.yaml", 7, 9)


def test_a_policy_answers_alert_by_alert():
    """
    Of several alerts each has its own answer, and the policy takes part if any of them is all that it asks for.
    """
    alerts = [an_alert(), an_alert(alertname="Slow", severity="warning")]
    found = looked_at(explained(a_triage("night", match=['severity="warning"']), alerts=alerts), "night")

    assert found.applied
    assert [(asked.alert, asked.refusal is None) for asked in found.asked] == [("HighErrorRate", False), ("Slow", True)]


def test_a_rival_says_more_than_another_alerts_matcher():
    """
    A policy that matches one alert, and loses, does not say that it did not match another one.
    """
    alerts = [an_alert(), an_alert(alertname="Slow", severity="warning")]
    documents = (
        an_audience(),
        a_comms("any"),
        a_comms("worse", match=['severity="critical"']),
        a_comms("mild", match=['severity="warning"']),
    )
    explanation = explained(*documents, alerts=alerts)

    assert looked_at(explanation, "any").reason.kind == "rival"
    assert [each.policy.name for each in explanation.policies if each.policy.kind == "Comms" and each.applied] == ["mild"]
    assert looked_at(explanation, "worse").reason.kind == "rival"


def test_a_precondition_is_why_a_remediation_does_not_run():
    """
    A remediation that matches and whose precondition fails says that, at the precondition's line.
    """
    found = looked_at(explained(a_remediation(precondition=condition("tier == `2`"))), "restart-checkout")

    assert (found.reason.kind, found.reason.failed) == ("precondition", "tier == `2`")
    assert found.place.line == 7


def test_another_teams_policy_has_no_say():
    """
    A policy that would match, of a team without a say here, is told apart from one that does not match.
    """
    found = looked_at(explained(a_triage("hosts", team="platform")), "hosts")

    assert found.reason.kind == "scope"


def test_guardrails_are_looked_at_where_a_remediation_applies():
    """
    A guardrail that matches holds, one that does not says why; without a remediation none is asked.
    """
    rails = (a_guardrail("cap", ceiling="oversight"), a_guardrail("other", match=['severity="info"'], ceiling="oversight"))
    explanation = explained(a_remediation(), *rails)

    assert looked_at(explanation, "cap").applied
    assert looked_at(explanation, "other").reason.failed == 'severity="info"'
    assert [each for each in explained(*rails).policies if each.policy.kind == "Guardrail"] == []


def test_services_say_why_they_do_not_claim():
    """
    The service that claims comes first; each other has an answer for each of its claims.
    """
    search = a_service("search", claims=[['service="search"'], ['job="probe"', 'region="eu"']])
    explanation = explained(search)

    assert [(each.policy.name, each.applied) for each in explanation.services] == [("checkout", True), ("search", False)]
    assert [asked.refusal.failed for asked in looked_at(explanation, "search").asked if asked.refusal] == [
        'service="search"',
        'job="probe"',
    ]


def test_a_service_that_lost_says_to_whom():
    """
    A claim that holds, and is less specific, says so.
    """
    wide = a_service("wide", claims=[['severity="critical"']])
    narrow = a_service("checkout", claims=[['service="checkout"', 'severity="critical"']])

    assert looked_at(explained(wide, narrow), "wide").reason.note == "less specific than checkout"


def test_what_nobody_claims_goes_to_a_team_that_is_named():
    """
    For an alert of nobody's the fallback team stands first among the services.
    """
    explanation = explained(alerts=[an_alert(service="unknown")])

    assert explanation.services[0].policy.name == "platform"
    assert [each.applied for each in explanation.services[1:]] == [False]


def test_several_incidents_are_explained_apart():
    """
    Each incident has the answers about its own alerts.
    """
    bill = Bill.of(a_shop(a_service("search"), a_triage("night", match=['service="search"'])))
    first, second = explain(bill, [an_alert(), an_alert(service="search")], NOON)

    assert not looked_at(first, "night").applied
    assert looked_at(second, "night").applied
    assert len(looked_at(first, "night").asked) == len(looked_at(second, "night").asked) == 1


# --- people ---------------------------------------------------------------------------

PAGES = an_escalation("payments-critical", a_level("role/primary"), a_level("role/secondary"))
"""At noon of this Monday the primary is ana: it is turn 46 of the shop's rotation."""


def test_who_is_paged_has_their_pages():
    """
    A person who is paged has each page that reaches them, the rounds included.
    """
    found = person("ana", replace(PAGES, repeat=1))

    assert [f"{page.at:%H:%M}" for page in found.pages] == ["12:00", "12:10"]
    assert [rung.is_paged for rung in found.rungs][:2] == [True, False]


def test_who_is_not_on_call_is_told_who_is_and_when_it_is_their_turn():
    """
    The level names a schedule: who has the watch on it, until when, and when the person has it next.
    """
    found = person("bo", an_escalation("payments-critical", a_level("role/primary")))
    standing = found.rungs[0].standings[0]

    assert found.pages == ()
    assert (standing.holder, standing.is_listed, standing.layer) == ("ana", True, "base")
    assert standing.until == standing.next_at == at("2026-11-30T09:00:00Z")
    assert standing.next_until == at("2026-12-07T09:00:00Z")


def test_a_layer_above_is_seen():
    """
    Where it is a person's turn in a lower layer, the seats of all layers show it.
    """
    layers = (a_layer("bo"), a_layer("cy", name="day", hours=hours("08:00", "20:00")))
    found = person("bo", PAGES, a_schedule("payments-primary", *layers))
    standing = found.rungs[0].standings[0]

    assert [(seat.layer, seat.person) for seat in standing.seats] == [("base", "bo"), ("day", "cy")]
    assert (standing.holder, standing.layer) == ("cy", "day")
    assert standing.next_at == at("2026-11-23T20:00:00Z")


def test_an_override_is_named():
    """
    Who was replaced sees the override that did it, and where it stands.
    """
    override = an_override("cy", "2026-11-23T00:00:00Z", "2026-11-24T00:00:00Z", instead_of="ana", name="cy-for-ana")
    standing = person("ana", PAGES, override).rungs[0].standings[0]

    assert standing.holder == "cy"
    assert standing.override is not None
    assert standing.override.name == "cy-for-ana"
    assert standing.place == override.ref.place


def test_leave_and_lack_of_contacts_are_told():
    """
    A person whom a level means and does not reach is away, or has no contact.
    """
    away = person("bo", PAGES, a_person("bo", leave=[some_days("2026-11-20", "2026-11-27")]))
    silent = person("bo", PAGES, a_person("bo", contacts=()))

    assert (away.rungs[1].is_named, away.rungs[1].is_paged, str(away.away_until)) == (True, False, "2026-11-27")
    assert "on leave" in away.rungs[1].note
    assert (silent.rungs[1].is_named, silent.rungs[1].is_paged, silent.has_contacts) == (True, False, False)


def test_other_escalations_that_would_lead_there():
    """
    An escalation that takes no part and would call the person now is named with its reason; another team's is not.
    """
    documents = (
        an_escalation("payments-critical", a_level("role/primary")),
        an_escalation("payments-warning", a_level("role/secondary"), match=['severity="warning"']),
        an_escalation("platform-warning", a_level("person/bo"), team="platform", match=['severity="warning"']),
    )

    assert [(each.policy.name, each.reason.failed) for each in person("bo", *documents).others] == [
        ("payments-warning", 'severity="warning"')
    ]


def test_the_fallback_team_is_a_level_too():
    """
    Who is called when nobody answered has that level among theirs.
    """
    found = person("dan", PAGES)

    assert [rung.is_paged for rung in found.rungs] == [False, False, True]
    assert found.rungs[-1].page.targets == ("team/platform",)


def test_nobody_is_behind_what_leads_elsewhere():
    """
    A person whom no level could mean is on no schedule of theirs.
    """
    found = person("eve", PAGES)

    assert not any(rung.is_named or rung.is_paged for rung in found.rungs)
    assert not any(standing.is_listed for rung in found.rungs for standing in rung.standings)


def test_roles_are_asked_of_the_team_that_the_page_asks():
    """
    An escalation that applies besides asks its own team for its roles.
    """
    besides = an_escalation("watch", a_level("role/primary"), team="platform", proceed=True)
    bill = Bill.of(a_shop(PAGES, besides, settings=some_settings(grants=[Grant("platform", (), ("*",))])))
    found = explain_person(bill, explain(bill, [an_alert()], NOON)[0], "dan")
    rung = next(rung for rung in found.rungs if rung.page.because.name == "watch")

    assert rung.is_paged
    assert [standing.schedule.name for standing in rung.standings] == ["platform-primary"]


def test_an_alert_that_has_ended_calls_nobody():
    """
    With nothing firing no level falls due.
    """
    found = person("ana", PAGES, alerts=[an_alert(status="resolved")])

    assert (found.pages, found.rungs) == ((), ())


def test_a_person_of_two_teams_is_found_by_name():
    """
    A level that names a person leads to them without any schedule.
    """
    found = person("eve", an_escalation("payments-critical", a_level("person/eve")), a_team("platform", roles={"primary": "person/dan"}))

    assert (found.rungs[0].is_named, found.rungs[0].is_paged, found.rungs[0].standings) == (True, True, ())


def test_other_ways_of_being_asked():
    """
    Who is asked into the hub, or reads an update first, is told so, paged or not.
    """
    documents = (
        an_escalation("payments-critical", hub=a_hub("inc-{{ service.name }}", invite=["role/incident-commander"])),
        an_audience(title="Customers"),
        a_comms(review=a_review("person/eve")),
    )

    assert person("eve", *documents).besides == (
        "is asked into inc-checkout (incident-commander)",
        "reads the update for Customers before it leaves",
    )
    assert person("bo", *documents).besides == ()


def test_a_service_that_claims_nothing_has_nothing_to_say():
    """
    Without claims there is no answer, and the service is not listed.
    """
    assert [each.policy.name for each in explained(a_service("shelf", claims=[])).services] == ["checkout"]


def test_where_nothing_matches_the_fallback_team_is_the_escalation():
    """
    With no escalation at all the fallback team is called, and who is in it is answered from there.
    """
    found = person("dan")

    assert (found.rungs[0].page.because.kind, found.rungs[0].is_paged) == ("Settings", True)
