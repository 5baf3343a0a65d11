"""A server that tests share, and folders for those that need one of their own."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.server.places import Place, a_shop, served
from watchbill.cli import main


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A folder with policies, and no record yet."""
    return a_shop(tmp_path)


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A server without a token, for all tests of a module."""
    with served(a_shop(tmp_path_factory.mktemp("served"))) as place:
        yield place


@pytest.fixture
def fresh(shop: Path) -> Iterator[Place]:
    """A server without a token, and without a past."""
    with served(shop) as place:
        yield place


@dataclass(frozen=True)
class Ran:
    """What one command line gave: its exit code, and what it printed where."""

    code: int
    out: str
    err: str


@pytest.fixture
def run(shop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Carry out one command line in the shop, in this process, without the caller's settings."""
    monkeypatch.chdir(shop)
    for name in tuple(os.environ):
        if name.startswith("WATCHBILL") or name == "NO_COLOR":
            monkeypatch.delenv(name)

    def carried_out(*arguments: str) -> Ran:
        code = main(arguments)
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return carried_out
