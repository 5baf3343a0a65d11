"""Explanations to read: the shop's, on an alert of checkout's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.makers import (
    a_claimed_alert,
    a_comms,
    a_guardrail,
    a_layer,
    a_level,
    a_person,
    a_remediation,
    a_schedule,
    a_service,
    a_shop,
    a_silence,
    a_triage,
    an_alert,
    an_audience,
    an_escalation,
    an_inhibition,
    hours,
)
from watchbill.decide import Bill
from watchbill.decide.explaining import explain
from watchbill.decide.explaining_people import explain_person
from watchbill.model.decision import Snapshot
from watchbill.model.explanation import LastChange
from watchbill.model.references import Ref
from watchbill.report.explain_text import Answer

AT = datetime(2026, 11, 23, 3, 12, tzinfo=UTC)
CHANGED = LastChange("4f2c1d9", "Ana Sousa", datetime(2026, 11, 2, 10, 0, tzinfo=UTC), "Ask the day shift first")

THE_SHOP = (
    a_person("bo", zone="Europe/Berlin", full_name="Bo Berg"),
    a_schedule("payments-primary", a_layer("ana", "bo"), a_layer("cy", name="singapore-day", hours=hours("01:00", "09:00"))),
    an_escalation(
        "payments-critical", a_level("role/primary", line=9), a_level("role/lead", line=12), match=['severity="critical"'], line=3
    ),
    an_escalation("payments-warning", a_level("role/primary"), a_level("person/bo"), match=['severity="warning"'], line=20),
    a_triage("http", line=30),
    a_triage("databases", match=['component="database"'], line=40),
    an_audience("customers"),
    a_comms("customers-critical", line=50),
    a_comms("customers-narrow", match=['severity="critical"'], line=60),
    a_remediation("restart-checkout", line=70),
    a_guardrail("hands-off", ceiling="human-initiated"),
)


def an_answer(about: Ref | None = None, *more: Any, alerts: Any = None, active: Any = (), changed: bool = True, **settings: Any) -> Answer:
    """What is said *about* one document of the shop, or about everything, while *active* alerts fire beside."""
    bill = Bill.of(a_shop(*THE_SHOP, *more, **settings))
    (explanation,) = explain(bill, alerts or [an_alert(starts_at=AT - timedelta(minutes=2))], AT, Snapshot(active=active))
    looked_at = (*explanation.services, *explanation.policies)
    if about is not None and about.kind == "Audience":
        audiences = {comms.ref for comms in bill.policies.comms.values() if comms.audience == about.name}
        looked_at = tuple(each for each in looked_at if each.policy in audiences)
    elif about is not None:
        looked_at = tuple(each for each in looked_at if each.policy == about)
    who = explain_person(bill, explanation, about.name) if about is not None and about.kind == "Person" else None
    changes = {each.place: CHANGED for each in looked_at} if changed else {}
    if who is not None and changed:
        changes |= {standing.place: CHANGED for rung in who.rungs for standing in rung.standings}
    return Answer(explanation, about, looked_at, who, changes)


def a_silenced_answer() -> Answer:
    """What is said of an alert that a silence is about, while another silence is not."""
    silences = (
        a_silence("load-test", match=['alertname="HighErrorRate"'], author="ana", reason="load test with the provider", line=80),
        a_silence("warehouse-move", match=['alertname="SyncStopped"'], line=90),
    )
    return an_answer(None, *silences)


def a_hidden_answer() -> Answer:
    """What is said of an alert that another service's explains, which fires."""
    hidden = (
        a_service("orders-db"),
        a_service("checkout", depends_on={"orders-db": True}),
        an_inhibition("db-hides-dependants", target=['severity="critical"'], depends_on=True, line=80),
    )
    down = a_claimed_alert(an_alert(alertname="DatabaseDown", service="orders-db", severity="critical"), service="orders-db")
    return an_answer(None, *hidden, active=(down,))


def the(kind: str, name: str) -> Ref:
    """The reference of a document of the shop."""
    policies = a_shop(*THE_SHOP)
    tables = (
        *(policies.people, policies.services, policies.escalations, policies.triages),
        *(policies.audiences, policies.comms, policies.remediations, policies.guardrails),
    )
    return next(document.ref for table in tables for document in table.values() if (document.ref.kind, document.ref.name) == (kind, name))
