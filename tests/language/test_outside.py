"""Senders, probes and connectors: what lies outside, and how it is spoken of."""

from __future__ import annotations

import json

from tests.language.makers import PAGE, RESTART, Written, a_watch, policies, rules
from tests.makers import NOON, an_alert
from watchbill.ingest.mapping import parse_from

UPTIME = """\
type: custom
auth: {bearer: {secret: env/UPTIME_TOKEN}}
alerts: "incidents[]"
fields:
  status: {from: state, map: {DOWN: firing, UP: resolved}, default: firing}
  labels.alertname: {from: monitor.name}
  labels.service: {from: monitor.tags.service, default: checkout}
  annotations.summary: {from: message}
"""


def test_a_source_of_ones_own():
    """
    A `Source` that watchbill does not know says where its list of alerts is and, of each alert, where each field is found, what its
    words mean and what stands in where there is nothing.
    """
    source = policies(("Source", "uptime", UPTIME, "platform")).sources["uptime"]
    payload = {
        "incidents": [
            {"state": "DOWN", "monitor": {"name": "Home"}, "message": "gone"},
            {"state": "UP", "monitor": {"name": "Cart", "tags": {"service": "refunds"}}},
        ]
    }
    home, cart = parse_from(source, json.dumps(payload).encode(), NOON).alerts

    assert (home.status, home.labels["service"], home.annotations["summary"]) == ("firing", "checkout", "gone")
    assert (cart.status, cart.labels["service"], cart.source) == ("resolved", "refunds", "uptime")


def test_a_source_proves_itself():
    """
    A source says how it proves itself, by a token, a password or a signature, each a reference to a secret.
    """
    assert rules(("Source", "uptime", UPTIME.replace("env/UPTIME_TOKEN", "hunter2"), "platform")) == ["secret-in-plain-text"]
    assert rules(("Source", "uptime", UPTIME.replace("bearer: {secret: env/UPTIME_TOKEN}", ""), "platform")) == ["bad-value"]


PROBE = """\
service: checkout
use: web.get
with: {path: /health}
every: 1m
expect: "status == `200`"
for: 3m
alert: {name: CheckoutDown, severity: critical}
"""


def test_a_probe():
    """
    A `Probe` is a check that watchbill itself makes: it only reads, and where what it expects has failed for long enough, that is an
    alert of its service.
    """
    found = policies(("Probe", "home", PROBE)).probes["home"]

    assert (found.service, found.alert.name, str(found.use)) == ("checkout", "CheckoutDown", "web.get")
    assert rules(("Probe", "home", PROBE.replace("web.get\nwith: {path: /health}", "local.run\nwith: {argv: [rm]}"))) != []


def test_a_probe_speaks_for_its_own():
    """
    A probe speaks for a service that its team's policies apply to.
    """
    assert rules(("Probe", "home", PROBE, "security")) == ["not-granted"]


def test_a_service_binds_names():
    """
    Where a service binds a connector's name, policies that use that name mean the bound connector for this service.
    """
    eu: Written = ("Connector", "metrics-eu", "{type: prometheus, with: {url: https://eu.example.com}}", "")
    service = ("Service", "checkout", "{tier: 1, bindings: {metrics: metrics-eu}}")
    watch = a_watch(eu, service, ("Triage", "look", "{collect: [{name: up, use: metrics.query, with: {query: up}}]}"))
    watch.receives(an_alert())

    assert watch.calls("collect") == [("12:00", "metrics-eu.query")]


def test_a_connector_in_shadow():
    """
    What is done with a connector in `mode: shadow` is decided and recorded, and touches nothing; no page waits for a repair that it is
    part of.
    """
    watch = a_watch(PAGE, ("Remediation", "restart", RESTART), ("Connector", "cluster", "{type: kubernetes, mode: shadow}", ""))
    watch.receives(an_alert(instance="worker-1"))

    assert watch.step("repair").note == "shadow"
    assert watch.paged == [("12:00", "ana")]


def test_arguments_are_checked():
    """
    The arguments of every call are checked against what the action of its connector takes.
    """
    assert rules(("Triage", "look", "{collect: [{name: up, use: metrics.query, with: {qurey: up}}]}")) == ["bad-argument"]
