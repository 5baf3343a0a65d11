"""watchbill's own log."""

from __future__ import annotations

import pytest

from tests.connectors.makers import KEY, Ways, a_request, carry_out
from watchbill.connectors.catalogue import catalogue
from watchbill.connectors.performers import performers
from watchbill.connectors.performing import Outside, Transient
from watchbill.model.plan import Done

pytestmark = pytest.mark.anyio


async def test_an_entry(out: Ways):
    """
    An entry carries its step and its incident, and nobody's number.
    """
    request = a_request("log", "write", {"level": "warning", "text": "call +351 555 0100"}, is_repeat=True, attempt=2)

    assert await carry_out(performers(out.outside), catalogue(), request) == Done({"written": True})
    assert out.logged == [
        (
            "warning",
            "HighErrorRate on checkout",
            {
                "connector": "the-log",
                "step": KEY,
                "attempt": 2,
                "incident": "checkout-7f3a",
                "text": "call [phone number]",
                "possibly_repeated": True,
            },
        )
    ]


async def test_a_log_that_takes_nothing(out: Ways):
    """
    A log on a full disk may take the entry later.
    """

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    outside = Outside(out.outside.http, out.outside.processes, full)
    with pytest.raises(Transient, match="No space left on device"):
        await carry_out(performers(outside), catalogue(), a_request("log", "write"))
