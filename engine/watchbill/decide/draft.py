"""One decision while it is being made: what is there, what changes, and why.

Everything a decision does to an incident goes through `Draft.record`, so that what is recorded and what is folded are
the same thing. A draft lives as long as one call of `decide`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from operator import attrgetter
from typing import Any, TypeAlias, TypeVar, cast

from watchbill.decide.bill import Bill, Context
from watchbill.decide.context import context_of
from watchbill.decide.firing import Firing
from watchbill.decide.muting import Hiding, hidden_by
from watchbill.decide.rings import Rings
from watchbill.model.alert import ClaimedAlert
from watchbill.model.change import Change, StepAdded, StepChanged
from watchbill.model.decision import Decision, Snapshot
from watchbill.model.fold import Fold
from watchbill.model.ownership import Service
from watchbill.model.plan import FINAL, Call, Reason, Step
from watchbill.model.references import Argument, Json, Template, Use

T = TypeVar("T")

Answer: TypeAlias = tuple[bool, str]
"""What came of what a person said: whether it was done, and in words what, or why nothing was."""


_FIELDS_OF = attrgetter(*Step.__slots__)


class Draft:
    """What a decision has come to so far. *now* is the only time there is."""

    def __init__(self, bill: Bill, snapshot: Snapshot, now: datetime) -> None:
        self.bill = bill
        self.snapshot = snapshot
        self.now = now
        self.fold = Fold(snapshot.incident)
        self.changes: list[Change] = []
        self.reasons: list[Reason] = []
        self.started: list[Step] = []
        self._contexts: dict[str, Context] = {}
        self._remembered: dict[str, tuple[int, object]] = {}

    def record(self, change: Change) -> None:
        """Record this *change* and apply it."""
        self.changes.append(change)
        self.fold.apply(change)

    def remember(self, name: str, find: Callable[[], T]) -> T:
        """What *find* gives, found once for as long as nothing changes: an incident may have hundreds of steps."""
        when, found = self._remembered.get(name, (-1, None))
        if when != len(self.changes):
            when, found = self._remembered[name] = (len(self.changes), find())
        return cast("T", found)

    def add(self, step: Step) -> None:
        """Plan this *step*, unless a step of the same id is there already; one that was taken back unbegun may come again."""
        there = self.fold.steps.get(step.id)
        if there is None or (there.state == "withdrawn" and there.started_at is None):
            self.record(StepAdded(step))

    def change(self, step: Step, **fields: Any) -> Step:
        """Record that this *step* now has these *fields*; the step as it is then."""
        # `dataclasses.replace` does the same, and takes half as long again.
        changed = Step(**{**dict(zip(Step.__slots__, _FIELDS_OF(step), strict=True)), **fields})
        self.record(StepChanged(changed))
        return changed

    def start(self, step: Step, **fields: Any) -> Step:
        """Hand this *step* out to be carried out now."""
        started = self.change(step, state="started", started_at=self.now, **fields)
        self.started.append(started)
        return started

    def hand_out_again(self, step: Step) -> None:
        """Hand this *step* out once more, as it was. Its clock runs on from when it first began."""
        self.started.append(self.change(step, retry_at=None))

    def withdraw(self, steps: tuple[Step, ...], why: str) -> None:
        """Take back those of these *steps* that have not come to an end."""
        for step in steps:
            if step.state not in FINAL:
                # What is under way may have its effect all the same.
                acts = step.kind == "repair" and step.state == "started" and step.retry_at is None
                self.change(step, state="withdrawn", retry_at=None, note=why, may_have_acted=step.may_have_acted or acts)

    def steps(self, *kinds: str) -> tuple[Step, ...]:
        """The steps of these *kinds*, in the order in which they were planned."""
        return tuple([step for step in self.fold.steps.values() if step.kind in kinds])

    @property
    def service(self) -> Service | None:
        """The service whose incident this is, if it is (still) declared."""
        return self.bill.policies.services.get(self.fold.service) if self.fold.service else None

    @property
    def affected(self) -> tuple[str, ...]:
        """The services of other incidents whose alerts the alerts of this one hide."""
        if not self.bill.may_hide or not self.snapshot.active:
            return ()
        return self.remember("affected", self._affected)

    def _affected(self) -> tuple[str, ...]:
        plainly = partial(context_of, self.bill, incident=self.fold, now=self.now)
        own, elsewhere = Firing(self.bill, self.fold.firing), self.bill.firing(self.snapshot.active)
        hiding = Hiding(self.bill, plainly, self.now)
        rings = Rings(hiding, (own, elsewhere))
        others = (each for each in elsewhere.targets(own.alerts) if each.service not in (None, self.fold.service))
        return tuple(dict.fromkeys(str(each.service) for each in others if hidden_by(hiding, rings, each, (own,))))

    def context(self, alert: ClaimedAlert) -> Context:
        """What conditions and templates see of this *alert* now; made once per decision and alert."""
        context = self._contexts.get(alert.fingerprint)
        if context is None:
            context = self._contexts[alert.fingerprint] = context_of(self.bill, alert, self.fold, self.now, self.affected)
        return context

    def connector_name(self, use: Use) -> str:
        """The connector that this *use* means for the incident's service."""
        service = self.service
        return dict(service.bindings).get(use.connector, use.connector) if service else use.connector

    def fill(self, use: Use, alert: ClaimedAlert, *, absent: str = "refuse", **more: Json) -> Call:
        """This *use* with its arguments filled in, by the connector that the service binds its name to.

        *more* adds to what the templates see. An optional argument that fills in as empty counts as left out. Raises
        `TemplateRefused` for a value that is missing, or that an argument's escaping does not allow, and `CallRefused` where the
        arguments are not what the action takes: what is planned here is what the engine carries out.
        """
        context: Context = {**self.context(alert), **more} if more else self.context(alert)
        name = self.connector_name(use)
        takes = self.bill.takes(name, use.action)
        if takes is None:
            return Call(name, use.action, {key: self._fill(value, context, "none", absent) for key, value in use.arguments})
        filled: dict[str, Json] = {}
        for key, value in use.arguments:
            each = self._fill(value, context, takes.escaping.get(key, "none"), absent)
            if each or key in takes.required or not _is_filled_in(value):
                filled[key] = each
        return Call(name, use.action, takes.fitting(filled, f"{name}.{use.action}"))

    def _fill(self, value: Argument, context: Context, escaping: str, absent: str) -> Json:
        if isinstance(value, Template):
            return self.bill.render(value, context, escaping, absent)
        if isinstance(value, tuple):
            if value and all(_is_pair(each) for each in value):
                pairs = cast("tuple[tuple[str, Argument], ...]", value)
                return {name: self._fill(inner, context, escaping, absent) for name, inner in pairs}
            return [self._fill(each, context, escaping, absent) for each in cast("tuple[Argument, ...]", value)]
        return value

    def decision(self, wake_at: datetime | None) -> Decision:
        """The decision this has come to."""
        bill = self.bill.policies
        incident = self.fold.incident() if self.changes else self.snapshot.incident
        started = tuple(self.started)
        return Decision(incident, tuple(self.changes), started, wake_at, tuple(self.reasons), bill.revision, bill.tzdata)


def _is_filled_in(value: Argument) -> bool:
    """Whether this argument is one text with something to fill in."""
    return isinstance(value, Template) and not value.is_plain


def _is_pair(value: object) -> bool:
    """Whether this is a field of a mapping; an element of a list never begins with a bare text."""
    return isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], str)
