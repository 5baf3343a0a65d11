"""Bodies that are no payload, or far more than one: refused with a reason, in little memory."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc
from datetime import UTC, datetime
from typing import get_args

import pytest

from tests.makers import a_source
from watchbill.errors import UserError
from watchbill.expressions.conditions import parse_condition
from watchbill.ingest import parse_alertmanager, parse_alerts_v2
from watchbill.ingest.limits import BODY_BYTES
from watchbill.ingest.mapping import parse_from
from watchbill.model.sources import SourceField, SourceType

NOW = datetime(2026, 11, 23, 3, 12, tzinfo=UTC)
TYPES = get_args(SourceType)


def refused(body: bytes, type: SourceType) -> str:
    """How a source of this type refuses these bytes."""
    source = a_source("sender", type)
    if type == "custom":
        found = parse_condition("name", source.ref.place)
        source = a_source("sender", type, fields=(SourceField("labels.alertname", found, source.ref.place),))
    with pytest.raises(UserError) as refusal:
        parse_from(source, body, NOW, file="request")
    assert refusal.value.rule == "bad-payload"
    return str(refusal.value).splitlines()[0]


BODIES = {
    "nothing": (b"", "request:1:1: expected JSON, got nothing"),
    "half": (b'{"a":', "request:1:6: expected JSON, got a text that breaks off"),
    "deep": (b"[" * 100_000, "nested far too deep"),
    "deep and whole": (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "nested far too deep"),
    "not a number": (b'{"a": NaN}', "request:1:7: expected JSON, got `N`"),
    "infinity": (b'{"a": Infinity}', "request:1:7: expected JSON, got `I`"),
    "Latin-1": (b'{"a": "caf\xe9"}', "request:1:11: expected text in UTF-8, got the byte 0xE9"),
    "half a pair": (b'{"a": "\\ud800"}', "half of a surrogate pair"),
    "two documents": (b"{} {}", "request:1:4: expected the end, got `{}`"),
    "many values": (b"[" + b"0," * 600_000 + b"0]", "expected at most 500000 values, got more"),
}


@pytest.mark.parametrize("type", TYPES)
@pytest.mark.parametrize("case", BODIES)
def test_what_is_no_document_is_refused_with_its_place(case, type):
    """
    Whatever the sender, bytes that are no JSON document are refused with line, column and reason.
    """
    body, said = BODIES[case]

    assert said in refused(body, type)


@pytest.mark.parametrize("type", ["pagerduty", "custom"])
@pytest.mark.parametrize("number", [b"1e999", b"9" * 5000, b"-" + b"9" * 5000])
def test_numbers_beyond_all_bounds(type, number):
    """
    A number that nothing can hold is refused.
    """
    assert "expected numbers of a usual size" in refused(b'{"name": ' + number + b"}", type)


@pytest.mark.parametrize("type", ["pagerduty", "datadog"])
def test_numbers_that_are_merely_long(type):
    """
    A number of many digits is a text like any other.
    """
    digits = b"9" * 400
    body = b'{"event_action": "trigger", "payload": {"summary": %b}, "title": "[Triggered] x", "tags": [%b]}' % (digits, digits)

    assert parse_from(a_source("sender", type), body, NOW).alerts


LARGE = {
    "fifty megabytes": lambda: b'{"a": "' + b"x" * 50_000_000 + b'"}',
    "a million labels": lambda: b'[{"labels": {' + b",".join(b'"%d":"x"' % n for n in range(1_000_000)) + b"}}]",
    "empty alerts": lambda: b"[" + b"{}," * 5_000_000 + b"{}]",
    "small objects": lambda: b"[" + b'{"":0},' * 2_000_000 + b"0]",
    "as many objects as may be": lambda: b"[" + b'{"":0},' * 249_000 + b"0]",
    "as many labels as may be": lambda: b'{"alerts": [{"labels": {' + b",".join(b'"%d":"x"' % n for n in range(490_000)) + b"}}]}",
    "one text": lambda: b'{"alerts": "' + b"x" * (BODY_BYTES - 20) + b'"}',
}
"""Bodies that are cheap to send and dear to hold."""


@pytest.mark.parametrize("case", LARGE)
def test_a_large_body_costs_a_small_multiple_of_it(case):
    """
    However a body of the largest size is made, reading and refusing it takes no more than seven times the largest body's memory.
    """
    body = LARGE[case]()
    for type in ("alertmanager", "pagerduty", "custom"):
        tracemalloc.start()
        refused(body, type)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 7 * BODY_BYTES, f"{type}: {peak}"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"[]", "expected an object with `alerts`, got a list"),
        (b'{"labels": {"a": "b"}}', "expected an object with `alerts`, got one without them"),
        (b"4", "expected an object with `alerts`, got a number"),
    ],
)
def test_a_webhooks_address_takes_webhooks_only(body, said):
    """
    What else comes there is refused with the address it belongs to.
    """
    with pytest.raises(UserError) as refusal:
        parse_alertmanager(body, NOW)

    assert str(refusal.value).startswith(f"the request: {said}")
    assert "/api/v2/alerts" in refusal.value.help


@pytest.mark.parametrize("body", [b'{"alerts": []}', b'{"labels": {"a": "b"}}', b'"x"'])
def test_the_address_of_prometheus_takes_lists_only(body):
    """
    What else comes there is refused with the address it belongs to.
    """
    with pytest.raises(UserError) as refusal:
        parse_alerts_v2(body, NOW)

    assert "expected a list of alerts, got" in str(refusal.value)
    assert "/v1/ingest/alertmanager" in refusal.value.help


def test_each_address_takes_its_own():
    """
    The two strict ways read what the free one reads.
    """
    one = b'{"labels": {"alertname": "A"}}'

    assert parse_alerts_v2(b"[%b]" % one, NOW, "am").alerts[0].source == "am"
    assert parse_alertmanager(b'{"alerts": [%b]}' % one, NOW).alerts[0].source == "alertmanager"


def test_what_is_not_needed_is_not_imported():
    """
    The door itself imports no decoder, no expressions and no senders before a body is read.
    """
    code = (
        "import sys, watchbill.ingest, watchbill.ingest.lasting, watchbill.ingest.proof; "
        "print([name for name in sys.modules if name in ('msgspec', 'jmespath', 'json') or 'senders' in name])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
