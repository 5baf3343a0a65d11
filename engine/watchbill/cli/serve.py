"""``watchbill serve``: alerts come in, and what the policies say of them is carried out."""

from __future__ import annotations

from typing import Any, Final

import click

from watchbill.cli.answer import Answer, Session
from watchbill.cli.engine_options import database, engine, setup_of
from watchbill.cli.options import common, policies

EXAMPLES: Final = """\b
Examples:
  watchbill serve
  watchbill serve --port 0 --database /tmp/trial.db
  watchbill serve --host 0.0.0.0 --public-url https://oncall.example.com --secrets-dir /run/secrets
"""


@click.command("serve", short_help="Take alerts in, and carry out what the policies say.", epilog=EXAMPLES)
@click.option("--host", default="127.0.0.1", show_default=True, metavar="ADDRESS", help="Where to listen; 0.0.0.0 is everywhere.")
@click.option("--port", type=click.IntRange(0, 65535), default=9494, show_default=True, help="Which port; 0 takes one that is free.")
@database("serve")
@policies("serve")
@engine("serve")
@click.option("--access-log", is_flag=True, help="Log every request.")
@common
@click.pass_obj
def command(session: Session, /, host: str, port: int, database: str | None, policies: str | None, access_log: bool, **rest: Any) -> Answer:
    """Take alerts in from monitoring systems, and carry out what the policies say: for real.

    The policies are those of the current folder, or of --policies. SIGHUP loads them anew; SIGTERM ends in good order. The log goes to
    standard error; standard output has one line, `listening on http://…`, once alerts are taken in.

    Until the first token is made (`watchbill token create`), whoever is on this machine may do everything, and nobody else anything.
    """
    from watchbill.cli.wiring import check_extra, log_of

    check_extra("serve")
    from watchbill.cli.serving import serve
    from watchbill.server.serving import listen

    setup = setup_of("serve", database, policies, rest)
    log = log_of(session, rest["log_format"], rest["log_level"])
    serve(setup, log, listen(host, port), host, has_access_log=access_log)
    return Answer("")
