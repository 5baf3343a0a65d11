"""Senders with a form of their own: one file each, from their payload to reports, and here from reports to alerts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from watchbill.ingest.document import TOO_DEEP, Part, part_of, read_document
from watchbill.ingest.limits import ALERTS
from watchbill.ingest.payload import Notice, Payload
from watchbill.ingest.problems import Problem, as_error
from watchbill.ingest.senders import cloudevents, cloudwatch, datadog, opsgenie, pagerduty, sentry
from watchbill.ingest.senders.report import Report

Reader = Callable[[Part, str], tuple[list[Report], list[Notice]]]

READERS: Final[Mapping[str, tuple[Reader, str]]] = {
    "pagerduty": (pagerduty.read, pagerduty.HELP),
    "opsgenie": (opsgenie.read, opsgenie.HELP),
    "datadog": (datadog.read, datadog.HELP),
    "cloudwatch": (cloudwatch.read, cloudwatch.HELP),
    "sentry": (sentry.read, sentry.HELP),
    "cloudevents": (cloudevents.read, cloudevents.HELP),
}
"""By the type of a `Source`: what reads one object of its payload, and what to do about one that cannot be read."""


def parse_sent(type: str, body: bytes, received_at: datetime, source: str, *, file: str = "<stdin>") -> Payload:
    """The alerts in the *body* of a sender of this *type*, and what else it says.

    A list is read as its items, one after the other. Of alerts with one identity the later one stands. Raises `UserError` where
    anything is not as it should be, and points into *file*.
    """
    read, help = READERS[type]
    whole = read_document(body, file, help=help)
    problem = TOO_DEEP
    try:
        return _payload(read, whole, received_at.astimezone(UTC), source, help)
    except Problem as found:
        problem = found
    except RecursionError:
        pass  # said outside of this block: the stack may be at its end here
    raise as_error(problem, body, file)


def _payload(read: Reader, whole: Any, received_at: datetime, source: str, help: str) -> Payload:
    items = whole if isinstance(whole, list) else [whole]
    if len(items) > ALERTS:
        raise Problem(f"at most {ALERTS} alerts", str(len(items)), "send smaller batches")
    alerts, notices = {}, list[Notice]()
    for index, item in enumerate(items):
        path = f"[{index}]" if isinstance(whole, list) else ""
        reports, said = read(part_of(item, path, "an object", help), source)
        notices += said
        for report in reports:
            alert = report.alert(source, received_at)
            alerts[alert.fingerprint] = alert
    return Payload(tuple(alerts.values()), source, notices=tuple(notices))
