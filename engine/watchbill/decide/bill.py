"""The bill: the policies of one revision, made ready to decide with.

A bill is compiled from a `PolicySet` and never stored. It holds the indexes and, made when first needed, the closures
of matchers, conditions and templates. Nothing in it changes what is decided, only how fast.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeAlias, TypeVar

from watchbill.decide.firing import Firing
from watchbill.decide.index import Index
from watchbill.decide.taken_arguments import TakenArguments
from watchbill.expressions.conditions import compile_condition, explain_condition
from watchbill.expressions.matchers import compile_matchers, matches_everything
from watchbill.expressions.templates import compile_template
from watchbill.model.alert import ClaimedAlert
from watchbill.model.forecast import Mark
from watchbill.model.labels import Labels, Matcher
from watchbill.model.ownership import Service
from watchbill.model.plan import Reason
from watchbill.model.policies import Comms, Escalation, Grouping, Guardrail, Inhibition, Policy, Remediation, Silence, Triage
from watchbill.model.policyset import Catalogue, PolicySet
from watchbill.model.references import Condition, Template
from watchbill.model.severity import Severity
from watchbill.model.times import Recurrence

Context: TypeAlias = Mapping[str, Any]
"""What conditions and templates see, as JSON values; its shape is declared in `watchbill.expressions.context`."""

P = TypeVar("P", bound=Policy)


def specificity(matchers: tuple[Matcher, ...]) -> tuple[int, int]:
    """How narrow these *matchers* are: the equalities, then the others that do not match everything."""
    equalities = others = 0
    for matcher in matchers:
        if matcher.operator == "=":
            equalities += 1
        elif not matches_everything(matcher):
            others += 1
    return (equalities, others)


class Table(Generic[P]):
    """Policies of one kind, in order, with their index and their matchers' closures."""

    __slots__ = ("_failing", "_index", "policies")

    def __init__(self, policies: Mapping[str, P]) -> None:
        self.policies: tuple[P, ...] = tuple(policies.values())
        self._index = Index([policy.selector.match for policy in self.policies])
        self._failing: list[Callable[[Labels], Matcher | None] | None] = [None] * len(self.policies)

    def looked_at(self, labels: Labels, *, everything: bool = False) -> list[tuple[P, Matcher | None]]:
        """Each candidate with the first of its matchers that fails, None where all hold.

        With *everything*, all policies are looked at: for `explain`, and for the law that the index finds what a full
        scan finds.
        """
        policies, failing = self.policies, self._failing
        if not policies:
            return []
        found: list[tuple[P, Matcher | None]] = []
        for position in range(len(policies)) if everything else self._index.candidates(labels):
            policy = policies[position]
            closure = failing[position]
            if closure is None:
                closure = failing[position] = compile_matchers(policy.selector.match)
            found.append((policy, closure(labels)))
        return found


class _Side:
    """The matchers of all inhibitions' sources, or of all their targets."""

    __slots__ = ("_failing", "_index")

    def __init__(self, matchers: Sequence[tuple[Matcher, ...]]) -> None:
        self._index = Index(matchers)
        self._failing = [compile_matchers(each) for each in matchers]

    def selecting(self, labels: Labels) -> Iterator[int]:
        """The positions of those that all hold for these *labels*, in order."""
        failing = self._failing
        return (position for position in self._index.candidates(labels) if failing[position](labels) is None)

    def selects(self, position: int, labels: Labels) -> bool:
        """Whether that at this *position* holds for these *labels*."""
        return self._failing[position](labels) is None


@dataclass(frozen=True, slots=True)
class Claim:
    """One way in which a service claims alerts."""

    service: Service
    matchers: tuple[Matcher, ...]
    specificity: tuple[int, int]
    failing: Callable[[Labels], Matcher | None]


@dataclass(frozen=True, slots=True)
class Taking:
    """What becomes of every alert with the same values of the labels that claims and severities are told by.

    *labels* are those that it gets besides its own, and *reasons* why the service was chosen.
    """

    service: str | None
    team: str
    labels: Labels
    severity: Severity
    unknown_severity: str | None
    reasons: tuple[Reason, ...]


