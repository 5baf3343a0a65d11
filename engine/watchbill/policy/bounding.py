"""How many findings are told at once: as many as anybody reads, and how many more there are.

Rule 1: nothing is left out in silence. What is not listed is counted, file by file.
Rule 2: errors come before warnings where not all can be listed, and files in the order of their names.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from watchbill.errors import Finding, Unlisted

MOST_IN_A_FILE: Final = 200
MOST_IN_ALL: Final = 5_000


def bounded(findings: Iterable[Finding]) -> tuple[tuple[Finding, ...], tuple[Unlisted, ...]]:
    """The *findings* that are listed, in order of place, and how many of each file are not."""
    ordered = sorted(findings, key=lambda finding: finding.order)
    if len(ordered) <= MOST_IN_A_FILE:
        return tuple(ordered), ()
    listed: set[int] = set()
    of_file: Counter[str] = Counter()
    for level in ("error", "warning"):
        for position, finding in enumerate(ordered):
            if finding.level == level and of_file[finding.place.file] < MOST_IN_A_FILE and len(listed) < MOST_IN_ALL:
                of_file[finding.place.file] += 1
                listed.add(position)
    kept = tuple(finding for position, finding in enumerate(ordered) if position in listed)
    return kept, _counted([finding for position, finding in enumerate(ordered) if position not in listed])


def _counted(findings: Sequence[Finding]) -> tuple[Unlisted, ...]:
    errors = Counter(finding.place.file for finding in findings if finding.level == "error")
    warnings = Counter(finding.place.file for finding in findings if finding.level == "warning")
    return tuple(Unlisted(file, errors[file], warnings[file]) for file in sorted({*errors, *warnings}))
