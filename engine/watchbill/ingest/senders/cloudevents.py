"""CloudEvents 1.0, structured, one or a batch: alerts of whoever wraps theirs in the common envelope.

The envelope says what, where and when; `data` is free. Of it the usual words are taken: `status` or `state`, `severity`, `labels`,
`annotations`, `summary` and `fingerprint`; all else is an annotation. Where `data` has no status, the end of the type has: `…resolved`.
"""

from __future__ import annotations

import base64
import binascii
from typing import Final

from watchbill.ingest.document import Part, inner_document, part_of
from watchbill.ingest.payload import Notice
from watchbill.ingest.problems import Problem, short
from watchbill.ingest.senders.report import Report, label_name

HELP: Final = "send CloudEvents 1.0 in structured mode, one as an object or a batch as a list"

_ATTRIBUTES: Final = frozenset(
    ("id", "source", "specversion", "type", "datacontenttype", "dataschema", "subject", "time", "data", "data_base64", "severity")
)
"""What the envelope has besides extensions, which become labels."""

_TRACES: Final = frozenset(("traceparent", "tracestate"))
"""Extensions that differ from event to event."""

_OVER: Final = frozenset(("resolved", "recovered", "closed", "cleared", "ok", "up", "inactive", "normal"))
_FIRES: Final = frozenset(
    ("firing", "triggered", "fired", "opened", "open", "raised", "created", "alarm", "alert", "alerting", "active", "down", "failed")
)
_TAKEN: Final = frozenset(
    ("status", "state", "severity", "labels", "annotations", "fingerprint", "dedup_key", "starts_at", "startsAt", "url")
)


def read(whole: Part, source: str) -> tuple[list[Report], list[Notice]]:
    """What one event says."""
    if whole.needed("specversion") != "1.0":
        raise Problem("`1.0`", f"`{short(whole.text('specversion'))}`", HELP, whole.at("specversion"))
    for name in ("id", "source", "type"):
        whole.needed(name)
    data = _data(whole)
    said, kind = data.text("status", "state").lower(), whole.text("type")
    cut = max(map(kind.rfind, "._-/"))
    last = kind[cut + 1 :].lower()
    name = kind[:cut] if cut > 0 and last in _OVER | _FIRES else kind
    if said and said not in _OVER | _FIRES:
        known = ", ".join(f"`{each}`" for each in ("firing", "resolved"))
        raise Problem(f"a status as {known}", f"`{short(said)}`", HELP, data.at("status" if "status" in data else "state"))
    report = Report(whole, "resolved" if (said or last) in _OVER else "firing")
    _describe(report, whole, data, name)
    return [report], []


def _describe(report: Report, whole: Part, data: Part, name: str) -> None:
    labels = dict(data.part("labels").written())
    report.label(**labels)
    report.label(alertname=data.text("alertname") or name, severity=data.text("severity") or whole.text("severity"))
    report.label(subject=whole.text("subject"), event_source=whole.text("source"))
    report.label(**{label_name(each): whole.text(each) for each in whole.values if each and each not in _ATTRIBUTES | _TRACES})
    report.annotate(**dict(data.part("annotations").written()))
    report.annotate(summary=data.text("summary", "message", "title", "description"))
    report.details(Part({each: value for each, value in data.values.items() if each not in _TAKEN}, data.path, HELP))
    known = data.text("fingerprint", "dedup_key")
    alert = report.labels["alertname"]
    report.key = known or ("" if labels else " ".join((whole.text("source"), whole.text("subject"), alert)))
    report.link = data.text("url", "link", "generatorURL")
    moved = whole.time("time")
    if report.status == "resolved":
        report.starts_at, report.ends_at = data.time("starts_at", "startsAt"), moved
    else:
        report.starts_at = data.time("starts_at", "startsAt") or moved


def _data(whole: Part) -> Part:
    """What the event carries: an object, JSON in base64 that is one, or a text that is its summary."""
    value = whole.values.get("data")
    if value is None and "data_base64" in whole:
        try:
            text = base64.b64decode(whole.text("data_base64"), validate=True).decode()
        except (binascii.Error, ValueError):
            raise Problem("JSON in base64", "something else", HELP, whole.at("data_base64")) from None
        value = inner_document(text, whole.at("data_base64"), "JSON in base64", HELP)
        return part_of(value, whole.at("data_base64"), "an object", HELP)
    if isinstance(value, str):
        return Part({"summary": value}, whole.path, HELP)
    return whole.part("data")
