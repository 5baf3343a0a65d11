"""Who is on call, as JSON for other programs; times are RFC 3339 in UTC with a ``Z``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from watchbill.model.schedule import Shift
from watchbill.report import API_VERSION
from watchbill.report.plan_json import time_json
from watchbill.report.watches import Turns, Watch, WatchPerson


def watches_json(watches: Sequence[Watch], at: datetime, quarantined: Sequence[str] = ()) -> dict[str, Any]:
    """Who is on call at this moment: a document of kind OnCall. *quarantined* are the documents that were left out."""
    items = [_watch(watch) for watch in watches]
    return {"apiVersion": API_VERSION, "kind": "OnCall", "at": time_json(at), "quarantined": list(quarantined), "items": items}


def _watch(watch: Watch) -> dict[str, Any]:
    return {
        "what": watch.what,
        "people": [_person(person) for person in watch.people],
        "known": watch.is_known,
        "gap_until": None if watch.until is None or not watch.is_known else time_json(watch.until),
        "notes": list(watch.notes),
    }


def _person(person: WatchPerson) -> dict[str, Any]:
    return {
        "name": person.name,
        "full_name": person.full_name,
        "duty": person.duty or None,
        "until": None if person.until is None else time_json(person.until),
        "local_at": person.local_at.isoformat(),
        "zone": person.zone,
        "why": person.why,
    }


def turns_json(turns: Sequence[Turns], quarantined: Sequence[str] = ()) -> dict[str, Any]:
    """The turns of each schedule: a document of kind Shifts. A turn of nobody has the person null.

    *quarantined* are the documents that were left out.
    """
    return {"apiVersion": API_VERSION, "kind": "Shifts", "quarantined": list(quarantined), "items": [_turns(each) for each in turns]}


def _turns(turns: Turns) -> dict[str, Any]:
    return {
        "schedule": turns.schedule,
        "from": time_json(turns.span.start),
        "to": time_json(turns.span.end),
        "gaps_allowed": turns.gaps_allowed,
        "left_out": list(turns.left_out),
        "shifts": [_shift(shift) for shift in turns.shifts],
    }


def _shift(shift: Shift) -> dict[str, Any]:
    return {
        "from": time_json(shift.span.start),
        "to": time_json(shift.span.end),
        "person": shift.person,
        "because": shift.because,
    }
