"""What a silence must be that somebody makes on the running server: whose it is, what it matches, and for how long.

Rule: it is a `Silence` of a team like a declared one, so it reaches no further than the team's policies do.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from watchbill.decide.bill import Bill
from watchbill.decide.claiming import severity_of
from watchbill.errors import UserError
from watchbill.expressions.matchers import compile_matchers
from watchbill.model.labels import Matcher
from watchbill.model.policyset import PolicySet

LONGEST: Final = timedelta(days=7)
"""A live silence ends at most so long after it was made. What is to last longer is a document, and is reviewed."""

MOST_MATCHERS: Final = 50
REASON_LENGTH: Final = 1_000


def owner_of(policies: PolicySet, person: str, matchers: Sequence[Matcher], named: str = "") -> str:
    """The team whose silence this is: the one that is *named*, else the one of a matcher `team=`, else the only team of the *person*.

    Raises UserError where that is no team of the person's, nor one below such a team, or where several could be meant.
    """
    own = tuple(team.name for team in policies.teams.values() if person in team.members)
    if not own:
        known = f"`{person}` is a member of no team" if person in policies.people else f"no person is called `{person}`"
        raise UserError(
            f"{known}, so there is no team whose alerts they may silence", "say who you are, as `Team.members` call you", rule="no-team"
        )
    team = named or next((each.value for each in matchers if each.name == "team" and each.is_equality), "")
    if not team:
        if len(own) == 1:
            return own[0]
        raise UserError(
            f"`{person}` is a member of {len(own)} teams: {', '.join(own)}",
            f'say whose silence it is: `--team {own[0]}`, or a matcher `team="{own[0]}"`',
            rule="ambiguous-name",
        )
    if team not in policies.teams:
        raise UserError(f"no team is called `{team[:60]}`", f"the teams of {person} are: {', '.join(own)}", rule="unknown-name")
    if not set(policies.line_of(team)) & set(own):
        raise UserError(
            f"`{person}` is no member of {team}, nor of a team above it",
            f"the teams of {person} are: {', '.join(own)}; let somebody of {team} silence it",
            rule="no-team",
        )
    return team


def normalised(bill: Bill, matchers: Sequence[Matcher]) -> tuple[Matcher, ...]:
    """The same *matchers*, where one that asks for a severity in the words of a sender asks for the severity that this stands for."""
    return tuple(_normal(bill, each) for each in matchers)


def _normal(bill: Bill, matcher: Matcher) -> Matcher:
    if matcher.name != "severity" or matcher.operator not in ("=", "!=") or not matcher.value:
        return matcher
    severity, unknown = severity_of(bill, matcher.value)
    return matcher if unknown else Matcher(matcher.name, matcher.operator, severity)


def check(matchers: Sequence[Matcher], reason: str, starts_at: datetime, ends_at: datetime, now: datetime) -> None:
    """Raises UserError for a silence that would be too wide, or too long, or that says no reason."""
    if not matchers or compile_matchers(tuple(matchers))({}) is None:
        raise UserError(
            "no matcher of it asks for anything, so it would silence every alert of the team",
            'let at least one name a value that must be there, as `service="checkout"`',
            rule="matches-everything",
        )
    if len(matchers) > MOST_MATCHERS:
        raise UserError(f"it has {len(matchers)} matchers", f"{MOST_MATCHERS} are the most", rule="bad-request")
    if not reason.strip():
        raise UserError("it is not said why", "give a reason: somebody wonders at night that nothing is heard", rule="bad-request")
    if len(reason) > REASON_LENGTH:
        raise UserError(f"the reason has {len(reason)} letters", f"{REASON_LENGTH} are the most", rule="bad-request")
    if ends_at <= max(starts_at, now):
        raise UserError("it ends before it begins, or has ended already", "let it end later", rule="bad-time")
    if ends_at - now > LONGEST:
        raise UserError(
            "it would end more than 7 days from now",
            "let it end sooner and make it again; or declare a `Silence`, which somebody reviews",
            rule="bad-time",
        )
