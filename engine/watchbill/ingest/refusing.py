"""Why a body is refused: the first thing that is not as it should be, where it is, and what to do next.

This is the slow way, for people. It reads what the quick way refused once more, piece by piece, and knows names. A body
that is not JSON has a line and a column; in one that is, a path leads to the place: `alerts[3].labels.severity`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, NoReturn

from watchbill.errors import Place, UserError
from watchbill.ingest.limits import ALERTS, BODY_BYTES, CONTROL, FIRST_YEAR, LABELS, LAST_YEAR, NAME_LENGTH, VALUE_LENGTH
from watchbill.ingest.wire import DecodeError, decode_list, decode_object, is_time

_WHOLE: Final = "send one whole JSON document in UTF-8, as Alertmanager and Prometheus write it"
_SHAPES: Final = "send what Alertmanager posts to a webhook, the list that Prometheus posts to /api/v2/alerts, or one alert of either"
_TEXTS: Final = "names and values of labels and annotations are text; write numbers and booleans in quotes"
_LABELLED: Final = "give the alert a label, `alertname` at least: its labels are its identity"
_SMALLER: Final = "send less: labels tell alerts apart, and an annotation says a sentence; a log has its own place"
_BATCHES: Final = "send smaller batches, in Alertmanager with `max_alerts`"
_TIMES: Final = "write times as RFC 3339 does, with their offset: 2026-11-23T03:12:00Z"
_VISIBLE: Final = "take control characters out at the sender; a rule's template may have brought them in"
_WORDS: Final = "a webhook's `status` is `firing` or `resolved`; leave it out to have `endsAt` decide"

_SURROGATE: Final = re.compile(r"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")
_PLAIN_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class _Problem(Exception):
    """One thing that is wrong, at a *path* in the document, or at a *place* in its text (an index)."""

    def __init__(self, expected: str, got: str, help: str, path: str = "", place: int | None = None) -> None:
        super().__init__(expected)
        self.expected, self.got, self.help, self.path, self.place = expected, got, help, path, place


def refusal(text: bytes, file: str) -> UserError:
    """The error that says why *text* is refused; it is not raised here."""
    try:
        _look_through(text)
    except _Problem as problem:
        return _error(problem, text, file)


def _error(problem: _Problem, text: bytes, file: str) -> UserError:
    path = f" at `{problem.path}`" if problem.path else ""
    place = Place(file)
    if problem.place is not None:
        before = text[: problem.place].decode(errors="replace")
        place = Place(file, before.count("\n") + 1, len(before) - before.rfind("\n"))
    return UserError(f"expected {problem.expected}, got {problem.got}{path}", problem.help, rule="bad-payload", place=place)


def _look_through(text: bytes) -> NoReturn:
    if len(text) > BODY_BYTES:
        size = f"{len(text) / 1024 / 1024:.1f} MiB"
        raise _Problem(f"at most {BODY_BYTES // 1024 // 1024} MiB", size, _BATCHES)
    try:
        written = text.decode()
    except UnicodeDecodeError as error:
        raise _Problem("text in UTF-8", f"the byte 0x{text[error.start]:02X}", _WHOLE, place=error.start) from None
    if not written.strip():
        raise _Problem("JSON", "nothing", _WHOLE, place=len(text))
    _check_syntax(text, written)
    whole = json.loads(written, parse_int=_integer, parse_constant=float)
    if isinstance(whole, list):
        _check_alerts(whole, "")
    elif not isinstance(whole, dict):
        raise _Problem("an object or a list of alerts", _kind(whole), _SHAPES)
    elif whole.get("alerts") is not None:
        _check_webhook(whole)
    elif whole.get("labels") is not None:
        _check_alert(whole, "")
    elif "alerts" in whole:
        raise _Problem("a list of alerts", "null", _SHAPES, "alerts")
    else:
        raise _Problem("an object with `alerts` or `labels`", "one with neither", _SHAPES)
    # Reached only if this way knows less than the quick one; a law looks for such a body.
    raise _Problem("alerts as Alertmanager sends them", "something else", _SHAPES)


# --- the text -----------------------------------------------------------------------------


def _check_syntax(text: bytes, written: str) -> None:
    """Let the quick way's decoder say what is wrong with the text, so that both agree on what JSON is."""
    begins_a_list = written.lstrip(" \t\r\n").startswith("[")
    try:
        (decode_list if begins_a_list else decode_object)(text)
    except RecursionError:
        raise _Problem("an alert", "lists or objects nested far too deep", _SHAPES) from None
    except DecodeError as error:
        said = str(error)
    else:
        return
    if half := _half_of_a_pair(written):
        raise _Problem("Unicode", f"half of a surrogate pair, `{half[0]}`", _WHOLE, place=len(written[: half.start()].encode()))
    if "truncated" in said:
        raise _Problem("JSON", "a text that breaks off", _WHOLE, place=len(text.rstrip()))
    found = re.fullmatch(r"JSON is malformed: (.*) \(byte (\d+)\)", said)
    if found:
        what, place = found[1], int(found[2])
        shown = written.encode()[place : place + 4].decode(errors="ignore")[:1]
        raise _Problem("JSON", f"`{shown}` ({what})" if shown.isprintable() and shown else what, _WHOLE, place=place)
