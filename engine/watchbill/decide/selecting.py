"""Which policies take part, and why the others do not.

Escalations compete: scopes are tried from the owner outwards, and within one the most specific wins. Comms compete per
audience. Triage and remediations do not compete: all that match take part. Every candidate looked at leaves a reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from watchbill.decide.bill import Bill, Context, P, Table, specificity
from watchbill.model.alert import ClaimedAlert
from watchbill.model.plan import Reason
from watchbill.model.policies import Comms, Escalation, Level, Selector
from watchbill.model.references import Ref, Target


def matching(
    bill: Bill,
    table: Table[P],
    alert: ClaimedAlert,
    context: Callable[[], Context],
    reasons: list[Reason],
    *,
    everything: bool = False,
    anywhere: Callable[[P], bool] = lambda policy: False,
) -> list[P]:
    """The policies of this *table* that match the *alert*, in order; each of the others adds to *reasons*.

    *anywhere* tells the ones that may match the alerts of any team.
    """
    if not table.policies:
        return []
    found: list[P] = []
    for policy, failed in table.looked_at(alert.labels, everything=everything):
        if failed is None and not bill.reaches(policy.ref.team, alert.team) and not anywhere(policy):
            team = policy.ref.team
            note = f"it is of {team}, and the alert of {alert.team}, which is neither {team} nor below it"
            reasons.append(Reason(policy.ref, False, note, kind="scope"))
            continue
        refusal = bill.refusal(policy, failed, alert.labels, context)
        if refusal is None:
            found.append(policy)
        else:
            reasons.append(refusal)
    return found


def rank(selector: Selector) -> tuple[int, int, int]:
    """How a policy stands against others of its scope; the highest wins: priority, equalities, other matchers."""
    return (selector.priority, *specificity(selector.match))


def most_specific(policies: Iterable[P]) -> list[P]:
    """These *policies*, the one that wins first. Where nothing else tells two apart, the name does."""
    return sorted(policies, key=lambda policy: (*(-number for number in rank(policy.selector)), policy.ref.name))


@dataclass(frozen=True, slots=True)
class Chosen:
    """The escalation that won, why, and those with ``continue`` that take part besides."""

    escalation: Escalation
    why: str
    besides: tuple[Escalation, ...]


def choose_escalation(
    bill: Bill, alert: ClaimedAlert, context: Callable[[], Context], reasons: list[Reason], *, everything: bool = False
) -> Chosen:
    """The escalation for this lead *alert*; there always is one, and it leaves a reason.

    Tried in this order: documents of the owner team that match, the service's default, the team's, the same for each
    ancestor, documents that a grant lets reach this far, the repository's default, the fallback team.
    """
    found = matching(bill, bill.escalations, alert, context, reasons, everything=everything, anywhere=lambda policy: policy.proceed)
    besides = tuple([policy for policy in found if policy.proceed])
    competing = [policy for policy in found if not policy.proceed]
    for policy in besides:
        reasons.append(Reason(policy.ref, True, "applies besides the one that wins (`continue: true`)"))
    winner, why = _first_of_scopes(bill, alert, competing)
    reasons.append(Reason(winner.ref, True, why))
    for other in competing:
        if other is not winner:
            reasons.append(Reason(other.ref, False, _why_not(winner, other), kind="rival"))
    return Chosen(winner, why, besides)


def _first_of_scopes(bill: Bill, alert: ClaimedAlert, competing: list[Escalation]) -> tuple[Escalation, str]:
    policies = bill.policies
    line = bill.line_of(alert.team)
    service = policies.services.get(alert.service) if alert.service else None
    for team in line or (alert.team,):
        inside = [policy for policy in competing if policy.ref.team == team]
        if inside:
            return _best(inside, team)
        default = _named(bill, service.escalation) if service is not None and team == alert.team else None
        if default is not None and service is not None:
            return default, f"the default of service {service.name}"
        default = _named(bill, policies.teams[team].escalation) if team in policies.teams else None
        if default is not None:
            return default, f"the default of team {team}"
    wider = [policy for policy in competing if policy.ref.team not in line]
    if wider:
        return _best(wider, "a wider grant")
    default = _named(bill, policies.settings.escalation)
    return (default, "the default of the repository") if default is not None else _fallback(bill)


def _named(bill: Bill, name: str | None) -> Escalation | None:
    return bill.policies.escalations.get(name) if name is not None else None


def _best(inside: list[Escalation], scope: str) -> tuple[Escalation, str]:
    if len(inside) == 1:
        return inside[0], f"the only one of {scope} that matches"
    ordered = most_specific(inside)
    first, second = ordered[0], ordered[1]
    if rank(first.selector) == rank(second.selector):
        return first, f"as specific as {second.ref.name}; the name decides between {len(ordered)} of {scope}"
    if first.selector.priority != second.selector.priority:
        return first, f"highest priority of {len(ordered)} of {scope} that match"
    return first, f"most specific of {len(ordered)} of {scope} that match"


def _why_not(winner: Escalation, other: Escalation) -> str:
    if winner.ref.team != other.ref.team:
        return f"{winner.ref.name} is nearer to the owner"
    if winner.selector.priority != other.selector.priority:
        return f"{winner.ref.name} has a higher priority"
    if rank(winner.selector) == rank(other.selector):
        return f"as specific as {winner.ref.name}; the name decides"
    return f"{winner.ref.name} is more specific"


def _fallback(bill: Bill) -> tuple[Escalation, str]:
    settings = bill.policies.settings
    team = bill.policies.teams.get(settings.fallback_team)
    default = _named(bill, team.escalation) if team is not None else None
    if default is not None:
        return default, f"nothing else matches: the default of the fallback team {settings.fallback_team}"
    ref = Ref("Settings", "fallback-team", settings.fallback_team, settings.place)
    level = Level((Target("team", settings.fallback_team),), settings.fallback_wait, settings.place)
    return Escalation(ref, Selector(), (level,)), f"nothing else matches: the fallback team {settings.fallback_team}"


def choose_comms(found: Iterable[tuple[Comms, ClaimedAlert]], reasons: list[Reason]) -> list[tuple[Comms, ClaimedAlert]]:
    """Of the Comms that match, the most specific for each audience, with the alert that matched it."""
    by_audience: dict[str, list[tuple[Comms, ClaimedAlert]]] = {}
    for comms, alert in found:
        by_audience.setdefault(comms.audience, []).append((comms, alert))
    chosen: list[tuple[Comms, ClaimedAlert]] = []
    for audience, several in by_audience.items():
        winner = most_specific(comms for comms, _ in several)[0]
        chosen.append(next(pair for pair in several if pair[0] is winner))
        reasons.append(Reason(winner.ref, True, f"keeps {audience} informed"))
        for comms, _ in several:
            if comms is not winner:
                reasons.append(Reason(comms.ref, False, f"{winner.ref.name} is more specific for {audience}", kind="rival"))
    return chosen
