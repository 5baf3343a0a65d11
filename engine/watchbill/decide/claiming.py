"""Which service an alert belongs to, and the labels it has from then on.

Claims see the labels as received. The most specific claim wins; what no service claims goes to the fallback team, and
nothing is dropped.
"""

from __future__ import annotations

from watchbill.decide.bill import Bill, Claim
from watchbill.model.alert import Alert, ClaimedAlert
from watchbill.model.plan import Reason
from watchbill.model.references import Ref
from watchbill.model.severity import USUAL_WORDS, Severity


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
    """This *alert* with its service and team, and a reason for each claim that was looked at."""
    reasons: list[Reason] = []
    holding: list[Claim] = []
    for each, failed in bill.claims(alert.labels, everything=everything):
        if failed is None:
            holding.append(each)
        else:
            saw = alert.labels.get(failed.name, "")
            reasons.append(Reason(each.service.ref, False, "a matcher does not hold", str(failed), saw, "matcher"))
    holding.sort(key=lambda each: (-each.specificity[0], -each.specificity[1], each.service.name))
    winner = holding[0] if holding else None
    for other in holding[1:]:
        if winner is not None and other.service is not winner.service:
            is_tie = other.specificity == winner.specificity
            why = f"as specific as {winner.service.name}; the name decides" if is_tie else f"less specific than {winner.service.name}"
            reasons.append(Reason(other.service.ref, False, why, kind="rival"))
    claimed = _labelled(bill, alert, winner)
    if winner is not None:
        reasons.insert(0, Reason(winner.service.ref, True, f"claimed by {' and '.join(map(str, winner.matchers))}"))
    else:
        settings = bill.policies.settings
        team = bill.policies.teams.get(settings.fallback_team)
        ref = team.ref if team else Ref("Settings", "watchbill", "", settings.place)
        reasons.insert(0, Reason(ref, True, f"no service claims it: it goes to the fallback team {settings.fallback_team}"))
    return claimed, tuple(reasons)


def _labelled(bill: Bill, alert: Alert, winner: Claim | None) -> ClaimedAlert:
    severity, unknown = severity_of(bill, alert.labels.get("severity", ""))
    labels = {**alert.labels, "severity": severity}
    if winner is None:
        team = bill.policies.settings.fallback_team
        labels["team"] = team
        return ClaimedAlert(alert, None, team, labels, severity, unknown)
    service = winner.service
    labels.update(service=service.name, team=service.owner, tier=str(service.tier))
    return ClaimedAlert(alert, service.name, service.owner, labels, severity, unknown)
