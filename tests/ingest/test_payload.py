"""What is taken: three shapes, their times, and what makes two alerts one."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from tests.makers import NOON, at
from watchbill.ingest import Payload, fingerprint, parse_alerts, parse_payload
from watchbill.model.alert import Alert

LABELS = {"alertname": "HighErrorRate", "service": "checkout", "severity": "critical"}


def an_entry(**more: Any) -> dict[str, Any]:
    """One alert as senders write it."""
    return {"labels": LABELS, "annotations": {"summary": "5 % of requests fail"}, "startsAt": "2026-11-23T11:58:00Z", **more}


def a_webhook(*alerts: dict[str, Any], **more: Any) -> dict[str, Any]:
    """What Alertmanager posts."""
    return {
        "version": "4",
        "groupKey": '{}:{alertname="HighErrorRate"}',
        "truncatedAlerts": 0,
        "status": "firing",
        "receiver": "watchbill",
        "groupLabels": {"alertname": "HighErrorRate"},
        "commonLabels": LABELS,
        "commonAnnotations": {},
        "externalURL": "https://alertmanager.example.com",
        "alerts": list(alerts),
        **more,
    }


def parsed(document: Any, received_at: datetime = NOON, source: str | None = None) -> Payload:
    """What a JSON document gives."""
    return parse_payload(json.dumps(document).encode(), received_at, source)


def one(document: Any, received_at: datetime = NOON) -> Alert:
    """The only alert of a document."""
    (alert,) = parsed(document, received_at).alerts
    return alert


# --- shapes -------------------------------------------------------------------------------


def test_an_alertmanager_webhook_gives_its_alerts():
    """
    Every field of a webhook's alert arrives, and what else the webhook says is ignored.
    """
    entry = an_entry(
        status="firing", endsAt="0001-01-01T00:00:00Z", generatorURL="https://prometheus.example.com/graph", fingerprint="not ours"
    )

    assert one(a_webhook(entry)) == Alert(
        fingerprint=fingerprint(LABELS),
        labels=LABELS,
        annotations={"summary": "5 % of requests fail"},
        status="firing",
        starts_at=at("2026-11-23T11:58:00Z"),
        ends_at=None,
        generator_url="https://prometheus.example.com/graph",
        source="alertmanager",
    )


def test_a_list_is_what_prometheus_posts():
    """
    A list of alerts without a status is taken as /api/v2/alerts takes it.
    """
    alert = one([an_entry(endsAt="2026-11-23T12:04:00Z")])

    assert (alert.status, alert.source, alert.ends_at) == ("firing", "prometheus", at("2026-11-23T12:04:00Z"))


def test_one_alert_may_come_by_itself():
    """
    A bare alert object gives that alert.
    """
    assert one(an_entry()) == one([an_entry()])


def test_what_alertmanagers_api_gives_back_is_taken_too():
    """
    In a list from GET /api/v2/alerts the status is an object about silences; whether it fires is told by its end.
    """
    entry = an_entry(status={"state": "active", "silencedBy": []}, endsAt="2026-11-23T11:59:00Z", updatedAt="…", receivers=[{"name": "x"}])

    assert one([entry]).status == "resolved"


def test_an_empty_list_is_no_alerts():
    """
    Nothing to say is said with an empty list, in each shape that has one.
    """
    assert parsed([]) == Payload((), "prometheus", 0)
    assert parsed(a_webhook()) == Payload((), "alertmanager", 0)


def test_the_source_may_be_named():
    """
    The name that the receiver gives its sender stands on every alert.
    """
    assert [alert.source for alert in parsed(a_webhook(an_entry()), source="am-eu").alerts] == ["am-eu"]
    assert parsed([an_entry()], source="am-eu").source == "am-eu"


def test_alerts_that_the_sender_left_out_are_counted():
    """
    Where Alertmanager cuts a batch short, how many are missing is not lost.
    """
    assert parsed(a_webhook(an_entry(), truncatedAlerts=17)).truncated == 17


def test_fields_that_are_not_known_are_ignored():
    """
    Senders add fields; whatever they hold, deep or odd, it does not matter.
    """
    odd = {"values": {"B": "HUGE", "n": 10**400}, "imageURL": None, "deep": [[[[{"a": [None, True]}]]]]}
    body = json.dumps(a_webhook(an_entry(**odd), **odd)).replace('"HUGE"', "1e999")

    assert parse_alerts(body.encode(), NOON) == parsed(a_webhook(an_entry())).alerts


def test_null_is_the_same_as_absent():
    """
    A field that is null counts as one that is not there.
    """
    entry = {"labels": LABELS, "annotations": None, "startsAt": None, "endsAt": None, "generatorURL": None, "status": None}

    assert one([entry]) == one([{"labels": LABELS}])
    assert one([entry]).annotations == {}


def test_a_byte_order_mark_does_no_harm():
    """
    A file saved with a byte order mark is read like one without.
    """
    assert parse_alerts(b"\xef\xbb\xbf[]", NOON) == ()


def test_alerts_alone_can_be_asked_for():
    """
    `parse_alerts` gives the alerts of the payload, and nothing besides.
    """
    body = json.dumps([an_entry()]).encode()

    assert parse_alerts(body, NOON) == parse_payload(body, NOON).alerts


# --- times --------------------------------------------------------------------------------


def test_an_alert_without_a_start_began_when_it_came():
    """
    An absent or never set `startsAt` is the time of receipt, in UTC.
    """
    lisbon = timezone(timedelta(hours=1))
    received = datetime(2026, 7, 1, 13, 0, tzinfo=lisbon)

    for starts in ({}, {"startsAt": "0001-01-01T00:00:00Z"}):
        alert = one([{"labels": LABELS, **starts}], received)
        assert (alert.starts_at, alert.starts_at.tzinfo) == (datetime(2026, 7, 1, 12, 0, tzinfo=UTC), UTC)


def test_an_alert_that_only_says_its_end_began_no_later():
    """
    Without a start, an alert that is over already began at its end at the latest.
    """
    assert one([{"labels": LABELS, "endsAt": "2026-11-23T11:00:00Z"}]).starts_at == at("2026-11-23T11:00:00Z")


@pytest.mark.parametrize(("ends", "status"), [("11:59:59Z", "resolved"), ("12:00:00Z", "resolved"), ("12:00:01Z", "firing")])
def test_an_end_in_the_past_means_resolved(ends, status):
    """
    Without a status an alert is resolved from its end on.
    """
    assert one([an_entry(endsAt=f"2026-11-23T{ends}")]).status == status


def test_a_status_decides_over_the_end():
    """
    A webhook's status holds even where clocks disagree about the end.
    """
    assert one(a_webhook(an_entry(status="firing", endsAt="2026-11-23T11:00:00Z"))).status == "firing"
    assert one(a_webhook(an_entry(status="resolved", endsAt="2026-11-23T13:00:00Z"))).status == "resolved"


def test_the_status_of_the_group_is_not_the_alerts():
    """
    A group fires while one of its alerts does; each alert has its own status.
    """
    group = a_webhook(an_entry(status="resolved"), an_entry(status="firing", labels={"alertname": "Other"}), status="firing")

    assert [alert.status for alert in parsed(group).alerts] == ["resolved", "firing"]


@pytest.mark.parametrize(
    "written",
    ["2026-11-23T11:58:00.5Z", "2026-11-23T12:58:00.5+01:00", "2026-11-23T06:28:00.500000-05:30", "2026-11-23T11:58:00.500000001Z"],
)
def test_times_are_taken_in_any_offset_and_to_the_nanosecond(written):
    """
    A time is the instant it means, in UTC, to the microsecond.
    """
    alert = one([an_entry(startsAt=written)])

    assert (alert.starts_at, alert.starts_at.tzinfo) == (datetime(2026, 11, 23, 11, 58, 0, 500000, tzinfo=UTC), UTC)


# --- labels -------------------------------------------------------------------------------


def test_a_label_with_an_empty_value_is_absent():
    """
    Empty labels are dropped before identity is computed; empty annotations stay.
    """
    alert = one([an_entry(labels={**LABELS, "pod": ""}, annotations={"summary": ""})])

    assert alert.labels == LABELS
    assert alert.fingerprint == fingerprint(LABELS)
    assert alert.annotations == {"summary": ""}


def test_the_same_labels_twice_are_one_alert_and_the_later_stands():
    """
    In one payload an alert appears once, as it was said last, in the place where it was said first.
    """
    first, second = an_entry(status="firing"), an_entry(status="resolved", endsAt="2026-11-23T11:59:00Z")
    other = an_entry(labels={"alertname": "Other"})

    alerts = parsed(a_webhook(first, other, second)).alerts

    assert [(alert.name, alert.status) for alert in alerts] == [("HighErrorRate", "resolved"), ("Other", "firing")]


def test_any_script_and_any_text_may_stand_in_labels():
    """
    Names may be in any script, values may have line breaks and more.
    """
    labels = {"alertname": "Überlast", "http.status_code": "500", "サービス": 'a\n"b"\\u0000\U0001f600'}

    alert = one([an_entry(labels=labels)])

    assert alert.labels == labels
    assert alert.fingerprint == fingerprint(labels)


def test_ten_thousand_alerts_are_taken():
    """
    The largest payload that is accepted holds ten thousand alerts, with 128 labels and the longest values among them.
    """
    entries = [{"labels": {"alertname": "A", "pod": str(n)}} for n in range(9_999)]
    entries.append({"labels": {f"l{n}": "x" for n in range(127)} | {"n" * 1024: "v" * 65_536}})

    assert len(parsed(entries).alerts) == 10_000


def test_the_decoder_is_imported_only_when_there_is_something_to_decode():
    """
    Importing the room does not import msgspec, so that quick commands stay quick.
    """
    asked = "import sys, watchbill.ingest; sys.exit('msgspec' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", asked], check=False, env={"PYTHONPATH": ":".join(sys.path)}).returncode == 0
