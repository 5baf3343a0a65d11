"""The engine as a whole, on a real record, with time and the world outside in the test's hands."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.execute.house import REFERENCE, House
from watchbill.connectors.performing import Failed, NotDone, Refused, Request, Transient, Unable, Unknown
from watchbill.errors import UserError
from watchbill.execute.policies import Edition
from watchbill.model.event import Acknowledged, Noted, Resolved, Retried
from watchbill.model.plan import Done
from watchbill.store import alerts, delivery_rows, effects, inbox, incidents, steps

NIGHT = datetime(2026, 11, 23, 3, 12, tzinfo=UTC)
PAYLOAD = (REFERENCE / "examples" / "alerts" / "checkout-high-error-rate.json").read_bytes()
QUICKLY = timedelta(seconds=30)


@pytest.fixture
def house(tmp_path: Path) -> House:
    """A house with the reference policies, at night."""
    return House(tmp_path, now=NIGHT)


def story(house: House, tell: Callable[[House], Awaitable[None]]) -> None:
    """Run one life of the engine."""

    async def life() -> None:
        async with house.running():
            await tell(house)

    asyncio.run(life())


def an_alert(name: str = "DiskFull", **labels: str) -> dict[str, Any]:
    """One alert as Prometheus posts it."""
    return {"labels": {"alertname": name, "service": "checkout", "severity": "critical", **labels}, "startsAt": "2026-11-23T03:12:00Z"}


def a_list(*alerts: dict[str, Any]) -> bytes:
    """The body that Prometheus posts."""
    return json.dumps(alerts).encode()


def a_webhook(*alerts: dict[str, Any]) -> bytes:
    """The body that Alertmanager posts: it says once that something fires, and once that it is over."""
    return json.dumps({"version": "4", "status": "firing", "alerts": [{"status": "firing", **each} for each in alerts]}).encode()


def resolved(body: bytes) -> bytes:
    """The same webhook, with all its alerts resolved."""
    whole = json.loads(body)
    whole["status"] = "resolved"
    for each in whole["alerts"]:
        each["status"], each["endsAt"] = "resolved", "2026-11-23T03:40:00Z"
    return json.dumps(whole).encode()


# --- a story ----------------------------------------------------------------------------


def test_an_alert_pages_the_person_on_call(house: House):
    """
    An alert that came in is decided on, and the first contact of whoever is on call is asked for, with the page's own words.
    """

    async def tell(house: House) -> None:
        await house.receive(a_list(an_alert("CertificateExpires", service="checkout")), "alerts-v2", "prometheus")
        await house.passes(timedelta(minutes=7))
        (call, *_) = house.world.uses("phone.page")

        assert call.key.endswith("/page/payments-critical/0/0")
        assert "CertificateExpires" in call.text
        assert call.about.service == "checkout"

    story(house, tell)


def test_the_second_contact_comes_later_unless_somebody_takes_it(house: House):
    """
    A person's later contacts are used at their own times, and not at all once the incident was acknowledged.
    """

    async def tell(house: House) -> None:
        incident = await house.receive(a_webhook(an_alert("CertificateExpires")))
        calls = len(house.world.uses("phone.page"))
        await house.engine.tell(incident, Acknowledged("ana"), "ana")
        await house.passes(timedelta(minutes=4))

        assert calls == 1
        assert house.world.uses("chat.page") == []
        assert len(house.world.uses("phone.page")) == 1

    story(house, tell)


def test_nobody_answers_and_the_next_level_is_paged(house: House):
    """
    A level that does not answer in its time is followed by the next one.
    """

    async def tell(house: House) -> None:
        await house.receive(a_webhook(an_alert("CertificateExpires")))
        await house.passes(timedelta(minutes=11))

        assert len({request.key for request in house.world.uses("phone.page")}) >= 2

    story(house, tell)


def test_a_resolved_alert_ends_the_incident(house: House):
    """
    When all its alerts have ended the incident is resolved, and nobody is paged any more.
    """

    async def tell(house: House) -> None:
        incident = await house.receive(PAYLOAD)
        house.time += timedelta(minutes=30)
        await house.receive(resolved(PAYLOAD))
        pages = len(house.world.uses("phone.page"))
        await house.passes(timedelta(hours=1), timedelta(minutes=5))
        with house.engine.record.read() as connection:
            found = incidents.load(connection, incident)

            assert found is not None
            assert found.status == "resolved"
            assert alerts.active(connection) == ()
        assert len(house.world.uses("phone.page")) == pages

    story(house, tell)


def test_an_alert_that_is_not_said_again_expires(house: House):
    """
    An alert of Prometheus' that is not said again within its time-out counts as resolved.
    """

    async def tell(house: House) -> None:
        incident = await house.receive(a_list(an_alert()), "alerts-v2", "prometheus")
        await house.passes(timedelta(minutes=6))
        with house.engine.record.read() as connection:
            found = incidents.load(connection, incident)

            assert found is not None
            assert found.status == "resolved"

    story(house, tell)


def test_an_alert_that_is_said_again_goes_on_and_is_decided_on_once(house: House):
    """
    An alert that is said again is extended, and brings no further decision.
    """

    async def tell(house: House) -> None:
        incident = await house.receive(a_list(an_alert("CertificateExpires")), "alerts-v2", "prometheus")
        for _ in range(8):
            await house.passes(timedelta(minutes=1), timedelta(minutes=1))
            before = house.engine.counts.total["decisions"]
            assert await house.receive(a_list(an_alert("CertificateExpires")), "alerts-v2", "prometheus") == ""
            assert house.engine.counts.total["decisions"] == before
        with house.engine.record.read() as connection:
            found = incidents.load(connection, incident)

            assert found is not None
            assert found.status == "triggered"

    story(house, tell)


def test_what_a_person_says_goes_through_the_one_door_and_is_answered(house: House):
    """
    An acknowledgement, a note and a resolution are recorded with their person, and each gets its answer.
    """

    async def tell(house: House) -> None:
        incident = await house.receive(PAYLOAD)
        said = [
            await house.engine.tell(incident, event, "ana")
            for event in (Acknowledged("ana"), Noted("ana", "restarted the cache"), Resolved("ana"))
        ]

        assert [told.status for told in said if told is not None] == ["acknowledged", "acknowledged", "resolved"]
        assert all(told is not None and told.answer is not None for told in said)
        assert await house.engine.tell("no-such-incident", Acknowledged("ana"), "ana") is None

    story(house, tell)


def test_who_is_declared_no_more_has_nothing_after_a_reload(house: House):
    """
    A reload by which somebody is declared no more gives back what they had, at once, and people are paged, even where the
    definitions that the incident was opened with name them.
    """

    async def tell(house: House) -> None:
        incident = await house.receive(PAYLOAD)
        found = await house.engine.tell(incident, Acknowledged("ivo"), "ivo")
        assert found is not None
        assert found.status == "acknowledged"
        old = house.policies
        house.editions[old.revision] = Edition(old, {})
        people = {name: person for name, person in old.people.items() if name != "ivo"}
        before = len(house.world.uses("phone.page"))
        await house.engine.replace(Edition(replace(old, revision="r2", people=people), {}))
        await house.engine.settled()
        with house.engine.record.read() as connection:
            now = incidents.load(connection, incident)

        assert now is not None
        assert (now.status, now.acknowledged_by) == ("triggered", "")
        assert len(house.world.uses("phone.page")) == before + 1

    story(house, tell)


def test_somebody_who_has_an_incident_and_cannot_be_reached_is_trouble(house: House):
    """
    Who has an incident and none of whose contacts can leave keeps it, and the engine says so, also in its next life.
    """

    async def tell(house: House) -> None:
        edition = house.engine.policies.current
        ivo = replace(edition.policies.people["ivo"], contacts=())
        house.policies = replace(edition.policies, people={**edition.policies.people, "ivo": ivo})
        await house.engine.replace(Edition(house.policies, {}))
        incident = await house.receive(PAYLOAD)
        found = await house.engine.tell(incident, Acknowledged("ivo"), "ivo")
        assert found is not None
        assert found.status == "acknowledged"
        assert [each.kind for each in house.engine.troubles()] == ["holder"]

    async def again(house: House) -> None:
        assert [each.kind for each in house.engine.troubles()] == ["holder"]
        (incident,) = await house.engine.write(incidents.held)
        await house.engine.tell(incident[0], Resolved("ivo"), "ivo")
        assert house.engine.troubles() == ()

    story(house, tell)
    story(house, again)


def test_a_body_that_is_not_as_it_should_be_leaves_nothing(house: House):
    """
    A request that is refused raises, and nothing of it is in the record.
    """

    async def tell(house: House) -> None:
        with pytest.raises(UserError):
            await house.engine.receive("alerts-v2", "prometheus", b"[{")
        with house.engine.record.read() as connection:
            assert inbox.count(connection) == 0

    story(house, tell)


# --- outcomes ---------------------------------------------------------------------------


def failing(times: int, failure: Exception) -> Callable[[Request], Done]:
    """A world that fails that often, and then does as it is asked."""
    left = [times]

    def answer(request: Request) -> Done:
        if left[0]:
            left[0] -= 1
            raise failure
        return Done({})

    return answer


def test_a_page_that_did_not_leave_is_tried_again_with_the_same_key(house: House):
    """
    A page that failed for now is tried again after a while, under the same key, until it is through.
    """

    async def tell(house: House) -> None:
        house.world.answer = failing(1, Transient("the line is busy"))
        await house.receive(a_webhook(an_alert("CertificateExpires")))
        await house.passes(timedelta(seconds=20), timedelta(seconds=1))
        page = [request for request in house.world.uses("phone.page") if "/page/" in request.key]

        assert [request.attempt for request in page] == [1, 2]
        assert len({request.key for request in page}) == 1
        assert not page[-1].is_repeat or page[-1].attempt == 2

    story(house, tell)


def test_a_step_that_a_person_must_look_at_fails_and_the_escalation_goes_on(house: House):
    """
    A page that is refused fails with what the other side said, and the next level is paged at its time all the same.
    """

    async def tell(house: House) -> None:
        house.world.answer = lambda request: (_ for _ in ()).throw(Refused("no such number"))
        incident = await house.receive(a_webhook(an_alert("CertificateExpires")))
        await house.passes(timedelta(minutes=11))
        with house.engine.record.read() as connection:
            found = incidents.load(connection, incident)
            assert found is not None
            pages = [step for step in found.steps.values() if step.kind == "page"]

        assert pages[0].state == "failed"
        assert "no such number" in pages[0].problem
        assert len(pages) >= 2

    story(house, tell)


A_REPAIR = """
apiVersion: watchbill/v1
kind: Settings
metadata: {name: shop}
spec: {folders: [policies], fallback_team: shop}
---
apiVersion: watchbill/v1
kind: Team
metadata: {name: shop}
spec: {members: [ana], roles: {primary: person/ana}}
---
apiVersion: watchbill/v1
kind: Person
metadata: {name: ana}
spec: {full_name: Ana Sousa, contacts: [{use: mail.send, to: ana@example.com}]}
---
apiVersion: watchbill/v1
kind: Service
metadata: {name: checkout, team: shop}
spec: {tier: 1}
---
apiVersion: watchbill/v1
kind: Connector
metadata: {name: mail}
spec: {type: email, with: {url: "smtp://mail.example.com:587", from: watchbill@example.com}}
---
apiVersion: watchbill/v1
kind: Connector
metadata: {name: hands}
spec: {type: exec}
---
apiVersion: watchbill/v1
kind: Remediation
metadata: {name: restart, team: shop}
spec:
  match: ['service="checkout"']
  phase: oversight
  target: checkout
  steps: [{name: restart, use: hands.run, with: {argv: [systemctl, restart, checkout]}}]
  verify: {use: hands.read, with: {argv: [systemctl, is-active, checkout]}, expect: "exit_code == `0`", for: 1m, within: 30m}
  rollback: {none: a restart leaves nothing to undo}
  allow: {run: [team/shop]}
  runbook: runbook.md
  guards: {rate: {max: 2, in: 1d, per: target}}
