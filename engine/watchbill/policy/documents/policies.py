"""What is written in `policies/` about people: escalations, triage, audiences and comms."""

from __future__ import annotations

from typing import Literal

from watchbill.policy.documents.section import (
    Acknowledge,
    Document,
    Duration,
    Language,
    Maybe,
    Name,
    OwnedMetadata,
    RecurringHours,
    Section,
    Selecting,
    TargetOrTargets,
    TargetText,
    Text,
    Use,
    key,
)

# --- escalations ----------------------------------------------------------------------


class Level(Section):
    """One rung: whom to page, and how long they have to answer."""

    page: TargetOrTargets = key(
        "Whom to page: one target, or several at once; an empty list for a level that only posts.",
        "role/primary",
        ["role/secondary", "person/cy"],
    )
    wait: Duration = key("How long they have to answer before the next level.", "5m", default="5m")
    notify: list[Use] = key(
        "Posts that are made besides; they never wait.", [{"use": "chat.post", "with": {"path": "/payments"}}], default_factory=list
    )
    during: Maybe[Name] = key("A TimeInterval; outside it the page waits until it opens.", "business-hours", default=None)


class Hub(Section):
    """Where responders talk."""

    channel: Maybe[Use] = key("Opens the channel.", {"use": "rooms.open-channel", "with": {"name": "inc-{{ service.name }}"}}, default=None)
    bridge: Maybe[Use] = key("Opens a room to speak in.", {"use": "bridge.open"}, default=None)
    invite: list[TargetText] = key("Who is asked in besides those paged.", ["role/incident-commander"], default_factory=list)


class EscalationSpec(Selecting):
    """Whom to page, in which order, and where they talk."""

    levels: list[Level] = key("The rungs, from the first to the last.", [{"page": "role/primary", "wait": "5m"}], min_length=1)
    repeat: int = key("How many further rounds follow the first.", 2, default=0, ge=0, le=100)
    continue_: bool = key("Applies besides the one that wins, and reaches its own team only.", True, alias="continue", default=False)
    ack: Literal["shared", "own"] = key(
        "`shared`: any acknowledgement stops it. `own`: only one by a member of its own team.", "own", default="shared"
    )
    acknowledge: Maybe[Acknowledge] = key(
        "How long an acknowledgement holds; what is left out, the team says, else the settings.",
        {"expires": "4h", "remind": "15m"},
        default=None,
    )
    joined: Literal["tell", "page", "nothing"] = key(
        "What an alert of a new name does that joins an incident which somebody has: `tell` them, by the contact that tells; `page` the "
        "first level; or `nothing`.",
        "page",
        default="tell",
    )
    text: Maybe[Text] = key("What a page says.", "{{ alert.name }} on {{ service.name }}", default=None)
    hub: Maybe[Hub] = key(
        "The channel and the bridge to open, and who is asked in.", {"channel": {"use": "rooms.open-channel"}}, default=None
    )


class Escalation(Document):
    """Ordered levels of whom to page, each with how long it waits; channel posts; the hub."""

    kind: Literal["Escalation"] = key("The kind of document.", "Escalation")
    metadata: OwnedMetadata = key("Its name, its team, and what you say of it.", {"name": "payments-critical", "team": "payments"})
    spec: EscalationSpec = key("What is declared.", {"levels": [{"page": "role/primary"}]})


# --- triage ---------------------------------------------------------------------------


class Collector(Use):
    """One piece of evidence: an action that only reads."""

    name: Name = key("The collector's name, unique in its document.", "error-rate")
    title: Maybe[Text] = key(
        "What a reader sees above it; the name where it is left out.", "error rate, 1h against yesterday", default=None
    )
    timeout: Duration = key("How long it may take.", "10s", default="10s")


class TriageSpec(Selecting):
    """What any responder would collect first."""

    budget: Duration = key("How long all of it together may take.", "30s", default="30s")
    collect: list[Collector] = key(
        "What is collected, in parallel.", [{"name": "error-rate", "use": "metrics.query-range", "with": {"query": "up"}}], min_length=1
    )


