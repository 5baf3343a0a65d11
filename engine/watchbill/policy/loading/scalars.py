"""Which characters a file may hold, and what a scalar in it means.

Rule 1: plain scalars mean what the core schema of YAML 1.2 says. `no`, `on`, `12:30` and `2026-01-05` are texts,
`0777` is the number 777 and `0o777` the number 511.
Rule 2: a number is one that every reader of JSON understands alike, or it is a mistake.
"""

from __future__ import annotations

import re
from math import isfinite
from typing import Any, Final

from watchbill.errors import Finding, Place
from watchbill.policy.loading.syntax import spot_of

# --- characters -----------------------------------------------------------------------

# What may not stand in a file: control characters, which terminals obey and people do not see; a byte order mark inside;
# and the three line breaks that YAML 1.2 does not count as such while the parsers, which know 1.1, do.
_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
# What may not come of an escape in double quotes either.
FORBIDDEN_ESCAPED: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff]")
_ESCAPES: Final = {"\x85": "\\N", "\u2028": "\\L", "\u2029": "\\P"}


def decode(content: bytes, file: str) -> tuple[str, Finding | None]:
    """The text, and what is wrong with its characters: the first of them, for the rest usually has the same cause."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        text = content.decode("utf-16", errors="replace")
        return text, Finding("yaml-encoding", Place(file, 1, 1), "this file is in UTF-16", "save it as UTF-8")
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        text = content.decode(errors="replace")
        place = Place(file, *spot_of(content[: error.start].decode().removeprefix("\ufeff"), error.start))
        return text, Finding("yaml-encoding", place, f"the byte 0x{content[error.start]:02X} is not UTF-8", "save the file as UTF-8")
    text = text.removeprefix("\ufeff")
    found = _FORBIDDEN.search(text)
    if found is None:
        return text, None
    escape = _ESCAPES.get(found[0])
    help = f"write it as `{escape}` inside double quotes, or take it away" if escape else "take it away"
    place = Place(file, *spot_of(text, found.start()))
    return text, Finding("yaml-encoding", place, f"the invisible character U+{ord(found[0]):04X} stands here", help)


# --- meaning --------------------------------------------------------------------------

_WORDS: Final[dict[str, bool | None]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_NUMERIC: Final = frozenset("+-.0123456789")
_NUMBER: Final = re.compile(
    r"(?P<int>[-+]?[0-9]+)"
    r"|(?P<oct>0o[0-7]+)"
    r"|(?P<hex>0x[0-9a-fA-F]+)"
    r"|(?P<float>[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?)"
    r"|(?P<endless>[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))"
)
# Beyond these, readers of JSON no longer agree on the value.
_LEAST, _GREATEST = -(2**63), 2**64 - 1


def resolve(text: str) -> Any:
    """What a plain scalar means by the core schema of YAML 1.2.

    Raises ValueError for a number that is none in JSON: infinite, not a number, or beyond 64 bits.
    """
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _NUMERIC:
        return text
    found = _NUMBER.fullmatch(text)
    if found is None:
        return text
    form = found.lastgroup
    if form == "float" and isfinite(number := float(text)):
        return number
    if form in ("float", "endless"):
        raise ValueError
    return _bounded(text, 10) if form == "int" else _bounded(text[2:], 8 if form == "oct" else 16)


def _bounded(digits: str, base: int) -> int:
    # Python itself refuses to read thousands of digits, which takes it quadratic time.
    number = int(digits, base) if len(digits) < 4000 else _GREATEST + 1
    if not _LEAST <= number <= _GREATEST:
        raise ValueError
    return number


TAG: Final = "tag:yaml.org,2002:"
SCALAR_TAGS: Final[dict[str, tuple[type, ...]]] = {
    "str": (str,),
    "int": (int,),
    "float": (float, int),
    "bool": (bool,),
    "null": (type(None),),
}


def resolve_tagged(tag: str, text: str) -> Any:
    """What a scalar with an explicit tag means. Raises ValueError where it is not of that type."""
    name = tag.removeprefix(TAG)
    if name == "str":
        return text
    value = resolve(text)
    if type(value) not in SCALAR_TAGS[name]:
        raise ValueError
    return float(value) if name == "float" else value
