"""The HTTP client that all connectors share."""

from __future__ import annotations

import socket
import ssl
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from tests.connectors.makers import NOW, Ways, server_tls, ways
from tests.connectors.sides import a_server, answering, cutting, hanging_after_request
from watchbill.connectors.outbound import MOST, Answer, Letter, headers_of, joined, judged, retry_after
from watchbill.connectors.performing import NotDone, Refused, Transient, Unknown
from watchbill.connectors.redacting import Redactor

pytestmark = pytest.mark.anyio


def a_letter(url: str, **more: Any) -> Letter:
    return Letter("POST", url, {}, b"{}", **more)


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


async def failure(out: Ways, letter: Letter, within: float = 5.0) -> NotDone:
    with pytest.raises(NotDone) as raised:
        await out.outside.http.send(letter, within)
    return raised.value


async def test_private_addresses_are_refused_before_anything_is_sent():
    """
    Without leave, nothing connects to this machine, and no attempt is made.
    """
    async with a_server(answering()) as side:
        for host in ("127.0.0.1", "localhost"):
            problem = await failure(ways(private=()), a_letter(f"http://{host}:{side.port}/"))

            assert isinstance(problem, Refused)
            assert "private network" in problem.error
        assert side.connections == 0


async def test_what_was_checked_is_what_is_connected_to(monkeypatch: pytest.MonkeyPatch):
    """
    A name is looked up once: when it means another machine a moment later, that one is not connected to.
    """
    asked: list[str] = []

    def changing(host: str, port: int, **_: object) -> list[Any]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1" if len(asked) == 1 else "127.0.0.99", port))]

    monkeypatch.setattr(socket, "getaddrinfo", changing)
    async with a_server(answering()) as side:
        answer = await ways().outside.http.send(a_letter(f"http://rebinding.example.com:{side.port}/x?y=1"), 5)

    assert answer.status == 200
    assert asked == ["rebinding.example.com"]
    assert side.got[0].headers["host"] == f"rebinding.example.com:{side.port}"
    assert side.got[0].path == "/x?y=1"


async def test_the_next_address_is_tried_where_one_refuses(monkeypatch: pytest.MonkeyPatch, out: Ways):
    """
    Where nobody listens at one address of a name, the next one is asked.
    """
    async with a_server(answering()) as side:
        both = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, side.port)) for each in ("127.0.0.77", "127.0.0.1")]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: both)

        answer = await out.outside.http.send(a_letter(f"http://two.example.com:{side.port}/"), 5)

    assert answer.status == 200


async def test_redirects_are_not_followed(out: Ways):
    """
    An answer that points elsewhere leads nowhere, and a person is told.
    """
    async with a_server(answering()) as other, a_server(answering(302, headers={"Location": f"http://127.0.0.1:{other.port}/"})) as side:
        letter = a_letter(f"http://127.0.0.1:{side.port}/")
        answer = await out.outside.http.send(letter, 5)
        with pytest.raises(Refused, match="redirects are not followed"):
            judged(answer, letter, NOW, Redactor())

    assert other.connections == 0


async def test_proxies_of_the_environment_are_ignored_unless_asked_for(monkeypatch: pytest.MonkeyPatch, no_proxies: object):
    """
    A proxy in the environment is used by a process that was told to, and by no other.
    """
    async with a_server(answering(body=b"from the proxy")) as proxy, a_server(answering(body=b"from the server")) as side:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
        letter = a_letter(f"http://127.0.0.1:{side.port}/")
        straight = await ways().outside.http.send(letter, 5)
        around = await ways(proxies=True).outside.http.send(letter, 5)

    assert (straight.body, around.body) == (b"from the server", b"from the proxy")


async def test_a_certificate_of_nobody_we_know_is_refused(out: Ways):
    """
    A server that cannot prove who it is gets no request, and a person must act.
    """
    stranger = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("localhost").configure_cert(stranger)
    async with a_server(answering(), stranger) as side:
        problem = await failure(out, a_letter(f"https://localhost:{side.port}/"))

        assert isinstance(problem, Refused)
        assert "certificate of localhost is not to be trusted" in problem.error
        assert side.got == []


async def test_a_certificate_of_another_name_is_refused(out: Ways):
    """
    The certificate has to be that of the name that was asked for, though an address is connected to.
    """
    async with a_server(answering(), server_tls("other.example.com")) as side:
        assert isinstance(await failure(out, a_letter(f"https://localhost:{side.port}/")), Refused)


async def test_a_refused_connection_may_be_tried_again(out: Ways):
    """
    Where nobody listens, nothing was accepted.
    """
    problem = await failure(out, a_letter(f"http://127.0.0.1:{free_port()}/"))

    assert isinstance(problem, Transient)
    assert problem.error == "127.0.0.1 cannot be reached"


@pytest.mark.parametrize("behave", [cutting, hanging_after_request], ids=["cut", "no answer"])
async def test_once_it_was_sent_nobody_knows(out: Ways, behave: Any):
    """
    A connection that is lost after the request was sent leaves it unknown, and nothing is sent twice.
    """
    async with a_server(behave) as side:
        problem = await failure(out, a_letter(f"http://127.0.0.1:{side.port}/"), 0.5)

        assert isinstance(problem, Unknown)
        assert len(side.got) == 1


async def test_what_may_be_repeated_is_tried_again(out: Ways):
    """
    A request that harms nothing when it is sent twice is sent again after a lost connection, with the same bytes.
    """
    async with a_server(cutting) as side:
        problem = await failure(out, a_letter(f"http://127.0.0.1:{side.port}/", repeatable=True))

        assert isinstance(problem, Transient)
        assert len(side.got) == 3
        assert len({got.body for got in side.got}) == 1


