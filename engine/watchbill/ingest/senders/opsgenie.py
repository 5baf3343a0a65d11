"""Opsgenie: alerts as monitors create them through its API, and its own webhooks.

The alias is the alert's identity, or in a webhook without one the alert's id. The API closes an alert by its address and not
by a body: whoever receives that request calls `watchbill.ingest.resolution`.
"""

from __future__ import annotations

from typing import Final

from watchbill.ingest.document import Part
from watchbill.ingest.payload import Notice
from watchbill.ingest.problems import Problem
from watchbill.ingest.senders.report import Report, identity_of

HELP: Final = "send an alert as for Opsgenie's alert API (`message`, `alias`, `priority`), or what its webhook posts"

_FIRES: Final = frozenset(("create", "unacknowledge", "updatepriority", "updatemessage", "updatedescription", "escalate", "escalatenext"))
_ENDS: Final = frozenset(("close", "delete"))


def read(whole: Part, source: str) -> tuple[list[Report], list[Notice]]:
    """What one request to create an alert, or one webhook, says."""
    if "action" in whole and "alert" in whole:
        return _webhook(whole, source)
    if "message" in whole:
        report = _described(whole, whole.text("alias"))
        # The API counts an alert that says nothing as P3.
        report.label(severity="P3")
        return [report], []
    raise Problem("an object with `message`, or with `action` and `alert`", "one without them", HELP)


def _webhook(whole: Part, source: str) -> tuple[list[Report], list[Notice]]:
    action, alert = whole.needed("action"), whole.part("alert")
    key = alert.text("alias") or alert.needed("alertId")
    folded = action.lower()
    if folded == "acknowledge":
        text = f"{alert.text('username') or 'somebody'} takes `{alert.text('message')}` in Opsgenie; it pages until somebody says so here"
        return [], [Notice("acknowledged", text, fingerprint=identity_of(source, key))]
    if folded not in _FIRES | _ENDS:
        return [], [Notice("nothing", f"`{action}`, which does not say whether something is wrong")]
    report = _described(alert, key)
    if folded in _ENDS:
        report.status, report.ends_at = "resolved", alert.time("updatedAt")
    return [report], []


def _described(alert: Part, key: str) -> Report:
    report = Report(alert, key=key)
    message, details = alert.needed("message"), alert.part("details")
    report.label(alertname=details.text("alertname") or message, severity=alert.text("priority"), instance=alert.text("entity"))
    report.details(details)
    report.tag(alert.words("tags"))
    report.annotate(summary=message, description=alert.text("description"), sender=alert.text("source"))
    report.starts_at = alert.time("createdAt")
    return report
