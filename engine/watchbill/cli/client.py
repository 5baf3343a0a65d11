"""The server, as the daily verbs speak with it: one request, one answer, and a stream of what happens.

Rule 1: whatever goes wrong is said with the address it was asked at, and with the next thing to do.
Rule 2: the standard library is enough. Whoever is on call has the base installation, on a slow line.
Rule 3: a token goes to the address that was named, and nowhere else: no redirect is followed, and no proxy asked.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Any, Final, NamedTuple
from urllib.parse import quote, urlencode, urlsplit

from watchbill import __version__
from watchbill.errors import OutsideError, UserError, WatchbillError

MOST: Final = 64 * 1024 * 1024
"""Bytes of an answer that are read."""

SILENCE: Final = 45.0
"""Seconds for which a stream may be silent; the server shows a sign of life more often."""

LONGEST_LINE: Final = 16 * 1024 * 1024


class Address(NamedTuple):
    """Where the server is, as it was named."""

    url: str
    is_secure: bool
    host: str
    port: int | None
    path: str

    @classmethod
    def of(cls, url: str) -> Address:
        """The address that this *url* names. Raises UserError for what is none."""
        try:
            parts = urlsplit(url if "://" in url else f"http://{url}")
            port = parts.port
        except ValueError:
            raise _no_address(url) from None
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment or not _is_sendable(url):
            raise _no_address(url)
        if parts.username is not None:
            help = "leave them out; a token is given by WATCHBILL_TOKEN or `--token-file`"
            raise UserError("the server's address holds a name and a password", help, rule="bad-address")
        shown = f"{parts.scheme}://{parts.netloc}{parts.path}".rstrip("/")
        return cls(shown, parts.scheme == "https", parts.hostname, port, parts.path.rstrip("/"))


def _no_address(url: str) -> UserError:
    return UserError(f"`{url[:80]}` is no address of a server", "write it as http://127.0.0.1:9494", rule="bad-address")


def _is_sendable(text: str) -> bool:
    return text.isascii() and text.isprintable() and " " not in text


class Lost(Exception):
    """A stream that had begun broke off, or fell silent; *why* is for people."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Said(NamedTuple):
    """What came of something that was asked for: whether it was *done*, and the server's answer."""

    done: bool
    document: dict[str, Any]


class Happened(NamedTuple):
    """One event of the stream: the *id* to go on from, and the decision; None where the stream only shows that it is there."""

    id: str
    document: dict[str, Any] | None


