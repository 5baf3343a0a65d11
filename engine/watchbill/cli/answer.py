"""What a verb gives back, and what it was told about how to show it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Answer:
    """All that a verb has to say: *text* for standard output, *remark* for standard error, and its exit code."""

    text: str
    code: int = 0
    remark: str = ""


@dataclass(slots=True)
class Session:
    """What holds for one command line, wherever in it it was said."""

    color: str = "auto"
    debug: bool = False
