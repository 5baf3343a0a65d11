"""What is given in a case of a policy test: alerts, what people say, how deliveries and remediations end, and what was before.

Rule: offsets are counted from the clock of the case. Whatever may be wrong of itself keeps the place it was written at.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, TypeAlias

from watchbill.errors import Place
from watchbill.model.labels import Labels
from watchbill.model.plan import DeliveryResult
from watchbill.model.references import Json


@dataclass(frozen=True, slots=True)
class GivenAlert:
    """An alert that fires from *at* on, until *until* (None: as long as the case lasts)."""

    labels: Labels
    annotations: Labels
    at: timedelta
    until: timedelta | None
    place: Place
    generator_url: str = ""
    source: str = "alertmanager"


Word = Literal["acknowledge", "unacknowledge", "mitigate", "resolve", "escalate"]
"""What a person may say of an incident in a word."""


@dataclass(frozen=True, slots=True)
class PersonSays:
    """A person says a *word* about the incident, or about each of several."""

    at: timedelta
    word: Word
    by: str
    place: Place


@dataclass(frozen=True, slots=True)
class PersonDecides:
    """A person says yes or no to what waits for that: a *remediation*, or an update to an *audience*."""

    at: timedelta
    is_yes: bool
    by: str
    place: Place
    remediation: str | None = None
    audience: str | None = None


@dataclass(frozen=True, slots=True)
class PersonStarts:
    """A person starts a *remediation* that is offered."""

    at: timedelta
    remediation: str
    by: str
    place: Place


@dataclass(frozen=True, slots=True)
class PersonRetries:
    """A person has those steps of a *remediation* tried again that failed: the one called *step*, else all of them."""

    at: timedelta
    remediation: str
    step: str | None
    by: str
    place: Place


@dataclass(frozen=True, slots=True)
class PersonSnoozes:
    """A person puts paging off for as long as *lasting*."""

    at: timedelta
    lasting: timedelta
    by: str
    place: Place


@dataclass(frozen=True, slots=True)
class PersonExtends:
    """A person keeps the incident for as long as *lasting*; None: for as long as an acknowledgement holds."""

    at: timedelta
    lasting: timedelta | None
    by: str
    place: Place


@dataclass(frozen=True, slots=True)
class PersonNotes:
    """A person writes a *text* on the timeline."""

    at: timedelta
    text: str
    by: str
    place: Place


AboutSteps: TypeAlias = PersonDecides | PersonStarts | PersonRetries
"""What a person says of steps: those that are there when they say it."""

GivenAnswer: TypeAlias = PersonSays | PersonSnoozes | PersonExtends | PersonNotes | AboutSteps


@dataclass(frozen=True, slots=True)
class GivenLook:
    """What the verification of a remediation sees from *after* its beginning on, until the next look says otherwise."""

    after: timedelta
    result: Json


@dataclass(frozen=True, slots=True)
class GivenOutcome:
    """How steps of a remediation end, and how long *after* they began: the one called *step*, else all of them.

    *looks* are what its verification sees. Without any it sees nothing, and so the repair is not seen to have worked.
    """

    remediation: str
    step: str | None
    after: timedelta
    is_well: bool
    looks: tuple[GivenLook, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class GivenDelivery:
    """What becomes of what leaves by *use* from *at* on, and how long *after* it left that is known.

    *use* is an action as policies name it (``phone.page``), and *person* whom it is to reach; None for anybody, and for what reaches no
    person: posts, rooms, collectors and updates.
    """

    use: str
    person: str | None
    at: timedelta
    result: DeliveryResult
    after: timedelta
    place: Place


@dataclass(frozen=True, slots=True)
class GivenRun:
    """A run of a remediation before the case begins, for guards to count. One that *is_running* has not ended yet."""

    remediation: str
    target: str
    ago: timedelta
    service: str | None
    is_running: bool
    place: Place


@dataclass(frozen=True, slots=True)
class Given:
    """All that happens to the policies in a case. *is_frozen* is a person's own stop of all unattended work."""

    alerts: tuple[GivenAlert, ...]
    answers: tuple[GivenAnswer, ...] = ()
    outcomes: tuple[GivenOutcome, ...] = ()
    runs: tuple[GivenRun, ...] = ()
    is_frozen: bool = False
    deliveries: tuple[GivenDelivery, ...] = ()
