"""`watchbill serve` as a person starts it: killed, refused its disk, robbed of its file, and sent what no monitoring system sends."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from tests.crash.outside import WITHIN, Arrival, Outside, Treatment
from tests.crash.shop import a_shop as a_shop_below
from tests.crash.shop import an_alert
from tests.server.places import environment

SPACE = 'mount -t tmpfs -o size=6m none "$1" && shift && exec "$@"'


@dataclass
class Server:
    """A server, and whoever speaks with it."""

    popen: subprocess.Popen[str]
    host: str
    port: int
    log: Path

    def ask(self, method: str, path: str, body: bytes | Iterable[bytes] | None = None, **headers: str) -> tuple[int, Any]:
        """The status of the answer, and its body."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=WITHIN)
        try:
            named = {"Content-Type": "application/json", "X-Watchbill-As": "bo", **headers}
            connection.request(method, path, body, named, encode_chunked="Transfer-Encoding" in headers)
            response = connection.getresponse()
            text = response.read()
        finally:
            connection.close()
        is_json = response.getheader("Content-Type", "").startswith("application/json")
        return response.status, json.loads(text) if is_json and text else text.decode()

    def fires(self, *instances: str) -> tuple[int, Any]:
        """Let an alert of each of these instances fire, as Prometheus does."""
        return self.ask("POST", "/api/v2/alerts", json.dumps([an_alert(each) for each in instances]).encode())

    def alerts(self) -> set[str]:
        """The instances whose alerts are listed."""
        status, found = self.ask("GET", "/api/v2/alerts")
        assert status == 200, found
        return {each["labels"]["instance"] for each in found}

    def kill(self) -> None:
        """End it as a power cut does."""
        os.kill(self.popen.pid, signal.SIGKILL)
        self.popen.wait(WITHIN)

    def memory(self) -> int:
        """The bytes of memory that it has in use."""
        (line,) = [line for line in Path(f"/proc/{self.popen.pid}/status").read_text().splitlines() if line.startswith("VmRSS")]
        return int(line.split()[1]) * 1024

    def lines(self) -> list[dict[str, Any]]:
        """What it has logged."""
        return [json.loads(line) for line in self.log.read_text("utf-8").splitlines(keepends=True) if line.endswith("}\n")]


@contextmanager
def serving(folder: Path, database: Path, *before: str) -> Iterator[Server]:
    """The server over the policies of this *folder*; *before* are the words that its command is begun with."""
    log = folder / "serve.log"
    words = ("serve", "--port", "0", "--database", str(database), "--allow-private", "127.0.0.1")
    command = (*before, sys.executable, "-m", "watchbill", *words)
    with log.open("w", encoding="utf-8") as errors:
        popen = subprocess.Popen(command, cwd=folder, env=environment(), stdout=subprocess.PIPE, stderr=errors, text=True)
        try:
            assert popen.stdout is not None
            found = re.fullmatch(r"listening on http://(.+):(\d+)\n", popen.stdout.readline())
            assert found is not None, log.read_text("utf-8")
            yield Server(popen, found[1], int(found[2]), log)
        finally:
            if popen.poll() is None:
                os.kill(popen.pid, signal.SIGKILL)
            popen.wait(WITHIN)
            if popen.stdout is not None:
                popen.stdout.close()


@pytest.fixture
def shop(tmp_path: Path, outside: Outside) -> Path:
    """The policies of the shop."""
    return a_shop_below(tmp_path / "shop", outside.url)


# --- killed -----------------------------------------------------------------------------


def test_two_hundred_alerts_that_were_answered_are_listed_after_a_kill(shop: Path):
    """
    After SIGKILL right after 200 alerts were answered with 200, the server that is started again lists all of them.
    """
    names = [f"i{number}" for number in range(200)]
    with serving(shop, shop / "record.db") as server:
        answered = [name for at in range(0, 200, 5) if server.fires(*names[at : at + 5])[0] == 200 for name in names[at : at + 5]]
        server.kill()
    with serving(shop, shop / "record.db") as server:
        assert answered == names
        assert the_end(lambda: server.alerts(), lambda found: len(found) >= 200) == set(names)


def the_end(look: Callable[[], Any], is_it: Callable[[Any], bool]) -> Any:
    """What is seen, once it is what is wanted: asked for again and again, and in the end as it is."""
    until = monotonic() + WITHIN
    while not is_it(found := look()) and monotonic() < until:
        pass
    return found


