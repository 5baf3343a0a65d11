"""What ends some day, and has no effect from then on: the facts. Whether that day is over is for whoever knows the time.

Only what compiled is looked at. People's leave is left alone: it is a list of days to which they add, and harms nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from watchbill.errors import Finding, Place
from watchbill.model.dated import Dated, Ending
from watchbill.model.ownership import Person
from watchbill.model.policies import Guardrail, Silence, TimeInterval
from watchbill.model.references import Kind
from watchbill.model.schedule import Layer, Override, Schedule
from watchbill.model.times import Window, Zone
from watchbill.policy.compile.draft import Draft

RULE: Final = "expired"
_DAY: Final = timedelta(days=1)
_ROUND: Final = 8 * 366
"""Days in which every window comes, if its years allow it: there are eight years at most between two leap days."""


def dated(drafts: Iterable[Draft]) -> Dated:
    """What the clock is to be asked about these documents."""
    good = [draft for draft in drafts if draft.value is not None and not draft.is_left_out]
    endings = [ending for draft in good if draft.kind in _ENDINGS for ending in _ENDINGS[draft.kind](draft)]
    schedules = tuple(draft.value for draft in good if isinstance(draft.value, Schedule) and draft.value.gaps_allowed is None)
    names = {schedule.name for schedule in schedules}
    overrides = tuple(draft.value for draft in good if isinstance(draft.value, Override) and draft.value.schedule in names)
    watching = {name for schedule in schedules for layer in schedule.layers for name in layer.participants}
    watching.update(override.person for override in overrides)
    people = (draft.value for draft in good if isinstance(draft.value, Person) and draft.value.name in watching)
    # Of a person only the leave matters here, and nothing else of them is kept.
    slight = tuple(replace(person, full_name="", contacts=(), quiet_hours=None) for person in people)
    return Dated(tuple(endings), schedules, overrides, slight)


def _ending(draft: Draft, place: Place, what: str, ended: str, help: str, at: datetime) -> Ending:
    document = f"{draft.kind}/{draft.name}"
    return Ending(Finding(RULE, place, f"{what} {ended}, and has no effect any more", help, "warning", document), at)


_TAKE_AWAY: Final = "take the document away; the history of the repository keeps it"


def _override(draft: Draft) -> Iterator[Ending]:
    value: Override = draft.value
    place = (draft.top / "spec" / "to").place
    yield _ending(draft, place, "this override", f"ended on {_utc(value.span.end)}", _TAKE_AWAY, value.span.end)


def _silence(draft: Draft) -> Iterator[Ending]:
    value: Silence = draft.value
    place = (draft.top / "spec" / ("to" if value.selector.during is None else "expires")).place
    yield _ending(draft, place, "this silence", f"ended on {_utc(value.ends_at)}", _TAKE_AWAY, value.ends_at)


def _guardrail(draft: Draft) -> Iterator[Ending]:
    value: Guardrail = draft.value
    if value.freeze is not None and value.freeze.span is not None:
        end = value.freeze.span.end
        others = (value.ceiling, value.approvals, value.hold, value.rate, value.concurrency)
        help = _TAKE_AWAY if all(other is None for other in others) else "take `freeze` away; the rest of the guardrail goes on"
        place = (draft.top / "spec" / "freeze" / "to").place
        yield _ending(draft, place, "this freeze", f"ended on {_utc(end)}", help, end)


def _schedule(draft: Draft) -> Iterator[Ending]:
    value: Schedule = draft.value
    for index, layer in enumerate(value.layers):
        at = draft.top / "spec" / "layers" / index
        if layer.until is not None:
            end = layer.zone.instant(layer.until)
            said = f"ended on {layer.until:%Y-%m-%d %H:%M} ({layer.zone.name})"
            yield _ending(draft, (at / "until").place, f"the layer `{layer.name}`", said, "take the layer away, or `until`", end)
        if layer.holidays:
            yield _holidays(draft, (at / "holidays").key_place, layer)


def _holidays(draft: Draft, place: Place, layer: Layer) -> Ending:
    last = max(layer.holidays)
    said = f"had its last day on {last}"
    help = "add the days to come, or name a `country`, whose holidays are known for years"
    return _ending(draft, place, f"the list of holidays of the layer `{layer.name}`", said, help, _midnight(last + _DAY, layer.zone))


def _time_interval(draft: Draft) -> Iterator[Ending]:
    value: TimeInterval = draft.value
    ends = [_last_end(window, value.recurrence.zone) for window in value.recurrence.windows]
    known = [end for end in ends if end is not None]
    if len(known) == len(ends) and known:
        end = max(known)
        place = (draft.top / "spec" / "time_intervals").key_place
        help = "add the years to come, or take `years` away"
        yield _ending(draft, place, "this interval", f"was open for the last time on {_utc(end)}", help, end)


_ENDINGS: Final[Mapping[Kind | None, Callable[[Draft], Iterator[Ending]]]] = {
    "Override": _override,
    "Silence": _silence,
    "Guardrail": _guardrail,
    "Schedule": _schedule,
    "TimeInterval": _time_interval,
}


def _last_end(window: Window, zone: Zone) -> datetime | None:
    """When a window is over for good; None for one that comes for ever."""
    if not window.years:
        return None
    day = date(max(last for _, last in window.years), 12, 31)
    for _ in range(min(_ROUND, day.toordinal() - 1)):
        if window.begins_on(day):
            return window.span_on(day, zone).end if day.year < date.max.year else None
        day -= _DAY
    return None


def _midnight(day: date, zone: Zone) -> datetime:
    return zone.instant(datetime.combine(day, time()))


def _utc(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
