"""What every performer promises, ours and others': the same questions to each, with a real other side.

A `Case` says how one performer is asked, and what its other side is like when it behaves in a certain way:

    well    does what it is asked
    tells   answers with the secrets that it was sent
    denies  says no, and quotes the secrets
    hangs   accepts, and never answers
    drips   answers slowly, for ever
    floods  answers quickly, for ever
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from jsonschema import Draft202012Validator

from tests.connectors.makers import Ways, carry_out
from watchbill.connectors.bounding import MOST, size_of
from watchbill.connectors.performing import GRACE, NotDone, Performer, Refused, Request, Transient, Unknown
from watchbill.connectors.redacting import Redactor
from watchbill.model.plan import Done
from watchbill.model.policyset import Catalogue

BEHAVIOURS = ("well", "tells", "denies", "hangs", "drips", "floods")
SHORT = timedelta(seconds=0.4)


@dataclass
class Asked:
    """A performer, a request to it, and what its other side saw."""

    performers: Mapping[str, Performer]
    catalogue: Catalogue
    request: Request
    keys: Callable[[], list[str]]
    reached: Callable[[], Awaitable[object]]
    is_quiet: Callable[[], Awaitable[bool]]


@dataclass(frozen=True)
class Case:
    """One performer under test: its *name*, how its other side is made to behave, and how it can."""

    name: str
    make: Callable[[Ways, str], AbstractAsyncContextManager[Asked]]
    behaviours: tuple[str, ...] = BEHAVIOURS

    @asynccontextmanager
    async def asked(self, out: Ways, behaviour: str) -> AsyncIterator[Asked]:
        """The performer, its other side behaving like this."""
        if behaviour not in self.behaviours:
            pytest.skip(f"the other side of {self.name} cannot be made to behave so")
        async with self.make(out, behaviour) as asked:
            yield asked


async def outcome(asked: Asked, request: Request | None = None) -> Done | NotDone:
    """What came of it, as a value."""
    try:
        return await carry_out(asked.performers, asked.catalogue, request or asked.request)
    except NotDone as problem:
        return problem


def told(what: Done | NotDone) -> str:
    """Everything that an outcome says."""
    return json.dumps(what.result) + what.effect if isinstance(what, Done) else what.error


def state_of_the_process() -> tuple[object, ...]:
    """What a performer could change for everybody else."""
    handlers = tuple(signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD, signal.SIGPIPE))
    root = logging.getLogger()
    return dict(os.environ), os.getcwd(), handlers, root.level, tuple(type(each) for each in root.handlers)


class Contract:
    """The questions. A class of tests that has a fixture `case` and inherits these asks them of it."""

    async def test_it_does_what_it_is_asked(self, case: Case, out: Ways) -> None:
        """
        It carries an action out, and gives what the action's result says, within its bound.
        """
        async with case.asked(out, "well") as asked:
            done = await outcome(asked)

        assert isinstance(done, Done), done
        action = asked.catalogue[asked.request.type].action(asked.request.action)
        assert action is not None
        Draft202012Validator(dict(action.result)).validate(done.result)
        assert size_of(done.result) <= MOST

    async def test_the_key_is_the_same_at_each_attempt(self, case: Case, out: Ways) -> None:
        """
        Two attempts at one call reach the other side with one key; another call has another.
        """
        async with case.asked(out, "well") as asked:
            await outcome(asked)
            await outcome(asked, replace(asked.request, attempt=2, is_repeat=True))
            await outcome(asked, replace(asked.request, key=f"{asked.request.key}#2"))
            first, second, other = asked.keys()

        assert first == second != other

    async def test_requests_at_once_do_not_mix(self, case: Case, out: Ways) -> None:
        """
        Of several requests at once, each reaches the other side with its own key.
        """
        async with case.asked(out, "well") as asked:
            requests = [replace(asked.request, key=f"{asked.request.key}#{number}") for number in range(2, 6)]
            done = await asyncio.gather(*(outcome(asked, each) for each in requests))
            keys = asked.keys()

        assert all(isinstance(each, Done) for each in done), done
        assert len(set(keys)) == len(keys) == 4

    async def test_it_changes_nothing_for_others(self, case: Case, out: Ways) -> None:
        """
        Environment, working directory, signals and logging are afterwards what they were.
        """
        before = state_of_the_process()
        async with case.asked(out, "well") as asked:
            await outcome(asked)

        assert state_of_the_process() == before

    @pytest.mark.parametrize("behaviour", ["tells", "denies"])
    async def test_no_secret_comes_back(self, case: Case, out: Ways, behaviour: str, caplog: pytest.LogCaptureFixture) -> None:
        """
        A secret that the other side repeats is in no result, no error and no log.
        """
        caplog.set_level(logging.DEBUG)
        async with case.asked(out, behaviour) as asked:
            what = await outcome(asked)
            # The other side of these tests runs in the same process, and may log what it likes.
            logged = [each.getMessage() for each in caplog.records if not each.name.startswith("mail.")]
            said = told(what) + repr(logged) + repr(out.logged) + repr(replace(asked.request, arguments={}))

        assert isinstance(what, Done if behaviour == "tells" else Refused), what
        for secret in asked.request.secrets.values():
            assert Redactor([secret]).text(said) == Redactor().text(said)
            assert secret not in said

    @pytest.mark.parametrize("behaviour", ["hangs", "drips", "floods"])
    async def test_it_ends_in_time(self, case: Case, out: Ways, behaviour: str) -> None:
        """
        Whatever the other side does, it is over after the time-out and a short grace, the loop goes on meanwhile, and
        nothing is left running.
        """
        loop, turns = asyncio.get_running_loop(), 0

        async def turn() -> None:
            nonlocal turns
            while True:
                await asyncio.sleep(0.01)
                turns += 1

        async with case.asked(out, behaviour) as asked:
            turning = asyncio.ensure_future(turn())
            began_at = loop.time()
            what = await outcome(asked, replace(asked.request, timeout=SHORT))
            took = loop.time() - began_at
            turning.cancel()

            assert took < (SHORT + GRACE).total_seconds()
            # A loop that was blocked would not have turned once.
            assert took < 0.3 or turns >= 3
            assert isinstance(what, Transient | Unknown) if behaviour != "floods" else not isinstance(what, Refused), what
            assert await asked.is_quiet()

    async def test_cancelled_it_leaves_nothing_running(self, case: Case, out: Ways) -> None:
        """
        Whoever gives up waiting leaves no connection and no process behind.
        """
        async with case.asked(out, "hangs") as asked:
            task = asyncio.ensure_future(outcome(asked))
            async with asyncio.timeout(10):
                await asked.reached()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

            assert await asked.is_quiet()

    async def test_what_does_not_fit_is_refused_first(self, case: Case, out: Ways) -> None:
        """
        Arguments that the action does not take are refused, and the other side hears nothing of it.
        """
        async with case.asked(out, "well") as asked:
            what = await outcome(asked, replace(asked.request, arguments={**asked.request.arguments, "unheard-of": 1}))

            assert isinstance(what, Refused)
            assert asked.keys() == []
