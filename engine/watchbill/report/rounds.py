"""The rounds of an escalation as a reader wants them: the first in full, and of the others what is different."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import groupby
from typing import TypeAlias

from watchbill.model.forecast import Plan, PlannedEscalation, PlannedPage
from watchbill.report import words
from watchbill.report.counts import listing, number_word

Round: TypeAlias = tuple[PlannedPage, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """Rounds on end in which the same people are paged: the *first* of them, with its number from 1, and the *others*."""

    number: int
    first: Round
    others: tuple[Round, ...]


def blocks(escalation: PlannedEscalation) -> tuple[Block, ...]:
    """The rounds that an *escalation* declares, those on end with the same people together."""
    found: list[Block] = []
    for number, pages in enumerate(_rounds(escalation)[: escalation.repeat + 1], start=1):
        if found and _people(found[-1].first) == _people(pages):
            found[-1] = replace(found[-1], others=(*found[-1].others, pages))
        else:
            found.append(Block(number, pages, ()))
    return tuple(found)


def fallback(escalation: PlannedEscalation) -> Round:
    """The pages of the fallback team: whatever comes after the rounds that the *escalation* declares."""
    return tuple(page for pages in _rounds(escalation)[escalation.repeat + 1 :] for page in pages)


def again(plan: Plan, block: Block) -> str:
    """How often the first round of a *block* comes again, and when: ``then two more rounds, at 03:43 and 04:08``."""
    times = listing([words.clock(pages[0].at, plan.at) for pages in block.others])
    number = len(block.others)
    return f"then {number_word(number)} more round{'' if number == 1 else 's'}, at {times}" if number else ""


def _rounds(escalation: PlannedEscalation) -> list[Round]:
    return [tuple(pages) for _, pages in groupby(escalation.pages, key=lambda page: page.round)]


def _people(pages: Round) -> list[tuple[int, tuple[str, ...]]]:
    return [(page.level, tuple(person.name for person in page.people)) for page in pages]
