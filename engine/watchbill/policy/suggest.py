"""The name somebody probably meant."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The one of the *known* names that is closest to this *word*, or None where none is close.

    Upper and lower case do not count, so `triage` leads to `Triage`. Of equally close names the first in
    alphabetical order is taken, so that a message does not depend on the order of files.
    """
    # Imported here: only a mistake needs it.
    from difflib import get_close_matches

    spellings: dict[str, str] = {}
    # A slip is a letter or two, so names of quite another length need no comparing.
    slack = max(2, len(word) // 2)
    for name in sorted(known):
        if abs(len(name) - len(word)) <= slack:
            spellings.setdefault(name.lower(), name)
    found = get_close_matches(word.lower(), spellings, n=1, cutoff=0.7)
    return spellings[found[0]] if found else None
