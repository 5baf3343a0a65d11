"""How values and types are called in findings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def noun(value: object) -> str:
    """What a value of YAML is, in a word or two."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "text"
    return "a list" if isinstance(value, list | tuple) else "a mapping"


def wrong_type(subject: str, expected: str, value: object) -> tuple[str, str]:
    """What to say, and what to do, where a value of type *expected* should stand and *value* does."""
    if value is None:
        return f"{subject} is empty", "write a value, or take the key away"
    return f"{subject} should be {expected}, not {noun(value)}", _help_for_type(expected, value)


def _help_for_type(expected: str, value: object) -> str:
    if expected == "text" and isinstance(value, bool | int | float):
        return "put it in quotes"
    if isinstance(value, str) and expected == "true or false":
        return "write `true` or `false`; other words are text in YAML 1.2"
    if isinstance(value, str) and expected in ("a number", "a whole number") and value.strip("+-").replace(".", "", 1).isdigit():
        return "write it without quotes"
    if expected == "a list":
        return "write it as a list: each item on its own line after `- `, or all in `[…]`"
    if expected == "a mapping":
        return "write keys and values: `key: value`"
    return f"write {expected}"


def listed(words: Iterable[str], joint: str = "or") -> str:
    """These *words* in backticks: `` `a`, `b` or `c` ``."""
    quoted = [f"`{word}`" for word in words]
    return f" {joint} ".join((", ".join(quoted[:-1]), quoted[-1])) if len(quoted) > 1 else "".join(quoted)


def quoted(text: str) -> str:
    """This *text* of a user in backticks, shortened where it is long."""
    line = text if len(text) <= 60 else text[:59] + "…"
    return "`" + line.replace("\n", "\\n") + "`"


def choice(suggestion: str | None, known: Sequence[str], plural: str) -> str:
    """A help for a word that is not among those *known*: the one that was probably meant, or all of them."""
    if suggestion:
        return f"did you mean `{suggestion}`?"
    if not known:
        return f"there are no {plural}"
    if len(known) > 12:
        return f"the {plural} begin with {listed(known[:12], 'and')}"
    return f"the {plural} are {listed(known, 'and')}" if len(known) > 1 else f"there is only `{known[0]}`"