class Triage(Document):
    """Evidence to collect as soon as an incident opens: all collectors of all triages that match run in parallel."""

    kind: Literal["Triage"] = key("The kind of document.", "Triage")
    metadata: OwnedMetadata = key("Its name, its team, and what you say of it.", {"name": "http", "team": "platform"})
    spec: TriageSpec = key("What is declared.", {"collect": []})


# --- updates --------------------------------------------------------------------------


class AudienceSpec(Section):
    """Who hears, how, and who answers for it."""

    title: Maybe[Text] = key("What people call it; the name where it is left out.", "Customers", default=None)
    channels: list[Use] = key("Where updates go; what they say is filled in.", [{"use": "statuspage.post"}], min_length=1)
    liaison: Maybe[TargetText] = key("Who answers for what the audience hears.", "role/customer-liaison", default=None)
    language: Language = key("The language of its updates, by its tag.", "en", default="en")
    zone: Maybe[str] = key("The time zone of the times in its updates; the repository's where it is left out.", "UTC", default=None)
    quiet_hours: Maybe[RecurringHours] = key(
        "When updates wait: what falls due then is reviewed and sent when these end, in their own zone, and the cadence goes on "
        "from there. A newer status takes the place of what waits. The liaison is reminded before it leaves; pages never wait.",
        {"hours": [{"from": "22:00", "to": "07:00"}]},
        default=None,
    )


class Audience(Document):
    """Who hears of an incident: channels, liaison, language, zone, quiet hours."""

    kind: Literal["Audience"] = key("The kind of document.", "Audience")
    spec: AudienceSpec = key("What is declared.", {"channels": [{"use": "statuspage.post"}]})


class Review(Section):
    """Somebody reads an update before it leaves."""

    by: TargetText = key("Who reads it.", "role/customer-liaison")
    wait: Duration = key("How long they have.", "10m", default="10m")
    then: Literal["send", "hold"] = key("What happens without an answer.", "send")


class Message(Section):
    """What an update says."""

    subject: Maybe[Text] = key("The headline.", "{{ service.name }} is disturbed", default=None)
    body: Text = key("The text.", "We are looking into errors in {{ service.name }}.")


class Messages(Section):
    """What updates say, by the incident's status."""

    triggered: Message = key("When the incident opens.", {"body": "We are looking into it."})
    acknowledged: Maybe[Message] = key("When somebody has taken it.", {"body": "We are working on it."}, default=None)
    mitigated: Maybe[Message] = key("When users are no longer affected.", {"body": "It works again; we are watching."}, default=None)
    resolved: Maybe[Message] = key("When it is over.", {"body": "It is over."}, default=None)
    unchanged: Maybe[Message] = key("When an update is due and nothing new is known.", {"body": "No change so far."}, default=None)


class CommsSpec(Selecting):
    """What an audience is told, and by when."""

    audience: Name = key("Who is told.", "customers")
    first: Duration = key("By when after the incident opened the first update is due.", "15m", default="15m")
    cadence: Maybe[Duration] = key(
        "By when each next one is due; only changes of status are told where it is left out.", "30m", default=None
    )
    remind: Maybe[Duration] = key("How long before an update is due its liaison is reminded.", "5m", default=None)
    review: Maybe[Review] = key(
        "Who reads an update before it leaves.", {"by": "role/customer-liaison", "wait": "10m", "then": "send"}, default=None
    )
    messages: Messages = key("What updates say.", {"triggered": {"body": "We are looking into it."}})


class Comms(Document):
    """An obligation to keep an audience informed: templates by status, cadence, review before an update leaves."""

    kind: Literal["Comms"] = key("The kind of document.", "Comms")
    metadata: OwnedMetadata = key("Its name, its team, and what you say of it.", {"name": "customers-critical", "team": "support"})
    spec: CommsSpec = key("What is declared.", {"audience": "customers", "messages": {"triggered": {"body": "…"}}})
