"""Why and why not: a decision made once more, with every policy looked at.

Rule 1: there is one judgement. What explains is `plan`, run with a bill that looks at everything and keeps what it saw; no
condition is asked here.
Rule 2: looking at more decides nothing else. A law holds the two against each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from watchbill.decide.bill import Bill, Claim, Context, P, Table
from watchbill.decide.planning import plan
from watchbill.errors import Place
from watchbill.model.alert import Alert, ClaimedAlert
from watchbill.model.decision import Snapshot
from watchbill.model.explanation import Asked, Explanation, LookedAt
from watchbill.model.forecast import Plan
from watchbill.model.labels import Labels, Matcher
from watchbill.model.ownership import Service
from watchbill.model.plan import Reason
from watchbill.model.policies import Policy
from watchbill.model.references import Kind, Ref

KINDS: Final[tuple[Kind, ...]] = (
    *("Grouping", "Silence", "Inhibition", "Escalation", "Settings", "Triage", "Comms", "Remediation", "Guardrail"),
)
"""In the order in which they come to bear."""

_BEFORE: Final = ("Grouping", "Silence", "Inhibition")
"""Kinds that come to bear before it is asked whether an alert is silenced."""

_FROM_MATCHING: Final = ("matcher", "when", "scope")
_FURTHEST: Final = ("answer", "other", "guard", "precondition", "rival", "when", "matcher", "scope")
"""Kinds of reasons, from what decides last to what decides first: the one that came furthest says most."""


def explain(bill: Bill, alerts: Sequence[Alert], at: datetime, snapshot: Snapshot | None = None) -> tuple[Explanation, ...]:
    """Everything that is looked at for these *alerts* at *at*: one explanation for each incident that they make."""
    witness = Witness(bill.policies, bill.catalogue)
    return tuple(_explanation(witness, each) for each in plan(witness, alerts, at, snapshot))


# --- watching a decision ----------------------------------------------------------------


class _Everything(Table[P]):
    """A table that leaves nothing out."""

    __slots__ = ()

    def looked_at(self, labels: Labels, *, everything: bool = True) -> list[tuple[P, Matcher | None]]:
        """Every policy with the first of its matchers that fails."""
        return super().looked_at(labels, everything=True)


@dataclass(frozen=True, slots=True)
class _Answer:
    """What a policy said. The labels it was asked about are held, so that nothing else can be taken for them."""

    labels: Labels
    refusal: Reason | None


class Witness(Bill):
    """A bill that decides as every other, looks at everything, and remembers what each policy said to which labels."""

    def __init__(self, policies: Any, catalogue: Any) -> None:
        super().__init__(policies, catalogue)
        self.answers: dict[Ref, dict[int, _Answer]] = {}
        self.claimed: dict[tuple[str, int], list[tuple[Labels, Claim, Matcher | None]]] = {}
        self.by_ref: dict[Ref, Policy] = {}
        for name, table in list(vars(self).items()):
            if isinstance(table, Table):
                self.by_ref.update((policy.ref, policy) for policy in table.policies)
                setattr(self, name, _Everything({policy.ref.name: policy for policy in table.policies}))

    def claims(self, labels: Labels, *, everything: bool = True) -> Iterator[tuple[Claim, Matcher | None]]:
        """Every claim there is, with its first matcher that fails."""
        for claim, failed in super().claims(labels, everything=True):
            self.claimed.setdefault((claim.service.name, id(labels)), []).append((labels, claim, failed))
            yield claim, failed

    def refusal(
        self, policy: Policy, failed: Matcher | None, labels: Labels, context: Callable[[], Context], *more: Any, **named: Any
    ) -> Reason | None:
        """As every bill says it; remembered."""
        refusal = super().refusal(policy, failed, labels, context, *more, **named)
        # The first time counts: what comes later in the play sees the incident as it is then.
        self.answers.setdefault(policy.ref, {}).setdefault(id(labels), _Answer(labels, refusal))
        return refusal


# --- gathering what was seen ------------------------------------------------------------


def _explanation(witness: Witness, found: Plan) -> Explanation:
    reasons: dict[Ref, list[Reason]] = {}
    for reason in found.reasons:
        reasons.setdefault(reason.policy, []).append(reason)
    policies = [_looked_at(witness, ref, reasons.get(ref, []), found.alerts) for ref in _refs(witness, reasons, found.alerts)]
    silenced = next((reason for reason in found.reasons if reason.applied and reason.policy.kind == "Silence"), None)
    policies = [_without(each, silenced, reasons) for each in policies]
    order = {kind: number for number, kind in enumerate(KINDS)}
    policies.sort(key=lambda each: (order.get(each.policy.kind, len(order)), not each.applied))
    return Explanation(found, _services(witness, found, reasons), tuple(policies))


def _refs(witness: Witness, reasons: Mapping[Ref, list[Reason]], alerts: Iterable[ClaimedAlert]) -> list[Ref]:
    """Every policy that had a say, in the order in which they were met; a service is none."""
    labels = {id(alert.labels) for alert in alerts}
    asked = (ref for ref, answers in witness.answers.items() if not labels.isdisjoint(answers))
    return [ref for ref in dict.fromkeys((*reasons, *asked)) if ref.kind in KINDS and ref.name != "watchbill"]


def _looked_at(witness: Witness, ref: Ref, reasons: list[Reason], alerts: tuple[ClaimedAlert, ...]) -> LookedAt:
    policy = witness.by_ref.get(ref)
    answers = witness.answers.get(ref, {})
    asked = tuple(
        Asked(alert.fingerprint, alert.alert.name, answer.refusal, _place(policy, ref, answer.refusal))
        for alert in alerts
        if (answer := answers.get(id(alert.labels))) is not None
    )
    deciding = _deciding(ref, reasons, asked)
    return LookedAt(ref, deciding, _place(policy, ref, deciding), asked)


def _deciding(ref: Ref, reasons: list[Reason], asked: tuple[Asked, ...]) -> Reason:
    """The reason that says most about this policy: that it takes part, or else the one that came furthest."""
    if not any(reason.applied for reason in reasons) and any(answer.refusal is None for answer in asked):
        # It matches, so that it does not match another alert is not why it takes no part.
        reasons = [reason for reason in reasons if reason.kind not in _FROM_MATCHING]
    if not reasons and asked and all(answer.refusal is not None for answer in asked):
        # Nothing was decided, as for what is silenced: what it said to the alerts is all there is.
        reasons = [answer.refusal for answer in asked if answer.refusal is not None]
    if not reasons:
        return Reason(ref, True, "takes part")
    return min(reasons, key=lambda reason: (not reason.applied, _FURTHEST.index(reason.kind)))


def _without(looked_at: LookedAt, silenced: Reason | None, reasons: Mapping[Ref, list[Reason]]) -> LookedAt:
    """The same; of a policy that matches and decided nothing, because its alerts are *silenced*, that is said."""
    ref = looked_at.policy
    if silenced is None or ref in reasons or not looked_at.applied or ref.kind in _BEFORE:
        return looked_at
    return replace(looked_at, reason=Reason(ref, False, f"would take part; `{silenced.policy.name}` silences what fires"))


def _place(policy: Policy | None, ref: Ref, reason: Reason | None) -> Place:
    """The line that decided, as far as the policy knows where its parts stand."""
    when = policy.selector.when if policy is not None else None
    precondition = getattr(policy, "precondition", None)
    if reason is not None and reason.kind == "when" and when is not None and reason.failed:
        return when.place
    if reason is not None and reason.kind == "precondition" and precondition is not None:
        place: Place = precondition.place
        return place
    return ref.place


# --- services ---------------------------------------------------------------------------


def _services(witness: Witness, found: Plan, reasons: Mapping[Ref, list[Reason]]) -> tuple[LookedAt, ...]:
    """Every service: the one that claims the alerts first, then the others as they stand in their files."""
    looked_at: list[LookedAt] = []
    for service in witness.policies.services.values():
        # What is said of a severity stands at the service too, and is not about its claims.
        own = [reason for reason in reasons.get(service.ref, ()) if reason.kind in ("matcher", "rival") or reason == found.claim]
        if own:
            asked = tuple(_asked_claims(witness, service, found.alerts, own))
            deciding = min(own, key=lambda reason: (not reason.applied, reason.kind != "rival"))
            looked_at.append(LookedAt(service.ref, deciding, service.ref.place, asked))
    if found.service is None:
        looked_at.append(LookedAt(found.claim.policy, found.claim, found.claim.policy.place))
    return tuple(sorted(looked_at, key=lambda each: not each.applied))


def _asked_claims(witness: Witness, service: Service, alerts: tuple[ClaimedAlert, ...], reasons: list[Reason]) -> Iterator[Asked]:
    """What each claim of a *service* said to each alert: of its *reasons* the one that is about the matcher that failed."""
    for alert in alerts:
        labels = alert.alert.labels
        for _, _, failed in witness.claimed.get((service.name, id(labels)), ()):
            said = "" if failed is None else str(failed)
            saw = "" if failed is None else labels.get(failed.name, "")
            refusal = next((each for each in reasons if failed is not None and (each.failed, each.saw) == (said, saw)), None)
            yield Asked(alert.fingerprint, alert.alert.name, refusal, service.ref.place)
