"""The verbs by which people answer an incident, or one of its steps: ``ack``, ``resolve``, ``deny`` and the others.

Each is one request to the server, and one line about what came of it. Where the server took note and nothing came of it, because
somebody was quicker or it makes no sense any more, the line says why, and the exit code is 1.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import click

from watchbill.cli.answer import Answer
from watchbill.cli.options import Length, Moment, common, formats
from watchbill.cli.output import is_interactive, json_text
from watchbill.cli.server_options import acting, client_of, incident

if TYPE_CHECKING:
    from watchbill.cli.client import Said

NOTE_BYTES: Final = 60_000
"""Bytes of a note that are read: more than one may have, so that the server says so."""

INCIDENT: Final = "INCIDENT is its id, the beginning of it as long as that means one only, or the six letters at its end."

STEP: Final = (
    f"{INCIDENT} STEP is the part of the step's id after the incident, the beginning of that, or the name of its policy; it need not be "
    "given where only one can be meant."
)


class Asked(NamedTuple):
    """How the server is asked: as the options say."""

    address: str
    token_file: str | None
    timeout: timedelta
    who: str | None
    form: str


def ask(asked: Asked, name: str, word: str, body: Mapping[str, Any] | None = None) -> Answer:
    """Say this *word* of the incident of this *name*, or of a step of it, and tell what came of it."""
    from watchbill.cli.client import segment

    client = client_of(asked.address, asked.token_file, asked.timeout, asked.who)
    said = client.tell(f"/v1/incidents/{segment(name)}/{word}", body)
    remark = ""
    by = said.document.get("by")
    if asked.who is not None and isinstance(by, str) and by != asked.who:
        from watchbill.report.plain import plain

        remark = f"the token is {plain(by)}'s, so it was said by {plain(by)}, not by {asked.who}\n"
    return Answer(_told(said, asked.form), 0 if said.done else 1, remark)


def _told(said: Said, form: str) -> str:
    if form == "json":
        keys = ("incident", "number", "status", "by", "answer", "question", "candidates")
        return json_text({"done": said.done, **{key: said.document[key] for key in keys if key in said.document}}, sys.stdout)
    from watchbill.report.plain import plain

    incident, answer = (plain(str(said.document.get(key) or "")) for key in ("incident", "answer"))
    return f"{incident}: {'' if said.done else 'nothing done: '}{answer}\n"


def _of_incident(verb: str, short: str, help: str, *, word: str = "") -> click.Command:
    """A verb that takes an incident and nothing else."""

    @click.command(verb, short_help=short, help=f"{help}\n\n{INCIDENT}")
    @incident
    @acting(verb)
    @formats(verb, "text", "json")
    @common
    def command(incident: str, address: str, token_file: str | None, timeout: timedelta, who: str | None, form: str) -> Answer:
        return ask(Asked(address, token_file, timeout, who, form), incident, word or verb)

    return command


def _of_step(verb: str, short: str, help: str, *, word: str = "") -> click.Command:
    """A verb that takes an incident, and a step of it where several could be meant."""

    @click.command(verb, short_help=short, help=f"{help}\n\n{STEP}")
    @incident
    @click.argument("step", required=False, metavar="[STEP]")
    @acting(verb.replace("-", "_"))
    @formats(verb.replace("-", "_"), "text", "json")
    @common
    def command(
        incident: str, step: str | None, address: str, token_file: str | None, timeout: timedelta, who: str | None, form: str
    ) -> Answer:
        name, named = parted(incident, step)
        return ask(Asked(address, token_file, timeout, who, form), name, word or verb, {"step": named} if named else None)

    return command


def parted(incident: str, step: str | None) -> tuple[str, str]:
    """The incident and the step that are meant; a step's whole id names both."""
    name, slash, rest = incident.partition("/")
    return (name, rest) if slash and step is None else (incident, step or "")


