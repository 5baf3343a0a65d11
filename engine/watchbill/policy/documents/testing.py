"""What is written beside policies to try them: policy tests.

Every text may hold ``<column>`` where the test has a table; the value of a row takes its place.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import ConfigDict, Discriminator, JsonValue, Tag, WithJsonSchema

from watchbill.policy.documents.section import (
    DURATION_PATTERN,
    INSTANT_PATTERN,
    NAME_PATTERN,
    USE_PATTERN,
    Document,
    Duration,
    Maybe,
    OwnedMetadata,
    Section,
    TextOrSection,
    key,
    shape,
)

_COLUMN: Final[JsonValue] = {"type": "string", "pattern": "<[a-z][a-z0-9_-]*>"}

SAYINGS: Final = ("acknowledge", "unacknowledge", "mitigate", "resolve", "escalate")
DECISIONS: Final = ("approve", "deny")
DOINGS: Final = ("run", "retry", "snooze", "extend", "note")
RESULTS: Final = ("done", "failed")
DELIVERED: Final = ("sent", "failed", "refused", "unable", "unknown", "delivered", "bounced", "answered")
"""What may be given of a delivery."""
ENDED: Final = (*DELIVERED, "shadow", "withdrawn")
"""What may be expected of a delivery: also what nobody outside has a say in."""
STANDINGS: Final = ("runs", "offered", "refused", "waiting", "absent")
STATUSES: Final = ("triggered", "acknowledged", "mitigated", "resolved")


def _like(pattern: str) -> WithJsonSchema:
    return WithJsonSchema({"anyOf": [{"type": "string", "pattern": pattern}, _COLUMN]})


def _one_of(*words: str) -> WithJsonSchema:
    return WithJsonSchema({"anyOf": [{"enum": list(words)}, _COLUMN]})


Name: TypeAlias = Annotated[str, _like(NAME_PATTERN)]
Span: TypeAlias = Annotated[Duration, WithJsonSchema({"anyOf": [{"type": "string", "pattern": DURATION_PATTERN}, {"const": 0}, _COLUMN]})]
Instant: TypeAlias = Annotated[str, _like(INSTANT_PATTERN)]
UseName: TypeAlias = Annotated[str, _like(USE_PATTERN)]
NameOrNames: TypeAlias = Annotated[Annotated[Name, Tag("text")] | Annotated[list[Name], Tag("list")], Discriminator(shape)]

# --- what is given --------------------------------------------------------------------


class Alert(Section):
    """An alert as a source sends it."""

    labels: dict[str, str] = key("Its labels, as received.", {"alertname": "HighErrorRate", "service": "checkout", "severity": "critical"})
    annotations: dict[str, str] = key("What it says besides.", {"summary": "5% of requests fail."}, default_factory=dict)
    at: Span = key("When it begins, counted from the clock of the case.", "5m", default="0s")
    until: Maybe[Span] = key("When it ends, counted from the same; it goes on firing where this is left out.", "30m", default=None)
    source: Maybe[Name] = key(
        "The source that says it, as conditions see it; `watchbill` for an incident that a person declares.", "watchbill", default=None
    )


class Decision(Section):
    """A person's yes or no to what waits for it."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["remediation"]}, {"required": ["audience"]}]})

    remediation: Maybe[Name] = key("The remediation that waits for approval.", "restart-checkout", default=None)
    audience: Maybe[Name] = key("The audience whose update waits for its review.", "customers", default=None)
    by: Name = key("Who says it.", "eve")


class Start(Section):
    """A remediation that a person starts, or has tried again."""

    remediation: Name = key("The remediation.", "rollback-checkout")
    by: Name = key("Who does it; whom `allow.run` of the remediation names may.", "ana")


class Again(Start):
    """A remediation that failed, and is tried again."""

    step: Maybe[Name] = key("Which of its steps; all that failed where it is left out.", "restart", default=None)


class Snooze(Section):
    """How long nobody is paged."""

    by: Name = key("Who puts it off, and has the incident until then.", "ana")
    for_: Span = key("For how long; then it is triggered again, unless it is resolved.", "4h", alias="for")


