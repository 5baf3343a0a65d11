"""PagerDuty: events as monitors send them to its Events API v2, and its own webhooks (v3).

An event's `dedup_key` is the alert's identity, an incident's id that of a webhook. The routing key is a secret and goes no
further.
"""

from __future__ import annotations

from typing import Final

from watchbill.ingest.document import Part
from watchbill.ingest.payload import Notice
from watchbill.ingest.problems import Problem
from watchbill.ingest.senders.report import Report, identity_of

HELP: Final = "send an event as for PagerDuty's Events API v2 (`event_action`, `dedup_key`, `payload`), or a webhook of its version 3"

_STATUSES: Final = ("triggered", "acknowledged", "resolved")


def read(whole: Part, source: str) -> tuple[list[Report], list[Notice]]:
    """What one event or one webhook says."""
    if "event" in whole:
        return _webhook(whole.part("event"), source)
    if "event_action" in whole:
        return _event(whole, source)
    if "payload" in whole:
        return [], [Notice("nothing", f"a change, `{whole.part('payload').text('summary')}`, which is no alert")]
    raise Problem("an object with `event_action` or `event`", "one without them", HELP)


# --- events ---------------------------------------------------------------------------


def _event(event: Part, source: str) -> tuple[list[Report], list[Notice]]:
    action = event.word("event_action", "trigger", "acknowledge", "resolve")
    if action == "acknowledge":
        key = event.needed("dedup_key")
        text = f"the sender says that somebody takes `{key}`; it pages until somebody says so here"
        return [], [Notice("acknowledged", text, fingerprint=identity_of(source, key))]
    if action == "resolve":
        event.needed("dedup_key")
    report = Report(event, "resolved" if action == "resolve" else "firing", event.text("dedup_key"))
    if action == "trigger" or "payload" in event:
        _describe(report, event, event.part("payload"), is_whole=action == "trigger")
    return [report], []


def _describe(report: Report, event: Part, payload: Part, *, is_whole: bool) -> None:
    summary = payload.needed("summary") if is_whole else payload.text("summary")
    details = payload.values.get("custom_details")
    more = payload.part("custom_details") if isinstance(details, dict) else Part({}, payload.at("custom_details"), HELP)
    report.label(alertname=more.text("alertname") or payload.text("class") or summary)
    report.label(severity=payload.text("severity"), instance=payload.text("source"))
    report.label(component=payload.text("component"), group=payload.text("group"), **{"class": payload.text("class")})
    report.annotate(summary=summary, client=event.text("client"))
    report.details(more)
    if not isinstance(details, dict):
        report.annotate(details=payload.text("custom_details"))
    links = event.parts("links")
    report.annotate(links="\n".join(": ".join(filter(None, (each.text("text"), each.text("href")))) for each in links))
    report.link = event.text("client_url") or next((each.text("href") for each in links), "")
    report.starts_at = payload.time("timestamp") if report.status == "firing" else None
    report.ends_at = payload.time("timestamp") if report.status == "resolved" else None


# --- webhooks -------------------------------------------------------------------------


def _webhook(event: Part, source: str) -> tuple[list[Report], list[Notice]]:
    kind = event.needed("event_type")
    if kind == "pagey.ping":
        return [], [Notice("test", "PagerDuty tests its webhook; nothing is wrong")]
    incident = event.part("data")
    if not kind.startswith("incident.") or incident.text("type") != "incident":
        return [], [Notice("nothing", f"`{kind}`, which does not say whether something is wrong")]
    status = incident.word("status", *_STATUSES)
    report = Report(incident, "resolved" if status == "resolved" else "firing", incident.needed("id"))
    title = incident.needed("title")
    report.label(alertname=title, severity=incident.part("priority").text("summary") or incident.text("urgency"))
    report.label(service=incident.part("service").text("summary"))
    report.annotate(summary=title, incident_key=incident.text("incident_key"))
    report.link = incident.text("html_url", "self")
    report.starts_at = incident.time("created_at")
    report.ends_at = event.time("occurred_at") if status == "resolved" else None
    who = event.part("agent").text("summary") or "somebody"
    text = f"{who} takes `{title}` in PagerDuty; it pages until somebody says so here"
    notices = [Notice("acknowledged", text, fingerprint=identity_of(source, report.key))] if status == "acknowledged" else []
    return [report], notices
