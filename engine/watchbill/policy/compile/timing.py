"""Time intervals and silences: from documents to the model."""

from __future__ import annotations

import re
from calendar import isleap, monthrange
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import MAXYEAR, UTC, date, datetime
from functools import lru_cache
from typing import Final, TypeVar

from watchbill.model.policies import Silence, TimeInterval
from watchbill.model.times import Hours, Recurrence, Window
from watchbill.policy.compile import texts
from watchbill.policy.compile.draft import At, Draft
from watchbill.policy.compile.selecting import check_not_everything, needs_interval, selector
from watchbill.policy.compile.workbench import Workbench
from watchbill.policy.documents import timing as written
from watchbill.policy.suggest import nearest
from watchbill.policy.wording import choice, quoted

T = TypeVar("T")

_WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS: Final = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_DAYS: Final = re.compile(r"(-?\d{1,2})(?::(-?\d{1,2}))?", re.ASCII)
_YEARS: Final = re.compile(r"(\d{4})(?::(\d{4}))?", re.ASCII)
_WHOLE_DAY: Final = (0, 24 * 60)

# --- time intervals -------------------------------------------------------------------


def time_interval(bench: Workbench, draft: Draft) -> TimeInterval:
    """A named recurring time."""
    spec: written.TimeIntervalSpec = draft.document.spec
    at = draft.top / "spec"
    if draft.team:
        bench.names.expect(draft.top / "metadata" / "team", "Team", draft.team)
    zone = texts.zone(at / "location", spec.location, bench.zone)
    windows: list[Window] = []
    for index, keys in enumerate(spec.time_intervals):
        windows += _windows(at / "time_intervals" / index, keys)
    return TimeInterval(draft.ref, Recurrence(zone, tuple(windows), draft.ref.name))


def _windows(at: At, keys: written.IntervalKeys) -> tuple[Window, ...]:
    """The windows of one entry: one for each of its times."""
    known = len(at.draft.findings)
    days = _values(at / "weekdays", keys.weekdays, _WEEKDAYS, "weekday") or tuple(range(1, 8))
    months = _values(at / "months", keys.months, _MONTHS, "month")
    days_of_month = _ranges(at / "days_of_month", keys.days_of_month, _days)
    years = _ranges(at / "years", keys.years, _years)
    times = [_times(at / "times" / index, each) for index, each in enumerate(keys.times)] or [_WHOLE_DAY]
    windows = tuple(Window(Hours(days, start, end), days_of_month, months, years) for start, end in times)
    if len(at.draft.findings) == known and not _ever_begins(windows[0]):
        at.report(
            "never-opens", "no day is all that is asked for here", "let the days of the month fit the months, the weekdays and the years"
        )
    return windows


def _times(at: At, keys: written.TimeRange) -> tuple[int, int]:
    return texts.minute(at / "start_time", keys.start_time), texts.minute(at / "end_time", keys.end_time, is_end=True)


def _values(at: At, items: Sequence[str], words: Sequence[str], what: str) -> tuple[int, ...]:
    """Weekdays or months by their numbers, in order; a range that ends before it begins goes round."""
    found: set[int] = set()
    for index, item in enumerate(items):
        first, colon, last = (part.strip() for part in _parted(item))
        numbers = [_value(at / index, word, words, what) for word in ((first, last) if colon else (first,))]
        if None in numbers:
            continue
        begin, end = int(numbers[0] or 0), int(numbers[-1] or 0)
        found.update((begin - 1 + step) % len(words) + 1 for step in range((end - begin) % len(words) + 1))
    return tuple(sorted(found))


def _parted(item: str) -> tuple[str, str, str]:
    return item.partition(":") if ":" in item else item.partition("-")


def _value(at: At, word: str, words: Sequence[str], what: str) -> int | None:
    known = [*words, *(each[:3] for each in words)]
    if word.lower() in known:
        return known.index(word.lower()) % len(words) + 1
    if what == "month" and word.isdecimal() and 1 <= int(word) <= 12:
        return int(word)
    meant = nearest(word, known)
    help = choice(meant, words, f"{what}s") + ("" if meant else f"; `{words[0]}:{words[4]}` is a range")
    at.report("bad-value", f"{quoted(word)} is no {what}", help)
    return None


def _ranges(at: At, items: Sequence[str], read: Callable[[At, str], T | None]) -> tuple[T, ...]:
    found = (read(at / index, item) for index, item in enumerate(items))
    return tuple(each for each in found if each is not None)


