"""Turns as an iCalendar, for a calendar that subscribes to a schedule.

An event's identity is made of schedule and beginning, so that a calendar that reads the file again moves what has
changed and adds nothing twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from importlib import import_module
from typing import Any

from watchbill.errors import UserError
from watchbill.model.schedule import Shift
from watchbill.report.plain import plain
from watchbill.report.plan_json import time_json
from watchbill.report.watches import Turns


def turns_ics(turns: Sequence[Turns], at: datetime) -> str:
    """The turns of every schedule as one calendar, with an event for each turn of a person; gaps have none.

    *at* is when the calendar is made, which every event must say. Raises UserError `missing-extra` without icalendar.
    """
    try:
        icalendar: Any = import_module("icalendar")
    except ModuleNotFoundError:
        help_ = "run `pip install 'watchbill[calendar]'`"
        raise UserError("a calendar needs the icalendar library, which is not installed", help_, rule="missing-extra") from None
    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//watchbill//oncall//EN")
    calendar.add("version", "2.0")
    names = ", ".join(each.schedule for each in turns)
    calendar.add("x-wr-calname", f"On call: {plain(names)}")
    for each in turns:
        for shift in each.shifts:
            if shift.person is not None:
                left_out = f"Person/{shift.person}" in each.left_out
                because = f"{shift.because}; Person/{shift.person} is left out" if left_out else shift.because
                calendar.add_component(_event(icalendar.Event(), shift, shift.person, because, at))
    return str(calendar.to_ical(), "utf-8")


def _event(event: Any, shift: Shift, person: str, because: str, at: datetime) -> Any:
    event.add("uid", f"{shift.schedule}-{time_json(shift.span.start)}@watchbill")
    event.add("dtstamp", at)
    event.add("dtstart", shift.span.start)
    event.add("dtend", shift.span.end)
    event.add("summary", f"{plain(person)} on call ({plain(shift.schedule)})")
    event.add("description", plain(because))
    event.add("transp", "TRANSPARENT")
    return event
