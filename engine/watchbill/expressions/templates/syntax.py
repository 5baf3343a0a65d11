"""What of Jinja2 a template may use: everything that is not allowed here is refused.

This module imports Jinja2, and is imported where a template needs it only.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any, Final, NoReturn

import jinja2
from jinja2 import nodes

from watchbill.expressions.conditions.functions import zone_of
from watchbill.expressions.problems import ExpressionError, closest, listed
from watchbill.expressions.templates.filters import FILTERS, LISTING, TESTS
from watchbill.expressions.templates.simple import Path

DEEPEST: Final = 30
_MOST_JOINS: Final = 50
_MOST_LOOPS: Final = 2
LOOP_FIELDS: Final = ("index", "index0", "first", "last", "length", "revindex", "revindex0")

# fmt: off
_ALLOWED: Final = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.If, nodes.For, nodes.Name, nodes.Getattr, nodes.Getitem, nodes.Const,
    nodes.Slice, nodes.Filter, nodes.Test, nodes.CondExpr, nodes.And, nodes.Or, nodes.Not, nodes.Compare, nodes.Operand,
    nodes.Add, nodes.Sub, nodes.Div, nodes.FloorDiv, nodes.Neg, nodes.Pos, nodes.Concat, nodes.List, nodes.Tuple, nodes.Keyword,
)
# fmt: on
_HELP: Final = "a template fills in values: `{{ alert.name }}`, `{% if %}` and `{% for %}` over the context, and filters"
_REFUSED: Final[dict[type[nodes.Node], tuple[str, str]]] = {
    nodes.Assign: ("`{% set %}` is not allowed", "write the value where it is needed"),
    nodes.AssignBlock: ("`{% set %}` is not allowed", "write the value where it is needed"),
    nodes.Block: ("`{% block %}` is not allowed", _HELP),
    nodes.Call: ("functions cannot be called", "use a filter: `{{ alert.name | upper }}`"),
    nodes.CallBlock: ("`{% call %}` is not allowed", _HELP),
    nodes.Dict: ("a mapping cannot be written out", _HELP),
    nodes.Extends: ("`{% extends %}` is not allowed", "write the text itself"),
    nodes.FilterBlock: ("`{% filter %}` is not allowed", "put the filter behind each value: `{{ alert.name | upper }}`"),
    nodes.FromImport: ("`{% from %}` is not allowed", "write the text itself"),
    nodes.Import: ("`{% import %}` is not allowed", "write the text itself"),
    nodes.Include: ("`{% include %}` is not allowed", "write the text itself"),
    nodes.Macro: ("`{% macro %}` is not allowed", "write the text itself"),
    nodes.Mod: ("`%` is not allowed", "put values next to each other: `{{ a }} of {{ b }}`"),
    nodes.Mul: ("`*` is not allowed", "let the query or the connector multiply"),
    nodes.Pow: ("`**` is not allowed", "let the query or the connector work it out"),
    nodes.Scope: ("`{% autoescape %}` is not allowed", "what is filled in is escaped for where it goes"),
    nodes.With: ("`{% with %}` is not allowed", "write the value where it is needed"),
}

_environment = jinja2.Environment(keep_trailing_newline=True, autoescape=False, optimized=False)  # it parses, and never renders


def read_template(text: str) -> nodes.Template:
    """The syntax tree of the template *text*, in which nothing stands that is not allowed."""
    try:
        tree = _environment.parse(text)
    except jinja2.TemplateSyntaxError as error:
        start, end = _line(text, error.lineno)
        raise ExpressionError(
            f"the template cannot be read: {_lowered(error.message)}", _syntax_help(error.message or ""), start, end
        ) from None
    except RecursionError:
        raise ExpressionError(f"the template is nested more than {DEEPEST} deep", "take it apart", 0, len(text)) from None
    _Reader(text).read(tree)
    return tree


def _syntax_help(message: str) -> str:
    if "Unknown tag" in message or "Encountered unknown tag" in message:
        return _HELP
    if "end of template" in message or "end of print" in message or "end of statement" in message:
        return "close what is opened: `{{ … }}`, `{% if … %} … {% endif %}`"
    return "a literal `{{` is written `{{ '{{' }}`; texts inside stand in quotes"


def _lowered(message: str | None) -> str:
    said = (message or "it is not Jinja2").rstrip(".")
    return said[:1].lower() + said[1:]


def _line(text: str, number: int) -> tuple[int, int]:
    lines = text.split("\n")
    number = min(max(number or 1, 1), len(lines))  # some of Jinja2's nodes have no line
    start = sum(len(line) + 1 for line in lines[: number - 1])
    return start, start + len(lines[number - 1])


def offset_of(text: str, line: int, words: str) -> int:
    """Where these *words* stand at or after this *line* of a template, as far as can be told; else where the line begins."""
    start, _ = _line(text, line)
    found = text.find(words, start)
    return found if found >= 0 else start


def path_of(node: nodes.Node) -> Path | None:
    """The dotted name that *node* is, or None; ``alert.labels['x']`` is one as well."""
    match node:
        case nodes.Name():
            return (node.name,)
        case nodes.Getattr():
            below = path_of(node.node)
            return (*below, node.attr) if below else None
        case nodes.Getitem() if isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str):
            below = path_of(node.node)
            return (*below, node.arg.value) if below else None
        case _:
            return None


def variables(tree: nodes.Template) -> Iterator[Path]:
    """The dotted names that a template uses, in order; what stands for the elements of a loop is none of them."""
    yield from _used(tree, frozenset())


def _used(node: nodes.Node, bound: frozenset[str]) -> Iterator[Path]:
    path = path_of(node)
    if path is not None:
        if path[0] not in bound:
            yield path
        return
    if isinstance(node, nodes.For):
        yield from _used(node.iter, bound)
        inner = bound | {"loop"} | {name.name for name in node.target.find_all(nodes.Name)} | {getattr(node.target, "name", "loop")}
        for part in [*([node.test] if node.test else []), *node.body]:
            yield from _used(part, inner)
        for part in node.else_:
            yield from _used(part, bound)
        return
    for child in node.iter_child_nodes():
        yield from _used(child, bound)


class _Reader:
    """Walks a tree once and refuses at the first thing that is not allowed."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.joins = 0

    def read(self, node: nodes.Node, depth: int = 0, loops: int = 0) -> None:
        if type(node) not in _ALLOWED:
            message, help = _REFUSED.get(type(node), ("this is not allowed in a template", _HELP))
            self.refuse(node, message, help)
        if depth > DEEPEST:
            self.refuse(node, f"the template is nested more than {DEEPEST} deep", "take it apart")
        match node:
            case nodes.Name():
                self.name(node, loops)
            case nodes.Getattr():
                self.attribute(node, loops)
            case nodes.Filter():
                self.filter(node)
            case nodes.Test():
                if node.name not in TESTS:
                    self.unknown(node, "test", node.name, TESTS)
                self.arguments(node, TESTS[node.name])
            case nodes.Add() | nodes.Concat():
                self.joins += 1 if isinstance(node, nodes.Add) else len(node.nodes)
                if self.joins > _MOST_JOINS:
                    self.refuse(node, f"more than {_MOST_JOINS} texts are put together", "put values next to each other: `{{ a }}{{ b }}`")
            case nodes.For():
                self.loop(node, depth, loops)
                return
            case _:
                pass
        for child in node.iter_child_nodes():
            self.read(child, depth + 1, loops)

    def name(self, node: nodes.Name, loops: int) -> None:
        if node.name.startswith("_") or node.name in ("self", "super", "caller", "varargs", "kwargs"):
            self.refuse(node, f"`{node.name}` is not a name of the context", _HELP, node.name)
        if node.name == "loop" and not loops:
            self.refuse(node, "`loop` has a meaning inside a loop only", _HELP, "loop")

    def attribute(self, node: nodes.Getattr, loops: int) -> None:
        if node.attr.startswith("_"):
            self.refuse(
                node, f"`{node.attr}` begins with an underscore", f"write it as `['{node.attr}']`, if it is the name of a label", node.attr
            )
        if isinstance(node.node, nodes.Name) and node.node.name == "loop" and loops and node.attr not in LOOP_FIELDS:
            self.refuse(node, f"`loop` has no field `{node.attr}`", f"known here: {listed(LOOP_FIELDS)}", f"loop.{node.attr}")

    def filter(self, node: nodes.Filter) -> None:
        function = FILTERS.get(node.name)
        if node.node is None or function is None:
            self.unknown(node, "filter", node.name, FILTERS)
        self.arguments(node, function)
        if node.name == "local_time" and node.args and isinstance(node.args[0], nodes.Const):
            try:
                zone_of(str(node.args[0].value))
            except ValueError as error:
                self.refuse(node, str(error), "write it as `{{ now | local_time('Europe/Lisbon') }}`", str(node.args[0].value))

    def arguments(self, node: nodes.Filter | nodes.Test, function: Any) -> None:
        if node.dyn_args is not None or node.dyn_kwargs is not None:
            self.refuse(node, f"`{node.name}` takes its arguments one by one", "write them out")
        signature = inspect.signature(function)
        try:
            signature.bind(None, *node.args, **{str(pair.key): pair.value for pair in node.kwargs})
        except TypeError:
            takes = ", ".join(list(signature.parameters)[1:])
            self.refuse(
                node, f"`{node.name}` is given the wrong arguments", f"it takes `({takes})`" if takes else "it takes none", node.name
            )

    def loop(self, node: nodes.For, depth: int, loops: int) -> None:
        if node.recursive:
            self.refuse(node, "a loop cannot call itself", "write the loops out: at most two inside each other")
        if loops >= _MOST_LOOPS:
            self.refuse(node, f"more than {_MOST_LOOPS} loops stand inside each other", "show less")
        source = node.iter
        while isinstance(source, nodes.Filter) and source.name in LISTING and source.node is not None:
            source = source.node
        if path_of(source) is None:
            self.refuse(
                node, "a loop runs over something that is not of the context", "name a list: `{% for name in alert.labels | sort %}`"
            )
        self.read(node.target, depth + 1, loops)
        self.read(node.iter, depth + 1, loops)
        for part in [*([node.test] if node.test else []), *node.body]:
            self.read(part, depth + 1, loops + 1)
        for part in node.else_:
            self.read(part, depth + 1, loops)

    def unknown(self, node: nodes.Node, what: str, name: str, known: dict[str, Any]) -> NoReturn:
        near = closest(name, known)
        help = f"did you mean `{near}`?" if near else f"known here: {listed(known, limit=len(known))}"
        self.refuse(node, f"there is no {what} `{name}`", help, name)

    def refuse(self, node: nodes.Node, message: str, help: str, words: str = "") -> NoReturn:
        start, end = _line(self.text, node.lineno)
        if words and words in self.text[start:]:
            start = self.text.index(words, start)
            end = start + len(words)
        raise ExpressionError(message, help, start, end)
