"""Values of the model come back from the record as they went in."""

from __future__ import annotations

import typing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.makers import NOON, a_claimed_alert, a_ref, an_alert
from tests.store.values import values
from watchbill.model.alert import ClaimedAlert
from watchbill.model.change import AlertsTaken, Change, Opened
from watchbill.model.decision import Snapshot
from watchbill.model.event import AlertsReceived, Event, StepFinished, Woken
from watchbill.model.incident import Incident
from watchbill.model.plan import Done, Outcome, Reason, Retry, Step
from watchbill.store.decisions import read_changes, write_changes, write_event, write_facts
from watchbill.store.encoding import Coding, decode_json, encode_json, members

KINDS: list[Any] = [*typing.get_args(Event), *typing.get_args(Change), *typing.get_args(Outcome), Reason, Step, ClaimedAlert, Incident]


@pytest.mark.parametrize("of", KINDS, ids=lambda of: of.__name__)
def test_what_is_written_is_read(of: Any) -> None:
    """
    For every class of event, change and outcome, and for what they are made of, reading gives what was written.
    """
    coding: Coding[Any] = Coding(of)

    @settings(max_examples=25)
    @given(values(of))
    def law(value: Any) -> None:
        assert coding.decode(coding.encode(value)) == value

    law()


@pytest.mark.parametrize("of", [Event, Change, Outcome], ids=["Event", "Change", "Outcome"])
def test_one_of_several_classes_is_told_by_its_name(of: Any) -> None:
    """
    A value of a union is read as the class it was written as, whichever of its members that is.
    """
    coding: Coding[Any] = Coding(of)

    @settings(max_examples=150)
    @given(values(of))
    def law(value: Any) -> None:
        back = coding.decode(coding.encode(value))

        assert back == value
        assert type(back) is type(value)
        assert decode_json(coding.encode(value))["type"] == type(value).__name__

    assert set(members(of)) == set(typing.get_args(of))
    law()


@settings(max_examples=60)
@given(values(AlertsReceived), st.data())
def test_alerts_of_the_event_are_written_once(event: AlertsReceived, data: st.DataObject) -> None:
    """
    Changes that take the event's own alerts come back the same, and so do those that take others.
    """
    own = data.draw(st.lists(st.sampled_from(event.alerts), max_size=3)) if event.alerts else []
    other = data.draw(st.lists(values(ClaimedAlert), max_size=1))
    changes = (*data.draw(values(tuple[Change, ...])), AlertsTaken(tuple(own), NOON), AlertsTaken((*own, *other), NOON))
    text = write_changes(changes, event)

    assert read_changes(text, write_event(event)) == changes
    assert read_changes(text, "", event) == changes


def test_an_alert_of_the_event_costs_a_number() -> None:
    """
    A change that takes what the event brought is written as places in the event, whatever the alerts say.
    """
    alert = a_claimed_alert(an_alert(annotations={"summary": "x" * 5_000}))
    event = AlertsReceived("service/checkout", (alert,))

    assert len(write_changes((AlertsTaken((alert,), NOON),), event)) < 100
    assert len(write_changes((AlertsTaken((alert,), NOON),), Woken())) > 5_000


@settings(max_examples=60)
@given(st.recursive(st.text() | st.none(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=5))
def test_no_text_stops_the_record(value: Any) -> None:
    """
    Half characters, which no text file can hold, are replaced; what has none is left as it is.
    """
    back = decode_json(encode_json(value))

    assert decode_json(encode_json(back)) == back
    assert encode_json(Done({"log": "a\udc80b"})) == '{"result":{"log":"a?b"},"effect":""}'
    assert Coding(Outcome).decode(Coding(Outcome).encode(Done("a\udc80b"))) == Done("a?b")
    assert Coding(Event).decode(Coding(Event).encode(StepFinished("s", Done("\ud800")))) == StepFinished("s", Done("?"))


def test_whatever_is_a_mapping_is_an_object() -> None:
    """
    A mapping that is no dictionary, and a sequence that is no list, are written like those.
    """
    assert encode_json({"a": MappingProxyType({"b": range(2)})}) == '{"a":{"b":[0,1]}}'
    with pytest.raises(TypeError, match="object cannot be recorded"):
        encode_json(object())


def test_times_are_instants() -> None:
    """
    A time in another zone comes back as the same instant.
    """
    late = datetime(2026, 3, 29, 3, 30, tzinfo=timezone(timedelta(hours=2)))
    coding: Coding[Retry] = Coding(Retry)

    assert coding.decode(coding.encode(Retry(late, ""))).at == late
    assert '"2026-11-23T12:00:00Z"' in coding.encode(Retry(NOON, ""))
    assert coding.decode(coding.encode(Retry(NOON, ""))).at.tzinfo is UTC


@dataclass(frozen=True, slots=True)
class _Grown:
    """A class as a later version has it."""

    name: str
    added: tuple[int, ...] = (1,)
    more: typing.Mapping[str, str] | None = None


def test_fields_that_were_added_take_their_defaults() -> None:
    """
    What an earlier version wrote is read with the defaults of what it did not know, and what a field is called no more is passed over.
    """
    coding: Coding[_Grown] = Coding(_Grown)

    assert coding.decode('{"name": "a", "dropped": 7}') == _Grown("a")
    with pytest.raises(ValueError, match="a recorded _Grown has no `name`"):
        coding.decode('{"added": []}')


def test_what_is_not_known_is_said() -> None:
    """
    A class that this version does not know is an error that names it; so is a type that cannot be recorded.
    """
    with pytest.raises(ValueError, match="`Teleported`"):
        Coding(Event).decode('{"type": "Teleported"}')
    with pytest.raises(TypeError, match="how to read"):
        Coding(set[int])


@dataclass(frozen=True)
class _Typed:
    type: str


def test_a_class_keeps_room_for_its_name() -> None:
    """
    A field called `type` in one of several classes is refused when the program starts, not when it is written.
    """
    with pytest.raises(TypeError, match="a field called `type`"):
        Coding(_Typed | Opened)


def test_facts_are_counted() -> None:
    """
    Of the facts that a decision read, the record keeps how many there were, and what was stopped by hand.
    """
    assert decode_json(write_facts(None)) == {}
    assert decode_json(write_facts(Snapshot(active=(a_claimed_alert(),), is_killed=True))) == {
        "runs": 0,
        "is_frozen": False,
        "active": 1,
        "is_killed": True,
        "silences": 0,
    }


def test_reasons_point_to_their_places() -> None:
    """
    A reason comes back with the file and the line of its policy.
    """
    reason = Reason(a_ref("Escalation", "db", line=12), applied=False, note="", failed='env="prod"', saw="dev", kind="matcher")
    coding: Coding[Reason] = Coding(Reason)

    assert str(coding.decode(coding.encode(reason)).policy.place) == str(reason.policy.place)
