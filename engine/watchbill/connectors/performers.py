"""Who carries out the actions of each type of connector.

What is there is loaded when it is first used. A type that is described and cannot be carried out yet is refused with a
sentence, so that a policy which names it fails where somebody sees it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Final

from watchbill.connectors.carrying import Held
from watchbill.connectors.catalogue import catalogue
from watchbill.connectors.discovering import Installed, installed
from watchbill.connectors.performing import Outside, Performer, Request, Unable
from watchbill.connectors.programs import Program
from watchbill.model.plan import Done

OURS: Final = ("email", "exec", "http", "log", "webhook")
"""The types that come with watchbill and are carried out by the module of their name."""


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
        if name in self._more:
            return self._more[name].performer(self._outside)
        if name in OURS:
            made: Performer = import_module(f"watchbill.connectors.{name}").performer(self._outside)
            return made
        return _NotYet()


def performers(outside: Outside, programs: tuple[Program, ...] = ()) -> Mapping[str, Performer]:
    """Who carries out each type of the catalogue: ours, those of installed packages, and *programs*; each held to its promises."""
    more: tuple[Installed | Program, ...] = (*installed(), *programs)
    return _Performers(outside, {each.type.name: each for each in more})


class _NotYet:
    """Refuses: a type that this version only describes."""

    __slots__ = ()

    async def perform(self, request: Request) -> Done:
        """Nothing; it says why."""
        raise Unable(f"this version plans with connectors of the type `{request.type}`, and cannot carry out `{request.use}` yet")
