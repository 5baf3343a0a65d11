"""Values of the model made by hand, each with defaults that make sense together.

Every maker gives a whole, valid value; a test names only what it is about. Texts stand where the
language has texts (`"role/primary"`, `'severity="critical"'`, `"08:00"`), and are read here in the
simplest way, so that no test of the core depends on the parsers it does not test.

The cast: payments (ana, bo, cy) looks after checkout, below engineering; platform (eve, dan) is the
fallback team.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from watchbill.errors import Place
from watchbill.model.alert import Alert, ClaimedAlert
from watchbill.model.labels import Matcher, Operator
from watchbill.model.ownership import Contact, Dependency, Person, Role, Service, Team
from watchbill.model.policies import (
    Audience,
    Collector,
    Comms,
    Connector,
    Escalation,
    Freeze,
    Grouping,
    Guardrail,
    Guards,
    Hub,
    Inhibition,
    Level,
    Message,
    Rate,
    Remediation,
    RepairStep,
    Review,
    Rollback,
    Selector,
    Silence,
    TimeInterval,
    Triage,
    Verification,
)
from watchbill.model.policyset import Grant, PolicySet, Settings
from watchbill.model.references import Argument, Condition, Kind, Ref, Target, TargetKind, Template, Use
from watchbill.model.schedule import Layer, Override, Rotation, Schedule
from watchbill.model.severity import USUAL_WORDS, Severity
from watchbill.model.sources import Probe, ProbeAlert, Source
from watchbill.model.times import Days, Hours, Recurrence, Span, Window, Zone

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
"""A Monday, when nothing special happens."""

Document = (
    Person
    | Team
    | Service
    | Schedule
    | Override
    | Escalation
    | Triage
    | Audience
    | Comms
    | Remediation
    | Guardrail
    | Connector
    | Grouping
    | Inhibition
    | Silence
    | TimeInterval
    | Source
    | Probe
)
"""Whatever a policy set holds (its settings besides)."""

_FOLDERS: Mapping[str, str] = {
    **dict.fromkeys(("Person", "Team", "Service", "Schedule", "Override"), "ownership"),
    "Settings": ".",
}


# --- names, places, times ---------------------------------------------------------------


def a_place(file: str = "policies/payments.yaml", line: int = 1, column: int = 1) -> Place:
    """A place in a file."""
    return Place(file, line, column)


def a_ref(kind: Kind, name: str, team: str = "payments", line: int = 1) -> Ref:
    """A document's reference; it stands in its team's file of its folder."""
    return Ref(kind, name, team, Place(f"{_FOLDERS.get(kind, 'policies')}/{team or 'all'}.yaml", line, 1))


def a_zone(name: str = "UTC") -> Zone:
    """A zone by its name, with the rules of this machine."""
    return Zone(name, ZoneInfo(name))


def at(text: str) -> datetime:
    """The UTC instant of an RFC 3339 *text*; without an offset it is UTC."""
    instant = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).astimezone(UTC)


def a_span(start: str, end: str) -> Span:
    """From one instant to another, both as texts."""
    return Span(at(start), at(end))


def some_days(first: str, last: str | None = None, reason: str = "") -> Days:
    """Local days, both included; one day where *last* is not given."""
    return Days(date.fromisoformat(first), date.fromisoformat(last or first), reason)


def hours(start: str, end: str, days: str = "mon-sun") -> Hours:
    """A daily window: ``hours("22:00", "07:00", "mon-fri")``; days may be ranges and lists."""
    return Hours(_weekdays(days), _minute(start), _minute(end))


def a_window(
    start: str = "00:00",
    end: str = "24:00",
    days: str = "mon-sun",
    *,
    days_of_month: Iterable[tuple[int, int]] = (),
    months: Iterable[int] = (),
    years: Iterable[tuple[int, int]] = (),
) -> Window:
    """A window on all days but those that something excludes: ``a_window("22:00", "06:00", "fri", months=[12])``."""
    return Window(hours(start, end, days), tuple(days_of_month), tuple(months), tuple(years))


def a_recurrence(*windows: Window | Hours, zone: str = "UTC", name: str = "") -> Recurrence:
    """A recurring time; office hours where no windows are given."""
    given = windows or (hours("09:00", "18:00", "mon-fri"),)
    return Recurrence(a_zone(zone), tuple(Window(each) if isinstance(each, Hours) else each for each in given), name)


def _weekdays(text: str) -> tuple[int, ...]:
    names = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    found: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        found.extend(range(names.index(first) + 1, names.index(last or first) + 2))
    return tuple(found)


def _minute(text: str) -> int:
    hour, minute = text.split(":")
    return int(hour) * 60 + int(minute)


# --- conditions, templates, targets, calls ----------------------------------------------


def a_matcher(text: str) -> Matcher:
    """A matcher from ``name="value"``, with any of the four operators."""
    found = re.fullmatch(r'([^=!~"]+)(=~|!~|!=|=)"(.*)"', text, re.DOTALL)
    assert found, f"not a matcher: {text}"
    name, operator, value = found.groups()
    known: dict[str, Operator] = {"=": "=", "!=": "!=", "=~": "=~", "!~": "!~"}
    return Matcher(name.strip(), known[operator], value)


def a_selector(*match: str, when: Condition | None = None, priority: int = 0, during: Recurrence | None = None) -> Selector:
    """A selector from matchers as texts."""
    return Selector(tuple(a_matcher(text) for text in match), when, priority, during)


def a_template(text: str) -> Template:
    """A template; plain where there is nothing to fill in."""
    return Template(text, a_place(), is_plain="{{" not in text and "{%" not in text)


def a_target(text: str) -> Target:
    """A target from ``role/lead@security`` and the like."""
    kind, _, rest = text.partition("/")
    name, _, team = rest.partition("@")
    known: dict[str, TargetKind] = {"person": "person", "schedule": "schedule", "team": "team", "role": "role"}
    return Target(known[kind], name, team or None)


def targets(*texts: str) -> tuple[Target, ...]:
    """Targets from texts, in order."""
    return tuple(a_target(text) for text in texts)


def a_use(action: str = "metrics.query", **arguments: Any) -> Use:
    """A call of ``connector.action``; texts among the arguments are templates."""
    connector, _, name = action.partition(".")
    return Use(connector, name, tuple((key, _argument(value)) for key, value in arguments.items()), a_place())


def _argument(value: Any) -> Argument:
    if isinstance(value, str):
        return a_template(value)
    if isinstance(value, Mapping):
        return tuple((str(key), _argument(inner)) for key, inner in value.items())
    if isinstance(value, list | tuple):
        return tuple(_argument(inner) for inner in value)
    assert value is None or isinstance(value, bool | int | float)
    return value


# --- ownership --------------------------------------------------------------------------


def a_person(
    name: str = "ana",
    *,
    zone: str = "UTC",
    contacts: tuple[Contact, ...] | None = None,
    leave: Iterable[Days] = (),
    **more: Any,
) -> Person:
    """A person who can be called by phone, and then gets a message."""
    if contacts is None:
        number = "+1 555 0100"
        contacts = (Contact("phone", "call", number, rings=True), Contact("phone", "sms", number, timedelta(minutes=2)))
    ref = more.pop("ref", a_ref("Person", name, ""))
    return Person(ref, more.pop("full_name", name.capitalize()), a_zone(zone), contacts, tuple(leave), **more)


def a_team(
    name: str = "payments",
    *,
    parent: str | None = None,
    members: Iterable[str] = (),
    roles: Mapping[str, str] | None = None,
    **more: Any,
) -> Team:
    """A team; *roles* are texts, as in ``{"primary": "schedule/payments-primary"}``."""
    bound = tuple(Role(role, a_target(target)) for role, target in (roles or {}).items())
    return Team(more.pop("ref", a_ref("Team", name, name)), parent, tuple(members), bound, **more)


def a_service(
    name: str = "checkout",
    *,
    team: str = "payments",
    tier: int = 1,
    claims: Iterable[Iterable[str]] | None = None,
    depends_on: Mapping[str, bool] | None = None,
    **more: Any,
) -> Service:
    """A service of *team*; it claims ``service="NAME"`` unless told otherwise. *depends_on* maps names to `inhibits`."""
    groups = [[f'service="{name}"']] if claims is None else claims
    return Service(
        ref=more.pop("ref", a_ref("Service", name, team)),
        owner=team,
        tier=tier,
        claims=tuple(tuple(a_matcher(text) for text in group) for group in groups),
        dependencies=tuple(Dependency(other, inhibits) for other, inhibits in (depends_on or {}).items()),
        **more,
    )


def a_rotation(start: str = "2026-01-05 09:00", *, days: int = 0, hours: int = 0) -> Rotation:
    """A rotation from a local *start*; weekly unless *days* or *hours* are given."""
    wall = datetime.fromisoformat(start)
    return Rotation(wall, "hours", hours) if hours else Rotation(wall, "days", days or 7)


def a_layer(*participants: str, name: str = "base", zone: str = "UTC", rotation: Rotation | None = None, **more: Any) -> Layer:
    """A layer that goes round its *participants* weekly, on Mondays at nine.

    *hours* may be one window or several, *holidays* texts, *until* a local time as text.
    """
    windows = more.pop("hours", ())
    until = more.pop("until", None)
    return Layer(
        name=name,
        zone=a_zone(zone),
        participants=participants or ("ana",),
        rotation=rotation or a_rotation(),
        place=more.pop("place", a_place("ownership/payments.yaml", 10)),
        hours=(windows,) if isinstance(windows, Hours) else tuple(windows),
        until=datetime.fromisoformat(until) if isinstance(until, str) else until,
        holidays=frozenset(date.fromisoformat(day) for day in more.pop("holidays", ())),
        **more,
    )


def a_schedule(name: str = "payments-primary", *layers: Layer, team: str = "payments", zone: str = "UTC", **more: Any) -> Schedule:
    """A schedule of *layers*; of one person, always, where none are given."""
    return Schedule(more.pop("ref", a_ref("Schedule", name, team)), a_zone(zone), layers or (a_layer(),), **more)


def an_override(person: str, start: str, end: str, *, instead_of: str | None = None, name: str = "", **more: Any) -> Override:
    """*person* stands in on payments-primary, from *start* to *end*; the name tells who and from when."""
    name = name or re.sub("[^a-z0-9-]", "-", f"{person}-from-{start}".lower())
    ref = more.pop("ref", a_ref("Override", name))
    return Override(ref, more.pop("schedule", "payments-primary"), person, a_span(start, end), instead_of, **more)


# --- policies ---------------------------------------------------------------------------


def a_level(
    *page: str, wait: timedelta = timedelta(minutes=5), notify: Iterable[Use] = (), line: int = 1, during: Recurrence | None = None
) -> Level:
    """A level that pages role/primary, and waits five minutes."""
    return Level(targets(*(page or ("role/primary",))), wait, a_place(line=line), tuple(notify), during)


def a_hub(channel: str | None = "inc-{{ service.name }}", *, bridge: bool = False, invite: Iterable[str] = ()) -> Hub:
    """A hub with a channel, and perhaps a bridge."""
    return Hub(
        channel=a_use("chat.open-channel", name=channel) if channel else None,
        bridge=a_use("bridge.open") if bridge else None,
        invite=targets(*invite),
        place=a_place(),
    )


def an_escalation(
    name: str = "payments-critical", *levels: Level, team: str = "payments", match: Iterable[str] = (), **more: Any
) -> Escalation:
    """An escalation that takes every alert of its scope, unless *match* or *selector* narrow it."""
    return Escalation(_ref(more, "Escalation", name, team), _selector(more, match), levels or (a_level(),), **more)


def a_collector(
    name: str = "error-rate", use: str = "metrics.query-range", timeout: timedelta = timedelta(seconds=10), **arguments: Any
) -> Collector:
    """A collector of one query; *arguments* are the action's."""
    return Collector(name, name, a_use(use, **(arguments or {"query": "up"})), timeout)


