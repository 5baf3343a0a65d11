"""People, teams, services, schedules and overrides: from documents to the model."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from watchbill.model.labels import Matcher
from watchbill.model.ownership import Contact, Dependency, Link, Person, Role, Service, Team
from watchbill.model.references import Target
from watchbill.model.schedule import Layer, Override, Rotation, Schedule
from watchbill.model.times import Days, Zone
from watchbill.policy.compile import texts
from watchbill.policy.compile.arguments import check_settings, validator_of
from watchbill.policy.compile.calls import action_of, report_not_granted
from watchbill.policy.compile.draft import At, Draft
from watchbill.policy.compile.reading import check_name
from watchbill.policy.compile.selecting import matcher
from watchbill.policy.compile.workbench import Workbench
from watchbill.policy.documents import ownership as written
from watchbill.policy.secrets import looks_secret
from watchbill.policy.wording import quoted

_DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)

# --- people and teams -----------------------------------------------------------------


def person(bench: Workbench, draft: Draft) -> Person:
    """A person, with the contacts that can be used."""
    spec: written.PersonSpec = draft.document.spec
    at = draft.top / "spec"
    if draft.team:
        bench.names.expect(draft.top / "metadata" / "team", "Team", draft.team)
    zone = texts.zone(at / "zone", spec.zone, bench.zone)
    contacts = (_contact(bench, at / "contacts" / index, each) for index, each in enumerate(spec.contacts))
    return Person(
        ref=draft.ref,
        full_name=spec.full_name or draft.ref.name,
        zone=zone,
        contacts=tuple(contact for contact in contacts if contact is not None),
        leave=tuple(_leave(at / "leave" / index, each) for index, each in enumerate(spec.leave)),
        quiet_hours=texts.recurrence(at / "quiet_hours", spec.quiet_hours, zone),
    )


def _contact(bench: Workbench, at: At, keys: written.Contact) -> Contact | None:
    after = texts.duration(at / "after", keys.after)
    if looks_secret(keys.to):
        help = "keep the secret in a Connector's `secrets`, and write an address here"
        (at / "to").report("secret-in-plain-text", "`to` looks like a secret", help)
        return None
    found = action_of(bench, at / "use", keys.use, "contacts")
    if found is None:
        return None
    connector, action = found
    properties = action.arguments.get("properties")
    if isinstance(properties, Mapping) and "to" in properties:
        key = (connector.value.type, f"{action.name} to")
        if key not in bench.validators:
            bench.validators[key] = validator_of({"properties": {"to": properties["to"]}})
        check_settings(at, {"to": keys.to}, bench.validators[key], keys.use)
    return Contact(str(connector.name), action.name, keys.to, after, action.rings if keys.rings is None else keys.rings)


def _leave(at: At, keys: written.Leave) -> Days:
    first = texts.day(at / "from", keys.from_)
    last = texts.day(at / "to", keys.to) if keys.to is not None else first
    if keys.to is not None and last < first and date.min not in (first, last):
        (at / "to").report("bad-time", f"`to` is before `from`: {quoted(keys.to)}", "let it end on the day it begins, or later")
    return Days(first, last, keys.reason)


def team(bench: Workbench, draft: Draft) -> Team:
    """A team with its roles; a role of its own is told from a role of the incident's owner."""
    spec: written.TeamSpec = draft.document.spec
    at = draft.top / "spec"
    if spec.parent is not None:
        bench.names.expect(at / "parent", "Team", spec.parent)
    for index, member in enumerate(spec.members):
        bench.names.expect(at / "members" / index, "Person", member)
    if spec.escalation is not None:
        bench.names.expect(at / "escalation", "Escalation", spec.escalation)
    roles = (_role(bench, at / "roles" / name, name, text) for name, text in spec.roles.items())
    return Team(
        ref=draft.ref,
        parent=spec.parent,
        members=tuple(spec.members),
        roles=tuple(role for role in roles if role is not None),
        escalation=spec.escalation,
        chat=spec.chat,
        acknowledge=texts.acknowledge(at / "acknowledge", spec.acknowledge),
    )


def _role(bench: Workbench, at: At, name: str, text: str) -> Role | None:
    check_name(at, name, is_key=True)
    target = texts.target(at, text)
    if target is None:
        return None
    if target.kind == "team":
        help = f"write `role/primary@{target.name}`"
        at.report("bad-target", "a role is bound to a schedule, a person or a role", help)
        return None
    if target.kind == "role" and target.team is None:
        target = Target("role", target.name, at.draft.name)
    bench.names.expect_target(at, target)
    return Role(name, target)


