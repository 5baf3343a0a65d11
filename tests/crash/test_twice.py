"""What the engine died over twice is set aside, and everybody else is served; a process whose writer does not come back can be ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from time import monotonic

import pytest

from tests.crash.lives import Story, a_story
from tests.crash.outside import WITHIN, Outside
from tests.crash.shop import a_shop, a_webhook, an_alert
from tests.crash.test_served import serving
from tests.server.places import environment


def fires(story: Story, instance: str) -> None:
    """An alert of this instance fires."""
    alert = an_alert(instance, "Slow")
    story.posts("/v1/ingest/alertmanager", a_webhook(alert, now=story.now), alert["labels"])


def set_aside(story: Story) -> list[dict[str, object]]:
    """What the status says is set aside."""
    _, found = story.insist(lambda life: life.ask("GET", "/v1/status"))
    listed: list[dict[str, object]] = found["set_aside"]
    return listed


def test_a_request_that_the_engine_died_over_twice_is_set_aside(nursery: str, outside: Outside, tmp_path: Path):
    """
    A request that was in hand when the engine died twice is set aside and said by the last resort; what comes in besides is decided.
    """
    story = a_story(nursery, outside, tmp_path, ("deciding", 1), ("deciding", 1))
    fires(story, "bad")
    story.passes(timedelta(seconds=1))
    fires(story, "good")
    incident = story.incident_of("good")
    story.passes(timedelta(minutes=1))

    assert len(story.lived) == 3
    assert [each["error"] for each in set_aside(story)] == ["the engine died 2 times while this waited or was in hand"]
    assert "ana" in [each.body["to"] for each in outside.of("page") if each.incident == incident]
    assert any("could not decide on alerts" in each.body["subject"] for each in outside.of("page") if each.body["to"] == "last-resort")


def test_a_request_that_survives_the_second_try_is_decided(nursery: str, outside: Outside, tmp_path: Path):
    """
    A request that was in hand when the engine died once is decided after the restart, and nothing of it is remembered.
    """
    story = a_story(nursery, outside, tmp_path, ("deciding", 1))
    fires(story, "a")
    story.passes(timedelta(seconds=1))
    story.incident_of("a")

    assert len(story.lived) == 2
    assert set_aside(story) == []


def test_a_look_that_the_engine_died_over_twice_is_set_aside_until_the_next_event(nursery: str, outside: Outside, tmp_path: Path):
    """
    An incident whose look the engine died over twice is set aside and said, until it hears of something: then it goes on.
    """
    story = a_story(nursery, outside, tmp_path, ("timer decided, not committed", 1), ("timer decided, not committed", 1))
    fires(story, "a")
    story.passes(timedelta(minutes=10))
    incident = story.incident_of("a")
    before = set_aside(story)
    story.acknowledges(incident)

    assert [each.get("incident") for each in before] == [incident]
    assert any("set aside an incident" in each.body["subject"] for each in outside.of("page") if each.body["to"] == "last-resort")
    assert set_aside(story) == []


# --- a writer that does not come back ---------------------------------------------------

STUCK = """
import sys, threading
from watchbill.cli import main

def get_stuck():
    while True:
        for each in threading.enumerate():
            if each.name == "watchbill-writer":
                sys.stdin.readline()
                each._target.__self__.submit(lambda connection: threading.Event().wait())
                return

threading.Thread(target=get_stuck, daemon=True).start()
sys.argv[1:1] = ["serve", "--port", "0", "--database", sys.argv.pop(1), "--stop-within", "1s"]
sys.exit(main())
"""
"""The server, whose writer is given a job that never returns once a line is read."""


def test_a_signal_ends_a_process_whose_writer_does_not_come_back(tmp_path: Path, outside: Outside):
    """
    With a job that never returns in its writer, SIGTERM ends the server within `--stop-within` and ten seconds, with status 3.
    """
    shop = a_shop(tmp_path / "shop", outside.url)
    log = shop / "serve.log"
    with log.open("w") as errors:
        popen = subprocess.Popen(
            [sys.executable, "-c", STUCK, str(shop / "record.db")],
            cwd=shop,
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
        try:
            assert popen.stdout is not None
            assert popen.stdin is not None
            assert popen.stdout.readline().startswith("listening on")
            popen.stdin.write("now\n")
            popen.stdin.flush()
            began = monotonic()
            popen.send_signal(signal.SIGTERM)
            status = popen.wait(WITHIN)
            seconds = monotonic() - began
        finally:
            if popen.poll() is None:
                os.kill(popen.pid, signal.SIGKILL)
                popen.wait()
            for pipe in (popen.stdin, popen.stdout):
                if pipe is not None:
                    pipe.close()

    assert status == 3
    assert seconds < 1 + 10
    assert "does not come back" in log.read_text("utf-8")


# --- the attacks, through the server ----------------------------------------------------

ATTACKS = {
    "32 doubled lists": 'when: "(env' + " | [@,@]" * 32 + " | to_string(@)) != 'x'\"",
    "map in map": 'when: "map(&map(&map(&map(&map(&@, LIST), LIST), LIST), LIST), LIST) != `1`"'.replace("LIST", "`" + str([1] * 60) + "`"),
    "two loops": 'text: "{% for a in alert.labels %}{% for b in alert.labels %}{{ alert | upper | length }}{% endfor %}{% endfor %}"',
}

POLICY = """
apiVersion: watchbill/v1
kind: Escalation
metadata: {name: attack, team: shop}
spec:
  ATTACK
  continue: true
  levels: [{page: role/primary}]
"""


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_no_policy_takes_the_engine_down(tmp_path: Path, outside: Outside, attack: str):
    """
    A policy that asks for too much costs nobody else anything: everybody is paged, and the server needs less than 64 MB more.
    """
    shop = a_shop(tmp_path / "shop", outside.url)
    (shop / "policies" / "attack.yaml").parent.mkdir(exist_ok=True)
    (shop / "policies" / "attack.yaml").write_text(POLICY.replace("ATTACK", attack))
    with serving(shop, shop / "record.db") as server:
        before = server.memory()
        assert server.fires("a")[0] == 200
        outside.waits_for(lambda: [each for each in outside.of("page") if each.body["to"] == "ana"])
        status, _ = server.ask("GET", "/livez")

        assert status == 200
        assert server.memory() - before < 64_000_000
