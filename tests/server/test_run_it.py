"""What the README shows of running the server can be used as it stands."""

from __future__ import annotations

import configparser
import json
import queue
import re
import shlex
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import click
import httpx
import yaml

from tests.cli.makers import watchbill
from tests.server.places import POLICIES, WITHIN, an_alert, process
from watchbill.cli.app import app

README = (Path(__file__).resolve().parents[2] / "README.md").read_text("utf-8")


def block(kind: str, name: str) -> str:
    """The block of this kind whose first line names this file."""
    (found,) = [
        each for each in re.findall(rf"^```{kind}\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL) if each.startswith(f"# {name}")
    ]
    return str(found)


def options() -> set[str]:
    """The options of `watchbill serve`."""
    serve = app.get_command(click.Context(app), "serve")
    assert serve is not None
    return {option for each in serve.params for option in each.opts}


def test_the_unit_starts_the_server_with_options_that_it_has() -> None:
    """
    Each option and each variable of the unit is one of `serve`, and it is restarted, watched, and told apart from other services.
    """
    unit = configparser.RawConfigParser(strict=False, comment_prefixes=("#",))
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    text = block("ini", "/etc/systemd/system/watchbill.service")
    unit.read_string(text)
    service = unit["Service"]
    program, verb, *arguments = shlex.split(service["ExecStart"])
    variables = re.findall(r"WATCHBILL_SERVE_([A-Z_]+)=", text)

    assert (Path(program).name, verb) == ("watchbill", "serve")
    assert {each for each in arguments if each.startswith("--")} <= options()
    assert {"--" + each.lower().replace("_", "-") for each in variables} <= options()
    assert (service["Type"], service["Restart"], service["WatchdogSec"]) == ("notify", "always", "30")
    assert "HUP" in service["ExecReload"]


def test_the_snippets_for_senders_lead_here() -> None:
    """
    What Prometheus and Alertmanager are given is YAML, and leads to paths that the server has.
    """
    prometheus = yaml.safe_load(block("yaml", "prometheus.yml"))
    alertmanager = yaml.safe_load(block("yaml", "alertmanager.yml"))
    (receiver,) = alertmanager["receivers"]

    assert prometheus["alerting"]["alertmanagers"][0]["authorization"]["type"] == "Bearer"
    assert receiver["webhook_configs"][0]["url"].endswith("/v1/ingest/alertmanager")
    assert alertmanager["route"]["receiver"] == receiver["name"]


# --- secrets and private networks ---------------------------------------------------------


def commands() -> tuple[dict[str, str], list[list[str]]]:
    """The variables that the paragraph on private networks has one set, and the commands that it has one run."""
    (text,) = [each for each in re.findall(r"^```sh\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL) if "watchbill doctor" in each]
    lines = [shlex.split(line) for line in text.splitlines()]
    return dict(line[1].split("=", 1) for line in lines if line[0] == "export"), [line[1:] for line in lines if line[0] == "watchbill"]


@contextmanager
def a_gateway() -> Iterator[tuple[str, queue.Queue[tuple[str, str, dict[str, object]]]]]:
    """A gateway in a private network, which is this machine's own: its address, and what it is asked."""
    asked: queue.Queue[tuple[str, str, dict[str, object]]] = queue.Queue()

    class Gateway(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            asked.put((self.path, self.headers["Authorization"], json.loads(body)))
            self.send_response(202)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Gateway)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}", asked
    finally:
        server.shutdown()
        thread.join(WITHIN)
        server.server_close()


def test_who_follows_it_on_a_private_network_gets_a_page_at_the_first_try(tmp_path: Path) -> None:
    """
    With the connector, the variable and the flags that the README shows, `doctor` has nothing to say, and the first alert pages.
    """
    variables, (doctor, serve) = commands()
    with a_gateway() as (address, asked):
        connector = block("yaml", "ownership/pager.yaml").replace("10.20.0.5:8080", address)
        people = POLICIES["ownership/payments.yaml"].partition("---\napiVersion: watchbill/v1\nkind: Connector")[0]
        texts = {
            "watchbill.yaml": POLICIES["watchbill.yaml"],
            "ownership/payments.yaml": people.replace("phone.call", "pager.page").replace("hotline.page", "pager.page"),
            "ownership/pager.yaml": connector,
            "policies/payments.yaml": POLICIES["policies/payments.yaml"].partition("---")[0],
        }
        for name, text in texts.items():
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text(text.lstrip(), "utf-8")
        # The private network of a test is this machine's.
        flags = [each.replace("10.0.0.0/8", "127.0.0.0/8") for each in serve[1:]]

        told = watchbill(*doctor[:1], *flags, cwd=tmp_path, **variables)
        with process(tmp_path, *flags, **variables) as server:
            httpx.post(f"{server.url}/api/v2/alerts", json=[an_alert()]).raise_for_status()
            path, token, page = asked.get(timeout=WITHIN)
            strictly = httpx.get(f"{server.url}/readyz?strict")

    assert doctor[1:] == serve[1:]
    assert (told.returncode, told.stdout.endswith("no findings\n")) == (0, True)
    assert (path, token) == ("/pages", f"Bearer {variables['SHOP_PAGER_TOKEN']}")
    assert page["to"] == "+351 555 0100"
    assert (strictly.status_code, strictly.text) == (200, "ready\n")
