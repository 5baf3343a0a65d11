"""What is written in `policies/` about time: named intervals, and silences."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, ConfigDict, WithJsonSchema

from watchbill.policy.documents.section import (
    Document,
    Instant,
    Limiting,
    Maybe,
    Name,
    OwnedMetadata,
    Section,
    key,
    number_as_text,
)

Range = Annotated[str, BeforeValidator(number_as_text), WithJsonSchema({"type": ["string", "integer"]})]
"""One value, or the first and the last with a colon between them. A bare number is taken as Alertmanager takes it."""

# --- time intervals -------------------------------------------------------------------


class TimeRange(Section):
    """A stretch of the day. One that ends at or before its beginning ends on the next day."""

    start_time: str = key("When it begins, as HH:MM.", "09:00", json_schema_extra={"pattern": r"^([01][0-9]|2[0-3]):[0-5][0-9]$"})
    end_time: str = key(
        "When it ends, as HH:MM; 24:00 is the end of the day.",
        "18:00",
        json_schema_extra={"pattern": r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"},
    )


class IntervalKeys(Section):
    """One stretch of time that comes again: all that is said of it must hold, of the day on which it begins."""

    times: list[TimeRange] = key(
        "Stretches of the day; the whole day where left out.",
        [{"start_time": "22:00", "end_time": "06:00"}],
        default_factory=list,
        min_length=1,
    )
    weekdays: list[str] = key("Weekdays, or ranges of them.", ["monday:friday"], ["mon-fri", "sun"], default_factory=list, min_length=1)
    days_of_month: list[Range] = key(
        "Days of the month, or ranges of them; those below zero count from its end.", ["1:5", "-3:-1"], default_factory=list, min_length=1
    )
    months: list[Range] = key("Months by name or number, or ranges of them.", ["december", "1:3"], default_factory=list, min_length=1)
    years: list[Range] = key("Years, or ranges of them.", ["2026:2027"], default_factory=list, min_length=1)


class TimeIntervalSpec(Section):
    """When it is."""

    location: Maybe[str] = key("The time zone; the repository's where it is left out.", "Europe/Lisbon", default=None)
    time_intervals: list[IntervalKeys] = key(
        "Stretches of time; any of them counts.",
        [{"weekdays": ["monday:friday"], "times": [{"start_time": "09:00", "end_time": "18:00"}]}],
        min_length=1,
    )


class TimeInterval(Document):
    """A recurring time with a name, for `during` and `in_interval()`: times of day, days, months and years, in a zone."""

    kind: Literal["TimeInterval"] = key("The kind of document.", "TimeInterval")
    spec: TimeIntervalSpec = key("What is declared.", {"time_intervals": [{"weekdays": ["monday:friday"]}]})


# --- silences -------------------------------------------------------------------------


class SilenceSpec(Limiting):
    """What is not acted on, until when, at whose wish and why. It has `from` and `to`; one that comes again `during` and `expires`."""

    model_config = ConfigDict(
        json_schema_extra={
            "if": {"required": ["during"]},
            "then": {"required": ["expires"], "properties": {"to": False}},
            "else": {"required": ["from", "to"], "properties": {"expires": False}},
        }
    )

    author: Name = key("Who wishes it: a person.", "ana")
    reason: str = key("Why.", "the warehouse moves its servers", json_schema_extra={"minLength": 1})
    from_: Maybe[Instant] = key("From when, with an offset.", "2026-12-05T22:00:00Z", alias="from", default=None)
    to: Maybe[Instant] = key("Until when, with an offset.", "2026-12-06T04:00:00Z", default=None)
    expires: Maybe[Instant] = key("When one that comes again ends for good.", "2027-03-01T00:00:00Z", default=None)


class Silence(Document):
    """A wish not to act on matching alerts: its author, its reason, and its end."""

    kind: Literal["Silence"] = key("The kind of document.", "Silence")
    metadata: OwnedMetadata = key("Its name, its team, and what you say of it.", {"name": "warehouse-move", "team": "data"})
    spec: SilenceSpec = key("What is declared.", {"match": ['service="orders-db"'], "author": "ana", "reason": "planned work"})
