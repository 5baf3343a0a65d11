"""Whom the alerts of a service could page at all, whatever the alert, the time and the rotation.

It is an upper bound: a policy counts unless its matchers on the service's own labels rule it out, and of a schedule everybody counts
who ever has a turn on it. Whoever is not among these people is never paged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Final

from watchbill.expressions.matchers import compile_matcher
from watchbill.model.labels import Labels
from watchbill.model.ownership import Service
from watchbill.model.policies import Escalation
from watchbill.model.policyset import PolicySet
from watchbill.model.references import Kind, Target

_KNOWN: Final = frozenset(("service", "team", "tier"))
"""Labels that an alert has of its service, whatever else it brings."""


class Candidates:
    """Whom the services of these *policies* could page; made once, and asked of each service."""

    def __init__(self, policies: PolicySet) -> None:
        self._policies = policies
        self._by_team: dict[tuple[str, str], list[Escalation]] = {}
        self._besides: list[Escalation] = []
        self._tests: dict[str, tuple[tuple[str, Callable[[Labels], bool]], ...]] = {}
        for name, escalation in policies.escalations.items():
            matchers = (matcher for matcher in escalation.selector.match if matcher.name in _KNOWN)
            self._tests[name] = tuple((matcher.name, compile_matcher(matcher)) for matcher in matchers)
            only = next((each.value for each in escalation.selector.match if each.name == "service" and each.operator == "="), "")
            (self._besides if escalation.proceed else self._by_team.setdefault((escalation.ref.team, only), [])).append(escalation)

    def of(self, owner: str, service: Service | None = None) -> tuple[str, ...] | None:
        """The people whom alerts of this *service* of this *owner* could page, in order of first mention.

        Without a *service* it is what no service claims. None where that is not known, because a document on the way is quarantined.
        """
        policies, search = self._policies, _Search(self._policies)
        for escalation in self._possible(owner, service):
            for level in escalation.levels:
                search.follow_all(level.page, owner)
        for name in policies.line_of(owner):
            search.follow_all((role.target for role in policies.teams[name].roles), name)
        search.follow(Target("team", policies.settings.fallback_team), owner)
        return None if search.is_unsure else tuple(search.people)

    def called_last(self) -> tuple[str, ...] | None:
        """The people of the fallback team who are paged when nobody else answers, and so by every service; None where that is not known."""
        search = _Search(self._policies)
        search.follow(Target("team", self._policies.settings.fallback_team), "")
        return None if search.is_unsure else tuple(search.people)

    def _possible(self, owner: str, service: Service | None) -> Iterator[Escalation]:
        """The escalations that could take part, and the defaults."""
        policies, line = self._policies, self._policies.line_of(owner)
        labels = {"team": owner, **({"service": service.name, "tier": str(service.tier)} if service is not None else {})}
        fallback = policies.teams.get(policies.settings.fallback_team)
        teams = (*(policies.teams[name] for name in line), *((fallback,) if fallback is not None else ()))
        named = (service.escalation if service is not None else None, *(team.escalation for team in teams), policies.settings.escalation)
        yield from (policies.escalations[name] for name in dict.fromkeys(named) if name in policies.escalations)
        teams_near = ("", *line, *self._granted(line))
        if service is None:
            # Nobody knows what label `service` such an alert has.
            near = [found for (team, _), found in self._by_team.items() if team in teams_near]
        else:
            near = [self._by_team.get((team, name), []) for team in teams_near for name in ("", service.name)]
        for escalation in (*chain.from_iterable(near), *self._besides):
            if all(holds(labels) for name, holds in self._tests[escalation.ref.name] if name in labels):
                yield escalation

    def _granted(self, line: tuple[str, ...]) -> Iterator[str]:
        """The teams off this *line* whose policies apply to it by a grant."""
        for grant in self._policies.settings.grants:
            if grant.team not in line and ("*" in grant.services_of or not set(line).isdisjoint(grant.services_of)):
                yield grant.team


class _Search:
    """From targets to everybody whom they could ever mean."""

    def __init__(self, policies: PolicySet) -> None:
        self.policies = policies
        self.people: dict[str, None] = {}
        self.is_unsure = False
        self._seen: set[tuple[Target, str]] = set()

    def follow_all(self, targets: Iterable[Target], team: str) -> None:
        """Go where each of the *targets* leads, asked of this *team*."""
        for target in targets:
            self.follow(target, team)

    def follow(self, target: Target, team: str) -> None:
        """Go where this *target* leads, asked of this *team*."""
        if (target, team) in self._seen:
            return
        self._seen.add((target, team))
        if target.kind == "person":
            self._take(target.name)
        elif target.kind == "schedule":
            self._all_of(target.name)
        elif target.kind == "team":
            self._look_up("primary", target.name)
        else:
            self._look_up(target.name, target.team or team)

    def _look_up(self, role: str, team: str) -> None:
        if not self._is_there("Team", team, team in self.policies.teams):
            return
        for name in self.policies.line_of(team):
            bound = next((each for each in self.policies.teams[name].roles if each.name == role), None)
            if bound is not None:
                self.follow(bound.target, team)
                return
            parent = self.policies.teams[name].parent
            if parent is not None:
                self._is_there("Team", parent, parent in self.policies.teams)

    def _all_of(self, name: str) -> None:
        schedule = self.policies.schedules.get(name)
        if schedule is None:
            self._is_there("Schedule", name, False)
            return
        for layer in schedule.layers:
            for person in layer.participants:
                self._take(person)
        for override in self.policies.overrides:
            if override.schedule == name:
                self._take(override.person)

    def _take(self, name: str) -> None:
        if self._is_there("Person", name, name in self.policies.people):
            self.people[name] = None

    def _is_there(self, kind: Kind, name: str, is_there: bool) -> bool:
        """Whether it is there. What is quarantined is not, and nobody knows whom it would have meant."""
        if not is_there and f"{kind}/{name}" in self.policies.quarantined:
            self.is_unsure = True
        return is_there
