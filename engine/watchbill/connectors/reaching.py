"""Which addresses a process may connect to, and looking them up.

Rule 1: an address of a private network is refused unless the process's own flags allow it, by its network or by the name it
was asked for under. No policy can widen that.
Rule 2: the address is checked after the name was looked up, and what is connected to is the address that was checked, so
that a name cannot mean one machine when it is checked and another when it is used.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias

from watchbill.connectors.performing import Transient, Unable
from watchbill.connectors.threads import Threads
from watchbill.errors import UserError

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

_MOST_ADDRESSES: Final = 8
_NOT_PUBLIC: Final[tuple[Network, ...]] = tuple(
    ipaddress.ip_network(each)
    for each in (
        # What every Python version we run on should call private, whatever its tables say.
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24"),
        *("192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
        *(
            "::/127",
            "::ffff:0:0:0/96",
            "64:ff9b:1::/48",
            "100::/64",
            "2001::/23",
            "2001:db8::/32",
            "fc00::/7",
            "fe80::/10",
            "fec0::/10",
            "ff00::/8",
        ),
    )
)
_CARRIES_IPV4: Final = (
    (ipaddress.IPv6Network("::ffff:0:0/96"), 0),
    (ipaddress.IPv6Network("::/96"), 0),
    (ipaddress.IPv6Network("64:ff9b::/96"), 0),
    (ipaddress.IPv6Network("2002::/16"), 80),
)
"""IPv6 networks whose addresses stand for an IPv4 address, and how many bits stand behind it."""


def is_public(address: Address) -> bool:
    """Whether this *address* is one of the internet at large."""
    carried = _carried(address)
    if carried is not None:
        return is_public(carried)
    return address.is_global and not address.is_multicast and not any(address in network for network in _NOT_PUBLIC)


def _carried(address: Address) -> ipaddress.IPv4Address | None:
    if isinstance(address, ipaddress.IPv6Address):
        for network, behind in _CARRIES_IPV4:
            if address in network and int(address) > 1:
                return ipaddress.IPv4Address((int(address) >> behind) & 0xFFFFFFFF)
    return None


@dataclass(frozen=True, slots=True)
class Reach:
    """What may be connected to: *private_hosts* and *private_networks* besides the internet; with *only*, nothing but those names."""

    private_hosts: frozenset[str] = frozenset()
    private_networks: tuple[Network, ...] = ()
    only: tuple[str, ...] = ()

    @classmethod
    def of(cls, private: Iterable[str] = (), only: Iterable[str] = ()) -> Reach:
        """What the process's flags say.

        *private* are networks (``10.0.0.0/8``), addresses and host names; *only* are host names, ``*.example.com`` among them.
        Raises UserError for what is none of these.
        """
        hosts, networks = set[str](), list[Network]()
        for entry in private:
            try:
                networks.append(ipaddress.ip_network(entry.strip(), strict=False))
            except ValueError:
                hosts.add(_name(entry))
        return cls(frozenset(hosts), tuple(networks), tuple(_host(each.strip()) for each in only))

    def knows(self, host: str) -> bool:
        """Whether this *host* may be asked for at all."""
        host = host.rstrip(".").lower()
        return not self.only or any(host == each or (each.startswith("*.") and host.endswith(each[1:])) for each in self.only)

    def allows(self, host: str, address: Address) -> bool:
        """Whether this *address*, found under the name *host*, may be connected to."""
        carried = _carried(address)
        if is_public(address) or host.rstrip(".").lower() in self.private_hosts:
            return True
        return any(each in network for each in (address, carried) if each is not None for network in self.private_networks)


def _host(text: str) -> str:
    """A host that may be asked for: an address, a name, or ``*.`` and a name for all below it."""
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return f"*.{_name(text[2:])}" if text.startswith("*.") else _name(text)


def _name(text: str) -> str:
    name = text.strip().rstrip(".").lower()
    if not name or not all(each.isalnum() or each in "-._" for each in name) or name.replace(".", "").isdigit():
        help = "write a network as `10.0.0.0/8`, an address, or the name of a host"
        raise UserError(f"`{text[:60]}` is neither a network nor the name of a host", help, rule="bad-network")
    return name


async def find(host: str, port: int, reach: Reach, lookups: Threads) -> tuple[Address, ...]:
    """The addresses of *host* that may be connected to, at least one, in the order in which they are to be tried.

    Raises Refused where none may be, Transient where the name cannot be looked up now.
    """
    if not reach.knows(host):
        raise Unable(f"this process may not connect to {host}: it is not among the hosts that it was started with")
    try:
        found: tuple[Address, ...] = (ipaddress.ip_address(host),)
    except ValueError:
        found = await _looked_up(host, port, lookups)
    allowed = tuple(address for address in found if reach.allows(host, address))
    if not allowed:
        where = host if str(found[0]) == host else f"{host} ({found[0]})"
        raise Unable(f"{where} is on a private network, and this process was not started with leave to connect there")
    return allowed[:_MOST_ADDRESSES]


async def _looked_up(host: str, port: int, lookups: Threads) -> tuple[Address, ...]:
    try:
        answers = await lookups.run(lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
    except UnicodeError:
        raise Unable(f"`{host[:80]}` is not the name of a host") from None
    except OSError as problem:
        raise Transient(f"{host} cannot be looked up: {problem.strerror or 'no answer'}") from None
    found = dict.fromkeys(ipaddress.ip_address(str(answer[4][0])) for answer in answers)
    if not found:
        raise Transient(f"{host} has no address")
    return tuple(found)
