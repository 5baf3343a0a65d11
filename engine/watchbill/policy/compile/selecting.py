"""When a policy applies: its matchers, its condition, and whether it may apply there at all."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from watchbill.expressions.conditions import interval_names
from watchbill.expressions.matchers import matches_everything
from watchbill.model.labels import Matcher
from watchbill.model.policies import Selector, TimeInterval
from watchbill.model.references import Condition
from watchbill.model.times import Recurrence
from watchbill.policy.compile import texts
from watchbill.policy.compile.draft import At
from watchbill.policy.compile.workbench import Workbench
from watchbill.policy.documents.section import Limiting, Narrowing, Selecting
from watchbill.policy.suggest import nearest
from watchbill.policy.wording import choice, quoted

ALWAYS_KNOWN: Final = frozenset(("service", "team", "tier", "severity"))


def selector(bench: Workbench, at: At, keys: Narrowing, *, anywhere: bool = False) -> Selector:
    """When something applies, as its *keys* at *at* say. With *anywhere* it may match what is not its own team's.

    An interval that is quarantined is not in it; `needs_interval` leaves out what must not apply without.
    """
    matchers = tuple(matcher(bench, at / "match" / index, text) for index, text in enumerate(keys.match))
    for index, each in enumerate(matchers):
        if each.is_equality and each.name in ("service", "team"):
            _check_scope(bench, at / "match" / index, each, is_free=anywhere or not at.draft.team)
    return Selector(
        match=matchers,
        when=condition(bench, at / "when", keys.when) if keys.when is not None else None,
        priority=keys.priority if isinstance(keys, Selecting) else 0,
        during=interval(bench, at / "during", keys.during) if isinstance(keys, Limiting) else None,
    )


def condition(bench: Workbench, at: At, text: str) -> Condition | None:
    """The condition that this *text* is, with the intervals that it asks for.

    Where one of them is quarantined the document is left out, for it might apply when it should not; a guardrail has no
    condition then, and so holds wherever it matches: what limits others must not be lost by a mistake.
    """
    found = texts.condition(at, text)
    names = interval_names(found)
    if not names:
        return found
    intervals = tuple(interval(bench, at, name) for name in names)
    if None in intervals and at.draft.kind == "Guardrail":
        return None
    for name in names:
        if bench.names.is_known("TimeInterval", name):
            needs_interval(bench, at, name)
    return replace(found, intervals=tuple(each for each in intervals if each is not None))


def interval(bench: Workbench, at: At, name: str | None) -> Recurrence | None:
    """The interval of this *name*; None where none is named, there is none, or it is quarantined."""
    if name is None or not bench.names.expect(at, "TimeInterval", name):
        return None
    found = bench.names.find("TimeInterval", name)
    if found is None or found.is_left_out or not isinstance(found.value, TimeInterval):
        return None
    return found.value.recurrence


def needs_interval(bench: Workbench, at: At, name: str | None) -> None:
    """Leave the document out where the interval it names is quarantined: it would apply when it should not."""
    if name is not None and not at.draft.is_left_out:
        found = bench.names.find("TimeInterval", name)
        if found is None or found.is_left_out:
            at.draft.leave_out(at, f"TimeInterval/{name}")


def check_not_everything(at: At, key: str, chosen: Selector, said: str) -> None:
    """Report a selector, written under *key*, that no alert is too little for. It must not act so wide by oversight."""
    if chosen.when is None and all(matches_everything(each) for each in chosen.match):
        spot = at / key
        place = spot.key_place if chosen.match else at.key_place
        at.draft.report("matches-everything", place, said, "name in `match` what it is about, as in `['service=\"checkout\"']`")


def matcher(bench: Workbench, at: At, text: str) -> Matcher:
    """The matcher of this *text*, on a label that the repository knows."""
    found = texts.matcher(at, text)
    check_label(bench, at, found.name)
    return found


def check_label(bench: Workbench, at: At, name: str) -> None:
    """Report a label of this *name* where the repository declares its labels, and it is not among them."""
    if bench.labels is not None and name not in bench.labels and name not in ALWAYS_KNOWN:
        known = sorted(bench.labels | ALWAYS_KNOWN)
        help = choice(nearest(name, known), known, "labels") + ", or declare it in `labels` of `watchbill.yaml`"
        help = help.replace("?, or", "? Or")
        at.report("undeclared-label", f"the label {quoted(name)} is not declared", help)


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
