"""The log: one line for each thing, to be read by people or by programs, without secrets."""

from __future__ import annotations

import io
import json
import logging
from datetime import UTC, datetime
from typing import Any

from tests.server.places import Place, an_alert
from watchbill.server.logs import Log, taking_over

NOW = datetime(2026, 11, 23, 3, 12, 0, 123_456, tzinfo=UTC)


def a_log(form: Any = "json", level: str = "info", **more: Any) -> tuple[Log, io.StringIO]:
    """A log, and where it writes to."""
    stream = io.StringIO()
    return Log(stream, form, lambda: NOW, level, **more), stream


def test_a_line_is_one_object() -> None:
    """
    As JSON, each line has its time, its level, what happened, and the fields that go with it; what is empty is left out.
    """
    log, stream = a_log()
    log("warning", "step_failed", incident="checkout-tviltp", step="", error="no\nanswer", attempt=2)

    assert stream.getvalue().count("\n") == 1
    assert json.loads(stream.getvalue()) == {
        "at": "2026-11-23T03:12:00.123Z",
        "level": "warning",
        "event": "step_failed",
        "incident": "checkout-tviltp",
        "error": "no\nanswer",
        "attempt": 2,
    }


def test_a_line_can_be_read() -> None:
    """
    As text, a line has the same, without colours unless they are asked for.
    """
    log, stream = a_log("text")
    log("info", "serving", address="http://127.0.0.1:9494")

    assert "serving" in stream.getvalue()
    assert "address=http://127.0.0.1:9494" in stream.getvalue()
    assert "\x1b" not in stream.getvalue()


def test_what_is_quieter_than_asked_for_is_not_said() -> None:
    """
    The level is the least that is said.
    """
    log, stream = a_log(level="warning")
    log("info", "serving")

    assert stream.getvalue() == ""


def test_no_secret_is_logged() -> None:
    """
    Tokens, passwords in addresses, and people's addresses and numbers are taken out of every field.
    """
    log, stream = a_log()
    secret = "wb_" + "aB3-" * 10 + "xyz"
    log(
        "info",
        "said",
        text=f"it was {secret}, he said",
        why={"to": "ana@example.com", "call": ["+351 555 010 0100"]},
        url="https://ana:hunter2@example.com/",
    )

    for part in (secret, "ana@example.com", "0100", "hunter2"):
        assert part not in stream.getvalue()


def test_a_log_that_cannot_be_written_stops_nothing() -> None:
    """
    A full disk or a closed pipe under the log is nobody else's trouble.
    """
    log, stream = a_log()
    stream.close()

    log("error", "record_failed", error="disk full")


def test_what_uvicorn_says_goes_the_same_way() -> None:
    """
    Meanwhile, what the HTTP server logs is a line of ours, with its trace; afterwards it is not.
    """
    log, stream = a_log()
    with taking_over(log):
        logging.getLogger("uvicorn.error").warning("Invalid HTTP request received.")
    logging.getLogger("uvicorn.error").debug("later")
    (line,) = [json.loads(each) for each in stream.getvalue().splitlines()]

    assert (line["level"], line["event"], line["text"]) == ("warning", "server", "Invalid HTTP request received.")


def test_every_line_about_an_incident_names_it(fresh: Place) -> None:
    """
    What opens, changes and fails is logged with the incident's id.
    """
    incident = fresh.fire(an_alert())
    fresh.wait(lambda: fresh.incident(incident)["steps"][0]["state"] == "failed")
    fresh.post(f"/v1/incidents/{incident}/ack")
    found = {
        line["event"]: line
        for line in fresh.said
        if line["event"] in ("incident_opened", "step_begun", "step_failed", "incident_status", "said")
    }

    assert len(found) == 5
    assert {line.get("incident") for line in found.values()} == {incident}
    assert found["said"]["by"] == "ana (unproven)"
