"""Which policies an incident goes by.

Definitions of escalation, triage, comms and remediation are those of the revision that opened the incident: what was promised
to the people at work on it does not change under them. All else is as it stands now: who is on call and how to reach
them, guardrails, silences, connectors and what they may use, and who may start, approve and review.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from watchbill.decide.bill import Bill
from watchbill.model.policyset import Catalogue, PolicySet

KEPT: Final = 8
"""How many revisions besides the current one are kept compiled."""


@dataclass(frozen=True, slots=True)
class Edition:
    """Policies as they were loaded: compiled, and the source *files* they were compiled from."""

    policies: PolicySet
    files: Mapping[str, bytes]

    @property
    def revision(self) -> str:
        """The revision it is called by."""
        return self.policies.revision


class Policies:
    """The current edition, and those that open incidents are pinned to.

    *load* compiles the edition of a revision from the record, or gives None for one that is not there (any more).
    """

    def __init__(self, current: Edition, catalogue: Catalogue, load: Callable[[str], Edition | None]) -> None:
        self._catalogue, self._load = catalogue, load
        self._pinned: OrderedDict[str, Bill | None] = OrderedDict()
        self.replace(current)

    def replace(self, current: Edition) -> None:
        """Go by another edition from now on; incidents that are open keep their definitions."""
        self.current = current
        self.bill = Bill.of(current.policies, self._catalogue)
        self._pinned.clear()

    def bill_of(self, revision: str) -> Bill:
        """What an incident that was opened at this *revision* is decided by.

        Where that revision cannot be loaded any more, the current definitions serve: paging by them is better than not at all.
        """
        if revision == self.current.revision:
            return self.bill
        if revision not in self._pinned:
            old = self._load(revision)
            now = self.current.policies
            self._pinned[revision] = Bill.of(pinned(old.policies, now), self._catalogue, now) if old else None
            while len(self._pinned) > KEPT:
                self._pinned.popitem(last=False)
        self._pinned.move_to_end(revision)
        return self._pinned[revision] or self.bill


def kept_edition(files: Mapping[str, bytes], catalogue: Catalogue, revision: str) -> Edition | None:
    """The edition of a *revision* whose source *files* were kept; None where they do not compile any more."""
    from watchbill.policy import compile_files
    from watchbill.policy.loading import PolicyFiles

    compiled = compile_files(PolicyFiles(dict(files), (), ""), catalogue, revision)
    return Edition(compiled.policies, files) if compiled.policies is not None else None


def pinned(old: PolicySet, current: PolicySet) -> PolicySet:
    """The definitions of the *old* policies amid what always goes by the *current* ones."""
    return replace(
        current,
        revision=old.revision,
        escalations=old.escalations,
        triages=old.triages,
        comms=old.comms,
        remediations=old.remediations,
        # What the old definitions name may be declared no more; where it still is, it is as it is now.
        audiences={**old.audiences, **current.audiences},
        connectors={**old.connectors, **current.connectors},
        teams={**old.teams, **current.teams},
        people={**old.people, **current.people},
        schedules={**old.schedules, **current.schedules},
        former=frozenset(old.people) - frozenset(current.people),
    )