def test_a_second_engine_is_refused_until_the_first_is_dead(shop: Path):
    """
    While one engine has the record a second one is refused, with the name of the first; after that is killed the next goes on at once.
    """
    database = shop / "record.db"
    with serving(shop, database) as first:
        assert first.fires("a")[0] == 200
        command = (sys.executable, "-m", "watchbill", "serve", "--port", "0", "--database", str(database))
        second = subprocess.run(command, cwd=shop, env=environment(), capture_output=True, text=True, timeout=WITHIN, check=False)

        assert second.returncode == 3
        assert f"another engine has this record: watchbill serve, process {first.popen.pid}" in second.stderr
        assert "[record-held]" in second.stderr
        assert "help: stop that one" in second.stderr
        assert second.stdout == ""
        assert first.fires("b")[0] == 200
        first.kill()
    with serving(shop, database) as third:
        assert third.fires("c")[0] == 200
        assert the_end(third.alerts, lambda found: len(found) == 3) == {"a", "b", "c"}


# --- its disk ---------------------------------------------------------------------------


def last_words(outside: Outside) -> list[str]:
    """What the last resort has said of the engine, besides what is broken in its policies."""
    said = [each.body["text"] for each in outside.of("page") if each.body["to"] == "last-resort"]
    return [text for text in said if " in what revision " not in text]


@pytest.fixture
def small_disk(tmp_path: Path) -> tuple[Path, tuple[str, ...]]:
    """A folder that becomes a small disk, and the words that a command is begun with to see it as one."""
    unshare, folder = shutil.which("unshare"), tmp_path / "disk"
    folder.mkdir()
    before = (unshare or "", "-rm", "sh", "-c", SPACE, "sh", str(folder))
    if unshare is None or subprocess.run((*before, "true"), capture_output=True, check=False).returncode != 0:
        pytest.skip("this system lets nobody mount a small disk of their own")
    return folder, before


def test_a_full_disk_is_said_and_survived(shop: Path, outside: Outside, small_disk: tuple[Path, tuple[str, ...]]):
    """
    On a full disk alerts are refused with the reason, and the last resort says so; with room again all that was answered is paged once.
    """
    folder, before = small_disk
    is_full = threading.Event()

    def treat(arrival: Arrival) -> Treatment:
        assert arrival.body["to"] == "last-resort" or is_full.wait(WITHIN)
        return 200

    outside.treat = treat
    with serving(shop, folder / "record.db", *before) as server:
        inside = Path(f"/proc/{server.popen.pid}/root{folder}")
        assert server.fires("before")[0] == 200
        outside.waits_for(lambda: outside.of("page"))
        taken, refusal = fill_up(server, inside / "ballast")
        is_full.set()
        told = outside.waits_for(lambda: last_words(outside))
        ready, why = server.ask("GET", "/readyz")
        (inside / "ballast").unlink()
        later = the_end(lambda: server.fires("after")[0], lambda status: status == 200)
        everything = {"before", "after", *taken}

        assert refusal["rule"] == "record-full"
        assert "no room left" in refusal["message"]
        assert refusal["help"]
        assert "no room left" in told[0]
        assert (ready, "no room left" in why) == (503, True)
        assert later == 200
        assert the_end(server.alerts, lambda found: found == everything) == everything
        assert the_end(lambda: first_pages(server), lambda found: len(found) == len(everything)) == ["sent"] * len(everything)
        pages = Counter(each.key for each in outside.of("page") if each.body["to"] != "last-resort")
        assert list(pages.values()) == [1] * len(everything)


def fill_up(server: Server, ballast: Path) -> tuple[set[str], dict[str, Any]]:
    """Leave no room on its disk; the alerts that were taken in all the same, and how the first was refused that was not."""
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"x" * 4096)
    taken: set[str] = set()
    for number in range(10_000):
        status, said = server.fires(f"i{number}")
        if status != 200:
            assert status == 503
            break
        taken.add(f"i{number}")
    error: dict[str, Any] = said["error"]
    return taken, error


