"""How much of the policies a run of cases has tried: which documents took part, and which conditions were seen both ways.

A document takes part where a decision says so. What leaves no reason when it applies (a guardrail), and conditions of
documents that an index had left out, are asked of a look at every policy, once for each alert that comes in.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, TypeAlias

from watchbill.decide import Bill
from watchbill.decide.claiming import claim
from watchbill.decide.draft import Draft
from watchbill.decide.repairing import candidates
from watchbill.model.decision import Snapshot
from watchbill.model.event import AlertsReceived
from watchbill.model.ownership import Service
from watchbill.model.plan import Reason
from watchbill.model.policies import Guardrail, Inhibition, Policy, Remediation
from watchbill.model.references import Kind, Ref
from watchbill.model.testing import ConditionSeen, Coverage, DocumentCoverage
from watchbill.verify.cases import CasePlay, Played
from watchbill.verify.reasons import SCANNED, scans_of

Document: TypeAlias = Service | Policy | Inhibition

_KINDS: Final[tuple[Kind, ...]] = ("Service", *SCANNED, "Inhibition")
"""What can take part in an incident, in the order of a report."""

_OPPORTUNITY: Final = "opportunity"


class Covering:
    """What the cases so far have tried. Tell it of each with `add`, then ask for the `coverage`."""

    def __init__(self, bill: Bill) -> None:
        self.bill = bill
        self._documents: dict[Ref, Document] = {each.ref: each for each in _documents(bill)}
        self._cases: dict[Ref, int] = dict.fromkeys(self._documents, 0)
        self._held: set[tuple[Ref, str]] = set()
        self._failed: set[tuple[Ref, str]] = set()

    def add(self, play: CasePlay) -> None:
        """Count what took part in this *play*, and what its conditions were seen to be."""
        applied: set[Ref] = set()
        for each in play.incidents:
            applied |= self._applied(each)
            for reason in each.reasons:
                self._see(reason)
            self._look(each)
        for ref in applied & self._cases.keys():
            self._cases[ref] += 1

    def coverage(self) -> Coverage:
        """All documents that can take part, by kind, file and line."""
        order = sorted(self._documents, key=lambda ref: (_KINDS.index(ref.kind), ref.place))
        return Coverage(tuple(DocumentCoverage(ref, self._cases[ref], self._conditions(self._documents[ref])) for ref in order))

    # What took part.

    def _applied(self, played: Played) -> set[Ref]:
        found = {reason.policy for reason in played.reasons if reason.applied}
        found |= {reason.policy for reason in played.reasons if self._is_counted(reason)}
        return found | {ref for ref in self._guardrails(played) if ref.kind == "Guardrail"}

    def _is_counted(self, reason: Reason) -> bool:
        """Whether this is about an opportunity that matched: to be counted is all that one is for."""
        document = self._documents.get(reason.policy)
        return isinstance(document, Remediation) and document.phase == _OPPORTUNITY and reason.kind == "other"

    def _guardrails(self, played: Played) -> Iterator[Ref]:
        """The guardrails that had a say about a remediation: whose limit was asked, or that lowered or stopped it.

        A freeze has none while it is not on.
        """
        may_repair = False
        for moment in played.moments:
            incident = moment.decision.incident
            if incident is not None and isinstance(moment.event, AlertsReceived):
                for each in candidates(Draft(self.bill, Snapshot(incident=incident), moment.at)):
                    may_repair = True
                    forecasts = each.permission.forecasts
                    yield from (forecast.because for forecast in forecasts if forecast.kind != "freeze" or not forecast.passes)
        if may_repair:
            for found, _ in scans_of(self.bill, played, "Guardrail"):
                yield from (rail.ref for rail in found if isinstance(rail, Guardrail) and _is_silent(rail))

    # What its conditions were.

    def _look(self, played: Played) -> None:
        for kind in SCANNED:
            for found, reasons in scans_of(self.bill, played, kind):
                for policy in found:
                    self._held |= {(policy.ref, text) for text in _conditions_of(policy)}
                for reason in reasons:
                    self._see(reason)
        for moment in played.moments:
            if isinstance(moment.event, AlertsReceived):
                for alert in moment.event.alerts:
                    for reason in claim(self.bill, alert.alert, everything=True)[1]:
                        self._see(reason)

    def _see(self, reason: Reason) -> None:
        """What a reason tells of its document's conditions: those before the first that failed have held."""
        document = self._documents.get(reason.policy)
        if document is None:
            return
        if isinstance(document, Service):
            self._see_claims(document, reason)
            return
        conditions = _conditions_of(document)
        if reason.kind == "matcher":
            self._failed.add((reason.policy, reason.failed))
            before = conditions[: conditions.index(reason.failed)] if reason.failed in conditions else ()
        elif reason.kind == "when":
            # Of a `when` the reason names the part that failed; of a `during` it names all of it.
            asked = len(_matchers_of(document))
            asked += _during_of(document) not in ((), (reason.failed,))
            before = conditions[:asked]
            self._failed |= {(reason.policy, text) for text in conditions[asked : asked + 1]}
        elif reason.kind == "precondition":
            before = conditions[:-1]
            self._failed.add((reason.policy, conditions[-1]))
        elif reason.kind == "scope":
            before = _matchers_of(document)
        else:
            before = conditions
        self._held |= {(reason.policy, text) for text in before}

    def _see_claims(self, service: Service, reason: Reason) -> None:
        if reason.kind == "matcher":
            self._failed.add((reason.policy, reason.failed))
        for group in service.claims:
            texts = [str(matcher) for matcher in group]
            if reason.kind == "matcher" and reason.failed in texts:
                self._held |= {(reason.policy, text) for text in texts[: texts.index(reason.failed)]}
            elif reason.applied and reason.note == f"claimed by {' and '.join(texts)}":
                self._held |= {(reason.policy, text) for text in texts}

    def _conditions(self, document: Document) -> tuple[ConditionSeen, ...]:
        ref = document.ref
        texts = dict.fromkeys(_conditions_of(document))
        return tuple(ConditionSeen(text, (ref, text) in self._held, (ref, text) in self._failed) for text in texts)


def _documents(bill: Bill) -> Iterator[Document]:
    yield from bill.policies.services.values()
    for name in SCANNED.values():
        yield from getattr(bill.policies, name).values()
    yield from bill.policies.inhibitions.values()


def _is_silent(rail: Guardrail) -> bool:
    """Whether it says nothing of what it does to a remediation: more approvals, or a shorter hold."""
    return rail.approvals is not None or rail.hold is not None


def _matchers_of(document: Document) -> tuple[str, ...]:
    return tuple(str(matcher) for matcher in document.selector.match) if not isinstance(document, Service | Inhibition) else ()


def _during_of(document: Document) -> tuple[str, ...]:
    during = document.selector.during if not isinstance(document, Service | Inhibition) else None
    return (f"during {during.name}",) if during is not None else ()


def _conditions_of(document: Document) -> tuple[str, ...]:
    """Everything that has to hold for a document to take part, as written, in the order in which it is asked."""
    if isinstance(document, Service):
        return tuple(str(matcher) for group in document.claims for matcher in group)
    if isinstance(document, Inhibition):
        return ()
    when = (document.selector.when.text,) if document.selector.when is not None else ()
    before = (document.precondition.text,) if isinstance(document, Remediation) and document.precondition is not None else ()
    return (*_matchers_of(document), *_during_of(document), *when, *before)
