"""Why a body is refused: the first thing that is not as it should be, where it is, and what to do next.

This is the slow way, for people. It reads what the quick way refused once more, piece by piece, and knows names. A body
that is not JSON has a line and a column; in one that is, a path leads to the place: `alerts[3].labels.severity`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final, NoReturn

from watchbill.errors import UserError
from watchbill.ingest.limits import (
    ALERTS,
    BODY_BYTES,
    CONTROL,
    FIRST_YEAR,
    GO_ZERO,
    LABELS,
    LAST_YEAR,
    MARKS,
    NAME_LENGTH,
    TRUNCATED,
    VALUE_LENGTH,
    has_too_many_values,
)
from watchbill.ingest.problems import Problem, as_error, at, kind_of, short
from watchbill.ingest.wire import syntax_error, time_of

_WHOLE: Final = "send one whole JSON document in UTF-8, as Alertmanager and Prometheus write it"
_SHAPES: Final = "send what Alertmanager posts to a webhook, the list that Prometheus posts to /api/v2/alerts, or one alert of either"
_LISTS: Final = "this address takes what Prometheus posts; let Alertmanager's webhook post to /v1/ingest/alertmanager"
_WEBHOOKS: Final = "this address takes what Alertmanager posts to a webhook; let Prometheus post to /api/v2/alerts"
_TEXTS: Final = "names and values of labels and annotations are text; write numbers and booleans in quotes"
_LABELLED: Final = "give the alert a label, `alertname` at least: its labels are its identity"
_SMALLER: Final = "send less: labels tell alerts apart, and an annotation says a sentence; a log has its own place"
_BATCHES: Final = "send smaller batches, in Alertmanager with `max_alerts`"
_TIMES: Final = "write times as RFC 3339 does, with their offset: 2026-11-23T03:12:00Z"
_VISIBLE: Final = "take control characters out at the sender; a rule's template may have brought them in"
_WORDS: Final = "a webhook's `status` is `firing` or `resolved`; leave it out to have `endsAt` decide"

_ESCAPES: Final = re.compile(r"\\(?:u[dD][89abAB]..\\u[dD][c-fC-F]..|(u[dD][89a-fA-F]..)|.)", re.DOTALL)
"""Every escape of a text in turn; the group is filled by half of a surrogate pair that stands alone."""


def refusal(text: bytes, file: str, shape: str = "any") -> UserError:
    """The error that says why *text* is refused where this *shape* is expected; it is not raised here."""
    # A problem that outlived its block would hold this frame, and with it the whole text, until somebody collects what goes in circles.
    try:
        _look_through(text, shape)
    except Problem as found:
        return as_error(found, text, file)
    except RecursionError:
        return as_error(Problem("an alert", "lists or objects nested far too deep", _SHAPES), text, file)


def check_text(text: bytes, any_shape: bool = False) -> str:
    """The *text* as it reads, if it is one JSON document that is not too large.

    Raises `Problem` otherwise, and `RecursionError` where it is nested too deep. *any_shape* is for documents that are not
    only looked through, as those in Alertmanager's form are.
    """
    if len(text) > BODY_BYTES:
        raise Problem(f"at most {BODY_BYTES // 1024 // 1024} MiB", "more", _BATCHES)
    try:
        written = text.decode()
    except UnicodeDecodeError as error:
        raise Problem("text in UTF-8", f"the byte 0x{text[error.start]:02X}", _WHOLE, place=error.start) from None
    if not written.strip():
        raise Problem("JSON", "nothing", _WHOLE, place=len(text))
    if has_too_many_values(text):
        raise Problem(f"at most {MARKS} values", "more", _BATCHES)
    _check_syntax(text, written, any_shape)
    return written


def _look_through(text: bytes, shape: str) -> NoReturn:
    written = check_text(text)
    twice: list[str] = []
    whole = _read(written, twice)
    if shape == "list" and not isinstance(whole, list):
        raise Problem("a list of alerts", kind_of(whole), _LISTS)
    if shape == "webhook" and not (isinstance(whole, dict) and "alerts" in whole):
        raise Problem("an object with `alerts`", "one without them" if isinstance(whole, dict) else kind_of(whole), _WEBHOOKS)
    if isinstance(whole, list):
        _check_alerts(whole, "")
    elif not isinstance(whole, dict):
        raise Problem("an object or a list of alerts", kind_of(whole), _SHAPES)
    else:
        _check_object(whole)
    if twice:
        raise Problem("every name of an object once", f"`{short(twice[0])}` twice", _WHOLE)
    # Reached only if this way knows less than the quick one; a law looks for such a body.
    raise Problem("alerts as Alertmanager sends them", "something else", _SHAPES)


# --- the text -----------------------------------------------------------------------------


def _check_syntax(text: bytes, written: str, any_shape: bool) -> None:
    """Let the decoder of the quick way say what is wrong with the text, so that both agree on what JSON is."""
    said = syntax_error(text, any_shape)
    if said is None:
        return
    if half := _half_of_a_pair(written):
        place = len(written[: half.start()].encode())
        raise Problem("Unicode", f"half of a surrogate pair, `{half[0]}`", _WHOLE, place=place)
    found = re.fullmatch(r"JSON is malformed: (.*) \(byte (\d+)\)", said)
    if found is None:
        raise Problem("JSON", "a text that breaks off", _WHOLE, place=len(text.rstrip()))
    what, place = found[1], int(found[2])
    if what.startswith("trailing characters"):
        place = _end_of_document(written)
        raise Problem("the end", f"`{short(written.encode()[place:].decode())}`", _WHOLE, place=place)
    shown = text[place : place + 4].decode(errors="ignore")[:1]
    raise Problem("JSON", f"`{shown}` ({what})" if shown and shown.isprintable() else f"something else ({what})", _WHOLE, place=place)


def _end_of_document(written: str) -> int:
    """Where something follows a document that was whole already, as an index into the bytes."""
    start = len(written) - len(written.lstrip())
    _, end = json.JSONDecoder(parse_int=float).raw_decode(written, start)
    rest = written[end:].lstrip(" \t\r\n")
    return len(written[: len(written) - len(rest)].encode())


def _half_of_a_pair(written: str) -> re.Match[str] | None:
    return next((found for found in _ESCAPES.finditer(written) if found[1]), None)


def _read(written: str, twice: list[str]) -> Any:
    """The document as plain values; names that stand *twice* in an object are gathered."""

    def gathered(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, value in pairs:
            if name in found:
                twice.append(name)
            found[name] = value
        return found

    # A number of thousands of digits is not worth its digits; nothing here asks for more than that it is large.
    return json.loads(written, parse_int=lambda digits: int(digits[:18]), object_pairs_hook=gathered)


# --- the document -------------------------------------------------------------------------


def _check_object(whole: dict[str, Any]) -> None:
    left_out = whole.get("truncatedAlerts")
    if left_out is not None and not _is_count(left_out):
        got = str(left_out) if isinstance(left_out, int) and not isinstance(left_out, bool) else kind_of(left_out)
        raise Problem(f"a whole number from 0 to {TRUNCATED}", got, _SHAPES, "truncatedAlerts")
    alerts = whole.get("alerts")
    if isinstance(alerts, list):
        _check_alerts(alerts, "alerts")
        _check_fields(whole, "")  # what stands beside `alerts` under the name of an alert's field must look like it
    elif alerts is not None or ("alerts" in whole and whole.get("labels") is None):
        raise Problem("a list of alerts", kind_of(alerts), _SHAPES, "alerts")
    elif whole.get("labels") is None:
        raise Problem("an object with `alerts` or `labels`", "one without them", _SHAPES)
    else:
        _check_alert(whole, "")


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= TRUNCATED


def _check_alerts(alerts: list[Any], path: str) -> None:
    if len(alerts) > ALERTS:
        raise Problem(f"at most {ALERTS} alerts", str(len(alerts)), _BATCHES, path)
    for index, alert in enumerate(alerts):
        _check_alert(alert, f"{path}[{index}]")


def _check_alert(alert: Any, path: str) -> None:
    if not isinstance(alert, dict):
        raise Problem("an alert, which is an object", kind_of(alert), _SHAPES, path)
    _check_fields(alert, path)
    labels = alert.get("labels")
    if not any((labels or {}).values()):
        got = "none" if labels is not None else "no `labels`"
        got = "empty ones only" if labels else got
        raise Problem("at least one label with a value", got, _LABELLED, at(path, "labels") if labels is not None else path)


def _check_fields(alert: Mapping[str, Any], path: str) -> None:
    for name in ("labels", "annotations"):
        if alert.get(name) is not None:
            _check_texts(alert[name], name, at(path, name))
    for name in ("startsAt", "endsAt"):
        if alert.get(name) is not None:
            _check_time(alert[name], at(path, name))
    if alert.get("generatorURL") is not None:
        _check_text(alert["generatorURL"], at(path, "generatorURL"))
    status = alert.get("status")
    if not (status is None or isinstance(status, dict) or status in ("firing", "resolved")):
        got = f"`{short(status)}`" if isinstance(status, str) else kind_of(status)
        raise Problem("`firing` or `resolved`", got, _WORDS, at(path, "status"))


def _check_texts(texts: Any, what: str, path: str) -> None:
    if not isinstance(texts, dict):
        raise Problem(f"an object of {what}", kind_of(texts), _TEXTS, path)
    if len(texts) > LABELS:
        raise Problem(f"at most {LABELS} {what}", str(len(texts)), _SMALLER, path)
    for name, value in texts.items():
        if not name:
            raise Problem("a name", "an empty one", _TEXTS, path)
        if len(name) > NAME_LENGTH:
            raise Problem(f"a name of at most {NAME_LENGTH} characters", str(len(name)), _SMALLER, path)
        if CONTROL.search(name):
            raise Problem("a name without control characters", json.dumps(short(name)), _VISIBLE, path)
        _check_text(value, at(path, name))


def _check_text(value: Any, path: str) -> None:
    if not isinstance(value, str):
        raise Problem("text", kind_of(value), _TEXTS, path)
    if len(value) > VALUE_LENGTH:
        raise Problem(f"at most {VALUE_LENGTH} characters", str(len(value)), _SMALLER, path)
    if "\0" in value:
        raise Problem("text without NUL", "a NUL", _VISIBLE, path)


def _check_time(value: Any, path: str) -> None:
    if not isinstance(value, str):
        raise Problem("a time", kind_of(value), _TIMES, path)
    time = time_of(value)
    if time is None:
        raise Problem("a time with its offset", f"`{short(value)}`", _TIMES, path)
    if time != GO_ZERO and not FIRST_YEAR <= time.year <= LAST_YEAR:
        raise Problem(f"a year from {FIRST_YEAR} to {LAST_YEAR}", str(time.year), _TIMES, path)
