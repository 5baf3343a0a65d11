"""What is said of a delivery, the same wherever it is told of."""

from __future__ import annotations

from datetime import timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.makers import NOON
from watchbill.model.plan import LEFT, Delivery, DeliveryResult
from watchbill.report.delivery_words import contacts, reach, reported, result, sort, stands

MINUTE = timedelta(minutes=1)
RESULTS: tuple[DeliveryResult, ...] = get_args(DeliveryResult)


def a_delivery(is_now: DeliveryResult = "waiting", *, use: str = "phone.call", person: str = "mei", **more: object) -> Delivery:
    """A call to mei at noon, of which something was heard two minutes later, unless it has not left yet."""
    connector, _, action = use.partition(".")
    ended = {} if is_now in ("waiting", "withdrawn") else {"attempt": 1, "settled_at": NOON + 2 * MINUTE}
    return Delivery(person, connector, action, "+1 555 0100", NOON, is_now, **{**ended, **more})  # type: ignore[arg-type]


@st.composite
def deliveries(draw: st.DrawFn) -> Delivery:
    """Any delivery; only one that waits or of which nobody knows may be tried again."""
    is_now = draw(st.sampled_from(RESULTS))
    again = st.none() | st.just(NOON + 3 * MINUTE) if is_now in ("waiting", "unknown") else st.none()
    return a_delivery(
        is_now,
        use=draw(st.sampled_from(["phone.call", "phone.sms", "email.send", "pager.page"])),
        person=draw(st.sampled_from(["mei", "bo"])),
        error=draw(st.sampled_from(["", "401", "no answer within 30s"])),
        retry_at=draw(again),
        possibly_repeated=draw(st.booleans()),
    )


@pytest.mark.parametrize(
    ("its", "said"),
    [
        (a_delivery("sent"), "left 12:02"),
        (a_delivery("sent", possibly_repeated=True), "left 12:02, possibly repeated"),
        (a_delivery("sent", settled_at=NOON + timedelta(days=1)), "left 2026-11-24 12:00"),
        (a_delivery("delivered"), "delivered 12:02"),
        (a_delivery("answered"), "answered 12:02"),
        (a_delivery("refused", error="401"), "refused (401)"),
        (a_delivery("refused"), "refused"),
        (a_delivery("unable", error="phone.call: the secret env/SHOP is missing"), "cannot be sent: the secret env/SHOP is missing"),
        (a_delivery("failed", error="no route to host"), "could not be sent: no route to host"),
        (a_delivery("bounced", error="no such mailbox"), "came back: no such mailbox"),
        (a_delivery("unknown", error="no answer"), "nobody knows whether it left: no answer"),
        (
            a_delivery("unknown", error="no answer", retry_at=NOON + 3 * MINUTE),
            "nobody knows whether it left: no answer, tried again at 12:03",
        ),
        (a_delivery("shadow"), "in shadow: nothing was sent"),
        (a_delivery("withdrawn"), "not sent any more"),
        (a_delivery("waiting"), "leaves 12:00"),
        (a_delivery("waiting", error="busy", retry_at=NOON + 3 * MINUTE), "could not be sent yet: busy, tried again at 12:03"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.result,
)  # fmt: skip
def test_each_result_has_its_words(its: Delivery, said: str) -> None:
    """
    What became of a delivery is said in a few plain words, with the time where it left and the reason where it did not.
    """
    assert result(its, NOON) == said


def test_what_is_to_leave_now_is_leaving() -> None:
    """
    Seen at a time, what was due by then and has not come to its end is leaving, or is tried again now.
    """
    at = NOON + 5 * MINUTE

    assert result(a_delivery(), NOON, at) == "is leaving now"
    assert result(a_delivery(), NOON, NOON - MINUTE) == "leaves 12:00"
    assert result(a_delivery("waiting", retry_at=at), NOON, at) == "could not be sent yet, tried again now"


def test_beside_its_own_time_a_report_says_who_and_by_what() -> None:
    """
    A line of a timeline names the person and the action as policies name it, and when it is tried again counts from there.
    """
    again = a_delivery("waiting", error="busy", retry_at=NOON + timedelta(seconds=1.4))

    assert reported(a_delivery("refused", error="401"), NOON) == "mei: phone.call refused (401)"
    assert reported(a_delivery("sent"), NOON) == "mei: phone.call left"
    assert reported(again, NOON) == "mei: phone.call could not be sent yet: busy, tried again in 2s"
    assert reported(a_delivery("unknown", retry_at=NOON), NOON) == "mei: phone.call: nobody knows whether it left, tried again at once"
    assert [sort(again), sort(a_delivery("refused")), sort(a_delivery("sent"))] == ["retries", "fails", "sent"]


def test_the_contacts_of_a_person_are_named_as_people_say_them() -> None:
    """
    A call and an SMS are called so, a page by what it goes by, and two that would be called alike as policies name them.
    """
    first, second = a_delivery("refused", error="401"), a_delivery("sent", use="phone.sms")
    alike = (a_delivery("sent", use="eu.call"), a_delivery("shadow", use="us.call"))

    assert contacts((first, second), NOON) == "call refused (401), SMS left 12:02"
    assert contacts(alike, NOON) == "eu.call left 12:02, us.call: in shadow: nothing was sent"
    assert contacts((a_delivery("sent", use="pager.page"),), NOON) == "pager left 12:02"


# --- what is never said -------------------------------------------------------------------


@given(deliveries())
def test_nothing_is_said_to_have_left_that_has_not(its: Delivery) -> None:
    """
    Only of a delivery that has left is it said that it has: by its words, its sort, and how its page stands.
    """
    has_left = its.result in LEFT
    for said in (result(its, NOON), reported(its, NOON), contacts((its,), NOON)):
        words = said.replace("nobody knows whether it left", "")
        assert any(word in words for word in ("left", "delivered", "answered")) == has_left
        assert "paged" not in words
    assert (sort(its) in ("sent", "delivered", "answered")) == has_left
    assert (stands("page", [its]) == "paged") == has_left
    assert (reach([its]) == "left") == has_left


@given(st.lists(deliveries(), max_size=6))
def test_a_page_is_called_paged_only_for_those_of_whom_something_left(found: list[Delivery]) -> None:
    """
    A page has paged somebody where anything of theirs has left; of several people those alone are named, and nobody where nothing left.
    """
    sent = list(dict.fromkeys(each.person for each in found if each.result in LEFT))
    said = stands("page", found)

    assert ("paged" in said) == bool(sent)
    if len({each.person for each in found}) == 2 and len(sent) == 1:
        assert said == f"only {sent[0]} paged"