def a_triage(name: str = "http", *collectors: Collector, team: str = "payments", match: Iterable[str] = (), **more: Any) -> Triage:
    """A triage with one collector."""
    budget = more.pop("budget", timedelta(seconds=30))
    return Triage(_ref(more, "Triage", name, team), _selector(more, match), collectors or (a_collector(),), budget)


def an_audience(
    name: str = "customers", *channels: Use, team: str = "payments", liaison: str | None = None, zone: str = "UTC", **more: Any
) -> Audience:
    """An audience that hears on the status page."""
    return Audience(
        ref=_ref(more, "Audience", name, team),
        title=more.pop("title", name.capitalize()),
        channels=channels or (a_use("statuspage.post"),),
        liaison=a_target(liaison) if liaison else None,
        language=more.pop("language", "en"),
        zone=a_zone(zone),
        **more,
    )


def a_review(by: str = "role/customer-liaison", wait: timedelta = timedelta(minutes=10), *, hold: bool = False) -> Review:
    """A review that sends after ten minutes without an answer."""
    return Review(a_target(by), wait, "hold" if hold else "send")


def a_comms(
    name: str = "customers-critical",
    *,
    team: str = "payments",
    match: Iterable[str] = (),
    audience: str = "customers",
    messages: Mapping[str, str] | None = None,
    **more: Any,
) -> Comms:
    """An obligation to *audience*: first after 15 minutes, then every 30. *messages* map a status to a body."""
    bodies: Mapping[Any, str] = messages or {"triggered": "{{ service.name }} is disturbed"}
    return Comms(
        ref=_ref(more, "Comms", name, team),
        selector=_selector(more, match),
        audience=audience,
        first=more.pop("first", timedelta(minutes=15)),
        cadence=more.pop("cadence", timedelta(minutes=30)),
        messages=tuple(Message(status, None, a_template(body)) for status, body in bodies.items()),
        **more,
    )


