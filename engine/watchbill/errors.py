"""What may go wrong, whose fault it is, and how it is said.

    WatchbillError
      UserError       what the user wrote or asked for cannot be used; exit 2
      OutsideError    something that is not watchbill failed; exit 3

Everything else that is raised is a bug of ours. What a *policy* gets wrong is
not raised at all: it is a `Finding`, and all findings come at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

Level = Literal["error", "warning"]


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where something was written: a file as the user named it, line and column from 1.

    Line 0 stands for the file as a whole; column 0 for the whole line.
    """

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        parts = [self.file]
        if self.line:
            parts.append(str(self.line))
            if self.column:
                parts.append(str(self.column))
        return ":".join(parts)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong in what people wrote: where, what, and what to do next.

    *rule* is the one name of this check: in the code, in `docs/errors.md`, in reports.
    *document* is ``Kind/name`` of the document it stands in, where that is known; a
    document with an error is quarantined, one with warnings only is not, and nor is one
    that is sound and cannot be carried out.
    """

    rule: str
    place: Place
    message: str
    help: str
    level: Level = "error"
    document: str | None = None

    def __str__(self) -> str:
        return f"{self.place}: {self.message} [{self.rule}]\n  help: {self.help}"

    @property
    def order(self) -> tuple[Place, str, str]:
        """The key by which findings are sorted: place first, so that a reader goes through a file once."""
        return (self.place, self.rule, self.message)


@dataclass(frozen=True, slots=True)
class Unlisted:
    """How many findings of a *file* are not listed, because there are too many."""

    file: str
    errors: int = 0
    warnings: int = 0

    @property
    def count(self) -> int:
        """How many there are, errors and warnings together."""
        return self.errors + self.warnings


class WatchbillError(Exception):
    """Something that cannot go on, said in one sentence with the next thing to do."""

    exit_code: ClassVar[int] = 2

    def __init__(self, message: str, help: str, *, rule: str, place: Place | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.help = help
        self.rule = rule
        self.place = place

    def __str__(self) -> str:
        where = f"{self.place}: " if self.place else ""
        return f"{where}{self.message} [{self.rule}]\n  help: {self.help}"


class UserError(WatchbillError):
    """What the user wrote or asked for cannot be used."""

    exit_code = 2


class OutsideError(WatchbillError):
    """Something that is not watchbill failed: a file that cannot be read, a peer that does not answer."""

    exit_code = 3
