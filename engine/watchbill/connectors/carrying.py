"""One call of a connector's action, held to what its type promises.

Rule 1: arguments that do not fit are refused before anything happens: by now all texts are filled in.
Rule 2: it is over when its time and a short grace are over, whoever performs and however it takes being cancelled.
Rule 3: what comes back fits the action's result, is bounded, and holds neither secrets nor personal data; nor does an error.
Rule 4: what was not foreseen counts as unknown, unless the action may be repeated.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from watchbill.connectors.bounding import TooLarge, bounded
from watchbill.connectors.performing import GRACE, NotDone, Performer, Refused, Request, Transient, Unable, Unknown
from watchbill.connectors.redacting import Redactor
from watchbill.expressions.argument_check import Check, compile_arguments
from watchbill.model.plan import Done
from watchbill.model.policyset import Action, ConnectorType
from watchbill.model.references import Json

_LAST_WAIT: Final = 1.0
"""Seconds that a performer which was cancelled has to clean up."""
_LONGEST_EFFECT: Final = 500
_LONGEST_ERROR: Final = 500


class Held:
    """A *performer* that is held to what its type, *kind*, promises. Nobody is handed one that is not."""

    __slots__ = ("_checks", "kind", "performer")

    def __init__(self, performer: Performer, kind: ConnectorType) -> None:
        self.performer = performer
        self.kind = kind
        self._checks: dict[str, Check] = {}

    async def perform(self, request: Request) -> Done:
        """What came of this *request*; raises `Transient`, `Unknown` or `Refused`, with an error fit to be recorded."""
        action = self.kind.action(request.action)
        if action is None:
            raise Unable(f"this version knows no action `{request.action}` of connectors of the type `{self.kind.name}`")
        self._check(request, action)
        redactor = Redactor(request.secrets.values())
        try:
            return _fit(await _bounded_in_time(self.performer, request, action), request, action, redactor)
        except Transient as problem:
            raise Transient(redactor.line(problem.error, _LONGEST_ERROR), problem.after) from None
        except NotDone as problem:
            raise type(problem)(redactor.line(problem.error, _LONGEST_ERROR)) from None

    def _check(self, request: Request, action: Action) -> None:
        """Raise Refused for arguments that do not fit: what `decide` has not checked, a page's or the last resort's, is checked here."""
        check = self._checks.get(action.name)
        if check is None:
            check = self._checks[action.name] = compile_arguments(action.arguments)
        misfit = check(request.arguments)
        if misfit is not None:
            raise Refused(misfit.sentence(request.use))


async def _bounded_in_time(performer: Performer, request: Request, action: Action) -> Done:
    task = asyncio.ensure_future(performer.perform(request))
    try:
        await asyncio.wait({task}, timeout=request.seconds + GRACE.total_seconds())
        if task.done():
            done: object = task.result()
            if isinstance(done, Done):
                return done
            raise lost(action, f"{request.use} gave a {type(done).__name__}, which is no outcome")
    except NotDone:
        raise
    except Exception as problem:
        raise lost(action, f"{request.use} broke off: {type(problem).__name__}: {problem}") from None
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait({task}, timeout=_LAST_WAIT)
            if task.done() and not task.cancelled():
                task.exception()  # looked at, so that nobody is told that it was not
    raise lost(action, f"{request.use} did not end within {request.seconds:g}s")


def lost(action: Action, error: str) -> NotDone:
    """What it means that nobody knows what came of an *action*: one that may be repeated is tried again."""
    return Transient(error) if action.reads or action.idempotent else Unknown(error)


def _plain(value: Json) -> Any:
    """The *value* in the types that a JSON Schema is checked on."""
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, str) or value is None or isinstance(value, bool | int | float):
        return value
    return [_plain(each) for each in value]


def _fit(done: Done, request: Request, action: Action, redactor: Redactor) -> Done:
    """The outcome as it may be recorded.

    What was read and does not fit is of no use, so it is refused. What was changed was changed, whatever came back.
    """
    from jsonschema import Draft202012Validator

    effect = redactor.line(done.effect, _LONGEST_EFFECT)
    problem = "it is not what its type says"
    with suppress(RecursionError):
        try:
            result = bounded(redactor.json(done.result))
            if Draft202012Validator(dict(action.result)).is_valid(_plain(result)):
                return Done(result, effect)
        except TooLarge as large:
            problem = str(large)
        except (TypeError, ValueError):
            pass
    if action.reads:
        raise Refused(f"what {request.use} gave cannot be used: {problem}")
    return Done(None, effect)