def a_repair_step(
    name: str = "restart", use: str = "cluster.rollout-restart", timeout: timedelta = timedelta(minutes=2), **arguments: Any
) -> RepairStep:
    """A step that restarts something; *arguments* are the action's."""
    return RepairStep(name, a_use(use, **(arguments or {"deployment": "{{ service.name }}"})), timeout)


def a_remediation(
    name: str = "restart-checkout",
    *steps: RepairStep,
    team: str = "payments",
    match: Iterable[str] = (),
    verification: Verification | None = None,
    **more: Any,
) -> Remediation:
    """A restart that a person starts; with another *phase* give it what that phase needs."""
    return Remediation(
        ref=_ref(more, "Remediation", name, team),
        selector=_selector(more, match),
        phase=more.pop("phase", "human-initiated"),
        target=a_template(more.pop("target", "{{ service.name }}")),
        steps=steps or (a_repair_step(),),
        verification=verification,
        rollback=more.pop("rollback", Rollback(none="a restart leaves nothing to undo")),
        guards=more.pop("guards", Guards(Rate(2, timedelta(days=1), "target"))),
        hold=more.pop("hold", timedelta(0)),
        approvals=more.pop("approvals", 0),
        may_run=targets(*more.pop("may_run", (f"team/{team}",))),
        may_approve=targets(*more.pop("may_approve", ())),
        approval_expires=more.pop("approval_expires", timedelta(minutes=15)),
        **more,
    )


