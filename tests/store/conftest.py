"""Records to test with. The contract tests take `a_record`; a second backend is one more line in `BACKENDS`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from tests.makers import NOON
from watchbill.store.record import Record

BACKENDS: dict[str, Callable[[Path], str]] = {"sqlite": lambda folder: f"sqlite:///{folder / 'watchbill.db'}"}
"""For each backend, the url of an empty database of its own."""


@pytest.fixture(params=BACKENDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The url of an empty database."""
    return BACKENDS[request.param](tmp_path)


@pytest.fixture
def reopen(url: str) -> Iterator[Callable[..., Record]]:
    """Opens the record, again if it is open; what is open at the end is closed."""
    with ExitStack() as stack:
        opened: list[Record] = []

        def again(**more: object) -> Record:
            for earlier in opened:
                earlier.close()
            opened[:] = [stack.enter_context(closing(Record.open(url, now=NOON, holder="the tests", **more)))]  # type: ignore[arg-type]
            return opened[0]

        yield again


@pytest.fixture
def record(reopen: Callable[..., Record]) -> Record:
    """An open record with nothing in it."""
    return reopen()
