"""HTTP by httptools, with what a connection may take bounded (see `watchbill.server.protocol`)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from watchbill.server.protocol import HeadBounds, Waiting

TOO_LARGE: Final = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: text/plain; charset=utf-8\r\nconnection: close\r\n"


class TooMuch(Exception):
    """A head is longer than it may be."""


class BoundedProtocol(HttpToolsProtocol):
    """Waits for the head of a request, and not for ever, nor for any length. A subclass says the *bounds*, and who is *waiting*."""

    bounds: HeadBounds
    waiting: Waiting

    _timer: asyncio.TimerHandle | None = None
    _is_in_head = True
    _is_too_large = False
    _taken = _headers = _length = _around = _body = 0

    def connection_made(self, transport: Any) -> None:
        """Somebody has connected, and has asked nothing yet."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Read on, unless it is more than it may be."""
        if self.transport.is_closing():
            return
        if self._is_in_head:
            # Looked at before it is read: what is read of an unfinished value is copied again and again.
            if self._taken > self.bounds.bytes:
                self._refuse()
                return
            self._taken += len(data)
        else:
            self._around += len(data)
        super().data_received(data)
        # A chunk of one byte has five around it; what is more is not said for the body's sake.
        if not self._is_in_head and self._around - 9 * self._body > self.bounds.bytes + len(data):
            self._refuse()

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        abort: Callable[[], None] = self.transport.abort
        self.scope["state"]["abort"] = abort
        self._is_in_head = True
        self._headers = self._length = 0
        self._wait()

    def on_url(self, url: bytes) -> None:
        """A part of its address."""
        self._taken_by(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header of its head, or of its trailers."""
        self._headers += 1
        self._taken_by(len(name) + len(value))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Its head is there."""
        self._forget()
        self.waiting.remove(self)
        self._is_in_head = False
        self._taken = self._around = self._body = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A part of its body."""
        self._body += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """It is there as a whole."""
        super().on_message_complete()
        self._is_in_head = True
        self._taken = 0

    def on_response_complete(self) -> None:
        """It is answered; the connection waits for the next."""
        super().on_response_complete()
        if not self.transport.is_closing() and self._is_in_head:
            self._let_go(self.waiting.add(self, self._address))

    def send_400_response(self, msg: str) -> None:
        """Refuse what cannot be read, or is too much."""
        if self._is_too_large:
            self.transport.write(TOO_LARGE + b"content-length: 0\r\n\r\n")
            self.transport.close()
        else:
            super().send_400_response(msg)

    def connection_lost(self, exc: Exception | None) -> None:
        """It has gone."""
        self._forget()
        self.waiting.remove(self)
        super().connection_lost(exc)

    @property
    def _address(self) -> str:
        return self.client[0] if self.client else ""

    def _taken_by(self, length: int) -> None:
        self._length += length
        if self._headers > self.bounds.headers or self._length > self.bounds.bytes:
            self._is_too_large = True
            raise TooMuch

    def _refuse(self) -> None:
        self._is_too_large = True
        self.send_400_response("")

    def _wait(self) -> None:
        """A head is awaited from now on."""
        self._forget()
        self._timer = self.loop.call_later(self.bounds.within, self._give_up)
        self._let_go(self.waiting.add(self, self._address))

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
