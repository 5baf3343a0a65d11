"""The plain part of pattern syntax: choices of sequences of characters, classes and repetitions.

`read_branches` reads the patterns that people mostly write, and answers None for everything else; what
it reads means the same in RE2 and in Python's `re` once written out again. Nothing that RE2 refuses is
read. Groups that do not repeat are multiplied out, so that a pattern becomes a choice of sequences.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeAlias

Ranges: TypeAlias = tuple[tuple[int, int], ...]
"""Characters as sorted, disjoint ranges of code points, both ends included."""

_LAST: Final = 0x10FFFF
ANY: Final[Ranges] = ((0, 9), (11, _LAST))
"""What a dot matches: everything but a line feed."""

MANY: Final = None
"""No upper bound to a repetition."""

_MOST_BRANCHES: Final = 256
_DIGITS: Final[Ranges] = ((48, 57),)
_WORD: Final[Ranges] = ((48, 57), (65, 90), (95, 95), (97, 122))
_SPACE: Final[Ranges] = ((9, 10), (12, 13), (32, 32))
_CONTROLS: Final = {"n": 10, "t": 9, "r": 13, "f": 12, "v": 11, "a": 7}
_REPEAT: Final = re.compile(r"\{([0-9]{1,3})(?:(,)([0-9]{1,3})?)?\}")


@dataclass(frozen=True, slots=True)
class Item:
    """Characters out of *chars*, at least *least* and at most *most* of them (`MANY`: no bound)."""

    chars: Ranges
    least: int = 1
    most: int | None = 1

    @property
    def literal(self) -> str | None:
        """The one character it can be, or None."""
        if len(self.chars) == 1 and self.chars[0][0] == self.chars[0][1]:
            return chr(self.chars[0][0])
        return None

    @property
    def source(self) -> str:
        """The same, as Python's `re` reads it."""
        literal = self.literal
        if literal is not None:
            body = re.escape(literal)
        elif self.chars == ANY:
            body = "."
        else:
            body = "[" + "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in self.chars) + "]"
        if (self.least, self.most) == (1, 1):
            return body
        return f"{body}{{{self.least},{'' if self.most is MANY else self.most}}}"

    def overlaps(self, other: Item) -> bool:
        """Whether some character could belong to either."""
        return any(first <= other_last and other_first <= last for first, last in self.chars for other_first, other_last in other.chars)


Branch: TypeAlias = tuple[Item, ...]


class _Unread(Exception):
    """The pattern is not one of the plain ones."""


@lru_cache(maxsize=1024)
def read_branches(text: str) -> tuple[Branch, ...] | None:
    """The choice of sequences that the pattern *text* is, or None where it is not a plain one."""
    if any(0xD800 <= ord(char) <= 0xDFFF for char in text):
        return None
    reader = _Reader(text)
    try:
        branches = reader.choice(depth=0)
        if reader.position < len(text):
            return None
    except _Unread:
        return None
    return tuple(branches)


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0

    def peek(self) -> str:
        return self.text[self.position : self.position + 1]

    def take(self) -> str:
        char = self.peek()
        if not char:
            raise _Unread
        self.position += 1
        return char

    def choice(self, depth: int) -> list[Branch]:
        branches = self.sequence(depth)
        while self.peek() == "|":
            self.position += 1
            branches = branches + self.sequence(depth)
        return branches

    def sequence(self, depth: int) -> list[Branch]:
        """One alternative; groups inside it multiply it out."""
        branches: list[Branch] = [()]
        if depth == 0 and self.peek() == "^":  # the whole value is matched anyway
            self.position += 1
        while (char := self.peek()) and char not in "|)":
            if char == "$" and depth == 0 and self.text[self.position + 1 : self.position + 2] in ("", "|"):
                self.position += 1
                break
            parts: list[Branch] = self.group(depth) if char == "(" else [(self.item(),)]
            if len(branches) * len(parts) > _MOST_BRANCHES:
                raise _Unread
            branches = [(*branch, *part) for branch in branches for part in parts]
        return branches

    def group(self, depth: int) -> list[Branch]:
        self.position += 1
        if self.peek() == "?":
            if self.text[self.position : self.position + 2] != "?:":
                raise _Unread
            self.position += 2
        if depth >= 8:
            raise _Unread
        branches = self.choice(depth + 1)
        if self.take() != ")" or self.peek() in ("*", "+", "?", "{"):
            raise _Unread
        return branches

    def item(self) -> Item:
        char = self.take()
        if char == ".":
            chars = ANY
        elif char == "\\":
            chars = self.escape()
        elif char == "[":
            chars = self.char_class()
        elif char in "*+?{}[]()^$":
            raise _Unread
        else:
            chars = _single(ord(char))
        return self.repeated(chars)

    def repeated(self, chars: Ranges) -> Item:
        bounds: tuple[int, int | None] = (1, 1)
        char = self.peek()
        if char in ("*", "+", "?"):
            self.position += 1
            bounds = {"*": (0, MANY), "+": (1, MANY), "?": (0, 1)}[char]
        elif char == "{":
            found = _REPEAT.match(self.text, self.position)
            if found is None:
                raise _Unread
            self.position = found.end()
            low = int(found[1])
            high = low if found[2] is None else int(found[3]) if found[3] else MANY
            if high is not MANY and low > high:
                raise _Unread
            bounds = (low, high)
        if char in ("*", "+", "?", "{") and self.peek() in ("*", "+", "?", "{"):
            raise _Unread
        return Item(chars, *bounds)

    def escape(self) -> Ranges:
        char = self.take()
        if char in _CONTROLS:
            return _single(_CONTROLS[char])
        known: dict[str, Ranges] = {"d": _DIGITS, "w": _WORD, "s": _SPACE}
        if char.lower() in known:
            return known[char] if char in known else _negated(known[char.lower()])
        if char.isascii() and not char.isalnum() and char.isprintable() and char != "_":
            return _single(ord(char))
        raise _Unread

    def char_class(self) -> Ranges:
        is_negated = self.peek() == "^"
        if is_negated:
            self.position += 1
        ranges: list[tuple[int, int]] = []
        while (char := self.take()) != "]":
            if char == "[":  # a named class, or a slip
                raise _Unread
            first = self.escape() if char == "\\" else _single(ord(char))
            if self.peek() != "-" or self.text[self.position + 1 : self.position + 2] in ("]", ""):
                if char == "-" and ranges and self.peek() != "]":  # RE2 wants a bare `-` first or last
                    raise _Unread
                ranges.extend(first)
                continue
            self.position += 1
            upper = self.take()
            if upper in "[\\" or len(first) != 1 or first[0][0] != first[0][1] or ord(upper) < first[0][0]:
                raise _Unread
            ranges.append((first[0][0], ord(upper)))
        if not ranges:
            raise _Unread
        merged = _merged(ranges)
        return _negated(merged) if is_negated else merged


def _single(code: int) -> Ranges:
    return ((code, code),)


def _merged(ranges: list[tuple[int, int]]) -> Ranges:
    merged: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return tuple(merged)


def _negated(ranges: Ranges) -> Ranges:
    gaps: list[tuple[int, int]] = []
    start = 0
    for first, last in ranges:
        if start < first:
            gaps.append((start, first - 1))
        start = last + 1
    if start <= _LAST:
        gaps.append((start, _LAST))
    return tuple(gaps)
