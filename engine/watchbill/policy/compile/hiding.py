"""What inhibitions do to each other: rings in which nobody hides anybody, and labels that count as equal where nobody has them.

Nothing is said that is not certain: that one alert is on two sides is said where the matchers of the one imply those of the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, TypeAlias

from watchbill.expressions.matchers import compile_matchers, matches_everything
from watchbill.expressions.patterns import literal_alternatives
from watchbill.model.knots import knots
from watchbill.model.labels import Matcher
from watchbill.model.ownership import Service
from watchbill.model.policies import Inhibition, Selector
from watchbill.policy.compile.dependencies import is_about
from watchbill.policy.compile.draft import Draft
from watchbill.policy.compile.whole import newcomer
from watchbill.policy.compile.workbench import Workbench

_ALWAYS_THERE: Final = frozenset(("service", "team", "tier", "severity"))
"""Labels that every claimed alert has."""

_Shape: TypeAlias = tuple[frozenset[Matcher], str | None]

# --- rings ----------------------------------------------------------------------------


def check_rings(bench: Workbench) -> None:
    """Warn of inhibitions in a ring: whatever one of them hides would hide, by the next, what hides it. Each ring once, at the newcomer."""
    inhibitions = {str(draft.name): draft for draft in _inhibitions(bench) if not _never_hides(draft.value)}
    for draft in inhibitions.values():
        value: Inhibition = draft.value
        if not value.depends_on and _implies(value.target, value.source) and _implies(value.source, value.target):
            said = "every alert that this could hide matches both sides, and such alerts do not hide each other: it hides nothing"
            _report(draft, said, "narrow `match` of the source to the alerts that explain the others")
    for ring in knots(_ways(inhibitions)):
        # By dependency alone a ring needs a circle of services, which is a finding of its own.
        if len(ring) > 1 and not all(inhibitions[name].value.depends_on for name in ring):
            found = newcomer(inhibitions[name] for name in ring)
            first = ring.index(str(found.name))
            around = " → ".join(f"`{name}`" for name in (*ring[first:], *ring[:first], ring[first]))
            said = f"inhibitions form a ring: {around}; alerts that would hide each other are not hidden at all"
            _report(found, said, "take away the one whose source explains nothing, or narrow its `target`")


def _report(draft: Draft, said: str, help: str) -> None:
    draft.report("inhibition-ring", (draft.top / "spec" / "source").key_place, said, help, "warning")


def _inhibitions(bench: Workbench) -> Iterator[Draft]:
    return (draft for draft in bench.names.of("Inhibition") if not draft.is_left_out and isinstance(draft.value, Inhibition))


def _never_hides(inhibition: Inhibition) -> bool:
    """Whether a label that has to be equal is another one on each side."""
    source, target = _pinned(inhibition.source), _pinned(inhibition.target)
    return any(name in source and name in target and source[name] != target[name] for name in inhibition.equal)


def _ways(inhibitions: Mapping[str, Draft]) -> dict[str, tuple[str, ...]]:
    """By its name, for each of these *inhibitions*: those by which all that it hides would hide something.

    Inhibitions by the hundred are mostly alike, so sides are compared by shape, and those of a shape together.
    """
    shapes: dict[tuple[_Shape, _Shape, bool, str | None], list[str]] = {}
    for name, draft in inhibitions.items():
        value: Inhibition = draft.value
        during = value.during.name if value.during is not None else None
        shapes.setdefault((_shape(value.source), _shape(value.target), value.depends_on, during), []).append(name)
    following: dict[tuple[str, str] | None, list[tuple[list[str], Inhibition]]] = {}
    for names in shapes.values():
        value = inhibitions[names[0]].value
        following.setdefault(min(_pinned(value.source).items(), default=None), []).append((names, value))
    ways: dict[str, tuple[str, ...]] = {}
    for names in shapes.values():
        value = inhibitions[names[0]].value
        # One whose source pins a label down can only follow what says the same of its target.
        near = (each for pin in (None, *_certain(value.target)) for each in following.get(pin, ()))
        found = [other for others, next_one in near if _leads_on(value, next_one) for other in others]
        ways.update(dict.fromkeys(names, tuple(found)))
    return ways


def _certain(side: Selector) -> list[tuple[str, str]]:
    """The labels of which every alert on this *side* has one value, with that."""
    words = ((each.name, _words(each)) for each in side.match)
    return list(dict.fromkeys((name, some[0]) for name, some in words if len(some) == 1))


def _words(matcher: Matcher) -> tuple[str, ...]:
    """The values that this *matcher* takes, where they can be listed; none where they cannot."""
    if matcher.operator == "=":
        return (matcher.value,)
    return tuple(literal_alternatives(matcher.value) or ()) if matcher.operator == "=~" else ()


def _shape(side: Selector) -> _Shape:
    return frozenset(side.match), side.when.text if side.when is not None else None


def _leads_on(first: Inhibition, second: Inhibition) -> bool:
    """Whether all that the *first* hides would hide, by the *second*, what that is about, and both hold at the same time."""
    if first.during is not None and second.during is not None and first.during.name != second.during.name:
        return False
    if not _implies(first.target, second.source):
        return False
    # What matches both sides of the second hides nothing there that matches both sides too.
    return second.depends_on or not (_implies(second.target, second.source) and _implies(first.target, second.target))


def _implies(one: Selector, other: Selector) -> bool:
    """Whether every alert that is on the *one* side is surely on the *other* too."""
    if other.when is not None and (one.when is None or one.when.text != other.when.text):
        return False
    return all(matches_everything(matcher) or _holds(matcher, one.match) for matcher in other.match)


def _holds(matcher: Matcher, given: Sequence[Matcher]) -> bool:
    """Whether this *matcher* surely holds where the *given* ones do."""
    if matcher in given:
        return True
    holds = compile_matchers((matcher,))
    for each in given:
        if each.name == matcher.name:
            words = _words(each)
            if words and all(holds({matcher.name: word}) is None for word in words):
                return True
    return False


def _pinned(side: Selector) -> dict[str, str]:
    return {each.name: each.value for each in side.match if each.operator == "="}


# --- labels that both lack ------------------------------------------------------------


def check_absent_labels(bench: Workbench) -> None:
    """Warn of inhibitions that hide alerts of another team by labels that count as equal because neither alert has them.

    Where a service is quarantined nothing is certain, and nothing is said.
    """
    drafts = tuple(bench.names.of("Service"))
    if any(draft.is_left_out or not isinstance(draft.value, Service) for draft in drafts):
        return
    services: list[Service] = [draft.value for draft in drafts]
    for draft in _inhibitions(bench):
        value: Inhibition = draft.value
        absent = [name for name in value.equal if name not in _ALWAYS_THERE]
        if value.depends_on or not absent or {"service", "team"} & set(value.equal):
            continue
        if any(_needs(side, name) for side in (value.source, value.target) for name in absent):
            continue
        pair = next(_strangers(bench, draft, services), None)
        if pair is not None:
            source, target = pair
            names = " and ".join(f"`{name}`" for name in absent)
            said = f"alerts without {names} count as equal: one of `{source.name}` would hide those of `{target.name}`, of `{target.owner}`"
            help = f"ask for the label on one side: `'{absent[0]}!=\"\"'` in `match`"
            draft.report("equal-when-absent", (draft.top / "spec" / "equal").key_place, said, help, "warning")


def _needs(side: Selector, name: str) -> bool:
    """Whether only alerts that have this label are on this *side*."""
    return any(each.name == name and compile_matchers((each,))({}) is not None for each in side.match)


def _strangers(bench: Workbench, draft: Draft, services: Sequence[Service]) -> Iterator[tuple[Service, Service]]:
    """Services of two teams, not both that of the inhibition, of which the one may hide the other by it: what hides, and what is hidden."""
    value: Inhibition = draft.value
    # One of each team is enough.
    hiding = {each.owner: each for each in services if is_about(value.source, each)}.values()
    for target in services:
        if target.owner != draft.team and is_about(value.target, target) and bench.grants.stands_above(draft.team, target.owner):
            yield from ((source, target) for source in hiding if source.owner != target.owner)
