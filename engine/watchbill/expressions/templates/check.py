"""What is wrong with a template that may be filled in: names that cannot exist."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from watchbill.expressions.context import (
    Anything,
    Array,
    Number,
    Object,
    String,
    Type,
    field_names,
    field_type,
    members_of,
    union,
    without_null,
)
from watchbill.expressions.problems import Problem, TemplateRefused, TemplateTooCostly, closest, listed
from watchbill.expressions.templates.fill import compile_template
from watchbill.expressions.templates.simple import Path, is_plain, simple_parts
from watchbill.expressions.trial import example, too_costly
from watchbill.model.references import Template

if TYPE_CHECKING:
    from jinja2 import nodes


def check_template(template: Template, root: Type) -> tuple[Problem, ...]:
    """All problems of this *template* where it is filled in from values of type *root*, in order of place."""
    if is_plain(template.text):
        return ()
    parts = simple_parts(template.text)
    if parts is None:
        from watchbill.expressions.templates.syntax import read_template

        checker = _Checker(template.text, root)
        checker.visit(read_template(template.text), {})
        found = checker.problems + _costs(template, root)
    else:
        found = []
        for part, offset in parts:
            if not isinstance(part, str):
                problem = _walked(part, root, offset)[1]
                found += [problem] if problem else []
    return tuple(dict.fromkeys(sorted(found, key=lambda problem: problem.offset or 0)))


def _costs(template: Template, root: Type) -> list[Problem]:
    """What a template with loops would cost, where that is more than it may."""
    if not re.search(r"\{%-?\+?\s*for\b", template.text):
        return []
    try:
        compile_template(template)(example(root))
    except TemplateTooCostly as error:
        return [too_costly("the template", error.message.partition(": ")[2], error.help)]
    except TemplateRefused:
        pass  # whatever else it is refused for on this example is no part of this question
    return []


def _walked(path: Path, root: Type, offset: int, above: Path = ()) -> tuple[Type, Problem | None]:
    """The type at the end of *path*, and the problem on the way there if there is one.

    *above* is what *root* is called, where it is not the context itself.
    """
    type, at = root, offset
    for place, name in enumerate(path):
        below = field_type(type, name)
        if below is None:
            return Anything(), _unknown((*above, *path[: place + 1]), type, at)
        at += len(name) + 1
        type = below
    return type, None


def _unknown(path: Path, type: Type, offset: int) -> Problem:
    name = path[-1]
    known = list(field_names(type))
    near = closest(name, known)
    if near:
        help = f"did you mean `{'.'.join((*path[:-1], near))}`?"
    elif known:
        help = f"known here: {listed(known)}"
    else:
        help = f"`{'.'.join(path[:-1])}` is a value by itself"
    return Problem("unknown-variable", f"there is nothing called `{'.'.join(path)}`", help, "error", offset)


class _Checker:
    """Types a template's expressions as far as names go; what a filter gives is taken on trust."""

    def __init__(self, text: str, root: Type) -> None:
        self.text = text
        self.root = root
        self.problems: list[Problem] = []

    def visit(self, node: nodes.Node, bound: dict[str, Type]) -> Type:
        """The type of *node*, where *bound* are the names of the loops around it."""
        from jinja2 import nodes

        from watchbill.expressions.templates.syntax import path_of

        path = path_of(node)
        if path is not None:
            return self.path(path, node.lineno, bound)
        match node:
            case nodes.For():
                return self.loop(node, bound)
            case nodes.Filter():
                return self.filter(node, bound)
            case nodes.Const():
                return String() if isinstance(node.value, str) else Anything()
        for child in node.iter_child_nodes():
            self.visit(child, bound)
        return Anything()

    def path(self, path: Path, line: int, bound: dict[str, Type]) -> Type:
        from watchbill.expressions.templates.syntax import offset_of

        offset = offset_of(self.text, line, ".".join(path))
        scope = {**dict.fromkeys(field_names(self.root), Anything()), **bound}
        if path[0] in bound:
            type, problem = bound[path[0]], None
            if len(path) > 1:
                type, problem = _walked(path[1:], type, offset + len(path[0]) + 1, path[:1])
        elif field_type(self.root, path[0]) is None:
            type, problem = Anything(), _unknown(path[:1], Object(scope), offset)
        else:
            type, problem = _walked(path, self.root, offset)
        if problem is not None:
            self.problems.append(problem)
        return type

    def filter(self, node: nodes.Filter, bound: dict[str, Type]) -> Type:
        assert node.node is not None
        type = self.visit(node.node, bound)
        for argument in [*node.args, *(pair.value for pair in node.kwargs)]:
            self.visit(argument, bound)
        match node.name:
            case "items" | "dictsort":
                return Array(Array(Anything()))
            case "sort" | "unique":
                return type
            case "length" | "int" | "float" | "round":
                return Number()
            case "first" | "last":
                return union(*(member.of if isinstance(member, Array) else Anything() for member in members_of(type)))
            case _:
                return Anything()

    def loop(self, node: nodes.For, bound: dict[str, Type]) -> Type:
        from jinja2 import nodes

        from watchbill.expressions.templates.syntax import offset_of

        source = without_null(self.visit(node.iter, bound))
        element: Type = Anything()
        match source:
            case Array(of):
                element = of
            case Object():
                element = String()
            case Anything():
                pass
            case _:
                offset = offset_of(self.text, node.lineno, "for ")
                self.problems.append(Problem("not-a-list", "a loop runs over something that is not a list", "name a list", "error", offset))
        names: dict[str, Type] = {"loop": Anything()}
        if isinstance(node.target, nodes.Name):
            names[node.target.name] = element
        else:
            names |= {name.name: Anything() for name in node.target.find_all(nodes.Name)}
        inner = bound | names
        for part in [*([node.test] if node.test else []), *node.body]:
            self.visit(part, inner)
        for part in node.else_:
            self.visit(part, bound)
        return Anything()
