"""What is written in `ownership/`: people, teams, services, schedules and overrides."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Discriminator, Tag

from watchbill.policy.documents.section import (
    Acknowledge,
    Day,
    Document,
    Duration,
    Hours,
    Instant,
    Maybe,
    Name,
    OwnedMetadata,
    RecurringHours,
    Section,
    TargetText,
    Text,
    TextOrSection,
    Url,
    UseText,
    WallTime,
    key,
    shape,
)

# --- people ---------------------------------------------------------------------------


class Contact(Section):
    """One way to reach a person."""

    use: UseText = key("A connector's action that reaches a person, as `connector.action`.", "phone.page")
    to: Text = key("The address: a number, an account, a mailbox.", "+351 555 0100")
    after: Duration = key("How long after the page it is used.", "2m", default="0s")
    rings: Maybe[bool] = key(
        "Whether it wakes the person. Left out, `twilio.call` and `webhook.page` do, and all others do not. The first that does not is "
        "the contact that tells.",
        False,
        default=None,
    )


class Leave(Section):
    """Days on which somebody is away."""

    from_: Day = key("The first day, in the person's zone.", "2026-12-21", alias="from")
    to: Maybe[Day] = key("The last day, included; the first one where it is left out.", "2027-01-03", default=None)
    reason: Text = key("Why.", "holiday", default="")


class PersonSpec(Section):
    """How somebody is reached, and when they are away."""

    full_name: Maybe[Text] = key("The name as people write it.", "Ana Sousa", default=None)
    zone: Maybe[str] = key("The person's time zone; the repository's where it is left out.", "Europe/Lisbon", default=None)
    contacts: list[Contact] = key(
        "Ways to reach the person, in order of preference.", [{"use": "phone.page", "to": "+351 555 0100"}], default_factory=list
    )
    leave: list[Leave] = key(
        "Days away; a schedule skips the person then.", [{"from": "2026-12-21", "to": "2027-01-03"}], default_factory=list
    )
    quiet_hours: Maybe[RecurringHours] = key(
        "When the person is left alone with what is no page: they are not reminded of updates, nor asked to review one, unless a "
        "schedule gives them the watch. A page never waits.",
        {"hours": [{"from": "22:00", "to": "07:00"}]},
        default=None,
    )


class Person(Document):
    """Somebody who can be paged: contacts in order of preference, time zone, leave, quiet hours."""

    kind: Literal["Person"] = key("The kind of document.", "Person")
    spec: PersonSpec = key("What is declared.", {"full_name": "Ana Sousa"})


# --- teams ----------------------------------------------------------------------------


class TeamSpec(Section):
    """Who belongs to a team, and who has which duty."""

    parent: Maybe[Name] = key("The next team outwards; its roles and policies hold here too.", "engineering", default=None)
    members: list[Name] = key("The people of the team.", ["ana", "bo"], default_factory=list)
    roles: dict[str, TargetText] = key(
        "Duties, each bound to a schedule, a person or a role. `primary` is whom a page to the team reaches.",
        {"primary": "schedule/payments-primary", "lead": "person/cy"},
        default_factory=dict,
    )
    escalation: Maybe[Name] = key("The team's default escalation.", "payments-default", default=None)
    chat: Maybe[Text] = key("Where the team talks.", "#team-payments", default=None)
    acknowledge: Maybe[Acknowledge] = key(
        "How long an acknowledgement holds of the team's incidents, and of those of teams below it, where the escalation does not say it.",
        {"expires": "8h"},
        default=None,
    )


class Team(Document):
    """People who look after services: members, parent, and roles bound to schedules or people."""

    kind: Literal["Team"] = key("The kind of document.", "Team")
    spec: TeamSpec = key("What is declared.", {"members": ["ana", "bo"]})


# --- services -------------------------------------------------------------------------


class DependsOn(Section):
    """A service that this one needs."""

    service: Name = key("The other service.", "card-gateway")
    inhibits: bool = key("Whether its alerts may hide this service's.", True, default=False)


class Link(Section):
    """A page that helps."""

    title: Text = key("What it is called.", "Dashboard")
    url: Url = key("Its address, with `https://` or `http://`.", "https://grafana.example.com/d/checkout")


Claim = Annotated[Annotated[str, Tag("text")] | Annotated[list[str], Tag("list")], Discriminator(shape)]


class ServiceSpec(Section):
    """What breaks, how much it matters, and how its alerts are known."""

    tier: int = key("How much it matters; 1 matters most.", 1, ge=1, le=5)
    environment: Text = key("Where it runs; the alert's own label `env` or `environment` overrules it.", "prod", default="")
    claims: Maybe[list[Claim]] = key(
        'Matchers on the labels as received; all must hold. A list of lists gives alternatives. Left out, it is `service="NAME"`.',
        ['service="checkout"'],
        [['service="checkout"'], ['job="checkout-api"']],
        default=None,
    )
    escalation: Maybe[Name] = key("The service's default escalation.", "checkout-default", default=None)
    depends_on: list[TextOrSection[DependsOn]] = key(
        "Services that it needs.", ["orders-db", {"service": "card-gateway", "inhibits": True}], default_factory=list
    )
    deadline: Maybe[Duration] = key("A person is paged no later than this, whatever else is tried.", "15m", default=None)
    links: list[Link] = key(
        "Pages that help.", [{"title": "Dashboard", "url": "https://grafana.example.com/d/checkout"}], default_factory=list
    )
    bindings: dict[str, str] = key(
        "For a connector's name as policies use it, the connector that is meant for this service.",
        {"metrics": "prometheus-eu"},
        default_factory=dict,
    )


class Service(Document):
    """Something that can break: its owner (the team), tier, claims on alerts, dependencies, deadline."""

    kind: Literal["Service"] = key("The kind of document.", "Service")
    metadata: OwnedMetadata = key("Its name, and its team, which is the owner.", {"name": "checkout", "team": "payments"})
    spec: ServiceSpec = key("What is declared.", {"tier": 1})


# --- schedules ------------------------------------------------------------------------


class Rotation(Section):
    """When the watch passes to the next."""

    every: Duration = key("How long a shift lasts: whole days or weeks by the calendar, or whole hours.", "1w")
    start: WallTime = key("The local time of the first handoff; the first participant begins there.", "2026-01-05 09:00")


class Holiday(Section):
    """Public holidays of a country, or one day of your own."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["country"]}, {"required": ["date"]}]})

    country: Maybe[str] = key("A country, by its code of two letters.", "PT", default=None)
    subdivision: Maybe[str] = key("A part of the country, by its code.", "11", default=None)
    date: Maybe[Day] = key("One day, in place of a country.", "2026-12-24", default=None)
    name: Text = key("What the day is.", "Christmas Eve", default="")


