"""Senders with a form of their own: what becomes of one payload of each, and how its end meets its beginning."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, get_args

import pytest

from tests.cli.makers import ROOT
from tests.makers import a_source
from watchbill.errors import UserError
from watchbill.ingest import Payload, completed, fingerprint, resolution
from watchbill.ingest.document import part_of
from watchbill.ingest.mapping import ALIKE, parse_from
from watchbill.ingest.senders import READERS
from watchbill.ingest.senders.cloudwatch import envelope_of
from watchbill.ingest.senders.report import identity_of
from watchbill.model.sources import SourceType

NOW: Final = datetime(2026, 11, 23, 3, 12, tzinfo=UTC)
EXAMPLES: Final = ROOT / "examples" / "alerts" / "senders"


def the_type(name: str) -> SourceType:
    """The type of source that the example of this name belongs to: the word it begins with."""
    word = name.partition("-")[0]
    return "custom" if word == "uptime" else word  # type: ignore[return-value]


def example(name: str) -> Any:
    """The payload of this example."""
    return json.loads((EXAMPLES / f"{name}.json").read_text("utf-8"))


def read(document: Any, type: SourceType) -> Payload:
    """What a sender of this type says with a document, or with the example of this name."""
    document = example(document) if isinstance(document, str) else document
    return parse_from(a_source("sender", type), json.dumps(document).encode(), NOW)


def changed(document: Any, path: str, value: Any) -> Any:
    """The document with another value at the path, whose steps are kept apart by dots."""
    inner = whole = json.loads(json.dumps(document))
    *steps, last = path.split(".")
    for step in steps:
        inner = inner[step]
    inner[last] = value
    return whole


def refused(document: Any, type: SourceType) -> str:
    """How a document is refused."""
    with pytest.raises(UserError) as refusal:
        read(document, type)
    assert refusal.value.rule == "bad-payload"
    assert refusal.value.help
    return str(refusal.value).splitlines()[0]


def test_every_type_is_read():
    """
    There is no type of source whose payloads cannot be read.
    """
    assert set(get_args(SourceType)) == {*ALIKE, *READERS, "custom"}


# --- what becomes of them -----------------------------------------------------------------

LABELS: Final[Mapping[str, dict[str, str]]] = {
    "grafana": {
        "alertname": "HighErrorRate",
        "grafana_folder": "Payments",
        "service": "checkout",
        "severity": "critical",
        "region": "eu-central",
    },
    "grafana-test": {"alertname": "TestAlert", "instance": "Grafana", "severity": "info"},
    "pagerduty-trigger": {
        "alertname": "CheckoutUnreachable",
        "severity": "critical",
        "instance": "probe-fra-2.example.com",
        "component": "http",
        "group": "shop",
        "class": "CheckoutUnreachable",
        "service": "checkout",
        "region": "eu-central",
    },
    "pagerduty-webhook": {"alertname": "Card gateway EU answers slowly", "severity": "P1", "service": "checkout"},
    "opsgenie-create": {
        "alertname": "Order events pile up: 48,200 wait",
        "severity": "P2",
        "instance": "broker-2.example.com",
        "service": "order-events",
        "component": "queue",
        "region": "eu-central",
    },
    "opsgenie-webhook": {
        "alertname": "Order events pile up: 48,200 wait",
        "severity": "P2",
        "instance": "broker-2.example.com",
        "service": "order-events",
    },
    "datadog": {
        "alertname": "Search is slow",
        "severity": "P1",
        "instance": "search-3.example.com",
        "metric": "search.latency.p95",
        "service": "search",
        "region": "eu-central",
        "env": "prod",
    },
    "datadog-default": {"alertname": "Search is slow", "severity": "P1", "service": "search", "region": "eu-central"},
    "cloudwatch": {
        "alertname": "orders-db-connections",
        "account": "123456789012",
        "region": "eu-central-1",
        "namespace": "AWS/RDS",
        "metric": "DatabaseConnections",
        "DBInstanceIdentifier": "orders-db",
        "instance": "orders-db",
    },
    "sentry-issue-alert": {
        "alertname": "New errors in the cart",
        "severity": "error",
        "project": "storefront",
        "environment": "prod",
        "service": "cart",
    },
    "sentry-metric-alert": {"alertname": "Too many errors in the cart", "severity": "critical", "project": "storefront"},
    "cloudevents": {
        "alertname": "com.example.backup",
        "severity": "warning",
        "subject": "warehouse-db",
        "event_source": "/backup/eu",
        "service": "warehouse-sync",
        "region": "eu-central",
    },
}


@pytest.mark.parametrize("name", LABELS)
def test_the_labels_of_each_sender(name):
    """
    What tells an alert apart and brings it to its owner stands in labels of the names that the documentation gives.
    """
    (alert,) = read(name, the_type(name)).alerts

    assert (alert.status, alert.source, alert.labels) == ("firing", "sender", LABELS[name])
    assert alert.annotations["summary"]


@pytest.mark.parametrize(
    ("name", "starts_at", "link", "annotations"),
    [
        (
            "pagerduty-trigger",
            "03:11:04",
            "https://monitor.example.com/checks/checkout-eu",
            {"attempts": "3", "last answer": '{"status": 502, "after_ms": 10012}', "client": "Synthetic monitor"},
        ),
        ("pagerduty-webhook", "03:09:00", "https://bank.pagerduty.com/incidents/Q0EXAMPLE00001", {"incident_key": "card-gateway-eu"}),
        (
            "opsgenie-create",
            "03:12:00",
            "",
            {"queue": "orders", "sender": "queue-watch", "tags": "service:order-events, component:queue, night"},
        ),
        ("datadog", "03:12:00", "https://app.datadoghq.com/monitors/4711", {"monitor": "4711"}),
        (
            "cloudwatch",
            "03:10:31",
            "https://eu-central-1.console.aws.amazon.com/cloudwatch/home?region=eu-central-1#alarmsV2:alarm/orders-db-connections",
            {"description": "The pool is nearly used up."},
        ),
        (
            "sentry-issue-alert",
            "03:10:44.120000",
            "https://sentry.example.com/organizations/shop/issues/1170820242/events/e4874d664c3540c1a32eab185f12c5ab/",
            {"release": "shop@4.18.0"},
        ),
        (
            "sentry-metric-alert",
            "03:09:00",
            "https://sentry.example.com/organizations/shop/alerts/rules/details/7/?alert=6",
            {"aggregate": "count()"},
        ),
        ("cloudevents", "03:05:00", "", {"bytes": "42949672960"}),
    ],
)
def test_when_it_began_and_where_to_look(name, starts_at, link, annotations):
    """
    The sender's time is the start, its address the link, and what it says besides is an annotation.
    """
    (alert,) = read(name, the_type(name)).alerts

    assert alert.starts_at == datetime.fromisoformat(f"2026-11-23T{starts_at}Z")
    assert alert.generator_url == link
    assert alert.annotations.items() >= annotations.items()


# --- from the trigger to the end ----------------------------------------------------------


@pytest.mark.parametrize(
    ("begins", "ends"),
    [
        ("pagerduty-trigger", "pagerduty-resolve"),
        ("pagerduty-webhook", "pagerduty-webhook-resolved"),
        ("opsgenie-create", "opsgenie-webhook-close"),
        ("opsgenie-webhook", "opsgenie-webhook-close"),
        ("datadog", "datadog-recovered"),
        ("cloudwatch", "cloudwatch-ok"),
        ("cloudwatch-eventbridge", "cloudwatch-ok"),
        ("sentry-issue-alert", "sentry-issue-resolved"),
        ("sentry-metric-alert", changed(example("sentry-metric-alert"), "action", "resolved")),
        ("cloudevents", example("cloudevents-batch")[0]),
        (
            "datadog-default",
            changed(example("datadog-default"), "title", "[P1] [Recovered on {service:search,region:eu-central}] Search is slow"),
        ),
    ],
)
def test_the_end_meets_the_beginning(begins, ends):
    """
    The end of an alert has the fingerprint of its beginning, however little it repeats, and another source's has not.
    """
    type = the_type(begins)
    (first,), (last,) = read(begins, type).alerts, read(ends, type).alerts

    assert (first.status, last.status) == ("firing", "resolved")
    assert first.fingerprint == last.fingerprint
    assert completed(last, first).labels == first.labels
    assert completed(first, last) == first


def test_a_resolution_may_be_no_more_than_a_key():
    """
    Of an end that its sender says by a key alone, in a body or in an address, there is only which alert it is.
    """
    (alert,) = read("pagerduty-resolve", "pagerduty").alerts

    assert (alert.labels, alert.annotations) == ({}, {})
    assert resolution("sender", "synthetic/checkout/eu", NOW).alerts[0].fingerprint == alert.fingerprint
    assert alert.fingerprint == identity_of("sender", "synthetic/checkout/eu") != identity_of("other", "synthetic/checkout/eu")


@pytest.mark.parametrize("name", ["pagerduty-trigger", "opsgenie-create"])
def test_without_a_key_the_labels_tell_alerts_apart(name):
    """
    A sender that gives its alert no key has the fingerprint of the labels, as everywhere.
    """
    (alert,) = read({**example(name), "dedup_key": None, "alias": None}, the_type(name)).alerts

    assert alert.fingerprint == fingerprint(alert.labels)


def test_the_key_never_is_the_fingerprint():
    """
    No sender can take over another's alert by calling its own the same.
    """
    known = fingerprint({"alertname": "Down"})

    assert read({**example("pagerduty-trigger"), "dedup_key": known}, "pagerduty").alerts[0].fingerprint != known


def test_secrets_in_a_payload_go_no_further():
    """
    The routing key of an event stands nowhere in what is made of it.
    """
    event = example("pagerduty-trigger")

    assert event["routing_key"] not in repr(read(event, "pagerduty"))


# --- one sender's own ways ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("transition", "status", "severity"),
    [
        ("Triggered", "firing", "error"),
        ("Re-Triggered", "firing", "error"),
        ("Warn", "firing", "warning"),
        ("Re-Warn", "firing", "warning"),
        ("No Data", "firing", "error"),
        ("Renotify", "firing", "error"),
        ("Recovered", "resolved", "error"),
    ],
)
def test_the_transitions_of_datadog(transition, status, severity):
    """
    Every transition but the recovery fires; without a priority a warning is one, and all else is what the alert's type says.
    """
    (alert,) = read({**example("datadog"), "alert_transition": transition, "alert_priority": "$ALERT_PRIORITY"}, "datadog").alerts

    assert (alert.status, alert.labels["severity"]) == (status, severity)


def test_the_documented_payload_of_datadog_is_the_one_that_is_read():
    """
    The template that the documentation gives has every key of the example, and variables that nobody filled in count as absent.
    """
    text = (ROOT / "docs" / "reference" / "senders.md").read_text("utf-8")
    template = json.loads(text.partition("```json\n")[2].partition("```")[0])
    unfilled = read({**template, "alert_title": "Down", "alert_transition": "Triggered"}, "datadog").alerts[0]

    assert template.keys() == example("datadog").keys()
    assert (unfilled.labels, unfilled.annotations, unfilled.generator_url) == ({"alertname": "Down"}, {"summary": "Down"}, "")


@pytest.mark.parametrize(("state", "status"), [("ALARM", "firing"), ("INSUFFICIENT_DATA", "firing"), ("OK", "resolved")])
def test_the_states_of_cloudwatch_raw_or_in_an_envelope(state, status):
    """
    An alarm means the same with and without SNS around it; one that knows nothing any longer is not known to be well.
    """
    envelope = example("cloudwatch")
    alarm = changed(json.loads(envelope["Message"]), "NewStateValue", state)
    raw, wrapped = read(alarm, "cloudwatch"), read({**envelope, "Message": json.dumps(alarm)}, "cloudwatch")

    assert raw == wrapped
    assert raw.alerts[0].status == status


def test_what_sns_signs_is_there_to_be_verified():
    """
    An envelope gives its signature, where its certificate is, and the lines that are signed, in their order.
    """
    envelope = envelope_of(part_of(example("cloudwatch-confirmation"), "", "", ""))

    assert envelope is not None
    assert (envelope.kind, envelope.signature, envelope.signature_version) == ("SubscriptionConfirmation", "RVhBTVBMRQ==", "1")
    assert envelope.certificate_url.startswith("https://sns.eu-central-1.amazonaws.com/")
    assert envelope.signed.decode().splitlines()[::2] == ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
    assert envelope_of(part_of(json.loads(example("cloudwatch")["Message"]), "", "", "")) is None


@pytest.mark.parametrize(
    ("kind", "status", "name"),
    [
        ("com.example.disk.full", "firing", "com.example.disk.full"),
        ("com.example.disk.alert", "firing", "com.example.disk"),
        ("com.example.disk.cleared", "resolved", "com.example.disk"),
        ("resolved", "resolved", "resolved"),
        ("." * 1000 + "x" * 60_000 + "0", "firing", "." * 1000 + "x" * 60_000 + "0"),
    ],
    ids=["no word", "a word that fires", "a word that ends", "the word alone", "long"],
)
def test_the_type_of_an_event_says_what_its_data_does_not(kind, status, name):
    """
    Where data has no status, the last word of the type decides, if it is one of those that do.
    """
    (alert,) = read({**example("cloudevents"), "type": kind, "data": None}, "cloudevents").alerts

    assert (alert.status, alert.labels["alertname"]) == (status, name)


def test_data_in_base64_and_as_text():
    """
    Data of an event may be JSON in base64, or a sentence.
    """
    bare = {name: value for name, value in example("cloudevents").items() if name != "data"}

    assert read({**bare, "data_base64": "eyJzZXZlcml0eSI6ICJsb3cifQ=="}, "cloudevents").alerts[0].labels["severity"] == "low"
    assert read({**bare, "data": "It broke."}, "cloudevents").alerts[0].annotations == {"summary": "It broke."}


def test_a_batch_of_events_is_read_one_by_one():
    """
    A list gives the alerts of all its items.
    """
    assert [(alert.name, alert.status) for alert in read("cloudevents-batch", "cloudevents").alerts] == [
        ("com.example.backup", "resolved"),
        ("BackupFailed", "firing"),
    ]


@pytest.mark.parametrize(
    ("written", "instant"),
    [
        ("2026-11-23T03:11:04.000+0000", "03:11:04"),
        ("2026-11-23 03:11:04", "03:11:04"),
        (1795403464, "03:11:04"),
        ("1795403464000", "03:11:04"),
        (1795403464000000000, "03:11:04"),
        (1795403464.5, "03:11:04.500000"),
    ],
)
def test_times_are_read_as_systems_write_them(written, instant):
    """
    RFC 3339, ISO 8601 with another offset or none, and seconds to nanoseconds since 1970 mean the instant they say.
    """
    event = changed(example("pagerduty-trigger"), "payload.timestamp", written)

    assert read(event, "pagerduty").alerts[0].starts_at == datetime.fromisoformat(f"2026-11-23T{instant}Z")


def test_a_tag_overrules_nothing_that_is_said_outright():
    """
    What a sender says in a field of its own holds, whatever its tags say; and a tag's odd name becomes a label's.
    """
    event = {**example("datadog"), "tags": ["severity:low", "availability-zone:a", "self:x", "alertname:other", "7:8", ":", "x:"]}
    labels = read(event, "datadog").alerts[0].labels

    assert (labels["severity"], labels["alertname"], labels["availability_zone"]) == ("P1", "Search is slow", "a")
    assert (labels["self"], labels["_7"], "x" in labels) == ("x", "8", False)


# --- what is no alert ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("type", "document", "kind", "said"),
    [
        ("cloudwatch", "cloudwatch-confirmation", "confirm", "a person must confirm"),
        ("cloudwatch", {**example("cloudwatch"), "Type": "UnsubscribeConfirmation"}, "nothing", "send nothing more"),
        ("pagerduty", "pagerduty-acknowledge", "acknowledged", "`synthetic/checkout/eu`"),
        ("pagerduty", {"event": {"event_type": "pagey.ping", "data": {}}}, "test", "nothing is wrong"),
        ("pagerduty", {"event": {"event_type": "incident.annotated", "data": {"type": "incident_note"}}}, "nothing", "incident.annotated"),
        ("pagerduty", {"routing_key": "x", "payload": {"summary": "Deployed 4.18"}}, "nothing", "Deployed 4.18"),
        ("opsgenie", {**example("opsgenie-webhook"), "action": "Acknowledge"}, "acknowledged", "queue-watch takes"),
        ("opsgenie", {**example("opsgenie-webhook"), "action": "AddNote"}, "nothing", "`AddNote`"),
        ("sentry", {"action": "created", "data": {"installation": {}}}, "nothing", "`created`"),
        ("sentry", {**example("sentry-issue-resolved"), "action": "assigned"}, "nothing", "`assigned`"),
        ("datadog", {"title": "Somebody logged in", "event_type": "log"}, "nothing", "Somebody logged in"),
    ],
)
def test_what_is_no_alert_is_told_of(type, document, kind, said):
    """
    A request that says nothing about what is wrong is taken, gives no alert, and says what it was.
    """
    payload = read(document, type)
    (notice,) = payload.notices

    assert (payload.alerts, notice.kind) == ((), kind)
    assert said in notice.text


def test_an_acknowledged_incident_fires_and_says_who_takes_it():
    """
    Somebody who acknowledges in PagerDuty does not end the alert, and the notice names the alert it is about.
    """
    payload = read(changed(example("pagerduty-webhook"), "event.data.status", "acknowledged"), "pagerduty")

    assert [alert.status for alert in payload.alerts] == ["firing"]
    assert [(notice.kind, notice.fingerprint) for notice in payload.notices] == [("acknowledged", payload.alerts[0].fingerprint)]
    assert "Noor Haddad" in payload.notices[0].text


def test_a_test_of_grafana_wakes_nobody():
    """
    Grafana's own test counts as information, while a rule of the same name that says how bad it is keeps its word.
    """
    payload = read("grafana-test", "grafana")
    own = changed(example("grafana-test"), "alerts", [{"labels": {"alertname": "TestAlert", "instance": "Grafana", "severity": "page"}}])

    assert [(notice.kind, notice.fingerprint) for notice in payload.notices] == [("test", payload.alerts[0].fingerprint)]
    assert read(own, "grafana").alerts[0].labels["severity"] == "page"
    assert read(own, "grafana").notices == ()


@pytest.mark.parametrize(
    "link",
    ["http://sns.eu-central-1.amazonaws.com/", "https://amazonaws.com.example.com/", "https://[", "https://x.amazonaws.com/\x1b[2J", ""],
)
def test_a_confirmation_that_leads_elsewhere_is_not_shown(link):
    """
    A link to confirm a subscription is given to people only if it leads to Amazon.
    """
    (notice,) = read({**example("cloudwatch-confirmation"), "SubscribeURL": link}, "cloudwatch").notices

    assert notice.link == ""
    assert "confirm nothing" in notice.help
    assert not link or link not in notice.help


# --- what is refused ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("type", "document", "said"),
    [
        ("pagerduty", {}, "expected an object with `event_action` or `event`, got one without them"),
        ("pagerduty", 4, "expected an object, got a number"),
        ("pagerduty", [{"event_action": "resolve"}], "expected a text that is not empty as `dedup_key`, got none at `[0]`"),
        (
            "pagerduty",
            {**example("pagerduty-trigger"), "event_action": "snooze"},
            "expected one of `trigger`, `acknowledge`, `resolve`, got `snooze` at `event_action`",
        ),
        ("pagerduty", {"event_action": "trigger"}, "as `summary`, got none at `payload`"),
        ("pagerduty", changed(example("pagerduty-trigger"), "payload.severity", ["x"]), "expected text, got a list at `payload.severity`"),
        ("pagerduty", changed(example("pagerduty-trigger"), "payload", "x"), "expected an object, got text at `payload`"),
        ("pagerduty", changed(example("pagerduty-trigger"), "links", {}), "expected a list, got an object at `links`"),
        (
            "pagerduty",
            changed(example("pagerduty-trigger"), "payload.timestamp", "noon"),
            "expected a time, got `noon` at `payload.timestamp`",
        ),
        (
            "pagerduty",
            changed(example("pagerduty-trigger"), "payload.timestamp", "9999-01-01T00:00:00Z"),
            "got 9999 at `payload.timestamp`",
        ),
        (
            "pagerduty",
            changed(example("pagerduty-trigger"), "payload.summary", "x" * 65_537),
            "expected at most 65536 characters, got 65537",
        ),
        (
            "pagerduty",
            changed(example("pagerduty-trigger"), "payload.summary", "a\0b"),
            "expected text without NUL, got a NUL at `payload.summary`",
        ),
        (
            "pagerduty",
            changed(
                example("pagerduty-trigger"),
                "payload.custom_details",
                {str(n): "" for n in range(200)} | {f"x{n}": "y" for n in range(200)},
            ),
            "expected what gives at most 128 annotations",
        ),
        ("pagerduty", changed(example("pagerduty-trigger"), "payload.custom_details", {"a\nb": "x"}), "a name without control characters"),
        (
            "pagerduty",
            changed(example("pagerduty-trigger"), "payload.custom_details", {"a" * 2000: "x"}),
            "a name of at most 1024 characters, got 2000",
        ),
        ("opsgenie", {"alias": "x"}, "expected an object with `message`"),
        ("opsgenie", {"action": "Close", "alert": {"message": "x"}}, "as `alertId`, got none at `alert`"),
        ("datadog", {"alert_transition": "Triggered"}, "expected `alert_title` or `title`, got neither"),
        ("datadog", {"alert_title": "x", "alert_transition": "Vanished"}, "got `Vanished` at `alert_transition`"),
        (
            "cloudwatch",
            {"Type": "Notification", "TopicArn": "x", "Message": "hello"},
            "expected a CloudWatch alarm as JSON, got `hello` at `Message`",
        ),
        ("cloudwatch", {"Type": "Notification", "TopicArn": "x", "Message": "[4]"}, "expected a CloudWatch alarm, got a list at `Message`"),
        ("cloudwatch", {"Type": "Notification", "TopicArn": "x", "Message": "{}"}, "got an object without it at `Message`"),
        ("cloudwatch", {"Type": "Notification", "TopicArn": "x", "Message": "[" * 60_000}, "expected a CloudWatch alarm as JSON"),
        ("cloudwatch", {"AlarmName": "x", "NewStateValue": "?"}, "got `?` at `NewStateValue`"),
        ("sentry", {"action": "triggered"}, "expected an object with `action` and `data`"),
        ("sentry", {"action": "triggered", "data": {"event": {"title": "x"}}}, "as `event_id`, got none at `data.event`"),
        ("cloudevents", {**example("cloudevents"), "specversion": "0.3"}, "expected `1.0`, got `0.3` at `specversion`"),
        ("cloudevents", {**example("cloudevents"), "source": ""}, "as `source`, got none"),
        ("cloudevents", changed(example("cloudevents"), "data.state", "odd"), "got `odd` at `data.state`"),
        ("cloudevents", {**example("cloudevents"), "data": None, "data_base64": "?"}, "expected JSON in base64"),
        ("datadog", [{}] * 10_001, "expected at most 10000 alerts, got 10001"),
    ],
)
def test_what_is_not_as_it_should_be_is_refused_with_its_place(type, document, said):
    """
    A refusal says what was expected, what came instead, and the path to it.
    """
    assert said in refused(document, type)


def test_every_example_is_of_a_sender():
    """
    Each example is read without a refusal by the type it is named after, and each type with a form of its own has one.
    """
    names = [path.stem for path in sorted(Path(EXAMPLES).glob("*.json"))]
    for name in names:
        if the_type(name) != "custom":
            assert read(name, the_type(name)).alerts or read(name, the_type(name)).notices

    assert {the_type(name) for name in names} == {*get_args(SourceType)} - {"alertmanager"}