# --- services -------------------------------------------------------------------------


def service(bench: Workbench, draft: Draft) -> Service:
    """A service; without claims it claims alerts by its name."""
    spec: written.ServiceSpec = draft.document.spec
    at = draft.top / "spec"
    name = draft.ref.name
    bench.names.expect(draft.top / "metadata" / "team", "Team", draft.team)
    if spec.escalation is not None:
        bench.names.expect(at / "escalation", "Escalation", spec.escalation)
    dependencies = tuple(_dependency(bench, at / "depends_on" / index, each) for index, each in enumerate(spec.depends_on))
    for key, connector in spec.bindings.items():
        _check_binding(bench, at / "bindings" / key, key, connector)
    return Service(
        ref=draft.ref,
        owner=draft.team,
        tier=spec.tier,
        claims=((Matcher("service", "=", name),),) if spec.claims is None else _claims(bench, at / "claims", spec.claims),
        escalation=spec.escalation,
        dependencies=dependencies,
        deadline=texts.some_duration(at / "deadline", spec.deadline) if spec.deadline is not None else None,
        links=tuple(Link(link.title, link.url) for link in spec.links),
        bindings=tuple(spec.bindings.items()),
        environment=spec.environment,
    )


def _claims(bench: Workbench, at: At, written: list[str | list[str]]) -> tuple[tuple[Matcher, ...], ...]:
    """The groups of matchers: one flat list is one group, lists inside are alternatives."""
    flat = [each for each in written if isinstance(each, str)]
    if flat and len(flat) < len(written):
        at.report("bad-value", "matchers and lists of matchers stand side by side", "put each alternative into a list of its own")
        return ()
    if flat:
        return (tuple(matcher(bench, at / index, text) for index, text in enumerate(flat)),)
    groups = [each for each in written if isinstance(each, list)]
    if not groups or not all(groups):
        at.report("bad-value", "this claims every alert there is", "write matchers, or take `claims` away to claim by the service's name")
    return tuple(tuple(matcher(bench, at / row / index, text) for index, text in enumerate(group)) for row, group in enumerate(groups))


def _dependency(bench: Workbench, at: At, keys: str | written.DependsOn) -> Dependency:
    if isinstance(keys, str):
        bench.names.expect(at, "Service", keys)
        return Dependency(keys)
    bench.names.expect(at / "service", "Service", keys.service)
    return Dependency(keys.service, keys.inhibits)


def _check_binding(bench: Workbench, at: At, key: str, connector: str) -> None:
    """A binding is to a connector of the same type, which the service's team may act with if it can act at all."""
    names = bench.names
    is_known = names.expect(at, "Connector", connector)
    if not names.is_known("Connector", key):
        at.draft.report("unknown-name", at.key_place, f"no connector is called {quoted(key)}", "bind a name that policies use in `use`")
        return
    meant, bound = names.find("Connector", key), names.find("Connector", connector)
    if not is_known or meant is None or bound is None or meant.value is None or bound.value is None:
        return
    if meant.value.type != bound.value.type:
        said = f"`{key}` is of the type {meant.value.type}, and `{connector}` of the type {bound.value.type}"
        at.report("bad-binding", said, f"bind it to a connector of the type {meant.value.type}")
        return
    is_generic = any(action.generic for action in bench.catalogue[bound.value.type].actions)
    if is_generic and meant.value.tells and not bound.value.tells:
        said = f"`{key}` tells somebody, and `{connector}` changes a system"
        at.report("bad-binding", said, f"say `tells: true` on Connector/{connector} if somebody reads it")
        return
    can_act = any(not action.reads for action in bench.catalogue[bound.value.type].actions)
    if can_act and not bench.grants.may_act((at.draft.team,), bound):
        report_not_granted(at, at.draft.team, bound)


# --- schedules ------------------------------------------------------------------------


