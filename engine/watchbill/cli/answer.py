"""What a verb gives back, and what it was told about how to show it.

Plain classes: dataclasses would load `inspect`, and a shell asks for completions between two keys.
"""

from __future__ import annotations

from typing import NamedTuple


class Answer(NamedTuple):
    """All that a verb has to say: *text* for standard output, *remark* for standard error, and its exit code."""

    text: str
    code: int = 0
    remark: str = ""


class Session:
    """What holds for one command line, wherever in it it was said."""

    __slots__ = ("color", "debug")

    def __init__(self, color: str = "auto", debug: bool = False) -> None:
        self.color = color
        self.debug = debug
