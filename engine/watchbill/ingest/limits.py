"""What is taken from outside, and how much of it: generous for alerts, and an end for everything else."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

BODY_BYTES: Final = 16 * 1024 * 1024
ALERTS: Final = 10_000
MARKS: Final = 500_000
"""Commas and opening brackets in one body: a document has no more values than these, and its memory is bounded by them."""

LABELS: Final = 128
"""Of one alert; as many annotations."""

NAME_LENGTH: Final = 1024
VALUE_LENGTH: Final = 65_536
FIRST_YEAR: Final = 1970
LAST_YEAR: Final = 2200
TRUNCATED: Final = 1_000_000_000

GO_ZERO: Final = datetime(1, 1, 1, tzinfo=UTC)
"""What Go writes for a time that was never set."""

CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
"""What no name may have in it: it could not be seen where the name is shown."""


def has_too_many_values(text: bytes) -> bool:
    """Whether decoding this *text* could take more memory than a request is worth. A text shorter than the bound need not be asked."""
    return len(text) > MARKS and sum(map(text.count, (b",", b"{", b"["))) > MARKS