def schedule(bench: Workbench, draft: Draft) -> Schedule:
    """A schedule with all its layers."""
    spec: written.ScheduleSpec = draft.document.spec
    at = draft.top / "spec"
    bench.names.expect(draft.top / "metadata" / "team", "Team", draft.team)
    zone = texts.zone(at / "zone", spec.zone, bench.zone)
    if not any(layer.participants for layer in spec.layers):
        spot = at / "layers"
        help = "name `participants` in a layer" if spec.layers else "give it a layer"
        draft.report("schedule-empty", spot.key_place, f"nobody is ever on call on `{draft.name}`", help)
    seen: set[str] = set()
    for index, each in enumerate(spec.layers):
        check_unique(at / "layers" / index / "name", each.name, seen, "layer")
    return Schedule(
        ref=draft.ref,
        zone=zone,
        layers=tuple(_layer(bench, at / "layers" / index, each, zone) for index, each in enumerate(spec.layers)),
        gaps_allowed=spec.gaps.allowed if spec.gaps else None,
    )


def check_unique(at: At, name: str, seen: set[str], what: str) -> None:
    """Report a *name* inside a document that is none, or that stands twice."""
    check_name(at, name)
    if name in seen:
        at.report("duplicate-name", f"a {what} called {quoted(name)} is there already", "give this one another name")
    seen.add(name)


def _layer(bench: Workbench, at: At, keys: written.Layer, default: Zone) -> Layer:
    if not keys.participants and len(at.draft.document.spec.layers) > 1:
        (at / "participants").report(
            "schedule-empty", f"nobody is ever on call in the layer `{keys.name}`", "name `participants`, or take the layer away"
        )
    for index, participant in enumerate(keys.participants):
        bench.names.expect(at / "participants" / index, "Person", participant)
    rotation = _rotation(at / "rotation", keys.rotation)
    until = texts.wall_time(at / "until", keys.until) if keys.until is not None else None
    if until is not None and until <= rotation.start and datetime.min not in (until, rotation.start):
        (at / "until").report(
            "bad-time", f"the layer ends before it begins: {quoted(str(keys.until))}", "let it end after `start` of its rotation"
        )
    return Layer(
        name=keys.name,
        zone=texts.zone(at / "zone", keys.zone, default),
        participants=tuple(keys.participants),
        rotation=rotation,
        place=at.place,
        hours=texts.windows(at / "hours", keys.hours),
        until=until,
        holidays=frozenset().union(*(_holidays(at / "holidays" / index, each) for index, each in enumerate(keys.holidays))),
    )


def _rotation(at: At, keys: written.Rotation) -> Rotation:
    every = texts.duration(at / "every", keys.every, least=_HOUR)
    start = texts.wall_time(at / "start", keys.start)
    if not every % _DAY:
        return Rotation(start, "days", every // _DAY)
    if every % _HOUR:
        (at / "every").report(
            "bad-duration", f"a shift cannot last {quoted(keys.every)}", "write whole hours, days or weeks: `12h`, `1d`, `1w`"
        )
    return Rotation(start, "hours", every // _HOUR)


def _holidays(at: At, keys: written.Holiday) -> frozenset[date]:
    if (keys.country is None) == (keys.date is None):
        at.report("bad-value", "a holiday is either a `country` or a `date`", "write `{country: PT}` or `{date: 2026-12-24}`")
        return frozenset()
    if keys.country is not None:
        return texts.holidays(at, keys.country, keys.subdivision)
    return frozenset((texts.day(at / "date", str(keys.date)),))


def override(bench: Workbench, draft: Draft) -> Override | None:
    """An override, or None where its schedule or its person is quarantined: then whoever is on call stays so."""
    spec: written.OverrideSpec = draft.document.spec
    at = draft.top / "spec"
    names = bench.names
    names.expect(at / "schedule", "Schedule", spec.schedule)
    names.expect(at / "person", "Person", spec.person)
    if spec.instead_of is not None:
        names.expect(at / "instead_of", "Person", spec.instead_of)
    span = texts.span(at, spec.from_, spec.to)
    if draft.team:
        names.expect(draft.top / "metadata" / "team", "Team", draft.team)
    needed = (
        ("schedule", names.find("Schedule", spec.schedule), f"Schedule/{spec.schedule}"),
        ("person", names.find("Person", spec.person), f"Person/{spec.person}"),
    )
    for key, found, label in needed:
        if not draft.is_left_out and (found is None or found.is_left_out):
            draft.leave_out(at / key, label)
    on = names.find("Schedule", spec.schedule)
    draft.team = draft.team or (on.team if on else "")
    return Override(draft.ref, spec.schedule, spec.person, span, spec.instead_of, spec.reason)
