"""What this process lacks of what the policies need: secrets, leave, programs, libraries. The one place that looks.

Nothing here takes long: names are looked up at the same time, and what has not answered by then is not held against anybody.
"""

from __future__ import annotations

import ipaddress
import os
import shutil
import socket
from collections.abc import Callable, Iterable, Mapping
from importlib.util import find_spec
from threading import Thread
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from watchbill.cli.options import stopwatch

if TYPE_CHECKING:
    from watchbill.connectors.capability import Needs, NoSecret, Process
    from watchbill.connectors.reaching import Address, Reach
    from watchbill.connectors.secrets import Roots
    from watchbill.errors import Finding
    from watchbill.model.policyset import Catalogue, PolicySet

WITHIN: Final = 2.0
"""Seconds that all look-ups of names may take together."""

LIBRARIES: Final[Mapping[str, tuple[str, ...]]] = {
    "serve": ("sqlalchemy", "alembic", "starlette", "uvicorn", "httpx", "structlog", "prometheus_client")
}
"""What each extra of watchbill brings, as far as something of it is needed here."""


def judge_of(catalogue: Catalogue, roots: Roots, reach: Reach, within: float = WITHIN) -> Callable[[PolicySet], tuple[Finding, ...]]:
    """What finds all that policies cannot do in this process, whose secrets come from *roots* and which may connect as *reach* says."""
    from watchbill.connectors.capability import findings, needs

    def judge(policies: PolicySet) -> tuple[Finding, ...]:
        return (*absent_folders(roots), *findings(policies, catalogue, survey(needs(policies, catalogue), roots, reach, within)))

    return judge


def absent_folders(roots: Roots) -> tuple[Finding, ...]:
    """Each folder that secrets are to come from and that is not there: what a mount would bring may come later, so nothing stops for it."""
    from watchbill.errors import Finding, Place

    help = "see whether it is mounted and may be read, or name another folder with `--secrets-dir`"
    return tuple(
        Finding(
            "missing-secret", Place("watchbill.yaml"), f"the folder of secrets `{folder}` is not there, or cannot be read", help, "warning"
        )
        for folder in roots.folders
        if not os.access(folder, os.R_OK | os.X_OK) or not os.path.isdir(folder)
    )


def survey(needs: Needs, roots: Roots, reach: Reach, within: float = WITHIN) -> Process:
    """What this process lacks of what is needed."""
    from watchbill.connectors.capability import Process

    return Process(
        secrets=_secrets(needs.secrets, roots),
        private=_private(needs.urls, reach, within),
        programs=frozenset(name for name in needs.programs if not _can_run(name)),
        extras=frozenset(extra for extra in needs.extras if missing_libraries(extra)),
    )


def missing_libraries(extra: str) -> list[str]:
    """What of this *extra* is not installed."""
    return [name for name in LIBRARIES.get(extra, ()) if find_spec(name) is None]


def _secrets(references: Iterable[str], roots: Roots) -> dict[str, NoSecret]:
    from watchbill.connectors.capability import NoSecret
    from watchbill.connectors.performing import Refused
    from watchbill.connectors.secrets import has_leave, look_up

    found: dict[str, NoSecret] = {}
    for reference in references:
        try:
            look_up(reference, roots)
        except Refused as refusal:
            found[reference] = NoSecret(refusal.error, has_leave(reference, roots))
    return found


def _can_run(program: str) -> bool:
    from watchbill.connectors.processes import PATH

    return shutil.which(program, path=PATH) is not None and not os.path.isdir(program)


# --- addresses ----------------------------------------------------------------------------


def _private(urls: Iterable[str], reach: Reach, within: float) -> dict[str, str]:
    """The URLs that lead to private addresses only, to which this process may not connect, each with the first address."""
    hosts = {url: host for url in urls if (host := _host(url))}
    found = _addresses(set(hosts.values()), within)
    private: dict[str, str] = {}
    for url, host in hosts.items():
        addresses = found.get(host, ())
        if addresses and not any(reach.allows(host, address) for address in addresses):
            private[url] = str(addresses[0])
    return private


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _addresses(hosts: set[str], within: float) -> dict[str, tuple[Address, ...]]:
    """The addresses of these *hosts*, as far as they are known in time."""
    found: dict[str, tuple[Address, ...]] = {}

    def look_up(host: str) -> None:
        try:
            answers = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
            found[host] = tuple(dict.fromkeys(ipaddress.ip_address(str(answer[4][0])) for answer in answers))
        except (OSError, ValueError):
            return  # a name that nobody knows now may be known when it is needed

    looking = []
    for host in sorted(hosts):
        try:
            found[host] = (ipaddress.ip_address(host),)
        except ValueError:
            # A daemon, since nothing ends a look-up that hangs.
            looking.append(Thread(target=look_up, args=(host,), name="watchbill-survey", daemon=True))
    for thread in looking:
        thread.start()
    until = stopwatch() + within
    for thread in looking:
        thread.join(max(0.0, until - stopwatch()))
    return dict(found)
