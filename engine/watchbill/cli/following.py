"""Following a server's incidents: what was, and from there on what happens, without a gap between, whatever becomes of the connection."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from watchbill.cli.client import Client, Lost, segment
from watchbill.cli.live import Live, json_line, put
from watchbill.cli.options import now
from watchbill.cli.output import complain
from watchbill.cli.server_options import shaped
from watchbill.errors import OutsideError
from watchbill.model.timeline import Happening, Timeline
from watchbill.report.incidents import Listed
from watchbill.report.incidents_text import UNANSWERED, listing_text

AGAIN_AFTER: Final = (1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds to wait before a lost connection is tried again: after each failure the next, and then always the last."""

Document = dict[str, Any]


def timeline_of(client: Client, document: Document) -> Timeline:
    """The timeline that the server told. Raises OutsideError where it is none."""
    frame = shaped(client, {**document, "happenings": ()}, Timeline)
    return replace(frame, happenings=_happenings(client, document))


def follow_one(client: Client, incident: str, live: Live | None) -> None:
    """Tell all of one *incident* from its beginning, and go on until it is resolved; as lines of JSON where nothing is *live*."""
    document = client.read(f"/v1/incidents/{segment(incident)}/timeline")
    timeline, decisions = timeline_of(client, document), _listed(client, document, "decisions")
    after = str(decisions[-1].get("id", "")) if decisions else ""
    if live is None:
        put("".join(map(json_line, decisions)))
    else:
        live.head(timeline.incident, timeline.title)
        live.begin(timeline.incident, timeline.at)
        live.tell(timeline.incident, timeline.happenings)
    status, until = timeline.status, timeline.until
    if status != "resolved":
        for decision in _going_on(client, after, timeline.incident):
            _tell(client, timeline.incident, decision, live)
            status, until = str(decision.get("status")), _moment(client, decision)
            if status == "resolved":
                break
    if live is not None:
        live.end(until - timeline.at, status)


def follow_all(client: Client, live: Live | None) -> None:
    """Tell what happens to any incident from now on, after a list of those that are open; it has no end."""

    def begin() -> None:
        # Listed once the stream has begun: what happens in between is then told, at worst after it was listed already.
        if live is not None:
            found = shaped(client, client.read("/v1/incidents", {"status": "open"}).get("incidents"), tuple[Listed, ...])
            put(listing_text(found, now(), "open", width=live.width, colour=live.colour) + "\n")
            for each in found:
                live.begin(each.id, each.opened_at)
        complain(f"watching {client.address.url}; Ctrl-C ends it\n")

    for decision in _going_on(client, "", "", begin):
        incident = decision.get("incident")
        if not isinstance(incident, str):
            raise client.strange()
        if live is not None and not live.knows(incident):
            live.begin(incident, _opened_at(client, incident, decision))
        _tell(client, incident, decision, live)


def _tell(client: Client, incident: str, decision: Document, live: Live | None) -> None:
    if live is None:
        put(json_line(decision))
        return
    happenings = _happenings(client, decision)
    if happenings:
        name, service, severity = (str(decision.get(key) or "") for key in ("name", "service", "severity"))
        loud = f", {UNANSWERED}" if decision.get("unanswered") is True else ""
        live.head(incident, f"{name} on {service or 'no known service'}, {severity}{loud}")
        live.tell(incident, happenings)


def _going_on(client: Client, after: str, incident: str, begin: Callable[[], None] = lambda: None) -> Iterator[Document]:
    """Each decision after this one, through as many connections as it takes; *begin* is called once, when the first of them stands."""
    failures, has_begun, why = 0, False, ""
    while True:
        try:
            for event in client.follow(after, incident):
                if not has_begun:
                    begin()
                failures, has_begun, after = 0, True, event.id or after
                if event.document is not None:
                    yield event.document
        except Lost as lost:
            why = f"{client.address.url}: {lost.why}"
        except OutsideError as error:
            if not has_begun or error.rule == "not-watchbill":
                raise
            why = error.message
        if not failures:
            complain(f"{why}; trying again\n")
        pause(AGAIN_AFTER[min(failures, len(AGAIN_AFTER) - 1)])
        failures += 1


def pause(seconds: float) -> None:
    """Wait that long; Ctrl-C ends it at once."""
    threading.Event().wait(seconds)


# --- what the server says -----------------------------------------------------------------


def _happenings(client: Client, document: Mapping[str, Any]) -> tuple[Happening, ...]:
    return shaped(client, _listed(client, document, "happenings"), tuple[Happening, ...])


def _listed(client: Client, document: Mapping[str, Any], name: str) -> list[Document]:
    found = document.get(name)
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise client.strange()
    return found


def _moment(client: Client, decision: Document) -> datetime:
    return shaped(client, decision.get("at"), datetime)


def _opened_at(client: Client, incident: str, decision: Document) -> datetime:
    """When an incident began that is heard of for the first time."""
    if decision.get("number") == 1:
        return _moment(client, decision)
    return shaped(client, client.read(f"/v1/incidents/{segment(incident)}").get("opened_at"), datetime)
