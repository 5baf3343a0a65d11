"""The options of every verb that runs the engine, and of those that write into its record."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from watchbill.cli.options import Length

if TYPE_CHECKING:
    from watchbill.cli.wiring import Setup

F = TypeVar("F", bound=Callable[..., Any])

_URL: Final = {"default": "", "metavar": "URL"}
_LENGTH: Final = {"type": Length(), "show_default": True, "metavar": "DURATION"}
_AGAIN: Final = {"multiple": True}

ENGINE: Final[Mapping[str, Mapping[str, Any]]] = {
    "--public-url": {**_URL, "help": "Where people reach this server; links in messages begin with it."},
    "--resolve-timeout": {**_LENGTH, "default": "5m", "help": "After which an alert of Prometheus is over that is not sent again."},
    "--heartbeat-url": {**_URL, "help": "A dead man's switch outside, asked for as long as all is well."},
    "--heartbeat-method": {
        "type": click.Choice(["GET", "POST"], case_sensitive=False),
        "default": "GET",
        "show_default": True,
        "help": "How it is asked: most take either, a few want POST.",
    },
    "--heartbeat-every": {**_LENGTH, "default": "1m", "help": "How often that address is asked for."},
    "--secrets-dir": {
        **_AGAIN,
        "type": click.Path(path_type=Path),
        "metavar": "DIR",
        "help": "A folder whose files policies may name as secrets, file/NAME. May be given again, as those below.",
    },
    "--secret-prefix": {**_AGAIN, "metavar": "PREFIX", "help": "Variables that begin so may be named as secrets, env/NAME."},
    "--allow-private": {**_AGAIN, "metavar": "HOST|CIDR", "help": "A host or network that is not public and may be connected to."},
    "--connector-program": {**_AGAIN, "metavar": "NAME=PATH", "help": "A program that carries out connectors of the type NAME."},
    "--log-format": {
        "type": click.Choice(["auto", "text", "json"]),
        "default": "auto",
        "show_default": True,
        "help": "How the log is written, to standard error: auto is text on a terminal and JSON elsewhere.",
    },
    "--log-level": {
        "type": click.Choice(["debug", "info", "warning", "error"]),
        "default": "info",
        "show_default": True,
        "help": "How much is logged.",
    },
    "--stop-within": {**_LENGTH, "default": "10s", "help": "How long what is under way may go on after a stop was asked for."},
}
"""What an engine is told: where secrets are, what may be reached, which programs are connectors, and how it speaks."""


def database(verb: str, *like: str) -> Callable[[F], F]:
    """The ``--database`` of this *verb*. Where nothing is said of it, what was said for the verbs that it is *like* counts."""
    return click.option(
        "--database",
        metavar="URL",
        envvar=[*(f"WATCHBILL_{each.upper()}_DATABASE" for each in (verb, *like)), "WATCHBILL_DATABASE"],
        help="The record, as sqlite:///PATH or a path; by default .watchbill/watchbill.db beside watchbill.yaml.",
    )


def engine(verb: str, *like: str, **defaults: str) -> Callable[[F], F]:
    """The options of `ENGINE` for this *verb*, each of them a variable too; some may have other *defaults* here.

    Where nothing is said of one, what the variables of the verbs that it is *like* say counts.
    """

    def added(function: F) -> F:
        for name, about in reversed(tuple(ENGINE.items())):
            variables = [f"WATCHBILL_{each.upper()}_{name[2:].upper().replace('-', '_')}" for each in (verb, *like)]
            default = defaults.get(name[2:].replace("-", "_"), about.get("default"))
            function = click.option(name, envvar=variables, **{**about, "default": default} if default is not None else about)(function)
        return function

    return added


def setup_of(verb: str, database: str | None, policies: str | None, given: Mapping[str, Any]) -> Setup:
    """How the engine of this *verb* is put together, as its options say. Raises UserError where there are no policies."""
    from watchbill.cli.repository import root_of
    from watchbill.cli.wiring import Setup, database_of

    root = root_of(policies)
    return Setup(
        root=root,
        database=database_of(database, root),
        verb=verb,
        public_url=given["public_url"],
        resolve_timeout=given["resolve_timeout"],
        stop_within=given["stop_within"],
        heartbeat_url=given["heartbeat_url"],
        heartbeat_method=given["heartbeat_method"],
        heartbeat_every=given["heartbeat_every"],
        secret_folders=tuple(given["secrets_dir"]),
        secret_prefixes=given["secret_prefix"],
        private=given["allow_private"],
        programs=given["connector_program"],
    )
