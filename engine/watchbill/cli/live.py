"""What happens to incidents, told line by line as it happens; for whoever reads along, on a terminal or through a pipe.

Each line leaves at once. A reader who has gone away ends it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from watchbill.cli.output import write
from watchbill.model.timeline import Happening
from watchbill.report.paint import Line, Span, line, paint_all
from watchbill.report.plain import plain
from watchbill.report.timeline_text import Following, ended

from watchbill.report.layout import MEASURE, wrap  # isort: skip


class Gone(Exception):
    """Nobody reads any more."""


class Live:
    """Tells of incidents on standard output, *width* columns wide. Of several, each is named where it is another than before."""

    def __init__(self, width: int, colour: bool) -> None:
        self.width, self.colour = min(width, MEASURE), colour
        self._following: dict[str, Following] = {}
        self._last = ""

    def knows(self, incident: str) -> bool:
        """Whether it has been told when this *incident* began."""
        return incident in self._following

    def begin(self, incident: str, opened_at: datetime) -> None:
        """From now on this *incident* is told of; times are counted from when it began."""
        self._following[incident] = Following(opened_at, self.width, is_to_the_second=True)

    def head(self, incident: str, title: str) -> None:
        """Say of which incident the next lines are, unless the last ones were of it too."""
        if incident != self._last:
            rows = wrap(line(Span(plain(incident), "name"), "  ", Span(plain(title), "strong")), self.width, 0, 2)
            self.say([(), *rows] if self._last else rows)
        self._last = incident

    def tell(self, incident: str, happenings: Iterable[Happening]) -> None:
        """Say what happened to it."""
        following = self._following[incident]
        self.say([each for happening in happenings for each in following.told(happening)])

    def end(self, after: timedelta, status: str) -> None:
        """Say how it stands at the end."""
        self.say([(), *ended(after, status, self.width)])

    def remark(self, text: str) -> None:
        """Say this in between."""
        self.say(wrap(line(Span(plain(text), "aside")), self.width, 0, 2))

    def say(self, lines: Iterable[Line]) -> None:
        """Write these *lines*. Raises `Gone` where nobody reads them."""
        put(paint_all(lines, self.colour))


def put(text: str) -> None:
    """Write this *text* at once. Raises `Gone` where nobody reads it."""
    if not write(sys.stdout, text):
        raise Gone


def json_line(document: Any) -> str:
    """The *document* on one line, for programs that read line by line."""
    return json.dumps(document) + "\n"