"""


def test_an_unknown_outcome_of_a_change_waits_for_a_person(tmp_path: Path):
    """
    A step that changes a system is not begun again when nobody knows whether it was done, unless a person says so.
    """
    (tmp_path / "watchbill.yaml").write_text(A_REPAIR)
    (tmp_path / "runbook.md").write_text("# Restart\n")
    (tmp_path / "policies").mkdir()
    house = House(tmp_path, tmp_path, NIGHT)

    def answer(request: Request) -> Done:
        if request.use == "hands.run" and len(house.world.uses("hands.run")) == 1:
            raise Unknown("the connection was lost")
        return Done({})

    async def tell(house: House) -> None:
        house.world.answer = answer
        incident = await house.receive(a_webhook(an_alert()))
        await house.passes(timedelta(hours=1), timedelta(minutes=5))
        assert len(house.world.uses("hands.run")) == 1
        told = await house.engine.tell(incident, Retried(house.world.uses("hands.run")[0].key, "ana"), "ana")
        await house.engine.settled()

        assert told is not None
        assert [request.attempt for request in house.world.uses("hands.run")] == [1, 2]
        assert len({request.key for request in house.world.uses("hands.run")}) == 1

    story(house, tell)


@pytest.mark.parametrize(
    ("problem", "undone"),
    [(Unable("there is no program `systemctl`"), 0), (Refused("no"), 0), (Failed("systemctl ended with 1"), 1), (Unknown("lost"), 1)],
    ids=["unable", "refused", "failed", "unknown"],
)
def test_what_was_refused_before_it_began_is_not_undone(tmp_path: Path, problem: NotDone, undone: int):
    """
    A repair is undone that broke off or of which nobody knows; one that was refused, or could not be asked for at all, is not.
    """
    undo = "{steps: [{name: undo, use: hands.run, with: {argv: [systemctl, stop, checkout]}}]}"
    (tmp_path / "watchbill.yaml").write_text(A_REPAIR.replace("{none: a restart leaves nothing to undo}", undo))
    (tmp_path / "runbook.md").write_text("# Restart\n")
    (tmp_path / "policies").mkdir()
    house = House(tmp_path, tmp_path, NIGHT)

    def answer(request: Request) -> Done:
        if request.use == "hands.run" and len(house.world.uses("hands.run")) == 1:
            raise problem
        return Done({})

    async def tell(house: House) -> None:
        house.world.answer = answer
        await house.receive(a_webhook(an_alert()))
        await house.passes(timedelta(minutes=5), timedelta(minutes=1))

        assert len(house.world.uses("hands.run")) == 1 + undone

    story(house, tell)


# --- another life -----------------------------------------------------------------------


def test_a_later_life_goes_on_where_the_earlier_one_ended(house: House):
    """
    An incident, its timers and its alerts outlive the process: the next level is paged by the engine that comes after.
    """

    async def first(house: House) -> None:
        await house.receive(a_webhook(an_alert("CertificateExpires")))

    async def second(house: House) -> None:
        with house.engine.record.read() as connection:
            assert len(alerts.active(connection)) == 1
        await house.passes(timedelta(minutes=11))

    story(house, first)
    before = {request.key for request in house.world.uses("phone.page")}
    house.time += timedelta(minutes=1)
    story(house, second)
    after = {request.key for request in house.world.uses("phone.page")}

    assert before < after


def test_what_was_taken_in_and_not_decided_on_is_decided_on_after_the_start(house: House):
    """
    A request that was answered and not yet decided on when the engine ended is decided on by the next life.
    """

    async def leave_in_the_inbox(house: House) -> None:
        engine = house.engine
        await engine.write(
            lambda connection: inbox.put(
                connection, source="prometheus", kind="alerts-v2", body=a_list(an_alert()), received_at=house.time, urgency=3
            )
        )

    async def second(house: House) -> None:
        await house.engine.settled()
        with house.engine.record.read() as connection:
            assert inbox.count(connection) == 0
            assert len(incidents.listing(connection)) == 1

    story(house, leave_in_the_inbox)
    story(house, second)


def test_every_call_and_what_came_of_it_is_in_the_record(house: House):
    """
    For each call that was made the record has its key, when it was made, and its outcome.
    """

    async def tell(house: House) -> None:
        incident = await house.receive(PAYLOAD)
        await house.passes(timedelta(minutes=2))
        with house.engine.record.read() as connection:
            made = effects.of_incident(connection, incident)
            delivered = delivery_rows.of_incident(connection, incident)
            waiting = steps.queued(connection, house.time, 100)

        keys = {row.step if row.number == 0 else f"{row.step}#{row.number + 1}" for row in delivered}
        assert keys | {effect.key for effect in made} == {request.key for request in house.world.requests}
        assert {row.result for row in delivered} == {"sent"}
        assert all(effect.outcome is not None for effect in made)
        assert waiting == ()

    story(house, tell)


# --- several senders of one alert --------------------------------------------------------


def of(server: str, ends: str = "", **more: str) -> bytes:
    """The same alert as each of two Prometheus servers posts it, whose clocks and words differ a little."""
    return a_list({**an_alert(), "generatorURL": f"http://{server}:9090/graph?g0.expr=up", **({"endsAt": ends} if ends else {}), **more})


def status(house: House) -> str:
    """How the only incident stands."""
    with house.engine.record.read() as connection:
        (found,) = incidents.listing(connection)
    return found.status


def test_one_of_two_prometheus_does_not_end_what_the_other_says_fires(house: House):
    """
    Two Prometheus servers post the same alert. That one of them says it is over ends nothing while the other says that it fires; when
    that says so too, or falls silent for its time-out, it is over.
    """

    async def tell(house: House) -> None:
        await house.receive(of("a"), "alerts-v2", "prometheus")
        await house.receive(of("b", startsAt="2026-11-23T03:12:20Z"), "alerts-v2", "prometheus")
        await house.receive(of("a", "2026-11-23T03:12:00Z"), "alerts-v2", "prometheus")
        assert status(house) == "triggered"
        assert len(house.engine.standing) == 1

        await house.receive(of("a"), "alerts-v2", "prometheus")
        await house.receive(of("b", "2026-11-23T03:12:00Z"), "alerts-v2", "prometheus")
        assert status(house) == "triggered"

        await house.receive(of("a", "2026-11-23T03:12:00Z"), "alerts-v2", "prometheus")
        assert status(house) == "resolved"

    story(house, tell)


def test_each_sender_has_its_own_time_out(house: House):
    """
    A Prometheus server that has fallen silent for its time-out speaks no more for an alert: it ends with the other's word, and else
    with the later of the two time-outs.
    """

    async def tell(house: House) -> None:
        await house.receive(of("a"), "alerts-v2", "prometheus")
        await house.passes(timedelta(minutes=3))
        await house.receive(of("b"), "alerts-v2", "prometheus")
        await house.passes(timedelta(minutes=3))
        assert status(house) != "resolved"

        await house.receive(of("b", "2026-11-23T03:18:00Z"), "alerts-v2", "prometheus")
        assert status(house) == "resolved"

        await house.receive(of("a"), "alerts-v2", "prometheus")
        await house.receive(of("b"), "alerts-v2", "prometheus")
        await house.receive(of("b", "2026-11-23T03:18:00Z"), "alerts-v2", "prometheus")
        assert status(house) == "triggered"
        await house.passes(timedelta(minutes=6))
        assert status(house) == "resolved"

    story(house, tell)


def test_one_of_two_sources_does_not_end_what_the_other_says_fires(house: House):
    """
    Prometheus and Alertmanager, which says nothing twice, post the same alert. It is over when both have said so, or the one has and
    the other has fallen silent; and a new life of the engine knows who had said what.
    """
    over = resolved(a_webhook(an_alert()))

    async def both(house: House) -> None:
        await house.receive(a_webhook(an_alert()))
        await house.receive(of("a"), "alerts-v2", "prometheus")
        await house.receive(of("a", "2026-11-23T03:12:00Z"), "alerts-v2", "prometheus")
        assert status(house) == "triggered"
        await house.receive(of("a"), "alerts-v2", "prometheus")

    async def one(house: House) -> None:
        await house.receive(over)
        assert status(house) != "resolved"
        await house.passes(timedelta(minutes=6))
        assert status(house) == "resolved"

    story(house, both)
    story(house, one)


def test_what_one_says_is_over_and_another_says_fires_in_one_go(house: House):
    """
    That one sender says an alert is over and another that it fires leaves it firing, though both are decided on together.
    """

    async def tell(house: House) -> None:
        await house.receive(of("a"), "alerts-v2", "prometheus")
        await house.engine.receive("alerts-v2", "prometheus", of("a", "2026-11-23T03:12:00Z"))
        await house.engine.receive("alertmanager", "alertmanager", a_webhook(an_alert()))
        await house.works_on()
        await house.passes(timedelta(minutes=10))
        assert status(house) == "triggered"

    story(house, tell)
