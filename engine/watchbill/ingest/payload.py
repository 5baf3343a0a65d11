"""One request's worth of alerts: what Alertmanager's webhook posts, what Prometheus posts, or one alert by itself.

The quick way is one pass of compiled checks and a few questions to the whole. Only where that refuses does
`watchbill.ingest.refusing` go through the body again, slowly, to say what is wrong and where.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Literal

from watchbill.ingest.fingerprints import fingerprint
from watchbill.ingest.limits import BODY_BYTES, CONTROL, FIRST_YEAR, GO_ZERO, LAST_YEAR, has_too_many_values
from watchbill.model.alert import Alert

if TYPE_CHECKING:
    from watchbill.ingest.wire import WireAlert

Shape = Literal["any", "webhook", "list"]
"""What a body may be: an object or a list, an object with `alerts`, or a list."""

_BEGINS_A_LIST: Final = re.compile(rb"[ \t\r\n]*\[")


NoticeKind = Literal["confirm", "acknowledged", "test", "nothing"]
"""A subscription that a person must confirm; a person who takes an alert, at the sender; a test of the way; nothing to act on."""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that a request says and that is no alert: *text* says it to people, *help* what to do about it, if anything.

    *fingerprint* is the alert it is about, where there is one. *link* is where to confirm.
    """

    kind: NoticeKind
    text: str
    help: str = ""
    fingerprint: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Payload:
    """What one request brought: its *alerts*, each once, in order; who sent them; and how many the sender left out.

    *truncated* counts those beyond Alertmanager's `max_alerts`: they fire, and nothing about them was sent. A resolved alert
    without labels is one that its sender named by its key and no more: its fingerprint is that of the alert it resolves.
    """

    alerts: tuple[Alert, ...]
    source: str
    truncated: int = 0
    notices: tuple[Notice, ...] = ()


class _Refused(Exception):
    """Something is not as it should be; what it is, `refusing` says."""


def parse_alerts(body: bytes, received_at: datetime, source: str | None = None, *, file: str = "<stdin>") -> tuple[Alert, ...]:
    """The alerts in *body*; see `parse_payload`."""
    return parse_payload(body, received_at, source, file=file).alerts


def parse_payload(body: bytes, received_at: datetime, source: str | None = None, *, file: str = "<stdin>") -> Payload:
    """What *body* holds: an Alertmanager webhook, a list of alerts as for `/api/v2/alerts`, or one alert by itself.

    An alert without a status is resolved if its `endsAt` is not after *received_at*, which is also when an alert
    began that does not say so. *source* names the sender; left out, it is ``alertmanager`` for a webhook and ``prometheus``
    otherwise. Of alerts with the same labels the later one stands. Raises `UserError` where anything is not as it should be, and
    points into *file*, the name under which the user knows the body.
    """
    return _parsed(body, received_at, source, file, "any")


def parse_alertmanager(body: bytes, received_at: datetime, source: str = "alertmanager", *, file: str = "the request") -> Payload:
    """What Alertmanager, or Grafana, posts to a webhook; see `parse_payload`. Another shape raises `UserError`."""
    return _parsed(body, received_at, source, file, "webhook")


def parse_alerts_v2(body: bytes, received_at: datetime, source: str = "prometheus", *, file: str = "the request") -> Payload:
    """The list that Prometheus posts to `/api/v2/alerts`; see `parse_payload`. Another shape raises `UserError`."""
    return _parsed(body, received_at, source, file, "list")


def resolution(source: str, key: str, received_at: datetime) -> Payload:
    """The end of the alert that the *source* of this name calls *key*, where it is said by an address and not by a body."""
    alert = Alert(fingerprint({"source": source, "key": key}), {}, {}, "resolved", received_at, received_at, "", source)
    return Payload((alert,), source)


