"""`watchbill approve`: what waits is shown before the yes, and the yes is to what was shown."""

from __future__ import annotations

import io
import json
import re
import sys

import pytest

from tests.server.places import an_alert


@pytest.fixture
def waiting(at, incident):
    """An incident in which a remediation waits for a yes of somebody else than bo, who has it started."""
    service = next(each["service"] for each in at.client.get("/v1/incidents").json()["incidents"] if each["id"] == incident)
    at.fire(an_alert("OutOfRoom", service=service))
    answered = at.post(f"/v1/incidents/{incident}/run", {"step": "write-with-leave"}, headers={"X-Watchbill-As": "bo"})
    assert answered.status_code == 200, answered.text
    return incident


class Terminal(io.StringIO):
    """A terminal at which somebody types this."""

    def isatty(self) -> bool:
        """It is one."""
        return True


def digest_in(text: str) -> str:
    """The digest that a text shows."""
    found = re.search(r"digest ([0-9a-f]{12})\b", text)
    assert found is not None, text
    return found[1]


def state(at, incident) -> str:
    """How far what waits has come."""
    return next(each["state"] for each in at.incident(incident)["steps"] if each["kind"] == "repair")


@pytest.mark.parametrize(("typed", "code", "then"), [("y\n", 0, "approved by ana"), ("n\n", 1, "")], ids=["yes", "no"])
def test_what_waits_is_shown_and_asked(ask, at, waiting, monkeypatch, typed, code, then):
    """
    At a terminal the action, its arguments, the target, who asked, until when and the digest are shown, and then it is asked.
    """
    monkeypatch.setattr(sys, "stdin", Terminal(typed))
    ran = ask("approve", waiting, "write-with-leave")

    for said in ("journal.write on part-", "subject: it was written down with leave", "asked by bo, until "):
        assert said in ran.out
    assert digest_in(ran.out)
    assert "Approve this?" in ran.err
    assert (ran.code, then in ran.out) == (code, True)
    assert (state(at, waiting) == "waiting") == (code == 1)


def test_with_yes_it_is_shown_and_not_asked(ask, at, waiting, monkeypatch):
    """
    `--yes` shows what waits, and says yes to that.
    """
    monkeypatch.setattr(sys, "stdin", Terminal(""))
    ran = ask("approve", waiting, "write-with-leave", "--yes")

    assert (ran.code, "Approve this?" in ran.err) == (0, False)
    assert digest_in(ran.out)
    assert state(at, waiting) != "waiting"


@pytest.mark.parametrize("more", [(), ("--yes",), ("--format", "json")], ids=["plain", "yes", "json"])
def test_without_a_terminal_it_needs_the_digest(ask, at, waiting, more):
    """
    Where nobody can be asked, what waits is shown with the command that says yes to it, and nothing is done.
    """
    ran = ask("approve", waiting, "write-with-leave", *more)
    (command,) = re.findall(r"`watchbill (approve .+)`", ran.err)
    before = state(at, waiting)
    then = ask(*command.split())

    assert (ran.code, before) == (2, "waiting")
    if "json" in more:
        assert json.loads(ran.out)["question"]["action"] == "journal.write"
    assert (then.code, "approved by ana" in then.out) == (0, True)


def test_another_digest_is_no_yes(ask, at, waiting):
    """
    A yes to something else does nothing, says what waits now, and ends with 1.
    """
    ran = ask("approve", waiting, "write-with-leave", "--digest", "0123456789ab")

    assert ran.code == 1
    assert "nothing done: that is not what waits: it is journal.write" in ran.out
    assert state(at, waiting) == "waiting"


def test_show_has_what_is_asked_and_the_command_for_it(ask, at, waiting):
    """
    `incidents show` says what waits, down to its digest, and the command that is shown can be given.
    """
    shown = ask("incidents", "show", waiting, "--width", "200").out
    digest = digest_in(shown)
    (command,) = re.findall(rf"watchbill (approve .*--digest {digest})", shown)
    then = ask(*command.split())

    assert "journal.write on part-" in shown
    assert "subject: it was written down with leave" in shown
    assert (then.code, state(at, waiting) != "waiting") == (0, True)
