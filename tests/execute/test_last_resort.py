"""What the engine says of its own trouble: by whom, how often, and until when."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.execute.house import World
from tests.makers import NOON
from watchbill.connectors.performing import About, Refused, Request, Transient, Unknown
from watchbill.errors import OutsideError, Place
from watchbill.execute.last_resort import LAST_ATTEMPT, LastResort, Message, Voice, Watchdog, Way, worded
from watchbill.execute.vitals import Trouble
from watchbill.model.plan import Done, Outcome, Retry, Stalled
from watchbill.model.policies import Connector
from watchbill.model.references import Ref

PAGER = Way(
    Connector(Ref("Connector", "pager", "", Place("pager.yaml")), "webhook", (("url", "https://pager.example.com"),), (), False),
    "page",
    {"to": "ops"},
)
MESSAGE = Message("watchbill is in trouble", "Its record cannot be written.", "watchbill/trouble/record/1/0")


# --- saying it --------------------------------------------------------------------------


@dataclass
class Mouth:
    """A last resort, the world it speaks to, and what it logs."""

    world: World
    resort: LastResort
    logged: list[tuple[str, str, dict[str, Any]]]
    counts: Counter[str]

    def say(self, message: Message = MESSAGE) -> Outcome:
        """Say this as the engine does."""
        return asyncio.run(self.resort.say(message))


def a_mouth(way: Way | None = PAGER, **more: Any) -> Mouth:
    """A last resort that speaks by this way."""
    world, logged = World(), list[tuple[str, str, dict[str, Any]]]()
    voice = Voice(world, lambda connector: {"token": "t0ken"}, lambda: NOON, **more)
    counts = Counter[str]()
    resort = LastResort(voice, lambda level, event, **fields: logged.append((level, event, fields)), lambda name: counts.update([name]))
    resort.way = way
    return Mouth(world, resort, logged, counts)


def test_it_speaks_by_its_way():
    """
    What is said leaves by the configured connector, with its settings and secrets, under a key of its own.
    """
    mouth = a_mouth()
    outcome = mouth.say(replace(MESSAGE, attempt=2, is_repeat=True, about=About("checkout-7f3a")))
    (request,) = mouth.world.requests

    assert outcome == Done({})
    assert (request.use, request.type, request.arguments) == ("pager.page", "webhook", {"to": "ops"})
    assert (request.settings, request.secrets) == ({"url": "https://pager.example.com"}, {"token": "t0ken"})
    assert (request.subject, request.text, request.key) == (MESSAGE.subject, MESSAGE.text, MESSAGE.key)
    assert (request.attempt, request.is_repeat, request.about.incident) == (2, True, "checkout-7f3a")


def test_it_stands_in_the_log_whatever_happens():
    """
    What is said stands in the log, as loudly as that can, before it leaves; that it did not leave does too. Both are counted.
    """
    mouth = a_mouth()
    mouth.world.answer = refuse(Refused("the key is not the one expected"))
    outcome = mouth.say()

    assert outcome == Stalled("the key is not the one expected")
    assert [(level, event) for level, event, _ in mouth.logged] == [("critical", "last_resort"), ("critical", "last_resort_failed")]
    assert mouth.counts == {"alarms": 1, "alarms_failed": 1}
    assert mouth.logged[0][2] == {"subject": MESSAGE.subject, "text": MESSAGE.text, "by": "pager.page", "attempt": 1}


@pytest.mark.parametrize("way", [None, replace(PAGER, connector=replace(PAGER.connector, shadow=True))])
def test_without_a_way_it_is_the_log(way: Way | None):
    """
    Without a last resort, or with one in shadow, the log is all there is, and it touches nothing.
    """
    mouth = a_mouth(way)

    assert mouth.say() == Done({"by": "log"})
    assert mouth.world.requests == []
    assert [(event, fields["by"]) for _, event, fields in mouth.logged] == [("last_resort", "log")]


def refuse(problem: Exception) -> Callable[[Request], Done]:
    """A world in which all fails like this."""

    def answer(request: Request) -> Done:
        raise problem

    return answer


@pytest.mark.parametrize(
    ("problem", "expected"),
    [
        (Transient("gone", timedelta(seconds=1)), Retry(NOON + timedelta(seconds=1), "gone")),
        (Refused("no"), Stalled("no")),
        (OutsideError("the secret is not there", "put it there", rule="secret"), Stalled("the secret is not there")),
        (KeyError("x"), Stalled("this is a bug of watchbill: KeyError: 'x'")),
    ],
)
def test_what_came_of_it(problem: Exception, expected: Outcome):
    """
    What may work later says when to try again, anything else needs a person; nothing of it is raised.
    """
    mouth = a_mouth()
    mouth.world.answer = refuse(problem)

    assert mouth.say() == expected


def test_no_wait_that_is_asked_for_holds_an_alarm_back():
    """
    The other side asks to come again in an hour: the engine's own word is tried again as soon as it would be by itself.
    """
    mouth = a_mouth()
    mouth.world.answer = refuse(Transient("busy", timedelta(hours=1)))
    outcome = mouth.say()

    assert isinstance(outcome, Retry)
    assert outcome.at - NOON < timedelta(seconds=5)


def test_an_unknown_outcome_is_tried_again():
    """
    Where nobody knows whether it was heard, it is said again: twice is better than never.
    """
    mouth = a_mouth()
    mouth.world.answer = refuse(Unknown("no answer"))
    outcome = mouth.say()

    assert isinstance(outcome, Retry)
    assert timedelta(0) < outcome.at - NOON <= timedelta(seconds=3)


def test_a_way_that_hangs_is_given_up():
    """
    A connector that does not end, though its time is over, is given up and may be tried again.
    """
    mouth = a_mouth(within=timedelta(milliseconds=5), grace=timedelta(milliseconds=5))

    async def say() -> Outcome:
        mouth.world.gate = asyncio.Event()
        return await mouth.resort.say(MESSAGE)

    outcome = asyncio.run(say())

    assert isinstance(outcome, Retry)
    assert outcome.error == "pager.page did not end within 0.005s"


def test_its_own_words_come_first():
    """
    A subject and a text that the settings give stand before what is said, and do not hide it.
    """
    given = replace(PAGER, arguments={"to": "ops", "subject": "Lisbon", "text": "The shop's watch says:"})

    assert worded(given, MESSAGE).arguments == {
        "to": "ops",
        "subject": "Lisbon: watchbill is in trouble",
        "text": "The shop's watch says:\nIts record cannot be written.",
    }
    assert worded(PAGER, MESSAGE) == PAGER


def test_a_thread_speaks_by_performers_of_its_own():
    """
    A thread without an event loop speaks by performers that share nothing with the engine's, made for each saying.
    """
    worlds: list[World] = []

    def apart() -> World:
        worlds.append(World())
        return worlds[-1]

    mouth = a_mouth(apart=apart)
    outcomes = [mouth.resort.say_from_thread(MESSAGE) for _ in range(2)]

    assert outcomes == [Done({}), Done({})]
    assert [len(world.requests) for world in worlds] == [1, 1]
    assert mouth.world.requests == []


# --- watching ---------------------------------------------------------------------------


class Post:
    """A watchdog whose troubles and seconds are the test's, and what it says."""

    def __init__(self, **more: Any) -> None:
        self.found: dict[str, str] = {}
        self.elapsed = 0.0
        self.outcome: Outcome = Done()
        self.heard: list[Message] = []
        self.logged: list[tuple[str, str]] = []
        self.broken: Exception | None = None
        self.watchdog = Watchdog(self.troubles, self.hear, lambda: self.elapsed, self.now, self.log, **more)

    def troubles(self) -> list[Trouble]:
        """What the test says is wrong."""
        if self.broken is not None:
            raise self.broken
        return [Trouble(kind, sentence, "Look at it") for kind, sentence in self.found.items()]  # type: ignore[arg-type]

    def hear(self, message: Message) -> Outcome:
        """Take what is said."""
        self.heard.append(message)
        return self.outcome

    def now(self) -> datetime:
        """The time that goes with the seconds."""
        return NOON + timedelta(seconds=self.elapsed)

    def log(self, level: str, event: str, **fields: Any) -> None:
        """Take what is logged."""
        self.logged.append((level, event))

    def looks(self, seconds: int) -> list[str]:
        """What is said while it looks once a second."""
        before = len(self.heard)
        for _ in range(seconds):
            self.elapsed += 1
            self.watchdog.look()
        return [message.subject for message in self.heard[before:]]


