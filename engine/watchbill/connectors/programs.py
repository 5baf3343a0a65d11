"""Connectors that are programs: one request in JSON on standard input, one answer in JSON on standard output, and the end.

Rule 1: what is said is versioned. A program that answers in another version than it was asked in is not understood.
Rule 2: a program is told everything it needs and inherits nothing: no environment, no open file, no secret but the
connector's own, and that only on standard input, where no list of processes shows it.
Rule 3: no answer is no news: whether it was carried out is unknown then, unless the action may be repeated.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from watchbill.connectors.carrying import lost
from watchbill.connectors.discovering import flaw
from watchbill.connectors.exec import variables
from watchbill.connectors.performing import Failed, NotDone, Outside, Performer, Refused, Request, Transient, Unable, Unknown
from watchbill.connectors.processes import Command, Ended, OutOfTime, Processes
from watchbill.connectors.redacting import Redactor
from watchbill.errors import UserError
from watchbill.model.plan import Done
from watchbill.model.policyset import ACTION_KINDS, Action, ActionKind, ConnectorType

PROTOCOL: Final = "watchbill.connector/1"
MOST_ANSWERED: Final = 256 * 1024
_DESCRIBES_WITHIN: Final = 10.0


@dataclass(frozen=True, slots=True)
class Program:
    """A program at *path* that speaks for connectors of the *type* it described."""

    type: ConnectorType
    path: Path

    def performer(self, outside: Outside) -> Performer:
        """What carries its actions out."""
        return _Speaker(self, outside)


def programs(named: Iterable[str], processes: Processes) -> tuple[Program, ...]:
    """The programs that the process was told of, each as ``NAME=PATH``, asked what they can do.

    It runs them, and returns when all have answered. Raises UserError for one that cannot be used.
    """
    wanted = [_named(each) for each in named]
    if not wanted:
        return ()

    async def ask() -> tuple[Program, ...]:
        apart = processes.elsewhere()
        return tuple(await asyncio.gather(*(_described(name, path, apart) for name, path in wanted)))

    # In a thread of its own, since whoever calls this may have a loop or none.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, ask()).result()


def _named(text: str) -> tuple[str, Path]:
    name, _, path = text.partition("=")
    help = "write it as NAME=PATH, with the whole path of a program that only its owner can change"
    if not name or not path.startswith("/"):
        raise UserError(f"`{text[:80]}` names no connector's program", help, rule="broken-connector")
    file = Path(path)
    try:
        mode = file.stat().st_mode
    except (OSError, ValueError):
        raise UserError(f"the program of the connector `{name}` is not at {path}", help, rule="broken-connector") from None
    if not file.is_file() or not os.access(file, os.X_OK) or mode & 0o002:
        raise UserError(
            f"{path} cannot be the program of the connector `{name}`: it cannot be run, or anybody can change it",
            help,
            rule="broken-connector",
        )
    return name, file


async def _described(name: str, path: Path, processes: Processes) -> Program:
    help = f"run it by hand: echo '{json.dumps({'protocol': PROTOCOL, 'do': 'describe'})}' | {path}"
    try:
        asked = json.dumps({"protocol": PROTOCOL, "do": "describe"}).encode() + b"\n"
        ended = await processes.run(Command([str(path)], {}, stdin=asked, most=MOST_ANSWERED), _DESCRIBES_WITHIN)
        kind = type_of(name, _answer(ended))
        wrong = flaw(kind)
    except OutOfTime:
        wrong = f"it did not answer within {_DESCRIBES_WITHIN:g}s"
    except NotDone as problem:
        wrong = problem.error
    except _Garbled as problem:
        wrong = str(problem)
    else:
        if not wrong:
            return Program(replace(kind, programs=(str(path),)), path)
    raise UserError(f"the program of the connector `{name}` cannot be used: {wrong}", help, rule="broken-connector")


class _Garbled(Exception):
    """An answer that cannot be understood."""


def _answer(ended: Ended) -> Mapping[str, Any]:
    if ended.is_cut:
        raise _Garbled(f"it answered more than {MOST_ANSWERED // 1024} KiB")
    try:
        answer = json.loads(ended.stdout)
    except (ValueError, RecursionError):
        said = f"; it said: {Redactor().line(ended.stderr.strip().splitlines()[-1])}" if ended.stderr.strip() else ""
        raise _Garbled(f"it answered no JSON, and ended with {ended.code}{said}") from None
    if not isinstance(answer, dict) or answer.get("protocol") != PROTOCOL:
        raise _Garbled(f"its answer is not in the protocol {PROTOCOL}")
    return answer


def type_of(name: str, answer: Mapping[str, Any]) -> ConnectorType:
    """The type that a program describes, under the *name* it was given."""
    described = _object(answer, "type")
    actions = _list(described, "actions")
    secrets = _list(described, "secrets")
    if not all(isinstance(each, str) for each in secrets):
        raise _Garbled("`secrets` is not a list of names")
    return ConnectorType(
        name=name,
        summary=_text(described, "summary"),
        settings=_object(described, "settings"),
        secrets=tuple(secrets),
        actions=tuple(_action_of(each) for each in actions),
    )


def _action_of(described: Any) -> Action:
    if not isinstance(described, dict):
        raise _Garbled("an action is not an object")
    escaping = described.get("escaping", {})
    if not isinstance(escaping, dict):
        raise _Garbled("`escaping` is not an object")
    name, traits = _text(described, "name"), ("reads", "idempotent", "reaches", "rings")
    if not all(isinstance(described.get(each, False), bool) for each in traits):
        raise _Garbled("`reads`, `idempotent`, `reaches` and `rings` are true or false")
    does = _declared(name, described)
    return Action(
        name=name,
        summary=_text(described, "summary"),
        arguments=_object(described, "arguments"),
        escaping=tuple((str(argument), str(way)) for argument, way in escaping.items()),
        result=_object(described, "result"),
        does=does or "changes",
        idempotent=described.get("idempotent", False),
        generic=does is None,
        rings=described.get("rings", False),
    )


def _declared(name: str, described: Mapping[str, Any]) -> ActionKind | None:
    """What an action says that it does, by `does` or by `reads` and `reaches`; None where it says nothing."""
    older: tuple[ActionKind, ...] = ("reads", "reaches")
    said = [kind for kind in older if described.get(kind, False)]
    if len(said) > 1:
        raise _Garbled(f"`{name}` says both `reads` and `reaches`: an action does one thing")
    if "does" not in described:
        return said[0] if said else None
    does = next((kind for kind in ACTION_KINDS if kind == described["does"]), None)
    if does is None:
        raise _Garbled(f"`does` of `{name}` is one of {', '.join(f'`{kind}`' for kind in ACTION_KINDS)}")
    for kind in older:
        if kind in described and described[kind] != (does == kind):
            raise _Garbled(f"`{name}` says `does: {does}`, and `{kind}: {json.dumps(described[kind])}` besides: leave `{kind}` out")
    return does


def _object(value: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = value.get(key)
    if not isinstance(found, dict):
        raise _Garbled(f"`{key}` is missing or no object")
    return found


def _list(value: Mapping[str, Any], key: str) -> list[Any]:
    found = value.get(key, [])
    if not isinstance(found, list):
        raise _Garbled(f"`{key}` is no list")
    return found


def _text(value: Mapping[str, Any], key: str) -> str:
    found = value.get(key)
    if not isinstance(found, str) or not found:
        raise _Garbled(f"`{key}` is missing or no text")
    return found


class _Speaker:
    """Runs the program once for each request."""

    __slots__ = ("_outside", "_program")

    def __init__(self, program: Program, outside: Outside) -> None:
        self._program = program
        self._outside = outside

    async def perform(self, request: Request) -> Done:
        """What the program answers."""
        action = self._program.type.action(request.action)
        if action is None:
            raise Unable(f"the program of `{request.type}` has no action `{request.action}`")
        asked = json.dumps(_spoken(request), separators=(",", ":"), default=list).encode() + b"\n"
        command = Command([str(self._program.path)], variables(request), stdin=asked, most=MOST_ANSWERED)
        try:
            return _outcome(_answer(await self._outside.processes.run(command, request.seconds)))
        except OutOfTime:
            raise lost(action, f"the program of `{request.type}` did not answer within {request.seconds:g}s") from None
        except _Garbled as problem:
            raise lost(action, f"the program of `{request.type}` cannot be understood: {problem}") from None


def _spoken(request: Request) -> dict[str, Any]:
    """The request as a program is told it."""
    subject, text = request.words()
    return {
        "protocol": PROTOCOL,
        "do": "perform",
        "connector": request.connector,
        "action": request.action,
        "arguments": dict(request.arguments),
        "settings": dict(request.settings),
        "secrets": dict(request.secrets),
        "key": request.key,
        "attempt": request.attempt,
        "is_repeat": request.is_repeat,
        "subject": subject,
        "text": text,
        "timeout_seconds": request.seconds,
        "now": request.now.isoformat(),
        "incident": request.about.facts(),
        "thread": request.about.thread,
    }


def _outcome(answer: Mapping[str, Any]) -> Done:
    """What an answer means; raises it where it is not `done`."""
    said = [name for name in ("done", "transient", "unknown", "refused", "failed", "unable") if name in answer]
    if len(said) != 1:
        raise _Garbled("its answer is not one of `done`, `transient`, `unknown`, `refused`, `failed` and `unable`")
    told = _object(answer, said[0])
    if said == ["done"]:
        effect = told.get("effect", "")
        return Done(told.get("result"), effect if isinstance(effect, str) else "")
    error = _text(told, "error")
    if said == ["transient"]:
        after = told.get("after_seconds")
        is_known = isinstance(after, int | float) and not isinstance(after, bool) and 0 <= after <= 86_400
        raise Transient(error, timedelta(seconds=after) if is_known and after is not None else None)
    raise _NO[said[0]](error)


_NO: Final[Mapping[str, type[NotDone]]] = {"unknown": Unknown, "refused": Refused, "failed": Failed, "unable": Unable}
