"""A payload of another form than Alertmanager's, as objects that know where they stand.

`null` counts as absent. What is asked for and is of another kind raises `Problem` with its path, so that a reader of a payload
says what it wants and nothing else. Texts are bounded here as they are in alerts.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from watchbill.errors import UserError
from watchbill.ingest.limits import BODY_BYTES, FIRST_YEAR, LAST_YEAR, VALUE_LENGTH, has_too_many_values
from watchbill.ingest.problems import Problem, as_error, at, kind_of, short

_LARGE: Final = "send less: an alert is a few short texts; a log or a dump has its own place"
_TIMES: Final = "write times as RFC 3339 does, 2026-11-23T03:12:00Z, or as seconds or milliseconds since 1970"
TOO_DEEP: Final = Problem("a payload", "lists or objects nested far too deep", "send what the sender's documentation shows, and no more")

_BEHIND: Final[Mapping[int, int]] = {10: 1, 13: 1_000, 16: 1_000_000, 19: 1_000_000_000}
"""How many digits a time since 1970 has today, and how many of its units make a second."""

_DIGITS: Final = re.compile(r"\d{9,20}")


def read_document(body: bytes, file: str, *, help: str) -> Any:
    """What *body* holds as one JSON document in plain values.

    Raises `UserError` with a place in *file* where it is none, or more than is taken; *help* says what to send instead.
    """
    from watchbill.ingest import wire

    text = body.removeprefix(codecs.BOM_UTF8)
    if len(text) <= BODY_BYTES and not has_too_many_values(text):
        try:
            return wire.decode_any(text)
        except (wire.DecodeError, UnicodeDecodeError, RecursionError):
            pass
    raise _unreadable(text, file, help)


def _unreadable(text: bytes, file: str, help: str) -> UserError:
    from watchbill.ingest.refusing import check_text

    problem = Problem("numbers of a usual size", "one that is far too large", help)
    try:
        check_text(text, any_shape=True)
    except Problem as found:
        problem = found
    except RecursionError:
        problem = TOO_DEEP
    return as_error(problem, text, file)


def inner_document(text: str, path: str, expected: str, help: str) -> Any:
    """The JSON document that stands as a *text* in another one, at *path*. Raises `Problem` where it is none."""
    from watchbill.ingest import wire

    try:
        return wire.decode_any(text)
    except (wire.DecodeError, RecursionError):
        raise Problem(expected, f"`{short(text)}`" if text.isprintable() else "another text", help, path) from None


def part_of(value: Any, path: str, expected: str, help: str) -> Part:
    """The object that *value* is. Raises `Problem` where it is something else than what was *expected*."""
    if not isinstance(value, dict):
        raise Problem(expected, kind_of(value), help, path)
    return Part(value, path, help)


@dataclass(frozen=True, slots=True)
class Part:
    """One object of a payload, the *path* to it, and what to do where something in it is wrong."""

    values: Mapping[str, Any]
    path: str
    help: str

    def __contains__(self, name: str) -> bool:
        """Whether something that is not null stands under this *name*."""
        return self.values.get(name) is not None

    def at(self, name: str) -> str:
        """The path to what stands under this *name*."""
        return at(self.path, name)

    def text(self, *names: str) -> str:
        """The text under the first of these *names* that has one that is not empty; numbers and booleans as JSON writes them."""
        for name in names:
            value = self.values.get(name)
            if value is not None and (found := self._written(name, value)):
                return found
        return ""

    def needed(self, name: str) -> str:
        """The text under this *name*, which must be there."""
        found = self.text(name)
        if not found:
            raise Problem(f"a text that is not empty as `{name}`", "none", self.help, self.path)
        return found

    def word(self, name: str, *words: str) -> str:
        """The text under this *name*, which must be one of these *words*, in lower case."""
        found = self.needed(name).lower()
        if found not in words:
            said = ", ".join(f"`{each}`" for each in words)
            raise Problem(f"one of {said}", f"`{short(found)}`", self.help, self.at(name))
        return found

    def part(self, name: str) -> Part:
        """The object under this *name*; an empty one where there is none."""
        value = self.values.get(name)
        return part_of({} if value is None else value, self.at(name), "an object", self.help)

    def items(self, name: str) -> list[Any]:
        """The list under this *name*; an empty one where there is none."""
        value = self.values.get(name)
        if value is not None and not isinstance(value, list):
            raise Problem("a list", kind_of(value), self.help, self.at(name))
        return value or []

    def parts(self, name: str) -> list[Part]:
        """The objects in the list under this *name*."""
        return [part_of(each, f"{self.at(name)}[{index}]", "an object", self.help) for index, each in enumerate(self.items(name))]

    def words(self, name: str) -> tuple[str, ...]:
        """The texts in the list under this *name*, or between the commas of the text there; empty ones are left out."""
        value = self.values.get(name)
        if isinstance(value, list):
            found = [self._written(f"{name}[{index}]", each) for index, each in enumerate(value) if each is not None]
        else:
            found = self.text(name).split(",")
        return tuple(text for each in found if (text := each.strip()))

    def time(self, *names: str) -> datetime | None:
        """The time under the first of these *names* that has one: in any of the forms that systems write, UTC where it says no zone."""
        for name in names:
            text = self.text(name).strip()
            if not text:
                continue
            found = _time(text)
            if found is None:
                raise Problem("a time", f"`{short(text)}`", _TIMES, self.at(name))
            if not FIRST_YEAR <= found.year <= LAST_YEAR:
                raise Problem(f"a year from {FIRST_YEAR} to {LAST_YEAR}", str(found.year), _TIMES, self.at(name))
            return found
        return None

    def written(self) -> Iterator[tuple[str, str]]:
        """Every name and its value as text, whatever that is; null and names that are empty are left out."""
        for name, value in self.values.items():
            if name and value is not None:
                text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
                yield name, self._bounded(name, text)

    def _written(self, name: str, value: Any) -> str:
        if isinstance(value, dict | list):
            raise Problem("text", kind_of(value), self.help, self.at(name))
        return self._bounded(name, value if isinstance(value, str) else json.dumps(value))

    def _bounded(self, name: str, text: str) -> str:
        if len(text) > VALUE_LENGTH:
            raise Problem(f"at most {VALUE_LENGTH} characters", str(len(text)), _LARGE, self.at(name))
        if "\0" in text:
            raise Problem("text without NUL", "a NUL", self.help, self.at(name))
        return text


def _time(text: str) -> datetime | None:
    if _DIGITS.fullmatch(text):
        units = _BEHIND.get(len(text))
        return datetime.fromtimestamp(int(text) / units, UTC) if units else None
    try:
        return datetime.fromtimestamp(float(text), UTC) if text[:1].isdigit() and text.count(".") == 1 and "-" not in text else _iso(text)
    except (ValueError, OverflowError, OSError):
        return None


def _iso(text: str) -> datetime | None:
    found = datetime.fromisoformat(text)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
