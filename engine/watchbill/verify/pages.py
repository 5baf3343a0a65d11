"""Who was paged in a case against who was expected to be, moment by moment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from watchbill.decide import Bill
from watchbill.decide.paging import PASSED_BY
from watchbill.expressions.durations import format_duration
from watchbill.model.change import EscalationBegun
from watchbill.model.plan import Step, failures_of
from watchbill.model.testing import NOBODY, Difference, ExpectedPage, ExpectedPages, Why
from watchbill.report.counts import listing
from watchbill.verify.cases import CasePlay
from watchbill.verify.reasons import why_of_step, whys


@dataclass(frozen=True, slots=True)
class Page:
    """A page that was made."""

    at: datetime
    step: Step

    @property
    def people(self) -> tuple[str, ...]:
        """Who was reached."""
        return tuple(duty.person for duty in self.step.people)

    @property
    def by(self) -> str:
        """The escalation that paged them."""
        return self.step.because.name


def pages_of(play: CasePlay) -> list[Page]:
    """Every page of a case that reached somebody, in order of time."""
    pages = [Page(at, step) for each in play.incidents for at, step in each.started("page") if step.people]
    return sorted(pages, key=lambda page: page.at)


def page_differences(bill: Bill, play: CasePlay, expected: ExpectedPages) -> Iterator[Difference]:
    """A difference for each moment at which others were paged than expected."""
    start = play.case.at
    made: dict[timedelta, list[Page]] = {}
    for page in pages_of(play):
        if page.at - start <= expected.until:
            made.setdefault(page.at - start, []).append(page)
    wanted: dict[timedelta, list[ExpectedPage]] = {}
    for each in expected.pages:
        wanted.setdefault(each.at, []).append(each)
    for at in sorted({*made, *wanted}):
        missing, besides = _unmatched(wanted.get(at, []), made.get(at, []))
        if not missing and not besides:
            continue
        place = missing[0].place if missing else wanted[at][0].place if at in wanted else expected.place
        because = tuple(why for page in besides for why in _why_of(play, page)) or why_of_page(play, start + at)
        subject = f"page at {format_duration(at)}"
        yield Difference(subject, _wanted(missing), _made(besides, is_named=any(page.by for page in missing)), place, because)


def _unmatched(wanted: Sequence[ExpectedPage], made: Sequence[Page]) -> tuple[list[ExpectedPage], list[Page]]:
    """What was expected and not made, and what was made and not expected, at one moment.

    Several escalations may page at once; an expectation that names none of them means whoever is paged then.
    """
    left, missing = list(made), []
    for each in wanted:
        found = next((page for page in left if _fits(each, page.people, page.by)), None)
        if found is not None:
            left.remove(found)
        else:
            missing.append(each)
    together = {person for page in left for person in page.people}
    if missing and all(each.by is None for each in missing) and together == {person for each in missing for person in each.people}:
        return [], []
    return missing, left


def _fits(expected: ExpectedPage, people: tuple[str, ...], by: str) -> bool:
    return set(expected.people) == set(people) and expected.by in (None, by)


def _wanted(pages: Sequence[ExpectedPage]) -> str:
    return listing([listing(page.people) + (f" by {page.by}" if page.by else "") for page in pages]) or NOBODY


def _made(pages: Sequence[Page], *, is_named: bool) -> str:
    said = [listing(page.people) + (f" by {page.by}" if is_named or len(pages) > 1 else "") for page in pages]
    return listing(said) or NOBODY


def _why_of(play: CasePlay, page: Page) -> Iterator[Why]:
    """Why somebody was paged: how they were come to, and why this escalation."""
    ways = listing([f"{duty.person} is {duty.duty}: {duty.why}" for duty in page.step.people])
    note = page.step.note
    if note == PASSED_BY:
        note += f": {_failures_before(play, page.step)}"
    yield Why(page.by, ways + (f"; {note}" if note else ""), page.step.place)
    reasons = (reason for each in play.incidents for reason in each.reasons)
    yield from whys(reason for reason in reasons if reason.policy == page.step.because and reason.applied)


def _failures_before(play: CasePlay, step: Step) -> str:
    """Which contacts of the level before this *step* have failed, and why, in words."""
    pages = [each for incident in play.incidents for each in incident.steps if each.kind == "page" and each.because == step.because]
    return next((failures_of(each.deliveries) for each in reversed(pages[: pages.index(step)]) if each.state == "failed"), "")


def why_of_page(play: CasePlay, at: datetime | None = None) -> tuple[Why, ...]:
    """Why nobody was paged at this moment: what stopped the page, whom it did not reach, what holds it back, or who won."""
    steps = [step for each in play.incidents for step in each.steps if step.kind == "page" and not step.people]
    if at is not None:
        stopped = [step for step in steps if step.state == "withdrawn" and step.due_at >= at] or [
            step for step in steps if step.state == "failed" and step.due_at == at
        ]
        if stopped:
            return tuple(why_of_step(step, "the page was withdrawn") for step in stopped[:1])
        held = next(_held(play, at), None)
        if held is not None:
            return (held,)
    applied = [reason for each in play.incidents for reason in each.reasons if reason.applied]
    muted = whys(reason for reason in applied if reason.policy.kind in ("Silence", "Inhibition"))
    return muted or whys(reason for reason in applied if reason.policy.kind in ("Escalation", "Settings")) or _claims(play)


def _held(play: CasePlay, at: datetime) -> Iterator[Why]:
    for each in play.incidents:
        for moment in each.moments:
            for change in moment.decision.changes:
                if isinstance(change, EscalationBegun) and change.held_until is not None and moment.at <= at < change.held_until:
                    until = format_duration(change.held_until - play.case.at)
                    yield Why(str(change.policy), f"its pages are held until {until} for a remediation to work", change.policy.place)


def _claims(play: CasePlay) -> tuple[Why, ...]:
    first: Iterable[tuple[Why, ...]] = (whys(each.claims[:1]) for each in play.incidents)
    return tuple(why for found in first for why in found)
