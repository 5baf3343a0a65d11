"""When a policy applies: its matchers, its condition, and whether it may apply there at all."""

from __future__ import annotations

from typing import Final

from watchbill.model.labels import Matcher
from watchbill.model.policies import Selector
from watchbill.policy.compile import texts
from watchbill.policy.compile.draft import At, Draft
from watchbill.policy.compile.workbench import Workbench
from watchbill.policy.suggest import nearest
from watchbill.policy.wording import choice, quoted

ALWAYS_KNOWN: Final = frozenset(("service", "team", "tier", "severity"))


def selector(bench: Workbench, draft: Draft, *, match: list[str], when: str | None, priority: int = 0, anywhere: bool = False) -> Selector:
    """When a policy applies. With *anywhere* it may match what is not its own team's."""
    at = draft.top / "spec"
    matchers = tuple(matcher(bench, at / "match" / index, text) for index, text in enumerate(match))
    for index, each in enumerate(matchers):
        if each.is_equality and each.name in ("service", "team"):
            _check_scope(bench, at / "match" / index, each, is_free=anywhere or not draft.team)
    return Selector(matchers, texts.condition(at / "when", when) if when is not None else None, priority)


def matcher(bench: Workbench, at: At, text: str) -> Matcher:
    """The matcher of this *text*, on a label that the repository knows."""
    found = texts.matcher(at, text)
    if bench.labels is not None and found.name not in bench.labels and found.name not in ALWAYS_KNOWN:
        known = sorted(bench.labels | ALWAYS_KNOWN)
        help = choice(nearest(found.name, known), known, "labels") + ", or declare it in `labels` of `watchbill.yaml`"
        help = help.replace("?, or", "? Or")
        at.report("undeclared-label", f"the label {quoted(found.name)} is not declared", help)
    return found


def _check_scope(bench: Workbench, at: At, found: Matcher, *, is_free: bool) -> None:
    """A policy for one service or team: there is one of that name, and the policy reaches it."""
    kind: Final = "Service" if found.name == "service" else "Team"
    # A warning only: an alert that no service claims may carry any name in its labels.
    if not bench.names.expect(at, kind, found.value, "warning") or is_free:
        return
    named = bench.names.find(kind, found.value)
    owner = found.value if kind == "Team" else named.team if named else ""
    team = at.draft.team
    if owner and not bench.grants.reaches(team, owner):
        whose = f"the service `{found.value}`, which belongs to `{owner}`" if kind == "Service" else f"services of the team `{owner}`"
        help = f"ask for `{{to: team/{team}, services_of: [{owner}]}}` in the grants of `watchbill.yaml`"
        at.report("not-granted", f"policies of `{team}` do not apply to {whose}", help)
