"""How HTTP is spoken: what a connection may take of our time and memory before a request of it is answered.

Rule 1: a head is there within its time, and bounded: its bytes and the count of its headers. What is longer is answered with 431.
Rule 2: around a body there is no more than a body needs: extensions of chunks and trailers are bounded as well.
Rule 3: connections that have not asked anything yet are bounded, for each address and together; the one that has waited longest is let
go for a new one, so that whoever asks a question is heard.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from uvicorn.config import HTTPProtocolType


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
        from watchbill.server.bounded_http import BoundedProtocol
    except ImportError:
        return "h11"
    return type("Bounded", (BoundedProtocol,), {"bounds": bounds, "waiting": Waiting(bounds)})