def _days(at: At, text: str) -> tuple[int, int] | None:
    found = _DAYS.fullmatch(text)
    first, last = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
    if not 1 <= abs(first) <= 31 or not 1 <= abs(last) <= 31:
        at.report("bad-value", f"{quoted(text)} is no day of the month", "write `15`, `1:5`, or `-3:-1` for the last three")
        return None
    if (first > 0) == (last > 0) and first > last:
        help = "let the first day come first" + ("; -1 is the last of the month" if last < 0 else "")
        at.report("bad-value", f"{quoted(text)} ends before it begins", help)
        return None
    return first, last


def _years(at: At, text: str) -> tuple[int, int] | None:
    found = _YEARS.fullmatch(text)
    first, last = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
    if not first or not last:
        at.report("bad-value", f"{quoted(text)} is no year", "write `2026`, or `2026:2027`")
        return None
    if last < first:
        at.report("bad-value", f"{quoted(text)} ends before it begins", "let the first year come first")
        return None
    return first, last


def _ever_begins(window: Window) -> bool:
    """Whether it begins on any day at all. There are fourteen years: two lengths, and seven weekdays to begin with."""
    days = replace(window, hours=Hours(window.hours.days, 0, 0), years=())
    return any(_begins_in(days, *kind) for kind in dict.fromkeys(map(_kind_of, _years_in(window.years))))


def _years_in(ranges: Sequence[tuple[int, int]]) -> Iterator[int]:
    """The years of these *ranges*, or any forty where there are none. Within forty every kind of year comes, round centuries too."""
    for first, last in ranges or ((2000, 2040),):
        yield from range(first, min(last, first + 40, MAXYEAR) + 1)


def _kind_of(year: int) -> tuple[bool, int]:
    return isleap(year), date(year, 1, 1).isoweekday()


_LIKE: Final = {_kind_of(year): year for year in range(2000, 2041)}


@lru_cache(maxsize=10_000)
def _begins_in(days: Window, leap: bool, weekday: int) -> bool:
    """Whether it begins on any day of a year that is *leap* or not, and begins on this *weekday*."""
    year = _LIKE[leap, weekday]
    months = days.months or range(1, 13)
    return any(days.begins_on(date(year, month, day)) for month in months for day in range(1, monthrange(year, month)[1] + 1))


# --- silences -------------------------------------------------------------------------

_HELP: Final = "write `from` and `to`; or, for one that comes again, `during` and `expires`"


def silence(bench: Workbench, draft: Draft) -> Silence:
    """A silence, which always ends. Where its interval is quarantined it is left out: rather a page too many."""
    spec: written.SilenceSpec = draft.document.spec
    at = draft.top / "spec"
    bench.names.expect(draft.top / "metadata" / "team", "Team", draft.team)
    bench.names.expect(at / "author", "Person", spec.author)
    if not spec.reason.strip():
        (at / "reason").report("bad-value", "a silence without a reason", "say why, for whoever wonders at night that nothing is heard")
    chosen = selector(bench, at, spec)
    check_not_everything(at, "match", chosen, "this silences every alert of the team and of those below it")
    starts_at, ends_at = _dates(at, spec)
    needs_interval(bench, at / "during", spec.during)
    return Silence(draft.ref, chosen, spec.author, spec.reason, ends_at, starts_at)


def _dates(at: At, spec: written.SilenceSpec) -> tuple[datetime | None, datetime]:
    """When it begins, None for ever, and when it ends for good."""
    recurs = spec.during is not None
    end, other = ("expires", "to") if recurs else ("to", "expires")
    keys = {"to": spec.to, "expires": spec.expires}
    if keys[other] is not None:
        said = f"a silence {'with' if recurs else 'without'} `during` ends with `{end}`, not with `{other}`"
        at.draft.report("bad-value", (at / other).key_place, said, _HELP)
    elif keys[end] is None:
        at.draft.report("silence-without-end", at.key_place, "this silence never ends", f"add `{end}`: {_HELP}")
    if not recurs and spec.from_ is None:
        at.draft.report("missing-key", at.key_place, "missing key `from` in a Silence", "say from when: `from: 2026-12-05T22:00:00Z`")
    starts_at = texts.instant(at / "from", spec.from_) if spec.from_ is not None else None
    written_end = keys[end]
    ends_at = texts.instant(at / end, written_end) if written_end is not None else datetime.max.replace(tzinfo=UTC)
    if starts_at is not None and ends_at <= starts_at and not at.draft.is_left_out:
        (at / end).report("bad-time", f"`{end}` is not after `from`: {quoted(str(written_end))}", "let it end after it begins")
    return starts_at, ends_at
