"""What generated conditions call: the parts of JMESPath's meaning that are more than a look-up.

Everything here gives what jmespath's interpreter gives for the same values.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, Final

from watchbill.expressions.budget import FUNCTION_STEPS, HELP, Budget, Exhausted
from watchbill.expressions.conditions.functions import Expression, hour, in_interval, library, weekday
from watchbill.expressions.problems import EvaluationError, TooCostly

BROKEN: Final = (TypeError, ValueError, ArithmeticError, RecursionError)
"""What evaluation may end in; jmespath's own errors are ValueErrors."""


def is_true(value: Any) -> bool:
    """Whether *value* is true in JMESPath's sense: neither null, false nor empty. Zero is true."""
    return bool(value) or value.__class__ is int or value.__class__ is float


def field(value: Any, name: str) -> Any:
    """The field of a mapping that is no dict; null for what is no mapping."""
    try:
        return value.get(name)
    except AttributeError:
        return None


def element(value: Any, index: int) -> Any:
    """The element of a list, from its end where *index* is negative; null where there is none."""
    if value.__class__ is not list:
        return None
    try:
        return value[index]
    except IndexError:
        return None


def values(value: Any, budget: Budget) -> list[Any] | None:
    """The values of an object's fields, None for what is no object."""
    try:
        found = value.values()
        budget.spend(1 + len(found))
        return list(found)
    except AttributeError:
        return None


def flattened(value: Any, budget: Budget) -> list[Any] | None:
    """A list with the elements of the lists in it in their place; None for what is no list."""
    if value.__class__ is not list:
        return None
    budget.touch(value)
    merged: list[Any] = []
    for part in value:
        if part.__class__ is list:
            budget.touch(part)
            merged.extend(part)
        else:
            merged.append(part)
    return merged


def equals(left: Any, right: Any) -> bool:
    """Whether two values are equal; a number never equals a boolean."""
    if (left.__class__ is bool) is not (right.__class__ is bool):
        return False
    return bool(left == right)


def _ordering(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool | None]:
    def ordered(left: Any, right: Any) -> bool | None:
        kinds = _kind(left), _kind(right)
        return compare(left, right) if kinds[0] is not None and kinds[0] is kinds[1] else None

    return ordered


def _kind(value: Any) -> type | None:
    if value.__class__ is int or value.__class__ is float:
        return float
    return str if isinstance(value, str) else None


def _needs(function: str, value: Any, kinds: tuple[type, ...]) -> None:
    """The error that jmespath raises where an argument has none of these *kinds*; nothing where it has."""
    if value.__class__ not in kinds:
        raise TypeError(f"{function}() does not take {_shown(value)}")


def _shown(value: Any) -> str:
    names = {str: "a string", bool: "a boolean", int: "a number", float: "a number", list: "an array", dict: "an object"}
    return "null" if value is None else names.get(value.__class__, "this")


def call(name: str, arguments: list[Any], budget: Budget, weight: int) -> Any:
    """The result of a function of the library. *weight* is how much stands in an expression that it applies to each element."""
    budget.spend(FUNCTION_STEPS)
    for argument in arguments:
        if name in _SHALLOW:
            budget.touch(argument)
        elif argument.__class__ is list and weight:
            budget.spend(len(argument) * (weight + FUNCTION_STEPS))
        else:
            budget.weigh(argument)
    if name == "join" and len(arguments) == 2 and arguments[1].__class__ is list:
        budget.weigh([arguments[0]] * len(arguments[1]))
    return library()(name, arguments)


_SHALLOW: Final = frozenset(
    ("abs", "ceil", "floor", "keys", "length", "merge", "not_null", "reverse", "to_array", "to_number", "type", "values")
)
"""Functions that look at what they are given, and not at what is in it."""


def over(value: list[Any], budget: Budget, weight: int) -> list[Any]:
    """This list, once it is paid for that something of this *weight* is done with each element."""
    budget.spend(1 + len(value) * weight)
    return value


def paid(value: Any, budget: Budget) -> Any:
    """This *value*, once it is paid for that it is gone through whole."""
    budget.weigh(value)
    return value


def weekday_at(value: Any, zone: Any) -> str:
    """The weekday of a time, in a zone known beforehand."""
    _needs("weekday", value, (str,))
    return weekday(value, zone)


def hour_at(value: Any, zone: Any) -> int:
    """The hour of a time, in a zone known beforehand."""
    _needs("hour", value, (str,))
    return hour(value, zone)


def in_interval_at(value: Any, interval: Any) -> bool:
    """Whether a time lies in an interval known beforehand."""
    _needs("in_interval", value, (str,))
    return in_interval(interval, value)


def failure(error: BaseException) -> EvaluationError:
    """How it is said that a condition could not be worked out."""
    said = str(error).replace("\n", " ") or error.__class__.__name__
    if isinstance(error, Exhausted):
        return TooCostly(f"it cannot be worked out: {said}", HELP)
    return EvaluationError(f"it cannot be worked out: {said}", "give the function what it takes; `|| ''` stands in for an absent text")


NAMES: Final[dict[str, Any]] = {
    "BROKEN": BROKEN,
    "Budget": Budget,
    "Expression": Expression,
    "call": call,
    "dict": dict,
    "element": element,
    "equals": equals,
    "failure": failure,
    "field": field,
    "flattened": flattened,
    "float": float,
    "hour": hour_at,
    "in_interval": in_interval_at,
    "int": int,
    "len": len,
    "list": list,
    "over": over,
    "paid": paid,
    "order_gt": _ordering(operator.gt),
    "order_gte": _ordering(operator.ge),
    "order_lt": _ordering(operator.lt),
    "order_lte": _ordering(operator.le),
    "str": str,
    "values": values,
    "weekday": weekday_at,
}
"""All that generated code can see."""
