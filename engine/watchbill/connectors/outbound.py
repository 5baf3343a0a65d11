"""The one HTTP client: every request of a connector goes out here.

Rule 1: an address is looked up, checked and connected to, in this order, and it is the same address. Certificates are always
verified, against the name that was asked for.
Rule 2: nothing leads elsewhere: redirects are not followed, and proxies are used only where the process was told to.
Rule 3: nothing grows: an answer is read up to a bound, never unpacked, and the whole is over when its time is.
Rule 4: within one request only what was surely not accepted is tried again, a little later, with the same bytes.
"""

from __future__ import annotations

import asyncio
import random
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from watchbill import __version__
from watchbill.connectors.performing import NotDone, Refused, Transient, Unable, Unknown
from watchbill.connectors.reaching import Address, Reach, find, is_public
from watchbill.connectors.redacting import Redactor
from watchbill.connectors.threads import Threads

if TYPE_CHECKING:
    import httpx

MOST: Final = 64 * 1024
"""Bytes of an answer that are read."""
LONGEST_WAIT: Final = timedelta(hours=1)
"""The longest that a `Retry-After` is believed."""
_AGENT: Final = f"watchbill/{__version__}"
_TRIES: Final = 3
_FIRST_PAUSE: Final = 0.1
_NOT_YET: Final = frozenset((408, 425, 429, 503))
"""Statuses by which a server says that it has not taken the request and may later."""
_NO_LEAVE: Final = frozenset((401, 403, 407))
"""Statuses by which a server says that it takes nothing from this caller: the credentials or the permission are missing."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: *status*, *headers* by their names in lower case, and the *body* up to the bound."""

    host: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    is_cut: bool
    seconds: float

    @property
    def text(self) -> str:
        """The body as text; bytes that are none become question marks in a box."""
        return self.body.decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class Letter:
    """A request as it is sent: the same bytes at every attempt. *repeatable* says that sending it twice harms nothing."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes = b""
    repeatable: bool = False


class Outbound:
    """Sends requests to where *reach* allows.

    *authorities* is a file with certificates of authorities to trust instead of the system's. With *proxies*, those of the
    environment are used; what they connect to is theirs to check.
    """

    __slots__ = ("_authorities", "_tls", "lookups", "proxies", "reach")

    def __init__(self, reach: Reach, *, authorities: Path | None = None, proxies: bool = False) -> None:
        self.reach = reach
        self.proxies = proxies
        self.lookups = Threads("lookup")
        self._authorities = authorities
        self._tls: ssl.SSLContext | None = None

    async def tls(self) -> ssl.SSLContext:
        """How certificates are verified; made at the first use, since reading all authorities takes a while."""
        if self._tls is None:
            self._tls = await self.lookups.run(_tls_of, self._authorities)
        return self._tls

    async def addresses(self, host: str, port: int) -> tuple[Address, ...]:
        """The addresses of *host* that may be connected to; see `find`."""
        return await find(host, port, self.reach, self.lookups)

    async def send(self, letter: Letter, within: float, most: int = MOST) -> Answer:
        """The answer to this *letter*, whatever its status, in *within* seconds at most.

        Raises Transient where it was surely not accepted, Refused where it cannot be sent, Unknown where nobody can tell.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + within
        for attempt in range(_TRIES):
            try:
                return await self._once(letter, deadline, most)
            except Transient:
                pause = _FIRST_PAUSE * 4**attempt * random.uniform(0.5, 1.5)
                if attempt + 1 == _TRIES or loop.time() + pause >= deadline:
                    raise
                await asyncio.sleep(pause)
        raise AssertionError("the last attempt answers or raises")

    async def _once(self, letter: Letter, deadline: float, most: int) -> Answer:
        import httpx

        try:
            url = httpx.URL(letter.url)
            host = url.raw_host.decode("ascii").strip("[]")
        except (httpx.InvalidURL, UnicodeError):
            raise Unable("the address is not one that a request can be sent to") from None
        is_plain = url.scheme in ("http", "https") and not url.userinfo and 0 < (url.port or 443) < 65536
        if not is_plain or not host or "%" in host:
            raise Unable("an address begins with http:// or https://, names a host, and holds no user name or password")
        begun: list[bool] = []
        try:
            async with asyncio.timeout_at(deadline):
                return await self._exchange(letter, url, host, deadline, most, begun)
        except TimeoutError:
            raise _lost(letter, f"{host} did not answer in time", bool(begun)) from None

    async def _exchange(self, letter: Letter, url: httpx.URL, host: str, deadline: float, most: int, begun: list[bool]) -> Answer:
        import httpx

        proxy = _proxy_for(url) if self.proxies else None
        port = url.port or (443 if url.scheme == "https" else 80)
        addresses = (None,) if proxy else await self.addresses(host, port)
        if "authorization" in map(str.lower, letter.headers) and url.scheme == "http" and not _is_near(addresses):
            raise Unable(f"a token is not sent to {host} without TLS: write https://")
        problem: NotDone = Transient(f"{host} cannot be reached")
        tls = await self.tls()
        loop = asyncio.get_running_loop()
        for left, address in zip(range(len(addresses), 0, -1), addresses, strict=True):
            # One address that swallows everything must leave time for the next.
            connect_for = max((deadline - loop.time()) / left, 0.001)
            transport = httpx.AsyncHTTPTransport(verify=tls, trust_env=False, proxy=proxy)
            try:
                async with transport:
                    return await self._ask(transport, letter, url, address, connect_for, most, begun)
            except (httpx.TransportError, ssl.SSLError, OSError) as raised:
                problem = _meant(raised, letter, host, bool(begun))
                if begun or not isinstance(problem, Transient):
                    break
            except (httpx.InvalidURL, UnicodeError, ValueError):
                raise Refused(f"the request to {host} cannot be written as HTTP") from None
        raise problem from None

    async def _ask(
        self,
        transport: httpx.AsyncHTTPTransport,
        letter: Letter,
        url: httpx.URL,
        address: Address | None,
        connect_for: float,
        most: int,
        begun: list[bool],
    ) -> Answer:
        import httpx

        host = url.raw_host.decode("ascii").strip("[]")

        async def trace(event: str, _: Any) -> None:
            if event.endswith("send_request_headers.started"):
                begun.append(True)

        given = {"host": url.netloc.decode("ascii"), "user-agent": _AGENT, "accept-encoding": "identity", "connection": "close"}
        headers = [(name.lower().encode("ascii"), value.encode("utf-8")) for name, value in {**given, **letter.headers}.items()]
        request = httpx.Request(
            letter.method,
            url if address is None else url.copy_with(host=str(address)),
            headers=headers,
            content=letter.body,
            extensions={"sni_hostname": host, "trace": trace, "timeout": {"connect": connect_for}},
        )
        loop = asyncio.get_running_loop()
        started_at = loop.time()
        response = await transport.handle_async_request(request)
        try:
            body, is_cut = await _read(response, most)
        finally:
            await response.aclose()
        fields = {name.lower(): value for name, value in response.headers.items()}
        return Answer(host, response.status_code, fields, body, is_cut, round(loop.time() - started_at, 3))


