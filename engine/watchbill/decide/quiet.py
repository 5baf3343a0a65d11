"""Quiet hours: when an audience, or a person, is not to be told what is no page.

Rule 1: a page never waits for quiet hours, nor does what a level posts beside it, nor the hub.
Rule 2: whoever has the watch is asked at any hour. Somebody who is meant by name has hours of their own.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from watchbill.decide.oncall import Resolution
from watchbill.model.times import Recurrence

_WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def out_of_quiet_hours(quiet: Recurrence | None, at: datetime) -> datetime | None:
    """The first instant, not before *at*, that is outside these hours; None where they never end."""
    return at if quiet is None or at not in quiet else quiet.next_closing(at)


def waits_until(quiet: Recurrence, until: datetime, since: datetime) -> str:
    """That something waits for the end of quiet hours, in words: ``waits until 07:00 Lisbon, quiet hours``."""
    return f"waits until {_moment(quiet, until, since)}, quiet hours"


def _moment(quiet: Recurrence, until: datetime, since: datetime) -> str:
    local, zone = quiet.zone.local(until), quiet.zone.name.rsplit("/", 1)[-1].replace("_", " ")
    # Within a day the hour says enough; after a weekend it does not.
    day = f"{_WEEKDAYS[local.weekday()]} " if until - since >= timedelta(days=1) else ""
    return f"{day}{local:%H:%M} {zone}"


def undisturbed(resolution: Resolution, now: datetime) -> Resolution:
    """Those of the people reached who may be asked *now* for something that is no page, and a sentence for each who may not."""
    people, skipped = [], list(resolution.skipped)
    for reached in resolution.people:
        quiet = reached.person.quiet_hours
        until = out_of_quiet_hours(quiet, now)
        if quiet is None or reached.has_watch or until is None or until == now:
            people.append(reached)
        else:
            skipped.append(f"{reached.person.name} has quiet hours until {_moment(quiet, until, now)}")
    return Resolution(tuple(people), tuple(skipped))
