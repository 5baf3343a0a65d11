"""Filling a template in: what comes of it for the values of one context."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

from watchbill.expressions.templates.escape import Escaping, escape, shown
from watchbill.expressions.templates.simple import BOUND, Path, bounded, is_plain, missing, simple_parts, too_long
from watchbill.model.references import Template

Absent = Literal["empty", "refuse"]
"""What becomes of a value that is not there."""


def compile_template(template: Template, escaping: Escaping = "none", absent: Absent = "empty") -> Callable[[Mapping[str, Any]], str]:
    """A function that fills this *template* in.

    Every filled-in value is escaped as *escaping* says. A value that is absent or null is *absent*: nothing, or a
    `TemplateRefused`, which is also what comes of more text or more elements than the bounds allow.
    """
    if is_plain(template.text):
        return lambda context: template.text
    parts = simple_parts(template.text)
    if parts is not None:
        return _simple(tuple(part for part, _ in parts), escaping, absent)
    from watchbill.expressions.templates.render import renderer

    return renderer(template.text, escaping, absent)


def _simple(parts: tuple[str | Path, ...], escaping: Escaping, absent: Absent) -> Callable[[Mapping[str, Any]], str]:
    def fill(context: Mapping[str, Any]) -> str:
        texts: list[str] = []
        length = 0
        for part in parts:
            if isinstance(part, str):
                texts.append(part)
                continue
            value: Any = context
            for name in part:
                value = value.get(name) if isinstance(value, Mapping) else None
            if value is not None:
                text = escape(shown(value), escaping)
                length += len(text)
                if length > BOUND:
                    raise too_long()
                texts.append(text)
            elif absent == "refuse":
                raise missing(part)
        return bounded("".join(texts))

    return fill
