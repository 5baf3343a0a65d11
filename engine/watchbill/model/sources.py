"""Where alerts come from: those that others send us, and those that watchbill's own checks make."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from watchbill.errors import Place
from watchbill.model.labels import Labels
from watchbill.model.references import Condition, Ref, Use
from watchbill.model.severity import Severity

SourceType = Literal[
    "alertmanager", "prometheus", "grafana", "pagerduty", "datadog", "cloudwatch", "sentry", "opsgenie", "cloudevents", "custom"
]
"""The systems whose payloads are known, and ``custom`` for all others."""

AuthScheme = Literal["bearer", "basic", "hmac"]


@dataclass(frozen=True, slots=True)
class SourceAuth:
    """How a source proves that it is itself. Of several *secrets* any one will do, so that they can be changed.

    *secrets* are references (``env/NAME``, ``file/NAME``). *header* is where the proof stands; empty means where the type
    of the source, or the scheme, has it. *username* is for ``basic``. For ``hmac``, what is signed is the body, with the value
    of the header *timestamp* and a colon before it where that is named; *prefix* stands before the signature.
    """

    scheme: AuthScheme
    secrets: tuple[str, ...]
    header: str = ""
    username: str = ""
    prefix: str = ""
    encoding: Literal["hex", "base64"] = "hex"
    timestamp: str = ""


@dataclass(frozen=True, slots=True)
class SourceField:
    """How one field of an alert is had from one item of the payload.

    *name* is ``status``, ``starts_at``, ``ends_at``, ``generator_url``, ``fingerprint``, ``labels.NAME`` or
    ``annotations.NAME``. The value that *expression* gives is looked up in *map* (other values stay as they are) and
    written as text; where it gives null, or there is no expression, *default* stands, and without one the field is absent.
    """

    name: str
    expression: Condition | None
    place: Place
    map: tuple[tuple[str, str], ...] = ()
    default: str | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """A sender of alerts. *alerts* finds the list of alerts in the payload of a ``custom`` source; None is the whole payload.

    *labels* are what its alerts have where they do not say so themselves. They are no part of an alert's identity.
    """

    ref: Ref
    type: SourceType
    auth: SourceAuth | None = None
    alerts: Condition | None = None
    fields: tuple[SourceField, ...] = ()
    labels: Labels = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ProbeAlert:
    """The alert that a failing probe fires, besides ``alertname``, ``service`` and ``severity``."""

    name: str
    severity: Severity
    labels: Labels
    annotations: Labels


@dataclass(frozen=True, slots=True)
class Probe:
    """A check that watchbill runs *every* so often: it fails where *expect* does not hold of what *use* gives.

    No result within *timeout* is a failure too. It is an alert once it has failed unbroken for *hold_for*.
    """

    ref: Ref
    service: str
    use: Use
    every: timedelta
    timeout: timedelta
    expect: Condition
    alert: ProbeAlert
    hold_for: timedelta = timedelta(0)
