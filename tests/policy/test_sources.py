"""Sources and probes: what they become, and what is said of wrong ones."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.policy.makers import OTHERS, compiled, findings, header, policies, said
from watchbill.errors import Place
from watchbill.model.sources import ProbeAlert, SourceAuth, SourceField

ALERT = "alert: {name: Down, severity: critical}"


def a_source(spec: str, team: str = "platform") -> str:
    return header("Source", "uptime", team) + f"spec: {{{spec}}}\n"


def a_custom(fields: str) -> str:
    return a_source(f"type: custom, fields: {{labels.alertname: {{from: name}}, {fields}}}")


def a_probe(spec: str = "every: 1m", *, use: str = "metrics.query", expect: str = "value == `1`", alert: str = ALERT) -> str:
    call = f"use: {use}, with: {{query: up}}"
    return header("Probe", "home", "payments") + f'spec: {{{call}, expect: "{expect}", {alert}, service: checkout, {spec}}}\n'


# --- values ---------------------------------------------------------------------------


def test_a_custom_source():
    """
    Each field has its expression, its map and its default; several secrets are kept in order.
    """
    found = policies(OTHERS).sources["uptime"]
    status, name, starts_at, summary = found.fields

    assert found.type == "custom"
    assert found.auth == SourceAuth(
        "hmac", ("env/UPTIME_KEY", "file/uptime"), "X-Uptime-Signature", prefix="sha256=", timestamp="X-Uptime-Time"
    )
    assert found.alerts is not None
    assert found.alerts.text == "incidents[]"
    assert status.expression is not None
    assert status.expression.text == "state"
    assert (status.name, status.map, status.default) == ("status", (("DOWN", "firing"), ("UP", "resolved")), "firing")
    assert [name.name, starts_at.name, summary.name] == ["labels.alertname", "starts_at", "annotations.summary"]


@pytest.mark.parametrize(
    ("written", "auth"),
    [
        ("{bearer: {secret: env/TOKEN}}", SourceAuth("bearer", ("env/TOKEN",))),
        ("{bearer: {secret: env/TOKEN, header: X-Token}}", SourceAuth("bearer", ("env/TOKEN",), "X-Token")),
        ("{basic: {username: uptime, secret: file/password}}", SourceAuth("basic", ("file/password",), username="uptime")),
        ("{hmac: {secret: env/KEY}}", SourceAuth("hmac", ("env/KEY",))),
    ],
)
def test_a_known_source(written: str, auth: SourceAuth):
    """
    A source whose form is known needs its proof only; where it signs, the header is known too.
    """
    found = policies(a_source(f"type: grafana, auth: {written}")).sources["uptime"]

    assert (found.type, found.auth, found.alerts, found.fields) == ("grafana", auth, None, ())


def test_labels_for_alerts_that_lack_them():
    """
    What a sender cannot say, its source says for all of its alerts.
    """
    found = policies(a_source("type: cloudwatch, labels: {severity: warning, env: prod}")).sources["uptime"]

    assert found.labels == {"severity": "warning", "env": "prod"}


def test_a_field_may_be_a_constant():
    """
    A field without an expression is what its default says.
    """
    found = policies(a_custom("labels.service: {default: checkout}")).sources["uptime"]

    assert found.fields[1] == SourceField("labels.service", None, Place("policies/case.yaml", 4, 79), (), "checkout")


def test_a_probe():
    """
    A probe has its call with templates, its times, and the alert it fires.
    """
    found = policies(OTHERS).probes["checkout-home"]

    assert (found.service, str(found.use), found.expect.text) == ("checkout", "metrics.query", "value == `1`")
    assert (found.every, found.timeout, found.hold_for) == (timedelta(minutes=1), timedelta(seconds=10), timedelta(minutes=3))
    assert found.alert == ProbeAlert("CheckoutDown", "critical", {"component": "http"}, {"summary": "It is gone."})


def test_an_expression_for_a_value_may_be_anything():
    """
    A text alone, or a constant, is a mistake in a condition and none in a field.
    """
    assert findings(a_custom("labels.region: {from: \"'eu'\"}, labels.team: {from: \"tags[?k=='team'].v | [0]\"}")) == []


# --- what is wrong --------------------------------------------------------------------

CASES = {
    "a source called as watchbill's own": (
        a_source("type: grafana").replace("name: uptime", "name: watchbill"),
        "3:18: `watchbill` is the source of the incidents that people declare by hand [reserved-name]\n  help: give it another name",
    ),
    "an own source without fields": (
        a_source("type: custom"),
        "4:1: a source of the type `custom` needs `fields`: nobody else knows what it sends [unmapped-source]\n"
        '  help: begin with `labels.alertname: {from: "…"}`',
    ),
    "an own source whose alerts have no name": (
        a_source("type: custom, fields: {status: {from: state}}"),
        '4:22: no field says what an alert of this source is called [unmapped-source]\n  help: add `labels.alertname: {from: "…"}`',
    ),
    "fields of a source that is known": (
        a_source("type: grafana, fields: {status: {from: state}}"),
        "4:23: `fields` has no effect on a source of the type grafana [no-effect]\n  help: take it away, or write `type: custom`",
    ),
    "a type": (
        a_source("type: grafanna"),
        "4:14: `type` cannot be `grafanna` [bad-value]\n  help: did you mean `grafana`?",
    ),
    "an expression, at the character in question": (
        a_custom('status: {from: "state["}'),
        "4:84: the expression ends too early [bad-condition]\n  help: a value is missing at its end, or a bracket is not closed",
    ),
    "a function that there is not": (
        a_custom("labels.x: {from: lenght(name)}"),
        "4:80: there is no function `lenght()` [unknown-function]\n  help: did you mean `length()`?",
    ),
    "an expression that says nothing": (
        a_custom('status: {from: ""}'),
        "4:78: `from` is empty [bad-condition]\n  help: write a JMESPath expression, as in `monitor.name`",
    ),
    "the list of alerts": (
        a_source("type: custom, alerts: 'incidents[', fields: {labels.alertname: {from: name}}"),
        "4:40: the expression ends too early [bad-condition]\n  help: a value is missing at its end, or a bracket is not closed",
    ),
    "a field that alerts do not have": (
        a_custom("state: {from: state}"),
        "4:63: an alert has no field `state` [unknown-key]\n  help: did you mean `status`?",
    ),
    "a label almost": (
        a_custom("label.region: {from: region}"),
        "4:63: an alert has no field `label.region` [unknown-key]\n  help: did you mean `labels.region`?",
    ),
    "a field like no other": (
        a_custom("colour: {from: colour}"),
        "4:63: an alert has no field `colour` [unknown-key]\n  help: the fields of an alert are `status`, `starts_at`, `ends_at`, "
        "`generator_url`, `fingerprint`, `labels.NAME` and `annotations.NAME`",
    ),
    "a field from nowhere": (
        a_custom("labels.region: {}"),
        "4:63: nothing says what `labels.region` is [missing-key]\n  help: add `from`, a JMESPath expression, or `default`",
    ),
    "a map of nothing": (
        a_custom("labels.region: {map: {a: b}, default: c}"),
        "4:79: `map` has no effect without `from` [no-effect]\n  help: say with `from` what is looked up",
    ),
    "a status": (
        a_custom("status: {from: state, map: {DOWN: fireing}}"),
        "4:97: a status cannot be `fireing` [bad-value]\n  help: did you mean `firing`?",
    ),
    "a status by default": (
        a_custom("status: {from: state, default: open}"),
        "4:94: a status cannot be `open` [bad-value]\n  help: the words it knows are `firing` and `resolved`",
    ),
    "a time by default": (
        a_custom("starts_at: {from: at, default: now}"),
        "4:94: `now` is no time with an offset [bad-time]\n  help: write it as `2026-12-24T09:00:00Z`",
    ),
    "one name for all alerts": (
        a_source("type: datadog, labels: {alertname: Datadog}"),
        "4:32: `alertname` cannot be the same for all alerts of a source [bad-value]\n"
        "  help: take it away; each alert says what it is called",
    ),
    "a label that is empty": (
        a_source("type: datadog, labels: {env: ''}"),
        "4:32: the label `env` is empty [bad-value]\n  help: write a name and a value, or take it away",
    ),
    "two proofs": (
        a_source("type: grafana, auth: {bearer: {secret: env/A}, basic: {username: a, secret: env/B}}"),
        "4:29: a source proves itself in one way [bad-value]\n  help: write one of `bearer`, `basic` and `hmac`",
    ),
    "a signature in no known place": (
        a_source("type: alertmanager, auth: {hmac: {secret: env/A}}"),
        "4:35: missing key `header` in `hmac` [missing-key]\n  help: name the header that has the signature: `header: X-Uptime-Signature`",
    ),
    "a secret that is no reference": (
        a_source("type: alertmanager, auth: {bearer: {secret: [env/A, hunter2]}}"),
        "4:60: `secret` is not a reference to a secret [secret-in-plain-text]\n  help: write `env/UPTIME_SECRET` or `file/NAME`",
    ),
    "no secret": (
        a_source("type: alertmanager, auth: {bearer: {secret: []}}"),
        "4:52: `secret` is empty [bad-value]\n  help: refer to it: `env/NAME` or `file/NAME`",
    ),
    "a probe of nothing": (
        a_probe().replace("service: checkout", "service: chekout"),
        "4:121: no service is called `chekout` [unknown-name]\n  help: `checkout` is, at ownership/shop.yaml:44",
    ),
    "a probe of somebody else's": (
        a_probe().replace("service: checkout", "service: orders-db"),
        "4:121: a probe of `payments` cannot speak for the service `orders-db`, which belongs to `platform` [not-granted]\n"
        "  help: ask for `{to: team/payments, services_of: [platform]}` in the grants of `watchbill.yaml`",
    ),
    "a probe that changes things": (
        a_probe(use="chat.post"),
        "4:13: `chat.post` tells somebody, and a probe only reads [collector-must-read]\n"
        "  help: no action of slack does that; use a connector that can read",
    ),
    "an expectation of what there is not": (
        a_probe(expect="valu == `1`"),
        "4:55: there is no field `valu` [unknown-field]\n  help: did you mean `value`?",
    ),
    "a call about an alert": (
        a_probe().replace("query: up", 'query: "{{ alert.name }}"'),
        "4:46: there is nothing called `alert` [unknown-field]\n  help: known here: `service`, `team` and `now`",
    ),
    "a probe in a hurry": (
        a_probe("every: 100ms"),
        "4:138: `every` is `100ms` [bad-duration]\n  help: it has to be at least 1s",
    ),
    "looks that overtake each other": (
        a_probe("every: 10s, timeout: 20s"),
        "4:152: `timeout` is `20s`, and the next look is due after `10s` [bad-duration]\n  help: let it be no longer than `every`",
    ),
    "an alert without a name": (
        a_probe(alert="alert: {name: '', severity: info}"),
        "4:85: an alert without a name [bad-value]\n  help: write what it is called: `CheckoutHomeDown`",
    ),
    "a label that is set already": (
        a_probe(alert="alert: {name: Down, severity: info, labels: {service: orders-db}}"),
        "4:116: the label `service` of this alert is set already [bad-value]\n"
        "  help: take it away; `name`, `service` and `severity` say it",
    ),
    "a secret in an annotation": (
        a_probe(alert=f"alert: {{name: Down, severity: info, annotations: {{link: '{'xoxb'}-{'1234567890' * 2}'}}}}"),
        "4:127: `link` looks like a secret [secret-in-plain-text]\n"
        "  help: take it out of the repository, change it where it came from, and refer to it in `secrets` of a Connector",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_mistake_is_said_once_and_exactly(case: str):
    """
    Each mistake is one finding, at its place, with the next thing to do.
    """
    text, expected = CASES[case]

    assert said(text) == [expected]


def test_a_probe_is_left_out_with_its_connector():
    """
    Where the connector is quarantined there is nothing to look with.
    """
    broken = header("Connector", "metrics", "platform") + "spec: {type: prometheus}\n"

    assert compiled(broken + "---\n" + a_probe()).quarantined == ("Connector/metrics", "Probe/home")
