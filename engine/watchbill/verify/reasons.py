"""Why something came of a case, or did not: reasons of its decisions, and of a look at every policy where they left none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any, Final

from watchbill.decide import Bill
from watchbill.decide.bill import Table
from watchbill.decide.draft import Draft
from watchbill.decide.selecting import matching
from watchbill.model.decision import Snapshot
from watchbill.model.event import AlertsReceived
from watchbill.model.plan import Reason, Step
from watchbill.model.policies import Escalation, Policy
from watchbill.model.references import Kind
from watchbill.model.testing import Why
from watchbill.report.words import refusal
from watchbill.verify.cases import CasePlay, Played

SCANNED: Final[Mapping[Kind, str]] = {
    "Escalation": "escalations",
    "Triage": "triages",
    "Comms": "comms",
    "Remediation": "remediations",
    "Guardrail": "guardrails",
    "Grouping": "groupings",
    "Silence": "silences",
}
"""The kinds that a full look goes through, and where a bill has them."""


def whys(reasons: Iterable[Reason]) -> tuple[Why, ...]:
    """These *reasons* as people read them, each once."""
    said = (Why(str(reason.policy), reason.note if reason.applied else refusal(reason), reason.policy.place) for reason in reasons)
    return tuple(dict.fromkeys(said))


def why_of_step(step: Step, text: str) -> Why:
    """What a *step* says of itself; this *text* where it says nothing."""
    return Why(str(step.because), step.note or text, step.place)


def why_not(bill: Bill, play: CasePlay, kind: Kind, names: Iterable[str]) -> tuple[Why, ...]:
    """What the decisions say of these documents, and of those that none has looked at what a full look says."""
    wanted = tuple(names)
    said = [reason for each in play.incidents for reason in each.reasons if reason.policy.kind == kind and reason.policy.name in wanted]
    seen = {reason.policy.name for reason in said}
    missing = [name for name in wanted if name not in seen]
    if missing:
        scans = (reasons for each in play.incidents for _, reasons in scans_of(bill, each, kind))
        said += [reason for reasons in scans for reason in reasons if reason.policy.name in missing]
    return whys(said)


def scans_of(bill: Bill, played: Played, kind: Kind) -> Iterator[tuple[list[Policy], list[Reason]]]:
    """For each alert of an incident as it came in: the policies of this *kind* that match it, and why the others do not."""
    table: Table[Any] = getattr(bill, SCANNED[kind])
    for moment in played.moments:
        incident = moment.decision.incident
        if isinstance(moment.event, AlertsReceived) and incident is not None:
            draft = Draft(bill, Snapshot(incident=incident), moment.at)
            for alert in moment.event.alerts:
                reasons: list[Reason] = []
                context = partial(draft.context, alert)
                found = matching(bill, table, alert, context, reasons, everything=True, anywhere=_applies_anywhere)
                yield found, reasons


def _applies_anywhere(policy: Policy) -> bool:
    return isinstance(policy, Escalation) and policy.proceed
