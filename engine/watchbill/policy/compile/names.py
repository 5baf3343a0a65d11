"""Who is called what: every name of the repository, and what is said of a name that nobody has."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from watchbill.errors import Level
from watchbill.model.policyset import Settings
from watchbill.model.references import Kind, Target, TargetKind
from watchbill.policy.compile.draft import At, Draft
from watchbill.policy.suggest import nearest
from watchbill.policy.wording import choice, quoted

NOBODY: Final[Mapping[str, str]] = {
    "Person": "nobody",
    "Team": "no team",
    "Service": "no service",
    "Schedule": "no schedule",
    "Escalation": "no escalation",
    "Audience": "no audience",
    "Remediation": "no remediation",
    "TimeInterval": "no time interval",
    "Connector": "no connector",
}


DEEPEST: Final = 30
"""How many teams above each other, and roles that lead to each other, are followed. Nobody's organisation is deeper."""

_TARGET: Final = re.compile(r"(person|schedule|team|role)/(\S+)")
_KINDS: Final[Mapping[str, TargetKind]] = {"person": "person", "schedule": "schedule"}


class Names:
    """All drafts by kind and name, and the names of documents that could not even be read.

    A name belongs to the first document that has it, in the order of files and lines. What is quarantined keeps its
    name: to refer to it is no second mistake.
    """

    def __init__(self, drafts: Iterable[Draft], unreadable: Iterable[str]) -> None:
        self._drafts: dict[tuple[str, str], Draft] = {}
        self.unreadable = frozenset(unreadable)
        for draft in drafts:
            if draft.kind is not None and draft.name:
                self._take(draft, draft.kind, draft.name)
        self._names: dict[Kind, list[str]] = {}
        self._ends: dict[Target, Target] = {}
        self._lines: dict[str, tuple[str, ...]] = {}
        self._roles: dict[str, list[Draft]] = {}
        for draft in self.of("Team"):
            for role in self.roles_of(draft):
                self._roles.setdefault(role, []).append(draft)
        self._has_lost_teams = any(label.startswith("Team/") for label in self.unreadable)

    def _take(self, draft: Draft, kind: Kind, name: str) -> None:
        incumbent = self._drafts.setdefault((kind, name), draft)
        if incumbent is draft:
            return
        if "unknown-kind" in (finding.rule for finding in (*incumbent.findings, *draft.findings)):
            # Whose kind is a guess takes no name from anybody.
            if not draft.is_left_out:
                self._drafts[kind, name] = draft
            return
        said = f"{'an' if kind[0] in 'AEIOU' else 'a'} {kind} called {quoted(name)} is there already, at {incumbent.place}"
        draft.report("duplicate-name", draft.raw.place("metadata", "name"), said, "give this one another name")

    # Documents by name.

    def of(self, kind: Kind) -> Iterator[Draft]:
        """The drafts of this *kind* that have their name, in order."""
        return (draft for (each, _), draft in self._drafts.items() if each == kind)

    def find(self, kind: Kind, name: str) -> Draft | None:
        """The draft of this *kind* and *name*, whether it compiles or not."""
        return self._drafts.get((kind, name))

    def _names_of(self, kind: Kind) -> list[str]:
        """All names of this *kind*, in order."""
        if kind not in self._names:
            self._names[kind] = [draft.name or "" for draft in self.of(kind)]
        return self._names[kind]

    def is_known(self, kind: Kind, name: str) -> bool:
        """Whether there is such a document, even if nothing is known of it but its name."""
        return (kind, name) in self._drafts or f"{kind}/{name}" in self.unreadable

    def expect(self, at: At, kind: Kind, name: str, level: Level = "error") -> bool:
        """Whether there is such a document; a finding at *at* where there is none."""
        if self.is_known(kind, name):
            return True
        if (target := _TARGET.fullmatch(name)) is not None:
            self._report_target(at, kind, target[1], target[2], level)
            return False
        names = self._names_of(kind)
        meant = nearest(name, names)
        found = self.find(kind, meant) if meant else None
        others = f", or take another: {choice(None, names, 'known names')}" if names else ""
        help = f"`{meant}` is, at {found.place}" if found else f"declare it{others}"
        at.report("unknown-name", f"{NOBODY.get(kind, 'nothing')} is called {quoted(name)}", help, level)
        return False

    def _report_target(self, at: At, kind: Kind, written: str, name: str, level: Level) -> None:
        """Say that a target stands where a name belongs: only the name is lacking, or it leads to another kind of thing."""
        if written == kind.lower():
            at.report("unknown-name", f"{quoted(f'{written}/{name}')} is a target, and here stands a name", f"write `{name}`", level)
            return
        names = self._names_of(kind)
        help = f"write the name of a {kind}: {choice(None, names, 'known names')}"
        at.report("unknown-name", f"{quoted(f'{written}/{name}')} is a target, and here stands the name of a {kind}", help, level)

    # Teams, their ancestors and their roles. Asked of what was written, so that a team that is quarantined still counts.

    def parent_of(self, team: str) -> str | None:
        """The next team outwards, as it was written."""
        parent = _written(self.find("Team", team)).get("parent")
        return parent if isinstance(parent, str) else None

    def line_of(self, team: str) -> tuple[str, ...]:
        """This *team* and its ancestors, from the inside outwards; a circle is walked once."""
        line = self._lines.get(team)
        if line is None:
            walked: list[str] = []
            name: str | None = team
            while name is not None and name not in walked and len(walked) < DEEPEST:
                walked.append(name)
                name = self.parent_of(name)
            line = self._lines[team] = tuple(walked)
        return line

    def roles_of(self, draft: Draft | None) -> Mapping[str, Any]:
        """The roles that a team was written with."""
        roles = _written(draft).get("roles")
        return roles if isinstance(roles, dict) else {}

    def has_role(self, team: str, role: str) -> bool:
        """Whether this *team* or one above it has the *role*, as far as is known."""
        line = self.line_of(team)
        if any(self.find("Team", each) is None for each in line):
            return True
        return any(role in self.roles_of(self.find("Team", each)) for each in line)

    # Targets.

    def expect_target(self, at: At, target: Target, *, pages: bool = True) -> None:
        """Report a *target* that leads to nobody. One that *pages* a team needs somebody to page there."""
        if target.kind == "role":
            self._expect_role(at, target)
            return
        kinds: Mapping[str, Kind] = {"person": "Person", "schedule": "Schedule", "team": "Team"}
        is_known = self.expect(at, kinds[target.kind], target.name)
        if is_known and pages and target.kind == "team" and not self.has_role(target.name, "primary"):
            said = f"the team {quoted(target.name)} has no role `primary`, so a page to it reaches nobody"
            at.report("unknown-name", said, f"bind `primary` under `roles` of {quoted(target.name)}, or of a team above it")

    def leads_to(self, target: Target) -> Target:
        """Whom this *target* leads to by the roles of named teams. A role of no named team is itself: it depends on the incident."""
        if target not in self._ends:
            self._ends[target] = self._end_of(target)
        return self._ends[target]

    def _end_of(self, target: Target) -> Target:
        walked: dict[Target, None] = {}
        step: Target | None = target
        while step is not None and step not in walked and len(walked) < DEEPEST:
            walked[step] = None
            step = self._ends.get(step) or self._onwards(step)
        return next(reversed(walked))

    def _onwards(self, target: Target) -> Target | None:
        if target.kind == "team":
            return Target("role", "primary", target.name)
        for team in self.line_of(target.team) if target.kind == "role" and target.team is not None else ():
            bound = self.roles_of(self.find("Team", team)).get(target.name)
            kind, _, rest = bound.partition("/") if isinstance(bound, str) else ("", "", "")
            name, _, other = rest.partition("@")
            if kind:
                return Target("role", name, other or team) if kind == "role" else Target(_KINDS.get(kind, "person"), name)
        return None

    def _expect_role(self, at: At, target: Target) -> None:
        if target.team is not None:
            if self.expect(at, "Team", target.team) and not self.has_role(target.team, target.name):
                roles = [role for team in self.line_of(target.team) for role in self.roles_of(self.find("Team", team))]
                said = f"the team {quoted(target.team)} has no role {quoted(target.name)}"
                at.report("unknown-name", said, choice(nearest(target.name, roles), roles, "roles it has"))
            return
        if target.name in self._roles or self._has_lost_teams:
            return
        meant = nearest(target.name, self._roles)
        help = f"`{meant}` is one, at {self._roles[meant][0].place}" if meant else "bind it under `roles` of a team"
        at.report("unknown-name", f"no team has a role {quoted(target.name)}", help)


