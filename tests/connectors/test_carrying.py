"""A call is held to what its action promises, whoever performs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.connectors.makers import a_request, carry_out
from watchbill.connectors import carrying
from watchbill.connectors.performing import NotDone, Refused, Request, Transient, Unable, Unknown
from watchbill.connectors.schemas import arguments, result, text
from watchbill.model.plan import Done
from watchbill.model.policyset import Action, ConnectorType

pytestmark = pytest.mark.anyio
TAKES = arguments({"to": text("Whom.", pattern="^[a-z]+$"), "count": {"type": "integer", "description": "How often."}})
GIVES = result({"said": {"type": "string", "description": "What was said."}})
BELL = ConnectorType(
    "bell",
    "Rings.",
    arguments({}),
    ("token",),
    (
        Action("ring", "Rings.", TAKES, result=GIVES),
        Action("set", "Sets.", TAKES, idempotent=True, result=GIVES),
        Action("look", "Looks.", TAKES, does="reads", idempotent=True, result=GIVES),
    ),
)


class Performs:
    """A performer that does this."""

    def __init__(self, does: Callable[[Request], Awaitable[Done]]) -> None:
        self._does = does

    async def perform(self, request: Request) -> Done:
        return await self._does(request)


async def came(does: Callable[[Request], Awaitable[Done]], action: str = "ring", given: dict[str, Any] | None = None, **more: Any) -> Any:
    request = a_request("bell", action, given, secrets={"token": "t0psecret"}, **more)
    try:
        return await carry_out({"bell": Performs(does)}, {"bell": BELL}, request)
    except NotDone as problem:
        return problem


def gives(value: Any, effect: str = "") -> Callable[[Request], Awaitable[Done]]:
    async def does(_: Request) -> Done:
        return Done(value, effect)

    return does


def raises(problem: BaseException) -> Callable[[Request], Awaitable[Done]]:
    async def does(_: Request) -> Done:
        raise problem

    return does


@pytest.mark.parametrize(("action", "meaning"), [("ring", Unknown), ("set", Transient), ("look", Transient)])
async def test_what_was_not_foreseen(action: str, meaning: type[NotDone]):
    """
    A performer that breaks off may have done its work: it is unknown, unless the action may be repeated.
    """
    problem = await came(raises(KeyError("t0psecret of ana@example.com")), action)

    assert type(problem) is meaning
    assert problem.error == "the-bell." + action + " broke off: KeyError: '[secret] of [e-mail address]'"


async def test_errors_are_fit_to_be_recorded():
    """
    The words of an error are redacted and bounded, and what it means stays.
    """
    problem = await came(raises(Transient("t0psecret " * 200, timedelta(seconds=9))))

    assert isinstance(problem, Transient)
    assert problem.after == timedelta(seconds=9)
    assert "t0psecret" not in problem.error
    assert len(problem.error) <= 500


@pytest.mark.parametrize("value", [{"said": 1}, {}, None, {"said": "x", "more": 1}, object(), {"said": {1, 2}}, float("nan")])
async def test_results_that_do_not_fit(value: object):
    """
    What was read and does not fit is refused; what was done was done, whatever came back of it.
    """
    assert isinstance(await came(gives(value), "look"), Refused)
    assert await came(gives(value, "bell-1")) == Done(None, "bell-1")


async def test_results_are_bounded_and_redacted():
    """
    A result holds no secret, and is not larger than what is kept.
    """
    done = await came(gives({"said": "t0psecret " + "x" * 100_000}, "the t0psecret"))

    assert done.result["said"].startswith("[secret] xxx")
    assert len(done.result["said"]) < 64 * 1024
    assert done.effect == "the [secret]"


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"to": "ANA"}, "`to` of the-bell.ring is not of the shape `^[a-z]+$`, now that it is filled in"),
        ({"to": "ana\n"}, "`to` of the-bell.ring holds a line break"),
        ({"count": "3"}, "`count` of the-bell.ring is not a whole number, now that it is filled in"),
        ({"volume": 11}, "`volume` of the-bell.ring is not among what it takes, now that it is filled in"),
    ],
)
async def test_arguments_that_do_not_fit(given: dict[str, Any], says: str):
    """
    Arguments are looked at once more when they are filled in, and a message about them does not repeat them.
    """
    problem = await came(gives({"said": ""}), given=given)

    assert isinstance(problem, Refused)
    assert problem.error.startswith(says)


async def test_what_nobody_knows():
    """
    An action that the type does not have is refused.
    """
    problem = await came(gives(None), "sing")

    assert (type(problem), problem.error) == (Unable, "this version knows no action `sing` of connectors of the type `bell`")


async def test_a_performer_that_will_not_end(monkeypatch: pytest.MonkeyPatch):
    """
    One that does not end in time, and does not let itself be cancelled, is left behind.
    """
    monkeypatch.setattr(carrying, "GRACE", timedelta(seconds=0.1))
    monkeypatch.setattr(carrying, "_LAST_WAIT", 0.1)
    may_end = asyncio.Event()

    async def stubborn(_: Request) -> Done:
        while not may_end.is_set():
            try:
                await may_end.wait()
            except asyncio.CancelledError:
                continue
        return Done()

    problem = await came(stubborn, timeout=timedelta(seconds=0.1))
    may_end.set()
    await asyncio.sleep(0)

    assert (type(problem), problem.error) == (Unknown, "the-bell.ring did not end within 0.1s")
