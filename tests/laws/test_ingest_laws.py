"""Whatever comes over the wire is either alerts or one clear refusal, and nothing that was said is lost."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.makers import NOON
from watchbill.errors import UserError
from watchbill.ingest import Payload, fingerprint, parse_payload

values = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
names = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20)
label_sets = st.dictionaries(names, values.filter(bool), min_size=1, max_size=6)
times = st.datetimes(datetime(1970, 1, 1), datetime(2200, 12, 31), timezones=st.just(UTC))

known = ["alerts", "labels", "annotations", "startsAt", "endsAt", "status", "generatorURL", "truncatedAlerts", "x", "", "\t"]
telling = ["firing", "2026-11-23T12:00:00Z", "1812-06-24T12:00:00Z", "\0"]
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(telling)
odd_json = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(known), inner, max_size=5),
    max_leaves=20,
)
fields = st.fixed_dictionaries(
    {"labels": st.dictionaries(names, values, max_size=3) | odd_json},
    optional=dict.fromkeys(("annotations", "startsAt", "endsAt", "status", "generatorURL"), odd_json),
)
webhooks = st.fixed_dictionaries({"alerts": st.lists(fields, max_size=3)}, optional={"status": odd_json, "truncatedAlerts": odd_json})
nearly_alerts = st.lists(fields, max_size=3) | webhooks | fields


def taken(body: bytes) -> Payload | UserError:
    """What became of these bytes; anything but alerts or a refusal fails the test that asks."""
    try:
        return parse_payload(body, NOON)
    except UserError as error:
        return error


def is_known(reason: UserError) -> bool:
    """Whether the slow way, which says why, found the reason that the quick way had."""
    return reason.rule == "bad-payload" and reason.message.startswith("expected ") and not reason.message.endswith("got something else")


@given(st.binary(max_size=200) | st.text(alphabet='[]{}":,\\u0019eE+-.tfn \n', max_size=60).map(str.encode))
def test_any_bytes_give_alerts_or_a_refusal(body):
    """
    Whatever the bytes are, they give a payload or a `UserError`, and never another exception.
    """
    found = taken(body)

    assert isinstance(found, Payload) or is_known(found)


@given(odd_json | nearly_alerts)
def test_any_json_gives_alerts_or_a_refusal_that_says_why(document):
    """
    Whatever the document is, its refusal names a reason, and no document is refused for a reason nobody knows.
    """
    for body in (json.dumps(document), json.dumps(document, ensure_ascii=False)):
        found = taken(body.encode(errors="surrogatepass"))
        assert isinstance(found, Payload) or is_known(found)


@given(nearly_alerts, st.integers(0, 400))
def test_half_a_document_is_never_taken_for_a_whole(document, length):
    """
    A document that was cut anywhere is refused, never taken in part.
    """
    body = json.dumps(document).encode()

    if length < len(body):
        assert isinstance(taken(body[:length]), UserError)


@given(st.lists(st.tuples(label_sets, st.sampled_from(["firing", "resolved"]), times), max_size=5), st.booleans())
def test_labels_survive_the_way_through_a_webhook(alerts, ascii_only):
    """
    Every set of labels that may exist arrives as it was sent, with its own fingerprint, its status and its start.
    """
    entries: list[dict[str, Any]] = [
        {"labels": labels, "annotations": labels, "status": status, "startsAt": start.isoformat(), "endsAt": "0001-01-01T00:00:00Z"}
        for labels, status, start in alerts
    ]
    sent = {fingerprint(labels): (labels, status, start) for labels, status, start in alerts}

    payload = parse_payload(json.dumps({"version": "4", "alerts": entries}, ensure_ascii=ascii_only).encode(), NOON)

    assert {one.fingerprint: (one.labels, one.status, one.starts_at) for one in payload.alerts} == sent
    assert all(one.annotations == one.labels and one.ends_at is None for one in payload.alerts)
