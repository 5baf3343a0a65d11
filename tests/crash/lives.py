"""One life after another, from the side of those who use the server: they send, act and ask, and after a crash they do so again.

Rule 1: whoever gets no answer asks again, as Alertmanager and people do. What was answered is never said twice.
Rule 2: every wait is for something that the process says, and ends when that process does.
"""

from __future__ import annotations

import http.client
import json
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeVar

from tests.crash.outside import WITHIN, Outside
from tests.crash.shop import a_shop
from tests.makers import NOON

T = TypeVar("T")

ROOT = Path(__file__).resolve().parents[2]

Hold = tuple[str, int] | None
"""At which point a life is held and killed, and at which time of passing it; at any point, where it has no name."""


class Died(Exception):
    """The process is not there any more."""


@dataclass
class Asked:
    """One request of a connector, as the process tells of it. *how* it ended is empty where nobody knows."""

    key: str
    kind: str
    is_repeat: bool
    how: str = ""
    is_recorded: bool = False


BEGUN: Final[list[Life]] = []
"""The lives of the test that runs: none of them outlives it."""


class Life:
    """One process that serves. It is killed when it says that it is held."""

    def __init__(self, nursery: str, wanted: dict[str, Any]) -> None:
        BEGUN.append(self)
        self.held = self.url = ""
        self.pid = 0
        self.said: list[dict[str, Any]] = []
        self.asked: list[Asked] = []
        self._connection = socket.socket(socket.AF_UNIX)
        self._connection.connect(nursery)
        self._answers: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._news = threading.Condition()
        self._send(wanted)
        threading.Thread(target=self._listen, daemon=True).start()

    def begins(self) -> None:
        """Wait until it serves. Raises `Died` where it was killed before."""
        self.url = self._answer("url")

    def kill(self) -> None:
        """End it as a power cut does."""
        with suppress(ProcessLookupError):
            if self.pid:
                os.kill(self.pid, signal.SIGKILL)

    def passes(self, seconds: float) -> float:
        """Let time pass, and all be done that falls due; the time then."""
        self._send({"do": "pass", "seconds": seconds})
        found: float = self._answer("passed")
        return found

    def turns(self, seconds: float) -> None:
        """Let time pass, and wait for nothing that follows."""
        self._send({"do": "turn", "seconds": seconds})
        self._answer("turned")

    def sets_clock(self, seconds: float) -> None:
        """Set the machine's clock by so much, forward or back, and let all be done that follows."""
        self._send({"do": "set clock", "seconds": seconds})
        self._answer("set")

    def differing(self) -> list[str]:
        """The incidents that it remembers otherwise than the record does."""
        self._send({"do": "compare"})
        found: list[str] = self._answer("differ")
        return found

    def waits_for(self, found: Callable[[], T]) -> T:
        """What is *found* in what it has said, once it is."""
        with self._news:
            assert self._news.wait_for(found, WITHIN), "it never came"
            return found()

    def ends(self) -> None:
        """Ask it to end in good order, and wait until it has."""
        self._send({"do": "end"})
        while (said := self._answers.get(timeout=WITHIN)) is not None:
            assert "failed" not in said, said

    def ask(self, method: str, path: str, body: bytes | dict[str, Any] | None = None) -> tuple[int, Any]:
        """The status and the body of an answer. Raises `Died` where there is none."""
        text = json.dumps(body).encode() if isinstance(body, dict) else body
        host, _, port = self.url.removeprefix("http://").partition(":")
        connection = http.client.HTTPConnection(host, int(port), timeout=WITHIN)
        try:
            connection.request(method, path, text, {"Content-Type": "application/json", "X-Watchbill-As": "bo"})
            response = connection.getresponse()
            answered = response.read()
        except (OSError, http.client.HTTPException) as failure:
            if isinstance(failure, TimeoutError):
                raise AssertionError(f"nobody answered {method} {path}") from failure
            raise Died from failure
        finally:
            connection.close()
        return response.status, json.loads(answered) if answered else None

    def _send(self, what: dict[str, Any]) -> None:
        try:
            self._connection.sendall(json.dumps(what).encode() + b"\n")
        except OSError as failure:
            raise Died from failure

    def _answer(self, name: str) -> Any:
        found = self._answers.get(timeout=WITHIN)
        if found is None or "failed" in found:
            assert found is None, found
            raise Died
        return found[name]

    def _listen(self) -> None:
        with self._connection, self._connection.makefile("r", encoding="utf-8") as lines, suppress(OSError):
            for line in lines:
                said = json.loads(line)
                if "pid" in said:
                    self.pid = said["pid"]
                elif "held" in said:
                    self.held = said["held"]
                    self.kill()
                elif "log" in said:
                    self.said.append(said["log"])
                elif not self._is_of_a_request(said):
                    self._answers.put(said)
                with self._news:
                    self._news.notify_all()
        self._answers.put(None)

    def _is_of_a_request(self, said: dict[str, Any]) -> bool:
        if "asked" in said:
            self.asked.append(Asked(said["asked"], said["kind"], said["is_repeat"]))
        elif "ended" in said:
            next(each for each in reversed(self.asked) if each.key == said["ended"]).how = said["how"]
        elif "delivered" in said:
            for each in self.asked:
                each.is_recorded = each.is_recorded or (each.key == said["delivered"] and each.how != "")
        elif "recorded" in said:
            for each in self.asked:
                each.is_recorded = each.is_recorded or (each.key.partition("#")[0] == said["recorded"] and each.how != "")
        else:
            return False
        return True