def a_freeze(span: Span | None = None, *, humans_too: bool = False, reason: str = "frozen", **more: Any) -> Freeze:
    """A freeze: for good, or over *span*."""
    return Freeze(span, more.pop("during", None), humans_too, reason)


def a_guardrail(name: str = "freeze-december", *, team: str = "", match: Iterable[str] = (), **more: Any) -> Guardrail:
    """A guardrail of the whole repository that limits nothing until told to."""
    return Guardrail(_ref(more, "Guardrail", name, team), _selector(more, match), **more)


def a_grouping(
    name: str = "per-region", *, team: str = "payments", match: Iterable[str] = (), by: Iterable[str] = ("region",), **more: Any
) -> Grouping:
    """A grouping by region that neither waits nor forgets for an hour."""
    return Grouping(_ref(more, "Grouping", name, team), _selector(more, match), tuple(by), **more)


def an_inhibition(
    name: str = "db-hides-dependants",
    *,
    team: str = "payments",
    source: Iterable[str] | Selector = ('alertname="DatabaseDown"',),
    target: Iterable[str] | Selector = ('severity="warning"',),
    equal: Iterable[str] = (),
    **more: Any,
) -> Inhibition:
    """An inhibition of every warning by ``DatabaseDown``, unless *equal* or *depends_on* narrow it."""
    sides = [each if isinstance(each, Selector) else a_selector(*each) for each in (source, target)]
    return Inhibition(_ref(more, "Inhibition", name, team), sides[0], sides[1], tuple(equal), **more)


