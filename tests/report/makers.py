"""Plans made by hand: a rich one to read, and small ones to vary."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from watchbill.errors import Place
from watchbill.model.alert import Alert, ClaimedAlert
from watchbill.model.forecast import (
    Forecast,
    Plan,
    PlannedContact,
    PlannedEscalation,
    PlannedEvidence,
    PlannedHub,
    PlannedPage,
    PlannedPerson,
    PlannedPost,
    PlannedRepair,
    PlannedTelling,
    PlannedUpdate,
)
from watchbill.model.plan import Call, Reason
from watchbill.model.references import Kind, Ref

AT = datetime(2026, 11, 23, 3, 12, tzinfo=UTC)


def after(minutes: float) -> datetime:
    """So many minutes after the plan's moment."""
    return AT + timedelta(minutes=minutes)


def a_place(file: str = "policies/payments/escalation.yaml", line: int = 3) -> Place:
    """A line of a policy file."""
    return Place(file, line, 1)


def a_ref(kind: Kind, name: str, team: str = "payments", place: Place | None = None) -> Ref:
    """A document's reference."""
    return Ref(kind, name, team, place or a_place())


CRITICAL = a_ref("Escalation", "payments-critical")
FREEZE = a_ref("Guardrail", "freeze-december", "", a_place("policies/guardrails.yaml", 8))
CHECKOUT = a_ref("Service", "checkout", place=a_place("ownership/payments.yaml", 14))


def an_alert(name: str = "HighErrorRate", fingerprint: str = "7f3a", **more: Any) -> ClaimedAlert:
    """A firing alert that checkout has claimed."""
    received = {"alertname": name, "service": "checkout", "severity": "critical", **more.pop("labels", {})}
    alert = Alert(fingerprint, received, {"summary": "errors above 5%"}, "firing", after(-2))
    labels = {**received, "team": "payments", "tier": "1"}
    return replace(ClaimedAlert(alert, "checkout", "payments", labels, "critical"), **more)


def a_person(name: str = "ana", zone: str = "Europe/Lisbon", at: datetime = AT, **more: Any) -> PlannedPerson:
    """Somebody who is called, then gets a message."""
    ways = (PlannedContact("phone.call", timedelta(), rings=True), PlannedContact("phone.sms", timedelta(minutes=2)))
    usual = {
        "full_name": name.capitalize(),
        "duty": "role/primary",
        "why": "payments-primary, layer base",
        "contacts": ways,
    }
    return PlannedPerson(name=name, local_at=at.astimezone(ZoneInfo(zone)), zone=zone, **{**usual, **more})


def a_page(minutes: float = 6, *people: PlannedPerson, round: int = 0, level: int = 0, **more: Any) -> PlannedPage:
    """A level that falls due so many minutes after the start."""
    usual = {"targets": ("role/primary",), "because": CRITICAL, "place": a_place(line=9)}
    return PlannedPage(after(minutes), round, level, people=people, **{**usual, **more})


def rounds(minutes: float, number: int) -> tuple[PlannedPage, ...]:
    """One round of three levels: ana, bo and cy."""
    mail = (PlannedContact("mail.send", timedelta()),)
    start, second, third = after(minutes), after(minutes + 5), after(minutes + 15)
    return (
        a_page(minutes, a_person("ana", at=start), round=number),
        a_page(
            minutes + 5,
            a_person(
                "bo", "Europe/Berlin", second, duty="role/secondary", why="payments-secondary, override bo-for-dan-1123 in place of dan"
            ),
            round=number,
            level=1,
            note="dan is on leave until 27 November",
        ),
        a_page(
            minutes + 15,
            a_person("cy", "America/New_York", third, duty="role/lead", why="lead of payments", contacts=mail),
            round=number,
            level=2,
        ),
    )


def a_fallback_page(minutes: float, number: int) -> PlannedPage:
    """The page of the fallback team, after all rounds."""
    dee = a_person("dee", "UTC", after(minutes), duty="team/platform", why="platform-primary, layer base")
    settings = a_place("watchbill.yaml", 7)
    return a_page(minutes, dee, round=number, level=3, targets=("team/platform",), place=settings)


