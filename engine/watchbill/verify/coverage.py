"""How much of the policies a run of cases has tried: which documents took part, and which conditions were seen both ways.

A document takes part where a decision says so, and its conditions are what the reasons of decisions say they were. Only
matchers are asked besides: an index leaves out documents one of whose matchers fails, and that is to be seen too.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Final, TypeAlias

from watchbill.decide import Bill
from watchbill.model.event import AlertsReceived
from watchbill.model.labels import Matcher
from watchbill.model.ownership import Service
from watchbill.model.plan import Reason
from watchbill.model.policies import Inhibition, Policy, Remediation
from watchbill.model.references import Kind, Ref
from watchbill.model.testing import ConditionSeen, Coverage, DocumentCoverage
from watchbill.verify.cases import CasePlay, Played
from watchbill.verify.matching import MatchersSeen
from watchbill.verify.reasons import SCANNED, scans_of

Name: TypeAlias = tuple[Kind, str]

Document: TypeAlias = Service | Policy | Inhibition

_KINDS: Final[tuple[Kind, ...]] = ("Service", *SCANNED, "Inhibition")
"""What can take part in an incident, in the order of a report."""

_OPPORTUNITY: Final = "opportunity"


class Covering:
    """What the cases so far have tried. Tell it of each with `add`, then ask for the `coverage`."""

    def __init__(self, bill: Bill) -> None:
        self.bill = bill
        self._documents: dict[Name, Document] = {_name(each.ref): each for each in _documents(bill)}
        self._cases: dict[Name, int] = dict.fromkeys(self._documents, 0)
        self._held: set[tuple[Name, str]] = set()
        self._failed: set[tuple[Name, str]] = set()
        self._known: set[tuple[object, ...]] = set()
        self._claims = MatchersSeen(group for each in bill.policies.services.values() for group in each.claims)
        self._matchers = MatchersSeen(_matchers_of(each) for each in self._documents.values())
        self._silences = any(each.selector.when or each.selector.during for each in bill.silences.policies)

    def add(self, play: CasePlay) -> None:
        """Count what took part in this *play*, and what its conditions were seen to be."""
        applied: set[Name] = set()
        for each in play.incidents:
            for reason in chain(each.claims, *(moment.decision.reasons for moment in each.moments)):
                if self._counts(reason):
                    applied.add(_name(reason.policy))
                self._see(reason)
            self._look(each)
        for name in applied & self._cases.keys():
            self._cases[name] += 1

    def coverage(self) -> Coverage:
        """All documents that can take part, by kind, file and line."""
        named = sorted(self._documents.items(), key=lambda each: (_KINDS.index(each[1].ref.kind), each[1].ref.place))
        return Coverage(tuple(DocumentCoverage(each.ref, self._cases[name], self._conditions(name, each)) for name, each in named))

    def _counts(self, reason: Reason) -> bool:
        """Whether this says that a document took part; an opportunity is there to be counted, and does so where it matched."""
        if reason.applied or reason.kind != "other":
            return reason.applied
        document = self._documents.get(_name(reason.policy))
        return isinstance(document, Remediation) and document.phase == _OPPORTUNITY

    def _look(self, played: Played) -> None:
        """What no reason tells: the matchers of all documents, and the conditions of silences that do not hold."""
        for moment in played.moments:
            if not isinstance(moment.event, AlertsReceived):
                continue
            for alert in moment.event.alerts:
                self._claims.look(alert.alert.labels)
                if moment.decision.incident is not None:
                    self._matchers.look(alert.labels)
        if self._silences:
            for _, reasons in scans_of(self.bill, played, "Silence"):
                for reason in reasons:
                    self._see(reason)

    def _see(self, reason: Reason) -> None:
        """What a reason tells of the conditions behind its document's matchers: those before the first that failed have held."""
        name = _name(reason.policy)
        known = (*name, reason.applied, reason.kind, reason.failed)
        if known in self._known or reason.kind in ("matcher", "scope"):
            return
        self._known.add(known)
        document = self._documents.get(name)
        if document is None or isinstance(document, Service):
            return
        conditions = _conditions_of(document)
        held = len(conditions)
        if reason.kind == "when":
            # Of a `when` the reason names the part that failed; of a `during` it names all of it.
            held = int(_during_of(document) not in ((), (reason.failed,)))
        elif isinstance(document, Remediation) and document.precondition is not None:
            # It is asked last, and not at all of a target that cannot be named, or of what is only counted.
            held -= reason.kind in ("precondition", "other") and not reason.applied
        self._held |= {(name, text) for text in conditions[:held]}
        if reason.kind in ("when", "precondition"):
            self._failed.add((name, conditions[held]))

    def _conditions(self, name: Name, document: Document) -> tuple[ConditionSeen, ...]:
        """Each condition of a *document* once, as it is written, in the order in which it is asked."""
        groups = document.claims if isinstance(document, Service) else (_matchers_of(document),)
        asked = self._claims if isinstance(document, Service) else self._matchers
        found: dict[str, ConditionSeen] = {}
        for text, held, failed in chain.from_iterable(asked.seen(group) for group in groups):
            before = found.get(text)
            found[text] = ConditionSeen(text, held or bool(before and before.has_held), failed or bool(before and before.has_failed))
        for text in _conditions_of(document):
            found.setdefault(text, ConditionSeen(text, (name, text) in self._held, (name, text) in self._failed))
        return tuple(found.values())


def _name(ref: Ref) -> Name:
    return (ref.kind, ref.name)


def _documents(bill: Bill) -> Iterator[Document]:
    yield from bill.policies.services.values()
    for name in SCANNED.values():
        yield from getattr(bill.policies, name).values()
    yield from bill.policies.inhibitions.values()


def _matchers_of(document: Document) -> tuple[Matcher, ...]:
    return document.selector.match if not isinstance(document, Service | Inhibition) else ()


def _during_of(document: Document) -> tuple[str, ...]:
    during = document.selector.during if not isinstance(document, Service | Inhibition) else None
    return (f"during {during.name}",) if during is not None else ()


def _conditions_of(document: Document) -> tuple[str, ...]:
    """What has to hold for a document to take part besides its matchers, as written, in the order in which it is asked."""
    if isinstance(document, Service | Inhibition):
        return ()
    when = (document.selector.when.text,) if document.selector.when is not None else ()
    before = (document.precondition.text,) if isinstance(document, Remediation) and document.precondition is not None else ()
    return (*_during_of(document), *when, *before)
