"""How a scalar is written anew: as it was, wherever it may stay so.

Rule 1: a scalar on one line keeps its letters, quotes and escapes included.
Rule 2: one of several lines keeps its lines, which are only indented anew.
Rule 3: where there is room for one line only (a key, brackets), one of several lines is written on one, in quotes if need be.
"""

from __future__ import annotations

import json
import re
from typing import Final, NamedTuple

from watchbill.policy.formatting.tree import Scalar

# What JSON lets stand in a text and YAML does not, or not in every version.
_UNSEEN: Final = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
# An escaped blank at the end of a line: without the blank, the backslash would escape the end of the line.
_ESCAPED_BLANK: Final = re.compile(r"(?<!\\)(?:\\\\)*\\[ \t]+\n")
# Where a line begins, this would be the end of a document.
_MARKER: Final = re.compile(r"(?:---|\.\.\.)(?:\s|$)")
_SIGN: Final = re.compile(r"([|>])[-+0-9]*([ \t]*)(#.*)?")


class Words(NamedTuple):
    """A scalar in lines: the *first*, and the *rest* with the indentation still to be put in front of all but empty ones.

    *comment* is one that stood behind the sign of a block and is not in the first line.
    """

    first: str
    rest: tuple[str, ...] = ()
    comment: str = ""


def on_one_line(scalar: Scalar) -> str:
    """The scalar on one line, as it can stand between brackets."""
    source = scalar.source
    if not scalar.style and _MARKER.match(source):
        source = quoted(scalar.value)
    elif not source:
        source = '""' if "!!" in scalar.properties else "null"
    elif "\n" in source or scalar.style in ("|", ">"):
        if scalar.style in ("", "'") and "\n" not in scalar.value:
            source = scalar.value if not scalar.style else "'" + scalar.value.replace("'", "''") + "'"
        else:
            source = quoted(scalar.value)
    return f"{scalar.properties} {source}".lstrip()


def in_lines(scalar: Scalar) -> Words:
    """The scalar in as many lines as it had."""
    if scalar.style in ("|", ">"):
        return _block(scalar)
    source = scalar.source
    if "\n" not in source:
        return _with(scalar, source)
    if scalar.style == '"' and _ESCAPED_BLANK.search(source):
        return _with(scalar, quoted(scalar.value))
    first, *rest = (line.strip(" \t") for line in source.split("\n"))
    return _with(scalar, first, tuple(rest))


def quoted(value: str) -> str:
    """This *value* in double quotes, on one line."""
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value, ensure_ascii=False))


def _with(scalar: Scalar, first: str, rest: tuple[str, ...] = (), comment: str = "") -> Words:
    return Words(f"{scalar.properties} {first}".strip(" "), rest, comment)


def _block(scalar: Scalar) -> Words:
    """A literal or folded scalar. Its sign says no more than it must, and follows from the value."""
    head, *lines = scalar.source.split("\n")
    sign = _SIGN.match(head)
    style, gap, comment = (sign[1], sign[2], sign[3] or "") if sign else (scalar.style, "", "")
    value = scalar.value
    if not value.strip(" \n"):
        return _with(scalar, quoted(value), comment=comment.rstrip())
    indentation = _margin(lines) - _margin(value.split("\n"))
    content = [line[indentation:] for line in lines]
    while content and not content[-1]:
        content.pop()
    ends = len(value) - len(value.rstrip("\n"))
    content += [""] * (ends - 1)
    # Where the first lines begin with blanks of their own, the indentation cannot be told from them and has to be said.
    lead = content[: next(position for position, line in enumerate(content) if line.strip(" ")) + 1]
    digit = "2" if any(line.startswith((" ", "\t")) for line in lead) else ""
    behind = f"{gap or ' '}{comment.rstrip()}" if comment else ""
    chomping = "-" if ends == 0 else "" if ends == 1 else "+"
    return _with(scalar, f"{style}{digit}{chomping}{behind}", tuple(content))


def _margin(lines: list[str]) -> int:
    """How far the first line that is not empty is indented."""
    line = next(line for line in lines if line.strip(" "))
    return len(line) - len(line.lstrip(" "))
