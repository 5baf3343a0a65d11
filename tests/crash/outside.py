"""All that is outside, as one server on this machine: it keeps what reaches it, in order, and treats each request as it is told to."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal, TypeAlias, TypeVar

T = TypeVar("T")

WITHIN: float = 30.0
"""Seconds after which a test that waits has waited in vain."""

Treatment: TypeAlias = int | Literal["cut"]
"""The status that is answered, or the end of the connection without an answer."""


@dataclass(slots=True)
class Arrival:
    """One request. *kind* is the path's word: ``page``, ``change``, ``look``, ``board``. *treatment* is None until it is known."""

    kind: str
    key: str
    is_repeat: bool
    incident: str
    body: Any
    treatment: Treatment | None = None


class Outside:
    """What reached it, in *arrivals*. *treat* says what becomes of each."""

    def __init__(self) -> None:
        self.arrivals: list[Arrival] = []
        self.treat: Callable[[Arrival], Treatment] = lambda arrival: 200
        self.url = ""
        self._news = threading.Condition()

    def took(self, arrival: Arrival) -> None:
        """Keep it, and tell who waits."""
        with self._news:
            self.arrivals.append(arrival)
            self._news.notify_all()

    def waits_for(self, found: Callable[[], T]) -> T:
        """What is *found* in what has arrived, once it is."""
        with self._news:
            assert self._news.wait_for(found, WITHIN), "it never arrived"
            return found()

    def of(self, *kinds: str) -> list[Arrival]:
        """What arrived of these kinds."""
        return [each for each in tuple(self.arrivals) if each.kind in kinds]


@contextmanager
def an_outside() -> Iterator[Outside]:
    """A server on a free port, in threads of its own."""
    outside = Outside()

    class Serving(BaseHTTPRequestHandler):
        """Takes whatever comes."""

        def do_POST(self) -> None:
            """Take it, and do with it as is wished."""
            length = int(self.headers.get("Content-Length", "0"))
            text = self.rfile.read(length)
            if len(text) < length:
                return  # it never came whole
            body = json.loads(text) if text else None
            headers = self.headers
            is_repeat = headers.get("X-Watchbill-Possibly-Repeated") == "true"
            key, incident = headers.get("Idempotency-Key", ""), headers.get("X-Watchbill-Incident", "")
            arrival = Arrival(self.path.strip("/").partition("/")[0], key, is_repeat, incident, body)
            outside.took(arrival)
            arrival.treatment = outside.treat(arrival)
            if arrival.treatment == "cut":
                self.close_connection = True
                return
            with suppress(OSError):
                self.send_response(arrival.treatment)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

        do_PUT = do_GET = do_POST

        def log_message(self, format: str, *arguments: object) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        request_queue_size = 128
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """A sender that was killed is none of our concern."""

    server = Server(("127.0.0.1", 0), Serving)
    outside.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, name="outside")
    thread.start()
    try:
        yield outside
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
