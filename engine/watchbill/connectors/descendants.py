"""Finding what a program has begun, however far it went from its group, and what outlived the process that began it.

Each program is begun with a mark in its environment, which its children inherit. Linux shows the environment of a process to its own
account; where none is shown, nothing is found. A process is signalled by a handle that means it alone, after its mark was read again.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from typing import Final

VARIABLE: Final = "WATCHBILL_RUN"
"""The variable that holds the mark: whose program it is, and which run."""

_PROCESSES: Final = "/proc"


def end(mark: str) -> int:
    """Kill every process whose mark is this *mark*, or begins with it and a slash; how many there were.

    It looks again until it finds none, for what is about to be killed may begin another. One that takes a moment to die counts once.
    """
    ended: set[int] = set()
    for _ in range(20):
        found = {number for number in _marked(mark) if _kill(number, mark)}
        ended |= found
        if not found:
            break
    return len(ended)


def _marked(mark: str) -> Iterator[int]:
    try:
        names = os.listdir(_PROCESSES)
    except OSError:
        return
    own = os.getpid()
    for name in names:
        if name.isascii() and name.isdigit() and int(name) != own and _has(int(name), mark):
            yield int(name)


def _has(number: int, mark: str) -> bool:
    try:
        with open(f"{_PROCESSES}/{number}/environ", "rb") as file:
            variables = file.read().split(b"\0")
    except OSError:
        return False
    wanted = f"{VARIABLE}={mark}".encode()
    return any(each == wanted or each.startswith(wanted + b"/") for each in variables)


def _kill(number: int, mark: str) -> bool:
    """Kill the process of this *number* if it still has this *mark*; whether it did."""
    if not hasattr(os, "pidfd_open"):
        return False
    try:
        handle = os.pidfd_open(number)
    except OSError:
        return False
    try:
        if not _has(number, mark):
            return False
        with suppress(ProcessLookupError, PermissionError):
            signal.pidfd_send_signal(handle, signal.SIGKILL)
            return True
        return False
    finally:
        os.close(handle)
