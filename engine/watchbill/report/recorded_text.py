"""Why an incident went as it did, for a terminal, from the reasons that were recorded when it was decided; none is worked out anew."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from watchbill.errors import Place
from watchbill.model.plan import Reason
from watchbill.model.references import Ref
from watchbill.report import words
from watchbill.report.counts import listing
from watchbill.report.incidents import IncidentShown, PolicyNamed, StepShown
from watchbill.report.incidents_text import head, section_of_steps
from watchbill.report.layout import MEASURE, placed, wrap
from watchbill.report.paint import Line, Span, line, paint_all
from watchbill.report.plain import plain
from watchbill.report.sections import DETAIL, where

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PagedShown:
    """Somebody who was paged, or would have been; as what, by which policy, why they, and how it stands."""

    person: str
    duty: str
    why: str
    step: str
    state: str
    at: datetime
    policy: Ref
    note: str = ""


@dataclass(frozen=True, slots=True)
class AnswerShown:
    """What came of something that a person said."""

    at: datetime
    note: str
    policy: PolicyNamed


@dataclass(frozen=True, slots=True)
class Recorded:
    """Who was *paged*, which policies take part (*applied*) and which do not (*refused*), and what people's words came to."""

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

    *its* is the same incident as it stands at this time; what is not to be told of has been taken out of both.
    """
    measure = min(width, MEASURE)
    lines = head(its, at, measure)
    if person:
        said = _of_person(found, person)
        lines += [(), *wrap(line(said), measure)] if said else []
        found = replace(found, paged=tuple(each for each in found.paged if each.person == person))
    lines += _section("PAGED", found.paged, lambda each: _paged(each, its.opened_at, measure))
    unreached = [each for each in its.steps if each.kind == "page" and not each.people]
    lines += _section("NOT PAGED", unreached, lambda each: _unreached(each, its.opened_at, measure))
    if person:
        return paint_all(lines, colour)
    lines += _section("TAKES PART", found.applied, lambda each: _reason(each, each.note or "it matches", measure))
    lines += _section("TAKES NO PART", found.refused, lambda each: _reason(each, words.refusal(each), measure))
    for label, kinds in (("TELL", ("update", "review", "remind")), ("REPAIR", ("repair", "verify", "rollback", "offer"))):
        steps = section_of_steps(label, [each for each in its.steps if each.kind in kinds], its.opened_at, measure)
        lines += [(), *steps] if steps else []
    lines += _section("ANSWERS", found.answers, lambda each: _answer(each, its.opened_at, measure))
    return paint_all(lines, colour)


def _of_person(found: Recorded, person: str) -> str:
    """That this *person* was not paged; empty for one who was, of whom the pages say all."""
    if any(each.person == person for each in found.paged):
        return ""
    others = listing(list(dict.fromkeys(plain(each.person) for each in found.paged)))
    return f"{plain(person)} was not paged: no page of this incident was theirs" + (f"; those of {others} were" if others else "")


def _section(label: str, found: Sequence[T], told: Callable[[T], Iterable[Line]]) -> list[Line]:
    lines = [row for each in found for row in told(each)]
    return [(), line(Span(label, "section")), *lines] if lines else []


def _paged(its: PagedShown, start: datetime, width: int) -> list[Line]:
    stands = {"planned": "not yet", "waiting": "waits", "failed": "could not be reached", "withdrawn": "given up"}.get(its.state, "paged")
    said = line(Span(words.clock(its.at, start), "time"), "  ", Span(plain(its.person), "name"), f" ({words.duty(its.duty)})  {stands}")
    why = "; ".join(plain(part) for part in (its.policy.name, its.why, its.note) if part)
    return [*wrap(said, width, 2, DETAIL), *_sourced(why, its.policy.place, width)]


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
