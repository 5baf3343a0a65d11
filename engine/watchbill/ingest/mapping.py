"""What the sender of a `Source` has posted: read as its type says and, for one that watchbill does not know, as its fields say.

What comes of a `custom` source is written as the list that Prometheus posts, and read like one, so that every bound and every
refusal of `payload` holds there too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from watchbill.errors import Place, UserError
from watchbill.expressions.budget import HELP, REQUEST_STEPS, Budget, Exhausted
from watchbill.expressions.conditions import Valued, compile_value
from watchbill.expressions.problems import ExpressionError, TooCostly
from watchbill.ingest.document import TOO_DEEP, read_document
from watchbill.ingest.limits import ALERTS
from watchbill.ingest.payload import Notice, Payload, parse_payload
from watchbill.ingest.problems import as_error
from watchbill.ingest.senders import READERS, parse_sent
from watchbill.ingest.senders.report import identity_of
from watchbill.model.alert import Alert
from watchbill.model.sources import Source, SourceField

ALIKE: Final = ("alertmanager", "prometheus", "grafana")
"""The types whose payloads have Alertmanager's shape."""

_KEYS: Final[Mapping[str, str]] = {
    "status": "status",
    "starts_at": "startsAt",
    "ends_at": "endsAt",
    "generator_url": "generatorURL",
}
_HELP: Final = "send one whole JSON document in UTF-8"
_GRAFANA_TEST: Final = {"alertname": "TestAlert", "instance": "Grafana"}


def parse_from(source: Source, body: bytes, received_at: datetime, *, file: str = "<stdin>") -> Payload:
    """The alerts that this *source* has sent in *body*, and what else it says.

    Raises `UserError` where the payload is not as it should be; it points into *file*.
    """
    payload = _read(source, body, received_at, file)
    if not source.labels:
        return payload
    # Identity stays that of what was received: a label that is added here later does not make other alerts of them.
    alerts = (replace(alert, labels={**source.labels, **alert.labels}) if alert.labels else alert for alert in payload.alerts)
    return replace(payload, alerts=tuple(alerts))


def _read(source: Source, body: bytes, received_at: datetime, file: str) -> Payload:
    name = source.ref.name
    if source.type in ALIKE:
        payload = parse_payload(body, received_at, name, file=file)
        return _with_tests(payload) if source.type == "grafana" else payload
    if source.type in READERS:
        return parse_sent(source.type, body, received_at, name, file=file)
    try:
        return _mapped(source, body, received_at, file)
    except RecursionError:
        pass  # said outside of this block: the stack may be at its end here
    raise as_error(TOO_DEEP, body, file)


def _with_tests(payload: Payload) -> Payload:
    """The *payload* with what Grafana's own test of a contact point sends: it says no severity, and is no reason to wake anybody."""
    alerts, notices = list[Alert](), list[Notice]()
    for alert in payload.alerts:
        if {**alert.labels, **_GRAFANA_TEST} == alert.labels and not alert.labels.get("severity"):
            text = "Grafana tests its contact point; nothing is wrong, and the test counts as `info`"
            notices.append(Notice("test", text, fingerprint=alert.fingerprint))
            alert = replace(alert, labels={**alert.labels, "severity": "info"})
        alerts.append(alert)
    return replace(payload, alerts=tuple(alerts), notices=tuple(notices))


# --- senders that are not known -----------------------------------------------------------


def _mapped(source: Source, body: bytes, received_at: datetime, file: str) -> Payload:
    try:
        alerts, keys = _found(source, read_document(body, file, help=_HELP), file)
    except (TooCostly, Exhausted) as problem:
        message = f"the expressions of the source {source.ref.name} cannot be worked out on it: {problem}".replace(
            ": it cannot be worked out", ""
        )
        raise UserError(message, f"{HELP}; they stand at {source.ref.place}", rule="bad-payload", place=Place(file)) from None
    text = json.dumps(alerts).encode()
    if not any(keys):
        return parse_payload(text, received_at, source.ref.name, file=file)
    return _by_keys(alerts, keys, parse_payload(text, received_at, source.ref.name, file=file), received_at, file)


def _found(source: Source, payload: Any, file: str) -> tuple[list[dict[str, Any]], list[str | None]]:
    """The alerts of this *payload* as Prometheus would post them, with their senders' keys. All of it shares one budget."""
    budget = Budget(REQUEST_STEPS)
    items = _items(source, payload, budget, file)
    fields = [(field, compile_value(field.expression) if field.expression is not None else None) for field in source.fields]
    alerts, keys = list[dict[str, Any]](), list[str | None]()
    for item in items:
        alert, key = _alert(fields, item, budget)
        alerts.append(alert)
        keys.append(key)
    return alerts, keys


def _by_keys(alerts: list[dict[str, Any]], keys: list[str | None], payload: Payload, received_at: datetime, file: str) -> Payload:
    """The *payload*, read one by one: alerts that differ by their sender's keys only are several, whatever their labels."""
    found: dict[str, Alert] = {}
    for alert, key in zip(alerts, keys, strict=True):
        (one,) = parse_payload(json.dumps([alert]).encode(), received_at, payload.source, file=file).alerts
        if key:
            one = replace(one, fingerprint=identity_of(payload.source, key))
        found[one.fingerprint] = one
    return replace(payload, alerts=tuple(found.values()))


def _items(source: Source, payload: Any, budget: Budget, file: str) -> list[Any]:
    """What stands for one alert each."""
    found = payload
    if source.alerts is not None:
        try:
            found = compile_value(source.alerts)(payload, budget)
        except TooCostly:
            raise
        except ExpressionError as problem:
            raise _refused(source, f"cannot be worked out: {problem.message}", file) from None
    if isinstance(found, Mapping):
        return [found]
    if not isinstance(found, list):
        raise _refused(source, "gives no list of alerts", file)
    if len(found) > ALERTS:
        raise _refused(source, f"gives {len(found)} alerts, and at most {ALERTS} are taken", file)
    return found


def _refused(source: Source, what: str, file: str) -> UserError:
    text = source.alerts.text if source.alerts is not None else "the whole payload"
    help = f"compare the payload with `alerts` at {source.alerts.place if source.alerts is not None else source.ref.place}"
    return UserError(f"`{text}` of the source {source.ref.name} {what}", help, rule="bad-payload", place=Place(file))


def _alert(fields: list[tuple[SourceField, Valued | None]], item: Any, budget: Budget) -> tuple[dict[str, Any], str | None]:
    """One alert as Prometheus would post it, and its sender's key. A field that is absent, or cannot be worked out, has its default
    or is left out.
    """
    alert: dict[str, Any] = {"labels": {}, "annotations": {}}
    key = None
    for field, find in fields:
        value = _value(field, find, item, budget)
        if value is None:
            continue
        kind, _, name = field.name.partition(".")
        if name:
            alert[kind][name] = value
        elif kind in _KEYS:
            alert[_KEYS[kind]] = value
        else:
            key = value
    return alert, key


def _value(field: SourceField, find: Valued | None, item: Any, budget: Budget) -> str | None:
    found = None
    if find is not None:
        try:
            found = find(item, budget)
        except TooCostly:
            raise
        except ExpressionError:
            found = None
    if found is None:
        return field.default
    budget.weigh(found)
    text = found if isinstance(found, str) else json.dumps(found)
    return dict(field.map).get(text, text)
