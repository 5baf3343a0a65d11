"""The frame of a plan's sections: a name in the gutter, a sentence beside it, a place at the right."""

from __future__ import annotations

from typing import Final

from watchbill.errors import Place
from watchbill.report.layout import placed, wrap
from watchbill.report.paint import Line, Span, Style, line
from watchbill.report.plain import plain

GUTTER: Final = 8
"""Where the text beside a section's name begins."""

DETAIL: Final = 9
"""Where lines below an entry begin: beside its time."""


def headed(label: str, said: Line, width: int, place: Place | None = None, style: Style = "section") -> list[Line]:
    """The first line of a section: its name in the gutter, what it *said* beside it, the *place* at the right."""
    rows = wrap(said, width, GUTTER)
    head = line(Span(label.ljust(GUTTER), style))
    first = line(head, *rows[0][1:]) if rows else head
    return placed([first, *rows[1:]], where(place) if place else (), width, GUTTER)


def where(place: Place) -> Line:
    """The *place* as it stands at the right: file and line."""
    return line(Span(place_text(place), "place"))


def place_text(place: Place) -> str:
    """File and line of a *place*, harmless."""
    return plain(f"{place.file}:{place.line}" if place.line else place.file)
