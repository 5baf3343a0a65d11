"""Who may come in, and as whom.

Rule 1: a token speaks for one person and may do what its scopes say; secrets are looked up by their hash, and never compared as text.
Rule 2: where no token was ever made the server is open, to this machine only, and what it records says that nobody proved who they are.
Rule 3: once there is a token the door stays closed, whatever becomes of the token.
Rule 4: while it is open, it answers to its own names only, no proxy, and no page of a browser that comes from elsewhere: what runs in
somebody's browser is on this machine too.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import ipaddress
import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from watchbill.errors import UserError
from watchbill.server.answers import Problem
from watchbill.store import tokens

if TYPE_CHECKING:
    from sqlalchemy import Connection

Reading: TypeAlias = "Callable[[Callable[[Connection], Any]], Awaitable[Any]]"

Scope = Literal["read", "act", "ingest", "report", "admin"]
SCOPES: Final[tuple[Scope, ...]] = ("read", "act", "ingest", "report", "admin")
"""`read` sees everything, `act` answers and stops things besides, `ingest` sends alerts, `report` says what became of deliveries, and
`admin` may all of it."""

_IMPLIED: Final[Mapping[str, frozenset[str]]] = {
    "read": frozenset(("read",)),
    "act": frozenset(("read", "act")),
    "ingest": frozenset(("ingest",)),
    "report": frozenset(("report",)),
    "admin": frozenset(SCOPES),
}
KNOWN_FOR: Final = 2.0
"""Seconds for which what was found about a token is believed: a revoked one counts for nothing after that."""

MOST_KNOWN: Final = 1_000

NAME: Final = re.compile(r"[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?")
"""What a person may be called."""

_FORWARDED: Final = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip")
_CHALLENGE: Final = {"WWW-Authenticate": 'Bearer realm="watchbill", Basic realm="watchbill"'}


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever asks: a person's *name* (empty where nobody said one), and the *token* that proves it (empty where nothing does)."""

    name: str
    token: str
    scopes: frozenset[str]

    @property
    def recorded(self) -> str:
        """How the record names them: ``ana (token laptop)``, ``ana (unproven)``."""
        return f"{self.name} (token {self.token})" if self.token else f"{self.name} (unproven)"


def split_recorded(by: str) -> tuple[str, str]:
    """The name and the proof in what `Caller.recorded` gave; the proof is empty for what watchbill did itself."""
    name, found, proof = by.partition(" (")
    return (name, proof.removesuffix(")")) if found else (by, "")


class Door:
    """What holds of the server as it was started: on which address it listens, and by which other names it is known.

    Raises UserError where it listens to more than this machine and has no token that is in force.
    """

    def __init__(self, host: str, names: Iterable[str], there: tuple[tokens.Token, ...], now: datetime) -> None:
        self.is_local = is_loopback(host)
        self.names = frozenset(("localhost", host.lower(), *(name.lower() for name in names if name)))
        self.is_open = self.is_local and not there
        in_force = any(token.revoked_at is None and (token.expires_at is None or token.expires_at > now) for token in there)
        if not self.is_local and not in_force:
            raise UserError(
                f"without a token, whoever reaches {host} could send alerts and answer for everybody",
                "run `watchbill token create NAME --for PERSON` first, or listen on 127.0.0.1",
                rule="needs-token",
            )


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches what listens on this *host*."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


