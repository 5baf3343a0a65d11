"""What the tests of the engine are given."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.execute.house import House

NIGHT = datetime(2026, 11, 23, 3, 12, tzinfo=UTC)


@pytest.fixture
def house(tmp_path: Path) -> House:
    """A house with the reference policies, at night."""
    return House(tmp_path, now=NIGHT)
