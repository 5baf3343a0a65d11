"""The functions of a condition: JMESPath's own, as jmespath has them, with `weekday()`, `hour()` and `in_interval()` besides.

`SIGNATURES` says what each takes and gives, for the checker and the reference. `library()` gives jmespath's
implementations; they are looked up by name once, when code is generated.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from typing import Any, Final

from watchbill.expressions.context import Anything, Array, Boolean, Null, Number, Object, String, Type, union
from watchbill.expressions.zones import zone as zone_called
from watchbill.model.times import Recurrence

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Signature:
    """What a function takes and gives.

    Each of *takes* is the JMESPath words for the types an argument may have, none for any; with *repeats* the
    last may come again, with *optional* that many at the end may be left out.
    """

    takes: tuple[Words, ...]
    gives: Type
    doc: str
    repeats: bool = False
    optional: int = 0


_NUMBERS = ("array-number",)
_SORTABLE = ("array-number", "array-string")
_KEY = union(Number(), String())

SIGNATURES: Final[dict[str, Signature]] = {
    "abs": Signature((("number",),), Number(), "A number without its sign."),
    "avg": Signature((_NUMBERS,), union(Number(), Null()), "The mean of numbers; null of none."),
    "ceil": Signature((("number",),), Number(), "The next whole number above."),
    "contains": Signature((("array", "string"), ()), Boolean(), "Whether a list has an element, or a text a part."),
    "ends_with": Signature((("string",), ("string",)), Boolean(), "Whether a text ends with another."),
    "floor": Signature((("number",),), Number(), "The next whole number below."),
    "hour": Signature((("string",), ("string",)), Number(), "The hour of a time, 0 to 23, in a zone or in UTC.", optional=1),
    "in_interval": Signature(
        (("string",), ("string",)),
        Boolean(),
        "Whether a time, `now` where none is given, lies in the TimeInterval of this name; the name is written out.",
        optional=1,
    ),
    "join": Signature((("string",), ("array-string",)), String(), "Texts put together, with a text between them."),
    "keys": Signature((("object",),), Array(String()), "The names of an object's fields."),
    "length": Signature((("string", "array", "object"),), Number(), "How many characters, elements or fields."),
    "map": Signature((("expref",), ("array",)), Array(Anything()), "An expression applied to each element."),
    "max": Signature((_SORTABLE,), union(_KEY, Null()), "The greatest; null of none."),
    "max_by": Signature((("array",), ("expref",)), Anything(), "The element for which an expression is greatest."),
    "merge": Signature((("object",),), Object({}, Anything()), "Objects put together; later ones win.", repeats=True),
    "min": Signature((_SORTABLE,), union(_KEY, Null()), "The least; null of none."),
    "min_by": Signature((("array",), ("expref",)), Anything(), "The element for which an expression is least."),
    "not_null": Signature(((),), Anything(), "The first of its arguments that is not null.", repeats=True),
    "reverse": Signature((("array", "string"),), Anything(), "A list or a text from its end."),
    "sort": Signature((_SORTABLE,), Array(_KEY), "Numbers or texts in order."),
    "sort_by": Signature((("array",), ("expref",)), Array(Anything()), "Elements in the order of an expression."),
    "starts_with": Signature((("string",), ("string",)), Boolean(), "Whether a text begins with another."),
    "sum": Signature((_NUMBERS,), Number(), "Numbers added up."),
    "to_array": Signature(((),), Array(Anything()), "A list as it is, anything else as a list of one."),
    "to_number": Signature(((),), union(Number(), Null()), "A text read as a number; null where it is none."),
    "to_string": Signature(((),), String(), "A text as it is, anything else as JSON."),
    "type": Signature(((),), String(("string", "number", "boolean", "array", "object", "null")), "The name of a value's type."),
    "values": Signature((("object",),), Array(Anything()), "The values of an object's fields."),
    "weekday": Signature(
        (("string",), ("string",)), String(WEEKDAYS), "The weekday of a time, `mon` to `sun`, in a zone or in UTC.", optional=1
    ),
}
"""Every function there is."""


class _Expression:
    """An expression handed to a function as `&expr`: jmespath knows it by the name of its class and calls `visit`."""

    __slots__ = ("apply", "expression")

    def __init__(self, apply: Callable[[Any], Any]) -> None:
        self.apply = apply
        self.expression = None

    def visit(self, expression: None, value: Any) -> Any:
        return self.apply(value)


Expression = _Expression


def local_time(text: str, zone: tzinfo) -> datetime:
    """The time that an RFC 3339 *text* means, as clocks in this *zone* show it."""
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(f"`{text}` has no offset from UTC")
    return instant.astimezone(zone)


def zone_of(name: str) -> tzinfo:
    """The time zone of this *name*; ValueError if there is none."""
    if name == "UTC":
        return UTC
    found = zone_called(name)
    if found is None:
        raise ValueError(f"there is no time zone `{name}`")
    return found.rules


def weekday(text: str, zone: tzinfo) -> str:
    """The weekday of the time *text* in this *zone*."""
    return WEEKDAYS[local_time(text, zone).weekday()]


def hour(text: str, zone: tzinfo) -> int:
    """The hour of the time *text* in this *zone*."""
    return local_time(text, zone).hour


def in_interval(interval: Recurrence, text: str) -> bool:
    """Whether the time *text* lies in this *interval*."""
    return local_time(text, UTC) in interval


@lru_cache(maxsize=1)
def library() -> Callable[[str, list[Any]], Any]:
    """What calls a function by name, checking number and types of its arguments as jmespath does."""
    from jmespath.exceptions import ArityError, JMESPathTypeError
    from jmespath.functions import Functions, signature

    class Library(Functions):
        @signature({"types": ["string"], "variadic": True})
        def _func_weekday(self, now: str, *rest: Any) -> str:
            return weekday(now, self._zone("weekday", rest))

        @signature({"types": ["string"], "variadic": True})
        def _func_hour(self, now: str, *rest: Any) -> int:
            return hour(now, self._zone("hour", rest))

        @signature({"types": ["string"], "variadic": True})
        def _func_in_interval(self, name: str, *rest: Any) -> bool:
            # Which intervals there are stands with a condition, whose code asks them itself; what comes here names none of them.
            if len(rest) > 1:
                raise ArityError(2, 1 + len(rest), "in_interval")
            raise ValueError(f"there is no time interval `{name}`")

        def _zone(self, function: str, rest: tuple[Any, ...]) -> tzinfo:
            if len(rest) > 1:
                raise ArityError(2, 1 + len(rest), function)
            if rest and not isinstance(rest[0], str):
                raise JMESPathTypeError(function, rest[0], type(rest[0]).__name__, ["string"])
            return zone_of(rest[0]) if rest else UTC

    return Library().call_function
