"""Who carries out the actions of each type of connector.

What is there is loaded when it is first used: a type of ours by the module of its name. Of a type that this version only
describes every call is refused with a sentence; `watchbill.connectors.capability` says so before anybody relies on it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module

from watchbill.connectors.carrying import Held
from watchbill.connectors.catalogue import catalogue
from watchbill.connectors.discovering import Installed, installed
from watchbill.connectors.performing import Outside, Performer, Request, Unable
from watchbill.connectors.programs import Program
from watchbill.model.plan import Done
from watchbill.model.policyset import ConnectorType


class _Performers(Mapping[str, Performer]):
    """Performers by type; each is made once, when it is first asked for."""

    __slots__ = ("_kinds", "_made", "_more", "_outside")

    def __init__(self, outside: Outside, more: Mapping[str, Installed | Program]) -> None:
        self._outside = outside
        self._more = more
        self._kinds = catalogue(*(each.type for each in more.values() if isinstance(each, Program)))
        self._made: dict[str, Performer] = {}

    def __getitem__(self, name: str) -> Performer:
        if name not in self._made:
            kind = self._kinds[name]
            self._made[name] = Held(self._make(name), kind)
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._kinds)

    def __len__(self) -> int:
        return len(self._kinds)

    def _make(self, name: str) -> Performer:
        kind = self._kinds[name]
        made = self._carried_out_by(name) if kind.is_carried_out else None
        return made if made is not None and all(action.carried_out for action in kind.actions) else _NotYet(kind, made)

    def _carried_out_by(self, name: str) -> Performer:
        if name in self._more:
            return self._more[name].performer(self._outside)
        made: Performer = import_module(f"watchbill.connectors.{name}").performer(self._outside)
        return made


def performers(outside: Outside, programs: tuple[Program, ...] = ()) -> Mapping[str, Performer]:
    """Who carries out each type of the catalogue: ours, those of installed packages, and *programs*; each held to its promises."""
    more: tuple[Installed | Program, ...] = (*installed(), *programs)
    return _Performers(outside, {each.type.name: each for each in more})


class _NotYet:
    """Refuses the actions of a *kind* that this version only describes, and leaves the others to the *performer* that it has."""

    __slots__ = ("_kind", "_performer")

    def __init__(self, kind: ConnectorType, performer: Performer | None) -> None:
        self._kind = kind
        self._performer = performer

    async def perform(self, request: Request) -> Done:
        """What came of it, or why this version cannot do it."""
        action = self._kind.action(request.action)
        if self._performer is None or action is None or not action.carried_out:
            raise Unable(f"this version plans with connectors of the type `{request.type}`, and cannot carry out `{request.use}` yet")
        return await self._performer.perform(request)
