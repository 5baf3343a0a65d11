"""A program that is paged: a web server that notes when the first page about each alert began to arrive.

Its argument is the port. `GET /seen` answers which alerts it was paged for, by their numbers, and when by
`time.perf_counter`, which is the same clock for all programs of a machine.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time

_ABOUT = re.compile(rb"10\.(\d+)\.(\d+)\.(\d+):9090")
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)


class Door(asyncio.Protocol):
    """One connection."""

    def __init__(self, seen: dict[int, float]) -> None:
        self._seen = seen
        self._read = b""
        self._began = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what to answer through."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Note the page, and answer once it is whole."""
        if not self._read:
            self._began = time.perf_counter()
        self._read += data
        head, found, body = self._read.partition(b"\r\n\r\n")
        if not found:
            return
        length = _LENGTH.search(head + b"\r\n")
        if len(body) < (int(length[1]) if length is not None else 0):
            return
        self._read = b""
        if head.startswith(b"GET"):
            return self._answer(json.dumps(list(self._seen.items())).encode())
        about = _ABOUT.search(body)
        if about is not None:
            high, middle, low = (int(each) for each in about.groups())
            self._seen.setdefault(high << 16 | middle << 8 | low, self._began)
        return self._answer(b"{}")

    def _answer(self, body: bytes) -> None:
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        self._transport.write(head.encode() + body)


async def main() -> None:
    """Serve until it is ended."""
    seen: dict[int, float] = {}
    server = await asyncio.get_running_loop().create_server(lambda: Door(seen), "127.0.0.1", int(sys.argv[1]))
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