class Extend(Section):
    """How long somebody keeps the incident whom it would be taken from."""

    by: Name = key("Who keeps it; only who has it does.", "ana")
    for_: Maybe[Span] = key(
        "For how long from then on; as long as an acknowledgement holds where it is left out.", "2h", alias="for", default=None
    )


class Note(Section):
    """Something for the timeline; it changes nothing else."""

    by: Name = key("Who writes it.", "ana")
    text: str = key("What.", "The provider's status page says nothing.", min_length=1)


class Answer(Section):
    """Something that a person says."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": [word]} for word in (*SAYINGS, *DECISIONS, *DOINGS)]})

    at: Span = key("When they say it, counted from the clock of the case.", "7m")
    acknowledge: Maybe[Name] = key("Who takes the incident.", "ana", default=None)
    unacknowledge: Maybe[Name] = key("Who gives it back.", "ana", default=None)
    mitigate: Maybe[Name] = key("Who says that users are no longer affected.", "ana", default=None)
    resolve: Maybe[Name] = key("Who says that it is over.", "ana", default=None)
    approve: Maybe[Decision] = key("Who says yes, and to what.", {"remediation": "restart-checkout", "by": "eve"}, default=None)
    deny: Maybe[Decision] = key("Who says no, and to what.", {"audience": "customers", "by": "otis"}, default=None)
    escalate: Maybe[Name] = key("Who has the next level paged at once.", "ana", default=None)
    run: Maybe[Start] = key("Who starts a remediation that is offered.", {"remediation": "rollback-checkout", "by": "ana"}, default=None)
    retry: Maybe[Again] = key(
        "Who has a remediation tried again that failed.", {"remediation": "restart-checkout", "by": "ana"}, default=None
    )
    snooze: Maybe[Snooze] = key("Who puts paging off, and for how long.", {"by": "ana", "for": "4h"}, default=None)
    extend: Maybe[Extend] = key("Who keeps the incident for longer.", {"by": "ana", "for": "2h"}, default=None)
    note: Maybe[Note] = key("Who writes something on the timeline.", {"by": "ana", "text": "I look at the database."}, default=None)


class Look(Section):
    """What a verification sees."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["value"]}, {"required": ["result"]}]})

    after: Span = key("From when on it sees this, counted from where the verification begins.", "1m", default="0s")
    value: JsonValue = key("The `value` of what it sees, which is all that most checks look at.", 0.001, default=None)
    result: Maybe[dict[str, Any]] = key("All of what it sees, where that is more than one value.", {"value": 0.001}, default=None)


class Outcome(Section):
    """How the steps of a remediation end."""

    remediation: Name = key("Whose steps they are.", "restart-checkout")
    step: Maybe[Name] = key("Which of them; all of them where it is left out.", "restart", default=None)
    after: Span = key("How long it takes.", "30s", default="0s")
    result: Annotated[str, _one_of(*RESULTS)] = key("How it ends: `done` or `failed`.", "done")
    observed: list[Look] = key(
        "What the verification sees then. Without this it sees nothing, and the remediation is not seen to have worked.",
        [{"after": "1m", "value": 0.001}],
        default_factory=list,
    )


class Delivery(Section):
    """What becomes of what leaves by an action: pages, reviews and reminders, posts, rooms, collectors and updates."""

    use: UseName = key("The connector and its action.", "phone.page")
    person: Maybe[Name] = key(
        "Whom it is to reach; anybody where it is left out. Only for pages, reviews and reminders.", "mei", default=None
    )
    at: Span = key("From when on it is so, counted from the clock of the case.", "10m", default="0s")
    result: Annotated[str, _one_of(*DELIVERED)] = key(
        "`sent`; `failed`, `refused` or `unable` (nothing can be sent this way at all); `unknown`, which is no failure; or what the other "
        "side reports later of what it took: `delivered`, `bounced`, `answered`.",
        "refused",
    )
    after: Span = key("How long after it left that is known.", "2s", default="0s")


class Run(Section):
    """A run of a remediation before the case begins."""

    remediation: Name = key("What ran.", "restart-checkout")
    target: str = key("What it was done to.", "checkout-worker")
    ago: Span = key("How long before the clock of the case.", "2h")
    service: Maybe[Name] = key("For which service; that of the first alert where it is left out.", "checkout", default=None)
    running: bool = key("Whether it is still at it.", True, default=False)


