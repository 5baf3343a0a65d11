"""Every performer that comes with watchbill, and those of others, keep the contract."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from email import message_from_bytes
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

import pytest

from tests.connectors.contract import Asked, Case, Contract
from tests.connectors.makers import SECRET, Ways, a_request, is_gone, server_tls
from tests.connectors.sides import (
    Behave,
    Side,
    a_mail_server,
    a_server,
    answering,
    dripping,
    flooding,
    hanging,
    hanging_after_request,
)
from watchbill.connectors import webhook
from watchbill.connectors.catalogue import catalogue
from watchbill.connectors.discovering import Installed
from watchbill.connectors.performers import performers
from watchbill.connectors.programs import PROTOCOL, programs

pytestmark = pytest.mark.anyio


async def nothing() -> bool:
    return True


# --- over HTTP ---------------------------------------------------------------------------------------------------------

HTTP: dict[str, Behave] = {
    "well": answering(),
    "tells": answering(body=json.dumps({"you said": SECRET, "again": [SECRET]}).encode()),
    "denies": answering(403, f"no such token: {SECRET}".encode()),
    "hangs": hanging_after_request,
    "drips": dripping(),
    "floods": flooding(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65536),
}


@asynccontextmanager
async def a_webhook(out: Ways, behaviour: str) -> AsyncIterator[Asked]:
    async with a_server(HTTP[behaviour], server_tls()) as side:
        request = a_request(
            "webhook", "post", settings={"url": f"https://localhost:{side.port}/hook"}, secrets={"token": SECRET, "signing_secret": SECRET}
        )
        yield Asked(
            performers(out.outside),
            catalogue(),
            request,
            lambda: [got.headers["idempotency-key"] for got in side.got],
            side.reached.wait,
            side.is_quiet,
        )


@asynccontextmanager
async def a_page(out: Ways, behaviour: str) -> AsyncIterator[Asked]:
    async with a_server(HTTP[behaviour]) as side:
        request = a_request(
            "http", "get", {"path": "/status"}, settings={"url": f"http://127.0.0.1:{side.port}"}, secrets={"token": SECRET}
        )
        # What only reads has no key: where it went stands for one.
        asked = Asked(performers(out.outside), catalogue(), request, list, side.reached.wait, side.is_quiet)
        yield asked


# --- mail --------------------------------------------------------------------------------------------------------------

MAIL: dict[str, Behave] = {
    "hangs": hanging,
    "drips": dripping(b"220-"),
    "floods": flooding(b"", b"220-welcome\r\n" * 100),
}


@asynccontextmanager
async def a_mailbox(out: Ways, behaviour: str) -> AsyncIterator[Asked]:
    def asked(side: Side) -> Asked:
        request = a_request(
            "email",
            "send",
            {"to": "ana@example.com"},
            settings={"url": f"smtp://localhost:{side.port}", "from": "The watch <watch@example.com>"},
            secrets={"username": "the-watch", "password": SECRET},
        )
        keys = lambda: [message_from_bytes(each.content)["Message-ID"] for each in side.got]  # noqa: E731
        return Asked(performers(out.outside), catalogue(), request, keys, side.reached.wait, side.is_quiet)

    if behaviour in MAIL:
        async with a_server(MAIL[behaviour]) as side:
            yield asked(side)
    else:
        answers = {"DATA": f"554 no, {SECRET}"} if behaviour == "denies" else {}
        async with a_mail_server(start_tls=server_tls(), login=("the-watch", SECRET), answers=answers) as side:
            yield asked(side)


# --- programs ----------------------------------------------------------------------------------------------------------

SHELL = {
    "well": 'echo "$WATCHBILL_KEY" >> "$1"; echo done',
    "tells": f"echo '{SECRET}'; echo '{SECRET}' >&2",
    "denies": f"echo 'no: {SECRET}' >&2; exit 3",
    "hangs": 'echo reached >> "$1"; trap "" TERM; sleep 600 & wait; sleep 600',
    "drips": 'echo reached >> "$1"; while :; do printf x; sleep 0.05; done',
    "floods": 'echo reached >> "$1"; yes',
}


def lines(file: Path) -> list[str]:
    return file.read_text("utf-8").splitlines() if file.exists() else []


async def until(file: Path) -> None:
    while not lines(file):
        await asyncio.sleep(0.01)


@asynccontextmanager
async def a_command(out: Ways, behaviour: str) -> AsyncIterator[Asked]:
    with TemporaryDirectory(prefix="watchbill-") as name:
        folder = Path(name)
        folder.chmod(0o777)
        seen = folder / "seen"
        request = a_request("exec", "run", {"argv": ["sh", "-c", SHELL[behaviour], "sh", str(seen)]}, secrets={"unused": SECRET})
        yield Asked(performers(out.outside), catalogue(), request, lambda: lines(seen), lambda: until(seen), lambda: is_gone(request.key))


DESCRIBES = json.dumps(
    {
        "protocol": PROTOCOL,
        "type": {
            "summary": "Rings a bell.",
            "settings": {"type": "object", "properties": {}, "additionalProperties": False},
            "secrets": ["token"],
            "actions": [
                {
                    "name": "ring",
                    "summary": "Rings it.",
                    "arguments": {"type": "object", "properties": {"text": {"type": "string"}}, "additionalProperties": False},
                    "escaping": {"text": "none"},
                    "result": {
                        "type": "object",
                        "properties": {"said": {"type": "string"}},
                        "required": ["said"],
                        "additionalProperties": False,
                    },
                }
            ],
        },
    }
)
ANSWERS = {
    "well": {"done": {"result": {"said": "ding"}, "effect": "bell-1"}},
    "tells": {"done": {"result": {"said": f"the token is {SECRET}"}, "effect": SECRET}},
    "denies": {"refused": {"error": f"no such token: {SECRET}"}},
}


@asynccontextmanager
async def a_program(out: Ways, behaviour: str) -> AsyncIterator[Asked]:
    with TemporaryDirectory(prefix="watchbill-") as name:
        folder = Path(name)
        folder.chmod(0o777)
        seen, program = folder / "seen", folder / "bell"
        answer = json.dumps({"protocol": PROTOCOL, **ANSWERS.get(behaviour, {})})
        does = f'echo "$WATCHBILL_KEY" >> "$1"; echo \'{answer}\'' if behaviour in ANSWERS else SHELL[behaviour]
        program.write_text(
            f"#!/bin/sh\nread -r asked\ncase $asked in\n*describe*) echo '{DESCRIBES}'; exit;;\nesac\nset -- '{seen}'\n{does}\n", "utf-8"
        )
        program.chmod(0o755)
        others = programs([f"bell={program}"], out.outside.processes)
        request = a_request("bell", "ring", {"text": "wake up"}, secrets={"token": SECRET})
        yield Asked(
            performers(out.outside, others),
            catalogue(*(each.type for each in others)),
            request,
            lambda: lines(seen),
            lambda: until(seen),
            lambda: is_gone(request.key),
        )


# --- the rest ----------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def a_log(out: Ways, behaviour: str) -> AsyncIterator[Asked]:
    text = f"the token is {SECRET}" if behaviour == "tells" else "all is well"
    request = a_request("log", "write", {"text": text}, secrets={"token": SECRET})
    yield Asked(performers(out.outside), catalogue(), request, lambda: [str(each[2]["step"]) for each in out.logged], nothing, nothing)


@asynccontextmanager
async def an_installed_one(out: Ways, behaviour: str) -> AsyncIterator[Asked]:
    """A connector of somebody's package: the webhook under another name."""
    kind = replace(webhook.TYPE, name="pager")
    other = Installed(kind, SimpleNamespace(TYPE=kind, performer=webhook.performer))
    async with a_webhook(out, behaviour) as asked:
        request = replace(asked.request, type="pager")
        yield replace(asked, performers={"pager": other.performer(out.outside)}, catalogue=catalogue(kind), request=request)


