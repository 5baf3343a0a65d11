"""Listening: a socket, and uvicorn on it for as long as the engine is at work.

Signals are the caller's to take; here is only how to begin, and how to end.
"""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from watchbill.errors import OutsideError, UserError
from watchbill.server.house import House
from watchbill.server.protocol import protocol

CONNECTIONS: Final = 4_000
BACKLOG: Final = 2_048


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens there. Raises UserError for an address that this machine does not have, OutsideError for one that is taken."""
    try:
        found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (socket.gaierror, UnicodeError):
        help = "name an address of this machine, as 127.0.0.1, or 0.0.0.0 for all of them"
        raise UserError(f"`{host}` is no address to listen on", help, rule="bad-address") from None
    family, kind, protocol, _, address = found[0]
    listening = socket.socket(family, kind, protocol)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(BACKLOG)
        listening.setblocking(False)
    except OSError as failure:
        listening.close()
        raise _refused(host, port, failure) from failure
    return listening


def _refused(host: str, port: int, failure: OSError) -> UserError | OutsideError:
    if failure.errno == errno.EADDRINUSE:
        return OutsideError(
            f"port {port} of {host} is taken by another program",
            "end that one (`ss -ltnp` names it), or choose another with `--port`; 0 takes one that is free",
            rule="port-taken",
        )
    if failure.errno == errno.EACCES:
        help = "choose a port from 1024 on, or give the service the right to use lower ones"
        return UserError(f"port {port} may not be used by this user", help, rule="port-taken")
    help = "name an address of this machine, as 127.0.0.1, or 0.0.0.0 for all of them"
    return UserError(f"`{host}` cannot be listened on: {failure.strerror}", help, rule="bad-address")


def address_of(listening: socket.socket) -> str:
    """The address at which this socket is reached, as in ``http://127.0.0.1:9494``."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@asynccontextmanager
async def serving(app: ASGIApp, house: House, listening: socket.socket, stop_within: timedelta) -> AsyncIterator[asyncio.Task[None]]:
    """The application, served on this socket by the task that is given; afterwards requests in hand are let come to an end."""
    seconds = max(1, round(stop_within.total_seconds()))
    config = uvicorn.Config(
        app,
        http=protocol(house.bounds.head),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=seconds,
        limit_concurrency=CONNECTIONS,
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listening]), name="http")
    try:
        while not server.started and not task.done():
            await asyncio.sleep(0.005)
        yield task
    finally:
        house.stopping.set()  # streams end by themselves, and readiness is over
        server.should_exit = True
        await asyncio.gather(task, return_exceptions=True)
        house.close()


class _Server(uvicorn.Server):
    """uvicorn's, without its own idea of what signals mean."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave them alone."""
        yield
