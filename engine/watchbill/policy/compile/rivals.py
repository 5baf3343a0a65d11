"""Policies in each other's way: those between which nothing decides, and those that never win.

Escalations of a team compete, comms of a team for one audience, and groupings of a team. Nothing is said that is not certain:
two policies with other conditions or other times may well be meant.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final, TypeAlias

from watchbill.errors import Place
from watchbill.model.ownership import Service
from watchbill.model.policies import Comms, Escalation, Grouping, Selector
from watchbill.model.references import Kind
from watchbill.policy.compile.draft import Draft
from watchbill.policy.compile.overlaps import meeting
from watchbill.policy.compile.whole import normal
from watchbill.policy.compile.workbench import Workbench

_COMPETING: Final[tuple[Kind, ...]] = ("Escalation", "Comms", "Grouping")
_Scope: TypeAlias = tuple[Kind | None, str, str]


def check_ties(bench: Workbench) -> None:
    """Report policies of one scope between which only their names would decide. The later one gives way."""
    taken: dict[tuple[object, ...], Draft] = {}
    for scope, draft, chosen in _competing(bench):
        when = chosen.when.text if chosen.when else None
        during = chosen.during.name if chosen.during else None
        other = taken.setdefault((*scope, normal(chosen.match), when, during, chosen.priority), draft)
        if other is not draft:
            said = f"nothing decides between this and `{other.name}`, at {other.place}"
            draft.report("tied-policies", _place(draft), said, "narrow one of them by a matcher that tells them apart, or take one away")


def check_meetings(bench: Workbench) -> None:
    """Warn of policies of one scope that are equally specific, and that an alert may match both of: then the name decides."""
    scopes: dict[_Scope, list[tuple[Draft, Selector]]] = {}
    for scope, draft, chosen in _competing(bench):
        scopes.setdefault(scope, []).append((draft, chosen))
    for rivals in scopes.values():
        for draft, other in meeting([(each, chosen) for each, chosen in rivals if not _is_tied(each)], partial(_labels_of, bench)):
            said = f"an alert may match this and `{other.name}`, at {other.place}, which is as specific: the name would decide"
            draft.report("tied-policies", _place(draft), said, "give one of them a higher `priority`, or narrow it", "warning")


def _is_tied(draft: Draft) -> bool:
    return any(finding.rule == "tied-policies" for finding in draft.findings)


def _labels_of(bench: Workbench, service: str) -> dict[str, str]:
    """The labels that every alert of this *service* has, once it was claimed."""
    found = bench.names.find("Service", service)
    if found is None or found.is_left_out or not isinstance(found.value, Service):
        return {}
    return {"team": found.value.owner, "tier": str(found.value.tier)}


def check_reachable(bench: Workbench) -> None:
    """Warn of policies that never win: another one of their scope matches whenever they do, and has a higher priority.

    A warning only: whoever adds the other one must not thereby take away what was there.
    """
    scopes: dict[_Scope, list[tuple[Draft, Selector]]] = {}
    for scope, draft, chosen in _competing(bench):
        scopes.setdefault(scope, []).append((draft, chosen))
    defaults = frozenset(_defaults(bench))
    for rivals in scopes.values():
        least = min(chosen.priority for _, chosen in rivals)
        always = [(each, chosen) for each, chosen in rivals if chosen.priority > least and not (chosen.when or chosen.during)]
        for draft, chosen in rivals if always else ():
            if draft.kind == "Escalation" and draft.name in defaults:
                continue
            stronger = (each for each, other in always if other.priority > chosen.priority and set(other.match) <= set(chosen.match))
            winner = next(stronger, None)
            if winner is not None:
                _report_unreachable(draft, winner)


def _report_unreachable(draft: Draft, winner: Draft) -> None:
    kind = str(draft.kind).lower()
    said = f"no alert can reach {'these' if kind == 'comms' else 'this'} {kind}: `{winner.name}`, at {winner.place}, always wins"
    help = f"give it a higher `priority` than that of `{winner.name}`, or narrow the other"
    draft.report("unreachable-policy", _place(draft), said, help + (", or set `continue: true`" if kind == "escalation" else ""), "warning")


def _competing(bench: Workbench) -> Iterator[tuple[_Scope, Draft, Selector]]:
    """Every policy that competes, with its scope and its selector."""
    for kind in _COMPETING:
        for draft in bench.names.of(kind):
            value = draft.value
            if draft.is_left_out or not isinstance(value, Escalation | Comms | Grouping):
                continue
            if not (isinstance(value, Escalation) and value.proceed):
                yield (draft.kind, draft.team, value.audience if isinstance(value, Comms) else ""), draft, value.selector


def _defaults(bench: Workbench) -> Iterator[str | None]:
    """The escalations that are reached by name, whatever they match."""
    yield bench.settings.escalation if bench.settings else None
    for kind in ("Team", "Service"):
        yield from (draft.document.spec.escalation for draft in bench.names.of(kind) if draft.document is not None)


def _place(draft: Draft) -> Place:
    spot = draft.top / "spec"
    return (spot / "match").place if draft.document.spec.match else spot.key_place
