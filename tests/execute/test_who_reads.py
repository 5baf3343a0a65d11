"""Who reads decides what is said: an audience's texts come from its `Comms` alone, whatever carries them."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.connectors.makers import NOW, Ways, ways
from tests.connectors.sides import a_server, answering
from tests.execute.house import House
from tests.makers import a_comms, a_shop, a_template, a_use, an_alert, an_audience, an_escalation
from tests.watch import Watch
from watchbill.connectors.email import message_of
from watchbill.connectors.exec import variables
from watchbill.connectors.performers import performers
from watchbill.connectors.performing import About, Request
from watchbill.connectors.programs import programs
from watchbill.decide.step_words import subject_of, text_of
from watchbill.execute.calls import about_for
from watchbill.model.incident import Incident
from watchbill.model.plan import Step
from watchbill.model.policies import Message

SECRETS = ("XylophoneCracked", "checkout", "payments", "critical", "db-7.internal.example.com", "pg_bouncer")
"""What responders know, and nobody else is to read."""


def an_incident(subject: str | None = None, **labels: str) -> tuple[Incident, Step, Step]:
    """An incident with a page and an update that have begun; the update's text says nothing of the responders' view."""
    comms = replace(
        a_comms(first=timedelta(0)), messages=(Message("triggered", a_template(subject) if subject else None, a_template("we are slow")),)
    )
    watch = Watch(a_shop(an_escalation(), an_audience("customers", a_use("hook.post")), comms))
    watch.receives(
        an_alert(alertname="XylophoneCracked", annotations={"summary": "pg_bouncer"}, instance="db-7.internal.example.com", **labels)
    )
    return watch.incident, watch.step("update"), watch.step("page")


def a_request(type: str, action: str, incident: Incident, step: Step, **more: Any) -> Request:
    """The request that the engine makes for this *step*, with nothing but its own words."""
    url = "https://watchbill.example.com/incidents/7"
    return Request(
        connector=f"the-{type}",
        type=type,
        action=action,
        arguments=more.pop("arguments", {}),
        key=step.id,
        now=NOW,
        timeout=timedelta(seconds=5),
        subject=subject_of(incident, step),
        text=text_of(incident, step, url),
        about=about_for(incident, step, url),
        **more,
    )


def told_of(text: str, incident: Incident) -> list[str]:
    """What of the responders' view stands in this *text*."""
    return [each for each in (*SECRETS, incident.id, "watchbill.example.com") if each in text]


# --- what is handed on ------------------------------------------------------------------


def test_what_is_handed_on_for_an_audience():
    """
    For an update, status and a thread are all that is handed on of the incident; for a page all of it.
    """
    incident, update, page = an_incident()
    told, paged = about_for(incident, update, "https://x"), about_for(incident, page, "https://x")

    assert told == About(status="triggered", thread=told.thread, is_for_audience=True)
    assert (paged.incident, paged.title, paged.url, paged.thread) == (incident.id, "XylophoneCracked", "https://x", told.thread)
    assert incident.id not in told.thread
    assert (subject_of(incident, update), text_of(incident, update)) == ("", "we are slow")
    assert subject_of(incident, page) == "[critical] XylophoneCracked on checkout"


@given(st.text("abcXYZ-_.é0", min_size=5, max_size=40), st.sampled_from(["The shop is slow", "", None]))
def test_no_words_of_responders_reach_an_audience(name: str, subject: str | None):
    """
    Whatever an alert brought, an update's words are those of its Comms.
    """
    incident, update, _ = an_incident(subject, job=name)

    assert (subject_of(incident, update), text_of(incident, update, "https://x")) == (subject or "", "we are slow")
    assert about_for(incident, update, "https://x").facts() == {"status": "triggered"}


# --- by each connector ------------------------------------------------------------------


def test_a_mail_to_an_audience():
    """
    A mail to an audience has the subject that it was given, or else the first line of its text, and nothing of the incident in any header.
    """
    incident, update, page = an_incident()
    address = {"arguments": {"to": "list@example.com"}, "settings": {"url": "smtp://mail.example.com", "from": "shop@example.com"}}
    mail, other = (message_of(a_request("email", "send", incident, step, **address)) for step in (update, page))

    assert mail["Subject"] == "we are slow"
    assert told_of(mail.as_string(), incident) == []
    assert mail["References"] == other["References"]
    assert (other["X-Watchbill-Incident"], other["X-Watchbill-Step"]) == (incident.id, page.id)


