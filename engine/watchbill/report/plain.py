"""Text from outside, made harmless for a terminal.

An alert's label could otherwise move the cursor, recolour the screen, or turn the direction of writing round.
"""

from __future__ import annotations

import unicodedata
from typing import Final

_JOINERS: Final = "\u200c\u200d"
"""Invisible, but several scripts and most emoji are written with them, and they move nothing."""

_UNSAFE: Final = ("Cc", "Cf", "Cs", "Zl", "Zp")


def plain(text: str) -> str:
    """The *text* on one line, with every character that would act on a terminal written out as an escape.

    White space of any kind becomes one space. What is visible stays as it is.
    """
    if text.isascii() and text.isprintable():
        return " ".join(text.split()) if "  " in text or text[:1] == " " or text[-1:] == " " else text
    return "".join(map(_visible, " ".join(text.split())))


def plain_lines(text: str) -> str:
    """The *text* with its lines and spaces as they are, and harmless otherwise."""
    return "".join(character if character == "\n" else _visible(character) for character in text)


def first_line(text: str) -> str:
    """The first line of the *text* that says anything, made harmless."""
    return next((plain(line) for line in text.splitlines() if line.strip()), "")


def _visible(character: str) -> str:
    if character in _JOINERS or unicodedata.category(character) not in _UNSAFE:
        return character
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")


def columns(text: str) -> int:
    """How many columns of a terminal the *text* takes: two for wide characters, none for combining ones."""
    if text.isascii():
        return len(text)
    return sum(map(_columns, text))


def _columns(character: str) -> int:
    if unicodedata.combining(character) or character in _JOINERS or "\ufe00" <= character <= "\ufe0f":
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