class Given(Section):
    """What happens to the policies."""

    alerts: Maybe[list[Alert]] = key("The alerts that come in.", [{"labels": {"alertname": "HighErrorRate"}}], default=None)
    answers: Maybe[list[Answer]] = key(
        "What people say, and when. Without any, nobody answers.", [{"at": "7m", "acknowledge": "ana"}], default=None
    )
    outcomes: Maybe[list[Outcome]] = key(
        "How remediations end. One that is not named here never comes to an end.",
        [{"remediation": "restart-checkout", "result": "done", "after": "30s"}],
        default=None,
    )
    deliveries: Maybe[list[Delivery]] = key(
        "What becomes of what leaves. What is not named here leaves at its time, and that is all.",
        [{"use": "phone.page", "person": "mei", "result": "refused"}],
        default=None,
    )
    runs: Maybe[list[Run]] = key(
        "What ran before, for guards to count.",
        [{"remediation": "restart-checkout", "target": "checkout-worker", "ago": "2h"}],
        default=None,
    )
    frozen: Maybe[bool] = key("Whether a person has stopped all unattended work by hand.", True, default=None)


# --- what is expected -----------------------------------------------------------------


class Page(Section):
    """Who is paged at a moment."""

    at: Span = key("When, counted from the clock of the case.", "5m")
    people: NameOrNames = key("Who, by their handles; `nobody` for nobody.", ["ana"], "nobody")
    by: Maybe[Name] = key("The escalation that pages them.", "payments-critical", default=None)


class Post(Section):
    """A post to a channel."""

    use: UseName = key("The connector and its action.", "chat.post")
    at: Span = key("When, counted from the clock of the case.", "0s", default="0s")
    contains: Maybe[str] = key("A text that one of its arguments has in it.", "#payments-alerts", default=None)


class Hub(Section):
    """Where responders talk."""

    channel: Maybe[str] = key("What the channel is called; `*` stands for anything.", "inc-checkout-*", default=None)
    bridge: Maybe[bool] = key("Whether a room to speak in opens.", True, default=None)
    invited: Maybe[list[Name]] = key("People who are asked in, those paged at the same time among them.", ["eve"], default=None)


class Update(Section):
    """An update to an audience."""

    audience: Name = key("Who is told.", "customers")
    at: Span = key("By when it is due, counted from the clock of the case.", "15m")
    contains: Maybe[str] = key("A text in its subject or its body, as it is sent.", "Some orders cannot be completed", default=None)
    reviewer: Maybe[Name] = key("Who is asked to read it first.", "otis", default=None)
    sent: Maybe[Span] = key("When it leaves; a review takes its time.", "25m", default=None)


class Repair(Section):
    """Where a remediation stands when the case is over."""

    name: Name = key("The remediation.", "restart-checkout")
    is_: Annotated[str, _one_of(*STANDINGS)] = key(
        "`runs`, `offered` to people, `refused` by a guard or a precondition, `waiting` for approval, or `absent`.", "runs", alias="is"
    )
    because: Maybe[str] = key("A text among the reasons.", "frozen by freeze-december", default=None)


class DeliveryExpected(Section):
    """What becomes of something that leaves."""

    use: UseName = key("The connector and its action.", "phone.page")
    person: Maybe[Name] = key("Whom it is to reach.", "mei", default=None)
    at: Span = key("When it leaves, counted from the clock of the case.", "5m", default="0s")
    result: Annotated[str, _one_of(*ENDED)] = key(
        "What becomes of it: as under `given`, or `shadow` where its connector is in shadow, or `withdrawn` before it left.",
        "refused",
        default="sent",
    )


class Alarm(Section):
    """The engine's own alarm, which says that nobody has answered."""

    at: Span = key("When, counted from the clock of the case.", "75m")


class StatusAt(Section):
    """The status of the incident at a moment."""

    at: Span = key("When, counted from the clock of the case.", "30m")
    is_: Annotated[str, _one_of(*STATUSES)] = key("The status.", "resolved", alias="is")


StatusOrStatuses: TypeAlias = Annotated[Annotated[StatusAt, Tag("mapping")] | Annotated[list[StatusAt], Tag("list")], Discriminator(shape)]


