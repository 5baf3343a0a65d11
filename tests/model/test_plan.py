"""What a plan is made of."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from watchbill.model.plan import step_id


@given(st.text(), st.text())
def test_what_an_alert_says_never_stands_raw_in_a_steps_id(one: str, other: str) -> None:
    """
    The id of a step is short and plain whatever its slot is, and two slots never have one id.
    """
    first, second = (step_id("checkout-7f3a2b", "repair", "restart", slot) for slot in (one, other))

    assert re.fullmatch(r"[A-Za-z0-9._:/~-]{1,160}", first)
    assert (first == second) == (one == other)


def test_a_plain_slot_is_read_in_the_id() -> None:
    """
    What is plain stays as it is, so that people can type it.
    """
    assert step_id("checkout-7f3a2b", "repair", "restart", "shop-1.example.com/restart", 2) == (
        "checkout-7f3a2b/repair/restart/2/shop-1.example.com/restart"
    )
    assert step_id("a", "repair", "b", "x\n\u202eevil/run").startswith("a/repair/b/0/x__evil/run~")
