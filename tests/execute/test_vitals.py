"""What the signs of life of an engine mean, and what their absence does."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from watchbill.errors import OutsideError, WatchbillError
from watchbill.execute.vitals import FAILING_FOR, FORGOTTEN_AFTER, HUNG_FOR, PAGES, REFUSED_FOR, SILENT_FOR, WAITS_FOR, Vitals


@dataclass
class Writer:
    """A writer of the record as the test says it is."""

    trouble: WatchbillError | None = None
    is_alive: bool = True
    turns: int = 0


class Body:
    """The vitals of an engine that is at work, and its seconds."""

    def __init__(self) -> None:
        self.elapsed, self.writer = 100.0, Writer()
        self.vitals = Vitals(self.writer, lambda: self.elapsed)
        self.vitals.begin()

    def passes(self, seconds: float, *, loop: bool = True, clock: bool = True) -> None:
        """Time goes by, in which the loop comes round and what falls due is looked at."""
        self.elapsed += seconds
        if loop:
            self.vitals.pulse()
        if clock:
            self.vitals.looked()

    def kinds(self) -> list[str]:
        """What kinds of trouble there are."""
        return [trouble.kind for trouble in self.vitals.troubles()]

    def said(self) -> str:
        """What the first trouble says."""
        return self.vitals.troubles()[0].sentence


@pytest.fixture
def body() -> Body:
    """An engine at work, in good health."""
    return Body()


def test_all_is_well(body: Body):
    """
    An engine whose loop comes round and that looks at what falls due is in no trouble.
    """
    body.passes(1000)

    assert body.kinds() == []


def test_a_loop_that_stalls(body: Body):
    """
    An event loop without a sign of life for more than 20 seconds is trouble, and what only follows from that is not told besides.
    """
    body.vitals.came_in(1)
    body.passes(SILENT_FOR, loop=False, clock=False)
    assert body.kinds() == []
    body.passes(WAITS_FOR, loop=False, clock=False)

    assert body.kinds() == ["loop"]
    assert body.said() == "its event loop has shown no sign of life for 80 seconds"


def test_a_record_that_hangs(body: Body):
    """
    A loop that comes round and gets no answer from the record is another trouble than one that stalls.
    """
    body.passes(SILENT_FOR + 1, clock=False)

    assert body.kinds() == ["clock"]
    assert body.said() == "what falls due has not been looked at for 21 seconds, so its record hangs or is far behind"


def test_a_look_that_fails(body: Body):
    """
    Where looking at what falls due fails again and again, the trouble says why; one failure is none.
    """
    body.vitals.looked("KeyError: 'checkout'")
    assert body.kinds() == []
    body.passes(SILENT_FOR + 1, clock=False)

    assert body.said() == "what falls due has not been looked at for 21 seconds: KeyError: 'checkout'"


def test_a_record_that_cannot_be_written(body: Body):
    """
    A record whose last transaction failed is trouble, and so is one that has just refused something, though it took other things since.
    """
    body.writer.trouble = OutsideError("the disk is full", "make room", rule="record-full")
    assert body.said() == "its record cannot be written: the disk is full"
    body.writer.trouble = None
    assert body.kinds() == []
    body.vitals.refused("the disk is full")
    body.passes(REFUSED_FOR - 1)

    assert body.said() == "its record cannot be written: the disk is full"
    body.passes(1)
    assert body.kinds() == []


def test_a_writer_that_does_not_come_back(body: Body):
    """
    A writer that is in one transaction for more than two minutes does not come back; one that is idle, or at work, does.
    """
    body.vitals.pulse()
    body.passes(HUNG_FOR + 1)
    assert body.vitals.hung() == ""
    body.writer.turns = 1
    body.vitals.pulse()
    body.passes(HUNG_FOR)
    assert body.vitals.hung() == ""
    body.passes(1)
    assert body.vitals.hung() == "the record's writer has been in one transaction for 2 minutes"
    body.writer.turns = 2

    assert body.vitals.hung() == ""


def test_a_writer_that_is_gone(body: Body):
    """
    A writer that is not at work is trouble; why it is gone is said where that is known.
    """
    body.writer.is_alive = False
    assert body.said() == "nobody writes its record any more"
    body.writer.trouble = OutsideError("another engine has taken over", "see why", rule="record-lost")

    assert body.said() == "nobody writes its record any more: another engine has taken over"


def test_alerts_that_wait_too_long(body: Body):
    """
    A request that waits for more than a minute to be decided on is trouble, until it and all before it are dealt with.
    """
    for number in (1, 2):
        body.vitals.came_in(number)
    body.passes(WAITS_FOR)
    body.vitals.came_in(3)
    assert body.kinds() == []
    body.passes(1)

    assert body.said() == "3 requests with alerts wait to be decided on, the oldest for 61 seconds"
    body.vitals.dealt_with(2)
    assert body.kinds() == ["inbox"]
    body.vitals.dealt_with(1)
    assert body.kinds() == []


def test_one_that_was_put_back_waits_on(body: Body):
    """
    A request that is put back has waited since it came in for the first time.
    """
    body.vitals.came_in(1)
    body.passes(WAITS_FOR)
    body.vitals.came_in(1)
    body.passes(1)

    assert body.said() == "a request with alerts waits to be decided on, the oldest for 61 seconds"


def test_pages_that_do_not_leave(body: Body):
    """
    Five pages in a row that could not leave by any connector, over half a minute, are trouble; it names the connectors.
    """
    for by in ("phone", "phone", "mail", "phone"):
        body.vitals.sent(by, "waiting", f"{by}.example.com cannot be reached")
        body.passes(FAILING_FOR / 4)
    assert body.kinds() == []
    body.vitals.sent("mail", "waiting", "mail.example.com cannot be reached")

    assert body.said() == (
        "none of the last 5 pages could leave, in 30 seconds (phone: phone.example.com cannot be reached; "
        "mail: mail.example.com cannot be reached)"
    )


def test_a_hiccup_is_no_trouble(body: Body):
    """
    However many pages fail at one moment, that alone is no trouble; nor is it where one in between has left.
    """
    for _ in range(10 * PAGES):
        body.vitals.sent("phone", "waiting", "gone")
    assert body.kinds() == []
    body.passes(FAILING_FOR)
    body.vitals.sent("mail", "sent")
    body.vitals.sent("phone", "waiting", "gone")

    assert body.kinds() == []


def test_a_page_that_leaves_ends_it(body: Body):
    """
    One page that leaves ends the trouble; where none is tried for an hour, nobody knows any more, and nothing is said.
    """
    for _ in range(PAGES):
        body.vitals.sent("phone", "waiting", "gone")
        body.passes(FAILING_FOR)
    assert body.kinds() == ["outbound"]
    body.vitals.sent("phone", "sent")
    assert body.kinds() == []
    for _ in range(PAGES):
        body.vitals.sent("phone", "waiting", "gone")
        body.passes(FAILING_FOR)
    body.passes(FORGOTTEN_AFTER)

    assert body.kinds() == []


def test_somebody_who_has_an_incident_and_cannot_be_reached(body: Body):
    """
    That nothing can leave by any contact of whoever has an incident is trouble, until one can or they have it no more; it is no
    trouble of the engine's own, for which its heartbeat would stay away.
    """
    body.vitals.held("shop-abcdef", "ana", ("mail", "phone"))
    body.vitals.sent("mail", "unable", "no password")
    assert body.kinds() == ["outbound"]
    body.vitals.sent("phone", "unable", "no key")
    assert body.kinds() == ["outbound", "holder"]
    assert body.vitals.troubles()[1].sentence == ("nothing can be sent by any contact of those who have 1 incident (ana has shop-abcdef)")
    body.vitals.sent("phone", "sent")
    body.vitals.held("shop-fedcba", "bo", ())
    assert body.kinds() == ["outbound", "holder"]
    assert [each.kind for each in body.vitals.own_troubles()] == ["outbound"]
    body.vitals.held("shop-fedcba", "", ())

    assert body.kinds() == ["outbound"]


def test_a_last_resort_that_does_not_get_out(body: Body):
    """
    A last resort that could not be reached is trouble, which it is not asked to say itself, until it gets out again or an hour has passed.
    """
    body.vitals.alarmed("mail.send", "mail.example.com cannot be reached")
    assert body.kinds() == ["last-resort"]
    assert body.vitals.sayable() == ()
    assert body.said() == "the last resort does not get out by mail.send (mail.example.com cannot be reached)"
    body.vitals.alarmed("mail.send", "")
    assert body.kinds() == []
    body.vitals.alarmed("mail.send", "gone")
    body.passes(FORGOTTEN_AFTER + 1)

    assert body.kinds() == []


def test_two_troubles_at_once(body: Body):
    """
    That no page leaves has a cause of its own, so it is told besides another trouble.
    """
    for _ in range(PAGES):
        body.vitals.sent("phone", "waiting", "gone")
        body.passes(FAILING_FOR)
    body.writer.is_alive = False

    assert body.kinds() == ["record", "outbound"]


def test_nothing_is_expected_of_an_engine_that_ends(body: Body):
    """
    Before it is at work, and when it is about to end, an engine is in no trouble, whatever it does not show.
    """
    body.vitals.end()
    body.passes(1000, loop=False, clock=False)
    body.writer.is_alive = False

    assert body.kinds() == []
    assert Vitals(Writer(is_alive=False), lambda: 0.0).troubles() == ()
