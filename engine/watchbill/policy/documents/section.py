"""What all documents are made of: sections with known keys, and the texts that are written in them.

Rule 1: every key has a description and an example. The JSON Schemas and the reference pages are made from them.
Rule 2: here stand shapes only: keys, types, fixed words. Texts with a grammar of their own (durations, times,
matchers, conditions, templates, targets) stay texts, and `watchbill.policy.compile` reads them with their exact place.
Rule 3: a key that is there has a value. An empty one (`leave:`) is a mistake, not a way to leave it out.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    GetCoreSchemaHandler,
    StringConstraints,
    Tag,
    WithJsonSchema,
)
from pydantic_core import CoreSchema

T = TypeVar("T")

API_VERSION = "watchbill/v1"
NAME_PATTERN = r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"
DURATION_PATTERN = r"^(?!$)([0-9]+y)?([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$"
_TARGET_PATTERN = r"^((person|schedule|team)/[a-z0-9][a-z0-9-]*|role/[a-z0-9][a-z0-9-]*(@[a-z0-9][a-z0-9-]*)?)$"
USE_PATTERN = r"^[a-z0-9][a-z0-9-]*\.[a-z0-9][a-z0-9-]*$"
INSTANT_PATTERN = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?([Zz]|[+-][0-9]{2}:[0-9]{2})$"
_WALL_PATTERN = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}$"
_DAY_PATTERN = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_LANGUAGE_PATTERN = r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$"
_URL_PATTERN = r"""^https?://[^\s/?#{}<>"'|\\^`]+\S*$"""


class Section(BaseModel):
    """A mapping whose keys are all known."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True, defer_build=True)


def key(description: str, *examples: object, **more: Any) -> Any:
    """A key of a section, with what an editor shows of it. Without a default it must be there."""
    return Field(description=description, examples=list(examples) or None, **more)


class _NeverNull:
    """Takes ``None`` out of what may be written, while it stays the value of a key that is left out."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        schema: Any = handler(source)
        inner: CoreSchema = schema["schema"] if schema["type"] == "nullable" else schema
        return inner


Maybe: TypeAlias = Annotated[T | None, _NeverNull()]
"""A key that may be left out."""


def number_as_text(value: object) -> object:
    """A whole number as its digits; anything else as it is."""
    return str(value) if type(value) is int else value


def _pattern(pattern: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": pattern})


SAYS_SOMETHING = r"\S"
Text: TypeAlias = Annotated[str, StringConstraints(pattern=SAYS_SOMETHING)]
"""A text that says something: more than spaces."""

Url: TypeAlias = Annotated[str, StringConstraints(pattern=_URL_PATTERN)]
Language: TypeAlias = Annotated[str, StringConstraints(pattern=_LANGUAGE_PATTERN)]

Name: TypeAlias = Annotated[str, _pattern(NAME_PATTERN)]
Duration: TypeAlias = Annotated[
    str,
    BeforeValidator(number_as_text),
    WithJsonSchema({"anyOf": [{"type": "string", "pattern": DURATION_PATTERN}, {"const": 0}]}),
]
Instant: TypeAlias = Annotated[str, _pattern(INSTANT_PATTERN)]
WallTime: TypeAlias = Annotated[str, _pattern(_WALL_PATTERN)]
Day: TypeAlias = Annotated[str, _pattern(_DAY_PATTERN)]
TargetText: TypeAlias = Annotated[str, _pattern(_TARGET_PATTERN)]
UseText: TypeAlias = Annotated[str, _pattern(USE_PATTERN)]


def shape(value: object) -> str:
    """Whether this is written as a text, a list or a mapping; a choice between them needs no second try."""
    if isinstance(value, str):
        return "text"
    return "list" if isinstance(value, list) else "mapping" if isinstance(value, dict) else "other"


TextOrList: TypeAlias = Annotated[Annotated[str, Tag("text")] | Annotated[list[str], Tag("list")], Discriminator(shape)]
TextOrSection: TypeAlias = Annotated[Annotated[str, Tag("text")] | Annotated[T, Tag("mapping")], Discriminator(shape)]
TargetOrTargets: TypeAlias = Annotated[Annotated[TargetText, Tag("text")] | Annotated[list[TargetText], Tag("list")], Discriminator(shape)]


class Metadata(Section):
    """Who this document is."""

    name: Name = key("The document's name, unique among all of its kind in the repository.", "checkout")
    team: Maybe[Name] = key("The team whose document this is.", "payments", default=None)
    labels: dict[str, str] = key(
        "Labels of your own, for your own tools; the engine does not look at them.", {"cost-centre": "4711"}, default_factory=dict
    )
    description: Maybe[Text] = key("What it is for, in your words.", "Everything that takes money.", default=None)


class OwnedMetadata(Metadata):
    """Who this document is, and whose."""

    team: Name = key("The team whose document this is.", "payments")


class Document(Section):
    """What every document begins with."""

    apiVersion: Literal["watchbill/v1"] = key("The version of the language.", API_VERSION)
    metadata: Metadata = key("Its name, its team, and what you say of it.", {"name": "checkout"})


# --- parts of several kinds -----------------------------------------------------------


class Hours(Section):
    """A daily window on some weekdays, in local time. One that ends at or before its beginning ends on the next day."""

    days: TextOrList = key(
        "Weekdays on which the window begins: a range, several, or a list.", "mon-fri", "sat,sun", ["mon", "wed"], default="mon-sun"
    )
    from_: str = key("When it begins, as HH:MM.", "08:00", alias="from", json_schema_extra={"pattern": r"^([01][0-9]|2[0-3]):[0-5][0-9]$"})
    to: str = key(
        "When it ends, as HH:MM; 24:00 is the end of the day.",
        "20:00",
        json_schema_extra={"pattern": r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"},
    )


class RecurringHours(Section):
    """Hours that come again, in a zone."""

    hours: list[Hours] = key("The windows; any of them counts.", [{"days": "mon-sun", "from": "22:00", "to": "07:00"}], min_length=1)
    zone: Maybe[str] = key("The time zone they are meant in.", "Europe/Lisbon", default=None)


class Acknowledge(Section):
    """How long an acknowledgement holds."""

    expires: Maybe[Duration] = key(
        "How long somebody has an incident who acknowledged it; then watchbill gives it back, and people are paged again from level one. "
        "Where nobody says it: `4h`, and `24h` for warning and info.",
        "4h",
        default=None,
    )
    remind: Maybe[Duration] = key(
        "How long before that they are reminded, by the contact that tells; at most half of it. Where nobody says it: `15m`.",
        "15m",
        default=None,
    )


class Use(Section):
    """One call of a connector's action."""

    use: UseText = key("The connector and its action, as `connector.action`.", "metrics.query")
    with_: dict[str, Any] = key("The action's arguments; texts may be templates.", {"query": "up"}, alias="with", default_factory=dict)


class Narrowing(Section):
    """Which alerts are meant."""

    match: list[str] = key(
        "Matchers as Alertmanager writes them; all must hold. They see the labels after a service has claimed the alert.",
        ['severity="critical"', 'alertname=~"HighErrorRate|Stuck.*"'],
        default_factory=list,
    )
    when: Maybe[str] = key(
        "A JMESPath condition over alert, service, team and incident; it must hold besides.", "tier == `1`", default=None
    )


class Limiting(Narrowing):
    """When something applies."""

    during: Maybe[Name] = key("A TimeInterval outside which it does not apply.", "business-hours", default=None)


class Selecting(Limiting):
    """When a policy applies."""

    priority: int = key("Decides before anything else between policies that compete; the highest wins.", 10, default=0)
