"""Which addresses a process connects to."""

from __future__ import annotations

import ipaddress
import socket

import pytest

from watchbill.connectors.performing import Refused, Transient
from watchbill.connectors.reaching import Reach, find, is_public
from watchbill.connectors.threads import Threads
from watchbill.errors import UserError

PRIVATE = [
    *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255"),
    *("::1", "::", "fe80::1", "fc00::1", "ff02::1", "2001:db8::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1", "64:ff9b::a00:1", "2002:a00:1::"),
    *("::10.0.0.1", "::ffff:0:10.0.0.1", "::ffff:0:8.8.8.8", "64:ff9b:1::1", "192.0.2.1", "198.18.0.1", "240.0.0.1", "fec0::1"),
]


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses(address: str):
    """
    Addresses of private networks are not public, nor are those that carry one inside.
    """
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.215.14", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"])
def test_public_addresses(address: str):
    """
    Addresses of the internet at large are public.
    """
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    ("private", "host", "address", "may"),
    [
        ((), "db.example.com", "10.0.0.7", False),
        (("10.0.0.0/8",), "db.example.com", "10.0.0.7", True),
        (("10.0.0.7",), "db.example.com", "10.0.0.7", True),
        (("10.0.0.7",), "db.example.com", "10.0.0.8", False),
        (("10.0.0.0/8",), "db.example.com", "::ffff:10.0.0.7", True),
        (("db.example.com",), "DB.example.com.", "10.0.0.7", True),
        (("db.example.com",), "other.example.com", "10.0.0.7", False),
        (("::1",), "localhost", "127.0.0.1", False),
        ((), "example.com", "1.1.1.1", True),
    ],
)
def test_what_the_flags_allow(private: tuple[str, ...], host: str, address: str, may: bool):
    """
    A private address is connected to where its network, or the name it was found under, was allowed.
    """
    assert Reach.of(private).allows(host, ipaddress.ip_address(address)) is may


@pytest.mark.parametrize(
    ("only", "host", "knows"),
    [
        ((), "anything.example.com", True),
        (("hooks.example.com",), "hooks.example.com", True),
        (("hooks.example.com",), "Hooks.Example.com.", True),
        (("hooks.example.com",), "evil-hooks.example.com", False),
        (("*.example.com",), "hooks.example.com", True),
        (("*.example.com",), "example.com", False),
        (("*.example.com",), "notexample.com", False),
        (("203.0.113.7",), "203.0.113.7", True),
    ],
)
def test_a_list_of_hosts_excludes_all_others(only: tuple[str, ...], host: str, knows: bool):
    """
    Where hosts are listed, no other is asked for.
    """
    assert Reach.of(only=only).knows(host) is knows


@pytest.mark.parametrize("entry", ["", "10.0.0.0/33", "10.0.0", "http://example.com", "*.", "a b", "10.0.0.1:80"])
def test_what_is_no_network_and_no_host(entry: str):
    """
    A flag that is neither a network nor a host is an error that says how to write one.
    """
    with pytest.raises(UserError, match="neither a network nor the name of a host"):
        Reach.of([entry])


@pytest.mark.anyio
async def test_private_addresses_are_found_out_behind_a_name():
    """
    A name that leads to a private address is refused, and the message says which.
    """
    with pytest.raises(Refused, match=r"localhost \((127\.0\.0\.1|::1)\) is on a private network"):
        await find("localhost", 80, Reach(), Threads("test"))


@pytest.mark.anyio
@pytest.mark.parametrize("host", ["127.0.0.1", "0x7f.1", "2130706433", "::1"])
async def test_other_ways_to_write_an_address_change_nothing(host: str):
    """
    An address written as a number, or in parts, is looked up first and checked then.
    """
    with pytest.raises((Refused, Transient)):
        await find(host, 80, Reach(), Threads("test"))


@pytest.mark.anyio
async def test_only_what_is_allowed_is_tried(monkeypatch: pytest.MonkeyPatch):
    """
    Of several addresses of a name those that are not allowed are left out.
    """
    answers = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, 443)) for each in ("10.0.0.1", "1.1.1.1", "10.0.0.1", "1.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answers)

    found = await find("both.example.com", 443, Reach(), Threads("test"))

    assert [str(each) for each in found] == ["1.1.1.1", "1.0.0.1"]


@pytest.mark.anyio
async def test_a_name_that_nobody_knows_may_be_known_later(monkeypatch: pytest.MonkeyPatch):
    """
    A failed look-up means that nothing was sent, and that it may be tried again.
    """

    def fail(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)

    with pytest.raises(Transient, match=r"nowhere\.example\.com cannot be looked up"):
        await find("nowhere.example.com", 443, Reach(), Threads("test"))
