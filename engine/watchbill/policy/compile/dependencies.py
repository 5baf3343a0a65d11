"""What services need of each other: circles among them, and inhibitions to which no dependant has agreed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise

from watchbill.model.knots import knots
from watchbill.model.ownership import Service
from watchbill.model.policies import Inhibition, Selector
from watchbill.policy.compile.draft import Draft
from watchbill.policy.compile.whole import newcomer
from watchbill.policy.compile.workbench import Workbench

# --- circles --------------------------------------------------------------------------


def check_dependency_cycles(bench: Workbench) -> None:
    """Warn of services that need each other in a circle, once for each knot of them, at the newcomer."""
    drafts = {draft.name or "": draft for draft in bench.names.of("Service") if isinstance(draft.value, Service)}
    needs = {name: tuple(dict.fromkeys(each.service for each in draft.value.dependencies)) for name, draft in drafts.items()}
    for knot in knots(needs):
        found = newcomer(drafts[each] for each in knot)
        _report_circle(found, _way(str(found.name), str(found.name), needs))


def _reached(start: str, needs: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """Everything that *start* needs, directly or through others, each with what needs it on a shortest way."""
    found: dict[str, str] = {}
    waiting = [start]
    for name in waiting:
        for other in needs.get(name, ()):
            if other not in found:
                found[other] = name
                waiting.append(other)
    return found


def _way(start: str, end: str, needs: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """A shortest way of dependencies from *start* to *end*, with both; from one back to itself is a circle."""
    before = _reached(start, needs)
    way = [end, before[end]]
    while way[-1] != start:
        way.append(before[way[-1]])
    return tuple(reversed(way))


def _report_circle(draft: Draft, around: tuple[str, ...]) -> None:
    at = draft.top / "spec" / "depends_on"
    index = next(index for index, each in enumerate(draft.value.dependencies) if each.service == around[1])
    said = f"services need each other in a circle: {' → '.join(around)}"
    help = "take away the dependency without which the others still work; nothing tells which one of them is the cause"
    (at / index).report("dependency-cycle", said, help, "warning")


# --- consent --------------------------------------------------------------------------


def check_consent(bench: Workbench) -> None:
    """Warn of inhibitions by dependency that can hide nothing: nothing depends so, or no dependant of another team agrees.

    Where a service is quarantined nothing is certain, and nothing is said.
    """
    drafts = tuple(bench.names.of("Service"))
    unknown = any(label.startswith("Service/") for label in bench.names.unreadable)
    if unknown or any(draft.is_left_out or not isinstance(draft.value, Service) for draft in drafts):
        return
    services: dict[str, Service] = {draft.value.name: draft.value for draft in drafts}
    needs = {name: tuple(each.service for each in service.dependencies) for name, service in services.items()}
    agrees = {name: tuple(each.service for each in service.dependencies if each.inhibits) for name, service in services.items()}
    for draft in bench.names.of("Inhibition"):
        value = draft.value
        if draft.is_left_out or not isinstance(value, Inhibition) or not value.depends_on:
            continue
        pairs = list(_pairs(value, services, needs))
        if not pairs:
            said = "no service that this could hide depends on one whose alerts could hide it"
            help = "add `depends_on` to the service that needs the other, or look at `match` on both sides"
        elif not any(_may_hide(bench, draft, services, agrees, *pair) for pair in pairs):
            target, source = pairs[0]
            said = f"no dependant has agreed to be hidden: `{target}` belongs to `{services[target].owner}`, and depends on `{source}`"
            shy, other = _first_without(_way(target, source, needs), agrees)
            help = f"ask for `{{service: {other}, inhibits: true}}` in `depends_on` of `{shy}`, at {services[shy].ref.place}"
        else:
            continue
        (draft.top / "spec" / "depends_on").report("no-consent", said, help, "warning")


def _pairs(value: Inhibition, services: Mapping[str, Service], needs: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[str, str]]:
    """A target and a source, for each dependency that the inhibition may be about."""
    for target in (name for name, service in services.items() if is_about(value.target, service)):
        for source in _reached(target, needs):
            if source in services and is_about(value.source, services[source]):
                yield target, source


def is_about(side: Selector, service: Service) -> bool:
    """Whether alerts of this *service* may be meant; matchers on other labels than these two tell nothing."""
    known: Mapping[str, str] = {"service": service.name, "team": service.owner}
    return all(known.get(each.name, each.value) == each.value for each in side.match if each.operator == "=")


def _first_without(way: tuple[str, ...], agrees: Mapping[str, tuple[str, ...]]) -> tuple[str, str]:
    """The first service on this *way* that has not agreed to be hidden by the next one, and that next one."""
    return next((name, other) for name, other in pairwise(way) if other not in agrees[name])


def _may_hide(
    bench: Workbench, draft: Draft, services: Mapping[str, Service], agrees: Mapping[str, tuple[str, ...]], target: str, source: str
) -> bool:
    return bench.grants.stands_above(draft.team, services[target].owner) or source in _reached(target, agrees)
