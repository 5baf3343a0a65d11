"""What all stories share: the process that lives are forked from, and what is outside."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.crash.lives import BEGUN, a_nursery
from tests.crash.outside import Outside, an_outside


@pytest.fixture(scope="session")
def nursery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The socket of the process that lives are forked from."""
    with a_nursery(tmp_path_factory.mktemp("crash")) as path:
        yield path


@pytest.fixture(autouse=True)
def no_life_outlives_its_test() -> Iterator[None]:
    """What a test began is ended with it: a process whose clock stands still looks at what is due again and again."""
    yield
    while BEGUN:
        BEGUN.pop().kill()


@pytest.fixture
def outside() -> Iterator[Outside]:
    """The server that pages, changes and looks arrive at."""
    with an_outside() as found:
        yield found
