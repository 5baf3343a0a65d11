"""The shapes that come over the wire, as structs that decode and check in one pass.

Fields that senders add are ignored. `null` is the same as absent. Importing this module imports msgspec, so it is
imported where bytes are decoded and nowhere else.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import DecodeError, Meta, Raw, Struct, ValidationError, convert
from msgspec.json import Decoder

from watchbill.ingest.limits import ALERTS, BODY_BYTES, LABELS, NAME_LENGTH, TRUNCATED, VALUE_LENGTH

__all__ = ["DecodeError", "WireAlert", "WireObject", "decode_any", "decode_list", "decode_object", "routing_key", "syntax_error", "time_of"]

_Name = Annotated[str, Meta(min_length=1, max_length=NAME_LENGTH)]
_Value = Annotated[str, Meta(max_length=VALUE_LENGTH)]
_Texts = Annotated[dict[_Name, _Value], Meta(max_length=LABELS)]

_Time = Annotated[datetime, Meta(tz=True)]


class WireAlert(Struct, gc=False):
    """One alert as Alertmanager's webhook, its API and Prometheus write it.

    What the API gives back has an object for `status`, about silences; only a word says whether it fires.
    """

    labels: _Texts | None = None
    annotations: _Texts | None = None
    startsAt: _Time | None = None
    endsAt: _Time | None = None
    generatorURL: _Value | None = None
    status: Literal["firing", "resolved"] | dict[str, Any] | None = None


_Alerts = Annotated[list[WireAlert], Meta(max_length=ALERTS)]


class WireObject(WireAlert, gc=False):
    """What an object may be: a webhook, if it has `alerts`, or else one alert."""

    alerts: _Alerts | None = None
    truncatedAlerts: Annotated[int, Meta(ge=0, le=TRUNCATED)] | None = None


decode_object = Decoder(WireObject).decode
decode_list = Decoder(_Alerts).decode
decode_any = Decoder().decode
_decode_nothing = Decoder(Raw).decode


def syntax_error(text: bytes, any_shape: bool = False) -> str | None:
    """What the decoders say against this *text* as JSON, or None. Deep nesting raises `RecursionError` here as there.

    *any_shape* asks the decoder that keeps all it reads, instead of those that skip what they do not know.
    """
    known = decode_list if text.lstrip().startswith(b"[") else decode_object
    for decode in (_decode_nothing, decode_any if any_shape else known):
        try:
            decode(text)
        except ValidationError:
            continue  # it is JSON so far, and not of the shape
        except DecodeError as error:
            return str(error)
    return None


def time_of(text: str) -> datetime | None:
    """The time that this *text* is, read as the decoders do (RFC 3339, with an offset), or None."""
    try:
        return convert(text, _Time)
    except ValidationError:
        return None


class _Keyed(Struct, gc=False):
    routing_key: _Value | None = None


_decode_keyed = Decoder(_Keyed).decode


def routing_key(text: bytes) -> str | None:
    """The `routing_key` in an event for PagerDuty, or None."""
    if len(text) > BODY_BYTES:
        return None
    try:
        return _decode_keyed(text).routing_key
    except (DecodeError, RecursionError):
        return None