async def _read(response: httpx.Response, most: int) -> tuple[bytes, bool]:
    """The beginning of the body as it came over the wire: unpacking could make very much of very little."""
    parts, size = list[bytes](), 0
    async for chunk in response.aiter_raw():
        parts.append(chunk[: most - size])
        size += len(chunk)
        if size > most:
            return b"".join(parts), True
    return b"".join(parts), False


def judged(answer: Answer, letter: Letter, now: datetime, redactor: Redactor) -> Answer:
    """The *answer* if it says that the request was carried out; raises what it means otherwise."""
    status = answer.status
    if 200 <= status < 300:
        return answer
    said = redactor.line(answer.text)
    told = f"{answer.host} answered {status}" + (f": {said}" if said else "")
    if status in _NOT_YET:
        raise Transient(told, retry_after(answer.headers.get("retry-after", ""), now))
    if status >= 500:
        raise Transient(told) if letter.repeatable else Unknown(told)
    if 300 <= status < 400:
        raise Unable(f"{answer.host} answered {status}, to go elsewhere, and redirects are not followed: write the address it leads to")
    raise Unable(told) if status in _NO_LEAVE else Refused(told)


def retry_after(text: str, now: datetime) -> timedelta | None:
    """How long a `Retry-After` asks to wait, an hour at most; None where it says nothing that can be read."""
    text = text.strip()
    if text.isascii() and text.isdigit():
        return min(timedelta(seconds=min(int(text[:9]), 10**6)), LONGEST_WAIT)
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None
    if at.tzinfo is None:
        return None
    return min(max(at - now, timedelta(0)), LONGEST_WAIT)


