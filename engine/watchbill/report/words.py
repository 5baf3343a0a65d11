"""How times, people, contacts and counts are said, the same in every form of a report.

Times are UTC unless a zone is named beside them. One that falls on another day than the plan carries its date.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from watchbill.expressions.durations import format_duration
from watchbill.model.forecast import PlannedContact, PlannedPerson, PlannedRepair
from watchbill.report.counts import count, listing
from watchbill.report.plain import plain

_WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

_CONTACTS: Final = {"sms": "SMS", "mms": "MMS", "email": "e-mail", "mail": "e-mail", "voice": "call", "dm": "direct message"}

_SENDING: Final = ("post", "send", "publish", "message", "update", "notify", "create")
"""Actions whose connector's name says enough: ``statuspage.post`` is the status page."""


def instant(moment: datetime) -> str:
    """The *moment* in full: ``2026-11-23 03:12 UTC``; seconds only where there are some."""
    return _utc(moment).strftime("%Y-%m-%d %H:%M:%S UTC" if _utc(moment).second else "%Y-%m-%d %H:%M UTC")


def clock(moment: datetime, at: datetime) -> str:
    """The *moment* as ``03:18``, with its date where that is not the day of *at*."""
    there = _utc(moment)
    return there.strftime("%H:%M" if there.date() == _utc(at).date() else "%Y-%m-%d %H:%M")


def weekday(moment: datetime) -> str:
    """The *moment* in a table of days: ``Mon 2026-11-23 09:00``."""
    local = _utc(moment)
    return f"{_WEEKDAYS[local.weekday()]} {local:%Y-%m-%d %H:%M}"


def local_clock(local: datetime, zone: str) -> str:
    """What time it is there: ``04:18 in Lisbon``, with the weekday where it is another day; empty where there is UTC anyway."""
    if zone in ("UTC", "Etc/UTC"):
        return ""
    day = "" if local.date() == _utc(local).date() else f"{_WEEKDAYS[local.weekday()]} "
    return f"{day}{local:%H:%M} in {city(zone)}"


def local_of(person: PlannedPerson) -> str:
    """What time it is for this *person* when they are reached."""
    return local_clock(person.local_at, person.zone)


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


def city(zone: str) -> str:
    """The last part of a *zone*'s name, as one says it: ``New York``."""
    return plain(zone.rsplit("/", 1)[-1].replace("_", " "))


def span(length: timedelta) -> str:
    """A duration as policies write it: ``1h30m``."""
    return format_duration(length)


def duty(target: str) -> str:
    """A target as one says it: ``primary``, ``lead of security``, ``team payments``, ``by name``."""
    kind, _, name = plain(target).partition("/")
    if kind == "role":
        role, _, team = name.partition("@")
        return f"{role} of {team}" if team else role
    return {"person": "by name", "schedule": name, "team": f"team {name}"}.get(kind, plain(target))


def whom(targets: Iterable[str]) -> str:
    """Targets as one says whom they are: ``team payments or incident-commander``."""
    said = (plain(target).removeprefix("person/") if target.startswith("person/") else duty(target) for target in targets)
    return listing(tuple(said), last="or")


def contacts(ways: Sequence[PlannedContact]) -> str:
    """The *ways* in order of preference: ``call, then SMS after 2m``."""
    said = _ways(ways)
    parts: list[str] = []
    now = [word for word, way in said if not way.after]
    if now:
        parts.append(listing(now))
    for word, way in said:
        if way.after:
            parts.append(f"{'then ' if parts else ''}{word} after {span(way.after)}")
    return ", ".join(parts)


def _ways(ways: Sequence[PlannedContact]) -> list[tuple[str, PlannedContact]]:
    words = [_contact(way.use) for way in ways]
    return [(plain(way.use) if words.count(word) > 1 else word, way) for word, way in zip(words, ways, strict=True)]


def _contact(use: str) -> str:
    connector, _, action = plain(use).partition(".")
    if action in _SENDING:
        return _CONTACTS.get(connector, connector)
    return _CONTACTS.get(action, action.replace("-", " ") or connector)


def channels(uses: Sequence[str]) -> str:
    """The channels of an update: ``statuspage and e-mail``."""
    words = [_contact(use) for use in uses]
    return listing([plain(use) if words.count(word) > 1 else word for word, use in zip(words, uses, strict=True)])


def approval(repair: PlannedRepair) -> str:
    """How many must say yes, and who may: ``no approval``, ``2 approvals by incident-commander``."""
    if not repair.approvals:
        return "no approval"
    by = f" by {whom(repair.approvers)}" if repair.approvers else ""
    return count(repair.approvals, "approval") + by


def phase(repair: PlannedRepair) -> str:
    """How far it is trusted, and what its document asked for where a guardrail allows less."""
    if repair.phase == repair.declared:
        return repair.phase
    return f"{repair.phase} (a guardrail lowers it from {repair.declared})"
