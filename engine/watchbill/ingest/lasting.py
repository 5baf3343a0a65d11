"""How long an alert is believed: what nobody says any longer is over.

Prometheus says again and again what still fires, and falls silent when it is restarted or gone. Others say once that something is
wrong and once that it is over; of them silence means nothing. The times are arguments; nothing here looks at a clock.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from watchbill.model.alert import Alert
from watchbill.model.sources import SourceType

RESOLVE_TIMEOUT: Final = timedelta(minutes=5)
"""Alertmanager's `resolve_timeout` where nobody sets it."""

SAY_AGAIN: Final = frozenset(("prometheus",))
"""The types of sources that repeat what still fires."""


def expires_at(
    alert: Alert, received_at: datetime, sender: SourceType = "prometheus", *, resolve_timeout: timedelta = RESOLVE_TIMEOUT
) -> datetime | None:
    """When a firing *alert* is over unless it is said again, or None: for one that is over, or whose *sender* will say so.

    That is its `endsAt` where this is yet to come; otherwise, from a sender that repeats itself, *resolve_timeout* after
    *received_at*. An `endsAt` that has passed while the sender says that it fires is a difference of clocks, and gives it the time-out too.
    """
    if alert.status == "resolved":
        return None
    if alert.ends_at is None:
        return received_at + resolve_timeout if sender in SAY_AGAIN else None
    return alert.ends_at if alert.ends_at > received_at else received_at + resolve_timeout


def is_worth_writing(written: datetime | None, expires: datetime | None, received_at: datetime) -> bool:
    """Whether an alert that was said again needs its new *expires* recorded where *written* stands.

    A quarter of its lifetime is let pass, so that most repeats write nothing, and a record that lags still outlives the next one.
    """
    if written is None or expires is None:
        return written != expires
    return expires < written or expires - written >= (expires - received_at) / 4


def after_start(expires: datetime | None, started_at: datetime, *, resolve_timeout: timedelta = RESOLVE_TIMEOUT) -> datetime | None:
    """When an alert is over that was recorded before a start: its sender is given one *resolve_timeout* to say it again."""
    return max(expires, started_at + resolve_timeout) if expires is not None else None