@pytest.mark.parametrize(
    ("status", "repeatable", "meaning"),
    [
        (400, False, Refused),
        (404, True, Refused),
        (409, False, Refused),
        (429, False, Transient),
        (503, False, Transient),
        (500, False, Unknown),
        (502, False, Unknown),
        (500, True, Transient),
        (304, False, Refused),
    ],
)
def test_what_statuses_mean(status: int, repeatable: bool, meaning: type[NotDone]):
    """
    429 and 503 were not taken; other 4xx need a person; of other 5xx nobody knows, unless it may be repeated.
    """
    letter = a_letter("http://example.com/", repeatable=repeatable)
    answer = Answer("example.com", status, {"retry-after": "30"}, b"said\r\nby ana@example.com", False, 0.1)

    with pytest.raises(meaning) as raised:
        judged(answer, letter, NOW, Redactor())

    assert f"example.com answered {status}" in str(raised.value)
    assert "ana@example.com" not in str(raised.value)
    if isinstance(raised.value, Transient) and status != 500:
        assert raised.value.after == timedelta(seconds=30)


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("0", timedelta(0)),
        ("120", timedelta(minutes=2)),
        ("99999999999999999999", timedelta(hours=1)),
        ("Mon, 23 Nov 2026 03:13:00 GMT", timedelta(minutes=1)),
        ("Mon, 23 Nov 2020 03:13:00 GMT", timedelta(0)),
        ("soon", None),
        ("", None),
        ("-5", None),
        ("١٢", None),
    ],
)
def test_how_long_to_wait(text: str, after: timedelta | None):
    """
    `Retry-After` is seconds or a date, believed up to an hour; what cannot be read says nothing.
    """
    assert retry_after(text, NOW) == after


@given(st.text())
def test_any_retry_after_can_be_looked_at(text: str):
    """
    Whatever a server writes there, it is a wait of up to an hour or none.
    """
    after = retry_after(text, NOW)

    assert after is None or timedelta(0) <= after <= timedelta(hours=1)


async def test_an_answer_is_read_up_to_its_bound(out: Ways):
    """
    Of an answer that is too long only the beginning is read, and it is said that there was more.
    """
    async with a_server(answering(body=b"x" * (MOST + 1))) as side:
        answer = await out.outside.http.send(a_letter(f"http://127.0.0.1:{side.port}/"), 5)

    assert answer.is_cut
    assert len(answer.body) == MOST


async def test_what_is_packed_is_not_unpacked(out: Ways):
    """
    A packed answer is taken as the bytes it is: unpacked it could be any size.
    """
    import gzip

    packed = gzip.compress(b"0" * 10_000_000)
    async with a_server(answering(body=packed, headers={"Content-Encoding": "gzip"})) as side:
        answer = await out.outside.http.send(a_letter(f"http://127.0.0.1:{side.port}/"), 5)

    assert answer.body == packed
    assert side.got[0].headers["accept-encoding"] == "identity"


@pytest.mark.parametrize(
    "url",
    ["ftp://example.com/", "http://", "http://ana:secret@127.0.0.1/", "gopher://example.com/", "http://127.0.0.1:99999/", "http://a b/"],
)
async def test_addresses_that_nothing_is_sent_to(out: Ways, url: str):
    """
    What is not a plain web address is refused with a sentence that does not repeat it.
    """
    problem = await failure(out, a_letter(url))

    assert isinstance(problem, Refused)
    assert "secret" not in problem.error


async def test_a_token_needs_tls():
    """
    A token goes without TLS to a private address at most, never over the internet.
    """
    letter = replace(a_letter("http://1.1.1.1/"), headers={"Authorization": "Bearer x"})

    problem = await failure(ways(), letter)

    assert isinstance(problem, Refused)
    assert "without TLS" in problem.error


@pytest.mark.parametrize(
    ("base", "path", "whole"),
    [
        ("https://example.com", "", "https://example.com"),
        ("https://example.com/", "/hook", "https://example.com/hook"),
        ("https://example.com/api", "/v1/x?y=2", "https://example.com/api/v1/x?y=2"),
        ("https://example.com/api?key=1", "/x", "https://example.com/api/x?key=1"),
        ("https://example.com/api?key=1", "/x?y=2", "https://example.com/api/x?y=2&key=1"),
    ],
)
def test_paths_are_added(base: str, path: str, whole: str):
    """
    A path comes behind the connector's address, whose own query stays.
    """
    assert joined(base, path) == whole


@pytest.mark.parametrize("path", ["/..", "/a/../b", "/%2e%2e/b", "/.%2E/b", "/a\\..\\b", "/a b", "/a\nb", "/a\u2028b"])
def test_paths_that_lead_elsewhere(path: str):
    """
    A path that climbs, or holds what cannot be seen, is refused.
    """
    with pytest.raises(Refused):
        joined("https://example.com/api", path)


@pytest.mark.parametrize(
    "asked",
    [
        {"Host": "other.example.com"},
        {"content-length": "0"},
        {"Idempotency-Key": "mine"},
        {"X-A": "1\r\nX-B: 2"},
        {"X-A": "\x00"},
        {"X A": "1"},
        {"": "1"},
        {"Täg": "1"},
    ],
)
def test_headers_that_are_not_set(asked: dict[str, str]):
    """
    Headers that are ours to set, and what would become two headers, are refused.
    """
    with pytest.raises(Refused):
        headers_of(asked, {"idempotency-key": "k"})
