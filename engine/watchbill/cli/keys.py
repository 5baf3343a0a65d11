"""Single keys of a terminal, as they are pressed, while an event loop runs; nobody waits for them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO


@contextmanager
def pressed(stream: TextIO, take: Callable[[str], None]) -> Iterator[bool]:
    """Have each key that is pressed on this *stream* taken; whether it is a terminal that is ours to listen to.

    Ctrl-C stays what it is. Afterwards the terminal is as it was.
    """
    there = _ours(stream)
    if there is None:
        yield False
        return
    import termios
    import tty

    before = termios.tcgetattr(there)
    loop = asyncio.get_running_loop()

    def read() -> None:
        keys = os.read(there, 64)
        if not keys:
            loop.remove_reader(there)
        for key in keys.decode("utf-8", "ignore"):
            take(key)

    tty.setcbreak(there, termios.TCSANOW)
    loop.add_reader(there, read)
    try:
        yield True
    finally:
        loop.remove_reader(there)
        termios.tcsetattr(there, termios.TCSANOW, before)


def _ours(stream: TextIO) -> int | None:
    """The descriptor of a terminal with us in its foreground: a process in the background is stopped when it touches one."""
    try:
        import termios  # noqa: F401 # not every system has it

        there = stream.fileno()
        return there if stream.isatty() and os.tcgetpgrp(there) == os.getpgrp() else None
    except (ImportError, OSError, ValueError):
        return None
