"""What whoever was paged reads on a phone: one incident as text, by the signed link that the page brought.

Rule 1: whatever is wrong with a link, the answer is the same, and says nothing of what there is.
Rule 2: nothing is set, stored or passed on: no cookie, no cache, no referrer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from watchbill.execute.links import is_readable
from watchbill.report.incidents import IncidentShown, without_nulls
from watchbill.report.incidents_text import incident_text
from watchbill.server.house import House, house_of
from watchbill.server.incident_document import incident_document
from watchbill.store import incidents as rows
from watchbill.store import tokens
from watchbill.store.encoding import encode_json

if TYPE_CHECKING:
    from sqlalchemy import Connection

PHONE: Final = 40
"""Columns of a phone held upright."""

_HEADERS: Final = {
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "x-robots-tag": "noindex",
}


async def incident(request: Request) -> Response:
    """The incident that this link is for, as `watchbill incidents show` prints it."""
    house = house_of(request)
    name, person = request.path_params["incident"], request.query_params.get("for", "")
    if not house.engine.links.is_genuine(name, person, request.query_params.get("key", "")):
        return _refused()
    if person not in house.engine.policies.current.policies.people:
        return _refused()
    shown = await house.read(lambda connection: _shown(connection, house, name, person))
    if shown is None:
        return _refused()
    return PlainTextResponse(incident_text(shown, house.engine.now(), width=PHONE), headers=_HEADERS)


def _refused() -> Response:
    said = "this link shows nothing, or nothing any more\n"
    return PlainTextResponse(said, 404, headers=_HEADERS)


def _shown(connection: Connection, house: House, name: str, person: str) -> IncidentShown | None:
    """What is shown of the incident; None where this *person*, or anybody, is not to read it by a link any more."""
    found = rows.load(connection, name)
    if found is None or not is_readable(found, house.engine.now()) or _is_revoked(connection, person):
        return None
    document = incident_document(connection, house, found, lambda incident: "")
    # What is printed is what the API says: as from its JSON, so that nothing is shown here that stands only in memory.
    return msgspec.convert(without_nulls(msgspec.json.decode(encode_json(document))), IncidentShown)


def _is_revoked(connection: Connection, person: str) -> bool:
    """Whether this *person* had tokens and every one of them was revoked: they are to come in no more."""
    theirs = [token for token in tokens.listing(connection) if token.who == person]
    return bool(theirs) and all(token.revoked_at is not None for token in theirs)