def joined(base: str, path: str) -> str:
    """The address *base* with *path* behind it. Raises Refused for a path that leads out of where it begins."""
    if not path:
        return base
    plain = path.lower().replace("%2e", ".").partition("?")[0].partition("#")[0]
    if any(part in (".", "..") for part in plain.replace("\\", "/").split("/")):
        raise Refused("`path` holds `..`, which would lead elsewhere")
    if any(each.isspace() or not each.isprintable() for each in path):
        raise Refused("`path` holds a space or what cannot be seen")
    address, mark, query = base.partition("?")
    return f"{address.rstrip('/')}{path}" + (f"{'&' if '?' in path else '?'}{query}" if mark else "")


_OURS: Final = frozenset(
    ("host", "content-length", "content-type", "transfer-encoding", "connection", "te", "trailer", "upgrade", "expect", "user-agent")
)


def headers_of(asked: object, ours: Mapping[str, str]) -> dict[str, str]:
    """Headers that a policy *asked* for, and *ours*. Raises Refused for one that is ours to set, and for what is no header."""
    taken = {name.lower() for name in ours} | _OURS
    headers = dict(ours)
    for name, value in asked.items() if isinstance(asked, Mapping) else ():
        if name.lower() in taken:
            raise Refused(f"the header `{name[:60]}` is set by watchbill itself")
        headers[name] = str(value)
    for name, value in headers.items():
        if not name or not all(each.isascii() and (each.isalnum() or each in "!#$%&'*+-.^_`|~") for each in name):
            raise Refused(f"`{name[:60]}` is not the name of a header")
        if any(ord(each) < 32 or ord(each) == 127 for each in value):
            raise Refused(f"the header `{name}` holds a line break or another control character")
    return headers


def _is_near(addresses: tuple[Address | None, ...]) -> bool:
    """Whether all *addresses* are private ones, which the process was given leave to connect to."""
    return all(address is not None and not is_public(address) for address in addresses)


def _proxy_for(url: httpx.URL) -> str | None:
    from urllib.request import getproxies_environment, proxy_bypass_environment  # type: ignore[attr-defined]

    proxies: dict[str, str] = getproxies_environment()
    proxy = proxies.get(url.scheme) or proxies.get("all")
    if not proxy or proxy_bypass_environment(url.host):
        return None
    return proxy if urlsplit(proxy).scheme else f"http://{proxy}"


def _tls_of(authorities: Path | None) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=authorities)
    except (OSError, ssl.SSLError):
        raise Unable(f"the certificates of authorities in {authorities} cannot be read") from None
    paths = ssl.get_default_verify_paths()
    if authorities is None and not (paths.cafile or paths.capath):
        import certifi

        context.load_verify_locations(cafile=certifi.where())
    return context


def _lost(letter: Letter, error: str, is_begun: bool) -> NotDone:
    """Nothing came back: unless it was sent, or may be sent twice, nobody knows what happened."""
    return Unknown(error) if is_begun and not letter.repeatable else Transient(error)


def _meant(problem: Exception, letter: Letter, host: str, is_begun: bool) -> NotDone:
    """What the failure of a connection means."""
    import httpx

    distrust = next((each for each in _causes(problem) if isinstance(each, ssl.SSLCertVerificationError)), None)
    if distrust is not None:
        return Unable(f"the certificate of {host} is not to be trusted: {distrust.verify_message}")
    if isinstance(problem, httpx.LocalProtocolError):
        return Refused(f"the request to {host} cannot be written as HTTP")
    if isinstance(problem, httpx.ProxyError):
        return _lost(letter, "the proxy refused the connection", is_begun)
    words = "did not answer in HTTP" if isinstance(problem, httpx.RemoteProtocolError) else "ended the connection before it answered"
    return _lost(letter, f"{host} {words}" if is_begun else f"{host} cannot be reached", is_begun)


def _causes(problem: BaseException | None) -> list[BaseException]:
    found: list[BaseException] = []
    while problem is not None and problem not in found:
        found.append(problem)
        problem = problem.__cause__ or problem.__context__
    return found
