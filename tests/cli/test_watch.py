"""`watchbill incidents watch`: what happens, as it happens, through lost connections."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from contextlib import contextmanager

import pytest

from tests.cli.makers import ROOT
from tests.cli.sides import answering, says
from tests.server.places import WITHIN, an_alert, environment
from watchbill.cli import following


@contextmanager
def watching(url, *arguments):
    """`watchbill incidents watch` as a process of its own."""
    popen = subprocess.Popen(
        [sys.executable, "-m", "watchbill", "incidents", "watch", "--server", url, *arguments],
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    # Whoever reads along waits for lines; when it has taken too long there will be no more.
    late = threading.Timer(WITHIN, popen.kill)
    late.start()
    try:
        yield popen
    finally:
        late.cancel()
        popen.kill()
        popen.communicate()


def until(stream, word):
    """Everything up to the line with this *word*."""
    lines = []
    for line in stream:
        lines.append(line)
        if word in line:
            return "".join(lines)
    raise AssertionError(f"{word!r} never came: {lines}")


def test_an_incident_is_told_from_its_beginning_to_its_end(at, incident):
    """
    Of one incident all that was is told first, then what happens; when it is resolved it ends, with exit code 0.
    """
    at.post(f"/v1/incidents/{incident}/note", {"text": "before"})
    with watching(at.url, incident) as popen:
        begun = until(popen.stdout, "ana: before")
        at.post(f"/v1/incidents/{incident}/ack")
        until(popen.stdout, "acknowledged by ana")
        at.post(f"/v1/incidents/{incident}/resolve")
        ended = until(popen.stdout, "after ")

        assert popen.wait(WITHIN) == 0
    assert begun.startswith(f"{incident}  HighErrorRate on ")
    assert "fails" in begun
    assert "resolved by ana" in ended


def test_all_incidents_are_told_of(at, incident):
    """
    Without an incident, those that are open are listed, and then everything is told, with the name of the incident where it changes.
    """
    with watching(at.url) as popen:
        listed = until(popen.stdout, incident)
        until(popen.stderr, "Ctrl-C ends it")
        found = at.fire(an_alert("Another", service="none"))
        new = until(popen.stdout, "opens")
        at.post(f"/v1/incidents/{incident}/ack")
        old = until(popen.stdout, "acknowledged by ana")

    assert "open incident" in listed
    assert f"{found}  Another on no known service, critical\n" in new
    assert f"{incident}  HighErrorRate on part-" in old


def test_programs_read_a_decision_a_line(at, incident):
    """
    As JSON each decision is one line; a reader that goes away ends it, without an error.
    """
    with watching(at.url, incident, "--format", "json") as popen:
        first = json.loads(popen.stdout.readline())
        popen.stdout.close()
        for _ in range(3):
            at.post(f"/v1/incidents/{incident}/note", {"text": "more"})

        assert popen.wait(WITHIN) == 0
        assert popen.stderr.read() == ""
    assert (first["incident"], first["number"]) == (incident, 1)


def decision(number):
    """A decision as the stream has it; the incident's first is the fifth of all."""
    happening = {"at": "2026-11-23T03:12:05Z", "what": "note", "text": f"number {number}", "people": [], "because": None, "note": None}
    return {
        "id": number,
        "incident": "checkout-abcdef",
        "number": number - 4,
        "at": "2026-11-23T03:12:05Z",
        "status": "triggered",
        "happenings": [happening],
        "name": "HighErrorRate",
        "service": "checkout",
        "severity": "critical",
    }


def streams(*parts):
    """A listing without incidents; and for each connection to the stream its part, which breaks off; then a refusal."""
    left = list(parts)

    def answer(handler, number):
        if handler.path.startswith("/v1/incidents"):
            return says(200, {"incidents": []})(handler, number)
        if not left:
            refusal = {"error": {"rule": "bad-credentials", "message": "the token was revoked", "help": "ask for another"}}
            return says(401, refusal)(handler, number)
        handler.send_response(200)
        handler.send_header("Content-Type", "text/event-stream")
        handler.end_headers()
        handler.wfile.write("".join(left.pop(0)).encode())
        return None

    return answer


def event(number):
    """One event of the stream."""
    return f"id: {number}\nevent: decision\ndata: {json.dumps(decision(number))}\n\n"


def test_a_lost_connection_is_taken_up_where_it_was(run, monkeypatch):
    """
    After the connection breaks off, the next asks for what came after the last event, even where none had come; a refusal ends it.
    """
    monkeypatch.setattr(following, "AGAIN_AFTER", (0.0,))
    begun = "id: 4\n: watchbill\nretry: 2000\n\n"
    with answering(streams([begun], [begun, event(5), event(6)], [": here\n\n", event(7)])) as side:
        done = run("incidents", "watch", "--server", side.url)

    assert (done.code, "the token was revoked" in done.err) == (2, True)
    assert [each.line.split()[1] for each in side.asked] == [
        "/v1/events",
        "/v1/incidents?status=open",
        "/v1/events?after=4",
        "/v1/events?after=6",
        "/v1/events?after=7",
    ]
    assert re.findall(r"number \d", done.out) == ["number 5", "number 6", "number 7"]
    assert done.err.count("trying again") == 3


def test_a_server_that_is_not_there_is_said_at_once(run):
    """
    Where the stream never began, nothing is tried again: the exit code is 3.
    """
    with answering(says(503, {"error": {"rule": "too-busy", "message": "too many are watching already", "help": "come later"}})) as side:
        done = run("incidents", "watch", "--server", side.url, "--format", "json")

    assert done.code == 3
    assert len(side.asked) == 1


@pytest.mark.parametrize("data", ["[]", "{", '{"incident": 7}', '{"incident": "a", "number": 1}'])
def test_a_stream_that_is_not_understood(run, data):
    """
    What no version of watchbill would say ends it with 3, and is not tried again.
    """
    with answering(streams([f"data: {data}\n\n"])) as side:
        done = run("incidents", "watch", "--server", side.url)

    assert (done.code, "[not-watchbill]" in done.err) == (3, True)
    assert [each.line.split()[1] for each in side.asked].count("/v1/events") == 1