def test_trouble_is_said_once_and_again_each_quarter_of_an_hour():
    """
    Trouble that goes on is said once, however its words change from look to look, and again each quarter of an hour.
    """
    post = Post(where="https://watch.example.com")
    said: list[str] = []
    for second in range(31 * 60):
        post.found = {"loop": f"its event loop has shown no sign of life for {20 + second} seconds"}
        said += post.looks(1)

    assert said == ["watchbill is in trouble", "watchbill is still in trouble", "watchbill is still in trouble"]
    assert post.heard[0].text == "Its event loop has shown no sign of life for 21 seconds. Look at it.\nhttps://watch.example.com"
    assert len({message.key for message in post.heard}) == 3


def test_well_again_is_said_once():
    """
    Once there has been no sign of a trouble for a minute, that is said, once.
    """
    post = Post()
    post.found = {"record": "its record cannot be written"}
    post.looks(10)
    post.found = {}

    assert post.looks(60) == []
    assert post.looks(600) == ["watchbill is well again"]
    assert post.heard[-1].text == "There is no sign of this any more: its record cannot be written."


def test_a_single_moment_is_nothing():
    """
    What only one look sees is not said, and neither is that it is over.
    """
    post = Post()
    for _ in range(5):
        post.found = {"loop": "it stalls"}
        post.watchdog.look()
        post.found = {}
        post.looks(100)

    assert post.heard == []