def first_pages(server: Server) -> list[str]:
    """What became of each contact of the first page of each incident, of those where that is recorded."""
    _, listed = server.ask("GET", "/v1/incidents?limit=1000")
    told = [server.ask("GET", f"/v1/incidents/{each['id']}/timeline")[1]["deliveries"] for each in listed["incidents"]]
    return [each["result"] for attempts in told for each in attempts if each["settled_at"] and each["step"].endswith("/page/shop-any/0/0")]


def test_a_record_that_is_deleted_under_it_is_said_and_nothing_is_taken_in(shop: Path, outside: Outside):
    """
    Where the record of a running engine is deleted alerts are refused with the reason, and the last resort says so; put back, it goes on.
    """
    database, aside = shop / "record.db", shop / "aside.db"
    with serving(shop, database) as server:
        assert server.fires("a")[0] == 200
        the_end(server.alerts, lambda found: found == {"a"})
        database.rename(aside)
        status, said = server.fires("b")
        listing, _ = server.ask("GET", "/v1/incidents")
        told = outside.waits_for(lambda: last_words(outside))
        is_made_anew = database.exists()
        aside.rename(database)

        assert (status, said["error"]["rule"], listing) == (503, "record-gone", 503)
        assert "not there any more" in told[0]
        assert not is_made_anew
        assert the_end(lambda: server.fires("c")[0], lambda status: status == 200) == 200
        assert the_end(server.alerts, lambda found: found == {"a", "c"}) == {"a", "c"}


# --- bad input --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def well(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that all bad input of this module goes to, one after the other."""
    folder = a_shop_below(tmp_path_factory.mktemp("well") / "shop", "http://127.0.0.1:9")
    with ExitStack() as stack:
        yield stack.enter_context(serving(folder, folder / "record.db"))


BIG = b'[{"labels": {"alertname": "' + b"x" * 50_000_000 + b'"}}]'
LABELS = json.dumps([{"labels": {f"l{number}": "v" for number in range(1_000_000)}}]).encode()

BAD: dict[str, tuple[bytes, int]] = {
    "50 MB": (BIG, 413),
    "deep lists": (b"[" * 1_000_000, 400),
    "deep objects": (b'[{"labels":' + b'{"a":' * 500_000, 400),
    "deep and whole": (b"[" * 100_000 + b"]" * 100_000, 400),
    "invalid UTF-8": (b'[{"labels": {"alertname": "\xff\xfe\xed\xa0\x80"}}]', 400),
    "a million labels": (LABELS, 413 if len(LABELS) > 16 * 1024 * 1024 else 400),
    "a huge number": (b'[{"labels": {"alertname": "a"}, "startsAt": ' + b"9" * 1_000_000 + b"}]", 400),
    "nothing": (b"", 400),
    "no JSON": (b"\x00" * 100_000, 400),
}


@pytest.mark.parametrize("path", ["/api/v2/alerts", "/v1/ingest/alertmanager"])
def test_bad_input_is_refused_and_leaves_nothing_behind(well: Server, path: str):
    """
    Bodies that are too long, too deep, no text or beyond measure are refused with a reason, each time, and the memory stays as it was.
    """
    assert well.fires("a")[0] == 200
    for body, _ in BAD.values():  # what is loaded and kept at the first time is loaded now
        well.ask("POST", path, body)
    before = well.memory()
    for _ in range(3):
        for name, (body, status) in BAD.items():
            found, said = well.ask("POST", path, body)
            assert (name, found) == (name, status), said
            assert said["error"]["message"]
            assert said["error"]["help"]
            assert said["error"]["rule"]

    assert well.memory() - before < 24 * 1024 * 1024
    assert well.fires("b")[0] == 200
    assert the_end(well.alerts, lambda found: found >= {"a", "b"}) == {"a", "b"}


def test_who_never_finishes_a_request_holds_nobody_up(well: Server):
    """
    Two hundred connections that send a byte and then nothing leave the server to others, and its memory as it was.
    """
    before = well.memory()
    with ExitStack() as stack:
        for number in range(200):
            slow = stack.enter_context(socket.create_connection((well.host, well.port)))
            begun = b"Content-Length: 100\r\n\r\n[" if number % 2 else b"X-"
            slow.sendall(b"POST /api/v2/alerts HTTP/1.1\r\nHost: localhost\r\n" + begun)
        answered = [well.fires(f"s{number}")[0] for number in range(20)]
        grown = well.memory() - before

    assert answered == [200] * 20
    assert grown < 16 * 1024 * 1024
