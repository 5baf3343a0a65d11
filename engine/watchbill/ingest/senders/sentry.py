"""Sentry: webhooks of an internal integration, for issue alerts, metric alerts and what becomes of issues.

An issue is one alert, whichever rule found it, so that its resolution in Sentry ends it here. A metric alert is one from its
trigger to its resolution. The header `Sentry-Hook-Resource` is not needed: the payload shows what it is.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from watchbill.ingest.document import Part
from watchbill.ingest.payload import Notice
from watchbill.ingest.problems import Problem
from watchbill.ingest.senders.report import Report

HELP: Final = "let an internal integration of Sentry send issue alerts and metric alerts here, with «Alert Rule Action» switched on"

_FIRES: Final = frozenset(("created", "unresolved"))
_ENDS: Final = frozenset(("resolved", "archived", "ignored"))


def read(whole: Part, source: str) -> tuple[list[Report], list[Notice]]:
    """What one webhook says."""
    if "data" not in whole or "action" not in whole:
        raise Problem("an object with `action` and `data`", "one without them", HELP)
    action, data = whole.needed("action").lower(), whole.part("data")
    if "metric_alert" in data:
        return [_metric_alert(whole, data, data.part("metric_alert"))], []
    if "event" in data:
        return [_issue_alert(data, data.part("event"))], []
    if "issue" in data and action in _FIRES | _ENDS:
        return [_issue(data.part("issue"), action in _ENDS)], []
    return [], [Notice("nothing", f"`{action}`, which does not say whether something is wrong")]


def _issue_alert(data: Part, event: Part) -> Report:
    report = Report(event, key=f"issue {event.text('issue_id') or _last(event.text('issue_url'))}")
    if report.key == "issue ":
        report.key = f"event {event.needed('event_id')}"
    rule, title = data.text("triggered_rule"), event.text("title", "message")
    report.label(alertname=rule or title or "SentryIssue", severity=event.text("level"))
    project = event.text("project_slug") or _project(event.text("url"))
    report.label(project=project or event.text("project"), service=_tag(event, "service"))
    report.label(environment=event.text("environment") or _tag(event, "environment"), instance=_tag(event, "server_name"))
    report.annotate(summary=title, culprit=event.text("culprit"), release=_tag(event, "release") or event.text("release"))
    report.link, report.starts_at = event.text("web_url", "issue_url"), event.time("datetime", "timestamp")
    return report


def _issue(issue: Part, is_over: bool) -> Report:
    report = Report(issue, "resolved" if is_over else "firing", f"issue {issue.needed('id')}")
    title = issue.text("title") or "SentryIssue"
    report.label(alertname=title, severity=issue.text("level"), project=issue.part("project").text("slug", "id"))
    report.annotate(summary=title, culprit=issue.text("culprit"), issue=issue.text("shortId"))
    report.link = issue.text("web_url", "permalink", "url")
    if not is_over:
        report.starts_at = issue.time("firstSeen")
    return report


def _metric_alert(whole: Part, data: Part, alert: Part) -> Report:
    action = whole.word("action", "critical", "warning", "resolved")
    rule = alert.part("alert_rule")
    report = Report(alert, "resolved" if action == "resolved" else "firing", f"metric {alert.text('id') or alert.needed('identifier')}")
    report.label(alertname=rule.text("name") or alert.text("title") or data.text("description_title") or "SentryMetricAlert")
    report.label(severity="" if action == "resolved" else action, environment=rule.text("environment"))
    projects = alert.words("projects")
    report.label(project=projects[0] if len(projects) == 1 else "")
    report.annotate(summary=data.text("description_title"), description=data.text("description_text"), projects=", ".join(projects))
    report.annotate(query=rule.text("query"), aggregate=rule.text("aggregate"))
    report.link, report.starts_at = data.text("web_url"), alert.time("date_started", "date_detected")
    report.ends_at = alert.time("date_closed") if report.status == "resolved" else None
    return report


def _tag(event: Part, name: str) -> str:
    """The value of the event's tag of this *name*: they come as pairs, or as objects."""
    for index, pair in enumerate(event.items("tags")):
        if isinstance(pair, list) and len(pair) == 2 and pair[0] == name:
            return Part({"value": pair[1]}, f"{event.at('tags')}[{index}]", HELP).text("value")
        if isinstance(pair, dict) and pair.get("key") == name:
            return Part(pair, f"{event.at('tags')}[{index}]", HELP).text("value")
    return ""


def _last(address: str) -> str:
    return address.rstrip("/").rpartition("/")[2]


def _project(address: str) -> str:
    """The project that an event's address in the API names: `/api/0/projects/ORGANISATION/PROJECT/events/…`."""
    try:
        parts = urlsplit(address).path.split("/")
    except ValueError:
        return ""
    return parts[5] if len(parts) > 5 and parts[3] == "projects" else ""
