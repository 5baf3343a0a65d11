"""`watchbill plan --source`: what one payload of each sender would do."""

from __future__ import annotations

import json

import pytest

from tests.cli.makers import AT, ROOT

EXAMPLES = ROOT / "examples" / "alerts" / "senders"
SOURCES = {"pagerduty": "pagerduty-events", "pagerduty-webhook": "pagerduty-bank", "cloudwatch": "cloudwatch-warnings"}


def the_source(name: str) -> str:
    """The shop's source that sends the example of this name."""
    word = name.partition("-")[0]
    return SOURCES["pagerduty-webhook"] if name.startswith("pagerduty-webhook") else SOURCES.get(word, word)


def planned(run, name: str, *more: str):
    return run("plan", str(EXAMPLES / f"{name}.json"), "--source", the_source(name), "--policies", str(ROOT), "--at", AT, *more)


@pytest.mark.parametrize("name", sorted(path.stem for path in EXAMPLES.glob("*.json")))
def test_every_example_is_planned(run, name):
    """
    One payload of each sender is planned with the sources of the reference repository, and what was no alert is said.
    """
    done = planned(run, name, "--format", "json")

    assert done.code == 0, done.err
    assert json.loads(done.out)["items"] or done.err


@pytest.mark.parametrize(
    ("name", "service", "severity"),
    [
        ("pagerduty-trigger", "checkout", "critical"),
        ("pagerduty-webhook", "checkout", "critical"),
        ("opsgenie-create", "order-events", "critical"),
        ("datadog", "search", "critical"),
        ("datadog-default", "search", "critical"),
        ("sentry-issue-alert", "cart", "critical"),
        ("cloudevents", "warehouse-sync", "warning"),
        ("cloudwatch", None, "warning"),
        ("uptime", "payment-gateway", "critical"),
        ("prometheus", "hosts", "warning"),
    ],
)
def test_an_alert_reaches_its_owner_whoever_sends_it(run, name, service, severity):
    """
    What the sender says of the service brings the alert to it, and its own word for how bad it is counts.
    """
    item, *_ = json.loads(planned(run, name, "--format", "json").out)["items"]

    assert ((item["service"] or {}).get("name"), item["severity"]) == (service, severity)


def test_a_subscription_is_for_a_person_to_confirm(run):
    """
    What SNS asks is printed with its link, and nothing is planned.
    """
    done = planned(run, "cloudwatch-confirmation")

    assert done.code == 0
    assert done.out.startswith("no alerts in ")
    assert "a person must confirm that; if the topic is yours, open https://sns.eu-central-1.amazonaws.com/" in done.err


def test_a_resolution_that_is_only_a_key_plans_nothing(run):
    """
    The end of an alert that is named by a key alone has no labels to plan with, and that is said.
    """
    done = planned(run, "pagerduty-resolve")

    assert (done.code, done.out.startswith("no alerts in ")) == (0, True)
    assert "1 of its alerts are over and named by the sender's key only" in done.err