class Expect(Section):
    """What has to come of it. Pages are compared exactly; of all else, what is listed must be there. An empty list: there is none."""

    until: Maybe[Span] = key(
        "Up to when `pages`, `no_pages`, `nothing` and empty lists hold, and how long the case is played.", "2h", default=None
    )
    owner: Maybe[Name] = key("The team that the incident belongs to.", "payments", default=None)
    service: Maybe[Name] = key("The service that claims the first alert; `nobody` where none does.", "checkout", default=None)
    escalation: Maybe[Name] = key("The escalation that wins; `fallback-team` where none does.", "payments-critical", default=None)
    pages: Maybe[list[Page]] = key(
        "Every page there is, up to `until`, or up to the last one listed.", [{"at": "0s", "people": ["mei"]}], default=None
    )
    no_pages: Maybe[Literal[True]] = key("Nobody is paged up to `until`, or for a day.", True, default=None)
    posts: Maybe[list[Post]] = key("Posts to channels.", [{"use": "chat.post", "contains": "/payments-alerts"}], default=None)
    hub: Maybe[TextOrSection[Hub]] = key(
        "The channel that opens, by its name, or more of the hub.", "inc-checkout-*", {"channel": "inc-checkout-*"}, default=None
    )
    evidence: Maybe[list[str]] = key("Collectors that run, by their names.", ["error-rate"], default=None)
    updates: Maybe[list[Update]] = key("Updates that are due.", [{"audience": "customers", "at": "15m"}], default=None)
    remediations: Maybe[list[Repair]] = key("Where remediations stand.", [{"name": "restart-checkout", "is": "runs"}], default=None)
    deliveries: Maybe[list[DeliveryExpected]] = key(
        "What leaves, to whom, and what becomes of it.", [{"use": "phone.page", "person": "mei", "result": "refused"}], default=None
    )
    alarms: Maybe[list[Alarm]] = key("When the engine raises its own alarm.", [{"at": "75m"}], default=None)
    status: Maybe[StatusOrStatuses] = key(
        "The status of the incident, at one or more moments.", {"at": "30m", "is": "resolved"}, default=None
    )
    nothing: Maybe[Literal[True]] = key("No page, no post, no update and no remediation up to `until`, or for a day.", True, default=None)


# --- the test -------------------------------------------------------------------------


class Case(Section):
    """One thing to try."""

    name: str = key("What is tried, in words; unique in its test.", "nobody answers", min_length=1)
    at: Maybe[Instant] = key("The clock of this case; the test's where it is left out.", "2026-11-23T03:12:00Z", default=None)
    given: Maybe[Given] = key(
        "What happens; each key takes the place of the test's.", {"answers": [{"at": "7m", "acknowledge": "ana"}]}, default=None
    )
    expect: Expect = key("What has to come of it.", {"pages": [{"at": "0s", "people": ["mei"]}]})


class Table(Section):
    """Values to try one after another: every case that says ``<column>`` is tried with each row."""

    columns: list[str] = key("What `<column>` may be.", ["severity", "first"], min_length=1)
    rows: list[list[Any]] = key("A value for each column; `nobody` is one.", [["critical", "mei"], ["warning", "nobody"]], min_length=1)


class PolicyTestSpec(Section):
    """What is tried, and what has to come of it."""

    at: Maybe[Instant] = key("The clock of every case that has none of its own.", "2026-11-23T03:12:00Z", default=None)
    given: Maybe[Given] = key(
        "What happens in every case that does not say otherwise.", {"alerts": [{"labels": {"alertname": "HighErrorRate"}}]}, default=None
    )
    cases: list[Case] = key(
        "What is tried.", [{"name": "nobody answers", "expect": {"pages": [{"at": "0s", "people": ["mei"]}]}}], min_length=1
    )
    table: Maybe[Table] = key("Values for cases that say `<column>`.", {"columns": ["severity"], "rows": [["critical"]]}, default=None)


class PolicyTest(Document):
    """Cases beside the policies: given these alerts at this time, this has to follow. They are played on virtual time."""

    kind: Literal["PolicyTest"] = key("The kind of document.", "PolicyTest")
    metadata: OwnedMetadata = key("Its name, its team, and what you say of it.", {"name": "checkout-critical", "team": "payments"})
    spec: PolicyTestSpec = key("What is declared.", {"cases": []})
