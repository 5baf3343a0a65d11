"""How long an alert is believed that nobody repeats."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.makers import NOON
from watchbill.ingest import parse_alerts_v2
from watchbill.ingest.lasting import after_start, expires_at, is_worth_writing
from watchbill.model.alert import Alert

MINUTE = timedelta(minutes=1)


def an_alert(status: Any = "firing", ends: timedelta | None = None) -> Alert:
    """An alert that ends so long after noon."""
    return Alert("0" * 16, {"alertname": "A"}, {}, status, NOON, NOON + ends if ends is not None else None)


@pytest.mark.parametrize(
    ("alert", "sender", "expires"),
    [
        (an_alert(), "prometheus", 5 * MINUTE),
        (an_alert(ends=4 * MINUTE), "prometheus", 4 * MINUTE),
        (an_alert(ends=-MINUTE), "prometheus", 5 * MINUTE),
        (an_alert(ends=4 * MINUTE), "alertmanager", 4 * MINUTE),
        (an_alert(), "alertmanager", None),
        (an_alert(), "pagerduty", None),
        (an_alert("resolved", -MINUTE), "prometheus", None),
        (an_alert("resolved"), "prometheus", None),
    ],
)
def test_when_an_alert_is_over_without_a_word(alert, sender, expires):
    """
    It is `endsAt` where that is to come, a resolve time-out for a sender that repeats itself, and never for one that says when it is over.
    """
    assert expires_at(alert, NOON, sender) == (NOON + expires if expires is not None else None)


def test_the_time_out_is_the_callers():
    """
    Whoever sets another resolve time-out has it.
    """
    assert expires_at(an_alert(), NOON, resolve_timeout=MINUTE) == NOON + MINUTE
    assert after_start(NOON, NOON, resolve_timeout=MINUTE) == NOON + MINUTE


def test_what_prometheus_sends_without_an_end_lasts_a_time_out():
    """
    An alert without `endsAt`, as Prometheus' API takes it, fires and expires five minutes after it came.
    """
    (alert,) = parse_alerts_v2(b'[{"labels": {"alertname": "A"}}]', NOON).alerts

    assert (alert.status, alert.ends_at, expires_at(alert, NOON)) == ("firing", None, NOON + 5 * MINUTE)


@pytest.mark.parametrize(
    ("written", "expires", "is_worth"),
    [
        (NOON + 4 * MINUTE, NOON + 4 * MINUTE, False),
        (NOON + 3.1 * MINUTE, NOON + 4 * MINUTE, False),
        (NOON + 3 * MINUTE, NOON + 4 * MINUTE, True),
        (NOON + 5 * MINUTE, NOON + 4 * MINUTE, True),
        (None, NOON + 4 * MINUTE, True),
        (NOON + 4 * MINUTE, None, True),
        (None, None, False),
    ],
)
def test_a_repeat_is_written_once_a_quarter_of_its_lifetime(written, expires, is_worth):
    """
    What was said again is recorded when a quarter of its lifetime has gone by, or it is over sooner than was written.
    """
    assert is_worth_writing(written, expires, NOON) is is_worth


def test_after_a_start_every_sender_has_a_time_out_to_say_it_again():
    """
    An alert whose time ran out while nobody listened gets one time-out; one that lasts longer keeps its time, and one without any has none.
    """
    assert after_start(NOON - MINUTE, NOON) == NOON + 5 * MINUTE
    assert after_start(NOON + 9 * MINUTE, NOON) == NOON + 9 * MINUTE
    assert after_start(None, NOON) is None
