"""Templates that are text and dotted names, which most are: read without Jinja2, to the same result."""

from __future__ import annotations

import re
from typing import Final, TypeAlias

from watchbill.expressions.problems import TemplateRefused

LONGEST: Final = 16_384
"""How many characters a template may have."""

BOUND: Final = 65_536
"""How many characters may come of one."""

Path: TypeAlias = tuple[str, ...]
"""A dotted name: ``("alert", "labels", "instance")``."""

_BLANK: Final = re.compile(r"\{\{[ \t\n]*([A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z][A-Za-z0-9_]*)*)[ \t\n]*\}\}")
# fmt: off
_WORDS: Final = frozenset((
    "true", "false", "none", "True", "False", "None", "and", "or", "not", "if", "else", "elif", "in", "is", "for",
    "self", "loop", "super", "caller", "varargs", "kwargs",
))
# fmt: on


def is_plain(text: str) -> bool:
    """Whether there is nothing to fill in."""
    return not any(mark in text for mark in ("{{", "{%", "{#"))


def simple_parts(text: str) -> tuple[tuple[str | Path, int], ...] | None:
    """The texts and dotted names that a template is made of, each with its offset; None where it has anything else."""
    if "{%" in text or "{#" in text or "\r" in text:
        return None
    parts: list[tuple[str | Path, int]] = []
    position = 0
    for blank in _BLANK.finditer(text):
        before = text[position : blank.start()]
        names = tuple(blank[1].split("."))
        if before.endswith("{") or not _WORDS.isdisjoint(names):
            return None
        if before:
            parts.append((before, position))
        parts.append((names, blank.start(1)))
        position = blank.end()
    if position < len(text):
        parts.append((text[position:], position))
    if any(isinstance(part, str) and "{{" in part for part, _ in parts):
        return None
    return tuple(parts)


def missing(path: Path) -> TemplateRefused:
    """How it is said that the value of this *path* is absent."""
    name = ".".join(path)
    return TemplateRefused(f"`{name}` is absent", f"write `{{{{ {name} | default('…') }}}}`, or match only alerts that have it")


def bounded(text: str) -> str:
    """This *text*, if it is not too long."""
    if len(text) > BOUND:
        raise too_long()
    return text


def too_long() -> TemplateRefused:
    """How it is said that more comes of a template than may."""
    return TemplateRefused(f"the text grows beyond {BOUND} characters", "fill in less, or use `truncate`")
