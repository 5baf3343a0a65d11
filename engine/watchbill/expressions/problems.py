"""How a mistake inside an expression is said: where in the text, what, and what to do next.

An `ExpressionError` means that a text cannot be read at all. A `Problem` is found in a text that can
be read. Both count characters from the start of the text, so that a caller who knows where the text
stands in its file can name line and column.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from watchbill.errors import Level


class ExpressionError(Exception):
    """A text that cannot be used, with the next thing to do.

    *start* and *end* are offsets of the characters in question, from 0; *end* is excluded.
    """

    def __init__(self, message: str, help: str, start: int = 0, end: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.help = help
        self.start = start
        self.end = start + 1 if end is None else end


class EvaluationError(ExpressionError):
    """A condition that reads well and could not be worked out for this context."""


class TooCostly(EvaluationError):
    """A condition that would take more steps than one evaluation may."""


class TemplateRefused(ExpressionError):
    """A template that reads well and must not be filled in with these values."""


class TemplateTooCostly(TemplateRefused):
    """A template that would take more steps than filling one in may."""


class CallRefused(ExpressionError):
    """A call whose arguments, now that they are filled in, are not what its action takes."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong in an expression that can be read.

    *rule* is the name of the check. *offset* is where it begins in the text, None where that is not known.
    """

    rule: str
    message: str
    help: str
    level: Level = "error"
    offset: int | None = None


def closest(name: str, known: Iterable[str]) -> str | None:
    """The one of these *known* names that was probably meant by *name*, or None."""
    candidates = sorted(known)
    lowered = {candidate.lower(): candidate for candidate in reversed(candidates)}
    found = difflib.get_close_matches(name.lower(), list(lowered), n=1, cutoff=0.6)
    return lowered[found[0]] if found else None


def code(text: str) -> str:
    """This *text* in backticks; in two where it has backticks of its own, as Markdown reads them."""
    return f"`` {text} ``" if "`" in text else f"`{text}`"


def listed(names: Iterable[str], limit: int = 8) -> str:
    """These *names* in backticks, in order, as a sentence has them: at most *limit*, then «…»."""
    quoted = [f"`{name}`" for name in names]
    shown = quoted[:limit]
    if len(quoted) > limit:
        return ", ".join(shown) + ", …"
    if len(shown) < 2:
        return "".join(shown)
    return ", ".join(shown[:-1]) + " and " + shown[-1]
