"""How bad an alert is, as the source says it, in the three words that policies use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

Severity = Literal["critical", "warning", "info"]

RANK: Final[Mapping[str, int]] = {"info": 0, "warning": 1, "critical": 2}
"""A higher rank is worse."""

_CRITICAL = "critical crit page fatal emergency emerg disaster high major urgent alert alerting firing error err"
_CRITICAL_RANKS = "p0 p1 p2 sev0 sev-0 sev1 sev-1 sev2 sev-2"
_WARNING = "warning warn minor average medium ticket p3 sev3 sev-3"
_INFO = "info informational information notice none low debug ok normal p4 p5 sev4 sev-4 sev5 sev-5"

USUAL_WORDS: Final[Mapping[str, Severity]] = {
    **dict.fromkeys((*_CRITICAL.split(), *_CRITICAL_RANKS.split()), "critical"),
    **dict.fromkeys(_WARNING.split(), "warning"),
    **dict.fromkeys(_INFO.split(), "info"),
}
"""The field's usual words, in lower case. `Settings.severities` adds to them and overrules them."""


def worst(severities: tuple[Severity, ...]) -> Severity:
    """The highest of these *severities*; ``info`` for none."""
    return max(severities, key=RANK.__getitem__, default="info")
