"""The reference pages say what the code says."""

from __future__ import annotations

from tests import kind_pages
from tests.pages import made, missing


def test_made_parts_are_fresh():
    """
    Every help text, every table and the plan in the README is as the code has it now; `python -m tests.pages` writes them anew.
    """
    stale = [str(page) for page, text in made() if not page.exists() or text != page.read_text(encoding="utf-8")]

    assert stale + kind_pages.stale() == []


def test_nothing_is_without_its_place():
    """
    Every verb has its help on the page, every object of a plan its keys, and every rule of the language its line.
    """
    assert missing() == []