def a_silence(
    name: str = "warehouse-move",
    start: str | None = "2026-11-23T00:00Z",
    end: str = "2026-11-24T00:00Z",
    *,
    team: str = "payments",
    match: Iterable[str] = (),
    **more: Any,
) -> Silence:
    """A silence over the day of `NOON`; without a *start*, and with *during*, a recurring one."""
    return Silence(
        ref=_ref(more, "Silence", name, team),
        selector=_selector(more, match),
        author=more.pop("author", "ana"),
        reason=more.pop("reason", "the warehouse moves"),
        ends_at=at(end),
        starts_at=at(start) if start is not None else None,
        **more,
    )


def a_time_interval(name: str = "business-hours", *windows: Window | Hours, zone: str = "UTC", **more: Any) -> TimeInterval:
    """A named recurring time of the whole repository; office hours where no windows are given."""
    return TimeInterval(_ref(more, "TimeInterval", name, ""), a_recurrence(*windows, zone=zone, name=name))


def a_source(name: str = "alertmanager", type: Any = "alertmanager", *, team: str = "platform", **more: Any) -> Source:
    """A source of a known type that need not prove itself."""
    return Source(_ref(more, "Source", name, team), type, **more)


def a_probe(name: str = "checkout-home", *, expect: Condition, team: str = "payments", service: str = "checkout", **more: Any) -> Probe:
    """A probe of checkout's home page, once a minute."""
    return Probe(
        ref=_ref(more, "Probe", name, team),
        service=service,
        use=more.pop("use", a_use("web.get", url="https://shop.example.com")),
        every=more.pop("every", timedelta(minutes=1)),
        timeout=more.pop("timeout", timedelta(seconds=10)),
        expect=expect,
        alert=more.pop("alert", ProbeAlert("CheckoutHomeDown", "critical", {}, {})),
        **more,
    )


def a_connector(name: str = "metrics", type: str = "prometheus", *, team: str = "", shadow: bool = False, **settings: str) -> Connector:
    """A connector that anyone may use, unless it has a *team*."""
    return Connector(a_ref("Connector", name, team), type, tuple(settings.items()), shadow=shadow)


def _ref(more: dict[str, Any], kind: Kind, name: str, team: str) -> Ref:
    line: int = more.pop("line", 1)
    ref: Ref = more.pop("ref", a_ref(kind, name, team, line))
    return ref


def _selector(more: dict[str, Any], match: Iterable[str]) -> Selector:
    narrowed = a_selector(*match, when=more.pop("when", None), priority=more.pop("priority", 0), during=more.pop("during", None))
    selector: Selector = more.pop("selector", narrowed)
    return selector