def _written(draft: Draft | None) -> Mapping[str, Any]:
    spec = draft.raw.data.get("spec") if draft is not None else None
    return spec if isinstance(spec, dict) else {}


# --- who may do what ------------------------------------------------------------------


class Grants:
    """What `Settings.grants` allow, merged by team."""

    def __init__(self, settings: Settings | None, names: Names) -> None:
        self._names = names
        self._settings = settings
        self._by_team = {grant.team: grant for grant in settings.grants} if settings else {}

    def may_act(self, teams: Iterable[str], connector: Draft) -> bool:
        """Whether one of these *teams* may act with this *connector*: it belongs to nobody, to it or above it, or is granted.

        Without settings nothing is known of grants, and nothing is said.
        """
        if self._settings is None or not connector.team:
            return True
        return any(connector.team in self._names.line_of(team) or self._is_granted(team, connector.name or "") for team in teams)

    def _is_granted(self, team: str, connector: str) -> bool:
        grant = self._by_team.get(team)
        return grant is not None and (connector in grant.connectors or "*" in grant.connectors)

    def stands_above(self, team: str, owner: str) -> bool:
        """Whether *team* is this *owner* or one of its ancestors, or the whole repository; no grant counts."""
        return self._settings is None or not team or team in self._names.line_of(owner)

    def reaches(self, team: str, owner: str) -> bool:
        """Whether policies of *team* apply to services of *owner*."""
        line = self._names.line_of(owner)
        if self._settings is None or not team or team in line:
            return True
        grant = self._by_team.get(team)
        return grant is not None and ("*" in grant.services_of or not set(line).isdisjoint(grant.services_of))
