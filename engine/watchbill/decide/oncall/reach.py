"""From targets to people who can be paged now, each once, and a sentence for everybody who cannot.

A role is looked up on the team it is asked of, then on that team's ancestors, and may lead to another role. Without a named team that
is the owner of the incident's service. To page a team is to page its `primary`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from watchbill.decide.oncall.turns import shifts
from watchbill.decide.oncall.watch import last_day_of_leave, on_call
from watchbill.model.ownership import Person
from watchbill.model.policyset import PolicySet
from watchbill.model.references import Kind, Target
from watchbill.model.schedule import Schedule
from watchbill.model.times import Span

_WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)

_Via: TypeAlias = tuple[str, str] | None
"""The role by which somebody was come to, and the team that gives it."""


@dataclass(frozen=True, slots=True)
class Reached:
    """Somebody whom a target leads to: *duty* is that target, *why* says by which way (``payments-primary, layer base``).

    *has_watch* tells that a schedule led there: they are on call, and not only meant by name.
    """

    person: Person
    duty: str
    why: str
    has_watch: bool = False


@dataclass(frozen=True, slots=True)
class Resolution:
    """Who is reached, in the order of the targets, and a sentence for each who would have been and is not."""

    people: tuple[Reached, ...]
    skipped: tuple[str, ...] = ()


def resolve(policies: PolicySet, targets: tuple[Target, ...], owner: str, at: datetime) -> Resolution:
    """The people whom these *targets* reach for a service of *owner*.

    Nobody is named twice; the first target that leads to a person is their duty. People on leave and people without
    a contact are not reached.
    """
    search = _Search(policies, at)
    for target in targets:
        search.follow(target, owner, str(target))
    return Resolution(tuple(search.people.values()), tuple(search.skipped))


@dataclass(slots=True)
class _Search:
    """One resolution under way. *must_answer* leaves out whoever is on leave or has no contact.

    *schedules* are those that were asked on the way.
    """

    policies: PolicySet
    at: datetime
    must_answer: bool = True
    people: dict[str, Reached] = field(default_factory=dict)
    skipped: dict[str, None] = field(default_factory=dict)
    schedules: dict[str, None] = field(default_factory=dict)

    def follow(self, target: Target, team: str, duty: str, via: _Via = None, seen: tuple[tuple[str, str], ...] = ()) -> None:
        """Go where *target* leads, asked of *team*. *via* is the role that led to it, *seen* those on the way."""
        if target.kind == "person":
            self._take(target.name, duty, f"{via[0]} of {via[1]}" if via else "by name")
        elif target.kind == "schedule":
            inherited = f"{via[0]} of {via[1]}: " if via and via[1] != team else ""
            self._ask(target.name, duty, inherited)
        elif target.kind == "team":
            self._look_up("primary", target.name, duty, seen)
        else:
            self._look_up(target.name, target.team or team, duty, seen)

    def _look_up(self, role: str, team: str, duty: str, seen: tuple[tuple[str, str], ...]) -> None:
        if team not in self.policies.teams:
            self._skip(self._missing("Team", team))
            return
        if (role, team) in seen:
            self._skip(f"the role {role} of {team} leads back to itself")
            return
        line = self.policies.line_of(team)
        for name in line:
            for bound in self.policies.teams[name].roles:
                if bound.name == role:
                    self.follow(bound.target, team, duty, (role, name), (*seen, (role, team)))
                    return
        parent = self.policies.teams[line[-1]].parent
        if parent is not None and parent not in self.policies.teams:
            # Whoever has the role may have it from there.
            self._skip(self._missing("Team", parent))
            return
        above = " or a team above it" if self.policies.teams[team].parent else ""
        self._skip(f"nobody has the role {role} on {team}{above}")

    def _ask(self, schedule: str, duty: str, inherited: str) -> None:
        bill = self.policies.schedules.get(schedule)
        if bill is None:
            self._skip(self._missing("Schedule", schedule))
            return
        self.schedules.setdefault(schedule)
        found = on_call(self.policies, schedule, self.at)
        for name in found.skipped:
            self._is_away(self.policies.people[name])
        if found.person is None:
            self._skip(_gap(self.policies, bill, self.at))
            return
        self._take(found.person, duty, f"{inherited}{schedule}, {found.because}", has_watch=True)

    def _take(self, name: str, duty: str, why: str, *, has_watch: bool = False) -> None:
        person = self.policies.people.get(name)
        if person is None:
            self._skip(self._missing("Person", name))
        elif name in self.people or (self.must_answer and self._is_away(person)):
            return
        elif self.must_answer and not person.contacts:
            self._skip(f"{name} has no contact")
        else:
            self.people[name] = Reached(person, duty, why, has_watch)

    def _is_away(self, person: Person) -> bool:
        last = last_day_of_leave(person, self.at)
        if last is None:
            return False
        year = f" {last.year}" if last - self.at.date() > timedelta(days=300) else ""
        self._skip(f"{person.name} is on leave until {last.day} {_MONTHS[last.month - 1]}{year}")
        return True

    def _missing(self, kind: Kind, name: str) -> str:
        if f"{kind}/{name}" in self.policies.quarantined:
            return f"{kind}/{name} is quarantined"
        return f"no {kind.lower()} is called {name}"

    def _skip(self, sentence: str) -> None:
        self.skipped.setdefault(sentence)


def _gap(policies: PolicySet, bill: Schedule, at: datetime) -> str:
    """Nobody is on call: since when, and until when, as far as the week before and the week after tell."""
    around = Span(at - timedelta(days=7), at + timedelta(days=7))
    gap = next(turn.span for turn in shifts(policies, bill.name, around) if at in turn.span)
    dated = gap.end - gap.start >= timedelta(days=6)
    said = f"nobody is on call on {bill.name}"
    if gap.start > around.start:
        said += f" from {_moment(bill.zone.local(gap.start), dated)}"
    if gap.end < around.end:
        said += " to " if gap.start > around.start else " until "
        said += _end(bill.zone.local(gap.end), dated)
    if gap != around:
        said += f" ({bill.zone.name})"
    return f"{said}; that is meant: {bill.gaps_allowed}" if bill.gaps_allowed else said


def _moment(local: datetime, dated: bool, clock: str = "") -> str:
    date = f" {local.day} {_MONTHS[local.month - 1]}" if dated else ""
    return f"{_WEEKDAYS[local.weekday()]}{date} {clock or f'{local.hour:02}:{local.minute:02}'}"


def _end(local: datetime, dated: bool) -> str:
    """A moment at which something ends; midnight is the end of a day, so that a weekend ends on Sunday."""
    if (local.hour, local.minute) == (0, 0):
        return _moment(local - timedelta(days=1), dated, "24:00")
    return _moment(local, dated)


def schedules_behind(policies: PolicySet, targets: tuple[Target, ...], owner: str, at: datetime) -> tuple[str, ...]:
    """The schedules that these *targets* are asked of for a service of *owner*, in order."""
    search = _Search(policies, at, must_answer=False)
    for target in targets:
        search.follow(target, owner, str(target))
    return tuple(search.schedules)


def is_among(policies: PolicySet, targets: tuple[Target, ...], owner: str, person: str, at: datetime) -> bool:
    """Whether this *person* is one of those the *targets* mean: a member of a team, or whoever has the watch or the role.

    To be called is one thing and to be allowed another: ``team/x`` means everybody in it, and somebody who has the role
    may use it while on leave, and without any contact.
    """
    search = _Search(policies, at, must_answer=False)
    for target in targets:
        team = policies.teams.get(target.name) if target.kind == "team" else None
        if team is not None and person in team.members:
            return True
        search.follow(target, owner, str(target))
    return person in search.people


def members_of(policies: PolicySet, targets: tuple[Target, ...], owner: str, at: datetime) -> tuple[Reached, ...]:
    """The people whom `is_among` means by these *targets* and who can be told something now: each once, in the order of the targets."""
    search = _Search(policies, at)
    for target in targets:
        team = policies.teams.get(target.name) if target.kind == "team" else None
        for name in team.members if team is not None else ():
            search.follow(Target("person", name), owner, str(target))
        search.follow(target, owner, str(target))
    return tuple(search.people.values())