class Client:
    """Speaks with the server at this *address*, as *name* where it asks for no token. *timeout* is in seconds."""

    def __init__(self, address: Address, token: str = "", name: str = "", timeout: float = 10.0) -> None:
        self.address, self.timeout = address, timeout
        self._headers = {"Accept": "application/json", "User-Agent": f"watchbill/{__version__}"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"
        if name:
            self._headers["X-Watchbill-As"] = name

    def read(self, path: str, query: Mapping[str, str | tuple[str, ...]] | None = None) -> dict[str, Any]:
        """What the server has at this *path*. Raises UserError and OutsideError as the server's refusal, or its silence, means."""
        return self._asked("GET", path, query, None).document

    def tell(self, path: str, body: Mapping[str, Any] | None = None, method: str = "POST") -> Said:
        """What came of this; not done is what the server took note of and did not do. Raises as `read` does."""
        return self._asked(method, path, None, body or {})

    def follow(self, after: str = "", incident: str = "") -> Iterator[Happened]:
        """What happens from the event *after* on, or from now on; first comes a sign that the stream has begun.

        Raises `Lost` where a stream that had begun breaks off, otherwise as `read` does.
        """
        query = {name: value for name, value in (("after", after), ("incident", incident)) if value}
        with closing(self._connected()) as connection:
            response = self._sent(connection, "GET", _target(self.address, "/v1/events", query), None)
            with response:
                if response.status != 200:
                    self._refused(response.status, self._body(response))
                if connection.sock is not None:
                    connection.sock.settimeout(SILENCE)
                yield from self._events(response)

    # --- one request ----------------------------------------------------------------------

    def _asked(self, method: str, path: str, query: Mapping[str, Any] | None, body: Mapping[str, Any] | None) -> Said:
        target = _target(self.address, path, query)
        with closing(self._connected()) as connection, self._sent(connection, method, target, body) as response:
            status, read = response.status, self._body(response)
        if 200 <= status < 300:
            return Said(True, self._document(read))
        return self._refused(status, read)

    def _connected(self) -> HTTPConnection:
        """A connection to be; nothing has been sent."""
        _, is_secure, host, port, _ = self.address
        if not is_secure:
            return HTTPConnection(host, port, timeout=self.timeout)
        import ssl

        return HTTPSConnection(host, port, timeout=self.timeout, context=ssl.create_default_context())

    def _sent(self, connection: HTTPConnection, method: str, target: str, body: Mapping[str, Any] | None) -> HTTPResponse:
        payload = None if body is None else json.dumps(body).encode()
        headers = self._headers if payload is None else {**self._headers, "Content-Type": "application/json"}
        try:
            connection.connect()
        except OSError as failure:
            raise self._unreachable(failure) from None
        try:
            connection.request(method, target, payload, headers)
            return connection.getresponse()
        except (OSError, HTTPException) as failure:
            raise self._broken(failure, is_safe=body is None) from None

    def _body(self, response: HTTPResponse) -> bytes:
        try:
            return response.read(MOST)
        except (OSError, HTTPException) as failure:
            raise self._broken(failure, is_safe=True) from None

    def _document(self, body: bytes) -> dict[str, Any]:
        try:
            found = json.loads(body)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise self.strange()
        return found

    # --- a stream -------------------------------------------------------------------------

    def _events(self, response: HTTPResponse) -> Iterator[Happened]:
        identity, parts = "", []
        while True:
            try:
                line = response.readline(LONGEST_LINE)
            except TimeoutError:
                raise Lost("it has fallen silent") from None
            except (OSError, HTTPException, ValueError):
                raise Lost("the connection broke off") from None
            if not line.endswith(b"\n"):
                raise Lost("it has ended the connection")
            name, _, value = line.rstrip(b"\r\n").partition(b":")
            if name == b"id":
                identity = value.decode("ascii", "replace").strip()
            elif name == b"data":
                parts.append(value)
            elif not line.strip():
                yield Happened(identity, self._document(b"\n".join(parts)) if parts else None)
                parts = []

    # --- what goes wrong --------------------------------------------------------------------

    def _refused(self, status: int, body: bytes) -> Said:
        """What the server's refusal means: an answer where it was understood and not done, and an error otherwise."""
        document = self._maybe(body)
        error = document.get("error")
        if not isinstance(error, dict) or not all(isinstance(error.get(name), str) for name in ("rule", "message", "help")):
            raise self.strange(f"with status {status}, ")
        rule, message, help = error["rule"], error["message"], error["help"]
        if status == 409 and rule in ("not-done", "digest-needed"):
            return Said(False, {**document, "answer": message})
        kind: type[WatchbillError] = OutsideError if status >= 500 or status in (408, 429) else UserError
        raise kind(message, _as_here(help), rule=rule)

    def _maybe(self, body: bytes) -> dict[str, Any]:
        try:
            return self._document(body)
        except OutsideError:
            return {}

    def strange(self, how: str = "") -> OutsideError:
        """What answers is no watchbill, or one that this version does not understand."""
        return OutsideError(
            f"what answers at {self.address.url}, {how}is not as watchbill {__version__} knows it",
            "name the server with `--server` or WATCHBILL_SERVER; if it is the right one, install the version of watchbill that it runs",
            rule="not-watchbill",
        )

    def _unreachable(self, failure: OSError) -> OutsideError:
        return OutsideError(
            f"no server can be reached at {self.address.url}: {_said(failure)}",
            "start one with `watchbill serve`, or name it with `--server` or WATCHBILL_SERVER",
            rule="server-unreachable",
        )

    def _broken(self, failure: Exception, *, is_safe: bool) -> OutsideError:
        if isinstance(failure, HTTPException) and not isinstance(failure, ConnectionError):
            return self.strange()
        why = f"{self.address.url} did not answer: {_said(failure)}"
        help = "try again" if is_safe else "look whether it was done all the same (`watchbill incidents`), and try again"
        return OutsideError(why, help, rule="server-unreachable")


def segment(text: str) -> str:
    """The *text* as one part of a path."""
    return quote(text, safe="")


def _target(address: Address, path: str, query: Mapping[str, Any] | None) -> str:
    given = urlencode(query, doseq=True) if query else ""
    return f"{address.path}{path}{f'?{given}' if given else ''}"


def _said(failure: Exception) -> str:
    """Why the network did not do it, in a few words."""
    if isinstance(failure, TimeoutError):
        return "it took too long"
    if isinstance(failure, ConnectionRefusedError):
        return "nothing listens there"
    reason = getattr(failure, "verify_message", "") or getattr(failure, "strerror", "") or getattr(failure, "reason", "")
    return str(reason) or str(failure) or type(failure).__name__


def _as_here(help: str) -> str:
    """A help that speaks of headers, in the words of the command line."""
    if "X-Watchbill-As" in help:
        return "say who you are with `--as NAME`, as policies call you, or set WATCHBILL_AS"
    if "Authorization" in help:
        return "set WATCHBILL_TOKEN, or name a file with `--token-file`; `watchbill token create` makes a token"
    return help
