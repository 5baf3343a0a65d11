"""The options of every verb that speaks with a server, and the client that they make."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from watchbill.cli.options import Length
from watchbill.report.incidents import without_nulls

if TYPE_CHECKING:
    from watchbill.cli.client import Client

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")

HERE: Final = "http://127.0.0.1:9494"
"""Where `watchbill serve` listens unless it is told otherwise."""

NAME: Final = re.compile(r"[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?")
"""What a person may be called."""

_TOKEN_BYTES: Final = 4096


def server(verb: str) -> Callable[[F], F]:
    """Where the server is that this *verb* asks, and how to prove who asks: ``--server``, ``--token-file``, ``--timeout``."""
    return _all(
        _shared(verb, "--server", "address", default=HERE, show_default=True, metavar="URL", help="The server to speak with."),
        _shared(
            verb,
            "--token-file",
            type=click.Path(),
            metavar="FILE",
            help="A file that holds your token, where the server asks for one; by default the variable WATCHBILL_TOKEN.",
        ),
        _shared(
            verb, "--timeout", type=Length(), default="10s", show_default=True, metavar="DURATION", help="How long to wait for an answer."
        ),
    )


def acting(verb: str) -> Callable[[F], F]:
    """The same, and who you are: ``--as``."""
    return _all(server(verb), as_person(verb))


def as_person(verb: str) -> Callable[[F], F]:
    """Who you are: ``--as``."""
    help = "Who you are, as policies call you; by default your login name. A token says it by itself."
    return _shared(verb, "--as", "who", metavar="NAME", callback=_person, help=help)


def incident(function: F) -> F:
    """The argument that names an incident."""
    return click.argument("incident", metavar="INCIDENT")(function)


def _all(*options: Callable[[F], F]) -> Callable[[F], F]:
    def added(function: F) -> F:
        for option in reversed(options):
            function = option(function)
        return function

    return added


def _shared(verb: str, name: str, *more: str, **rest: Any) -> Callable[[F], F]:
    """An option that may be set for all verbs at once, or for this one."""
    variable = name[2:].upper().replace("-", "_")
    return click.option(name, *more, envvar=[f"WATCHBILL_{verb.upper()}_{variable}", f"WATCHBILL_{variable}"], **rest)


def _person(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    if value is not None and not NAME.fullmatch(value):
        raise click.BadParameter(f"{value[:60]!r} is no person's name: it is made of small letters, digits, and . _ - between them.")
    return value


def login() -> str:
    """The login name of whoever sits here, if a person may be called so; empty otherwise."""
    name = next((found for variable in ("LOGNAME", "USER", "USERNAME") if (found := os.environ.get(variable))), "")
    if not name:
        try:
            import pwd

            name = pwd.getpwuid(os.getuid()).pw_name
        except (ImportError, KeyError):
            return ""
    return name.lower() if NAME.fullmatch(name.lower()) else ""


def client_of(address: str, token_file: str | None, timeout: timedelta, who: str | None = None) -> Client:
    """The client that these options describe. Raises UserError for an address or a token that is none."""
    from watchbill.cli.client import Address, Client

    return Client(Address.of(address), token_of(token_file), who or login(), timeout.total_seconds())


def token_of(path: str | None) -> str:
    """The token in the file at this *path*, else of the variable, else none. Raises UserError for what cannot be one."""
    if path is None:
        name, text = "WATCHBILL_TOKEN", os.environ.get("WATCHBILL_TOKEN", "")
    else:
        name, text = f"`{path}`", _read(path)
    token = text.strip()
    if (token or path is not None) and not re.fullmatch(r"[!-~]{1,1000}", token):
        from watchbill.errors import UserError

        raise UserError(f"{name} holds no token: a token is one word", "`watchbill token create` makes one", rule="bad-token")
    return token


def _read(path: str) -> str:
    try:
        with open(path, "rb") as file:
            return file.read(_TOKEN_BYTES).decode("utf-8", "replace")
    except OSError as error:
        from watchbill.errors import OutsideError

        raise OutsideError(f"`{path}` cannot be read: {error.strerror}", "name a file that holds your token", rule="cannot-read") from error


def shaped(client: Client, document: Any, type: type[T]) -> T:
    """The *document* as this *type*, without what is null in it. Raises OutsideError where the server says something else."""
    import msgspec

    try:
        return msgspec.convert(without_nulls(document), type)
    except (msgspec.ValidationError, RecursionError):
        raise client.strange() from None
