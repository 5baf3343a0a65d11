"""Handing a mail to a server: SMTP with TLS, from a thread, since the standard library's client waits.

Rule 1: the connection is made to an address that was checked, and all that follows happens on it.
Rule 2: when time is over, or nobody waits any more, the connection is cut from outside, which ends the thread, however slowly
the other side goes on talking. What a server may say at all is bounded.
Rule 3: up to the moment the mail itself is sent, a failure means that it was not accepted; from then on only an answer tells.
"""

from __future__ import annotations

import asyncio
import re
import smtplib
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from watchbill.connectors.outbound import Outbound
from watchbill.connectors.performing import NotDone, Refused, Transient, Unable, Unknown
from watchbill.connectors.reaching import Address, is_public
from watchbill.connectors.redacting import Redactor
from watchbill.connectors.threads import Threads

Answered: TypeAlias = "tuple[int, bytes]"

_MOST_SAID: Final = 256 * 1024
_NO_LEAVE: Final = frozenset((530, 534, 535, 538))
"""Codes by which a server says that it takes no mail from this caller: RFC 4954, section 6."""
"""Bytes that a server may answer in one conversation."""


@dataclass(frozen=True, slots=True)
class Server:
    """Where mail is handed in, and how: *tls* is ``at once`` (SMTPS), ``on request`` (STARTTLS, which is then required) or ``none``."""

    host: str
    port: int
    tls: str
    username: str = field(default="", repr=False)
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail as it travels: *content* in bytes with CRLF, from *sender* to one *recipient*."""

    sender: str
    recipient: str
    content: bytes


class _Limited:
    """A file to read answers from, up to a bound."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self._left = _MOST_SAID

    def readline(self, most: int) -> bytes:
        line: bytes = self._file.readline(most)
        self._left -= len(line)
        # The library would take a line that is too long for a refusal, though it may be the end of a yes.
        if self._left < 0 or len(line) >= most:
            raise OSError("the mail server says too much")
        return line

    def close(self) -> None:
        self._file.close()


class _Client(smtplib.SMTP):
    """A conversation over a connection that is there already."""

    def __init__(self, connection: socket.socket, host: str) -> None:
        # Without a host the library neither looks up a name nor connects.
        super().__init__(local_hostname=_own_name(), timeout=connection.gettimeout() or 1.0)
        self._host = host  # what a certificate is verified against
        self.sock = connection

    def getreply(self) -> tuple[int, bytes]:
        """The next answer, read within the bound."""
        if self.file is None:
            self.file = _Limited(self.sock.makefile("rb"))  # type: ignore[union-attr]
        return super().getreply()


