"""What left in a case, to whom, and what became of it, against what was expected of it; and the engine's own alarm.

What leaves at its time and of which nothing else is known is taken as sent.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from watchbill.decide import Bill
from watchbill.expressions.durations import format_duration
from watchbill.model.change import StepChanged
from watchbill.model.plan import DeliveryResult, Step
from watchbill.model.testing import Difference, ExpectedAlarm, ExpectedDelivery, Why
from watchbill.report.counts import listing
from watchbill.verify.cases import CasePlay, Played
from watchbill.verify.pages import why_of_page
from watchbill.verify.reasons import why_of_step
from watchbill.verify.script import CALLING, Deliveries


@dataclass(frozen=True, slots=True)
class Delivered:
    """Something that left by *use* for a *step*, to a *person* or to nobody in particular; or was withdrawn before it did."""

    at: datetime
    use: str
    person: str | None
    result: DeliveryResult
    step: Step

    @property
    def name(self) -> str:
        """What it is, in a few words: ``mei: phone.page refused``."""
        return _named(self.use, self.person, self.result)


def deliveries_of(bill: Bill, play: CasePlay) -> list[Delivered]:
    """Everything that left in this *play*, in order of time."""
    told = Deliveries(bill, play.case)
    found: list[Delivered] = []
    for each in play.incidents:
        found.extend(_to_persons(each, play.until))
        for at, step in each.started(*CALLING):
            uses = (f"{call.connector}.{call.action}" for call in step.calls)
            found.extend(Delivered(at, use, None, told.result(use, None, at), step) for use in uses)
    return sorted(found, key=lambda each: each.at)


def _to_persons(played: Played, until: datetime) -> Iterator[Delivered]:
    withdrawn = _withdrawn(played)
    for step in played.steps:
        for number, each in enumerate(step.deliveries):
            result, gone_at = each.result, withdrawn.get((step.id, number))
            if result == "waiting" and each.at > until:
                continue
            # Nothing was reported of it: it has left if its time had come before it was withdrawn.
            has_left = gone_at is not None and (each.at < gone_at or each.at == step.started_at)
            if result == "waiting" or (result == "withdrawn" and has_left and not each.attempt):
                result = "sent"
            yield Delivered(each.at, each.use, each.person, result, step)


def _withdrawn(played: Played) -> dict[tuple[str, int], datetime]:
    """When each delivery was withdrawn of those that were, by step and number."""
    found: dict[tuple[str, int], datetime] = {}
    for moment in played.moments:
        for change in moment.decision.changes:
            if isinstance(change, StepChanged):
                for number, each in enumerate(change.step.deliveries):
                    if each.result == "withdrawn":
                        found.setdefault((change.step.id, number), moment.at)
    return found


# --- against what was expected --------------------------------------------------------


def delivery_differences(bill: Bill, play: CasePlay, expected: ExpectedDelivery) -> Iterator[Difference]:
    """A difference where nothing left as expected: what became of it instead, or what left otherwise."""
    at = play.case.at + expected.at
    made = [each for each in deliveries_of(bill, play) if each.use == expected.use and expected.person in (None, each.person)]
    same = [each for each in made if each.at == at]
    if any(each.result == expected.result for each in same):
        return
    subject = f"delivery at {format_duration(expected.at)}"
    wanted = _named(expected.use, expected.person, expected.result)
    if same:
        because = tuple(dict.fromkeys(why for each in same for why in _why(bill, play, each)))
        yield Difference(subject, wanted, listing(list(dict.fromkeys(each.name for each in same))), expected.place, because)
        return
    others = [f"{each.name} at {format_duration(each.at - play.case.at)}" for each in made]
    got = listing(list(dict.fromkeys(others))) or "nothing leaves that way"
    yield Difference(subject, wanted, got, expected.place, why_of_page(play, at))


def _named(use: str, person: str | None, result: str) -> str:
    return f"{person}: {use} {result}" if person else f"{use} {result}"


def _why(bill: Bill, play: CasePlay, delivered: Delivered) -> Iterator[Why]:
    """Why this became of it: what is given of it, that its connector is in shadow, or that nothing is given; and what its step says."""
    connector = bill.policies.connectors.get(delivered.use.partition(".")[0])
    given = Deliveries(bill, play.case).given(delivered.use, delivered.person, delivered.at)
    if connector is not None and connector.shadow:
        yield Why(str(connector.ref), "it is in shadow", connector.ref.place)
    elif delivered.result == "withdrawn":
        pass
    elif given is not None:
        yield Why("given", _named(given.use, given.person, given.result), given.place)
    else:
        yield Why("given", f"nothing of {delivered.use} then, so it is sent", play.case.place)
    yield why_of_step(delivered.step, f"it brings this {delivered.step.kind}")


def unused_differences(bill: Bill, play: CasePlay) -> Iterator[Difference]:
    """What is given of deliveries that were not made: the case tells of something that does not happen."""
    for each in play.unused:
        connector = bill.policies.connectors.get(each.use.partition(".")[0])
        from_then = f" from {format_duration(each.at)} on" if each.at else ""
        got = f"nothing leaves that way{from_then}, up to {format_duration(play.until - play.case.at)}"
        if connector is not None and connector.shadow:
            got = f"nothing leaves that way: {connector.ref.name} is in shadow"
        yield Difference("given delivery", _named(each.use, each.person, each.result), got, each.place, why_of_page(play))


def alarm_differences(bill: Bill, play: CasePlay, expected: ExpectedAlarm) -> Iterator[Difference]:
    """A difference where the engine does not raise its own alarm at that moment."""
    at = play.case.at + expected.at
    raised = sorted({moment for each in play.incidents for moment, _ in each.started("alarm")})
    if at not in raised:
        got = f"alarm at {listing([format_duration(moment - play.case.at) for moment in raised])}" if raised else "no alarm"
        yield Difference(f"alarm at {format_duration(expected.at)}", "an alarm", got, expected.place, why_of_page(play, at))
