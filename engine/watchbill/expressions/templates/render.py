"""Filling in with Jinja2, in an environment of ours.

Names are looked up in mappings and nowhere else, so that no template reaches an attribute or a method of Python.
This module imports Jinja2, and is imported where a template needs it only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, Final, NoReturn, cast

import jinja2
from jinja2 import nodes, pass_context
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment

from watchbill.expressions.budget import FUNCTION_STEPS, HELP, Budget, Exhausted
from watchbill.expressions.problems import TemplateRefused, TemplateTooCostly
from watchbill.expressions.templates.escape import Escaping, escape, shown
from watchbill.expressions.templates.filters import FILTERS, TESTS, Filter, each, is_absent
from watchbill.expressions.templates.simple import BOUND, Path, missing
from watchbill.expressions.templates.syntax import LOOP_FIELDS, read_template, variables

# No template can spell these names.
_EACH: Final = "-each"
_PAID: Final = "-paid"
_BUDGET: Final = "-budget"
_ABOUT_ABSENCE: Final = ("defined", "undefined", "none", "string", "number", "mapping")
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
        if value.__class__ is not str:
            _budget(context).weigh(value)
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
    environment.filters = {**{name: _counted(function) for name, function in FILTERS.items()}, _EACH: _paced, _PAID: _paid}
    environment.tests = dict(TESTS)
    return environment


def _budget(context: Context) -> Budget:
    budget: Budget = context.parent[_BUDGET]
    return budget


def _counted(function: Filter) -> Filter:
    """The same filter, paid for by what it is given and what it gives."""

    @pass_context
    def counted(context: Context, *args: Any, **kwargs: Any) -> Any:
        budget = _budget(context)
        budget.spend(FUNCTION_STEPS)
        for given in (*args, *kwargs.values()):
            budget.weigh(given)
        result = function(*args, **kwargs)
        budget.touch(result)
        return result

    return counted


@pass_context
def _paced(context: Context, value: Any, weight: int) -> Any:
    """The elements of a loop, once it is paid for that so much is done with each."""
    elements = each(value)
    _budget(context).spend(1 + len(elements) * weight)
    return elements


@pass_context
def _paid(context: Context, value: Any) -> Any:
    """The same *value*, once it is paid for that it is gone through whole."""
    _budget(context).weigh(value)
    return value


def _count(tree: nodes.Template, environment: _Environment) -> None:
    """Have counted what a template does: the rounds of its loops, and whatever is compared, cut or put together."""

    def called(node: nodes.Expr, name: str, *arguments: nodes.Expr) -> nodes.Filter:
        return nodes.Filter(node, name, list(arguments), [], None, None, lineno=node.lineno, environment=environment)

    def paid(node: nodes.Expr) -> nodes.Expr:
        return node if isinstance(node, nodes.Const) else called(node, _PAID)

    loops = [(loop, sum(_weight(part) for part in (*loop.body, *([loop.test] if loop.test else [])))) for loop in tree.find_all(nodes.For)]
    for node in list(tree.find_all((nodes.Compare, nodes.Operand, nodes.Test, nodes.Add, nodes.Concat, nodes.Getitem))):
        match node:
            case nodes.Compare() | nodes.Operand():
                node.expr = paid(node.expr)
            case nodes.Test() if node.name not in _ABOUT_ABSENCE:
                node.node, node.args = paid(node.node), [paid(argument) for argument in node.args]
            case nodes.Add():
                node.left, node.right = paid(node.left), paid(node.right)
            case nodes.Concat():
                node.nodes = [paid(part) for part in node.nodes]
            case nodes.Getitem() if isinstance(node.arg, nodes.Slice):
                node.node = paid(node.node)
            case _:
                pass
    for loop, weight in loops:
        loop.iter = called(cast(nodes.Expr, loop.iter), _EACH, nodes.Const(2 + weight))


def _weight(node: nodes.Node) -> int:
    """How much stands in this part of a template, by the nodes of its tree."""
    return 1 + sum(map(_weight, node.iter_child_nodes()))


def renderer(text: str, escaping: Escaping, absent: str) -> Callable[[Mapping[str, Any]], str]:
    """A function that fills in the template *text*, read and checked again."""
    environment = _environment(escaping, absent == "refuse")
    tree = read_template(text)
    used = tuple(variables(tree))
    _count(tree, environment)
    template = environment.from_string(tree)

    def fill(context: Mapping[str, Any]) -> str:
        values = {name: value for name, value in context.items() if value is not None}
        values[_BUDGET] = Budget()
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
        except Exhausted as error:
            raise TemplateTooCostly(f"the template cannot be filled in: {error}", HELP) from None
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
