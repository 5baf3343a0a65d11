"""The filters and tests of templates: a short list, each bounded in what it gives.

What is absent passes through every filter but those that are about absence. None of them calls into its values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import wraps
from typing import Any, Final

from jinja2 import Undefined

from watchbill.expressions.conditions.functions import local_time, zone_of
from watchbill.expressions.durations import format_duration
from watchbill.expressions.problems import TemplateRefused
from watchbill.expressions.templates.escape import shown
from watchbill.expressions.templates.simple import BOUND

MOST_ELEMENTS: Final = 500
"""How many elements a loop may run over."""

Filter = Callable[..., Any]


def is_absent(value: Any) -> bool:
    """Whether there is no *value*: it is null, or nothing by its name was there."""
    return value is None or isinstance(value, Undefined)


def _passing(function: Filter) -> Filter:
    """The same *function*, through which what is absent passes unchanged."""

    @wraps(function)
    def passing(value: Any, *args: Any, **kwargs: Any) -> Any:
        return value if is_absent(value) else function(value, *args, **kwargs)

    return passing


def _on_text(function: Callable[[str], str]) -> Filter:
    def on_text(value: Any) -> str:
        return function(shown(value))

    return _passing(on_text)


def _capitalize(text: str) -> str:
    return text[:1].upper() + text[1:].lower()


def _default(value: Any, fallback: Any = "", boolean: bool = False) -> Any:
    return fallback if is_absent(value) or (boolean and not value) else value


def _length(value: Any) -> int:
    return 0 if is_absent(value) else len(_sized(value))


def _sized(value: Any) -> Any:
    if isinstance(value, str | list | tuple | Mapping):
        return value
    raise TemplateRefused(f"{shown(value)} has no length", "give the filter a text, a list or a mapping")


def _elements(value: Any) -> list[Any]:
    if isinstance(value, list | tuple | Mapping):
        return list(value)
    raise TemplateRefused(f"`{shown(value)[:40]}` is not a list", "loops and lists run over lists of the context")


def _join(value: Any, separator: str = ", ") -> str:
    parts, separator = [shown(part) for part in _elements(value) if not is_absent(part)], shown(separator)
    _bounded(sum(len(part) + len(separator) for part in parts))
    return separator.join(parts)


def _replace(value: Any, old: str, new: str) -> str:
    text, old, new = shown(value), shown(old), shown(new)
    _bounded(len(text) + text.count(old) * max(len(new) - len(old), 0))
    return text.replace(old, new)


def _bounded(length: int) -> None:
    if length > BOUND:
        raise TemplateRefused(f"a text grows beyond {BOUND} characters", "fill in less")


def _first(value: Any) -> Any:
    return next(iter(_sized(value)), None)


def _last(value: Any) -> Any:
    elements = _sized(value)
    return list(elements)[-1] if isinstance(elements, Mapping) and elements else elements[-1] if elements else None


def _round(value: Any, digits: int = 0) -> Any:
    number = _number(value)
    if number is None:
        raise TemplateRefused(f"`{shown(value)[:40]}` is not a number", "round numbers only, or make one with `float`")
    rounded = round(number, min(max(int(digits), 0), 12))
    return int(rounded) if not digits and rounded == rounded and abs(rounded) != float("inf") else rounded


def _number(value: Any) -> float | int | None:
    if isinstance(value, int | float):
        return value
    try:
        return float(shown(value))
    except ValueError:
        return None


def _int(value: Any, fallback: int = 0) -> int:
    number = _number(value)
    return int(number) if number is not None and number == number and abs(number) != float("inf") else fallback


def _float(value: Any, fallback: float = 0.0) -> float:
    number = _number(value)
    return float(number) if number is not None else fallback


def _sort(value: Any, reverse: bool = False) -> list[Any]:
    return sorted(_elements(value), key=_sort_key, reverse=bool(reverse))


def _sort_key(value: Any) -> tuple[int, float, str]:
    """Numbers before texts, so that a mixed list has an order."""
    return (0, value, "") if isinstance(value, int | float) else (1, 0, shown(value))


def _unique(value: Any) -> list[Any]:
    seen: dict[str, Any] = {}
    for element in _elements(value):
        seen.setdefault(shown(element), element)
    return list(seen.values())


def _items(value: Any) -> list[tuple[Any, Any]]:
    if isinstance(value, Mapping):
        return list(value.items())
    raise TemplateRefused(f"`{shown(value)[:40]}` has no items", "give the filter a mapping, such as `alert.labels`")


def _dictsort(value: Any) -> list[tuple[Any, Any]]:
    return sorted(_items(value), key=lambda item: _sort_key(item[0]))


def _truncate(value: Any, length: int = 255, end: str = "…") -> str:
    text = shown(value)
    return text if len(text) <= length else text[: max(length - len(end), 0)] + end


def _duration(value: Any) -> str:
    number = _number(value)
    if number is None or number != number or abs(number) > 1e10:
        raise TemplateRefused(
            f"`{shown(value)[:40]}` is not a number of seconds", "give the filter seconds, such as `incident.age_seconds`"
        )
    return format_duration(timedelta(seconds=int(number)))


def _local_time(value: Any, zone: str) -> str:
    try:
        local = local_time(shown(value), zone_of(zone))
    except ValueError as error:
        raise TemplateRefused(f"a local time cannot be told: {error}", "give the filter a time such as `now`, and a zone") from None
    return f"{local:%Y-%m-%d %H:%M} {zone}"


def each(value: Any) -> list[Any]:
    """The elements that a loop over *value* runs over, which are not too many."""
    if is_absent(value):
        return []
    elements = _elements(value)
    if len(elements) > MOST_ELEMENTS:
        raise TemplateRefused(f"a loop runs over {len(elements)} elements", f"show fewer: at most {MOST_ELEMENTS}")
    return elements


FILTERS: Final[dict[str, Filter]] = {
    "capitalize": _on_text(_capitalize),
    "default": _default,
    "dictsort": _passing(_dictsort),
    "duration": _passing(_duration),
    "first": _passing(_first),
    "float": _passing(_float),
    "int": _passing(_int),
    "items": _passing(_items),
    "join": _passing(_join),
    "last": _passing(_last),
    "length": _length,
    "local_time": _passing(_local_time),
    "lower": _on_text(str.lower),
    "replace": _passing(_replace),
    "round": _passing(_round),
    "sort": _passing(_sort),
    "title": _on_text(str.title),
    "trim": _on_text(str.strip),
    "truncate": _passing(_truncate),
    "unique": _passing(_unique),
    "upper": _on_text(str.upper),
}
"""Every filter there is."""

LISTING: Final = frozenset({"dictsort", "items", "sort", "unique"})
"""Filters that give a list, over which a loop may run."""

TESTS: Final[dict[str, Callable[..., bool]]] = {
    "defined": lambda value: not is_absent(value),
    "undefined": is_absent,
    "none": is_absent,
    "string": lambda value: isinstance(value, str),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "mapping": lambda value: isinstance(value, Mapping),
    "in": lambda value, container: not is_absent(container) and value in container,
    "eq": lambda value, other: bool(value == other),
    "ne": lambda value, other: bool(value != other),
    "lt": lambda value, other: bool(value < other),
    "le": lambda value, other: bool(value <= other),
    "gt": lambda value, other: bool(value > other),
    "ge": lambda value, other: bool(value >= other),
}
"""Every test there is, as in `{% if alert.labels.instance is defined %}`."""
