"""Requests, and the ways out that they take, for tests of connectors."""

from __future__ import annotations

import asyncio
import os
import ssl
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import trustme

from watchbill.connectors.carrying import Held
from watchbill.connectors.outbound import Outbound
from watchbill.connectors.performing import About, Outside, Performer, Request
from watchbill.connectors.processes import Processes
from watchbill.connectors.reaching import Reach
from watchbill.model.plan import Done
from watchbill.model.policyset import Catalogue

NOW = datetime(2026, 11, 23, 3, 12, tzinfo=UTC)
KEY = "checkout-7f3a/page/payments-critical/0/1"
SECRET = "correct-horse/battery staple"
AUTHORITY = trustme.CA()


@cache
def authorities() -> Path:
    """A file with the certificate of the tests' own authority."""
    folder = Path(tempfile.mkdtemp(prefix="watchbill-ca-"))
    path = folder / "ca.pem"
    AUTHORITY.cert_pem.write_to_path(str(path))
    return path


@cache
def server_tls(*names: str) -> ssl.SSLContext:
    """How a server of the tests proves that it is *names*."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    AUTHORITY.issue_cert(*(names or ("localhost", "127.0.0.1"))).configure_cert(context)
    return context


@dataclass
class Ways:
    """Ways out of a test, and what was logged on them."""

    outside: Outside
    logged: list[tuple[str, str, Mapping[str, Any]]] = field(default_factory=list)


def ways(*, private: tuple[str, ...] = ("127.0.0.0/8", "::1"), only: tuple[str, ...] = (), **more: Any) -> Ways:
    """Ways out that lead to *private* addresses, and trust the tests' own authority."""
    logged: list[tuple[str, str, Mapping[str, Any]]] = []
    http = Outbound(Reach.of(private, only), authorities=authorities(), proxies=more.pop("proxies", False))
    processes = more.pop("processes", None) or Processes(most=8, polite_for=0.3)
    outside = Outside(http, processes, lambda level, said, fields: logged.append((level, said, fields)), **more)
    return Ways(outside, logged)


def a_request(type: str, action: str, arguments: Mapping[str, Any] | None = None, **more: Any) -> Request:
    """A request as the engine makes it, for half a second."""
    about = About("checkout-7f3a", "HighErrorRate on checkout", "triggered", "critical", "checkout", "payments", NOW)
    values: dict[str, Any] = {
        "connector": f"the-{type}",
        "key": KEY,
        "step": KEY,
        "now": NOW,
        "timeout": timedelta(seconds=5),
        "subject": "HighErrorRate on checkout",
        "text": "critical: HighErrorRate on checkout (payments)",
        "about": about,
    }
    return Request(type=type, action=action, arguments=arguments or {}, **values | more)


async def carry_out(performers: Mapping[str, Performer], catalogue: Catalogue, request: Request) -> Done:
    """What came of a request to one of these *performers*, each held to its type if it is not yet."""
    performer = performers[request.type]
    held = performer if isinstance(performer, Held) else Held(performer, catalogue[request.type])
    return await held.perform(request)


def running(key: str) -> list[str]:
    """The processes that were begun for this *key* and are still there; nothing where the system does not say."""
    wanted = f"WATCHBILL_KEY={key}".encode()
    found = []
    for entry in Path("/proc").glob("[0-9]*") if os.path.isdir("/proc") else ():
        try:
            if wanted in (entry / "environ").read_bytes().split(b"\0"):
                found.append(entry.name)
        except OSError:
            continue
    return found


async def is_gone(key: str) -> bool:
    """Whether none of them is left, given a moment."""
    for _ in range(200):
        if not running(key):
            return True
        await asyncio.sleep(0.01)
    return False
