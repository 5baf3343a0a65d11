"""The dead man's switch outside, and what feeds it."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any, Literal

import pytest

from tests.connectors.makers import ways
from tests.connectors.sides import a_server, answering
from tests.execute.house import House
from watchbill.connectors.performing import Refused, Transient
from watchbill.execute.engine import Options
from watchbill.execute.heartbeat import Beat, Heartbeat, heart
from watchbill.execute.vitals import Trouble


class Chest:
    """A heartbeat, what is wrong around it, and what came of it."""

    def __init__(self, beat: Beat | None = None) -> None:
        self.beats, self.wrong, self.counts = 0, list[Trouble](), Counter[str]()
        self.problem: Exception | None = None
        self.logged: list[tuple[str, str, dict[str, Any]]] = []
        log = lambda level, event, **fields: self.logged.append((level, event, fields))  # noqa: E731
        self.heartbeat = Heartbeat(beat or self.beat, timedelta(0), lambda: self.wrong, lambda name: self.counts.update([name]), log)

    async def beat(self) -> None:
        """Feed the switch."""
        self.beats += 1
        if self.problem is not None:
            raise self.problem

    def once(self) -> bool:
        """Beat once."""
        return asyncio.run(self.heartbeat.once())


def test_it_beats_while_nothing_is_wrong():
    """
    The switch is fed while nothing is wrong here; each time is counted.
    """
    chest = Chest()

    assert [chest.once(), chest.once()] == [True, True]
    assert (chest.beats, chest.counts) == (2, {"heartbeats": 2})
    assert chest.logged == []


def test_it_stays_silent_in_trouble():
    """
    In trouble of whatever kind the switch is not fed, so that people are called from outside; that is logged once.
    """
    chest = Chest()
    chest.wrong = [Trouble("outbound", "no page leaves", "look")]
    fed = [chest.once(), chest.once()]
    chest.wrong = []

    assert [*fed, chest.once()] == [False, False, True]
    assert chest.beats == 1
    assert chest.logged == [("warning", "heartbeat_withheld", {"because": "no page leaves"})]
    assert chest.counts == {"heartbeats": 1, "heartbeats_withheld": 2}


@pytest.mark.parametrize(("problem", "said"), [(Transient("it cannot be reached"), "it cannot be reached"), (KeyError(1), "KeyError: 1")])
def test_a_beat_that_fails_harms_nobody(problem: Exception, said: str):
    """
    A beat that fails is logged and counted, and the next one is tried all the same.
    """
    chest = Chest()
    chest.problem = problem

    assert [chest.once(), chest.once()] == [False, False]
    assert chest.logged == [("warning", "heartbeat_failed", {"error": said})] * 2
    assert chest.counts == {"heartbeats_failed": 2}


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_it_is_a_request_to_the_switch(method: Literal["GET", "POST"]):
    """
    The switch is asked at its address, by GET or by POST; it is fed if it says so, and its address is told to nobody.
    """

    async def story() -> None:
        async with a_server(answering()) as side:
            await heart(ways().outside.http, f"http://127.0.0.1:{side.port}/ping/s3cret", method)()
        assert [(got.method, got.path) for got in side.got] == [(method, "/ping/s3cret")]
        async with a_server(answering(status=404, body=b"no such check: s3cret")) as side:
            with pytest.raises(Refused) as refused:
                await heart(ways().outside.http, f"http://127.0.0.1:{side.port}/ping/s3cret", method)()
        assert refused.value.error == "127.0.0.1 answered 404"

    asyncio.run(story())


def test_the_engine_feeds_it(house: House):
    """
    An engine with a switch to feed feeds it for as long as it is at work, and one without has none.
    """
    chest = Chest()

    async def story() -> None:
        async with house.running() as engine:
            assert engine.heartbeat is None
        house.beat = chest.beat
        async with house.running(Options(heartbeat_every=timedelta(0))) as engine:
            while engine.counts.total["heartbeats"] < 3:
                await asyncio.sleep(0)
        fed = chest.beats
        await asyncio.sleep(0)
        assert chest.beats == fed >= 3

    asyncio.run(story())
