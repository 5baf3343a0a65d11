"""The suite under another date (`make test-dates`): a pytest plugin that gets round a fault of libfaketime, and names what is left out.

libfaketime stands between a process and the clock: the date is another one, while monotonic time and sleeping are to stay as they are.
What depends on today's date fails then, and is a fault of the test or of the code.
"""

from __future__ import annotations

import select
import time
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[1]

LEFT_OUT: Final = {
    "tests/crash": "its processes are killed at any instruction, also while they hold the lock that libfaketime shares between processes",
}
"""What cannot run under libfaketime, by folder or file, and why."""


def pytest_configure() -> None:
    """Sleep by another call of the system.

    Python sleeps until an instant of the monotonic clock, and libfaketime 0.9.10 takes that for one of the clock that it has moved: the
    call is refused (EINVAL). Waiting for a process with a time-out sleeps so too.
    """

    def sleep(seconds: float) -> None:
        select.select((), (), (), seconds)

    time.sleep = sleep  # noqa: TID251 - it is put here, and not called


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out what cannot run so; the summary says each with its reason."""
    for item in items:
        path = item.path.relative_to(ROOT).as_posix()
        for place, why in LEFT_OUT.items():
            if path == place or path.startswith(f"{place}/"):
                item.add_marker(pytest.mark.skip(reason=f"libfaketime: {why}"))
