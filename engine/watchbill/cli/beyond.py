"""What a process cannot carry out of its policies, since it lacks something or they are broken, told by it: in its log, and by the last
resort.

Rule 1: nothing waits for it, and nothing is refused because of it. The engine takes alerts in all the same.
Rule 2: the last resort says what is sure to cost somebody a page, once at the start and once after each reload that found something new.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

from watchbill.report.counts import count

if TYPE_CHECKING:
    from watchbill.cli.wiring import Say
    from watchbill.errors import Finding
    from watchbill.execute.engine import Engine

MOST_LOGGED: Final = 40
MOST_SAID: Final = 3
TRIES: Final = 5
"""How often the last resort is tried."""


def errors_of(findings: Sequence[Finding]) -> list[Finding]:
    """Those of the *findings* that are more than a warning."""
    return [finding for finding in findings if finding.level == "error"]


def log_findings(say: Say, findings: Sequence[Finding], *, briefly: bool = False) -> None:
    """Write what cannot be carried out into the log, errors first, a line each, and how many are left out where there are very many.

    *briefly* is for whoever looks on: errors alone have lines of their own.
    """
    ordered = sorted(findings, key=lambda finding: (finding.level != "error", finding.order))
    listed = (errors_of(ordered) if briefly else ordered)[:MOST_LOGGED]
    for finding in listed:
        say(finding.level, "cannot_act", rule=finding.rule, place=str(finding.place), text=finding.message, help=finding.help)
    if len(ordered) > len(listed):
        say("warning", "cannot_act", more=len(ordered) - len(listed), help="`watchbill doctor` with the same flags lists all of them")


async def alarm(engine: Engine, errors: Sequence[Finding], revision: str, at: datetime) -> None:
    """Say these *errors* by the last resort, where there is one; tried again where it could not be said."""
    from watchbill.model.plan import Retry

    if not errors or engine.last_resort.way is None:
        return
    named = "; ".join(finding.message for finding in errors[:MOST_SAID])
    more = f"; and {len(errors) - MOST_SAID} more" if len(errors) > MOST_SAID else ""
    text = (
        f"{count(len(errors), 'error')} in what revision {revision} asks for: {named}{more}. Alerts are taken in, and whoever can be "
        "reached is paged. `watchbill doctor` with the flags of this process lists all of it, and `/v1/status` too."
    )
    key = f"watchbill/reach/{revision}/{at.isoformat()}"
    for attempt in range(1, TRIES + 1):
        outcome = await engine.alarm("watchbill cannot reach everybody", text, key, attempt=attempt, is_repeat=attempt > 1)
        if not isinstance(outcome, Retry):
            return
        await asyncio.sleep(max(0.0, (outcome.at - engine.now()).total_seconds()))
