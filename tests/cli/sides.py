"""A server that answers as a test says, whatever it is asked; and what it was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Asked:
    """One request: what was asked for, with which headers."""

    line: str
    headers: dict[str, str]
    body: bytes = b""


@dataclass
class Side:
    """The server's address, and what it was asked."""

    url: str
    asked: list[Asked] = field(default_factory=list)


Answer = Callable[[BaseHTTPRequestHandler, int], None]
"""Answers a request; the number says the how manieth it is, from 0."""


@contextmanager
def answering(answer: Answer) -> Iterator[Side]:
    """A server on a free port of this machine, with these answers."""
    side = Side("")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            number = len(side.asked)
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            side.asked.append(Asked(self.requestline, {name.lower(): value for name, value in self.headers.items()}, body))
            self.close_connection = True
            answer(self, number)

        do_POST = do_DELETE = do_GET

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    side.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield side
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def says(status: int, body: Any, **headers: str) -> Answer:
    """Every request is answered so; a body that is no text is sent as JSON."""

    def answer(handler: BaseHTTPRequestHandler, number: int) -> None:
        sent = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(sent)))
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(sent)

    return answer
