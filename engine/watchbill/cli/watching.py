"""From the names that people give to `oncall` to watches and turns; who is on call is asked of `decide`.

Rule: a document that is left out (quarantined) takes no other answer away. Where it would be the answer, it is named.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from difflib import get_close_matches
from typing import Final

from watchbill.decide.oncall import Reached, next_change, on_call, resolve, shifts
from watchbill.errors import UserError
from watchbill.model.policyset import PolicySet
from watchbill.model.references import Target
from watchbill.model.times import Span
from watchbill.report.counts import listing
from watchbill.report.watches import Turns, Watch, WatchPerson

AHEAD: Final = timedelta(days=400)
"""How far the end of a turn is looked for. A turn that is longer has no end in sight."""

KINDS: Final = ("schedules", "teams", "services", "roles", "people")


def asked_for(policies: PolicySet, names: tuple[str, ...]) -> tuple[str, ...]:
    """What is meant by these *names*, in full and each once; every schedule where there are none.

    Raises UserError `unknown-name` for one that means nothing, `ambiguous-name` for one that means several things.
    """
    if not names:
        return tuple(f"schedule/{name}" for name in policies.schedules)
    return tuple(dict.fromkeys(full for name in names for full in _in_full(policies, name)))


def _in_full(policies: PolicySet, name: str) -> list[str]:
    known = _known(policies)
    if "/" in name:
        meant = [name] if name in known else [full for full in known if full.startswith(f"{name}@")]
    else:
        meant = [full for full in known if full.partition("/")[2] == name and not full.startswith("person/")]
        meant = meant or [full for full in known if full.startswith(f"role/{name}@")]
    if not meant and name.startswith("role/") and "@" in name and missing(policies, name) is not None:
        return [name]
    if not meant:
        near = get_close_matches(name, [*known, *(full.partition("/")[2] for full in known)], n=1, cutoff=0.75)
        help_ = f"did you mean `{near[0]}`?" if near else f"name one of its {listing(KINDS, 'or')}"
        teams = [label for label in policies.quarantined if label.startswith("Team/")]
        if teams and not near:
            help_ = (
                f"it may be a role of {listing(teams, 'or')}, which {'is' if len(teams) == 1 else 'are'} left out; run `watchbill validate`"
            )
        raise UserError(f"nothing in this repository is called `{name}`", help_, rule="unknown-name")
    if len(meant) > 1 and "@" not in meant[0]:
        help_ = f"write {listing([f'`{full}`' for full in meant], 'or')}"
        raise UserError(f"`{name}` may mean several things", help_, rule="ambiguous-name")
    return meant


def _known(policies: PolicySet) -> list[str]:
    """Everything that can be asked for, in full; what is left out too, for that has an answer."""
    roles = [f"role/{role.name}@{team.name}" for team in policies.teams.values() for role in team.roles]
    return list(dict.fromkeys((*_sound(policies, roles), *_left_out(policies))))


def _sound(policies: PolicySet, roles: Sequence[str]) -> list[str]:
    return [
        *(f"schedule/{name}" for name in policies.schedules),
        *(f"team/{name}" for name in policies.teams),
        *(f"service/{name}" for name in policies.services),
        *roles,
        *(f"person/{name}" for name in policies.people),
    ]


def _left_out(policies: PolicySet) -> Iterator[str]:
    """What could be asked for if it were not quarantined, in full."""
    for label in policies.quarantined:
        kind, _, name = label.partition("/")
        if kind in _ASKED and name not in _ASKED[kind](policies):
            yield f"{kind.lower()}/{name}"


_ASKED: Final[Mapping[str, Callable[[PolicySet], Collection[str]]]] = {
    "Schedule": lambda policies: policies.schedules,
    "Team": lambda policies: policies.teams,
    "Service": lambda policies: policies.services,
    "Person": lambda policies: policies.people,
}
"""The kinds that have an answer, each with those of them that are sound."""


def missing(policies: PolicySet, what: str) -> str | None:
    """The document (``Team/data``) that would have to be sound for *what* to have an answer at all, where it is left out."""
    kind, _, name = what.partition("/")
    if kind == "role":
        kind, name = "team", name.partition("@")[2]
    elif kind == "service" and name in policies.services:
        kind, name = "team", policies.services[name].owner
    label = f"{kind.capitalize()}/{name}"
    return label if label in policies.quarantined and name not in _ASKED[kind.capitalize()](policies) else None


def _cannot_say(label: str) -> str:
    return f"cannot say who: {label} is left out"


# --- at a moment ------------------------------------------------------------------------


def watch(policies: PolicySet, what: str, at: datetime) -> Watch:
    """Who is on call for *what* at this moment."""
    kind, _, name = what.partition("/")
    lost = missing(policies, what)
    if lost is not None:
        return Watch(what, (), (_cannot_say(lost),), is_known=False)
    if kind == "schedule":
        return _schedule(policies, what, name, at)
    people: dict[tuple[str, str], WatchPerson] = {}
    notes: dict[str, None] = {}
    for target, team in _targets(policies, kind, name):
        found = resolve(policies, (target,), team, at)
        for reached in found.people:
            duty = target.name if target.kind == "role" else ""
            people[(duty, reached.person.name)] = _person(policies, reached, duty, _end(policies, target, team, at), at)
        prefix = f"{target.name}: " if target.kind == "role" and kind != "role" else ""
        notes.update(dict.fromkeys(f"{prefix}{skipped}" for skipped in found.skipped))
    if kind in ("team", "service"):
        above = _parent_left_out(policies, policies.services[name].owner if kind == "service" else name)
        if above is not None:
            notes[f"cannot say who has the roles that come from above: {above} is left out"] = None
    if not people and not notes:
        notes[f"no role is bound to anybody in {name}"] = None
    return Watch(what, tuple(people.values()), tuple(notes))


def _parent_left_out(policies: PolicySet, team: str) -> str | None:
    """The ancestor at which the line above this *team* ends because it is left out."""
    parent = policies.teams[policies.line_of(team)[-1]].parent
    return f"Team/{parent}" if parent is not None and parent not in policies.teams else None


def _schedule(policies: PolicySet, what: str, name: str, at: datetime) -> Watch:
    found = on_call(policies, name, at)
    until = next_change(policies, name, at, at + AHEAD)
    if found.person is None:
        meant = policies.schedules[name].gaps_allowed
        return Watch(what, (), tuple(filter(None, (found.because, f"that is meant: {meant}" if meant else ""))), until)
    person = policies.people.get(found.person)
    if person is None:
        return Watch(what, (), (f"{_cannot_say(f'Person/{found.person}')}; {found.because}",), until, is_known=False)
    zone = person.zone
    return Watch(what, (WatchPerson(person.name, person.full_name, until, zone.local(at), zone.name, found.because),))


def _person(policies: PolicySet, reached: Reached, duty: str, until: datetime | None, at: datetime) -> WatchPerson:
    person = reached.person
    return WatchPerson(person.name, person.full_name, until, person.zone.local(at), person.zone.name, reached.why, duty)


def _targets(policies: PolicySet, kind: str, name: str) -> Iterator[tuple[Target, str]]:
    """The targets behind a name, each with the team of which it is asked. A team is asked for all its roles, its own first."""
    if kind == "person":
        yield Target("person", name), ""
    elif kind == "role":
        role, _, team = name.partition("@")
        yield Target("role", role, team), team
    else:
        team = policies.services[name].owner if kind == "service" else name
        roles = dict.fromkeys(role.name for each in policies.line_of(team) for role in policies.teams[each].roles)
        yield from ((Target("role", role), team) for role in roles)


def _end(policies: PolicySet, target: Target, team: str, at: datetime) -> datetime | None:
    schedule = _schedule_behind(policies, target, team)
    return next_change(policies, schedule, at, at + AHEAD) if schedule in policies.schedules and schedule is not None else None


def _schedule_behind(policies: PolicySet, target: Target, team: str) -> str | None:
    """The schedule that a target leads to, where it does not lead to a person."""
    seen: set[tuple[str, str]] = set()
    while target.kind in ("role", "team"):
        if target.kind == "team":
            target = Target("role", "primary", target.name)
        team = target.team or team
        if (target.name, team) in seen:
            return None
        seen.add((target.name, team))
        bound = (role.target for each in policies.line_of(team) for role in policies.teams[each].roles if role.name == target.name)
        following = next(bound, None)
        if following is None:
            return None
        target = following
    return target.name if target.kind == "schedule" else None


# --- over a span ------------------------------------------------------------------------


def schedules_of(policies: PolicySet, what: str) -> tuple[str, ...]:
    """The schedules behind *what*, each once. Raises UserError `no-schedule` where there is none."""
    kind, _, name = what.partition("/")
    lost = missing(policies, what)
    if lost is not None:
        raise UserError(f"`{what}` has no turns: {lost} is left out", "run `watchbill validate` to see what to mend", rule="no-schedule")
    if kind == "schedule":
        return (name,)
    found = (_schedule_behind(policies, target, team) for target, team in _targets(policies, kind, name))
    names = tuple(dict.fromkeys(name for name in found if name in policies.schedules and name is not None))
    if not names:
        raise UserError(f"`{what}` has no schedule, so it has no turns", "leave the span out to see who it is", rule="no-schedule")
    return names


def turns(policies: PolicySet, schedule: str, span: Span) -> Turns:
    """The turns on this *schedule* over the *span*."""
    found = shifts(policies, schedule, span)
    named = dict.fromkeys(shift.person for shift in found if shift.person is not None)
    left_out = tuple(f"Person/{name}" for name in named if name not in policies.people)
    return Turns(schedule, span, found, policies.schedules[schedule].gaps_allowed, left_out)
