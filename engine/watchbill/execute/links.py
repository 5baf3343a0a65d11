"""Addresses by which one person reads one incident, on a phone and without a token.

Rule 1: a link names the incident and the person that it was sent to, and is signed by a key that only the record has.
Rule 2: a signature is compared in constant time, and looks like a token of watchbill's, so that whatever redacts tokens redacts it.
Rule 3: a link lets somebody read, and nothing else.
"""

from __future__ import annotations

import base64
import hmac
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import quote

from watchbill.model.incident import Incident

READABLE_FOR: Final = timedelta(days=7)
"""How long after an incident's end its links still show it."""

KEY: Final = "incident-links"
"""What the key is called in the record."""

_BEGINS: Final = "wb_"


class Links:
    """The links of an engine that people reach at *public_url*; empty where it has none. *key* signs them, once it is known."""

    __slots__ = ("_key", "_public_url")

    def __init__(self, public_url: str) -> None:
        self._public_url = public_url.rstrip("/")
        self._key = b""

    def take(self, key: bytes) -> None:
        """Sign with this *key* from now on."""
        self._key = key

    def plain(self, incident: str) -> str:
        """Where this *incident* is, for whoever shows a signature or a token; empty where no address is known."""
        return f"{self._public_url}/incidents/{quote(incident, safe='')}" if self._public_url else ""

    def signed(self, incident: str, person: str) -> str:
        """Where this *person* reads this *incident*; empty where no address is known."""
        plain = self.plain(incident)
        if not plain or not person or not self._key:
            return plain
        return f"{plain}?for={quote(person, safe='')}&key={self._signature(incident, person)}"

    def is_genuine(self, incident: str, person: str, signature: str) -> bool:
        """Whether this *signature* was made here for this *person* and this *incident*."""
        wanted = self._signature(incident, person).encode("ascii")
        given = signature.encode("utf-8", "surrogatepass")
        return hmac.compare_digest(wanted, given) and bool(self._key) and bool(self._public_url) and bool(person)

    def _signature(self, incident: str, person: str) -> str:
        # The lengths stand in front, so that no other pair has the same message.
        parts = (incident.encode("utf-8", "surrogatepass"), person.encode("utf-8", "surrogatepass"))
        message = b"".join(len(part).to_bytes(8, "big") + part for part in parts)
        digest = hmac.digest(self._key, message, "sha256")
        return _BEGINS + base64.urlsafe_b64encode(digest).decode("ascii").rstrip("=")


def is_readable(incident: Incident, now: datetime) -> bool:
    """Whether links still show this *incident*: it is open, or ended not long ago."""
    return incident.status != "resolved" or incident.status_at is None or now - incident.status_at <= READABLE_FOR
