"""Results made small enough to be kept: long texts are cut first, then long lists, and what is left has the same shape."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from watchbill.model.references import Json

MOST: Final = 64 * 1024
"""Bytes that a result may have, as JSON."""
_SHORTEST_TEXT: Final = 64


class TooLarge(ValueError):
    """A value that cannot be made small enough without another shape, or that is nested too deeply."""


def bounded(value: Json, most: int = MOST) -> Json:
    """The *value* in at most *most* bytes of JSON; what was cut says so. Raises `TooLarge`."""
    try:
        if size_of(value) <= most:
            return value
        # Cutting texts alone may do; if not even every list at its shortest would, nothing does.
        if size_of(_cut(value, _SHORTEST_TEXT, most)) <= most:
            return _first_that_fits(value, most, ((longest, most) for longest in _falling(most, _SHORTEST_TEXT)))
        if size_of(_cut(value, _SHORTEST_TEXT, 1)) <= most:
            return _first_that_fits(value, most, ((_SHORTEST_TEXT, items) for items in _falling(most, 1)))
    except RecursionError:
        raise TooLarge("it is nested too deeply") from None
    raise TooLarge("it is too large to be kept")


def _falling(most: int, least: int) -> Iterator[int]:
    while most > least:
        most //= 2
        yield max(most, least)


def _first_that_fits(value: Json, most: int, bounds: Iterator[tuple[int, int]]) -> Json:
    for longest, items in bounds:
        # Always of the whole: what was cut before says how much it lost.
        result = _cut(value, longest, items)
        if size_of(result) <= most:
            return result
    raise TooLarge("it is too large to be kept")


def size_of(value: Json) -> int:
    """How many bytes the *value* has as JSON."""
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace"))


def cut_text(text: str, longest: int) -> str:
    """The beginning of the *text*, with the number of characters that were left out."""
    if len(text) <= longest:
        return text
    return f"{text[:longest]}… ({len(text) - longest} more characters)"


def _cut(value: Json, longest: int, items: int) -> Json:
    if isinstance(value, str):
        return cut_text(value, longest)
    if isinstance(value, Mapping):
        return {key: _cut(each, longest, items) for key, each in value.items()}
    if isinstance(value, Sequence):
        return [_cut(each, longest, items) for each in value[:items]]
    return value
