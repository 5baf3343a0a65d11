"""How a whole plan looks."""

from __future__ import annotations

import pytest

from tests.report.golden import EXPECTED, GOLDEN


@pytest.mark.parametrize("name", GOLDEN)
def test_a_plan_looks_as_it_is_kept(name):
    """
    A whole plan reads to the letter as the file beside this test; `python -m tests.report.golden` writes it anew.
    """
    assert GOLDEN[name]() == (EXPECTED / name).read_text(encoding="utf-8")