class Layer(Section):
    """One rotation with its hours."""

    name: Name = key("The layer's name, as plans and reasons show it.", "base")
    zone: Maybe[str] = key("The layer's time zone; the schedule's where it is left out.", "Europe/Lisbon", default=None)
    rotation: Rotation = key("When the watch passes on.", {"every": "1w", "start": "2026-01-05 09:00"})
    participants: list[Name] = key("The people, in the order in which they take over.", ["ana", "bo"])
    hours: list[Hours] = key(
        "When the layer is on; always where left out.",
        [{"days": "mon-fri", "from": "08:00", "to": "20:00"}],
        default_factory=list,
        min_length=1,
    )
    until: Maybe[WallTime] = key("The local time at which the layer ends.", "2026-12-31 09:00", default=None)
    holidays: list[Holiday] = key("Days on which the layer is empty.", [{"country": "PT"}, {"date": "2026-12-24"}], default_factory=list)


class Gaps(Section):
    """That nobody on call is meant."""

    allowed: Text = key("The reason why nobody is on call at times.", "office hours only; nights go to platform")


class ScheduleSpec(Section):
    """Who is on call when."""

    zone: Maybe[str] = key("The schedule's time zone; the repository's where it is left out.", "Europe/Lisbon", default=None)
    layers: list[Layer] = key(
        "Rotations; later ones overrule earlier ones wherever they name somebody.",
        [{"name": "base", "rotation": {"every": "1w", "start": "2026-01-05 09:00"}, "participants": ["ana", "bo"]}],
    )
    gaps: Maybe[Gaps] = key("Says that times with nobody on call are meant.", {"allowed": "office hours only"}, default=None)


class Schedule(Document):
    """Who is on call when: layers of rotations, with hours, zones and holidays."""

    kind: Literal["Schedule"] = key("The kind of document.", "Schedule")
    metadata: OwnedMetadata = key("Its name, its team, and what you say of it.", {"name": "payments-primary", "team": "payments"})
    spec: ScheduleSpec = key("What is declared.", {"zone": "Europe/Lisbon", "layers": []})


# --- overrides ------------------------------------------------------------------------


class OverrideSpec(Section):
    """Who stands in for whom, where, and for how long."""

    schedule: Name = key("The schedule.", "payments-primary")
    person: Name = key("Who stands in.", "bo")
    instead_of: Maybe[Name] = key("For whom; for whoever is on call where it is left out.", "ana", default=None)
    from_: Instant = key("From when, with an offset.", "2026-12-24T09:00:00Z", alias="from")
    to: Instant = key("Until when, with an offset.", "2026-12-25T09:00:00Z")
    reason: Text = key("Why.", "Ana travels", default="")


class Override(Document):
    """One person for another on a schedule, for a time. Two of them make an exchange."""

    kind: Literal["Override"] = key("The kind of document.", "Override")
    spec: OverrideSpec = key("What is declared.", {"schedule": "payments-primary", "person": "bo"})