def an_escalation(**more: Any) -> PlannedEscalation:
    """Three levels, two further rounds, held for a restart."""
    usual: dict[str, Any] = {
        "policy": CRITICAL,
        "why": "most specific of 3 that match",
        "pages": (*rounds(6, 0), *rounds(31, 1), *rounds(56, 2), a_fallback_page(81, 3)),
        "repeat": 2,
        "after": "then the engine's own alarm",
        "held_until": after(6),
        "held_for": ("restart-checkout",),
        "acknowledged_for": timedelta(hours=4),
        "reminded_before": timedelta(minutes=15),
    }
    return PlannedEscalation(**{**usual, **more})


def a_post(minutes: float = 6, kind: str = "notify", **more: Any) -> PlannedPost:
    """A post in the team's channel."""
    call = Call("chat", "post", {"channel": "#team-payments", "text": "HighErrorRate on checkout\nsee the hub"})
    usual = {"call": call, "because": CRITICAL, "place": a_place(line=12)}
    return PlannedPost(after(minutes), kind, **{**usual, **more})


def some_evidence(name: str, title: str, use: str = "metrics.query-range", error: str = "") -> PlannedEvidence:
    """A collector of platform's."""
    connector, _, action = use.partition(".")
    because = a_ref("Triage", "http-services", "platform", a_place("policies/platform/triage.yaml", 4))
    place = a_place("policies/platform/triage.yaml", 11)
    return PlannedEvidence(name, title, Call(connector, action, {"query": "up"}), timedelta(seconds=10), because, place, error)


def an_update(**more: Any) -> PlannedUpdate:
    """The first update to customers, reviewed by carol."""
    usual: dict[str, Any] = {
        "audience": "customers",
        "title": "customers",
        "due_at": after(15),
        "channels": ("statuspage.post", "chat.post"),
        "subject": "Payments are slower than usual",
        "body": "We are looking into it.\nNext update in 30 minutes.",
        "because": a_ref("Comms", "customers-critical", "support"),
        "place": a_place("policies/support/comms.yaml", 4),
        "reviewer": a_person("carol", "UTC", duty="role/customer-liaison", why="by name"),
        "sent_at": after(25),
        "every": timedelta(minutes=30),
        "calls": (
            PlannedTelling(
                "statuspage.post",
                Call(
                    "statuspage",
                    "post",
                    {
                        "subject": "Payments are slower than usual",
                        "text": "We are looking into it.\nNext update in 30 minutes.",
                        "components": {"k4x1": "partial_outage"},
                        "notify": True,
                    },
                ),
            ),
            PlannedTelling("chat.post", None, "`channel` of chat.post is empty, now that it is filled in"),
        ),
    }
    return PlannedUpdate(**{**usual, **more})


def a_repair(**more: Any) -> PlannedRepair:
    """A restart that runs by itself while the page waits."""
    because = a_ref("Remediation", "restart-checkout", place=a_place("policies/payments/remediation.yaml", 3))
    usual: dict[str, Any] = {
        "name": "restart-checkout",
        "at": AT,
        "phase": "fallback",
        "declared": "fallback",
        "target": "checkout-7f3a",
        "runs": True,
        "steps": (Call("cluster", "rollout-restart", {"deployment": "checkout"}),),
        "forecasts": (Forecast("0 of 2 in 1d", True, because, "rate"), Forecast("not frozen", True, because, "freeze")),
        "verification": "value < `0.01`",
        "rollback": "a restart leaves nothing to undo",
        "approvals": 0,
        "approvers": (),
        "offered_to": (),
        "because": because,
        "place": because.place,
        "runbook": "docs/runbooks/checkout.md",
    }
    return PlannedRepair(**{**usual, **more})


