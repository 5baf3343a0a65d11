"""What comes back from outside in a case: how remediations end, what their checks see, and what becomes of all that leaves.

Rule 1: nothing comes back that the case does not speak of. What leaves has left, and that is all that is known of it.
Rule 2: of a page, a review or a reminder of which the case speaks, everything is reported: what it does not name is sent. Otherwise one
contact that fails would meet others of which `decide` does not know that they have left.
Rule 3: outcomes mean here what they mean to the engine: what may be repeated and whose outcome is unknown is tried again and stays begun.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final

from watchbill.decide import Bill
from watchbill.model.event import DeliveryReported, Event, Observed, StepFinished
from watchbill.model.given import GivenDelivery, GivenLook, GivenOutcome
from watchbill.model.plan import REPORTED_LATER, Call, DeliveryResult, Done, Stalled, Step, StepKind
from watchbill.model.testing import Case

FAILED: Final = "it failed"
"""What a step says that ends badly because a case has it so."""

CALLING: Final[tuple[StepKind, ...]] = ("notify", "hub", "bridge", "collect", "update")
"""The steps of one or more calls whose end may be given: posts, rooms, collectors and updates."""

_WHY: Final[Mapping[DeliveryResult, str]] = {
    "failed": FAILED,
    "refused": "it was refused",
    "unable": "nothing can be sent this way",
    "unknown": "nobody knows whether it was done; look, then `watchbill retry` it",
}
"""What a call says that was not carried out."""


class Deliveries:
    """What becomes of each delivery of a case, as the case has it. *used* are those of its words that had anything to say."""

    def __init__(self, bill: Bill, case: Case) -> None:
        self._bill, self._case = bill, case
        self.used: set[GivenDelivery] = set()
        self.says_something = bool(case.given.deliveries) or any(each.shadow for each in bill.policies.connectors.values())

    def given(self, use: str, person: str | None, at: datetime) -> GivenDelivery | None:
        """What is given of what leaves by *use* at this time: what names the *person* first, and of that what began last."""
        offset = at - self._case.at
        fitting = (
            each
            for each in self._case.given.deliveries
            if each.use == use and each.at <= offset and (each.person is None or each.person == person)
        )
        return max(fitting, key=lambda each: (each.person is not None, each.at), default=None)

    def result(self, use: str, person: str | None, at: datetime) -> DeliveryResult:
        """What becomes of what leaves by *use* at this time."""
        if self._is_shadow(use):
            return "shadow"
        given = self.given(use, person, at)
        return given.result if given is not None else "sent"

    def reports(self, step: Step, number: int, now: datetime) -> Iterator[tuple[timedelta, Event]]:
        """What is reported of the delivery with this *number* that leaves *now*, each with how long after."""
        if not any(self._is_shadow(each.use) or self.given(each.use, each.person, each.at) for each in step.deliveries):
            return
        delivery = step.deliveries[number]
        result = self.result(delivery.use, delivery.person, now)
        given = self._taken(delivery.use, delivery.person, now)
        if result in REPORTED_LATER:
            yield timedelta(0), DeliveryReported(step.id, number, "sent")
        yield given.after if given is not None else timedelta(0), DeliveryReported(step.id, number, result)

    def outcome(self, step: Step, now: datetime) -> Iterator[tuple[timedelta, Event]]:
        """How the calls of a *step* end that are made *now*: it is done if any of them was, as for the engine."""
        found = [(call, self._taken(_use(call), None, now)) for call in step.calls]
        if not any(given is not None for _, given in found):
            return
        results = [(call, self.result(_use(call), None, now)) for call, _ in found]
        if any(result == "unknown" and self._may_repeat(call) for call, result in results):
            return
        after = max(given.after for _, given in found if given is not None)
        failed = [f"{_use(call)}: {_WHY[result]}" for call, result in results if result in _WHY]
        yield after, StepFinished(step.id, Stalled("; ".join(failed)) if len(failed) == len(results) else Done())

    def _taken(self, use: str, person: str | None, now: datetime) -> GivenDelivery | None:
        """What is given of this, remembered as used."""
        given = self.given(use, person, now) if not self._is_shadow(use) else None
        if given is not None:
            self.used.add(given)
        return given

    def _is_shadow(self, use: str) -> bool:
        connector = self._bill.policies.connectors.get(use.partition(".")[0])
        return connector is not None and connector.shadow

    def _may_repeat(self, call: Call) -> bool:
        """Whether the engine makes this *call* again of which nobody knows whether it was carried out."""
        connector = self._bill.policies.connectors.get(call.connector)
        type = self._bill.catalogue.get(connector.type) if connector is not None else None
        action = type.action(call.action) if type is not None else None
        return action is not None and action.may_repeat


def _use(call: Call) -> str:
    return f"{call.connector}.{call.action}"


class Script:
    """What comes back from each step that is handed out, as the case has it: nothing, from most of them."""

    def __init__(self, bill: Bill, case: Case) -> None:
        self.policies = bill.policies
        self.outcomes = case.given.outcomes
        self.deliveries = Deliveries(bill, case)

    def __call__(self, step: Step, now: datetime) -> Iterable[tuple[timedelta, Event]]:
        """The replies to this *step*, each with how long after."""
        if step.kind == "verify":
            yield from self._seen(step)
        elif step.kind in CALLING:
            yield from self.deliveries.outcome(step, now)
        elif step.kind in ("repair", "rollback"):
            outcome = self._outcome(step)
            if outcome is not None:
                # A remediation that failed is undone well, unless the case names a step of the rollback.
                is_well = outcome.is_well or (step.kind == "rollback" and outcome.step is None)
                yield outcome.after, StepFinished(step.id, Done() if is_well else Stalled(FAILED))

    def _outcome(self, step: Step) -> GivenOutcome | None:
        """The one for this very step, else the one for all steps of its remediation."""
        name = step.slot.rsplit("/", 1)[-1]
        own = [outcome for outcome in self.outcomes if outcome.remediation == step.because.name]
        named = next((outcome for outcome in own if outcome.step == name), None)
        return named or next((outcome for outcome in own if outcome.step is None), None)

    def _seen(self, step: Step) -> Iterator[tuple[timedelta, Event]]:
        """What a verification sees: every look, and once more when it has held for as long as it must."""
        looks = [look for outcome in self.outcomes if outcome.remediation == step.because.name for look in outcome.looks]
        remediation = self.policies.remediations.get(step.because.name)
        verification = remediation.verification if remediation is not None else None
        if verification is None:
            return
        moments = {look.after for look in looks} | {look.after + verification.hold_for for look in looks}
        for moment in sorted(moments):
            yield moment, Observed(step.id, _look_at(looks, moment).result)


def _look_at(looks: list[GivenLook], moment: timedelta) -> GivenLook:
    """The look that holds at this *moment*: the last that has begun."""
    return max((look for look in looks if look.after <= moment), key=lambda look: look.after)
