"""Whom the alerts of a service could page at all, whatever the alert, the time and the rotation.

It is an upper bound: a policy counts unless its matchers on the service's own labels rule it out, and of a schedule everybody counts
who ever has a turn on it. Whoever is not among these people is never paged.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from watchbill.expressions.matchers import compile_matcher
from watchbill.model.ownership import Service
from watchbill.model.policies import Escalation
from watchbill.model.policyset import PolicySet
from watchbill.model.references import Kind, Target


def could_page(policies: PolicySet, owner: str, service: Service | None) -> tuple[str, ...] | None:
    """The people whom alerts of this *service* of this *owner* could page, in order of first mention.

    Without a *service* it is what no service claims. None where that is not known, because a document on the way is quarantined.
    """
    search = _Search(policies)
    for escalation in _possible(policies, owner, service):
        for level in escalation.levels:
            search.follow_all(level.page, owner)
    for name in policies.line_of(owner):
        search.follow_all((role.target for role in policies.teams[name].roles), name)
    search.follow(Target("team", policies.settings.fallback_team), owner)
    return None if search.is_unsure else tuple(search.people)


def called_last(policies: PolicySet) -> tuple[str, ...] | None:
    """The people of the fallback team who are paged when nobody else answers; None where that is not known. They are among all others."""
    search = _Search(policies)
    search.follow(Target("team", policies.settings.fallback_team), "")
    return None if search.is_unsure else tuple(search.people)


def _possible(policies: PolicySet, owner: str, service: Service | None) -> Iterator[Escalation]:
    """The escalations that could take part, and the defaults."""
    line = policies.line_of(owner)
    labels = {"team": owner, **({"service": service.name, "tier": str(service.tier)} if service is not None else {})}
    named = {policies.settings.escalation, *(policies.teams[name].escalation for name in line)}
    fallback = policies.teams.get(policies.settings.fallback_team)
    named |= {fallback.escalation if fallback is not None else None, service.escalation if service is not None else None}
    for name, escalation in policies.escalations.items():
        matchers = (matcher for matcher in escalation.selector.match if matcher.name in labels)
        applies = escalation.proceed or _reaches(policies, escalation.ref.team, line)
        if name in named or (applies and all(compile_matcher(matcher)(labels) for matcher in matchers)):
            yield escalation


def _reaches(policies: PolicySet, team: str, line: tuple[str, ...]) -> bool:
    """Whether policies of this *team* apply to services of the first team of this *line*: it is on it, or has a grant."""
    if not team or team in line:
        return True
    granted = {name for grant in policies.settings.grants if grant.team == team for name in grant.services_of}
    return "*" in granted or not granted.isdisjoint(line)


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
