"""From text to a template that may be filled in."""

from __future__ import annotations

from watchbill.errors import Place
from watchbill.expressions.problems import ExpressionError
from watchbill.expressions.templates.simple import LONGEST, Path, is_plain, simple_parts
from watchbill.model.references import Template


def parse_template(text: str, place: Place) -> Template:
    """The template that *text* is, written at *place*."""
    if len(text) > LONGEST:
        raise ExpressionError(f"a template of {len(text)} characters is too long", f"keep it under {LONGEST}", LONGEST, len(text))
    if is_plain(text):
        return Template(text, place, is_plain=True)
    if simple_parts(text) is None:
        from watchbill.expressions.templates.syntax import read_template

        read_template(text)
    return Template(text, place)


def template_variables(template: Template) -> tuple[Path, ...]:
    """The dotted names that this *template* uses, each once and in order."""
    if is_plain(template.text):
        return ()
    parts = simple_parts(template.text)
    if parts is not None:
        return tuple(dict.fromkeys(part for part, _ in parts if not isinstance(part, str)))
    from watchbill.expressions.templates.syntax import read_template, variables

    return tuple(dict.fromkeys(variables(read_template(template.text))))
