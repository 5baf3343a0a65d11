"""The example alerts are shaped as the real senders shape them."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

ALERTS = Path(__file__).parents[2] / "examples" / "alerts"
PAYLOADS = {path.name: json.loads(path.read_text(encoding="utf-8")) for path in sorted(ALERTS.glob("*.json"))}
WEBHOOKS = {name: payload for name, payload in PAYLOADS.items() if isinstance(payload, dict) and "alerts" in payload}

every_payload = pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
every_webhook = pytest.mark.parametrize("payload", WEBHOOKS.values(), ids=WEBHOOKS)

NOT_YET = "0001-01-01T00:00:00Z"


def alerts_of(payload: Any) -> list[dict[str, Any]]:
    if isinstance(payload, list):
        return payload
    return payload.get("alerts", [payload])


def fingerprint(labels: dict[str, str]) -> str:
    """FNV-1a in 64 bits over names and values in the order of names, each followed by a byte that no text holds."""
    total = 0xCBF29CE484222325
    for name in sorted(labels):
        for byte in b"".join(part.encode() + b"\xff" for part in (name, labels[name])):
            total = (total ^ byte) * 0x100000001B3 % 2**64
    return f"{total:016x}"


def common(texts: list[dict[str, str]]) -> dict[str, str]:
    return {name: value for name, value in texts[0].items() if all(each.get(name) == value for each in texts)}


def test_fingerprint_of_no_labels_is_the_hash_of_nothing():
    """
    The check below starts from the offset that FNV-1a starts from, and hashes names before values.
    """
    assert fingerprint({}) == "cbf29ce484222325"
    assert fingerprint({"a": "b"}) != fingerprint({"b": "a"})


def test_every_way_an_alert_comes_in_is_there():
    """
    There are bodies of Alertmanager's webhook, a list as Prometheus posts it, and one bare alert.
    """
    assert len(WEBHOOKS) >= 9
    assert isinstance(PAYLOADS["prometheus-alerts.json"], list)
    assert "labels" in PAYLOADS["bare-alert.json"]


@every_payload
def test_alerts_carry_what_every_sender_sends(payload: Any):
    """
    Each alert has a name, a severity and a summary in words, when it began, and a link under example.com.
    """
    for alert in alerts_of(payload):
        assert {"alertname", "severity", "env"} <= set(alert["labels"])
        assert alert["annotations"]["summary"].endswith(".")
        assert datetime.fromisoformat(alert["startsAt"]).tzinfo is not None
        assert (urlsplit(alert["generatorURL"]).hostname or "").endswith(".example.com")


@every_webhook
def test_webhooks_have_every_field_of_version_4(payload: dict[str, Any]):
    """
    A webhook body has exactly the fields of Alertmanager's version 4, and each of its alerts too.
    """
    body = {"version", "groupKey", "truncatedAlerts", "status", "receiver", "groupLabels", "commonLabels"}
    alert = {"status", "labels", "annotations", "startsAt", "endsAt", "generatorURL", "fingerprint"}

    assert set(payload) == body | {"commonAnnotations", "externalURL", "alerts"}
    assert payload["version"] == "4"
    assert {frozenset(each) for each in payload["alerts"]} == {frozenset(alert)}


@every_webhook
def test_fingerprints_are_those_of_the_labels(payload: dict[str, Any]):
    """
    An alert's fingerprint is the one that Prometheus computes from its labels.
    """
    assert [each["fingerprint"] for each in payload["alerts"]] == [fingerprint(each["labels"]) for each in payload["alerts"]]


@every_webhook
def test_groups_say_what_their_alerts_have_in_common(payload: dict[str, Any]):
    """
    Common labels and annotations are those that all alerts share, and the group's labels are among them and in its key.
    """
    assert payload["commonLabels"] == common([each["labels"] for each in payload["alerts"]])
    assert payload["commonAnnotations"] == common([each["annotations"] for each in payload["alerts"]])
    assert payload["groupLabels"].items() <= payload["commonLabels"].items()
    assert all(f'{name}="{value}"' in payload["groupKey"] for name, value in payload["groupLabels"].items())


@every_webhook
def test_a_group_fires_as_long_as_any_alert_does(payload: dict[str, Any]):
    """
    A group is resolved when all its alerts are; one that fires has no end yet, and one that is resolved ended after it began.
    """
    statuses = {each["status"] for each in payload["alerts"]}

    assert payload["status"] == ("firing" if "firing" in statuses else "resolved")
    for each in payload["alerts"]:
        assert (each["endsAt"] == NOT_YET) == (each["status"] == "firing")
        assert each["status"] == "firing" or each["startsAt"] < each["endsAt"]


def test_the_resolved_alerts_are_the_ones_that_fired():
    """
    What resolves checkout's incident has the fingerprints of what opened it.
    """
    fired, resolved = PAYLOADS["checkout-high-error-rate.json"], PAYLOADS["checkout-resolved.json"]

    assert [each["fingerprint"] for each in resolved["alerts"]] == [each["fingerprint"] for each in fired["alerts"]]
    assert resolved["groupKey"] == fired["groupKey"]
