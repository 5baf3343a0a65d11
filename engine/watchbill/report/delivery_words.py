"""What became of a delivery, in words: the same in timelines, lists, explanations and answers.

Rule: «paged» and «left» are said only of what has left and has not come back. Of everything else it is said what hindered it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, Literal, TypeAlias

from watchbill.model.plan import LEFT, Delivery, DeliveryResult
from watchbill.report import words
from watchbill.report.counts import listing

Sort: TypeAlias = Literal["sent", "delivered", "answered", "fails", "retries", "unknown", "shadow", "withdrawn", "waits"]
"""One word for what became of a delivery, as a timeline has it at the beginning of a line."""

Reach: TypeAlias = Literal["left", "under way", "unknown", "shadow", "lost", "withdrawn", "none"]
"""How far several deliveries have come together; ``none`` where there are none."""

_SORTS: Final[Mapping[DeliveryResult, Sort]] = {
    "waiting": "waits",
    "sent": "sent",
    "delivered": "delivered",
    "answered": "answered",
    "refused": "fails",
    "unable": "fails",
    "failed": "fails",
    "bounced": "fails",
    "unknown": "unknown",
    "shadow": "shadow",
    "withdrawn": "withdrawn",
}
_DONE: Final[Mapping[str, str]] = {"page": "paged", "review": "asked", "remind": "reminded", "tell": "told"}


# --- one ----------------------------------------------------------------------------------


def sort(its: Delivery) -> Sort:
    """What sort of thing has become of this delivery."""
    return "retries" if its.retry_at is not None else _SORTS[its.result]


def result(its: Delivery, start: datetime, now: datetime | None = None) -> str:
    """What became of a delivery: ``left 03:14``, ``refused (401)``, ``leaves 03:16``.

    Times carry their date where that is not the day of *start*. One that was to leave before *now* is leaving.
    """
    at = its.leaves_at
    if at is None:
        when = f" {words.clock(its.settled_at, start)}" if its.result in LEFT and its.settled_at is not None else ""
        return _result(its, when)
    is_now, clock = now is not None and at <= now, words.clock(at, start)
    if its.retry_at is None:
        return "is leaving now" if is_now else f"leaves {clock}"
    return f"{_result(its)}, tried again {'now' if is_now else f'at {clock}'}"


def reported(its: Delivery, at: datetime) -> str:
    """Whose delivery it is, and what was reported of it at this time, which stands beside it: ``mei: phone.call refused (401)``."""
    again = (its.retry_at or at) - at
    seconds = math.ceil(again.total_seconds())
    after = f"in {words.span(timedelta(seconds=seconds))}" if seconds > 0 else "at once"
    said = f"{its.person}: {_named(its.use, its)} {_result(its)}"
    return said + (f", tried again {after}" if its.retry_at is not None else "")


def _result(its: Delivery, when: str = "") -> str:
    said = _RESULTS[its.result](its) if its.result in _RESULTS else its.result
    return said + when + (", possibly repeated" if its.possibly_repeated and its.result in LEFT else "")


def _error(its: Delivery) -> str:
    """What went wrong, without the name of the action, which stands before it."""
    return its.error.removeprefix(f"{its.use}: ")


def _because(said: str) -> Callable[[Delivery], str]:
    return lambda its: f"{said}: {error}" if (error := _error(its)) else said


def _refused(its: Delivery) -> str:
    return f"refused ({error})" if (error := _error(its)) else "refused"


_RESULTS: Final[Mapping[DeliveryResult, Callable[[Delivery], str]]] = {
    "waiting": _because("could not be sent yet"),
    "sent": lambda its: "left",
    "delivered": lambda its: "delivered",
    "answered": lambda its: "answered",
    "refused": _refused,
    "unable": _because("cannot be sent"),
    "failed": _because("could not be sent"),
    "bounced": _because("came back"),
    "unknown": _because("nobody knows whether it left"),
    "shadow": lambda its: "in shadow: nothing was sent",
    "withdrawn": lambda its: "not sent any more",
}


# --- several ------------------------------------------------------------------------------


def reach(deliveries: Iterable[Delivery]) -> Reach:
    """How far these *deliveries* have come: whether any has left, else whether any is still to leave, else what is known of them."""
    found = tuple(deliveries)
    results = {each.result for each in found}
    if results & set(LEFT):
        return "left"
    if any(each.leaves_at is not None for each in found):
        return "under way"
    if "unknown" in results:
        return "unknown"
    if "shadow" in results:
        return "shadow"
    if results == {"withdrawn"}:
        return "withdrawn"
    return "lost" if found else "none"


def stands(kind: str, deliveries: Iterable[Delivery]) -> str:
    """How a step of this *kind* stands that consists of these *deliveries*: ``paged``, or of several people ``only bo paged``."""
    found = tuple(deliveries)
    people = by_person(found)
    sent = [name for name, each in people.items() if reach(each) == "left"]
    done = _DONE.get(kind, "sent")
    known: Mapping[Reach, str] = {
        "left": done if len(sent) == len(people) else f"only {listing(sent)} {done}",
        "under way": "under way",
        "unknown": "nobody knows whether it left",
        "shadow": "not reached: in shadow",
        "lost": "not reached",
        "withdrawn": "given up",
        "none": "not reached",
    }
    return known[reach(found)]


def contacts(deliveries: Sequence[Delivery], start: datetime, now: datetime | None = None) -> str:
    """The contacts of one person, each with what became of it: ``call refused (401), SMS left 03:14``."""
    names = zip(words.contact_names([each.use for each in deliveries]), deliveries, strict=True)
    return ", ".join(f"{_named(name, each)} {result(each, start, now)}" for name, each in names)


def _named(name: str, its: Delivery) -> str:
    """The *name* of a contact before what became of it, which may be a sentence of its own."""
    return f"{name}:" if its.result in ("unknown", "shadow") else name


def by_person(deliveries: Iterable[Delivery]) -> dict[str, tuple[Delivery, ...]]:
    """The *deliveries* of each person, in the order in which they stand."""
    found: dict[str, tuple[Delivery, ...]] = {}
    for each in deliveries:
        found[each.person] = (*found.get(each.person, ()), each)
    return found
