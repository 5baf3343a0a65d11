"""Which calls carrying out a step takes: to whom, and with what arguments.

A page is one call for each contact of each person. Other steps are the one call that `decide` filled in. What
a policy left out, subject and text, are the step's own words (`watchbill.decide.step_words`).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from watchbill.connectors.performing import About
from watchbill.decide.bill import Bill
from watchbill.decide.causes import spoken_of
from watchbill.decide.step_words import is_for_audience
from watchbill.model.incident import Incident
from watchbill.model.plan import Step, StepKind
from watchbill.model.policies import Connector
from watchbill.model.policyset import Action, ConnectorType
from watchbill.model.references import Json

TIMEOUT: Final = timedelta(seconds=30)
"""How long a call may take that says nothing else."""

ATTEMPTS: Final[dict[StepKind, int]] = {"page": 30, "alarm": 30, "collect": 3, "verify": 1_000_000}
"""How often a call is tried before a person has to look; a verification looks until its time is over."""

FIRST_WAIT: Final = timedelta(seconds=2)
LONGEST_WAIT: Final = timedelta(minutes=5)
"""Between these lies how long an attempt waits for the one before it."""

SOONEST: Final = timedelta(seconds=0.5)
"""How long an attempt waits for the one before it at least, however short a wait the other side asks for."""

TRIES: Final = 8
"""How often, for all other kinds of steps."""


@dataclass(frozen=True, slots=True)
class PlannedCall:
    """One call of a step. *number* tells it from the step's other calls."""

    number: int
    connector: str
    action: str
    arguments: dict[str, Json]

    def key(self, step: str) -> str:
        """The idempotency key: the step's id, the same at every attempt, with the call's number where there are several."""
        return step if self.number == 0 else f"{step}#{self.number + 1}"


@dataclass(frozen=True, slots=True)
class Declared:
    """What a call's names stand for now; what is missing is None."""

    connector: Connector | None
    type: ConnectorType | None
    action: Action | None


def declared(bill: Bill, connector: str, action: str) -> Declared:
    """What this *connector* and *action* stand for in the policies as they are now."""
    found = bill.policies.connectors.get(connector)
    type = bill.catalogue.get(found.type) if found is not None else None
    return Declared(found, type, type.action(action) if type is not None else None)


def calls_of(step: Step) -> tuple[PlannedCall, ...]:
    """Every call of this *step*, in order, but those of its deliveries, which are made each by itself."""
    return tuple(PlannedCall(number, call.connector, call.action, dict(call.arguments)) for number, call in enumerate(step.calls))


def call_for(step: Step, number: int) -> PlannedCall:
    """The call that makes the delivery of this *step* with this *number*."""
    its = step.deliveries[number]
    return PlannedCall(number, its.connector, its.action, {"to": its.address})


def about_for(incident: Incident, step: Step, url: str = "") -> About:
    """What an outside system may be told of the *incident*: who reads what this *step* says decides it.

    What an audience reads says nothing that only responders should know. That two updates belong together, it can be told.
    """
    thread = hashlib.sha256(incident.id.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    if is_for_audience(step):
        return About(status=incident.status, thread=thread, is_for_audience=True)
    return About(
        incident=incident.id,
        title=spoken_of(incident, step).alert.name,
        status=incident.status,
        severity=incident.severity,
        service=incident.service or "",
        team=incident.team,
        opened_at=incident.opened_at,
        url=url,
        thread=thread,
    )


def backoff(key: str, attempt: int) -> timedelta:
    """How long to wait after this *attempt*: twice as long each time, and somewhat different for each *key*."""
    spread = int.from_bytes(hashlib.sha256(f"{key}\0{attempt}".encode()).digest()[:2], "big") / 65_535
    return min(FIRST_WAIT * 2.0 ** min(attempt - 1, 12), LONGEST_WAIT) * (0.75 + spread / 2)


def wait_after(key: str, attempt: int, asked: timedelta | None) -> timedelta:
    """How long what reaches people waits after this *attempt*, where the other side *asked* for so long: never longer than by itself.

    A short wait may be asked for again and again: nothing uses up its attempts much sooner for that than by itself.
    """
    wait = backoff(key, attempt)
    return wait if asked is None else max(min(wait, asked), wait / 4, SOONEST)


def limit_of(kind: StepKind) -> int:
    """How often a call of a step of this *kind* is tried."""
    return ATTEMPTS.get(kind, TRIES)
