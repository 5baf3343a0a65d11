"""Laws of deliveries, for all that may come of calls, be reported of them and be said meanwhile.

The first is of a real engine on a real record: what the record says of calls agrees with the incident and with the tasks. The others are of
the judgement alone, on virtual time.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from tests.execute.house import House, World
from tests.execute.test_delivery_tasks import NIGHT, a_house, alerts
from tests.makers import a_level, a_shop, an_alert, an_escalation
from tests.watch import Watch
from watchbill.connectors.performing import Refused, Request, Transient, Unable, Unknown
from watchbill.execute.saying import Options
from watchbill.model.event import Acknowledged, DeliveryReported, Retried, Unacknowledged
from watchbill.model.incident import Incident
from watchbill.model.plan import LEFT, LOST, REPORTED_LATER, DeliveryResult, Step
from watchbill.store import delivery_rows, incidents, steps

MINUTE = timedelta(minutes=1)
RESULTS: tuple[DeliveryResult, ...] = (*LOST, *LEFT, "waiting", "unknown", "shadow")

# --- a real engine ----------------------------------------------------------------------

ANSWERS: dict[str, Callable[[], Exception] | None] = {
    "takes": None,
    "hangs": None,
    "busy": lambda: Transient("503"),
    "silent": lambda: Unknown("no answer"),
    "refuses": lambda: Refused("400"),
    "unable": lambda: Unable("401"),
}
HAPPENINGS = st.one_of(
    st.tuples(st.just("answers"), st.sampled_from(["phone.page", "mail.send"]), st.sampled_from(sorted(ANSWERS))),
    st.tuples(st.just("passes"), st.sampled_from([1, 5, 40, 600])),
    st.tuples(st.just("reports"), st.integers(0, 2), st.integers(0, 1), st.sampled_from(REPORTED_LATER)),
    st.tuples(st.just("retries"), st.integers(0, 2)),
    st.tuples(st.sampled_from(["acknowledges", "gives back", "dies"])),
)


class Lives:
    """A house whose engine may die, and what its calls came to, by their keys."""

    def __init__(self, house: House, answer: str) -> None:
        self.house = house
        self.answers = {"phone.page": answer, "mail.send": "takes"}
        self.hung = 0
        self.uncertain: Counter[str] = Counter()
        house.time, house.world = NIGHT, World()
        house.world.answer, house.world.hangs = self._answer, self._hangs

    def _answer(self, request: Request) -> Any:
        failure = ANSWERS[self.answers[request.use]]
        if failure is None:
            return World().answer(request)
        self.uncertain[request.key] += self.answers[request.use] == "silent"
        raise failure()

    def _hangs(self, request: Request) -> bool:
        hangs = self.answers[request.use] == "hangs"
        self.hung += hangs
        self.uncertain[request.key] += hangs
        return hangs

    async def calm(self) -> None:
        """Let the engine work until all that it has in hand hangs."""
        engine, quiet = self.house.engine, 0
        while quiet < 2:
            await self.house.works_on()
            quiet = quiet + 1 if not engine.backlog and len(engine.performing) == self.hung else 0

    async def happens(self, incident: str, what: tuple[Any, ...]) -> None:
        """Let this happen to the *incident*, and all that follows from it."""
        engine, pages = self.house.engine, self.pages(incident)
        if what[0] == "answers":
            self.answers[what[1]] = what[2]
        elif what[0] == "passes":
            self.house.time += timedelta(seconds=what[1])
        elif what[0] == "reports" and what[1] < len(pages):
            await engine.report(incident, DeliveryReported(pages[what[1]].id, what[2], what[3]))
        elif what[0] == "retries" and what[1] < len(pages):
            await engine.tell(incident, Retried(pages[what[1]].id, "ana"), "ana")
        elif what[0] == "acknowledges":
            await engine.tell(incident, Acknowledged("ana"), "ana")
        elif what[0] == "gives back":
            await engine.tell(incident, Unacknowledged("ana"), "ana")
        await self.calm()

    def pages(self, incident: str) -> list[Step]:
        """The pages of this *incident*, as the record has them."""
        with self.house.engine.record.read() as connection:
            found = incidents.load(connection, incident)
        assert found is not None
        return [step for step in found.steps.values() if step.kind == "page"]

    def agree(self, incident: str) -> None:
        """The queue, the rows of deliveries, the tasks and the calls say the same of this *incident*."""
        with self.house.engine.record.read() as connection:
            queue = {row.id: row for row in steps.of(connection, incident)}
            rows = delivery_rows.of_incident(connection, incident)
        for step in self.pages(incident):
            assert (step.state == "started") == (step.leaves_at is not None), step
            if step.state == "started":
                assert (queue[step.id].state, queue[step.id].due_at) == ("queued", step.leaves_at)
            elif step.started_at is not None:
                assert queue[step.id].state == "settled"
        under_way = Counter(f"step {row.step}#{row.number + 1}" for row in rows if row.settled_at is None)
        assert under_way == Counter(task.get_name() for task in asyncio.all_tasks() if "/page/" in task.get_name())
        attempts = defaultdict(list)
        for row in rows:
            attempts[row.step if row.number == 0 else f"{row.step}#{row.number + 1}"].append(row.attempt)
        pages = [request for request in self.house.world.requests if "/page/" in request.key]
        assert {key: len(made) for key, made in attempts.items()} == Counter(request.key for request in pages)
        assert all(made == list(range(1, len(made) + 1)) for made in attempts.values()), attempts
        assert all(self.uncertain[request.key] for request in pages if request.is_repeat)


def lives_of(happenings: list[tuple[Any, ...]]) -> Iterator[list[tuple[Any, ...]]]:
    """What happens in one life of the engine after another: each ends where it dies."""
    own: list[tuple[Any, ...]] = []
    for each in happenings:
        if each[0] == "dies":
            yield own
            own = []
        else:
            own.append(each)
    yield own


async def lived(lives: Lives, happenings: list[tuple[Any, ...]]) -> None:
    """All that *happens* from the first alert on, looked at after each; nothing that hangs is waited for at the end of a life."""
    house, incident = lives.house, ""
    for own in lives_of(happenings):
        async with house.running(Options(stop_within=timedelta(0))) as engine:
            lives.hung = 0
            if not incident:
                async with engine.subscribed() as notices:
                    await engine.receive("alertmanager", "alertmanager", alerts())
                    incident = (await notices.get()).incident
            await lives.calm()
            lives.agree(incident)
            for what in own:
                await lives.happens(incident, what)
                lives.agree(incident)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    """One house for all stories: its policies are read once, and each story has a record of its own."""
    return a_house(tmp_path_factory.mktemp("shop"))


def agrees(house: House, answer: str, happenings: list[tuple[Any, ...]]) -> None:
    """Record, incident and tasks agree in this story."""
    with TemporaryDirectory() as folder:
        house.folder = Path(folder)
        asyncio.run(lived(Lives(house, answer), happenings))


@settings(max_examples=25)
@given(st.sampled_from(sorted(ANSWERS)), st.lists(HAPPENINGS, min_size=1, max_size=10))
def test_record_incident_and_tasks_agree_on_every_delivery(house: House, answer: str, happenings: list[tuple[Any, ...]]) -> None:
    """
    Whatever comes of calls and whenever the engine dies: what is to leave is queued for its time, each call has one row, and what is under
    way has a task.
    """
    agrees(house, answer, happenings)


@pytest.mark.long
@settings(max_examples=300)
@given(st.sampled_from(sorted(ANSWERS)), st.lists(HAPPENINGS, min_size=1, max_size=25))
def test_they_agree_in_long_stories_too(house: House, answer: str, happenings: list[tuple[Any, ...]]) -> None:
    """
    The same of many more and longer stories.
    """
    agrees(house, answer, happenings)


# --- the judgement alone ----------------------------------------------------------------


class Paging(RuleBasedStateMachine):
    """An incident for which one escalation pages, then a worse one, while calls end in every way and people say what they like."""

    @initialize()
    def opens(self) -> None:
        """A warning comes in."""
        mild = an_escalation("mild", a_level("role/primary"), a_level("role/secondary"), match=['severity="warning"'])
        harsh = an_escalation("harsh", a_level("role/lead", "person/bo"), match=['severity="critical"'], repeat=1)
        self.watch = Watch(a_shop(mild, harsh))
        self.watch.receives(an_alert(severity="warning"))
        self.seen = 0

    @rule(page=st.integers(0, 9), number=st.integers(0, 3), result=st.sampled_from(RESULTS), minutes=st.sampled_from([0, 1, 7, 90]))
    def reports(self, page: int, number: int, result: DeliveryResult, minutes: int) -> None:
        """Something is reported of a delivery, be it known or not."""
        begun = [step for step in self.watch.steps("page") if step.deliveries]
        if begun:
            retry_at = self.watch.now + minutes * MINUTE if minutes else None
            self.watch.reports(result, number, begun[-1 - page % len(begun)], "said", retry_at)

    @rule(minutes=st.sampled_from([0.5, 2, 5, 20, 60]))
    def passes(self, minutes: float) -> None:
        """Time goes by."""
        self.watch.passes(minutes=minutes)

    @rule(word=st.sampled_from(["acknowledges", "unacknowledges", "escalates"]))
    def says(self, word: str) -> None:
        """A person says something of the incident."""
        getattr(self.watch, word)()

    @rule()
    def gets_worse(self) -> None:
        """Something critical joins."""
        self.watch.receives(an_alert(alertname="Down", starts_at=self.watch.now))

    @rule(number=st.integers(0, 9), kind=st.sampled_from(["page", "alarm"]))
    def retries(self, number: int, kind: str) -> None:
        """A person wants a step again."""
        found = self.watch.steps(kind)
        if found:
            self.watch.retries(found[-1 - number % len(found)])

    @rule()
    def alarm_fails(self) -> None:
        """The last resort cannot be told of the newest alarm."""
        begun = [step for step in self.watch.steps("alarm") if step.state == "started"]
        if begun:
            self.watch.stalls(begun[-1])

    @invariant()
    def one_alarm_is_planned(self) -> None:
        """Of an escalation no two alarms are to sound."""
        planned = Counter(step.because.name for step in self.watch.steps("alarm") if step.state == "planned")
        assert all(count == 1 for count in planned.values()), planned

    @invariant()
    def nobody_is_called_for_what_somebody_has(self) -> None:
        """Once the incident is acknowledged no page or alarm is planned, begun or still to leave."""
        decisions, self.seen = self.watch.decisions[self.seen :], len(self.watch.decisions)
        for decision in decisions:
            incident = decision.incident
            if incident is not None and incident.status != "triggered":
                assert not [step for step in decision.steps if step.kind in ("page", "alarm")]
                assert not [step for step in calling(incident) if step.state == "planned" or step.leaves_at is not None]

    @invariant()
    def a_page_is_over_when_nothing_is_to_leave(self) -> None:
        """It is at work exactly while a delivery is to leave, and has failed exactly if all that was not withdrawn has."""
        for page in self.watch.steps("page"):
            results = {each.result for each in page.deliveries}
            if results and page.state != "planned":
                is_lost = results <= {*LOST, "withdrawn"} and page.leaves_at is None
                assert (page.state == "started") == (page.leaves_at is not None)
                assert (page.state == "failed") == (is_lost and bool(results & set(LOST)))
                assert (page.state == "withdrawn") == (results == {"withdrawn"})


def calling(incident: Incident) -> list[Step]:
    """The pages and alarms of this *incident*."""
    return [step for step in incident.steps.values() if step.kind in ("page", "alarm")]


def test_whatever_is_reported_and_said_paging_stays_in_order() -> None:
    """
    One alarm waits at most, nobody is called for what somebody has, and a page is over exactly when nothing of it is to leave.
    """
    run_state_machine_as_test(Paging, settings=settings(max_examples=100, stateful_step_count=25))  # type: ignore[no-untyped-call]
