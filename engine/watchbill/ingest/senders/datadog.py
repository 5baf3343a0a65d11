"""Datadog: its webhook, with the payload that the documentation gives to be filled in, or with the one that stands there by itself.

The first says with `alert_transition` whether something is wrong; of the second the brackets before the title do. The cycle key
holds from the trigger to the recovery, and is the alert's identity.
"""

from __future__ import annotations

import re
from typing import Final

from watchbill.ingest.document import Part
from watchbill.ingest.payload import Notice
from watchbill.ingest.problems import Problem, short
from watchbill.ingest.senders.report import Report

HELP: Final = "fill the webhook's payload in as the page on senders shows it"

_BRACKETS: Final = re.compile(r"\s*(?:\[(P[1-5])\]\s*)?\[([A-Za-z][A-Za-z -]{0,30}?)(?: on ([^\]]{0,2000}))?\]\s*(.*)", re.DOTALL)
"""`[P1] [Triggered on {host:web-1}] Title`, as Datadog writes the titles of its events."""

_TRANSITIONS: Final = ("triggered", "warn", "no data", "recovered", "renotify", "alert")
_UNFILLED: Final = re.compile(r"\$[A-Z][A-Z0-9_]*|null|none|\*", re.IGNORECASE)
"""What stands where a variable has nothing to say, or is not known."""


def read(whole: Part, source: str) -> tuple[list[Report], list[Notice]]:
    """What one post says."""
    title, bracketed = _said(whole, "alert_title", "title"), None
    if found := _BRACKETS.fullmatch(title):
        bracketed = found
        title = found[4].strip() or title
    elif found := _BRACKETS.fullmatch(_said(whole, "title", "event_title")):
        bracketed = found
    transition = _said(whole, "alert_transition", "transition") or (bracketed[2] if bracketed else "")
    if not title:
        raise Problem("`alert_title` or `title`", "neither", HELP, whole.path)
    if not transition:
        return [], [Notice("nothing", f"`{short(title)}`, an event that does not say whether something is wrong", HELP)]
    folded = transition.lower().replace("re-", "").strip()
    if not any(word in folded for word in _TRANSITIONS):
        raise Problem("a transition as `Triggered` or `Recovered`", f"`{short(transition)}`", HELP, whole.at("alert_transition"))
    report = Report(whole, "resolved" if "recovered" in folded else "firing", _key(whole))
    _describe(report, whole, title, bracketed)
    report.label(severity="warning" if folded == "warn" else _said(whole, "alert_type").lower().replace("success", ""))
    return [report], []


def _describe(report: Report, whole: Part, title: str, bracketed: re.Match[str] | None) -> None:
    scope = _said(whole, "alert_scope") or (bracketed[3] or "" if bracketed else "")
    report.label(alertname=title, severity=_said(whole, "alert_priority") or (bracketed[1] or "" if bracketed else ""))
    report.label(instance=_said(whole, "hostname", "host"), metric=_said(whole, "alert_metric"))
    report.tag(each.strip() for each in scope.strip("{}").split(","))
    report.annotations.pop("tags", None)
    report.tag(whole.words("tags") if _said_or_list(whole, "tags") else ())
    report.annotate(summary=_said(whole, "alert_status") or title, description=_said(whole, "body", "text_only_msg"))
    report.annotate(query=_said(whole, "alert_query"), snapshot=_said(whole, "snapshot"), monitor=_said(whole, "alert_id"))
    report.link = _said(whole, "link", "url")
    started, moved = whole.time("alert_started_at"), None
    for name in ("last_updated", "date"):
        moved = moved or (whole.time(name) if _said(whole, name) else None)
    if report.status == "resolved":
        report.starts_at, report.ends_at = started, moved
    else:
        report.starts_at = started or moved


def _key(whole: Part) -> str:
    """The sender's name for this alert: its cycle, or what puts its events together, or the monitor and its group."""
    found = _said(whole, "alert_cycle_key") or _said(whole, "aggreg_key")
    if not found and (monitor := _said(whole, "alert_id")):
        found = f"{monitor} {_said(whole, 'alert_scope')}"
    return found


def _said(whole: Part, *names: str) -> str:
    """The text of the first of these *names* in which a variable was filled in."""
    return next((text for name in names if (text := whole.text(name).strip()) and not _UNFILLED.fullmatch(text)), "")


def _said_or_list(whole: Part, name: str) -> bool:
    return isinstance(whole.values.get(name), list) or bool(_said(whole, name))
