"""The seam between the engine and the outside world: what is asked of a connector, and what may come of it.

Rule 1: whoever performs is asked once. Whether it is tried again, and when, is for the engine to say; the key stays the same.
Rule 2: an outcome is one of six. `Done` was carried out. `Transient` was not, and may be tried again. `Unknown` may or may not
have been. `Refused` was not, because the other side said no to it. `Unable` was not, and neither would be anything else this way.
`Failed` was begun and came to a bad end: part of it may have been.
Rule 3: it ends within the request's time-out and a short grace, whatever the other side does, and leaves nothing running.
Rule 4: it keeps nothing between requests that could reach another request, and says no secret to anybody.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

from watchbill.model.plan import Done
from watchbill.model.references import Json

if TYPE_CHECKING:
    from watchbill.connectors.outbound import Outbound
    from watchbill.connectors.processes import Processes

GRACE: Final = timedelta(seconds=5)
"""How long after its time-out a request may still be at work, to end what it began."""

Sink: TypeAlias = Callable[[str, str, Mapping[str, Json]], None]
"""Where log entries go: a level (``info``), what is said, and further fields."""


class NotDone(Exception):
    """It was not seen to be carried out, as *error* says in a sentence without a stop."""

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.error = error


class Transient(NotDone):
    """It was not carried out and may be tried again, *after* that long where the other side said so."""

    def __init__(self, error: str, after: timedelta | None = None) -> None:
        super().__init__(error)
        self.after = after


class Unknown(NotDone):
    """It may or may not have been carried out."""


class Refused(NotDone):
    """It was not carried out, and a person must act before it can be: the other side said no to this request, or it cannot be made."""


class Failed(Refused):
    """It was begun and came to a bad end, and a person must act before it is tried again: what it did until then, nobody can say."""


class Unable(Refused):
    """Nothing can be carried out this way at all: credentials, a secret, a permission, a program or the connector itself is missing.

    What is refused so would be refused for whatever else is asked, so it is a trouble of the engine's and not of one request.
    """


@dataclass(frozen=True, slots=True)
class About:
    """What an outside system may be told of the incident that a request is for.

    Where it *is_for_audience*, people outside read what is sent: it says nothing of alerts, services, teams or ids. *thread* is the
    same for all that is said of one incident, and tells nothing else.
    """

    incident: str = ""
    title: str = ""
    status: str = ""
    severity: str = ""
    service: str = ""
    team: str = ""
    opened_at: datetime | None = None
    url: str = ""
    thread: str = ""
    is_for_audience: bool = False

    def facts(self) -> dict[str, Json]:
        """What is known, by name, as JSON."""
        facts = {
            "id": self.incident,
            "title": self.title,
            "status": self.status,
            "severity": self.severity,
            "service": self.service,
            "team": self.team,
            "opened_at": self.opened_at.isoformat() if self.opened_at is not None else "",
            "url": self.url,
        }
        return {name: value for name, value in facts.items() if value}


@dataclass(frozen=True, slots=True)
class Request:
    """One call of an action, with everything it needs.

    *connector* is the document's name, *type* its type. *step* is the step's id. *key* is the same for every attempt: the
    step's id, with ``#2`` for its second call. *is_repeat* says that an earlier attempt may have been carried out. *subject*
    and *text* are the step's own words, for arguments that were left out. *now* is when this attempt begins.
    """

    connector: str
    type: str
    action: str
    arguments: Mapping[str, Json]
    key: str
    now: datetime
    timeout: timedelta
    settings: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    step: str = ""
    attempt: int = 1
    is_repeat: bool = False
    subject: str = ""
    text: str = ""
    about: About = field(default_factory=About)

    @property
    def use(self) -> str:
        """The action as policies name it: ``chat.post``."""
        return f"{self.connector}.{self.action}"

    @property
    def seconds(self) -> float:
        """The time-out in seconds."""
        return max(self.timeout.total_seconds(), 0.001)

    def words(self) -> tuple[str, str]:
        """The subject and the text: the arguments, or the step's own words where they are left out."""
        subject, text = self.arguments.get("subject"), self.arguments.get("text")
        return (subject if isinstance(subject, str) else self.subject, text if isinstance(text, str) else self.text)

    def argument(self, name: str) -> str:
        """An argument that is a text; empty where it is left out."""
        value = self.arguments.get(name)
        return value if isinstance(value, str) else ""


class Performer(Protocol):
    """Carries out the actions of one type of connector."""

    async def perform(self, request: Request) -> Done:
        """What came of it, once it was carried out; raises `Transient`, `Unknown` or `Refused` otherwise."""
        ...


@dataclass(frozen=True, slots=True)
class Outside:
    """The ways out of this process, as its flags allow them; made once, and handed to every performer.

    *plain_mail* lets passwords and mail go to a server without TLS that is not on this machine.
    """

    http: Outbound
    processes: Processes
    sink: Sink
    plain_mail: bool = False
