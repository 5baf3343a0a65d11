"""Who there is, what they own, and how they are reached (`ownership/`)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from watchbill.model.labels import Matcher
from watchbill.model.references import Ref, Target
from watchbill.model.times import Days, Recurrence, Zone


@dataclass(frozen=True, slots=True)
class Contact:
    """One way to a person: an action that reaches people, an address, and how long after the page it is used.

    One that *rings* wakes somebody who is asleep.
    """

    connector: str
    action: str
    address: str
    after: timedelta = timedelta(0)
    rings: bool = False

    def __str__(self) -> str:
        return f"{self.connector}.{self.action}"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who can be paged. *contacts* stand in order of preference; none means unreachable.

    *quiet_hours* hold back posts and updates, never a page.
    """

    ref: Ref
    full_name: str
    zone: Zone
    contacts: tuple[Contact, ...] = ()
    leave: tuple[Days, ...] = ()
    quiet_hours: Recurrence | None = None

    @property
    def name(self) -> str:
        """The handle."""
        return self.ref.name


def telling_contact(person: Person) -> Contact | None:
    """The contact by which this *person* is told what wakes nobody: the first that does not ring. None where all of them ring."""
    return next((contact for contact in person.contacts if not contact.rings), None)


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """How long an acknowledgement holds, and how long before its end whoever has the incident is reminded; None where it is not said."""

    expires: timedelta | None = None
    remind: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Role:
    """A named duty of a team and who has it: a schedule, a person, or another team's role."""

    name: str
    target: Target


@dataclass(frozen=True, slots=True)
class Team:
    """People who look after services. *parent* is the next team outwards. *acknowledge* holds where the escalation says nothing."""

    ref: Ref
    parent: str | None = None
    members: tuple[str, ...] = ()
    roles: tuple[Role, ...] = ()
    escalation: str | None = None
    chat: str | None = None
    acknowledge: Acknowledge | None = None

    @property
    def name(self) -> str:
        """The team's name."""
        return self.ref.name


@dataclass(frozen=True, slots=True)
class Dependency:
    """A service that another one needs. *inhibits* is the dependant's consent to be hidden by its alerts."""

    service: str
    inhibits: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """A page that helps: dashboard, runbook, repository."""

    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Service:
    """Something that can break, and its owner.

    *tier* 1 matters most. *claims* are the matchers, any group of which claims an alert
    by its received labels. *deadline* is how soon a person must be paged, whatever else is tried.
    *bindings* give a connector's name another meaning for this service (``metrics`` is ``prometheus-eu``).
    """

    ref: Ref
    owner: str
    tier: int
    claims: tuple[tuple[Matcher, ...], ...]
    escalation: str | None = None
    dependencies: tuple[Dependency, ...] = ()
    deadline: timedelta | None = None
    links: tuple[Link, ...] = ()
    bindings: tuple[tuple[str, str], ...] = ()
    environment: str = ""

    @property
    def name(self) -> str:
        """The service's name."""
        return self.ref.name
