"""What a policy test says: what is given, what is expected of it, and what came of it when it was tried.

Rule 1: offsets are counted from the clock of the case. Every expectation keeps the place it was written at.
Rule 2: each kind of expectation is a type of its own; a case is a clock, what is given, and some of these.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, TypeAlias

from watchbill.errors import Place
from watchbill.model.change import Status
from watchbill.model.given import Given
from watchbill.model.plan import DeliveryResult
from watchbill.model.references import Ref

NOBODY: Final = "nobody"
"""Stands in a test where nobody is paged, or where no service claims an alert."""

# --- what is expected -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ExpectedName:
    """The incident has this ``owner``, ``service`` or ``escalation``; NOBODY for a service that none is."""

    what: Literal["owner", "service", "escalation"]
    name: str
    place: Place


@dataclass(frozen=True, slots=True)
class ExpectedPage:
    """These *people* are paged at this moment, *by* this escalation where one is named; no people for nobody."""

    at: timedelta
    people: tuple[str, ...]
    by: str | None
    place: Place


@dataclass(frozen=True, slots=True)
class ExpectedPages:
    """Exactly these pages are made, up to and at *until*."""

    pages: tuple[ExpectedPage, ...]
    until: timedelta
    place: Place


@dataclass(frozen=True, slots=True)
class ExpectedPost:
    """A post is made with this *use* at this moment; its arguments have this text in them where one is named."""

    use: str
    at: timedelta
    contains: str | None
    place: Place


@dataclass(frozen=True, slots=True)
class ExpectedHub:
    """A hub opens: a channel whose name is this (``*`` stands for anything), a bridge or none, these people among the invited."""

    channel: str | None
    bridge: bool | None
    invited: tuple[str, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class ExpectedEvidence:
    """This collector runs."""

    collector: str
    place: Place


@dataclass(frozen=True, slots=True)
class ExpectedUpdate:
    """An update to this audience is due at this moment, read first by *reviewer*, leaving at *sent*, with this text in it."""

    audience: str
    at: timedelta
    contains: str | None
    reviewer: str | None
    sent: timedelta | None
    place: Place


Standing = Literal["runs", "offered", "refused", "waiting", "absent"]
"""Where a remediation stands when a case is over.

It began or would; it was offered to people; a guard, a precondition or a person stopped it; it waits for approval; it does not
apply.
"""


@dataclass(frozen=True, slots=True)
class ExpectedRepair:
    """A remediation stands there, with this text among the reasons."""

    name: str
    standing: Standing
    because: str | None
    place: Place


@dataclass(frozen=True, slots=True)
class ExpectedStatus:
    """The incident has this status at this moment."""

    at: timedelta
    status: Status
    place: Place


@dataclass(frozen=True, slots=True)
class ExpectedDelivery:
    """Something leaves by *use* at this moment, to this *person* where one is named, and this becomes of it."""

    use: str
    person: str | None
    at: timedelta
    result: DeliveryResult
    place: Place


@dataclass(frozen=True, slots=True)
class ExpectedAlarm:
    """The engine raises its own alarm at this moment."""

    at: timedelta
    place: Place


Nothing = Literal["evidence", "updates", "posts", "remediations", "deliveries", "alarms", "all"]


@dataclass(frozen=True, slots=True)
class ExpectedNothing:
    """There is nothing of this sort up to *until*; ``all`` is no page, no post, no update and no remediation."""

    of: Nothing
    until: timedelta
    place: Place


Expected: TypeAlias = (
    ExpectedName
    | ExpectedPages
    | ExpectedPost
    | ExpectedHub
    | ExpectedEvidence
    | ExpectedUpdate
    | ExpectedRepair
    | ExpectedStatus
    | ExpectedDelivery
    | ExpectedAlarm
    | ExpectedNothing
)


# --- tests ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Case:
    """One case of a policy test. *until* is how long it is played at least."""

    name: str
    at: datetime
    given: Given
    expected: tuple[Expected, ...]
    place: Place
    until: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class PolicyTest:
    """Cases that belong together, kept beside the policies that they are about. Rows of a table are cases by now."""

    ref: Ref
    cases: tuple[Case, ...]

    @property
    def name(self) -> str:
        """The test's name."""
        return self.ref.name


# --- what came of it ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Why:
    """A policy and what it says, as the decisions of a case recorded it."""

    policy: str
    text: str
    place: Place


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that was *expected* of *subject* and is otherwise: what was *got*, and why that is so."""

    subject: str
    expected: str
    got: str
    place: Place
    because: tuple[Why, ...] = ()


@dataclass(frozen=True, slots=True)
class CaseResult:
    """What came of a case; it has passed if nothing differs."""

    case: Case
    differences: tuple[Difference, ...]

    @property
    def has_passed(self) -> bool:
        """Whether all is as expected."""
        return not self.differences


@dataclass(frozen=True, slots=True)
class TestResult:
    """What came of those cases of a test that were tried."""

    __test__ = False  # pytest takes what is called Test… for one of its own

    test: PolicyTest
    cases: tuple[CaseResult, ...]

    @property
    def failed(self) -> tuple[CaseResult, ...]:
        """The cases in which something differs."""
        return tuple(case for case in self.cases if not case.has_passed)


# --- coverage -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ConditionSeen:
    """A condition of a document as it was written, and whether any case has seen it hold, and not hold."""

    text: str
    has_held: bool
    has_failed: bool

    @property
    def is_covered(self) -> bool:
        """Whether it was seen both ways."""
        return self.has_held and self.has_failed


@dataclass(frozen=True, slots=True)
class DocumentCoverage:
    """A document that can take part in an incident: the cases in which it did, and its conditions."""

    policy: Ref
    cases: int
    conditions: tuple[ConditionSeen, ...]


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of the policies the cases have tried, document by document in the order of kinds, files and lines."""

    documents: tuple[DocumentCoverage, ...]

    @property
    def taking_part(self) -> int:
        """How many documents took part in a case."""
        return sum(document.cases > 0 for document in self.documents)

    @property
    def percent(self) -> float:
        """How many of a hundred documents took part in a case; of none, all."""
        return 100 * self.taking_part / len(self.documents) if self.documents else 100.0

    @property
    def conditions(self) -> tuple[int, int]:
        """How many conditions were seen both ways, and how many there are."""
        seen = [condition for document in self.documents for condition in document.conditions]
        return sum(condition.is_covered for condition in seen), len(seen)


@dataclass(frozen=True, slots=True)
class Tested:
    """Everything that came of a run of tests. *left_out* are tests that did not compile, and so could not be tried."""

    __test__ = False

    results: tuple[TestResult, ...]
    left_out: tuple[str, ...] = ()
    coverage: Coverage | None = None

    @property
    def cases(self) -> int:
        """How many cases were tried."""
        return sum(len(result.cases) for result in self.results)

    @property
    def failed(self) -> int:
        """How many of them failed."""
        return sum(len(result.failed) for result in self.results)
