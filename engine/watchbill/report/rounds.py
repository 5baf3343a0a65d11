"""The rounds of an escalation as a reader wants them: the first in full, and of the others what is different."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TypeAlias

from watchbill.model.forecast import Plan, PlannedEscalation, PlannedPage
from watchbill.report import words
from watchbill.report.counts import listing, number_word

Round: TypeAlias = tuple[PlannedPage, ...]


@dataclass(frozen=True, slots=True)
class Rounds:
    """The *first* round; those *alike*, in which the same people are paged again; *others* with their numbers, in which
    somebody else is; and the page of the *fallback* team after all of them.
    """

    first: Round
    alike: tuple[Round, ...]
    others: tuple[tuple[int, Round], ...]
    fallback: Round


def split(escalation: PlannedEscalation) -> Rounds:
    """The pages of an *escalation*, round by round. What comes after the rounds it declares is the fallback team."""
    rounds = [tuple(pages) for _, pages in groupby(escalation.pages, key=lambda page: page.round)]
    first = rounds[0] if rounds else ()
    declared = list(enumerate(rounds[1 : escalation.repeat + 1], start=2))
    return Rounds(
        first=first,
        alike=tuple(pages for _, pages in declared if _people(pages) == _people(first)),
        others=tuple((number, pages) for number, pages in declared if _people(pages) != _people(first)),
        fallback=tuple(page for pages in rounds[escalation.repeat + 1 :] for page in pages),
    )


def again(plan: Plan, rounds: Rounds) -> str:
    """How often the first round comes again, and when: ``then two more rounds, at 03:43 and 04:08``."""
    times = listing([words.clock(pages[0].at, plan.at) for pages in rounds.alike])
    number = len(rounds.alike)
    return f"then {number_word(number)} more round{'' if number == 1 else 's'}, at {times}" if number else ""


def _people(pages: Round) -> list[tuple[int, tuple[str, ...]]]:
    return [(page.level, tuple(person.name for person in page.people)) for page in pages]