CASES = (
    Case("webhook", a_webhook),
    Case("email", a_mailbox, ("well", "denies", "hangs", "drips", "floods")),
    Case("exec", a_command),
    Case("log", a_log, ("well", "tells")),
    Case("a program", a_program),
    Case("an installed connector", an_installed_one),
)


class TestEveryPerformer(Contract):
    @pytest.fixture(params=CASES, ids=lambda case: case.name)
    def case(self, request: pytest.FixtureRequest) -> Case:
        """Each performer in its turn."""
        found: Case = request.param
        return found


class TestThePageReader(Contract):
    """`http` reads, and has no key; what is asked about keys does not apply."""

    test_the_key_is_the_same_at_each_attempt = None  # type: ignore[assignment]
    test_requests_at_once_do_not_mix = None  # type: ignore[assignment]

    @pytest.fixture
    def case(self) -> Case:
        return Case("http", a_page, ("well", "tells", "hangs", "drips", "floods"))


async def test_what_cannot_be_carried_out_yet_says_so(out: Ways):
    """
    A type that this version only plans with is refused with a sentence that says so.
    """
    from tests.connectors.contract import outcome, told

    request: Any = a_request("slack", "post", {"channel": "#payments"})
    what = await outcome(Asked(performers(out.outside), catalogue(), request, list, nothing, nothing))

    assert told(what) == "this version plans with connectors of the type `slack`, and cannot carry out `the-slack.post` yet"