ack = _of_incident(
    "ack",
    "Take an incident: nobody else is paged for it.",
    "Take an incident. Paging stops, and starts again if it gets worse, if you give it back, or when your time is over: `watchbill extend` "
    "makes that longer.",
)
unack = _of_incident(
    "unack",
    "Give an incident back: people are paged for it again.",
    "Give an incident back that somebody had taken. Paging begins again.",
)
mitigate = _of_incident(
    "mitigate",
    "Say that users are no longer affected.",
    "Say that users are no longer affected. Paging stops; the incident stays open until it is resolved.",
)
resolve = _of_incident(
    "resolve",
    "Say that an incident is over.",
    "Say that an incident is over. If its alerts fire again, it is opened again.",
)
escalate = _of_incident(
    "escalate",
    "Have more people paged, at once.",
    "Have the next level paged at once, or the first where nobody is being paged.",
)
deny = _of_step(
    "deny",
    "Say no to a step that waits for a yes.",
    "Say no to a remediation or an update that waits for a yes, or that a remediation which is offered shall not be started.",
)
retry = _of_step(
    "retry",
    "Have a step tried again that failed or was stopped.",
    "Have a step tried again that failed, that was stopped, or that would be tried again later.",
)
run_step = _of_step(
    "run-step",
    "Start a remediation that is offered.",
    "Start a remediation that is offered to people. Its guards are looked at first, and it runs as if it had begun by itself.",
    word="run",
)

_SNOOZES: Final = """\b
Examples:
  watchbill snooze checkout-7f3k2a 2h
  watchbill snooze checkout-7f3k2a --until 2026-11-23T08:00:00Z
"""


@click.command("snooze", short_help="Take an incident, and be paged again later.", epilog=_SNOOZES)
@incident
@click.argument("length", type=Length(), required=False, metavar="[DURATION]")
@click.option("--until", type=Moment(), metavar="TIME", help="When to page again, as 2026-11-23T08:00:00Z, instead of DURATION.")
@acting("snooze")
@formats("snooze", "text", "json")
@common
def snooze(
    incident: str,
    length: timedelta | None,
    until: datetime | None,
    address: str,
    token_file: str | None,
    timeout: timedelta,
    who: str | None,
    form: str,
) -> Answer:
    """Take an incident, and let it page again after DURATION, as 2h, unless it is resolved by then.

    INCIDENT is its id, the beginning of it as long as that means one only, or the six letters at its end.
    """
    if (length is None) == (until is None):
        raise click.UsageError("Say for how long, as 2h, or until when, with --until.")
    return ask(Asked(address, token_file, timeout, who, form), incident, "snooze", lasting(length, until))


def lasting(length: timedelta | None, until: datetime | None) -> dict[str, str]:
    """How the server is told of an end, where there is one."""
    from watchbill.expressions.durations import format_duration

    if length is not None:
        return {"for": format_duration(length)}
    return {"until": until.isoformat()} if until is not None else {}


_EXTENDS: Final = """\b
Examples:
  watchbill extend checkout-7f3k2a
  watchbill extend checkout-7f3k2a --for 2h
"""


@click.command("extend", short_help="Keep an incident that you have for longer.", epilog=_EXTENDS)
@incident
@click.option(
    "--for", "length", type=Length(), metavar="DURATION", help="How long from now, as 2h; by default as long as the policies say."
)
@acting("extend")
@formats("extend", "text", "json")
@common
def extend(
    incident: str, length: timedelta | None, address: str, token_file: str | None, timeout: timedelta, who: str | None, form: str
) -> Answer:
    """Keep an incident that you have acknowledged, so that it is not given back. It is never kept for less than it was.

    INCIDENT is its id, the beginning of it as long as that means one only, or the six letters at its end.
    """
    return ask(Asked(address, token_file, timeout, who, form), incident, "extend", lasting(length, None))


_NOTES: Final = """\b
Examples:
  watchbill note checkout-7f3k2a 'Rolled back to the release of yesterday.'
  kubectl get pods | watchbill note checkout-7f3k2a -
"""


@click.command("note", short_help="Write something on an incident's timeline.", epilog=_NOTES)
@incident
@click.argument("text", nargs=-1, metavar="TEXT")
@acting("note")
@formats("note", "text", "json")
@common
def note(
    incident: str, text: tuple[str, ...], address: str, token_file: str | None, timeout: timedelta, who: str | None, form: str
) -> Answer:
    """Write TEXT on an incident's timeline; - is standard input. Several words need no quotes.

    INCIDENT is its id, the beginning of it as long as that means one only, or the six letters at its end.
    """
    if not text and is_interactive():
        raise click.UsageError("Say what to write, or - to read it from standard input.")
    written = sys.stdin.buffer.read(NOTE_BYTES).decode("utf-8", "replace").rstrip() if text in ((), ("-",)) else " ".join(text)
    if not written.strip():
        raise click.UsageError("There is nothing in the note.")
    return ask(Asked(address, token_file, timeout, who, form), incident, "note", {"text": written})
