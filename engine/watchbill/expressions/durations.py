"""Durations as Prometheus writes them: ``1h30m``, ``90s``, ``2w``.

Units stand in descending order, each at most once; a week has seven days and a year 365.
Ten years is the longest that is accepted: anything beyond is a slip of the pen.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from watchbill.expressions.problems import ExpressionError

LONGEST: Final = timedelta(days=3650)
"""The longest duration that is accepted."""

_UNITS: Final[dict[str, int]] = {
    "y": 365 * 86_400_000,
    "w": 7 * 86_400_000,
    "d": 86_400_000,
    "h": 3_600_000,
    "m": 60_000,
    "s": 1_000,
    "ms": 1,
}
_PART: Final = re.compile(r"([0-9]+)([a-z]*)")
_HELP: Final = "write it as `1h30m`, `90s` or `2d`: units y w d h m s ms, the largest first"


def parse_duration(text: str) -> timedelta:
    """The duration that this *text* means; a bare ``0`` is none at all."""
    if text == "0":
        return timedelta(0)
    if not text:
        raise ExpressionError("a duration is empty", _HELP)
    total, position, smallest = 0, 0, 0
    units = list(_UNITS)
    while position < len(text):
        part = _PART.match(text, position)
        if part is None:
            raise ExpressionError(f"`{text}` is not a duration: a number is expected at column {position + 1}", _HELP, position)
        digits, unit = part.groups()
        if unit not in _UNITS:
            said = f"there is no unit `{unit}`" if unit else f"`{digits}` has no unit"
            raise ExpressionError(f"`{text}` is not a duration: {said}", _HELP, part.start(2) if unit else position, part.end())
        rank = units.index(unit)
        if rank < smallest:
            raise ExpressionError(
                f"`{text}` is not a duration: `{unit}` stands after a smaller unit, or twice", _HELP, position, part.end()
            )
        if len(digits) > 15:
            raise _too_long(text)
        smallest = rank + 1
        total += int(digits) * _UNITS[unit]
        position = part.end()
    if total > LONGEST / timedelta(milliseconds=1):
        raise _too_long(text)
    return timedelta(milliseconds=total)


def _too_long(text: str) -> ExpressionError:
    shown = text if len(text) <= 20 else text[:20] + "…"
    return ExpressionError(f"`{shown}` is longer than ten years", "give a shorter duration", 0, len(text))


def format_duration(duration: timedelta) -> str:
    """The shortest usual text of this *duration*: ``1h30m``; what is below a millisecond is left out.

    Years and weeks are used only where nothing is left over, so that ten days are ``10d`` and not ``1w3d``.
    """
    sign = "-" if duration < timedelta(0) else ""
    rest = abs(duration) // timedelta(milliseconds=1)
    if rest == 0:
        return "0s"
    parts: list[str] = []
    for unit, size in _UNITS.items():
        count, left = divmod(rest, size)
        if count == 0 or (unit in ("y", "w") and left):
            continue
        parts.append(f"{count}{unit}")
        rest = left
    return sign + "".join(parts)
