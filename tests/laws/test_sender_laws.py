"""Whatever a sender's payload is turned into, it gives alerts within bounds or one clear refusal."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cli.makers import ROOT
from tests.ingest.test_senders import EXAMPLES, the_type
from tests.makers import a_place, a_source
from watchbill.errors import UserError
from watchbill.expressions.conditions import parse_condition
from watchbill.ingest import Payload
from watchbill.ingest.limits import CONTROL, LABELS, NAME_LENGTH, VALUE_LENGTH
from watchbill.ingest.mapping import parse_from
from watchbill.model.sources import Source, SourceField

NOW: Final = datetime(2026, 11, 23, 3, 12, tzinfo=UTC)
NAMES: Final = sorted(path.stem for path in (ROOT / EXAMPLES).glob("*.json"))

odd: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(
        ["", "\0", "a\nb", "self:x", "1812-06-24T12:00:00Z", "99999999999", "x" * 70_000, "[Triggered on {a:b}] x", "$X", "[["]
    ),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5) | st.sampled_from(["self", "service", "name"]), inner, max_size=3)
    ),
    max_leaves=6,
)


@cache
def example(name: str) -> Any:
    return json.loads((EXAMPLES / f"{name}.json").read_text("utf-8"))


def source(name: str) -> Source:
    type = the_type(name)
    fields = (
        SourceField("labels.alertname", parse_condition("monitor.name", a_place()), a_place()),
        SourceField("fingerprint", parse_condition("id", a_place()), a_place()),
        SourceField("starts_at", parse_condition("at", a_place()), a_place()),
    )
    return (
        a_source("sender", type, alerts=parse_condition("incidents[]", a_place()), fields=fields)
        if type == "custom"
        else a_source("sender", type)
    )


def spots(document: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path to every value in a document, the whole one left out."""
    items = document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    return [found for key, value in items for found in ((*path, key), *spots(value, (*path, key)))]


@st.composite
def mutated(draw: st.DrawFn) -> tuple[str, Any]:
    """An example with up to three of its values replaced, taken away, or put under another name; a text in it may be a document too."""
    name = draw(st.sampled_from(NAMES))
    document = copy.deepcopy(example(name))
    if isinstance(document, dict) and isinstance(document.get("Message"), str) and draw(st.booleans()):
        inner = json.loads(document["Message"]) if document["Message"].startswith("{") else {}
        document["Message"] = json.dumps(changed(draw, inner))
    return name, changed(draw, document)


def changed(draw: st.DrawFn, document: Any) -> Any:
    for _ in range(draw(st.integers(1, 3))):
        places = spots(document)
        if not places:
            return document
        *steps, last = draw(st.sampled_from(places))
        inner = document
        for step in steps:
            inner = inner[step]
        if draw(st.booleans()) or not isinstance(inner, dict):
            inner[last] = draw(odd)
        else:
            value = inner.pop(last)
            if draw(st.booleans()):
                inner[draw(st.text(max_size=5))] = value
    return document


def taken(name: str, body: bytes) -> Payload | UserError:
    """What became of these bytes; anything but a payload or a refusal fails the test that asks."""
    try:
        return parse_from(source(name), body, NOW)
    except UserError as error:
        return error


@settings(max_examples=300, deadline=None)
@given(mutated())
def test_a_payload_that_was_tampered_with_gives_alerts_in_bounds_or_a_refusal(case):
    """
    Whatever is changed in a payload, there is no other exception, and no alert is more than an alert may be.
    """
    name, document = case
    found = taken(name, json.dumps(document).encode())

    assert isinstance(found, Payload) or (found.rule == "bad-payload" and found.help)
    for alert in found.alerts if isinstance(found, Payload) else ():
        for texts in (alert.labels, alert.annotations):
            assert len(texts) <= LABELS
            assert all(len(key) <= NAME_LENGTH and not CONTROL.search(key) for key in texts)
            assert all(isinstance(value, str) and len(value) <= VALUE_LENGTH and "\0" not in value for value in texts.values())
        assert alert.starts_at.tzinfo is UTC
        assert alert.labels or alert.status == "resolved"
        assert len(alert.fingerprint) == 16


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(NAMES), st.binary(max_size=80) | st.text(alphabet='[]{}":,\\u0019eE+-.tfn \n', max_size=40).map(str.encode))
def test_any_bytes_give_alerts_or_a_refusal(name, body):
    """
    Whatever the bytes are, they give a payload or a `UserError`.
    """
    assert taken(name, body)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(NAMES), st.data())
def test_half_a_payload_is_never_taken_for_a_whole(name, data):
    """
    A payload that was cut anywhere is refused.
    """
    body = json.dumps(example(name)).encode()

    assert isinstance(taken(name, body[: data.draw(st.integers(0, len(body) - 1))]), UserError)
