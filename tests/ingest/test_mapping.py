"""Payloads of senders that watchbill does not know, read as their Source says."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from tests.makers import a_place, a_source
from watchbill.errors import UserError
from watchbill.expressions.conditions import parse_condition
from watchbill.ingest.mapping import parse_from
from watchbill.model.sources import Source, SourceField

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def a_field(name: str, expression: str | None = None, default: str | None = None, **map: str) -> SourceField:
    """One field of an alert, from an expression over one item of the payload."""
    condition = parse_condition(expression, a_place()) if expression is not None else None
    return SourceField(name, condition, a_place(), tuple(map.items()), default)


UPTIME = a_source(
    "uptime",
    "custom",
    alerts=parse_condition("incidents[]", a_place()),
    fields=(
        a_field("status", "state", DOWN="firing", UP="resolved"),
        a_field("labels.alertname", default="OutsideCheckFailed"),
        a_field("labels.service", "monitor.service"),
        a_field("labels.severity", "prio", **{"1": "critical"}),
        a_field("annotations.summary", "message"),
        a_field("starts_at", "at"),
    ),
)


def read(payload: object, source: Source = UPTIME) -> list[tuple[str, dict[str, str]]]:
    """The status and labels of the alerts in this payload."""
    return [(alert.status, dict(alert.labels)) for alert in parse_from(source, json.dumps(payload).encode(), NOW).alerts]


def test_each_field_is_had_as_the_source_says():
    """
    Expressions find the list and the fields, maps translate their words, defaults stand where there is nothing.
    """
    payload = {"incidents": [{"state": "DOWN", "monitor": {"service": "checkout"}, "prio": 1}, {"state": "UP", "monitor": {}}]}

    assert read(payload) == [
        ("firing", {"alertname": "OutsideCheckFailed", "service": "checkout", "severity": "critical"}),
        ("resolved", {"alertname": "OutsideCheckFailed"}),
    ]


def test_one_mapping_is_one_alert():
    """
    A payload that is one alert by itself needs no list.
    """
    source = a_source("one", "custom", fields=(a_field("labels.alertname", "name"),))

    assert read({"name": "Down"}, source) == [("firing", {"alertname": "Down"})]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{", "bad-payload"),
        (b"[" * 100_000, "bad-payload"),
        (b'{"incidents": 4}', "gives no list of alerts"),
        (b"{}", "gives no list of alerts"),
        (b'{"incidents": [{"at": "9999-01-01T00:00:00Z"}]}', "9999"),
        (b'{"incidents": [{"monitor": {"service": "' + b"x" * 70_000 + b'"}}]}', "bad-payload"),
    ],
    ids=["half", "deep", "a number", "nothing", "a year", "a long label"],
)
def test_what_is_not_as_it_should_be_is_refused(body: bytes, said: str):
    """
    Half a payload, a list that is none, a year or a label beyond all bounds: each is refused with its reason.
    """
    with pytest.raises(UserError) as refused:
        parse_from(UPTIME, body, NOW)

    assert said in str(refused.value)


def test_a_key_of_the_sender_makes_the_identity():
    """
    Where a field says `fingerprint`, what the sender calls an alert leads from its beginning to its end, whatever the labels say by then.
    """
    source = a_source("keyed", "custom", fields=(a_field("labels.alertname", "name"), a_field("fingerprint", "id")))
    bodies = [{"name": "Down", "id": "7"}, {"name": "Still down", "id": "7"}, {"name": "Down", "id": "8"}, {"name": "Down"}]

    first, second, other, without = (parse_from(source, json.dumps(body).encode(), NOW).alerts[0].fingerprint for body in bodies)
    assert first == second
    assert len({first, other, without}) == 3
    together = parse_from(source, json.dumps(bodies).encode(), NOW).alerts
    assert [dict(alert.labels) for alert in together] == [{"alertname": "Still down"}, {"alertname": "Down"}, {"alertname": "Down"}]


@pytest.mark.parametrize("type", ["alertmanager", "datadog", "custom"])
def test_labels_of_a_source_are_those_its_sender_cannot_say(type):
    """
    Labels of the source are set where the alert has none of the name, and leave its identity as it was received.
    """
    body = b'{"labels": {"alertname": "Down"}, "title": "[Triggered] Down", "name": "Down"}'
    fields = (a_field("labels.alertname", "name"),) if type == "custom" else ()
    plain = parse_from(a_source("x", type, fields=fields), body, NOW).alerts[0]
    labelled = parse_from(a_source("x", type, fields=fields, labels={"severity": "warning", "alertname": "Other"}), body, NOW).alerts[0]

    assert labelled.labels == {"severity": "warning", **plain.labels}
    assert labelled.fingerprint == plain.fingerprint


def test_what_looks_like_alertmanager_is_read_like_it():
    """
    A source of a type that has Alertmanager's shape needs no fields.
    """
    assert read([{"labels": {"alertname": "Down"}}], a_source("am", "alertmanager")) == [("firing", {"alertname": "Down"})]