@contextmanager
def a_nursery(folder: Path) -> Iterator[str]:
    """The socket of a process that has loaded all that a life needs; what an installed package would bring is there as well."""
    installed = folder / "board-1.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: board\nVersion: 1.0\n")
    (installed / "entry_points.txt").write_text("[watchbill.connectors]\nboard = tests.crash.board\n")
    path = os.path.relpath(folder / "s") if len(str(folder / "s")) > 100 else str(folder / "s")
    paths = (os.environ.get("PYTHONPATH", ""), str(ROOT), str(folder))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    with subprocess.Popen([sys.executable, "-m", "tests.crash.life", path], stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield path
        finally:
            process.kill()


@dataclass
class Story:
    """What people and monitoring systems do, through as many lives as it takes. *holds* says where each life is killed, in turn."""

    nursery: str
    outside: Outside
    root: Path
    holds: Sequence[Hold] = ()
    at: float = NOON.timestamp()
    patience: float = 0
    life: Life | None = None
    lived: list[Life] = field(default_factory=list)
    taken: list[dict[str, str]] = field(default_factory=list)
    acknowledged: dict[str, int] = field(default_factory=dict)
    approved: list[str] = field(default_factory=list)
    ended: set[str] = field(default_factory=set)
    posted: dict[str, tuple[str, bytes]] = field(default_factory=dict)

    @property
    def now(self) -> datetime:
        """The time in the story."""
        return datetime.fromtimestamp(self.at, UTC)

    @property
    def database(self) -> Path:
        """The record that all lives have in common."""
        return self.root / "record.db"

    def alive(self) -> Life:
        """The life that is at work, or the next one."""
        while self.life is None:
            number = len(self.lived)
            hold = self.holds[number] if number < len(self.holds) else None
            wanted = {"root": str(self.root), "database": str(self.database), "at": self.at, "hold": hold, "patience": self.patience}
            life = Life(self.nursery, wanted)
            self.lived.append(life)
            with suppress(Died):
                life.begins()
                self.life = life
        return self.life

    def insist(self, act: Callable[[Life], T]) -> T:
        """What this gives in the life that comes to answer."""
        while True:
            try:
                return act(self.alive())
            except Died:
                self.life = None

    def posts(self, path: str, body: bytes, *labels: dict[str, str]) -> None:
        """Post alerts with these *labels*, until that is answered."""
        status, answered = self.insist(lambda life: life.ask("POST", path, body))
        assert status == 200, answered
        self.taken += labels
        self.posted |= {each["instance"]: (path, body) for each in labels if "instance" in each}

    def passes(self, span: timedelta, step: float = 15) -> None:
        """Let time pass. What a life that is killed has lived counts."""
        until = self.at + span.total_seconds()
        while self.at < until:
            by = min(step, until - self.at)
            try:
                self.at = self.alive().passes(by)
            except Died:
                self.life = None
                self.at += by
        self.insist(lambda life: life.passes(0))

    def incident_of(self, instance: str) -> str:
        """The incident of this *instance*."""
        self.insist(lambda life: life.passes(0))
        _, alerts = self.insist(lambda life: life.ask("GET", "/api/v2/alerts"))
        found = next((each["incident"] for each in alerts if each["labels"]["instance"] == instance), None)
        return self.said_again(instance) if found is None else str(found)

    def said_again(self, instance: str) -> str:
        """The incident of an *instance* whose request the engine died over twice: its sender says it again, as senders do."""
        _, status = self.insist(lambda life: life.ask("GET", "/v1/status"))
        assert any(each["error"].startswith("the engine died") for each in status["set_aside"]), f"{instance} is lost"
        self.posts(*self.posted[instance])
        return self.incident_of(instance)

    def acknowledges(self, incident: str) -> None:
        """Acknowledge it, until that is answered; from when on nobody may be paged."""
        status, answered = self.insist(lambda life: life.ask("POST", f"/v1/incidents/{incident}/ack"))
        assert status == 200 or answered["status"] == "acknowledged", answered
        self.insist(lambda life: life.passes(0))
        self.acknowledged[incident] = len(self.outside.arrivals)

    def approves(self, incident: str) -> None:
        """Look at what its repair would do, and approve of exactly that, until that is answered."""
        path = f"/v1/incidents/{incident}/approve"
        status, answered = self.insist(lambda life: life.ask("POST", path))
        if answered.get("question") is not None:
            body = {"digest": answered["question"]["digest"]}
            status, answered = self.insist(lambda life: life.ask("POST", path, body))
        assert status in (200, 409), answered
        self.approved.append(incident)


def a_story(nursery: str, outside: Outside, folder: Path, *holds: Hold) -> Story:
    """A story in a shop of its own, whose lives are killed at these points."""
    return Story(nursery, outside, a_shop(folder / "shop", outside.url), holds)
