"""How one decision is written as a row, and read back: the event, what changed, why, and which facts were read.

An alert that an event brings and a change takes is written once, with the event; the change says which of them it took.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final

from watchbill.model.change import AlertsTaken, Change
from watchbill.model.decision import Snapshot
from watchbill.model.event import AlertsReceived, Event
from watchbill.model.incident import Incident
from watchbill.model.plan import Reason
from watchbill.model.references import Json
from watchbill.store.encoding import Coding, decode_json, encode_json, writing
from watchbill.store.statements import instant, instant_or_none
from watchbill.store.tables import DECISION

_EVENT: Final[Coding[Event]] = Coding(Event)
_CHANGES: Final[Coding[tuple[Change, ...]]] = Coding(tuple[Change, ...])
_REASONS: Final[Coding[tuple[Reason, ...]]] = Coding(tuple[Reason, ...])

_writing_found = writing(Change)
assert _writing_found is not None
_write_change: Final = _writing_found

COLUMNS: Final = tuple(
    DECISION.c[name]
    for name in ("id", "incident", "number", "at", "by", "event", "changes", "reasons", "wake_at", "revision", "tzdata", "facts")
)
"""What `recorded` reads, in this order."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A decision as the record holds it.

    *id* counts the decisions of all incidents, *number* those of this one from 1. *by* is whoever sent the event. *facts* says
    how much of what was read: the number of the decision before, the runs counted, whether unattended work was stopped by hand,
    and how many live silences there were.
    """

    id: int
    incident: str
    number: int
    at: datetime
    by: str
    event: Event
    changes: tuple[Change, ...]
    reasons: tuple[Reason, ...]
    wake_at: datetime | None
    revision: str
    tzdata: str
    facts: Mapping[str, Json]


def recorded(row: tuple[Any, ...]) -> Recorded:
    """The decision that this *row* of `COLUMNS` holds."""
    id, incident, number, at, by, event_text, changes, reasons, wake_at, revision, tzdata, facts = row
    event = _EVENT.decode(event_text)
    taken = read_changes(changes, event_text, event)
    why = _REASONS.decode(reasons) if reasons != "[]" else ()
    return Recorded(
        id, incident, number, instant(at), by, event, taken, why, instant_or_none(wake_at), revision, tzdata, decode_json(facts)
    )


def write_event(event: Event) -> str:
    """This *event* as JSON."""
    return _EVENT.encode(event)


def write_reasons(reasons: tuple[Reason, ...]) -> str:
    """These *reasons* as JSON."""
    return encode_json(reasons) if reasons else "[]"


def write_changes(changes: tuple[Change, ...], event: Event) -> str:
    """These *changes* as JSON, as a reader who has the *event* needs them."""
    if not changes:
        return "[]"
    if type(event) is AlertsReceived:
        places = {id(alert): number for number, alert in enumerate(event.alerts)}
        return encode_json([_taken(change, places) if type(change) is AlertsTaken else _write_change(change) for change in changes])
    return encode_json([_write_change(change) for change in changes])


def _taken(change: AlertsTaken, places: Mapping[int, int]) -> Any:
    """This *change* with places in the event for its alerts, where they are the event's own."""
    received = [places.get(id(alert)) for alert in change.alerts]
    if None in received:
        return _write_change(change)
    found: dict[str, Any] = {"type": "AlertsTaken", "received": received}
    found.update((each.name, getattr(change, each.name)) for each in fields(change) if each.name != "alerts")
    return found


def read_changes(text: str, event_text: str, event: Event | None = None) -> tuple[Change, ...]:
    """The changes that this *text* says, with the event they came from: its text, or itself where it was read already."""
    if text == "[]":
        return ()
    if '"received":[' not in text:
        return _CHANGES.decode(text)
    if event is None:
        event = _EVENT.decode(event_text)
    found: list[Change] = []
    for each in decode_json(text):
        received = each.get("received") if each.get("type") == "AlertsTaken" else None
        if received is not None and isinstance(event, AlertsReceived):
            (taken,) = _CHANGES.plainly([{**each, "alerts": []}])
            assert isinstance(taken, AlertsTaken)
            found.append(AlertsTaken(tuple([event.alerts[number] for number in received]), taken.at))
        else:
            found.extend(_CHANGES.plainly([each]))
    return tuple(found)


def write_facts(snapshot: Snapshot | None) -> str:
    """How much of what this *snapshot* gave to the decision. What it was in full follows from the decisions before."""
    if snapshot is None:
        return "{}"
    return encode_json({name: _extent(getattr(snapshot, name)) for name in _FACTS})


_FACTS: Final = tuple(each.name for each in fields(Snapshot) if each.name != "incident")


def _extent(value: object) -> bool | int:
    if isinstance(value, bool):
        return value
    return len(value) if isinstance(value, tuple | Mapping) else int(value is not None and not isinstance(value, Incident))
