"""Text with styles, and their colours where somebody asks for them.

A style names what a piece of text means, not how it looks. Each has its own words in the text as well, so that a
reader without colour loses nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

Style = Literal["none", "section", "strong", "name", "time", "place", "aside", "critical", "warning", "info", "good"]

_CODES: Final[Mapping[Style, str]] = {
    "section": "1",
    "strong": "1",
    "name": "1",
    "time": "36",
    "place": "2",
    "aside": "2",
    "critical": "1;31",
    "warning": "33",
    "info": "34",
    "good": "32",
}
"""Select Graphic Rendition of each style: the sixteen colours every terminal has, and none that needs a dark one."""


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of text of one style. It holds no control characters: whoever makes it has passed it through `plain`."""

    text: str
    style: Style = "none"


Line: TypeAlias = tuple[Span, ...]
"""One line of spans."""


def line(*pieces: str | Span | Line) -> Line:
    """A line of these *pieces*; text stands for a span without a style."""
    spans: list[Span] = []
    for piece in pieces:
        if isinstance(piece, str):
            spans.append(Span(piece))
        elif isinstance(piece, Span):
            spans.append(piece)
        else:
            spans.extend(piece)
    return tuple(span for span in spans if span.text)


def paint(spans: Line, colour: bool) -> str:
    """The line as it is printed, with ANSI colours or without; trailing blanks are left off."""
    kept = list(spans)
    while kept and not kept[-1].text.strip(" "):
        kept.pop()
    if kept:
        kept[-1] = Span(kept[-1].text.rstrip(" "), kept[-1].style)
    return "".join(_painted(span, colour) for span in kept)


def paint_all(lines: Iterable[Line], colour: bool) -> str:
    """The *lines* as one text that ends with a newline; empty for no lines."""
    return "".join(f"{paint(each, colour)}\n" for each in lines)


def _painted(span: Span, colour: bool) -> str:
    if not colour or span.style == "none":
        return span.text
    return f"\x1b[{_CODES[span.style]}m{span.text}\x1b[0m"
