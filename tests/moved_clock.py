"""The suite under another date (`make test-dates`): a pytest plugin that gets round a fault of libfaketime. Nothing is left out.

libfaketime stands between a process and the clock: the date is another one, while monotonic time and sleeping are to stay as they are.
What depends on today's date fails then, and is a fault of the test or of the code.
"""

from __future__ import annotations

import select
import time


def pytest_configure() -> None:
    """Sleep by another call of the system.

    Python sleeps until an instant of the monotonic clock, and libfaketime 0.9.10 takes that for one of the clock that it has moved: the
    call is refused (EINVAL). Waiting for a process with a time-out sleeps so too.
    """

    def sleep(seconds: float) -> None:
        select.select((), (), (), seconds)

    time.sleep = sleep  # noqa: TID251 - it is put here, and not called
