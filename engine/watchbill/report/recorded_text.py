"""Why an incident went as it did, for a terminal, from the reasons that were recorded when it was decided; none is worked out anew."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, TypeVar

from watchbill.errors import Place
from watchbill.model.plan import Delivery, Reason
from watchbill.model.references import Ref
from watchbill.report import delivery_words, words
from watchbill.report.counts import listing
from watchbill.report.incidents import DeliveryShown, IncidentShown, PolicyNamed, StepShown
from watchbill.report.incidents_text import contacts_of, head, section_of_steps
from watchbill.report.layout import MEASURE, placed, wrap
from watchbill.report.paint import Line, Span, line, paint_all
from watchbill.report.plain import plain
from watchbill.report.sections import DETAIL, where

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PagedShown:
    """Somebody whom a page was for: as what, by which policy, why they, and what became of each of their contacts."""

    person: str
    duty: str
    why: str
    step: str
    state: str
    at: datetime
    policy: Ref
    note: str = ""
    deliveries: tuple[DeliveryShown, ...] = ()

    @property
    def known(self) -> tuple[Delivery, ...]:
        """What became of each contact."""
        return tuple(each.known for each in self.deliveries)

    @property
    def reach(self) -> delivery_words.Reach:
        """How far what is for them has come."""
        return delivery_words.reach(self.known)


@dataclass(frozen=True, slots=True)
class AnswerShown:
    """What came of something that a person said."""

    at: datetime
    note: str
    policy: PolicyNamed


@dataclass(frozen=True, slots=True)
class Recorded:
    """Whom pages were for (*paged*), which policies take part (*applied*) and which do not (*refused*), and what people's words came to."""

    incident: str
    status: str
    paged: tuple[PagedShown, ...] = ()
    applied: tuple[Reason, ...] = ()
    refused: tuple[Reason, ...] = ()
    answers: tuple[AnswerShown, ...] = ()


def policies_in(found: Recorded) -> tuple[str, ...]:
    """The policies that can be asked about, as in ``Escalation/payments-any``."""
    return tuple(dict.fromkeys(str(each.policy) for each in (*found.applied, *found.refused)))


def about_policy(found: Recorded, name: str) -> Recorded:
    """What was recorded of the policy of this *name* only."""
    return replace(
        found,
        paged=tuple(each for each in found.paged if each.policy.name == name),
        applied=tuple(each for each in found.applied if each.policy.name == name),
        refused=tuple(each for each in found.refused if each.policy.name == name),
        answers=tuple(each for each in found.answers if each.policy.name == name),
    )


def recorded_text(found: Recorded, its: IncidentShown, at: datetime, person: str = "", *, width: int = 80, colour: bool = False) -> str:
    """Who was paged and who was not, which policies took part and which did not, and why; with a *person*, first what concerns them.

    Paged is who has been sent something; whom nothing has left for, although a page was theirs, stands apart with the reason.

    *its* is the same incident as it stands at this time; what is not to be told of has been taken out of both.
    """
    measure = min(width, MEASURE)
    lines = head(its, at, measure)
    if person:
        lines += [(), *wrap(line(_of_person(found, person, its.opened_at, at)), measure, 0, 2)]
        found = replace(found, paged=tuple(each for each in found.paged if each.person == person))
    for label, reaches in _REACHES.items():
        those = [each for each in found.paged if each.reach in reaches]
        lines += _section(label, those, lambda each: _paged(each, its, at, measure))
    unreached = [each for each in its.steps if each.kind == "page" and not each.people]
    lines += _section("NOT PAGED", unreached, lambda each: _unreached(each, its.opened_at, measure))
    if person:
        return paint_all(lines, colour)
    lines += _section("TAKES PART", found.applied, lambda each: _reason(each, each.note or "it matches", measure))
    lines += _section("TAKES NO PART", found.refused, lambda each: _reason(each, words.refusal(each), measure))
    for label, kinds in (("TELL", ("update", "review", "remind", "tell")), ("REPAIR", ("repair", "verify", "rollback", "offer"))):
        steps = section_of_steps(label, [each for each in its.steps if each.kind in kinds], its.opened_at, at, measure)
        lines += [(), *steps] if steps else []
    lines += _section("ANSWERS", found.answers, lambda each: _answer(each, its.opened_at, measure))
    return paint_all(lines, colour)


_REACHES: Final[Mapping[str, tuple[delivery_words.Reach, ...]]] = {
    "PAGED": ("left",),
    "UNDER WAY": ("under way",),
    "PERHAPS PAGED": ("unknown",),
    "NOTHING LEFT": ("shadow", "lost", "withdrawn", "none"),
}
"""How far what is for somebody has come, and what they stand under for that."""


def _of_person(found: Recorded, person: str, start: datetime, at: datetime) -> str:
    """Whether this *person* was really paged, and what became of each of their contacts."""
    mine = [each for each in found.paged if each.person == person]
    if not mine:
        others = listing(list(dict.fromkeys(plain(each.person) for each in found.paged)))
        return f"{plain(person)} was not paged: no page of this incident was theirs" + (f"; those of {others} were" if others else "")
    reach = delivery_words.reach(delivery for each in mine for delivery in each.known)
    said = {
        "left": f"{plain(person)} was paged",
        "under way": f"{plain(person)} is being paged",
        "unknown": f"nobody knows whether {plain(person)} was paged",
    }.get(reach, f"{plain(person)} was not reached")
    contacts = "; ".join(plain(delivery_words.contacts(each.known, start, at)) for each in mine if each.deliveries)
    return f"{said}: {contacts}" if contacts else said


def _section(label: str, found: Sequence[T], told: Callable[[T], Iterable[Line]]) -> list[Line]:
    lines = [row for each in found for row in told(each)]
    return [(), line(Span(label, "section")), *lines] if lines else []


def _paged(its: PagedShown, incident: IncidentShown, at: datetime, width: int) -> list[Line]:
    start = incident.opened_at
    stands = delivery_words.stands("page", its.known)
    said = line(Span(words.clock(its.at, start), "time"), "  ", Span(plain(its.person), "name"), f" ({words.duty(its.duty)})  {stands}")
    why = "; ".join(plain(part) for part in (its.policy.name, its.why, its.note) if part)
    return [*wrap(said, width, 2, DETAIL), *contacts_of(its.deliveries, start, at, width), *_sourced(why, its.policy.place, width)]


def _unreached(step: StepShown, start: datetime, width: int) -> list[Line]:
    level = str(int(step.slot) + 1) if step.slot.isascii() and step.slot.isdigit() else plain(step.slot)
    when = words.clock(step.due_at, start) if step.due_at is not None else ""
    stands = plain(step.note) if step.note else "not yet" if step.state == "planned" else "nobody was there to be paged"
    said = line(Span(when.ljust(5), "time"), "  ", Span(f"level {level} of {plain(step.policy.name)}", "name"), f"  {stands}")
    return wrap(said, width, 2, DETAIL)


def _reason(reason: Reason, why: str, width: int) -> list[Line]:
    said = line(f"{plain(reason.policy.kind)} ", Span(plain(reason.policy.name), "name"))
    return [*wrap(said, width, 2, DETAIL), *_sourced(plain(why), reason.policy.place, width)]


def _answer(answer: AnswerShown, start: datetime, width: int) -> list[Line]:
    return wrap(line(Span(words.clock(answer.at, start), "time"), f"  {plain(answer.note)}"), width, 2, DETAIL)


def _sourced(why: str, place: Place, width: int) -> list[Line]:
    return placed(wrap(line(Span(why, "aside")), width, DETAIL, DETAIL), where(place), width, DETAIL)
