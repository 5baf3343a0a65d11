"""What is known of an alert before there is one: that of a service, at a severity, matched by a policy.

Rule: known is only what is certain. What an alert may bring with it, or what the time decides, is not known here, and nothing
is concluded from it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from watchbill.expressions.conditions import compile_condition, unparse
from watchbill.model.labels import Matcher
from watchbill.model.ownership import Service
from watchbill.model.references import Condition, Node
from watchbill.model.severity import Severity

Path: TypeAlias = tuple[str, ...]

SEVERITIES: Final[tuple[Severity, ...]] = ("critical", "warning", "info")


class Unknown:
    """What is not known; there is one of it."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown()


@dataclass(frozen=True, slots=True)
class Case:
    """An alert of a *service* (None for one that no service claims) of this *owner*, at a *severity*, with *labels* that it must have."""

    service: Service | None
    owner: str
    parent: str | None
    severity: Severity
    labels: Mapping[str, str]

    @property
    def context(self) -> dict[str, Any]:
        """What conditions and templates see of it, as far as it is known. Only paths that are known may be asked for."""
        service = self.service
        environment = self.value(("env",))
        return {
            "alert": {"name": self.labels.get("alertname"), "severity": self.severity, "labels": dict(self.labels)},
            "service": None if service is None else {field: getattr(service, field) for field in _SERVICE},
            "team": {"name": self.owner, "parent": self.parent},
            "severity": self.severity,
            "tier": None if service is None else service.tier,
            **({} if environment is UNKNOWN else {"env": environment}),
        }

    def value(self, path: Path) -> Any:
        """The value at this *path*, None where it is certainly absent, `UNKNOWN` where nothing is certain."""
        match path:
            case ("alert", "labels", name) if self.labels.get(name):
                return self.labels[name]
            case ("alert", "name") if self.labels.get("alertname"):
                return self.labels["alertname"]
            case ("alert", "severity") | ("severity",):
                return self.severity
            case ("service", *rest) if self.service is None and len(rest) < 2:
                return None
            case ("service", field) if field in _SERVICE:
                return getattr(self.service, field)
            case ("team", "name"):
                return self.owner
            case ("team", "parent"):
                return self.parent
            case ("tier",):
                return None if self.service is None else self.service.tier
            case ("env",) if self.labels.get("env"):
                return self.labels["env"]
            case _:
                return UNKNOWN

    def with_labels(self, labels: Mapping[str, str]) -> Case:
        """The same with what a policy's matchers ask for besides; what is known already stays."""
        more = {name: value for name, value in labels.items() if name not in self.labels}
        return Case(self.service, self.owner, self.parent, self.severity, {**self.labels, **more}) if more else self


_SERVICE: Final = ("name", "tier", "owner", "environment")


def cases_of(service: Service, parent: str | None) -> tuple[Case, ...]:
    """The alerts of this *service*, one for each severity; *parent* is the team above its owner."""
    set_when_claimed = {"service": service.name, "team": service.owner, "tier": str(service.tier)}
    # Of several ways to claim an alert, nobody knows which it was.
    claimed = asked_for(service.claims[0]) if len(service.claims) == 1 else {}
    return tuple(
        Case(service, service.owner, parent, severity, {**claimed, **set_when_claimed, "severity": severity}) for severity in SEVERITIES
    )


def unclaimed(fallback_team: str, parent: str | None) -> tuple[Case, ...]:
    """Alerts that no service claims; they go to the fallback team."""
    return tuple(Case(None, fallback_team, parent, severity, {"team": fallback_team, "severity": severity}) for severity in SEVERITIES)


def asked_for(matchers: Sequence[Matcher]) -> dict[str, str]:
    """The labels that all of these *matchers* hold for must have: those of the equalities."""
    return {matcher.name: matcher.value for matcher in matchers if matcher.operator == "=" and matcher.value}


# --- conditions -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a chain of ``&&``, and the *paths* that it asks for."""

    condition: Condition
    paths: tuple[Path, ...]

    def values(self, case: Case) -> tuple[Any, ...]:
        """What it asks for, as far as it is known of this *case*."""
        return tuple(case.value(path) for path in self.paths)

    def may_hold(self, case: Case, values: tuple[Any, ...]) -> bool:
        """Whether it holds for some alerts of this *case*, for certain.

        What is about known *values* is worked out. What is about unknown ones is taken to hold for some alerts; of what is about
        both nothing is certain.
        """
        if any(value is UNKNOWN for value in values):
            return all(value is UNKNOWN for value in values)
        return compile_condition(self.condition)(case.context)


def parts_of(condition: Condition) -> tuple[Part, ...]:
    """The parts of a *condition*, each to be looked at by itself."""
    return tuple(
        Part(Condition(unparse(node), node, condition.place), tuple(dict.fromkeys(_paths(node)))) for node in _conjuncts(condition.tree)
    )


def _conjuncts(node: Node) -> Iterator[Node]:
    if node.type == "and_expression":
        for child in node.children:
            yield from _conjuncts(child)
    else:
        yield node


def _paths(node: Node) -> Iterator[Path]:
    """The dotted names that a condition asks for; what is no plain name is one that nobody knows."""
    if node.type == "field":
        yield (str(node.value),)
    elif node.type == "subexpression" and all(child.type == "field" for child in node.children):
        yield tuple(str(child.value) for child in node.children)
    elif node.type in _SEEN_THROUGH or (node.type == "function_expression" and node.value in _PLAIN):
        for child in node.children:
            yield from _paths(child)
    elif node.type != "literal":
        yield ("?",)


_SEEN_THROUGH: Final = frozenset(("comparator", "not_expression", "or_expression", "and_expression", "multi_select_list"))
_PLAIN: Final = frozenset(("contains", "ends_with", "length", "starts_with", "to_number", "to_string"))
"""Functions whose value follows from their arguments alone, and which take no expressions."""
