"""Mail, to a real server."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from tests.connectors.makers import NOW, Ways, a_request, carry_out, server_tls, ways
from tests.connectors.sides import Post, Side, a_mail_server, a_server
from watchbill.connectors.catalogue import catalogue
from watchbill.connectors.email import message_of
from watchbill.connectors.performers import performers
from watchbill.connectors.performing import About, NotDone, Refused, Request, Transient, Unable, Unknown
from watchbill.model.plan import Done

pytestmark = pytest.mark.anyio
FROM = {"from": "The shop's watch <watch@example.com>", "reply_to": "support@example.com"}


def a_mail(url: str = "smtp://localhost", arguments: dict[str, Any] | None = None, **more: Any) -> Request:
    settings = {**FROM, "url": url} | more.pop("settings", {})
    return a_request("email", "send", {"to": "ana@example.com", **(arguments or {})}, settings=settings, **more)


async def sent(out: Ways, request: Request) -> Done:
    return await carry_out(performers(out.outside), catalogue(), request)


async def failure(out: Ways, request: Request) -> NotDone:
    with pytest.raises(NotDone) as raised:
        await sent(out, request)
    return raised.value


def read(side: Side, number: int = 0) -> EmailMessage:
    message = message_from_bytes(side.got[number].content.replace(b"\r\n", b"\n"), policy=default)
    assert isinstance(message, EmailMessage)
    return message


async def test_with_tls_on_request_and_a_login(out: Ways):
    """
    Over `smtp://` TLS is asked for, and name and password go after it.
    """
    async with a_mail_server(start_tls=server_tls(), login=("watch", "s3cret")) as side:
        secrets = {"username": "watch", "password": "s3cret"}
        done = await sent(out, a_mail(f"smtp://localhost:{side.port}", secrets=secrets))

    post: Post = side.got[0]
    assert (post.sender, post.recipients, post.was_tls, post.user) == ("watch@example.com", ["ana@example.com"], True, "watch")
    message = read(side)
    assert done == Done({"message_id": message["Message-ID"]}, message["Message-ID"])
    assert message["From"] == "The shop's watch <watch@example.com>"
    assert message["To"] == "ana@example.com"
    assert message["Reply-To"] == "support@example.com"
    assert message["Subject"] == "HighErrorRate on checkout"
    assert message["Date"].datetime == NOW
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-Watchbill-Incident"] == "checkout-7f3a"
    assert message.get_content() == "critical: HighErrorRate on checkout (payments)\n"


async def test_with_tls_at_once(out: Ways):
    """
    Over `smtps://` TLS begins with the connection.
    """
    async with a_mail_server(tls=server_tls()) as side:
        await sent(out, a_mail(f"smtps://localhost:{side.port}"))

    assert len(side.got) == 1


async def test_a_server_that_offers_no_tls_gets_no_mail(out: Ways):
    """
    Where STARTTLS is not offered, nothing is handed over, the password least of all.
    """
    async with a_mail_server(login=("watch", "s3cret")) as side:
        problem = await failure(out, a_mail(f"smtp://localhost:{side.port}", secrets={"username": "watch", "password": "s3cret"}))

    assert isinstance(problem, Refused)
    assert "offers no TLS" in problem.error
    assert side.got == []


async def test_without_tls_on_this_machine(out: Ways):
    """
    A server on this machine may be used without TLS, by an address that says so.
    """
    async with a_mail_server() as side:
        await sent(out, a_mail(f"smtp+plain://localhost:{side.port}"))

    assert len(side.got) == 1


async def test_without_tls_elsewhere_needs_leave():
    """
    A server elsewhere is not used without TLS unless the process was started with leave to.
    """
    private = ("10.0.0.0/8",)
    request = a_mail("smtp+plain://10.255.255.1:25", timeout=timedelta(seconds=0.2))

    refused, tried = await failure(ways(private=private), request), await failure(ways(private=private, plain_mail=True), request)

    assert isinstance(refused, Refused)
    assert "without TLS" in refused.error
    assert isinstance(tried, Transient)


async def test_a_certificate_of_nobody_we_know_is_refused(out: Ways):
    """
    A server that cannot prove who it is gets no mail, whenever TLS begins.
    """
    stranger = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("localhost").configure_cert(stranger)
    async with a_mail_server(start_tls=stranger) as first, a_mail_server(tls=stranger) as second:
        problems = [
            await failure(out, a_mail(f"smtp://localhost:{first.port}")),
            await failure(out, a_mail(f"smtps://localhost:{second.port}")),
        ]

    assert [type(each) for each in problems] == [Unable, Unable]
    assert {each.error.partition(":")[0] for each in problems} == {"the certificate of localhost is not to be trusted"}


async def test_a_wrong_password_needs_a_person(out: Ways):
    """
    A password that is not taken is refused for good, and not shown.
    """
    async with a_mail_server(start_tls=server_tls(), login=("watch", "s3cret")) as side:
        problem = await failure(out, a_mail(f"smtp://localhost:{side.port}", secrets={"username": "watch", "password": "wr0ng-one"}))

    assert isinstance(problem, Unable)
    assert "535" in problem.error
    assert "wr0ng-one" not in problem.error


@pytest.mark.parametrize(
    ("answers", "meaning"),
    [
        ({"RCPT": "550 5.1.1 <ana@example.com> no such user"}, Refused),
        ({"RCPT": "451 greylisted, come again"}, Transient),
        ({"DATA": "554 spam"}, Refused),
        ({"DATA": "452 the disk is full"}, Transient),
    ],
)
async def test_what_its_noes_mean(out: Ways, answers: dict[str, str], meaning: type[NotDone]):
    """
    A no that begins with 5 is for good, one that begins with 4 for now; nobody's address is repeated.
    """
    async with a_mail_server(answers=answers) as side:
        problem = await failure(out, a_mail(f"smtp+plain://127.0.0.1:{side.port}"))

    assert isinstance(problem, meaning)
    assert "ana@example.com" not in problem.error


@asynccontextmanager
async def a_talker(*answers: bytes, after: bytes = b"") -> AsyncIterator[Side]:
    """A mail server that says these things in turn, whatever it hears, this *after* the mail, and then ends the connection."""

    async def behave(side: Side, reader: Any, writer: Any) -> None:
        for answer in answers:
            writer.write(answer)
            await writer.drain()
            side.got.append(await reader.readline())
        if side.got[-1:] and side.got[-1].startswith(b"DATA") and answers[-1].startswith(b"354"):
            await reader.readuntil(b"\r\n.\r\n")
            writer.write(after)
            await writer.drain()

    async with a_server(behave) as side:
        yield side


READY = (b"220 hello\r\n", b"250 hello\r\n", b"250 sender\r\n", b"250 recipient\r\n")


@pytest.mark.parametrize(
    ("answers", "meaning"),
    [
        ((), Transient),
        (READY[:2], Transient),
        (READY, Transient),
        ((*READY, b"354 go on\r\n"), Unknown),
        ((b"421 too busy\r\n",), Transient),
        ((b"554 go away\r\n",), Refused),
        ((b"SSH-2.0-OpenSSH\r\n",), Transient),
        ((*READY[:3], b"250 recipient\r\n", b"250 what?\r\n"), Transient),
    ],
    ids=["nothing", "greeting", "envelope", "mail", "busy", "no", "not mail", "no go-ahead"],
)
async def test_what_a_lost_connection_means(out: Ways, answers: tuple[bytes, ...], meaning: type[NotDone]):
    """
    Up to the mail itself nothing was accepted; once it was sent, only an answer would tell.
    """
    async with a_talker(*answers) as side:
        problem = await failure(out, a_mail(f"smtp+plain://127.0.0.1:{side.port}"))

    assert type(problem) is meaning, problem.error


@pytest.mark.parametrize("after", [b"250 " + b"y" * 9_000 + b"\r\n", b"", b"250-more to come\r\n"], ids=["too long", "none", "half"])
async def test_an_answer_to_the_mail_that_cannot_be_read_is_no_refusal(out: Ways, after: bytes):
    """
    Once the mail was sent, an answer that is too long, cut off or absent leaves it unknown, and nobody says that the mail was not taken.
    """
    async with a_talker(*READY, b"354 go on\r\n", after=after) as side:
        problem = await failure(out, a_mail(f"smtp+plain://127.0.0.1:{side.port}"))

    assert type(problem) is Unknown
    assert problem.error == "127.0.0.1 ended the conversation without an answer to the mail"


async def test_tls_that_is_only_pretended_is_none(out: Ways):
    """
    Where a server says yes to STARTTLS in another way than the one that begins TLS, nothing further is said to it.
    """
    async with a_talker(b"220 hello\r\n", b"250-hello\r\n250 STARTTLS\r\n", b"250 sure\r\n", b"250 go on\r\n") as side:
        assert isinstance(await failure(out, a_mail(f"smtp://localhost:{side.port}")), NotDone)

    assert not any(line.upper().startswith((b"AUTH", b"MAIL")) for line in side.got)


async def test_mails_of_one_incident_make_a_thread(out: Ways):
    """
    All mails of an incident answer to the same identity, which is another incident's never.
    """
    first, second = message_of(a_mail()), message_of(a_mail(key="checkout-7f3a/update/customers/0/1"))
    other = message_of(a_mail(about=About("search-11")))

    assert first["References"] == first["In-Reply-To"] == second["References"] != other["References"]
    assert first["Message-ID"] != second["Message-ID"]


async def test_a_repeat_says_so(out: Ways):
    """
    A mail that may be a repeat has the same identity, and says in its subject and in a header that it may be.
    """
    request = a_mail()
    first, again = message_of(request), message_of(replace(request, attempt=2, is_repeat=True))

    assert first["Message-ID"] == again["Message-ID"]
    assert again["Subject"] == "[possibly repeated] HighErrorRate on checkout"
    assert again["X-Watchbill-Possibly-Repeated"] == "yes"
    assert "X-Watchbill-Possibly-Repeated" not in first


@given(st.text(min_size=1, max_size=400), st.text(max_size=400), st.text(max_size=50), st.text(min_size=1, max_size=100))
def test_no_text_becomes_a_header(subject: str, text: str, incident: str, key: str):
    """
    Whatever subject, text, incident and key hold, the mail has the headers that are meant and no others.
    """
    message = message_of(a_mail(arguments={"subject": subject, "text": text}, key=key, about=About(incident)))
    again = message_from_bytes(message.as_bytes(), policy=default)

    assert set(again.keys()) <= {
        *("From", "To", "Reply-To", "Subject", "Date", "Message-ID", "Auto-Submitted", "X-Auto-Response-Suppress", "In-Reply-To"),
        *("References", "X-Watchbill-Incident", "X-Watchbill-Step", "Content-Type", "Content-Transfer-Encoding", "MIME-Version"),
    }
    assert again["To"] == "ana@example.com"


async def test_any_words_arrive(out: Ways):
    """
    Text beyond plain letters, and lines that begin with a stop, arrive as they were.
    """
    text = "Störung: €5 · 日本\n.\n..two\n" + "long " * 400
    async with a_mail_server() as side:
        await sent(out, a_mail(f"smtp+plain://127.0.0.1:{side.port}", {"subject": "Störung im Laden · 日本", "text": text}))

    assert read(side)["Subject"] == "Störung im Laden · 日本"
    assert read(side).get_content().rstrip("\n") == text.rstrip("\n")


@pytest.mark.parametrize(
    "to", ["ana@example.com\r\nBcc: all@example.com", "ana@example.com\n", "ana", "a b@example.com", "<ana@example.com>"]
)
async def test_addresses_that_are_none(out: Ways, to: str):
    """
    What is not one address is refused before anybody is connected to.
    """
    problem = await failure(out, a_mail("smtp+plain://127.0.0.1:1", {"to": to}))

    assert isinstance(problem, Refused)


async def test_addresses_in_other_letters(out: Ways):
    """
    A domain in other letters is written in plain ones; a name in other letters needs a server that takes it.
    """
    async with a_mail_server() as side, a_mail_server(utf8=True) as modern:
        await sent(out, a_mail(f"smtp+plain://127.0.0.1:{side.port}", {"to": "ana@bücher.example.com"}))
        problem = await failure(out, a_mail(f"smtp+plain://127.0.0.1:{side.port}", {"to": "ána@example.com"}))
        await sent(out, a_mail(f"smtp+plain://127.0.0.1:{modern.port}", {"to": "ána@example.com"}))

    assert side.got[0].recipients == ["ana@xn--bcher-kva.example.com"]
    assert isinstance(problem, Refused)
    assert modern.got[0].recipients == ["ána@example.com"]


@pytest.mark.parametrize("url", ["smtp://localhost:99999", "smtp://ana:pw@localhost", "http://localhost", "smtp://:25"])
async def test_servers_that_are_none(out: Ways, url: str):
    """
    An address of a mail server that cannot be one is refused.
    """
    assert isinstance(await failure(out, a_mail(url)), Refused)


async def test_a_server_on_a_private_network_needs_leave():
    """
    Mail goes through the same check of addresses as all else.
    """
    async with a_mail_server() as side:
        problem = await failure(ways(private=()), a_mail(f"smtp+plain://127.0.0.1:{side.port}"))

    assert isinstance(problem, Refused)
    assert "private network" in problem.error
