"""From a condition's tree to a Python function, by way of a Python syntax tree.

Each JMESPath node becomes one Python expression, so that evaluating costs no more than the dictionary look-ups
it is about. The function is built from `ast` nodes only: what people wrote ends up in constants, never in code.
It gives what jmespath's interpreter gives. Two differences are meant: a text ordered against a number is null, as the
specification has it, where the interpreter breaks; and what it raises is an `EvaluationError`.

Generating costs a fraction of a millisecond: put it off until a condition is first asked.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from functools import lru_cache
from types import CodeType, FunctionType
from typing import Any, Final, Protocol

from watchbill.expressions.budget import Budget, Uncounted
from watchbill.expressions.conditions import runtime
from watchbill.expressions.conditions.costs import is_costly, is_written_list, weight_of
from watchbill.expressions.conditions.functions import zone_of
from watchbill.expressions.conditions.quick import QUICK, Quick
from watchbill.model.references import Condition, Json, Node
from watchbill.model.times import Recurrence

_ORDER: Final[dict[str, tuple[type[ast.cmpop], str]]] = {
    "lt": (ast.Lt, "order_lt"),
    "lte": (ast.LtE, "order_lte"),
    "gt": (ast.Gt, "order_gt"),
    "gte": (ast.GtE, "order_gte"),
}
_NONE: Final = ast.Constant(None)
_UNCOUNTED: Final = Uncounted()


class Valued(Protocol):
    """What gives the value of a condition."""

    def __call__(self, ctx: Any, budget: Budget | None = None, /) -> Json:
        """Its value in the context *ctx*."""


def compile_condition(condition: Condition) -> Callable[[Mapping[str, Any]], bool]:
    """A function that tells whether this *condition* holds in a context.

    It does where the value is true in JMESPath's sense: not null, not false, not empty; zero is true. A condition that
    cannot be worked out, since a function was given what it does not take, does not hold; `explain_condition` says why.
    """
    return _test(Key(condition))


def compile_value(condition: Condition) -> Valued:
    """A function that gives the value of this *condition* in a context, or raises an `EvaluationError`.

    It may be given a budget that it shares with others, and else has one of its own.
    """
    return _value(Key(condition))


class Key:
    """A condition, told apart by its text and the intervals it asks for: where both are the same, so is the function."""

    __slots__ = ("intervals", "text", "tree")

    def __init__(self, condition: Condition) -> None:
        self.text = condition.text
        self.tree = condition.tree
        self.intervals = condition.intervals

    def __hash__(self) -> int:
        return hash(self.text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Key) and self.text == other.text and self.intervals == other.intervals


@lru_cache(maxsize=4096)
def _test(key: Key) -> Callable[[Any], bool]:
    generator = _Generator(key.intervals, is_costly(key.tree))
    body = generator.test(key.tree, "ctx")
    if not generator.is_boolean(key.tree):
        body = ast.IfExp(body, ast.Constant(True), ast.Constant(False))
    fallback: list[ast.stmt] = [ast.Return(ast.Constant(False))]
    run: Callable[[Any], bool] = generator.function(body, fallback)
    return run


@lru_cache(maxsize=4096)
def _value(key: Key) -> Valued:
    generator = _Generator(key.intervals, is_costly(key.tree))
    body = generator.value(key.tree, "ctx")
    fallback: list[ast.stmt] = [ast.Raise(_call("failure", _name("error")), _NONE)]
    run: Valued = generator.function(body, fallback)
    return run


class _Generator:
    """Builds one function. Names are numbered, so that none hides another inside a comprehension."""

    def __init__(self, intervals: tuple[Recurrence, ...] = (), counts: bool = True) -> None:
        self.names = 0
        self.counts = counts
        self.intervals = {interval.name: interval for interval in intervals}
        self.namespace: dict[str, Any] = {"__builtins__": {}, **runtime.NAMES}

    def function(self, body: ast.expr, fallback: list[ast.stmt]) -> Any:
        """The function of one argument whose result is *body*, or *fallback* where that breaks."""
        handler = ast.ExceptHandler(_name("BROKEN"), "error", fallback)
        tried: list[ast.stmt] = [ast.Try([ast.Return(body)], [handler], [], [])]
        if self.counts:
            is_none = ast.Compare(_name("budget"), [ast.Is()], [_NONE])
            tried.insert(0, ast.If(is_none, [ast.Assign([ast.Name("budget", ast.Store())], _call("Budget"))], []))
        definition = ast.FunctionDef(
            name="condition",
            args=ast.arguments(posonlyargs=[], args=[ast.arg("ctx"), ast.arg("budget")], kwonlyargs=[], kw_defaults=[], defaults=[]),
            body=tried,
            decorator_list=[],
        )
        if hasattr(definition, "type_params"):  # Python 3.12 and later
            definition.type_params = []
        module = ast.fix_missing_locations(ast.Module([definition], type_ignores=[]))
        code = next(const for const in compile(module, "<condition>", "exec").co_consts if isinstance(const, CodeType))
        return FunctionType(code, self.namespace, argdefs=(None,))

    def fresh(self, prefix: str = "v") -> str:
        self.names += 1
        return f"{prefix}{self.names}"

    def paid(self, value: ast.expr) -> ast.expr:
        """The same *value*, which somebody goes through whole; counted where there may be more of it than was given."""
        return _call("paid", value, _name("budget")) if self.counts else value

    def library(self, name: str, values: list[ast.expr], node: Node | None = None) -> ast.expr:
        """A call of the library."""
        weight = sum(weight_of(child) for child in node.children if child.type == "expref") if node is not None else 0
        budget = _name("budget") if self.counts else self.keep(_UNCOUNTED)
        return _call("call", ast.Constant(name), ast.List(values, ast.Load()), budget, ast.Constant(weight))

    def keep(self, value: Any) -> ast.expr:
        """A value that code cannot spell, put into the function's namespace."""
        name = self.fresh("k")
        self.namespace[name] = value
        return _name(name)

    # --- in a place where only truth counts ------------------------------------------------

    def is_boolean(self, node: Node) -> bool:
        """Whether `test` gives true or false for this *node*, and not just something true or false."""
        if node.type in ("and_expression", "or_expression"):
            return all(self.is_boolean(child) for child in node.children)
        return node.type in ("comparator", "not_expression") or (node.type == "function_expression" and node.value in _BOOLEAN_CALLS)

    def test(self, node: Node, at: str) -> ast.expr:
        """Python that is true where the value of *node* is true in JMESPath's sense."""
        match node.type:
            case "and_expression":
                return ast.BoolOp(ast.And(), [self.test(child, at) for child in node.children])
            case "or_expression":
                return ast.BoolOp(ast.Or(), [self.test(child, at) for child in node.children])
            case "not_expression":
                return ast.UnaryOp(ast.Not(), self.test(node.children[0], at))
            case "comparator" if node.value in _ORDER:
                return self.ordering(node, at, ast.Constant(False))
            case "comparator":
                return self.equality(node, at)
            case "function_expression" if node.value in _BOOLEAN_CALLS:
                return self.value(node, at)
            case "literal":
                return ast.Constant(runtime.is_true(node.value))
            case _:
                return self.truth(self.value(node, at))

    def truth(self, value: ast.expr) -> ast.expr:
        """Python's truth, and zero besides."""
        name = self.fresh()
        kinds = [ast.Compare(_class_of(name), [ast.Is()], [_name(kind)]) for kind in ("int", "float")]
        return ast.BoolOp(ast.Or(), [_bind(name, value), *kinds])

    # --- in a place where the value counts --------------------------------------------------

    def value(self, node: Node, at: str) -> ast.expr:
        """Python for the value of *node*, where the name *at* holds the current element."""
        match node.type:
            case "field":
                return self.field(str(node.value), _name(at))
            case "current" | "identity":
                return _name(at)
            case "literal":
                return self.literal(node.value)
            case "subexpression" | "index_expression" | "pipe":
                return self.chain(node, at)
            case "comparator" if node.value in _ORDER:
                return self.ordering(node, at, _NONE)
            case "comparator":
                return self.equality(node, at)
            case "not_expression":
                return ast.UnaryOp(ast.Not(), self.test(node.children[0], at))
            case "and_expression" | "or_expression":
                return self.choice(node, at)
            case "index" | "slice":
                return self.element(node, at)
            case "multi_select_list" | "multi_select_dict":
                return self.selection(node, at)
            case "projection" | "value_projection" | "filter_projection" | "flatten":
                return self.projection(node, at)
            case "function_expression":
                return self.call(node, at)
            case "expref":
                return self.expression(node, at)
            case _:
                raise AssertionError(f"no such node: {node.type}")

    def field(self, name: str, base: ast.expr) -> ast.expr:
        """``base.get(name)`` for a dict, null for what has no fields."""
        bound = base.id if isinstance(base, ast.Name) else self.fresh()
        test_of = _name(bound) if isinstance(base, ast.Name) else _bind(bound, base)
        get = ast.Call(ast.Attribute(_name(bound), "get", ast.Load()), [ast.Constant(name)], [])
        is_dict = ast.Compare(ast.Attribute(test_of, "__class__", ast.Load()), [ast.Is()], [_name("dict")])
        return ast.IfExp(is_dict, get, _call("field", _name(bound), ast.Constant(name)))

    def literal(self, value: Json) -> ast.expr:
        if value is None or isinstance(value, str | bool | int | float):
            return ast.Constant(value)
        return self.keep(value)

    def chain(self, node: Node, at: str) -> ast.expr:
        """Each part applied to the value of the one before."""
        head, *rest = node.children
        value = self.value(head, at)
        for part in rest:
            if part.type == "field":
                value = self.field(str(part.value), value)
                continue
            if part.type == "index":
                value = _call("element", value, _constant(part.value))
                continue
            name = self.fresh()
            # a tuple's last element, so that the name is bound before the next part uses it
            pair = ast.Tuple([_bind(name, value), self.value(part, name)], ast.Load())
            value = ast.Subscript(pair, ast.Constant(1), ast.Load())
        return value

    def equality(self, node: Node, at: str) -> ast.expr:
        """Numbers and booleans are never equal, although Python says that ``1 == True``."""
        is_equal = node.value == "eq"
        left, right = node.children
        if left.type == "literal" and right.type != "literal":
            left, right = right, left
        value = self.value(left, at)
        if right.type == "literal" and left.type != "literal":
            constant = right.value
            if constant is None or isinstance(constant, bool):
                return ast.Compare(value, [ast.Is() if is_equal else ast.IsNot()], [ast.Constant(constant)])
            if isinstance(constant, str):
                return ast.Compare(value, [ast.Eq() if is_equal else ast.NotEq()], [ast.Constant(constant)])
        equal = _call("equals", self.paid(value), self.paid(self.value(right, at)))
        return equal if is_equal else ast.UnaryOp(ast.Not(), equal)

    def ordering(self, node: Node, at: str, otherwise: ast.expr) -> ast.expr:
        """Numbers are ordered at once where one side is a literal; the rest is asked for."""
        operator, function = _ORDER[str(node.value)]
        left, right = node.children
        if right.type == "literal" and isinstance(right.value, int | float) and not isinstance(right.value, bool):
            name = self.fresh()
            is_int = ast.Compare(ast.Attribute(_bind(name, self.value(left, at)), "__class__", ast.Load()), [ast.Is()], [_name("int")])
            is_float = ast.Compare(_class_of(name), [ast.Is()], [_name("float")])
            compared = ast.Compare(_name(name), [operator()], [_constant(right.value)])
            return ast.IfExp(ast.BoolOp(ast.Or(), [is_int, is_float]), compared, otherwise)
        ordered = _call(function, self.paid(self.value(left, at)), self.paid(self.value(right, at)))
        return ordered if otherwise is _NONE else ast.Compare(ordered, [ast.Is()], [ast.Constant(True)])

    def choice(self, node: Node, at: str) -> ast.expr:
        """The left value, or the right one: `&&` goes on where the left is true, `||` where it is not."""
        left, right = node.children
        name = self.fresh()
        is_true = self.truth(_bind(name, self.value(left, at)))
        other = self.value(right, at)
        if node.type == "and_expression":
            return ast.IfExp(is_true, other, _name(name))
        return ast.IfExp(is_true, _name(name), other)

    def element(self, node: Node, at: str) -> ast.expr:
        if node.type == "index":
            return _call("element", _name(at), _constant(node.value))
        assert isinstance(node.value, tuple)
        bounds = ast.Slice(*(_constant(part) for part in node.value))
        source = _call("over", _name(at), _name("budget"), ast.Constant(1))
        return ast.IfExp(_is_list(at), ast.Subscript(source, bounds, ast.Load()), _NONE)

    def selection(self, node: Node, at: str) -> ast.expr:
        built: ast.expr
        if node.type == "multi_select_list":
            built = ast.List([self.value(child, at) for child in node.children], ast.Load())
        else:
            pairs = node.children
            built = ast.Dict([_constant(pair.value) for pair in pairs], [self.value(pair.children[0], at) for pair in pairs])
        return ast.IfExp(ast.Compare(_name(at), [ast.Is()], [_NONE]), _NONE, built)

    def projection(self, node: Node, at: str) -> ast.expr:
        """A list of what comes of each element, nulls left out; null where there is no list."""
        source = self.value(node.children[0], at)
        if node.type == "flatten":
            return _call("flattened", source, _name("budget"))
        if node.type == "value_projection":
            source = _call("values", source, _name("budget"))
        base, element = self.fresh(), self.fresh("e")
        kept: list[ast.expr] = []
        if node.type == "filter_projection":
            kept.append(self.test(node.children[2], element))
        rest = self.value(node.children[1], element)
        if isinstance(rest, ast.Name):
            result: ast.expr = rest
        else:
            name = self.fresh()
            result = _name(name)
            rest = _bind(name, rest)
        kept.append(ast.Compare(rest, [ast.IsNot()], [_NONE]))
        weight = sum(weight_of(part) for part in node.children[1:])
        paced = _call("over", _name(base), _name("budget"), ast.Constant(weight))
        generator = ast.comprehension(ast.Name(element, ast.Store()), paced, kept, 0)
        is_list = ast.Compare(ast.Attribute(_bind(base, source), "__class__", ast.Load()), [ast.Is()], [_name("list")])
        return ast.IfExp(is_list, ast.ListComp(result, [generator]), _NONE)

    # --- functions --------------------------------------------------------------------------

    def call(self, node: Node, at: str) -> ast.expr:
        """A function of the library; a zone that is written out is looked up now."""
        name, arguments = str(node.value), node.children
        if name in ("weekday", "hour") and len(arguments) in (1, 2) and all(part.type == "literal" for part in arguments[1:]):
            zone = arguments[1].value if len(arguments) == 2 else "UTC"
            if isinstance(zone, str):
                try:
                    return _call(name, self.value(arguments[0], at), self.keep(zone_of(zone)))
                except ValueError:
                    pass  # refused again, with its reason, when it is asked
        if name == "in_interval" and len(arguments) in (1, 2) and arguments[0].type == "literal":
            interval = self.intervals.get(str(arguments[0].value))
            if interval is not None:
                # `now` is the context's own, however deep in a list it is asked for
                time = self.value(arguments[1], at) if len(arguments) == 2 else self.field("now", _name("ctx"))
                return _call(name, time, self.keep(interval))
        if name == "contains" and len(arguments) == 2 and arguments[0].type == "literal" and isinstance(arguments[0].value, list):
            return ast.Compare(self.value(arguments[1], at), [ast.In()], [self.literal(arguments[0].value)])
        if name == "contains" and len(arguments) == 2 and is_written_list(arguments[0]):
            choices = ast.List([self.literal(child.value) for child in arguments[0].children], ast.Load())
            # a list is null where the element is null, and then the library refuses it
            refused = self.library(name, [_NONE, _NONE])
            is_there = ast.Compare(_name(at), [ast.IsNot()], [_NONE])
            return ast.IfExp(is_there, ast.Compare(self.value(arguments[1], at), [ast.In()], [choices]), refused)
        values = [self.value(argument, at) for argument in arguments]
        quick = QUICK.get(name)
        if quick is not None and quick.takes(arguments):
            return self.quick_call(name, quick, values)
        return self.library(name, values, node)

    def quick_call(self, name: str, quick: Quick, values: list[ast.expr]) -> ast.expr:
        """Python's own operation where the first argument has the right class; else the library, which refuses it."""
        value, *rest = values
        value = self.paid(value) if name == "contains" else value
        first = self.fresh()
        classes = [ast.Attribute(_bind(first, value), "__class__", ast.Load()), *(_class_of(first) for _ in quick.kinds[1:])]
        tests: list[ast.expr] = [ast.Compare(of, [ast.Is()], [_name(kind)]) for of, kind in zip(classes, quick.kinds, strict=True)]
        is_right = tests[0] if len(tests) == 1 else ast.BoolOp(ast.Or(), tests)
        return ast.IfExp(is_right, quick.build(_name(first), rest), self.library(name, [_name(first), *rest]))

    def expression(self, node: Node, at: str) -> ast.expr:
        inner = self.fresh("e")
        arguments = ast.arguments(posonlyargs=[], args=[ast.arg(inner)], kwonlyargs=[], kw_defaults=[], defaults=[])
        return _call("Expression", ast.Lambda(arguments, self.value(node.children[0], inner)))


_BOOLEAN_CALLS: Final = ("contains", "starts_with", "ends_with", "in_interval")


def _constant(value: Any) -> ast.expr:
    return ast.Constant(value)


def _name(name: str) -> ast.Name:
    return ast.Name(name, ast.Load())


def _bind(name: str, value: ast.expr) -> ast.expr:
    return ast.NamedExpr(ast.Name(name, ast.Store()), value)


def _call(function: str, *arguments: ast.expr) -> ast.expr:
    return ast.Call(_name(function), list(arguments), [])


def _class_of(name: str) -> ast.expr:
    return ast.Attribute(_name(name), "__class__", ast.Load())


def _is_list(name: str) -> ast.expr:
    return ast.Compare(_class_of(name), [ast.Is()], [_name("list")])
