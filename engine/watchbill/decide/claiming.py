"""Which service an alert belongs to, and the labels it has from then on.

Claims see the labels as received. The most specific claim wins; what no service claims goes to the fallback team, and
nothing is dropped.
"""

from __future__ import annotations

from typing import Final

from watchbill.decide.bill import Bill, Claim, Taking
from watchbill.model.alert import Alert, ClaimedAlert
from watchbill.model.labels import Labels
from watchbill.model.ownership import Service
from watchbill.model.plan import Reason
from watchbill.model.references import Ref
from watchbill.model.severity import USUAL_WORDS, Severity

MOST_TAKINGS: Final = 4_096
MOST_REASONS: Final = 32
LONGEST_VALUES: Final = 1_024
"""How many outcomes a bill remembers, and how many reasons and letters of labels one of them may have."""


def severity_of(bill: Bill, word: str) -> tuple[Severity, str | None]:
    """The severity that this *word* of a source stands for, and the word itself where the map does not know it.

    An unknown word counts as critical, because a page too many is the smaller mistake; so does no word at all, but that
    is nothing to report.
    """
    if not word:
        return "critical", None
    folded = word.strip().lower()
    known = bill.policies.settings.severities.get(folded) or USUAL_WORDS.get(folded)
    return (known, None) if known else ("critical", word)


def claim(bill: Bill, alert: Alert, *, everything: bool = False) -> tuple[ClaimedAlert, tuple[Reason, ...]]:
    """This *alert* with its service and team, and a reason for each claim that was looked at.

    What a person declares is of the service that they name, whatever its matchers ask for: they know which one they mean.
    """
    labels = alert.labels
    if alert.is_declared and labels.get("service") in bill.policies.services:
        service = bill.policies.services[labels["service"]]
        severity, unknown = severity_of(bill, labels.get("severity", ""))
        added = _added(service, severity)
        claimed = ClaimedAlert(alert, service.name, service.owner, {**labels, **added}, severity, unknown)
        return claimed, (Reason(service.ref, True, "claimed by the name in its declaration"),)
    values = tuple([labels.get(name, "") for name in bill.told_by])
    taking = None if everything else bill.takings.get(values)
    if taking is None:
        taking = _taking(bill, labels, everything=everything)
        if not everything:
            _remember(bill, values, taking)
    claimed = ClaimedAlert(alert, taking.service, taking.team, {**labels, **taking.labels}, taking.severity, taking.unknown_severity)
    return claimed, taking.reasons


def _remember(bill: Bill, values: tuple[str, ...], taking: Taking) -> None:
    """Keep what becomes of alerts with these *values*, as long as that takes little room: labels repeat far more than they vary."""
    if len(taking.reasons) > MOST_REASONS or sum(map(len, values)) > LONGEST_VALUES:
        return
    if len(bill.takings) >= MOST_TAKINGS:
        bill.takings.clear()
    bill.takings[values] = taking


def _taking(bill: Bill, labels: Labels, *, everything: bool) -> Taking:
    """What becomes of an alert with these received *labels*. Only the values of the labels that claims name, and its severity, tell."""
    reasons: list[Reason] = []
    holding: list[Claim] = []
    for each, failed in bill.claims(labels, everything=everything):
        if failed is None:
            holding.append(each)
        else:
            saw = labels.get(failed.name, "")
            reasons.append(Reason(each.service.ref, False, "a matcher does not hold", str(failed), saw, "matcher"))
    holding.sort(key=lambda each: (-each.specificity[0], -each.specificity[1], each.service.name))
    winner = holding[0] if holding else None
    for other in holding[1:]:
        if winner is not None and other.service is not winner.service:
            is_tie = other.specificity == winner.specificity
            why = f"as specific as {winner.service.name}; the name decides" if is_tie else f"less specific than {winner.service.name}"
            reasons.append(Reason(other.service.ref, False, why, kind="rival"))
    severity, unknown = severity_of(bill, labels.get("severity", ""))
    if winner is not None:
        service = winner.service
        reasons.insert(0, Reason(service.ref, True, f"claimed by {' and '.join(map(str, winner.matchers))}"))
        return Taking(service.name, service.owner, _added(service, severity), severity, unknown, tuple(reasons))
    settings = bill.policies.settings
    fallback = settings.fallback_team
    team = bill.policies.teams.get(fallback)
    ref = team.ref if team else Ref("Settings", "watchbill", "", settings.place)
    reasons.insert(0, Reason(ref, True, f"no service claims it: it goes to the fallback team {fallback}"))
    return Taking(None, fallback, {"severity": severity, "team": fallback}, severity, unknown, tuple(reasons))


def _added(service: Service, severity: Severity) -> Labels:
    """The labels that an alert of this *service* has besides its own."""
    return {"severity": severity, "service": service.name, "team": service.owner, "tier": str(service.tier)}