def test_a_post_for_an_audience():
    """
    A webhook gets subject and text of an update, and the key in a header for itself; a person is named where one is meant.
    """

    async def post(incident: Incident, step: Step, action: str, **arguments: str) -> tuple[dict[str, str], Any]:
        async with _ways() as out, a_server(answering()) as side:
            settings = {"url": f"http://127.0.0.1:{side.port}/hook"}
            await performers(out.outside)["webhook"].perform(
                a_request("webhook", action, incident, step, settings=settings, arguments=arguments)
            )
        return dict(side.got[0].headers), json.loads(side.got[0].body)

    incident, update, page = an_incident()
    headers, body = asyncio.run(post(incident, update, "post"))
    _, to_somebody = asyncio.run(post(incident, update, "page", to="press"))
    _, of_a_page = asyncio.run(post(incident, page, "post"))

    assert body == {"subject": "", "text": "we are slow"}
    assert to_somebody == {"to": "press", **body}
    assert headers["idempotency-key"] == update.id
    assert "x-watchbill-incident" not in headers
    assert of_a_page["incident"]["id"] == incident.id


@asynccontextmanager
async def _ways() -> AsyncIterator[Ways]:
    yield ways()


@pytest.fixture
def public() -> Iterator[Path]:
    """A folder that programs can read and write whoever they run as."""
    with tempfile.TemporaryDirectory(prefix="watchbill-") as name:
        folder = Path(name)
        folder.chmod(0o777)
        yield folder


def test_a_program_for_an_audience(public: Path):
    """
    A program that tells an audience learns the status and the thread, so that it can tell which updates belong together.
    """
    program, kept = public / "tell", public / "kept"
    described = {
        "type": {
            "summary": "Tells.",
            "settings": {"type": "object", "additionalProperties": False},
            "actions": [
                {
                    "name": "tell",
                    "summary": "Tells.",
                    "arguments": {"type": "object", "additionalProperties": False},
                    "result": {"type": "object", "additionalProperties": False},
                }
            ],
        }
    }
    program.write_text(
        "#!/usr/bin/env python3\nimport json, os, sys\nasked = json.load(sys.stdin)\n"
        f"answer = {described!r} if asked['do'] == 'describe' else {{'done': {{'result': {{}}}}}}\n"
        f"open({str(kept)!r}, 'w').write(json.dumps([asked, dict(os.environ)]))\n"
        "print(json.dumps({'protocol': asked['protocol'], **answer}))\n"
    )
    program.chmod(0o755)
    incident, update, _ = an_incident()
    out = ways().outside
    (found,) = programs([f"tell={program}"], out.processes)
    asyncio.run(performers(out, (found,))["tell"].perform(a_request("tell", "tell", incident, update)))
    asked, environment = json.loads(kept.read_text())

    assert (asked["subject"], asked["text"], asked["incident"]) == ("", "we are slow", {"status": "triggered"})
    assert asked["thread"] == about_for(incident, update).thread
    assert "WATCHBILL_INCIDENT" not in environment


def test_a_command_for_an_audience():
    """
    A command that tells an audience finds no incident in its environment; one that is run for responders does.
    """
    incident, update, page = an_incident()

    assert "WATCHBILL_INCIDENT" not in variables(a_request("exec", "run", incident, update))
    assert variables(a_request("exec", "run", incident, page))["WATCHBILL_INCIDENT"] == incident.id


# --- by the engine ----------------------------------------------------------------------


def test_the_engine_hands_on_no_more(house: House):
    """
    Every update that leaves the engine says what its Comms says, and every page says what responders need.
    """

    async def tell() -> None:
        async with house.running():
            labels = {"alertname": "CertificateExpires", "service": "checkout", "severity": "critical", "env": "prod"}
            alert = {"status": "firing", "labels": labels, "startsAt": "2026-11-23T03:12:00Z"}
            await house.receive(json.dumps({"version": "4", "status": "firing", "alerts": [alert]}).encode())
            await house.passes(timedelta(minutes=30))

    asyncio.run(tell())
    (update, *_) = house.world.uses("status-page.post")
    (page, *_) = house.world.uses("phone.page")

    assert update.about == About(status="triggered", thread=page.about.thread, is_for_audience=True)
    assert update.subject == update.arguments["subject"] == "Some orders cannot be completed"
    assert "CertificateExpires" not in f"{update.arguments}{update.text}"
    assert page.about.title == "CertificateExpires"
