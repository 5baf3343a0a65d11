"""What a connection may take of the server before it has asked anything, and around what it sends."""

from __future__ import annotations

import resource
import socket
from contextlib import ExitStack, suppress
from pathlib import Path
from time import monotonic

import pytest

from tests.server.places import Place, served
from watchbill.server.house import Bounds
from watchbill.server.protocol import HeadBounds, Waiting

ALERTS = b"POST /api/v2/alerts HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


def connected(at: Place) -> socket.socket:
    """A connection to this server."""
    host, port = at.url.split("/")[2].rsplit(":", 1)
    return socket.create_connection((host, int(port)), timeout=10)


def answered(connection: socket.socket) -> bytes:
    """The first line of what it answers; nothing where it only closed."""
    try:
        return connection.makefile("rb").readline().strip()
    except ConnectionError:
        return b""


def flooded(at: Place, begun: bytes, more: bytes, megabytes: int) -> tuple[bytes, int, float]:
    """What is answered to *begun* and *more* over and over; KiB by which this process has grown, and seconds until it was refused."""
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, monotonic()
    with connected(at) as sending:
        with suppress(ConnectionError):
            sending.sendall(begun)
            for _ in range(megabytes * 1024 * 1024 // len(more)):
                sending.sendall(more)
        said = answered(sending)
    return said, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before, monotonic() - began


HEAD = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n"


@pytest.mark.parametrize(
    ("begun", "more"),
    [
        (HEAD + b"X-Long: ", b"a" * 65_536),
        (HEAD, b"X-Many: a\r\n" * 1_000),
        (b"GET /livez?", b"a" * 65_536),
        (HEAD, b"X-Big: " + b"a" * 30_000 + b"\r\n"),
    ],
    ids=["one long value", "many headers", "a long address", "large headers"],
)
def test_a_head_without_end_is_refused_early(shop: Path, begun: bytes, more: bytes) -> None:
    """
    A hundred megabytes of a head cost a few megabytes and a moment, and are answered with 431 where the sender still reads.
    """
    with served(shop) as at:
        said, grown, seconds = flooded(at, begun, more, 100)

        assert said in (b"HTTP/1.1 431 Request Header Fields Too Large", b"")
        assert grown < 16 * 1024
        assert seconds < 5
        assert at.client.get("/livez").status_code == 200


def test_a_head_that_is_a_little_too_long_is_told(shop: Path) -> None:
    """
    Whoever sends too many headers, or too much in them, reads 431.
    """
    with served(shop) as at:
        for rest in (b"X: y\r\n" * 101, b"X: " + b"y" * 70_000 + b"\r\n"):
            with connected(at) as sending:
                sending.sendall(HEAD + rest + b"\r\n")
                assert answered(sending) == b"HTTP/1.1 431 Request Header Fields Too Large"
        assert at.client.get("/livez", headers={f"x-{number}": "y" * 500 for number in range(80)}).status_code == 200


@pytest.mark.parametrize(
    "more", [b"1;" + b"x" * 60_000 + b"\r\n \r\n", b"0\r\n" + b"X-Trailer: y\r\n" * 9_000], ids=["extensions of chunks", "trailers"]
)
def test_what_stands_around_a_body_is_bounded(shop: Path, more: bytes) -> None:
    """
    Extensions of chunks and trailers without end are cut off, whatever little the body is.
    """
    with served(shop) as at:
        _, grown, seconds = flooded(at, ALERTS + b"Transfer-Encoding: chunked\r\n\r\n", more, 50)

        assert grown < 16 * 1024
        assert seconds < 5


def test_chunks_of_one_byte_are_a_body_like_another(shop: Path) -> None:
    """
    A sender that writes its body byte by byte is understood.
    """
    body = b"[" + b" " * 200_000 + b"]"
    with served(shop) as at, connected(at) as sending:
        sending.sendall(ALERTS + b"Transfer-Encoding: chunked\r\n\r\n" + b"".join(b"1\r\n%c\r\n" % each for each in body) + b"0\r\n\r\n")

        assert answered(sending) == b"HTTP/1.1 200 OK"


def test_connections_that_ask_nothing_starve_nobody(shop: Path) -> None:
    """
    Whoever opens connection after connection without a question loses the oldest, and the question of anybody is answered.
    """
    bounds = Bounds(head=HeadBounds(within=60, unfinished=20, waiting=30))
    with served(shop, bounds=bounds) as at, ExitStack() as held:
        lazy = [held.enter_context(connected(at)) for _ in range(60)]
        for each in lazy:
            with suppress(ConnectionError):
                each.sendall(b"GET /livez HTTP/1.1\r\nHost: lo")
        with connected(at) as asking:
            asking.sendall(HEAD + b"\r\n")
            assert answered(asking) == b"HTTP/1.1 200 OK"
        lazy[-1].sendall(b"calhost\r\n\r\n")
        assert answered(lazy[-1]) == b"HTTP/1.1 200 OK"
        lazy[0].settimeout(5)
        with suppress(ConnectionError):
            assert lazy[0].recv(10) == b""


def test_the_one_that_has_waited_longest_is_let_go() -> None:
    """
    Of one address no more wait than it may have, and of all no more than all may; whoever asks makes room.
    """
    waiting = Waiting(HeadBounds(unfinished=2, waiting=3))

    assert [waiting.add(name, "a") for name in ("a1", "a2", "a3")] == [None, None, "a1"]
    waiting.remove("a1")
    assert waiting.add("b1", "b") is None
    assert waiting.add("c1", "c") == "a2"
    waiting.remove("a2")
    waiting.remove("a3")
    assert waiting.add("d1", "d") is None
