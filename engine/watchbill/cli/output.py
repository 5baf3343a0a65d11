"""Writing to a terminal, a file or a pipe, whatever its encoding, and whether or not somebody still reads."""

from __future__ import annotations

import io
import os
import re
import sys
from contextlib import suppress
from typing import Any, Final, TextIO

_HARMFUL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]|\r(?!\n)")
"""What acts on a terminal, or turns the direction of writing round."""

_COLOUR: Final = re.compile("\x1b\\[[0-9;]*m")

_SIMPLER: Final = str.maketrans({"·": "-", "─": "-", "«": '"', "»": '"', "–": "-", "…": "...", "→": "->", "’": "'"})
"""What stands for our own signs where the encoding has none of them."""


def write(stream: TextIO, text: str) -> bool:
    """Write the whole *text*; whether somebody still reads. A reader who has gone away (`… | head`) is no error.

    Signs that a terminal lacks are replaced.

    Raises OSError where it cannot be written, as on a disk that is full.
    """
    if not text:
        return True
    text = harmless(text)
    encoding = stream.encoding or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        text = text.translate(_SIMPLER).encode(encoding, "backslashreplace").decode(encoding)
    try:
        stream.write(text)
        stream.flush()
    except BrokenPipeError:
        _forget(stream)
        return False
    except OSError:
        _forget(stream)
        raise
    return True


def harmless(text: str) -> str:
    r"""The *text* with what would act on a terminal written as ``\u202e``, which in JSON means the same; colours and lines stay."""
    if _HARMFUL.search(text) is None:
        return text
    colours = {match.start() for match in _COLOUR.finditer(text)}
    return _HARMFUL.sub(lambda found: found[0] if found.start() in colours else f"\\u{ord(found[0]):04x}", text)


def complain(text: str) -> None:
    """Write the *text* to standard error. Where that fails too, nobody can be told, and the exit code says it alone."""
    with suppress(OSError):
        write(sys.stderr, text)


def speak_utf8(stream: TextIO) -> None:
    """Let the *stream* carry UTF-8, for what is UTF-8 by its own definition, whatever the terminal can show."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(encoding="utf-8", errors="strict")


def json_text(data: Any, stream: TextIO) -> str:
    """The *data* as JSON that the *stream* can carry: letters that its encoding lacks are escaped, and nothing is replaced."""
    import json

    text = json.dumps(data, indent=2, ensure_ascii=False)
    try:
        text.encode(stream.encoding or "utf-8")
    except UnicodeEncodeError:
        text = json.dumps(data, indent=2)
    return text + "\n"


def settle(stream: TextIO) -> None:
    """Let go of what the *stream* still holds and cannot be written, whoever wrote it; Python would complain of it at the end."""
    try:
        stream.flush()
    except OSError:
        _forget(stream)


def _forget(stream: TextIO) -> None:
    """Lead the *stream* to nowhere, so that Python's own flush at the end has nothing to complain about."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, stream.fileno())
    except (OSError, ValueError):
        pass
    finally:
        os.close(nowhere)


def wants_colour(choice: str, stream: TextIO) -> bool:
    """Whether the *stream* gets colours: as *choice* says, and for ``auto`` a terminal without NO_COLOR does."""
    if choice != "auto":
        return choice == "always"
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def width_of(stream: TextIO) -> int:
    """How wide to write: as wide as the terminal is, or 80 columns where there is none."""
    if not stream.isatty():
        return 80
    import shutil

    return shutil.get_terminal_size().columns


def is_interactive() -> bool:
    """Whether a person sits at standard input, so that waiting for it would wait for ever."""
    return sys.stdin.isatty()