def completed(alert: Alert, known: Alert) -> Alert:
    """A resolved *alert* with what is *known* of it from when it fired: senders say little when something is over, and claims need labels.

    One that fires is returned as it is.
    """
    if alert.status == "firing":
        return alert
    annotations = {**known.annotations, **alert.annotations}
    link = alert.generator_url or known.generator_url
    return replace(alert, labels=known.labels, annotations=annotations, starts_at=known.starts_at, generator_url=link)


def _parsed(body: bytes, received_at: datetime, source: str | None, file: str, shape: Shape) -> Payload:
    from watchbill.ingest import wire

    text = body.removeprefix(codecs.BOM_UTF8)
    try:
        return _payload(text, received_at.astimezone(UTC), source, shape)
    except (wire.DecodeError, UnicodeDecodeError, RecursionError, _Refused):
        # Said outside of this block: the stack may be at its end here, and the first error is of no use to anybody.
        pass
    from watchbill.ingest.refusing import refusal

    raise refusal(text, file, shape)


def _payload(text: bytes, received_at: datetime, source: str | None, shape: Shape) -> Payload:
    from watchbill.ingest import wire

    if len(text) > BODY_BYTES or has_too_many_values(text):
        raise _Refused
    if not text.isascii():
        text.decode()  # the decoder does not look into what it skips
    is_list = _BEGINS_A_LIST.match(text) is not None
    if shape != "any" and is_list != (shape == "list"):
        raise _Refused
    if is_list:
        return Payload(_alerts(wire.decode_list(text), text, received_at, source or "prometheus"), source or "prometheus")
    whole = wire.decode_object(text)
    if whole.alerts is not None:
        source = source or "alertmanager"
        return Payload(_alerts(whole.alerts, text, received_at, source), source, whole.truncatedAlerts or 0)
    if shape == "webhook":
        raise _Refused
    return Payload(_alerts((whole,), text, received_at, source or "prometheus"), source or "prometheus")


def _alerts(wired: Sequence[WireAlert], text: bytes, received_at: datetime, source: str) -> tuple[Alert, ...]:
    """The model's alerts, each set of labels once. *text* is where they stand, and answers for all of them what it can."""
    _check_names(wired)
    if rb"\u0000" in text:
        _check_for_nul(wired)
    may_be_empty = b'""' in text
    alerts: dict[str, Alert] = {}
    for one in wired:
        labels = one.labels
        if may_be_empty and labels and "" in labels.values():
            labels = {name: value for name, value in labels.items() if value}
        if not labels:
            raise _Refused
        ends_at = _instant(one.endsAt)
        starts_at = _instant(one.startsAt)
        is_over = ends_at is not None and ends_at <= received_at
        status: Literal["firing", "resolved"] = "resolved" if is_over else "firing"
        if isinstance(one.status, str):
            status = one.status
        if starts_at is None:
            starts_at = ends_at if is_over and ends_at is not None else received_at
        identity = fingerprint(labels)
        alerts[identity] = Alert(identity, labels, one.annotations or {}, status, starts_at, ends_at, one.generatorURL or "", source)
    return tuple(alerts.values())


def _instant(time: datetime | None) -> datetime | None:
    """The instant in UTC; None for one that was never set."""
    if time is None or time == GO_ZERO:
        return None
    if not FIRST_YEAR <= time.year <= LAST_YEAR:
        raise _Refused
    return time if time.tzinfo is UTC else time.astimezone(UTC)


def _check_names(wired: Sequence[WireAlert]) -> None:
    """Refuse control characters in names. The names of a request are few and repeat, so each is looked at once."""
    names = set[str]().union(*[one.labels for one in wired if one.labels], *[one.annotations for one in wired if one.annotations])
    if CONTROL.search("".join(names)):
        raise _Refused


def _check_for_nul(wired: Sequence[WireAlert]) -> None:
    for one in wired:
        texts = (one.generatorURL or "", *(one.labels or {}).values(), *(one.annotations or {}).values())
        if any("\0" in text for text in texts):
            raise _Refused
