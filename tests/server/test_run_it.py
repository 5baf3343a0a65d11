"""What the README shows of running the server can be used as it stands."""

from __future__ import annotations

import configparser
import re
import shlex
from pathlib import Path

import click
import yaml

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