class Access:
    """Finds out who asks. *read*, which the house sets, runs a job on the record.

    *used* is told the name of a token on each day that it is first used.
    """

    read: Reading

    def __init__(
        self, door: Door, now: Callable[[], datetime], elapsed: Callable[[], float], used: Callable[[str, datetime], None]
    ) -> None:
        self.door = door
        self._now, self.elapsed, self._used = now, elapsed, used
        self._known: OrderedDict[bytes, tuple[tokens.Token, float]] = OrderedDict()
        self._looked_at = elapsed()

    @property
    def is_open(self) -> bool:
        """Whether no token is asked for."""
        return self.door.is_open

    async def caller(self, headers: Mapping[str, str]) -> Caller:
        """Who asks with these *headers*; raises `Problem` where they do not prove it."""
        secret = secret_in(headers)
        if secret is None and await self._is_open_still():
            return Caller(headers.get("x-watchbill-as", "").strip(), "", frozenset(SCOPES))
        if secret is None:
            raise Problem(
                401,
                "no token was given",
                "send `Authorization: Bearer TOKEN`; `watchbill token create` makes one",
                rule="bad-credentials",
                headers=_CHALLENGE,
            )
        token = await self._token(secret)
        if token is None:
            raise Problem(
                401,
                "the token is not known, has expired, or was revoked",
                "`watchbill token list` says which are in force",
                rule="bad-credentials",
                headers=_CHALLENGE,
            )
        return Caller(token.who, token.name, frozenset().union(*(_IMPLIED.get(scope, frozenset()) for scope in token.scopes)))

    async def allowed(self, headers: Mapping[str, str], scope: Scope) -> Caller:
        """Who asks, if they may do what this *scope* is for; raises `Problem` otherwise."""
        caller = await self.caller(headers)
        if scope not in caller.scopes:
            raise Problem(
                403, f"the token `{caller.token}` may not {_MAY[scope]}", f"use one with the scope `{scope}`", rule="missing-scope"
            )
        return caller

    async def _is_open_still(self) -> bool:
        """The first token that is made closes the door at once, without a restart."""
        if self.door.is_open and self.elapsed() - self._looked_at >= KNOWN_FOR:
            self._looked_at = self.elapsed()
            there = await self.read(tokens.listing)
            self.door.is_open = not there
        return self.door.is_open

    async def _token(self, secret: str) -> tokens.Token | None:
        key, now = hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest(), self._now()
        known = self._known.get(key)
        if known is not None and self.elapsed() - known[1] < KNOWN_FOR:
            token = known[0]
        else:
            found = await self.read(lambda connection: tokens.find(connection, secret, now=now))
            if found is None:
                self._known.pop(key, None)
                return None
            token = found
            self._known[key] = (token, self.elapsed())
            while len(self._known) > MOST_KNOWN:
                self._known.popitem(last=False)
            if token.last_used_at is None or token.last_used_at.date() < now.date():
                self._used(token.name, now)
        return token if token.expires_at is None or token.expires_at > now else None


_MAY: Final[Mapping[Scope, str]] = {
    "read": "read",
    "act": "act for a person",
    "ingest": "send alerts",
    "report": "report deliveries",
    "admin": "administer",
}


def secret_in(headers: Mapping[str, str]) -> str | None:
    """The token in these *headers*, as a bearer's or as the password of basic authentication; None where there is none."""
    scheme, _, rest = headers.get("authorization", "").strip().partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip() or None
    if scheme.lower() == "basic":
        try:
            _, _, password = base64.b64decode(rest.strip(), validate=True).partition(b":")
            return password.decode("utf-8", "replace") or None
        except (binascii.Error, ValueError):
            return None
    return None


# --- browsers ---------------------------------------------------------------------------


def check_where_from(door: Door, method: str, headers: Mapping[str, str]) -> None:
    """Raises `Problem` for a request that a page from elsewhere may have made in somebody's browser, or a proxy passed on."""
    host = headers.get("host", "")
    if door.is_open:
        _check_names(door, host, headers)
    if method in ("GET", "HEAD", "OPTIONS"):
        return
    origin = headers.get("origin")
    if origin is not None and origin.lower().partition("://")[2] != host.lower():
        raise _foreign(f"it comes from a page of `{origin[:100]}`")
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise _foreign("it comes from a page of another site")
    if door.is_open and origin is None and "mozilla/" in headers.get("user-agent", "").lower():
        # An old browser says neither; a form that it sends looks like a program's request but for that.
        raise _foreign("it comes from a browser that does not say from which page")


def _check_names(door: Door, host: str, headers: Mapping[str, str]) -> None:
    name = _without_port(host)
    if host and name.lower() not in door.names and not is_loopback(name):
        raise Problem(
            403,
            f"`{host[:100]}` is not a name of this server",
            "ask for it by 127.0.0.1 or localhost; make a token to serve it by other names",
            rule="foreign-request",
        )
    if any(name in headers for name in _FORWARDED):
        raise Problem(
            403,
            "it was passed on by a proxy, and this server has no token yet",
            "run `watchbill token create NAME --for PERSON`; a server that others reach asks who they are",
            rule="foreign-request",
        )


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.rpartition(":")[0] if host.count(":") == 1 else host


def _foreign(why: str) -> Problem:
    return Problem(403, f"it was refused: {why}", "use the command line, or a program of your own", rule="foreign-request")