def an_offer(**more: Any) -> PlannedRepair:
    """A rollback that a person may start, after two others said yes."""
    usual: dict[str, Any] = {
        "name": "rollback-release",
        "phase": "human-initiated",
        "declared": "fallback",
        "runs": False,
        "forecasts": (Forecast("frozen by freeze-december: december", False, FREEZE, "freeze"),),
        "verification": "",
        "rollback": "",
        "approvals": 2,
        "approvers": ("role/incident-commander",),
        "offered_to": ("team/payments", "person/cy"),
        "runbook": "",
    }
    return a_repair(**{**usual, **more})


def a_plan(**more: Any) -> Plan:
    """Everything at once: pages, a hub, evidence, updates, repairs, refusals."""
    lead = an_alert()
    night = a_ref("Escalation", "payments-night")
    usual: dict[str, Any] = {
        "at": AT,
        "revision": "4f2c1d9",
        "tzdata": "2026a",
        "incident": "checkout-7f3a",
        "key": "checkout",
        "title": "HighErrorRate on checkout",
        "lead": lead,
        "alerts": (lead,),
        "severity": "critical",
        "service": CHECKOUT,
        "tier": 1,
        "team": "payments",
        "claim": Reason(CHECKOUT, True, 'claimed by service="checkout"'),
        "escalations": (an_escalation(),),
        "posts": (a_post(11), a_post(36), a_post(61)),
        "hub": PlannedHub(
            "#inc-checkout-1123", True, (("ana", "role/primary"), ("eve", "role/incident-commander")), CRITICAL, a_place(line=20)
        ),
        "evidence": (
            some_evidence("error-rate", "error rate, 1h against yesterday"),
            some_evidence("logs", "new log templates", "logs.query"),
            some_evidence("deploys", "deploys in 6h", "deploys.list"),
            some_evidence("disk", "df on the host", "hosts.command", "the alert has no label instance"),
        ),
        "evidence_budget": timedelta(seconds=30),
        "updates": (
            an_update(),
            an_update(
                title="stakeholders",
                channels=("mail.send",),
                due_at=after(10),
                reviewer=None,
                sent_at=after(10),
                every=None,
                liaison="role/customer-liaison",
            ),
        ),
        "repairs": (a_repair(), an_offer()),
        "refused": (
            Reason(night, False, "`when` does not hold", "hour(now) < `3`", "3", "when"),
            Reason(a_ref("Triage", "batch-jobs"), False, "a matcher does not hold", 'tier="3"', "1", "matcher"),
            Reason(a_ref("Escalation", "platform-any", "platform"), False, "payments-critical is more specific"),
        ),
        "reasons": (Reason(CRITICAL, True, "most specific of 3 that match"),),
    }
    return Plan(**{**usual, **more})


def a_small_plan(**more: Any) -> Plan:
    """Only what no plan can do without."""
    empty: dict[str, Any] = dict.fromkeys(("escalations", "posts", "evidence", "updates", "repairs", "refused", "reasons"), ())
    return a_plan(**{**empty, "hub": None, **more})


def a_marked_plan() -> Plan:
    """A plan of which much comes to nothing."""
    ways = (
        PlannedContact("phone.call", timedelta(), rings=True, mark="not-carried-out"),
        PlannedContact("phone.sms", timedelta(minutes=2), mark="shadow"),
    )
    page = a_page(0, a_person(contacts=ways))
    hub = PlannedHub(
        "#inc-checkout-1123", True, (("ana", "role/primary"),), CRITICAL, a_place(line=20), "not-carried-out", "not-carried-out"
    )
    return a_plan(
        escalations=(an_escalation(pages=(page,)),),
        posts=(replace(a_post(11), mark="not-carried-out"),),
        hub=hub,
        evidence=(replace(some_evidence("error-rate", "error rate"), mark="not-carried-out"), some_evidence("logs", "new log templates")),
        updates=(an_update(channels=("status.post", "mail.send"), marks=("not-carried-out", None)),),
        repairs=(a_repair(marks=("shadow",)),),
    )