class Bill:
    """All policies of one revision, ready. Make it with `Bill.of`."""

    def __init__(self, policies: PolicySet, catalogue: Catalogue, in_force: PolicySet | None = None) -> None:
        self.policies = policies
        self.in_force = in_force or policies
        self.catalogue = catalogue
        self.escalations: Table[Escalation] = Table(policies.escalations)
        self.triages: Table[Triage] = Table(policies.triages)
        self.comms: Table[Comms] = Table(policies.comms)
        self.remediations: Table[Remediation] = Table(policies.remediations)
        self.guardrails: Table[Guardrail] = Table(policies.guardrails)
        self.groupings: Table[Grouping] = Table(policies.groupings)
        self.silences: Table[Silence] = Table(policies.silences)
        self._inhibitions = tuple(policies.inhibitions.values())
        self._targets = _Side([inhibition.target.match for inhibition in self._inhibitions])
        self._sources = _Side([inhibition.source.match for inhibition in self._inhibitions])
        self._positions = {inhibition.ref.name: position for position, inhibition in enumerate(self._inhibitions)}
        self._consenting: dict[str, frozenset[str]] = {}
        self._needed: dict[str, tuple[str, ...]] = {}
        self._firing: Firing | None = None
        self._live: tuple[tuple[Silence, ...], Table[Silence]] | None = None
        pairs = [(service, group) for service in policies.services.values() for group in service.claims]
        self._claims = tuple(Claim(service, group, specificity(group), compile_matchers(group)) for service, group in pairs)
        self._claim_index = Index([group for _, group in pairs])
        self.told_by = tuple(sorted({"severity", *(matcher.name for _, group in pairs for matcher in group)}))
        self.takings: dict[tuple[str, ...], Taking] = {}
        self._lines: dict[str, tuple[str, ...]] = {}
        self._conditions: dict[str | tuple[str, tuple[Recurrence, ...]], Callable[[Context], bool]] = {}
        self._templates: dict[tuple[str, str, str], Callable[[Context], str]] = {}
        self._taken: dict[tuple[str, str], TakenArguments | None] = {}
        self._widened = {grant.team: frozenset(grant.services_of) for grant in policies.settings.grants if grant.services_of}

    @classmethod
    def of(cls, policies: PolicySet, catalogue: Catalogue | None = None, in_force: PolicySet | None = None) -> Bill:
        """The bill of these *policies*. The *catalogue* says how arguments are escaped and what fits; without one, anything goes.

        *in_force* are the policies as they stand now, where these are older: they say who may start, approve and review.
        """
        return cls(policies, catalogue or {}, in_force)

    def mark(self, connector: str, action: str) -> Mark | None:
        """Why this *action* of a *connector* comes to nothing, whatever the moment; None where it does not, as far as is known."""
        declared = self.policies.connectors.get(connector)
        if declared is None or declared.shadow:
            return "shadow" if declared is not None else None
        kind = self.catalogue.get(declared.type)
        found = kind.action(action) if kind is not None else None
        return "not-carried-out" if found is not None and not found.carried_out else None

    def claims(self, labels: Labels, *, everything: bool = False) -> Iterator[tuple[Claim, Matcher | None]]:
        """Each claim that could take these received *labels*, with its first matcher that fails."""
        positions = range(len(self._claims)) if everything else self._claim_index.candidates(labels)
        for position in positions:
            claim = self._claims[position]
            yield claim, claim.failing(labels)

    def inhibitions_of(self, alert: ClaimedAlert) -> Iterator[Inhibition]:
        """The inhibitions that could hide this *alert*, in order."""
        return (self._inhibitions[position] for position in self._targets.selecting(alert.labels))

    def inhibitions_by(self, alert: ClaimedAlert) -> Iterator[tuple[int, Inhibition]]:
        """The inhibitions that let this *alert* hide others, in order and with their numbers."""
        return ((position, self._inhibitions[position]) for position in self._sources.selecting(alert.labels))

    def hides(self, alert: ClaimedAlert) -> bool:
        """Whether there is any inhibition that lets this *alert* hide others."""
        return next(self._sources.selecting(alert.labels), None) is not None

    def may_be_hidden(self, alert: ClaimedAlert) -> bool:
        """Whether there is any inhibition that could hide this *alert*."""
        return next(self.inhibitions_of(alert), None) is not None

    def needs_dependency(self, inhibition: Inhibition, target: ClaimedAlert) -> bool:
        """Whether this *inhibition* hides this *target* only from what its service depends on: it says so, or needs its consent."""
        team = inhibition.ref.team
        return inhibition.depends_on or bool(team and team not in self.line_of(target.team))

    def is_on_both_sides(self, inhibition: Inhibition, alert: ClaimedAlert) -> bool:
        """Whether the matchers of both sides of this *inhibition* hold for this *alert*."""
        position = self._positions[inhibition.ref.name]
        return self._sources.selects(position, alert.labels) and self._targets.selects(position, alert.labels)

    def consents(self, target: str, source: str) -> bool:
        """Whether there is a way of dependencies from one service to another every one of which says `inhibits: true`."""
        found = self._consenting.get(target)
        if found is None:
            found = self._consenting[target] = frozenset(self._follow(target, consenting=True))
        return source in found

    def needed_by(self, service: str | None) -> tuple[str, ...]:
        """The services that this *service* depends on, directly or through others, each once."""
        if service is None:
            return ()
        found = self._needed.get(service)
        if found is None:
            found = self._needed[service] = tuple(self._follow(service))
        return found

    def _follow(self, service: str, *, consenting: bool = False) -> dict[str, None]:
        found: dict[str, None] = {}
        waiting = [service]
        while waiting:
            declared = self.policies.services.get(waiting.pop())
            for dependency in declared.dependencies if declared is not None else ():
                if dependency.service not in found and (dependency.inhibits or not consenting):
                    found[dependency.service] = None
                    waiting.append(dependency.service)
        return found

    def firing(self, alerts: tuple[ClaimedAlert, ...]) -> Firing:
        """These *alerts*, to be asked which of them hide others; the same as long as the very same are asked about."""
        if self._firing is None or self._firing.alerts is not alerts:
            self._firing = Firing(self, alerts)
        return self._firing

    def silences_about(self, labels: Labels, live: tuple[Silence, ...]) -> Iterator[Silence]:
        """The silences whose matchers hold for these *labels*: those that are declared, and the *live* ones."""
        tables = [self.silences]
        if live:
            if self._live is None or self._live[0] != live:
                self._live = (live, Table({silence.ref.name: silence for silence in live}))
            tables.append(self._live[1])
        return (silence for table in tables for silence, failed in table.looked_at(labels) if failed is None)

    def line_of(self, team: str) -> tuple[str, ...]:
        """This *team* and its ancestors, from the inside outwards."""
        line = self._lines.get(team)
        if line is None:
            line = self._lines[team] = self.policies.line_of(team)
        return line

    def reaches(self, team: str, owner: str) -> bool:
        """Whether policies of this *team* apply to services of this *owner*: its own, those below it, or by a grant.

        A policy of no team is the whole repository's.
        """
        line = self.line_of(owner)
        if not team or team == owner or team in line:
            return True
        widened = self._widened.get(team)
        return widened is not None and ("*" in widened or not widened.isdisjoint(line))

    def holds(self, condition: Condition, context: Context) -> bool:
        """Whether this *condition* holds. One that cannot be evaluated does not."""
        # The same text may ask for another interval of the same name: an incident keeps those it was opened with.
        key = (condition.text, condition.intervals) if condition.intervals else condition.text
        closure = self._conditions.get(key)
        if closure is None:
            closure = self._conditions[key] = compile_condition(condition)
        return closure(context)

    def render(self, template: Template, context: Context, escaping: str = "none", absent: str = "empty") -> str:
        """This *template*, filled in. Raises `TemplateRefused` where *absent* is ``refuse`` and a value is missing."""
        if template.is_plain:
            return template.text
        key = (template.text, escaping, absent)
        closure = self._templates.get(key)
        if closure is None:
            closure = self._templates[key] = compile_template(template, escaping=escaping, absent=absent)  # type: ignore[arg-type]
        return closure(context)

    def takes(self, connector: str, action: str) -> TakenArguments | None:
        """What this *action* of that *connector* takes; None where there is no such connector, type or action."""
        key = (connector, action)
        if key not in self._taken:
            declared = self.policies.connectors.get(connector)
            kind = self.catalogue.get(declared.type) if declared is not None else None
            found = kind.action(action) if kind is not None else None
            self._taken[key] = TakenArguments.of(found) if found is not None else None
        return self._taken[key]

    def refusal(self, policy: Policy, failed: Matcher | None, labels: Labels, context: Callable[[], Context]) -> Reason | None:
        """Why this *policy* does not take part, or None if it does. *failed* is its first matcher that fails."""
        if failed is not None:
            return Reason(policy.ref, False, "a matcher does not hold", str(failed), labels.get(failed.name, ""), "matcher")
        when, during = policy.selector.when, policy.selector.during
        if when is None and during is None:
            return None
        seen = context()
        if during is not None and datetime.fromisoformat(seen["now"]) not in during:
            return Reason(policy.ref, False, "`during` is not open", f"during {during.name}", seen["now"], "when")
        if when is None or self.holds(when, seen):
            return None
        _, text, saw = explain_condition(when, seen)
        return Reason(policy.ref, False, "`when` does not hold", text, saw, "when")

    @property
    def may_hide(self) -> bool:
        """Whether there is any inhibition, so that alerts of other incidents matter."""
        return bool(self._inhibitions)

    @property
    def may_mute(self) -> bool:
        """Whether there is any silence or inhibition at all."""
        return bool(self._inhibitions or self.silences.policies)
