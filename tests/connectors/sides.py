"""The other side of a connection: real servers on this machine, which behave, or do not."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

QUIET_WITHIN = 5.0


@dataclass
class Got:
    """A request as a server got it: its first line, its headers by name in lower case, and its body."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Side:
    """A server, what reached it, and who is connected to it."""

    port: int = 0
    got: list[Any] = field(default_factory=list)
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    open: set[asyncio.Task[None]] = field(default_factory=set)
    connections: int = 0

    async def is_quiet(self) -> bool:
        """Whether nobody is connected any more, given a moment."""
        if self.open:
            await asyncio.wait(self.open, timeout=QUIET_WITHIN)
        return not self.open


Behave = Callable[[Side, asyncio.StreamReader, asyncio.StreamWriter], Any]


@asynccontextmanager
async def a_server(behave: Behave, tls: ssl.SSLContext | None = None) -> AsyncIterator[Side]:
    """A server on a free port, which treats every connection as *behave* does."""
    side = Side()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        side.connections += 1
        side.open.add(task)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
                await behave(side, reader, writer)
        finally:
            side.open.discard(task)
            writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    side.port = server.sockets[0].getsockname()[1]
    try:
        yield side
    finally:
        server.close()
        for task in tuple(side.open):
            task.cancel()
        if side.open:
            await asyncio.wait(side.open)
        # What a connection still has to close, it closes in the loop's next turns.
        for _ in range(3):
            await asyncio.sleep(0)


async def read_request(side: Side, reader: asyncio.StreamReader) -> Got:
    """The next request in HTTP/1.1."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.rstrip().split("\r\n")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    method, path, _ = first.split(" ")
    got = Got(method, path, headers, body)
    side.got.append(got)
    side.reached.set()
    return got


def answering(status: int = 200, body: bytes = b'{"ok": true}', headers: Mapping[str, str] | None = None) -> Behave:
    """Answers every request with this."""

    async def behave(side: Side, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(side, reader)
        fields = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
        writer.write(f"HTTP/1.1 {status} Said\r\n{fields}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        await writer.drain()
        await reader.read()

    return behave


async def hanging(side: Side, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Accepts, and never says a word."""
    side.reached.set()
    while await reader.read(65536):
        pass


async def hanging_after_request(side: Side, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Takes the request and never answers."""
    await read_request(side, reader)
    while await reader.read(65536):
        pass


def dripping(head: bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", every: float = 0.05) -> Behave:
    """Answers one byte at a time, for ever."""

    async def behave(side: Side, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        side.reached.set()
        writer.write(head)
        while not writer.is_closing():
            writer.write(b"x")
            await writer.drain()
            with suppress(TimeoutError):
                async with asyncio.timeout(every):
                    while await reader.read(65536):
                        pass
                    return

    return behave


def flooding(head: bytes, chunk: bytes) -> Behave:
    """Answers without an end."""

    async def behave(side: Side, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        side.reached.set()
        writer.write(head)
        while not writer.is_closing():
            writer.write(chunk)
            await writer.drain()

    return behave


async def cutting(side: Side, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Takes the request and ends the connection."""
    await read_request(side, reader)


# --- mail --------------------------------------------------------------------------------------------------------------


@dataclass
class Post:
    """A mail that a server took."""

    sender: str
    recipients: list[str]
    content: bytes
    was_tls: bool
    user: str


class _Box:
    """Takes mails, or says what it was told to say."""

    def __init__(self, side: Side, answers: Mapping[str, str]) -> None:
        self._side = side
        self._answers = answers

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        if "RCPT" in self._answers:
            return self._answers["RCPT"]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if "DATA" in self._answers:
            return self._answers["DATA"]
        content = envelope.content if isinstance(envelope.content, bytes) else str(envelope.content).encode()
        user = session.auth_data.login.decode() if isinstance(session.auth_data, LoginPassword) else ""
        self._side.got.append(Post(envelope.mail_from or "", envelope.rcpt_tos, content, session.ssl is not None, user))
        self._side.reached.set()
        return "250 OK"


@asynccontextmanager
async def a_mail_server(
    *,
    start_tls: ssl.SSLContext | None = None,
    tls: ssl.SSLContext | None = None,
    login: tuple[str, str] | None = None,
    answers: Mapping[str, str] | None = None,
    utf8: bool = False,
) -> AsyncIterator[Side]:
    """A mail server of the real kind: with STARTTLS, or TLS at once, and a *login* where one is wanted."""
    side = Side()

    def who(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        is_right = login is not None and (data.login, data.password) == (login[0].encode(), login[1].encode())
        return AuthResult(success=is_right, handled=False, auth_data=data)

    def make() -> SMTP:
        return SMTP(
            _Box(side, answers or {}),
            hostname="mail.example.com",
            ident="a mail server",
            tls_context=start_tls,
            require_starttls=start_tls is not None,
            authenticator=who if login is not None else None,
            auth_required=login is not None and start_tls is not None,
            auth_require_tls=start_tls is not None,
            enable_SMTPUTF8=utf8,
        )

    loop = asyncio.get_running_loop()
    server = await loop.create_server(make, "127.0.0.1", 0, ssl=tls)
    side.port = server.sockets[0].getsockname()[1]
    try:
        yield side
    finally:
        server.close()
        for _ in range(10):
            await asyncio.sleep(0)
