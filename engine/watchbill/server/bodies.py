"""Bodies of requests: read up to a bound, within a time, and only so many at once.

What is too long is not held. The rest of it is let pass for a while, unread, because most senders look for an answer only when they
have sent everything.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator
from typing import Any, Final

import msgspec
from starlette.requests import ClientDisconnect, Request

from watchbill.ingest.limits import has_too_many_values
from watchbill.server.answers import AGAIN_AFTER, Problem
from watchbill.server.house import House

LET_PASS: Final = 128 * 1024 * 1024
"""Bytes of a body that is too long which are let pass before the sender is told."""

_GZIP: Final = 16 + zlib.MAX_WBITS
_ASKED: Final = 64 * 1024
"""Bytes that the body of a person's request may have."""


async def read_body(request: Request, house: House, most: int | None = None) -> bytes:
    """The body of this *request*, unpacked if it is gzip; at most *most* bytes, by default as many as alerts may take.

    Raises `Problem` for one that is too long, too slow, cut off, or packed otherwise.
    """
    most = house.bounds.body_bytes if most is None else most
    unpack = _unpacking(request)
    length = request.headers.get("content-length", "")
    is_too_long = length.isdigit() and int(length) > most and unpack is None
    held = 0
    try:
        async with asyncio.timeout(house.bounds.body_within):
            parts: list[bytes] = []
            if is_too_long:
                raise await _too_long(request.stream(), most)
            size = 0
            stream = request.stream()
            async for chunk in stream:
                part = chunk if unpack is None else _unpacked(unpack, chunk, most + 1 - size)
                size += len(part)
                if size > most:
                    parts.clear()
                    raise await _too_long(stream, most)
                if house.held + len(part) > house.bounds.held_bytes:
                    raise too_busy("too many requests are being read at the same time")
                house.held += len(part)
                held += len(part)
                parts.append(part)
            if unpack is not None and size and not unpack.eof:
                raise Problem(400, "the gzip in the body ends too early", "send it whole", rule="bad-request")
            return b"".join(parts)
    except TimeoutError:
        slow = f"the body was not there within {house.bounds.body_within:g} seconds"
        raise Problem(408, slow, "send it faster, or in smaller parts", rule="too-slow", headers={"Connection": "close"}) from None
    except ClientDisconnect:
        raise Problem(400, "the connection ended before the body did", "send it whole", rule="bad-request") from None
    finally:
        house.held -= held


async def read_object(request: Request, house: House) -> dict[str, Any]:
    """The JSON object in the body of a person's request; an empty one where there is no body."""
    body = await read_body(request, house, _ASKED)
    if not body.strip():
        return {}
    try:
        found = msgspec.json.decode(body) if not has_too_many_values(body) else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise Problem(400, "the body is not a JSON object", 'send one, as `{"text": "…"}`', rule="bad-request")
    return found


def too_busy(why: str) -> Problem:
    """The answer to a sender who is to come again later."""
    help = "send it again later, as Prometheus and Alertmanager do by themselves"
    return Problem(503, why, help, rule="too-busy", headers={"Retry-After": str(AGAIN_AFTER)})


def _unpacking(request: Request) -> Any:
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding in ("identity", ""):
        return None
    if encoding in ("gzip", "x-gzip"):
        return zlib.decompressobj(_GZIP)
    raise Problem(415, f"a body packed as `{encoding[:40]}` is not understood", "send it as it is, or as gzip", rule="bad-request")


def _unpacked(unpack: Any, chunk: bytes, most: int) -> bytes:
    try:
        part: bytes = unpack.decompress(chunk, max(most, 1)) if chunk else b""
    except zlib.error:
        raise Problem(400, "the body is not gzip, as its header says", "send it as it is, or as gzip", rule="bad-request") from None
    # What is left unread was more than may come of it.
    return part


async def _too_long(stream: AsyncIterator[bytes], most: int) -> Problem:
    passed = 0
    async for chunk in stream:
        passed += len(chunk)
        if passed > LET_PASS:
            break
    size = f"{most // (1024 * 1024)} MiB" if most >= 1024 * 1024 else f"{most // 1024} KiB"
    help = "send fewer alerts in one request"
    return Problem(413, f"the body is longer than {size}", help, rule="too-large", headers={"Connection": "close"})
