"""Tables as Markdown, with columns that stand in line, so that they read well on a terminal and can be pasted."""

from __future__ import annotations

from collections.abc import Sequence

NOTHING = "–"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print the *rows* under this *head*; the first column is text, the others are numbers."""
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]

    def line(cells: Sequence[str]) -> str:
        first, *others = zip(cells, widths, strict=True)
        return f"| {first[0]:<{first[1]}} | " + " | ".join(f"{text:>{width}}" for text, width in others) + " |"

    print(line(head))
    print("|" + "|".join([":" + "-" * (widths[0] + 1), *("-" * (width + 1) + ":" for width in widths[1:])]) + "|")
    for row in rows:
        print(line(row))
    print()


def at_least(found: float | None, target: float | None) -> str:
    """The *target* of what should be high, and whether *found* reaches it."""
    if target is None:
        return NOTHING
    return f"at least {target:g}: {_verdict(found is not None and found >= target, found)}"


def under(found: float | None, target: float | None, unit: str = "") -> str:
    """The *target* of what should be low, and whether *found* keeps to it."""
    if target is None:
        return NOTHING
    return f"under {target:g}{unit}: {_verdict(found is not None and found < target, found)}"


def _verdict(is_met: bool, found: float | None) -> str:
    if found is None:
        return "not measured"
    return "met" if is_met else "MISSED"


def number(found: float | None, form: str = ",.0f") -> str:
    """A figure, or the sign for none."""
    return NOTHING if found is None else format(found, form)
