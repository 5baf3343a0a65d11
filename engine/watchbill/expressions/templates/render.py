"""Filling in with Jinja2, in an environment of ours.

Names are looked up in mappings and nowhere else, so that no template reaches an attribute or a method of Python.
This module imports Jinja2, and is imported where a template needs it only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, Final, NoReturn

import jinja2
from jinja2 import nodes, pass_context
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment

from watchbill.expressions.problems import TemplateRefused
from watchbill.expressions.templates.escape import Escaping, escape, shown
from watchbill.expressions.templates.filters import FILTERS, TESTS, each, is_absent
from watchbill.expressions.templates.simple import BOUND, Path, missing
from watchbill.expressions.templates.syntax import LOOP_FIELDS, read_template, variables

_EACH: Final = "-each"  # no template can spell this name
_BROKEN: Final = (jinja2.TemplateError, TypeError, ValueError, ArithmeticError, LookupError, RecursionError)


class _Nothing(jinja2.Undefined):
    """What is not there: false, empty, equal to nothing but itself, and anything of it is not there either."""

    def _same(self, *args: Any) -> Any:
        return self

    def _no(self, *args: Any) -> Any:
        return False

    __getitem__ = __add__ = __radd__ = __sub__ = __rsub__ = __truediv__ = __rtruediv__ = _same
    __floordiv__ = __rfloordiv__ = __neg__ = __pos__ = _same
    __lt__ = __le__ = __gt__ = __ge__ = __contains__ = _no


class _Missing(_Nothing):
    """The same where nothing may be missing: it cannot become text."""

    def __str__(self) -> str:
        raise _Absence


class _Absence(Exception):
    """A value was needed and is absent; which one is found out by whoever renders."""


class _Environment(ImmutableSandboxedEnvironment):
    def getattr(self, obj: Any, attribute: str) -> Any:
        """The field of a mapping; of a loop one of those allowed."""
        if isinstance(obj, LoopContext):
            return getattr(obj, attribute) if attribute in LOOP_FIELDS else self.undefined(name=attribute)
        return self.getitem(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """The field of a mapping, or the element of a list; null is absent."""
        found = None
        if isinstance(obj, Mapping):
            found = obj.get(argument) if isinstance(argument, str | int) else None
        elif isinstance(obj, Sequence) and isinstance(argument, int) and -len(obj) <= argument < len(obj):
            found = obj[argument]
        return self.undefined(name=str(argument)) if found is None else found

    def call(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Nothing is called."""
        raise TemplateRefused("functions cannot be called", "use a filter")


@cache
def _environment(escaping: Escaping, refuses: bool) -> _Environment:
    @pass_context
    def finalize(context: Context, value: Any) -> str:
        if is_absent(value):
            if refuses:
                raise _Absence
            return ""
        return escape(shown(value), escaping)

    environment = _Environment(
        keep_trailing_newline=True,
        autoescape=False,  # each value is escaped for where it goes
        optimized=False,  # nothing is worked out before there are values
        finalize=finalize,
        undefined=_Missing if refuses else _Nothing,
        cache_size=0,
    )
    environment.globals.clear()
    environment.filters = {**FILTERS, _EACH: each}
    environment.tests = dict(TESTS)
    return environment


def renderer(text: str, escaping: Escaping, absent: str) -> Callable[[Mapping[str, Any]], str]:
    """A function that fills in the template *text*, read and checked again."""
    environment = _environment(escaping, absent == "refuse")
    tree = read_template(text)
    used = tuple(variables(tree))
    for loop in tree.find_all(nodes.For):
        loop.iter = nodes.Filter(loop.iter, _EACH, [], [], None, None, lineno=loop.lineno, environment=environment)
    template = environment.from_string(tree)

    def fill(context: Mapping[str, Any]) -> str:
        values = {name: value for name, value in context.items() if value is not None}
        texts: list[str] = []
        length = 0
        try:
            for piece in template.root_render_func(template.new_context(values)):
                length += len(piece)
                if length > BOUND:
                    raise TemplateRefused(f"the text grows beyond {BOUND} characters", "fill in less, or use `truncate`")
                texts.append(piece)
        except _Absence:
            raise _missing(used, context) from None
        except _BROKEN as error:
            raise TemplateRefused(f"the template cannot be filled in: {error}", "compare and add values of one type only") from None
        return "".join(texts)

    return fill


def _missing(used: tuple[Path, ...], context: Mapping[str, Any]) -> TemplateRefused:
    for path in used:
        value: Any = context
        for name in path:
            value = value.get(name) if isinstance(value, Mapping) else None
        if value is None:
            return missing(path)
    return TemplateRefused("a value is absent", "use `default`, or match only alerts that have it")