def test_what_flickers_is_said_once():
    """
    Trouble that comes and goes within a minute is one trouble.
    """
    post = Post()
    for _ in range(10):
        post.found = {"record": "it cannot be written"}
        post.looks(30)
        post.found = {}
        post.looks(30)

    assert [message.subject for message in post.heard] == ["watchbill is in trouble"]


def test_what_nobody_heard_is_tried_again_each_minute():
    """
    What could not be said is tried again each minute with the same key, until somebody has heard it; it says that it may be a repeat once
    nobody knows whether an attempt was heard.
    """
    post = Post()
    post.found, post.outcome = {"outbound": "no page leaves"}, Stalled("the network is gone")
    post.looks(122)
    post.outcome = Retry(NOON, "no answer", is_unknown=True)
    post.looks(60)
    post.outcome = Done()
    post.looks(700)

    assert [(message.attempt, message.is_repeat) for message in post.heard] == [(1, False), (2, False), (3, False), (4, False), (5, True)]
    assert len({message.key for message in post.heard}) == 1


def test_well_again_is_not_tried_for_ever():
    """
    That a trouble is over is tried to be said a few times; then it is let be.
    """
    post = Post()
    post.found, post.outcome = {"outbound": "no page leaves"}, Stalled("the network is gone")
    post.looks(10)
    post.found = {}

    assert post.looks(3600) == ["watchbill is well again"] * LAST_ATTEMPT
    assert len({message.key for message in post.heard[1:]}) == 1


def test_each_trouble_is_said_by_itself():
    """
    Two troubles are two sayings, and of the first that ends it is said that not all is well.
    """
    post = Post()
    post.found = {"record": "it cannot be written", "outbound": "no page leaves"}
    assert post.looks(5) == ["watchbill is in trouble"] * 2
    del post.found["record"]
    assert post.looks(120) == ["watchbill is partly well again"]
    post.found.clear()
    assert post.looks(120) == ["watchbill is well again"]
    assert len({message.key for message in post.heard}) == 4


def test_trouble_that_comes_back():
    """
    Trouble that comes back after it was over is said anew; where nobody had heard yet that it was over, too. No key is used twice.
    """
    post = Post()
    post.found = {"loop": "it stalls"}
    post.looks(5)
    post.found = {}
    post.looks(100)
    post.found = {"loop": "it stalls"}
    assert post.looks(5) == ["watchbill is in trouble"]
    post.found, post.outcome = {}, Stalled("gone")
    assert post.looks(70) == ["watchbill is well again"]
    post.found, post.outcome = {"loop": "it stalls"}, Done()

    assert post.looks(5) == ["watchbill is still in trouble"]
    assert len({message.key for message in post.heard}) == 5


class Thread(Post):
    """The same, in its own thread; it can be waited for."""

    def __init__(self) -> None:
        super().__init__(every=0.001)
        self.has_logged, self.has_heard = threading.Event(), threading.Event()

    def hear(self, message: Message) -> Outcome:
        """Take what is said."""
        self.has_heard.set()
        return super().hear(message)

    def log(self, level: str, event: str, **fields: Any) -> None:
        """Take what is logged."""
        super().log(level, event, **fields)
        self.has_logged.set()


def test_the_watch_goes_on_whatever_breaks():
    """
    A look that breaks is logged as loudly as can be, and the thread looks on, until it is closed.
    """
    post = Thread()
    post.broken = KeyError("bug")
    post.watchdog.start()
    try:
        assert post.has_logged.wait(10)
        post.broken, post.found = None, {"loop": "it stalls"}

        assert post.has_heard.wait(10)
    finally:
        post.watchdog.close()
    said = len(post.heard)
    post.found = {"record": "it cannot be written"}

    assert post.logged[0] == ("critical", "watchdog_failed")
    assert said == len(post.heard) == 1
