"""Patterns: RE2, over the whole value, as Alertmanager reads them.

A pattern ``P`` holds for a value where ``^(?:P)$`` does: a dot matches every character but a line
feed, and ``$`` is the very end. google-re2 defines the meaning and runs everything that is not shown
here to mean the same in something quicker:

- a choice of literals is looked up in a set;
- one literal with ``.*`` or ``.+`` around it is a test of how the value begins, ends or what it holds;
- a sequence of characters and classes whose repetitions cannot be confused with what follows them
  runs in Python's `re`, in time linear in the value.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

from watchbill.expressions.problems import ExpressionError
from watchbill.expressions.sequences import ANY, MANY, Branch, Item, read_branches

Predicate = Callable[[str], bool]

_CACHED: Final = 16_384
_LONGEST: Final = 20_000


@lru_cache(maxsize=_CACHED)
def compile_pattern(text: str) -> Predicate:
    """A function that tells whether a whole value matches the pattern *text*.

    The same text gives the same function, as long as it is remembered.
    """
    if len(text) > _LONGEST:
        raise ExpressionError(f"a pattern of {len(text)} characters is too long", f"keep it under {_LONGEST}, or list the values by label")
    branches = read_branches(text)
    if branches is None:
        return _by_re2(text)
    return _quick(branches) or _by_re2(text)


def literal_alternatives(text: str) -> tuple[str, ...] | None:
    """The values that the pattern *text* is a choice of, each once and in order; None if it is more than that."""
    branches = read_branches(text)
    if branches is None:
        return None
    literals = [_literal(branch) for branch in branches]
    if any(literal is None for literal in literals):
        return None
    return tuple(dict.fromkeys(literal for literal in literals if literal is not None))


def literal_prefixes(text: str) -> tuple[str, ...] | None:
    """Beginnings of which every value that matches *text* has one; None where one may be empty or is not known."""
    branches = read_branches(text)
    if branches is None:
        return None
    prefixes = [_leading(branch) for branch in branches]
    return tuple(dict.fromkeys(prefixes)) if all(prefixes) else None


def is_universal(text: str) -> bool:
    """Whether the pattern *text* matches whatever value there is (line feeds apart): ``.*``, ``.*|x``, ``|.+``."""
    if text in ("(?s).*", "(?s:.*)"):
        return True
    branches = read_branches(text)
    if branches is None:
        return False
    least = [
        sum(item.least for item in branch)
        for branch in branches
        if branch and all(item.chars == ANY and item.most is MANY for item in branch)
    ]
    return 0 in least or (1 in least and () in branches)


# --- the quicker ways ---------------------------------------------------------------------


def _quick(branches: tuple[Branch, ...]) -> Predicate | None:
    literals = [_literal(branch) for branch in branches]
    if all(literal is not None for literal in literals):
        return _one_of(frozenset(literal for literal in literals if literal is not None))
    if len(branches) == 1:
        surrounded = _surrounded(branches[0])
        if surrounded is not None:
            return surrounded
    if all(_is_steady(branch) for branch in branches):
        source = "|".join("".join(item.source for item in branch) for branch in branches)
        fullmatch = re.compile(source).fullmatch
        return lambda value: fullmatch(value) is not None
    return None


def _one_of(values: frozenset[str]) -> Predicate:
    if len(values) == 1:
        (only,) = values
        return only.__eq__
    return values.__contains__


def _literal(branch: Branch) -> str | None:
    if all(item.literal is not None and item.least == item.most for item in branch):
        return "".join((item.literal or "") * item.least for item in branch)
    return None


def _leading(branch: Branch) -> str:
    prefix = ""
    for item in branch:
        if item.literal is None:
            break
        prefix += item.literal * item.least
        if item.least != item.most:
            break
    return prefix


def _surrounded(branch: Branch) -> Predicate | None:
    """One literal, with at most one open repetition of the dot before and after it."""
    opens = [place for place, item in enumerate(branch) if item.chars == ANY and item.most is MANY and item.least <= 1]
    if not opens or opens not in ([0], [len(branch) - 1], [0, len(branch) - 1]):
        return None
    before = branch[0].least if opens[0] == 0 else None
    after = branch[-1].least if opens[-1] == len(branch) - 1 and (len(branch) > 1 or before is None) else None
    literal = _literal(branch[before is not None : len(branch) - (after is not None)])
    if literal is None or "\n" in literal:
        return None
    return _holds(literal, before, after)


def _holds(literal: str, before: int | None, after: int | None) -> Predicate:
    if before is None:
        shortest = len(literal) + (after or 0)
        return lambda value: value.startswith(literal) and len(value) >= shortest and "\n" not in value
    if after is None:
        shortest = len(literal) + before
        return lambda value: value.endswith(literal) and len(value) >= shortest and "\n" not in value
    if not literal:
        shortest = before + after
        return lambda value: len(value) >= shortest and "\n" not in value
    if not before and not after:
        return lambda value: literal in value and "\n" not in value
    return lambda value: literal in value[before : len(value) - after] and "\n" not in value


def _is_steady(branch: Branch) -> bool:
    """Whether Python's `re` decides this sequence in linear time.

    Either one item alone may repeat, or none that repeats can go on where the next one begins, so that
    giving characters back never helps and is seen not to at once.
    """
    varying = [place for place, item in enumerate(branch) if item.least != item.most]
    if len(varying) <= 1:
        return True
    return all(_is_apart(branch[place], branch[place + 1 :]) for place in varying)


def _is_apart(item: Item, rest: Branch) -> bool:
    for follower in rest:
        if item.overlaps(follower):
            return False
        if follower.least:
            return True
    return True


# --- the meaning itself -------------------------------------------------------------------


def _by_re2(text: str) -> Predicate:
    import re2  # 20 ms and a shared library, for patterns that need it

    options: Any = re2.Options()
    options.log_errors = False
    options.never_capture = True
    try:
        fullmatch = re2.compile(text, options).fullmatch
    except re2.error as error:
        raise _refused(text, error) from None
    except UnicodeEncodeError as error:
        raise ExpressionError("a pattern holds half a character", "write it as UTF-8", error.start) from None

    def matches(value: str) -> bool:
        try:
            encoded = value.encode()
        except UnicodeEncodeError:  # half a character is read as Go reads it: as the replacement character
            encoded = value.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()
        return fullmatch(encoded) is not None

    return matches


def _refused(text: str, error: Exception) -> ExpressionError:
    said = error.args[0] if error.args else ""
    reason = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    what, _, part = reason.partition(": ")
    start = max(text.find(part), 0) if part else 0
    if part.startswith(("(?=", "(?!", "(?<")) or "perl operator" in what:
        help = "RE2 has no look-around; write two matchers, one of them with `!~`"
    elif "escape" in what:
        help = "RE2 does not know this escape; it has no back-references, and `\\\\.` is how a dot is written inside double quotes"
    elif "too large" in what or "repetition size" in what:
        help = "repeat at most 1000 times, or list the values"
    elif "repetition" in what or "no argument" in what:
        help = "something must stand before `*`, `+` or `?`, and only once; for «anything» write `.*`"
    elif "missing" in what or "unexpected" in what:
        help = "close every bracket, or write `\\(` or `\\[` for the character itself"
    else:
        help = "patterns are RE2, over the whole value: https://github.com/google/re2/wiki/Syntax"
    return ExpressionError(f"RE2 refuses the pattern: {reason}", help, start, start + len(part) if part else len(text))
