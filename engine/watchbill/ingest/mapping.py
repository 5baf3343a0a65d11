"""Alerts of a sender that watchbill does not know: each field had from its payload as the `Source` says.

What comes of it is written as the list that Prometheus posts, and read like one, so that every bound and every refusal of
`payload` holds here too.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, NoReturn

from watchbill.errors import Place, UserError
from watchbill.expressions.conditions import compile_value
from watchbill.expressions.problems import ExpressionError
from watchbill.ingest.limits import BODY_BYTES
from watchbill.ingest.payload import Payload, parse_payload
from watchbill.ingest.refusing import refusal
from watchbill.model.sources import Source, SourceField

ALIKE: Final = ("alertmanager", "prometheus", "grafana")
"""The types whose payloads have Alertmanager's shape."""

_KEYS: Final[Mapping[str, str]] = {
    "status": "status",
    "starts_at": "startsAt",
    "ends_at": "endsAt",
    "generator_url": "generatorURL",
}


def parse_from(source: Source, body: bytes, received_at: datetime, *, file: str = "<stdin>") -> Payload:
    """The alerts that this *source* has sent in *body*.

    Raises `UserError` where the payload is not as it should be, or is of a type that this version cannot read; it points
    into *file*.
    """
    name = source.ref.name
    if source.type in ALIKE:
        return parse_payload(body, received_at, name, file=file)
    if source.type != "custom":
        help = "give it `type: custom`, and say in `fields` where each field stands"
        message = f"payloads of type {source.type} cannot be read by this version"
        raise UserError(message, help, rule="unread-source", place=source.ref.place)
    items = _items(source, _decoded(body, file), file)
    fields = [(field, compile_value(field.expression) if field.expression is not None else None) for field in source.fields]
    alerts = [_alert(fields, item) for item in items]
    return parse_payload(json.dumps(alerts).encode(), received_at, name, file=file)


def _decoded(body: bytes, file: str) -> Any:
    if len(body) <= BODY_BYTES:
        try:
            return json.loads(body, parse_constant=_no_number)
        except (ValueError, RecursionError):
            pass
    raise refusal(body, file)


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no JSON")


def _items(source: Source, payload: Any, file: str) -> list[Any]:
    """What stands for one alert each."""
    found = payload
    if source.alerts is not None:
        try:
            found = compile_value(source.alerts)(payload)
        except ExpressionError as problem:
            raise _refused(source, f"cannot be worked out: {problem.message}", file) from None
    if isinstance(found, Mapping):
        return [found]
    if not isinstance(found, list):
        raise _refused(source, "gives no list of alerts", file)
    return found


def _refused(source: Source, what: str, file: str) -> UserError:
    text = source.alerts.text if source.alerts is not None else "the whole payload"
    help = f"compare the payload with `alerts` at {source.alerts.place if source.alerts is not None else source.ref.place}"
    return UserError(f"`{text}` of the source {source.ref.name} {what}", help, rule="bad-payload", place=Place(file))


def _alert(fields: list[tuple[SourceField, Callable[[Any], Any] | None]], item: Any) -> dict[str, Any]:
    """One alert as Prometheus would post it. A field that is absent, or cannot be worked out, has its default or is left out."""
    alert: dict[str, Any] = {"labels": {}, "annotations": {}}
    for field, find in fields:
        value = _value(field, find, item)
        if value is None:
            continue
        kind, _, name = field.name.partition(".")
        if name:
            alert[kind][name] = value
        elif kind in _KEYS:
            alert[_KEYS[kind]] = value
    return alert


def _value(field: SourceField, find: Callable[[Any], Any] | None, item: Any) -> str | None:
    found = None
    if find is not None:
        try:
            found = find(item)
        except ExpressionError:
            found = None
    if found is None:
        return field.default
    text = found if isinstance(found, str) else json.dumps(found)
    return dict(field.map).get(text, text)