# --- alerts -----------------------------------------------------------------------------


def an_alert(*, starts_at: datetime = NOON, annotations: Mapping[str, str] | None = None, **labels: str) -> Alert:
    """A firing alert ``HighErrorRate`` with these *labels* besides; ``status="resolved"`` makes it one that ended.

    Its fingerprint is its labels written out, so that it can be read in a failure.
    """
    status = labels.pop("status", "firing")
    worn = {"alertname": "HighErrorRate", "service": "checkout", "severity": "critical", **labels}
    worn = {name: value for name, value in worn.items() if value}
    return Alert(
        fingerprint=",".join(f"{name}={value}" for name, value in sorted(worn.items())),
        labels=worn,
        annotations=dict(annotations or {}),
        status="resolved" if status == "resolved" else "firing",
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=1) if status == "resolved" else None,
    )


def a_claimed_alert(alert: Alert | None = None, *, service: str | None = "checkout", team: str = "payments", tier: int = 1) -> ClaimedAlert:
    """An alert after its service has claimed it; its severity is that of the usual words."""
    alert = alert or an_alert()
    severity: Severity = USUAL_WORDS.get(alert.labels.get("severity", "").lower(), "critical")
    labels = {**alert.labels, "team": team, "severity": severity}
    if service is not None:
        labels |= {"service": service, "tier": str(tier)}
    return ClaimedAlert(alert, service, team, labels, severity)


# --- the whole --------------------------------------------------------------------------


def some_settings(*, fallback_team: str = "platform", zone: str = "UTC", grants: Iterable[Grant] = (), **more: Any) -> Settings:
    """Settings with a fallback team, and nothing special."""
    return Settings(Place("watchbill.yaml", 1, 1), fallback_team, a_zone(zone), grants=tuple(grants), **more)


T = TypeVar("T", bound=Document)


def a_policy_set(*documents: Document, settings: Settings | None = None, revision: str = "4f2c1d9", **more: Any) -> PolicySet:
    """A policy set of exactly these *documents*; of two with one kind and name the later stands."""

    def named(kind: type[T]) -> dict[str, T]:
        return {document.ref.name: document for document in documents if isinstance(document, kind)}

    return PolicySet(
        settings=settings or some_settings(),
        revision=revision,
        tzdata=more.pop("tzdata", "2026a"),
        people=named(Person),
        teams=named(Team),
        services=named(Service),
        schedules=named(Schedule),
        overrides=tuple(named(Override).values()),
        escalations=named(Escalation),
        triages=named(Triage),
        audiences=named(Audience),
        comms=named(Comms),
        remediations=named(Remediation),
        guardrails=named(Guardrail),
        connectors=named(Connector),
        groupings=named(Grouping),
        inhibitions=named(Inhibition),
        silences=named(Silence),
        time_intervals=named(TimeInterval),
        sources=named(Source),
        probes=named(Probe),
        **more,
    )


def the_cast() -> tuple[Document, ...]:
    """Five people, three teams, two schedules and a service, with nobody's policies yet."""
    return (
        *(a_person(name) for name in ("ana", "bo", "cy", "dan", "eve")),
        a_team("engineering", members=["eve"], roles={"lead": "person/eve", "incident-commander": "person/eve"}),
        a_team(
            "payments",
            parent="engineering",
            members=["ana", "bo", "cy"],
            roles={"primary": "schedule/payments-primary", "secondary": "person/bo", "lead": "person/cy"},
        ),
        a_team("platform", members=["dan", "eve"], roles={"primary": "schedule/platform-primary"}),
        a_schedule("payments-primary", a_layer("ana", "bo")),
        a_schedule("platform-primary", a_layer("dan"), team="platform"),
        a_service("checkout"),
    )


def a_shop(*documents: Document, **more: Any) -> PolicySet:
    """The cast, with these *documents* added, or in the place of those of the same kind and name."""
    return a_policy_set(*the_cast(), *documents, **more)
