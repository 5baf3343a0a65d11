"""Mail through SMTP. It reaches a person, though nobody should be woken by it alone.

Mails of one incident make one thread. A mail's `Message-ID` follows from its key, so that a repeat is recognised as one; a
mail that may be a repeat also says so in its subject and in `X-Watchbill-Possibly-Repeated`. Incident and step stand in headers of
what responders get, and not of what an audience gets: anybody can look at the headers of a mail.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from watchbill.connectors.bounding import cut_text
from watchbill.connectors.performing import Outside, Refused, Request, Unable
from watchbill.connectors.redacting import OUR_MESSAGE, Redactor
from watchbill.connectors.schemas import arguments, result, text
from watchbill.model.plan import Done
from watchbill.model.policyset import Action, ConnectorType

if TYPE_CHECKING:
    from email.message import EmailMessage

    from watchbill.connectors.smtp import Mailbox, Server

_PORTS: Final = {"smtp": 587, "smtps": 465, "smtp+plain": 25}
_TLS: Final = {"smtp": "on request", "smtps": "at once", "smtp+plain": "none"}
_MOST_TEXT: Final = 256 * 1024
_LONGEST_SUBJECT: Final = 250

_REPEATED: Final = "[possibly repeated]"

_ADDRESS = r"^[^@\s,;<>]+@[^@\s,;<>]+$"

TYPE = ConnectorType(
    name="email",
    summary="Sends mail.",
    settings=arguments(
        {
            "url": text(
                "The mail server. With `smtp://` the server has to offer STARTTLS, with `smtps://` TLS begins at once; "
                "`smtp+plain://` has none, and is for a server on this machine.",
                pattern=r"^(smtps?|smtp\+plain)://[^\s/]+$",
                example="smtp://mail.example.com:587",
            ),
            "from": text("The sender's address.", pattern=r"^([^<>\r\n]+ <[^@\s<>]+@[^@\s<>]+>|[^@\s<>]+@[^@\s<>]+)$"),
            "reply_to": text("Where answers go.", pattern=_ADDRESS),
        },
        ("url", "from"),
    ),
    secrets=("username", "password"),
    actions=(
        Action(
            name="send",
            summary="Sends a plain text to one address.",
            arguments=arguments(
                {
                    "to": text("The address; for many readers, that of their list.", pattern=_ADDRESS, example="stakeholders@example.com"),
                    "subject": text("The subject; the page's or the update's own where it is left out.", longest=250),
                    "text": text("What it says; the page's or the update's own text where it is left out."),
                },
                ("to",),
            ),
            does="reaches",
            escaping=(("to", "header"), ("subject", "header"), ("text", "none")),
            result=result({"message_id": text("The `Message-ID` it was sent with.")}),
        ),
    ),
    addresses=("url",),
)


def performer(outside: Outside) -> Email:
    """What carries the actions out, through these ways *outside*."""
    return Email(outside)


class Email:
    """Writes a mail and hands it to the server."""

    __slots__ = ("_mailbox", "_outside")

    def __init__(self, outside: Outside) -> None:
        self._outside = outside
        self._mailbox: Mailbox | None = None

    async def perform(self, request: Request) -> Done:
        """The `Message-ID` of the mail that the server took."""
        from email.policy import SMTP, SMTPUTF8

        from watchbill.connectors.smtp import Mail, Mailbox

        self._mailbox = self._mailbox or Mailbox(self._outside.http, plain=self._outside.plain_mail)
        message = message_of(request)
        sender, recipient = _address(message["From"]), _envelope(request.argument("to"))
        policy = SMTP if sender.isascii() and recipient.isascii() else SMTPUTF8
        mail = Mail(sender, recipient, message.as_bytes(policy=policy))
        await self._mailbox.hand_in(_server(request), mail, request.seconds, Redactor(request.secrets.values()))
        identity = str(message["Message-ID"])
        return Done({"message_id": identity}, identity)


def message_of(request: Request) -> EmailMessage:
    """The mail that this *request* asks for."""
    from email.headerregistry import Address
    from email.message import EmailMessage
    from email.policy import SMTP

    subject, words = request.words()
    title = _one_line(subject or words.partition("\n")[0] or request.about.title or "watchbill")
    if request.is_repeat and not title.startswith(_REPEATED):
        title = f"{_REPEATED} {title}"
    message = EmailMessage(policy=SMTP)
    try:
        message["From"] = _one_line(request.settings["from"])
        local, _, place = _envelope(request.argument("to")).rpartition("@")
        message["To"] = Address(username=local, domain=place)
        if "reply_to" in request.settings:
            message["Reply-To"] = _one_line(request.settings["reply_to"])
        domain = _address(message["From"]).rpartition("@")[2].encode("idna").decode("ascii")
    except (ValueError, IndexError):
        raise Refused("an address of this mail cannot be written in a mail") from None
    message["Subject"] = title if len(title) <= _LONGEST_SUBJECT else f"{title[: _LONGEST_SUBJECT - 1]}…"
    message["Date"] = request.now
    message["Message-ID"] = _identity(request.key, domain)
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    about = request.about
    if about.thread or about.incident:
        # What all mails of the incident answer to is a mail that nobody sent: programs thread by it all the same.
        thread = _identity(f"incident {about.thread or about.incident}", domain)
        message["In-Reply-To"] = thread
        message["References"] = thread
    if not about.is_for_audience:
        if about.incident:
            message["X-Watchbill-Incident"] = _one_line(about.incident)
        message["X-Watchbill-Step"] = _one_line(request.key)
    if request.is_repeat:
        message["X-Watchbill-Possibly-Repeated"] = "yes"
    message.set_content(_whole_characters(cut_text(words or title, _MOST_TEXT)), charset="utf-8", cte="quoted-printable")
    return message


def _identity(key: str, domain: str) -> str:
    """A `Message-ID` that is the same whenever the *key* is."""
    return f"<{OUR_MESSAGE}{hashlib.sha256(key.encode('utf-8', 'surrogatepass')).hexdigest()[:40]}@{domain}>"


def _one_line(words: str) -> str:
    """The *words* without anything that could end a header: what is not to be seen becomes a space."""
    return " ".join("".join(each if each.isprintable() else " " for each in _whole_characters(words)).split())


def _whole_characters(words: str) -> str:
    return words.encode("utf-8", "replace").decode("utf-8")


def _envelope(address: str) -> str:
    """The *address* as a server is told it, its domain in plain letters."""
    local, _, domain = address.rpartition("@")
    if not local or not domain or not all(each.isprintable() and each not in ' <>,;"' for each in address):
        raise Refused("`to` is not an address that mail can be sent to")
    try:
        return f"{local}@{domain if domain.isascii() else domain.encode('idna').decode('ascii')}"
    except UnicodeError:
        raise Refused("`to` is not an address that mail can be sent to") from None


def _address(header: object) -> str:
    addresses: Sequence[Any] = getattr(header, "addresses", ())
    if len(addresses) != 1:
        raise Unable("`from` is not one address")
    return str(addresses[0].addr_spec)


def _server(request: Request) -> Server:
    from watchbill.connectors.smtp import Server

    url = urlsplit(request.settings["url"])
    try:
        port = url.port
    except ValueError:
        port = 0
    if url.scheme not in _TLS or not url.hostname or port == 0 or url.username or url.password:
        raise Unable("`url` of the mail server is not of the form smtp://HOST:PORT")
    username, password = (request.secrets.get(name, "") for name in ("username", "password"))
    return Server(url.hostname, port or _PORTS[url.scheme], _TLS[url.scheme], username, password)
