"""Which alerts come to a policy, as far as that is certain before there are any.

Rule: rather too few than one too many. What is concluded from an alert that never comes would be a false accusation.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from watchbill.expressions.matchers import compile_matcher, matches_everything
from watchbill.model.ownership import Service
from watchbill.model.policies import Comms, Escalation, Selector
from watchbill.policy.compile.draft import Draft
from watchbill.policy.compile.knowing import Case, asked_for, cases_of, parts_of, unclaimed
from watchbill.policy.compile.workbench import Workbench


class Reach:
    """The alerts of every service, and of none, against the policies of one repository."""

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench
        self._names = bench.names
        services = [draft.value for draft in self._names.of("Service") if isinstance(draft.value, Service) and not draft.is_left_out]
        self._cases = {service.name: cases_of(service, self._names.parent_of(service.owner)) for service in services}
        self._owners: dict[str, list[str]] = {}
        for service in services:
            self._owners.setdefault(service.owner, []).append(service.name)
        team = bench.settings.fallback_team if bench.settings is not None else None
        is_there = team is not None and self._names.find("Team", team) is not None
        self._unclaimed = unclaimed(team, self._names.parent_of(team)) if team is not None and is_there else ()
        self._within: dict[tuple[str, bool], tuple[str, ...]] = {}

    def cases(self, draft: Draft) -> Iterator[Case]:
        """The alerts that come to this policy for certain, with what its matchers ask for: those of services first."""
        policy = draft.value
        wanted = asked_for(policy.selector.match)
        gate = Gate(policy.selector)
        for name in self._services(draft.team, wanted.get("service"), is_free=isinstance(policy, Escalation) and policy.proceed):
            for plain in self._cases[name]:
                case = plain.with_labels(wanted)
                if gate.lets(case):
                    yield case
        yield from self.unclaimed(draft)

    def unclaimed(self, draft: Draft) -> Iterator[Case]:
        """The alerts of no service that come to this policy for certain."""
        policy = draft.value
        # Which service or tier an alert names that none claims is anybody's guess.
        is_about_services = any(matcher.name in ("service", "tier") for matcher in policy.selector.match)
        if self._unclaimed and not is_about_services and self._bench.grants.reaches(draft.team, self._unclaimed[0].owner):
            gate = Gate(policy.selector)
            for plain in self._unclaimed:
                case = plain.with_labels(asked_for(policy.selector.match))
                if gate.lets(case):
                    yield case

    def _services(self, team: str, service: str | None, *, is_free: bool) -> Sequence[str]:
        """The services to which policies of this *team* may apply; one of them only where that is asked for."""
        key = (team, is_free)
        if key not in self._within:
            owners = [owner for owner in self._owners if is_free or self._bench.grants.reaches(team, owner)]
            self._within[key] = tuple(name for owner in owners for name in self._owners[owner])
        if service is None:
            return self._within[key]
        return (service,) if service in self._cases and service in self._within[key] else ()

    def wins(self, draft: Draft, case: Case) -> bool:
        """Whether nothing is certain to be preferred to this policy, for an alert that comes to it."""
        policy = draft.value
        if isinstance(policy, Escalation) and not policy.proceed:
            return not self._is_preferred(draft, policy, case)
        if isinstance(policy, Comms):
            return not any(
                value.audience == policy.audience and _rank(value.selector) > _rank(policy.selector)
                for value in (other.value for other in self._rivals(draft, case))
            )
        return True

    def _is_preferred(self, draft: Draft, policy: Escalation, case: Case) -> bool:
        line = self._names.line_of(case.owner)
        mine = line.index(draft.team) if draft.team in line else len(line)
        if any(self._has_default(team, case) for team in line[:mine]):
            return True
        for other in self._rivals(draft, case):
            theirs = line.index(other.team) if other.team in line else len(line)
            if theirs < mine or (theirs == mine and _rank(other.value.selector) > _rank(policy.selector)):
                return True
        return False

    def _has_default(self, team: str, case: Case) -> bool:
        found = self._names.find("Team", team)
        named = found.document.spec.escalation if found is not None and found.document is not None else None
        own = case.service.escalation if case.service is not None and team == case.owner else None
        return named is not None or own is not None

    def _rivals(self, draft: Draft, case: Case) -> Iterator[Draft]:
        """The other policies of its kind that take part whatever else the alert brings with it."""
        assert draft.kind is not None
        for other in self._names.of(draft.kind):
            value = other.value
            if other is draft or other.is_left_out or not isinstance(value, Escalation | Comms):
                continue
            if isinstance(value, Escalation) and value.proceed:
                continue
            if self._bench.grants.reaches(other.team, case.owner) and _surely_matches(value.selector, case):
                yield other


class Gate:
    """What a selector lets through, remembered by what it looks at: a thousand services have few tiers."""

    def __init__(self, selector: Selector) -> None:
        self._tests = [(matcher.name, compile_matcher(matcher), dict[str, bool]()) for matcher in selector.match]
        self._parts = [(part, dict[tuple[Any, ...], bool]()) for part in parts_of(selector.when)] if selector.when is not None else []

    def lets(self, case: Case) -> bool:
        """Whether some alerts of this *case* certainly pass."""
        labels = case.labels
        for name, holds, known in self._tests:
            value = labels.get(name)
            if value is None:
                continue
            if value not in known:
                known[value] = holds(labels)
            if not known[value]:
                return False
        for part, answers in self._parts:
            values = part.values(case)
            if values not in answers:
                answers[values] = part.may_hold(case, values)
            if not answers[values]:
                return False
        return True


def _surely_matches(selector: Selector, case: Case) -> bool:
    if selector.when is not None or selector.during is not None:
        return False
    return all(matcher.name in case.labels and compile_matcher(matcher)(case.labels) for matcher in selector.match)


def _rank(selector: Selector) -> tuple[int, int, int]:
    equalities = sum(1 for matcher in selector.match if matcher.operator == "=")
    others = sum(1 for matcher in selector.match if matcher.operator != "=" and not matches_everything(matcher))
    return (selector.priority, equalities, others)