class Mailbox:
    """Hands mails in; many at once, each over a connection of its own."""

    __slots__ = ("_http", "_plain", "_threads")

    def __init__(self, http: Outbound, *, plain: bool = False) -> None:
        self._http = http
        self._plain = plain
        self._threads = Threads("mail")

    async def hand_in(self, server: Server, mail: Mail, seconds: float, redactor: Redactor) -> None:
        """The mail is accepted when this returns. Raises Transient, Unknown or Refused otherwise."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        stage = _Stage()
        try:
            async with asyncio.timeout_at(deadline):
                tls = await self._http.tls()
                connection = await self._connected(server, deadline)
        except TimeoutError:
            raise Transient(f"{server.host} did not answer in time") from None
        # A second hold on the connection: it can be cut through this one, whatever the thread has made of the first.
        cutter = connection.dup()
        connection.settimeout(max(deadline - loop.time(), 0.05))
        is_late = False
        try:
            async with asyncio.timeout_at(deadline):
                await self._threads.run(_converse, connection, tls, server, mail, redactor, stage)
        except TimeoutError:
            is_late = True
        finally:
            with suppress(OSError):
                cutter.shutdown(socket.SHUT_RDWR)
            cutter.close()
            if not stage.is_begun:
                connection.close()
        if is_late:
            # Looked at after the cut: what was not sent by now cannot be sent any more.
            raise stage.lost(f"{server.host} did not answer in time")

    async def _connected(self, server: Server, deadline: float) -> socket.socket:
        loop = asyncio.get_running_loop()
        addresses = await self._http.addresses(server.host, server.port)
        if server.tls == "none" and not self._plain and not all(address.is_loopback for address in addresses):
            raise Unable(f"mail is not handed to {server.host} without TLS: write smtp:// or smtps://, or start with leave to do so")
        if server.tls == "none" and server.password and any(is_public(address) for address in addresses):
            raise Unable(f"a password is not sent to {server.host} without TLS: write smtp:// or smtps://")
        for left, address in zip(range(len(addresses), 0, -1), addresses, strict=True):
            try:
                async with asyncio.timeout((deadline - loop.time()) / left):
                    return await _connect(address, server.port)
            except (OSError, TimeoutError):
                continue
        raise Transient(f"{server.host} cannot be reached")


async def _connect(address: Address, port: int) -> socket.socket:
    connection = socket.socket(socket.AF_INET if address.version == 4 else socket.AF_INET6, socket.SOCK_STREAM)
    connection.setblocking(False)
    try:
        await asyncio.get_running_loop().sock_connect(connection, (str(address), port))
    except BaseException:
        connection.close()
        raise
    return connection


class _Stage:
    """How far the conversation is: a thread writes it, and the loop reads it when the time is over."""

    __slots__ = ("is_begun", "is_sent")

    def __init__(self) -> None:
        self.is_begun = False
        self.is_sent = False

    def lost(self, error: str) -> NotDone:
        """What it means that nothing more was heard."""
        return Unknown(error) if self.is_sent else Transient(error)


def _converse(connection: socket.socket, tls: ssl.SSLContext, server: Server, mail: Mail, redactor: Redactor, stage: _Stage) -> None:
    """The whole conversation, up to the answer to the mail."""
    stage.is_begun = True
    client: _Client | None = None
    try:
        if server.tls == "at once":
            connection = tls.wrap_socket(connection, server_hostname=server.host)
        client = _Client(connection, server.host)
        _expect(client.getreply(), server.host, redactor)
        _introduce(client, tls, server, redactor)
        _hand_over(client, server, mail, redactor, stage)
    except ssl.SSLCertVerificationError as distrust:
        raise Unable(f"the certificate of {server.host} is not to be trusted: {distrust.verify_message}") from None
    except smtplib.SMTPNotSupportedError:
        raise Unable(f"{server.host} cannot take this mail, or no password in a way that is known here") from None
    except smtplib.SMTPResponseException as problem:
        raise _meant((problem.smtp_code, _bytes(problem.smtp_error)), server.host, redactor) from None
    except ValueError:
        raise Refused(f"the mail to {server.host} cannot be written as SMTP") from None
    except OSError:
        when = "without an answer to the mail" if stage.is_sent else "before it took the mail"
        raise stage.lost(f"{server.host} ended the conversation {when}") from None
    finally:
        # An answer is there, or there will be none: nothing is waited for any more, not even for a farewell.
        with suppress(OSError, smtplib.SMTPException):
            if client is not None:
                client.putcmd("quit")
        with suppress(OSError):
            if client is not None:
                client.close()
        connection.close()


def _introduce(client: _Client, tls: ssl.SSLContext, server: Server, redactor: Redactor) -> None:
    """Say who is there, begin TLS where it is not there yet, and log in."""
    client.ehlo_or_helo_if_needed()
    if server.tls == "on request":
        if not client.has_extn("starttls"):
            raise Unable(f"{server.host} offers no TLS on this port: write smtps:// if it begins with TLS at once")
        client.starttls(context=tls)  # raises where the answer is anything but a yes
        client.ehlo_or_helo_if_needed()
    if server.username or server.password:
        client.login(server.username, server.password)


def _hand_over(client: _Client, server: Server, mail: Mail, redactor: Redactor, stage: _Stage) -> None:
    options = []
    if not (mail.sender.isascii() and mail.recipient.isascii()):
        if not client.has_extn("smtputf8"):
            raise Refused(f"{server.host} takes no addresses with other than plain letters")
        options.append("SMTPUTF8")
        client.command_encoding = "utf-8"
    _expect(client.mail(mail.sender, options), server.host, redactor)
    _expect(client.rcpt(mail.recipient), server.host, redactor)
    _expect(client.docmd("DATA"), server.host, redactor, 3)
    stage.is_sent = True
    # A line that begins with a stop gets a second one: a stop alone ends the mail.
    client.send(re.sub(rb"(?m)^\.", b"..", mail.content) + b".\r\n")
    _expect(client.getreply(), server.host, redactor)


def _expect(answer: Answered, host: str, redactor: Redactor, hundreds: int = 2) -> None:
    """Raise what an *answer* means whose code has not as many *hundreds* as a yes has."""
    if answer[0] // 100 != hundreds:
        raise _meant(answer, host, redactor)


def _meant(answer: Answered, host: str, redactor: Redactor) -> NotDone:
    """What a no means: one that begins with 5 is for good."""
    code, words = answer
    if code < 0:
        return Transient(f"{host} ended the conversation")
    said = redactor.line(_bytes(words).decode("utf-8", "replace"))
    told = f"{host} answered {code}" + (f": {said}" if said else "")
    if code in _NO_LEAVE:
        return Unable(told)
    return Refused(told) if code // 100 == 5 else Transient(told)


def _bytes(words: object) -> bytes:
    return words if isinstance(words, bytes) else str(words).encode("utf-8", "replace")


def _own_name() -> str:
    name = socket.gethostname()
    return name if name.isascii() and "." in name else "[127.0.0.1]"
