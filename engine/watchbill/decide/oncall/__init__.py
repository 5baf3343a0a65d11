"""Who is on call, when that changes, and whom a page reaches.

Rule 1: told the time, never asking for it. Everything here is a function of the policies and an instant.
Rule 2: arithmetic, not search. The turn of any instant follows from the rotation's start by division, on whichever day.
Rule 3: a local time means one instant: a skipped one moves forward, a repeated one is the first (`localtime`).
"""

from watchbill.decide.oncall.reach import Reached, Resolution, is_among, members_of, resolve, schedules_behind
from watchbill.decide.oncall.turns import next_change, shifts
from watchbill.decide.oncall.watch import last_day_of_leave, on_call

__all__ = [
    "Reached",
    "Resolution",
    "is_among",
    "last_day_of_leave",
    "members_of",
    "next_change",
    "on_call",
    "resolve",
    "schedules_behind",
    "shifts",
]
