"""``watchbill serve`` as a process: how it begins, what it says, how it ends, and what it keeps."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.cli.sides import answering, says
from tests.server.places import WITHIN, a_token, an_alert, environment, process

ALERTS = 200


Run = Callable[..., Any]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_it_ends_in_good_order(shop: Path, number: int) -> None:
    """
    Asked to end by a signal it stops, says so, lets go of the record, and ends with status 0; a watcher does not keep it.
    """
    with process(shop) as server:
        with httpx.stream("GET", f"{server.url}/v1/events", timeout=WITHIN) as watching:
            next(watching.iter_lines())
            server.signal(number)

            assert server.ended() == 0
        said = [line["event"] for line in server.lines()]

    assert said[-2:] == ["stopping", "stopped"]
    with process(shop) as again:
        assert httpx.get(f"{again.url}/readyz").text.startswith("ready\n")


def test_what_was_answered_is_there_after_a_kill(shop: Path) -> None:
    """
    Killed right after 200 alerts were answered with 200 and started again, it lists all 200.
    """
    with process(shop) as server:
        with httpx.Client(base_url=server.url) as client:
            for number in range(ALERTS):
                answered = client.post("/api/v2/alerts", json=[an_alert("Kept", instance=str(number))])
                assert answered.status_code == 200
        server.signal(signal.SIGKILL)
        server.ended()
    with process(shop) as server:
        watched = httpx.get(f"{server.url}/v1/status").json()
        listed = httpx.get(f"{server.url}/api/v2/alerts").json()

    assert {alert["labels"]["instance"] for alert in listed} == set(map(str, range(ALERTS)))
    assert watched["set_aside"] == []


def test_sighup_loads_the_policies_anew(shop: Path) -> None:
    """
    After SIGHUP the new policies are in force; a broken file keeps its old documents, broken settings all of them, with a line in the log.
    """
    page = shop / "policies" / "payments.yaml"
    with process(shop) as server:
        before = httpx.get(f"{server.url}/v1/status").json()["revision"]
        page.write_text(page.read_text("utf-8").replace("wait: 5m", "wait: 6m"), "utf-8")
        server.signal(signal.SIGHUP)
        said = wait_for(server, "policies_replaced")
        after = httpx.get(f"{server.url}/v1/status").json()["revision"]
        page.write_text(page.read_text("utf-8").replace("page: role/lead", "page: role/nobody"), "utf-8")
        server.signal(signal.SIGHUP)
        kept = wait_for(server, "policies_kept")
        strictly = httpx.get(f"{server.url}/readyz?strict")
        found = httpx.get(f"{server.url}/v1/status").json()["findings"]
        (shop / "watchbill.yaml").write_text("nonsense: [", "utf-8")
        server.signal(signal.SIGHUP)
        refusal = wait_for(server, "policies_refused")

        assert httpx.get(f"{server.url}/v1/status").json()["revision"] == after
    assert before != after == said["revision"]
    assert kept["files"] == "policies/payments.yaml"
    assert strictly.status_code == 503
    assert ("policies/payments.yaml", "error") in [(each["file"], each["level"]) for each in found]
    assert refusal["stays"] == after


def wait_for(server: object, event: str, times: int = 1) -> dict[str, str]:
    """The line of the log with this event, once it has come so many times; asked for over the server itself, so that nobody sleeps."""
    from tests.server.places import Process

    assert isinstance(server, Process)
    for _ in range(10_000):
        found = [line for line in server.lines() if line["event"] == event]
        if len(found) >= times:
            return found[-1]
        httpx.get(f"{server.url}/livez")
    raise AssertionError(f"{event} was not said")


def test_a_second_engine_is_refused(shop: Path, run: Run) -> None:
    """
    A record that an engine has is not given to another: it ends with status 3 and says who has it.
    """
    with process(shop) as server:
        second = run("serve", "--port", "0")

        assert second.code == 3
        assert f"process {server.popen.pid}" in second.err
        assert "[record-held]" in second.err


def test_a_port_that_is_taken_is_said(run: Run) -> None:
    """
    Where somebody else listens on the port, the end is status 3 and what to do, before anything is touched.
    """
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        ended = run("serve", "--port", str(other.getsockname()[1]))

    assert ended.code == 3
    assert "[port-taken]" in ended.err


@pytest.mark.parametrize(
    ("arguments", "rule"),
    [
        (("--host", "0.0.0.0", "--port", "0"), "needs-token"),
        (("--host", "no.such.host.example.com", "--port", "0"), "bad-address"),
        (("--policies", "/", "--port", "0"), "no-settings"),
        (("--database", "mysql://nowhere", "--port", "0"), "record-url"),
        (("--heartbeat-url", "gopher://x", "--port", "0"), "bad-address"),
        (("--allow-private", "10.0.0.0/99", "--port", "0"), "bad-network"),
        (("--connector-program", "x=/no/such/program", "--port", "0"), "broken-connector"),
    ],
    ids=lambda each: str(each),
)
def test_what_cannot_be_begun_is_said(run: Run, arguments: tuple[str, ...], rule: str) -> None:
    """
    Wrong use ends with status 2, the reason and what to do, and no traceback.
    """
    ended = run("serve", *arguments)

    assert ended.code == 2, ended.err
    assert f"[{rule}]" in ended.err
    assert "help:" in ended.err
    assert "Traceback" not in ended.err


def test_with_a_token_others_may_reach_it(shop: Path) -> None:
    """
    Once there is a token it listens on any address, and asks everybody for one.
    """
    a_token(shop / ".watchbill" / "watchbill.db", "first", "read")
    with process(shop, "--host", "0.0.0.0") as server:
        url = server.url.replace("0.0.0.0", "127.0.0.1")

        assert httpx.get(f"{url}/v1/incidents").status_code == 401


def test_every_flag_is_a_variable_too(shop: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """
    The record and the policies may be named by their short variables, the rest by the verb's own.
    """
    database = tmp_path_factory.mktemp("record") / "kept.db"
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    more = {
        "WATCHBILL_DATABASE": f"sqlite:///{database}",
        "WATCHBILL_POLICIES": str(shop),
        "WATCHBILL_SERVE_PUBLIC_URL": "https://w.example.com",
    }
    with process(elsewhere, **more) as server:
        httpx.post(f"{server.url}/api/v2/alerts", json=[an_alert()])
        wait_for(server, "incident_opened")
        (incident,) = httpx.get(f"{server.url}/v1/incidents").json()["incidents"]

    assert database.exists()
    assert incident["url"] == f"https://w.example.com/incidents/{incident['id']}"


def test_the_record_beside_the_settings_is_kept_out_of_git(shop: Path) -> None:
    """
    Where no record is named it stands in a folder that git ignores and that only its owner can read.
    """
    with process(shop):
        folder = shop / ".watchbill"

        assert "*" in (folder / ".gitignore").read_text("utf-8").splitlines()
        assert (folder / "watchbill.db").stat().st_mode & 0o077 == 0


def test_the_service_manager_is_told(shop: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """
    The manager of services (systemd) hears that it serves, that it lives, and that it stops.
    """
    name = str(tmp_path_factory.mktemp("n") / "s")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(name)
        manager.settimeout(WITHIN)
        with process(shop, NOTIFY_SOCKET=name) as server:
            ready = manager.recv(1_000).decode()
            server.signal(signal.SIGTERM)
            said = ready
            while "STOPPING=1" not in said:
                said = manager.recv(1_000).decode()
            assert server.ended() == 0

    assert ready.splitlines() == ["READY=1", f"STATUS=listening on {server.url}"]


def test_a_missing_extra_is_said_with_its_command(shop: Path) -> None:
    """
    Where the libraries of the extra are not installed, the end is status 2 and the command that installs them.
    """
    code = (
        "import sys\n"
        "from importlib.machinery import PathFinder\n"
        "found = PathFinder.find_spec\n"
        "PathFinder.find_spec = classmethod(lambda cls, name, *more: None if name.startswith('uvicorn') else found(name, *more))\n"
        "from watchbill.cli import main\n"
        "sys.exit(main(['serve']))\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=shop, env=environment(), capture_output=True, text=True, timeout=WITHIN, check=False
    )

    assert ended.returncode == 2
    assert "needs uvicorn" in ended.stderr
    assert "pip install 'watchbill[serve]'" in ended.stderr


# --- tokens -----------------------------------------------------------------------------


def test_tokens_are_made_listed_and_revoked(run: Run) -> None:
    """
    A token's secret is printed alone, once; the list has whom it is for and until when, and never the secret; its name is not given twice.
    """
    made = run("token", "create", "laptop", "--for", "ana", "--scope", "act", "--expires", "90d")
    secret = made.out.strip()
    listed = run("token", "list")
    again = run("token", "create", "laptop")
    revoked = run("token", "revoke", "laptop")
    twice = run("token", "revoke", "laptop")
    told = json.loads(run("token", "list", "--format", "json").out)

    assert made.code == 0, made.err
    assert secret.startswith("wb_")
    assert "only time" in made.err
    assert "laptop" in listed.out
    assert "ana" in listed.out
    assert secret not in listed.out
    assert (again.code, revoked.code, twice.code) == (2, 0, 2)
    assert "[unknown-token]" in twice.err
    assert told["tokens"][0]["revoked_at"] is not None


def test_a_token_can_be_made_while_the_server_runs(shop: Path, run: Run) -> None:
    """
    The command writes beside a running engine, which takes note.
    """
    with process(shop) as server:
        secret = run("token", "create", "laptop", "--for", "ana").out.strip()
        answered = httpx.get(f"{server.url}/v1/status", headers={"Authorization": f"Bearer {secret}"})

    assert answered.json()["you"] == {"name": "ana", "token": "laptop", "scopes": ["act", "read"]}


@pytest.mark.parametrize(
    "arguments", [("create", "Ana Sousa"), ("create", "x", "--for", "Ana (lead)"), ("create", "x", "--scope", "root"), ("create",)]
)
def test_a_name_that_cannot_be_shown_is_refused(run: Run, arguments: tuple[str, ...]) -> None:
    """
    Names are small letters and digits, so that they can be told apart wherever they stand.
    """
    ended = run("token", *arguments)

    assert ended.code == 2
    assert "Traceback" not in ended.err


def test_a_dead_mans_switch_is_fed_as_it_wants_to_be(shop: Path) -> None:
    """
    The switch outside is asked by the method that was named, at its address.
    """
    fed = threading.Event()

    def answer(handler: Any, number: int) -> None:
        says(200, "fed")(handler, number)
        fed.set()

    with answering(answer) as switch, process(shop, "--heartbeat-url", f"{switch.url}/ping", "--heartbeat-method", "post"):
        assert fed.wait(WITHIN)
        assert switch.asked[0].line == "POST /ping HTTP/1.1"
