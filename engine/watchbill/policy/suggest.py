"""The name somebody probably meant.

Looking for it costs more than anything else that is done about a mistake, so whoever reads the documents of strangers sets
a bound (`bounded`): where it is reached, mistakes are reported without a suggestion.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

MOST_COMPARED: Final = 2_000_000
"""Short names that are compared before it is enough, which takes a few seconds. People's mistakes are far from it."""

_LONGEST: Final = 100
"""Characters of a word that somebody may have misspelt; what is longer is no name."""

_SHORT: Final = 64
"""Steps of a comparison that cost as much as looking at a name at all: its letters times those of the word."""

_left: ContextVar[list[int] | None] = ContextVar("left", default=None)


@contextmanager
def bounded(most: int = MOST_COMPARED) -> Iterator[None]:
    """Let `nearest` compare no more than this many names in here, all calls together."""
    token = _left.set([most])
    try:
        yield
    finally:
        _left.reset(token)


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The one of the *known* names that is closest to this *word*, or None where none is close.

    Upper and lower case do not count, so `triage` leads to `Triage`. Of equally close names the first in
    alphabetical order is taken, so that a message does not depend on the order of files.
    """
    left = _left.get()
    if len(word) > _LONGEST or (left is not None and left[0] <= 0):
        return None
    # Imported here: only a mistake needs it.
    from difflib import get_close_matches

    spellings: dict[str, str] = {}
    steps = 0
    # A slip is a letter or two, so names of quite another length need no comparing.
    slack = max(2, len(word) // 2)
    for name in sorted(known):
        if abs(len(name) - len(word)) <= slack:
            spellings.setdefault(name.lower(), name)
            steps += len(name) * len(word) // _SHORT
        steps += 1
    if left is not None:
        left[0] -= steps
    found = get_close_matches(word.lower(), spellings, n=1, cutoff=0.7)
    return spellings[found[0]] if found else None
