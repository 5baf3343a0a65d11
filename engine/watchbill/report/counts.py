"""Counts and lists in sentences; on their own, so that a quick command loads nothing more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

_NUMBERS: Final = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def count(number: int, one: str, many: str = "") -> str:
    """A number of things: ``1 file``, ``3 files``, ``1,000 files``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def number_word(number: int) -> str:
    """A small *number* as a word."""
    return _NUMBERS[number] if number < len(_NUMBERS) else f"{number:,}"


def listing(items: Sequence[str], last: str = "and") -> str:
    """The *items* as in a sentence: ``a, b and c``."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {last} {items[-1]}"
