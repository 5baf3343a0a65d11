"""Templates: texts with `{{ alert.name }}` in them, as Jinja2 reads them, and far less than Jinja2 can do.

Rule 1: a template fills in values, with `{% if %}` and `{% for %}` over the context. It calls nothing, sets nothing, imports nothing.
Rule 2: what it takes and gives is bounded, whatever the values are.
Rule 3: what is filled in is escaped for where it goes; what the author wrote is not.
Rule 4: Jinja2 is imported for templates that need it. Plain texts, and texts with dotted names only, do not.
"""

from watchbill.expressions.problems import TemplateRefused
from watchbill.expressions.templates.check import check_template
from watchbill.expressions.templates.escape import ESCAPES, Escaping, escape
from watchbill.expressions.templates.fill import Absent, compile_template
from watchbill.expressions.templates.parse import parse_template, template_variables

__all__ = [
    "ESCAPES",
    "Absent",
    "Escaping",
    "TemplateRefused",
    "check_template",
    "compile_template",
    "escape",
    "parse_template",
    "template_variables",
]
