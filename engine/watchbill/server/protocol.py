"""How HTTP is spoken: what a connection may take of our time and memory before a request of it is answered.

Rule 1: a head is there within its time, and bounded: its bytes and the count of its headers. What is longer is answered with 431.
Rule 2: around a body there is no more than a body needs: extensions of chunks and trailers are bounded as well.
Rule 3: connections that have not asked anything yet are bounded, for each address and together; the one that has waited longest is let
go for a new one, so that whoever asks a question is heard.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from uvicorn.config import HTTPProtocolType

TOO_LARGE: Final = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: text/plain; charset=utf-8\r\nconnection: close\r\n"


@dataclass(frozen=True, slots=True)
class HeadBounds:
    """What a connection may have: a head of so many *bytes* and *headers* that is there *within* so many seconds.

    *unfinished* connections of one address, and *waiting* ones of all, have no request in hand.
    """

    within: float = 10.0
    bytes: int = 64 * 1024
    headers: int = 100
    unfinished: int = 256
    waiting: int = 2_000


class Waiting:
    """The connections that have no request in hand, those that have waited longest first."""

    def __init__(self, bounds: HeadBounds) -> None:
        self._bounds = bounds
        self._all: dict[Any, str] = {}
        self._by_address: dict[str, dict[Any, None]] = {}

    def add(self, connection: Any, address: str) -> Any | None:
        """This *connection* waits from now on; the one that is to be let go for it, if any."""
        self.remove(connection)
        self._all[connection] = address
        mine = self._by_address.setdefault(address, {})
        mine[connection] = None
        if len(mine) > self._bounds.unfinished:
            return next(iter(mine))
        return next(iter(self._all)) if len(self._all) > self._bounds.waiting else None

    def remove(self, connection: Any) -> None:
        """This *connection* waits no more: it has asked, or is gone."""
        address = self._all.pop(connection, None)
        if address is not None:
            mine = self._by_address[address]
            del mine[connection]
            if not mine:
                del self._by_address[address]


def protocol(bounds: HeadBounds) -> type[asyncio.Protocol] | HTTPProtocolType:
    """The protocol for uvicorn: by httptools where it is there, else by h11, which bounds heads by itself."""
    try:
        from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
    except ImportError:
        return "h11"

    waiting = Waiting(bounds)

    class TooMuch(Exception):
        """A head, or what stands around a body, is longer than it may be."""

    class Bounded(HttpToolsProtocol):
        """Waits for the head of a request, and not for ever, nor for any length."""

        _timer: asyncio.TimerHandle | None = None
        _is_in_head = True
        _is_too_large = False
        _taken = _headers = _length = _around = _body = 0

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._wait()

        def data_received(self, data: bytes) -> None:
            if self.transport.is_closing():
                return
            if self._is_in_head:
                # Looked at before it is read: what is read of an unfinished value is copied again and again.
                if self._taken > bounds.bytes:
                    self._refuse()
                    return
                self._taken += len(data)
            else:
                self._around += len(data)
            super().data_received(data)
            # A chunk of one byte has five around it; what is more is not said for the body's sake.
            if not self._is_in_head and self._around - 9 * self._body > bounds.bytes + len(data):
                self._refuse()

        def on_message_begin(self) -> None:
            super().on_message_begin()
            abort: Callable[[], None] = self.transport.abort
            self.scope["state"]["abort"] = abort
            self._is_in_head = True
            self._headers = self._length = 0
            self._wait()

        def on_url(self, url: bytes) -> None:
            self._taken_by(len(url))
            super().on_url(url)

        def on_header(self, name: bytes, value: bytes) -> None:
            self._headers += 1
            self._taken_by(len(name) + len(value))
            super().on_header(name, value)

        def on_headers_complete(self) -> None:
            self._forget()
            waiting.remove(self)
            self._is_in_head = False
            self._taken = self._around = self._body = 0
            super().on_headers_complete()

        def on_body(self, body: bytes) -> None:
            self._body += len(body)
            super().on_body(body)

        def on_message_complete(self) -> None:
            super().on_message_complete()
            self._is_in_head = True
            self._taken = 0

        def on_response_complete(self) -> None:
            super().on_response_complete()
            if not self.transport.is_closing() and self._is_in_head:
                self._let_go(waiting.add(self, self._address))

        def send_400_response(self, msg: str) -> None:
            if self._is_too_large:
                self.transport.write(TOO_LARGE + b"content-length: 0\r\n\r\n")
                self.transport.close()
            else:
                super().send_400_response(msg)

        def connection_lost(self, exc: Exception | None) -> None:
            self._forget()
            waiting.remove(self)
            super().connection_lost(exc)

        @property
        def _address(self) -> str:
            return self.client[0] if self.client else ""

        def _taken_by(self, length: int) -> None:
            self._length += length
            if self._headers > bounds.headers or self._length > bounds.bytes:
                self._is_too_large = True
                raise TooMuch

        def _refuse(self) -> None:
            self._is_too_large = True
            self.send_400_response("")

        def _wait(self) -> None:
            """A head is awaited from now on."""
            self._forget()
            self._timer = self.loop.call_later(bounds.within, self._give_up)
            self._let_go(waiting.add(self, self._address))

        @staticmethod
        def _let_go(connection: Any | None) -> None:
            if connection is not None:
                connection._give_up()

        def _forget(self) -> None:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None

        def _give_up(self) -> None:
            if not self.transport.is_closing():
                self.transport.abort()

    return Bounded
