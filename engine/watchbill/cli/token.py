"""``watchbill token``: who may ask the server for what."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import click

from watchbill.cli.answer import Answer
from watchbill.cli.engine_options import database
from watchbill.cli.options import Length, common, formats, now, policies
from watchbill.cli.output import json_text

if TYPE_CHECKING:
    from watchbill.store.tokens import Token

SCOPES: Final = ("read", "act", "ingest", "report", "admin")

EXAMPLES: Final = """\b
Examples:
  watchbill token create laptop --for ana --scope act --expires 90d
  watchbill token create prometheus --for monitoring --scope ingest
  watchbill token list
  watchbill token revoke laptop
"""


@click.group("token", short_help="Say who may ask the server for what: create, list, revoke.", epilog=EXAMPLES)
@common
def command() -> None:
    """Make, list and revoke tokens: what programs and people prove themselves with to `watchbill serve`.

    A token speaks for one person, and may do what its scopes say. They are written into the record itself, so this needs no
    token, and no server; one that runs takes note within two seconds.
    """


@command.command("create", short_help="Make a token, and show its secret once.")
@click.argument("name")
@click.option("--for", "who", metavar="PERSON", help="Whom it speaks for, as policies call them; by default NAME.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice(SCOPES),
    help="What it may: read everything; act, which answers and stops things besides; ingest, which sends alerts; report, which says what "
    "became of pages; admin, all of it. By default act. May be given again.",
)
@click.option("--expires", type=Length(), metavar="DURATION", help="After how long it counts for nothing, as 90d; by default never.")
@database("token_create")
@policies("token_create")
@formats("token_create", "text", "json")
@common
def create(
    name: str, who: str | None, scopes: tuple[str, ...], expires: timedelta | None, database: str | None, policies: str | None, form: str
) -> Answer:
    """Make the token NAME. Its secret is shown this once, and kept nowhere: the record has a hash of it.

    On a terminal a sentence goes with it, to standard error; standard output has the secret alone, so that a script can take it.
    """
    from watchbill.store import tokens

    speaks_for = who or name
    _check(name, speaks_for)
    moment = now()
    with _record(database, policies) as connection:
        until = moment + expires if expires is not None else None
        token, secret = tokens.create(
            connection, name=name, who=speaks_for, scopes=tuple(dict.fromkeys(scopes or ("act",))), now=moment, expires_at=until
        )
    if form == "json":
        return Answer(json_text({"token": _json(token), "secret": secret}, sys.stdout))
    until_said = f" until {token.expires_at:%Y-%m-%d}" if token.expires_at is not None else ""
    remark = f"{name} speaks for {speaks_for} ({', '.join(token.scopes)}){until_said}; this is the only time its secret is shown\n"
    return Answer(f"{secret}\n", remark=remark)


@command.command("list", short_help="List the tokens.")
@database("token_list")
@policies("token_list")
@formats("token_list", "text", "json")
@common
def listing(database: str | None, policies: str | None, form: str) -> Answer:
    """List all tokens there ever were, those that were revoked or have expired too. Secrets are not known any more."""
    from watchbill.store import tokens

    with _record(database, policies) as connection:
        found = tokens.listing(connection)
    if form == "json":
        return Answer(json_text({"tokens": [_json(token) for token in found]}, sys.stdout))
    if not found:
        return Answer("there is no token yet\n")
    rows = [("NAME", "FOR", "SCOPES", "EXPIRES", "LAST USED", "")]
    moment = now()
    for each in found:
        state = "revoked" if each.revoked_at else "expired" if each.expires_at is not None and each.expires_at <= moment else ""
        rows.append((each.name, each.who, ",".join(each.scopes), _day(each.expires_at), _day(each.last_used_at), state))
    widths = [max(len(row[column]) for row in rows) for column in range(6)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)
    return Answer("".join(f"{line}\n" for line in lines))


@command.command("revoke", short_help="Let a token count for nothing any more.")
@click.argument("name")
@database("token_revoke")
@policies("token_revoke")
@common
def revoke(name: str, database: str | None, policies: str | None) -> Answer:
    """Let the token NAME count for nothing any more. Its name is not given again: what it did is told by it."""
    from watchbill.errors import UserError
    from watchbill.store import tokens

    with _record(database, policies) as connection:
        if not tokens.revoke(connection, name, at=now()):
            raise UserError(f"no token called `{name}` is in force", "`watchbill token list` lists them", rule="unknown-token")
    return Answer("", remark=f"{name} is revoked\n")


def _record(database: str | None, policies: str | None) -> Any:
    """A connection to the record that a verb means. It needs no policies where the database is named."""
    from pathlib import Path

    from watchbill.cli.repository import root_of
    from watchbill.cli.wiring import check_extra, database_of

    check_extra("token")
    from watchbill.store.beside import beside

    return beside(database_of(database, Path() if database else root_of(policies)))


def _check(name: str, who: str) -> None:
    """Raises UsageError for names that could not be told apart where they are shown."""
    import re

    for what, text in (("NAME", name), ("PERSON", who)):
        if not re.fullmatch(r"[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?", text):
            raise click.UsageError(f"{what} {text[:60]!r} is no name: it is made of small letters, digits, and . _ - between them.")


def _json(token: Token) -> dict[str, Any]:
    times = {name: getattr(token, name) for name in ("created_at", "expires_at", "last_used_at", "revoked_at")}
    said = {name: moment.isoformat().replace("+00:00", "Z") if moment is not None else None for name, moment in times.items()}
    return {"name": token.name, "for": token.who, "scopes": list(token.scopes), **said}


def _day(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d}" if moment is not None else "never"
