"""What is wrong with a condition that can be read: it is typed against what it speaks of.

Everything found is a `Problem`, all at once and in order of place. Errors can never be meant; warnings may be, and mostly are not.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from watchbill.errors import Level
from watchbill.expressions.conditions.functions import SIGNATURES, Signature, zone_of
from watchbill.expressions.conditions.intervals import FUNCTION as INTERVAL
from watchbill.expressions.conditions.kinds import (
    an,
    argument_help,
    arguments_of,
    conversion_help,
    flattened,
    kinds_of,
    narrowed,
    noun_of,
    number_help,
    type_of,
    values_of,
)
from watchbill.expressions.conditions.positions import Positions
from watchbill.expressions.conditions.runtime import is_true
from watchbill.expressions.conditions.trying import costs_too_much
from watchbill.expressions.conditions.unparse import unparse
from watchbill.expressions.context import (
    CONTEXT,
    Anything,
    Array,
    Boolean,
    Null,
    Number,
    Object,
    String,
    Type,
    described,
    field_names,
    field_type,
    members_of,
    optional,
    union,
    without_null,
)
from watchbill.expressions.problems import Problem, closest, code, listed
from watchbill.model.references import Condition, Node

_SIGNS: Final = {"eq": "==", "ne": "!=", "lt": "<", "lte": "<=", "gt": ">", "gte": ">="}


def check_condition(condition: Condition, root: Type) -> tuple[Problem, ...]:
    """All problems of this *condition* where it is asked of a value of type *root*, in order of place."""
    checker = _Checker(condition, has_intervals=root is CONTEXT)
    checker.condition(condition.tree, root, is_sure=True)
    for at, text in checker.positions.loose_texts():
        message = f"`{text}` in backticks is not JSON and is read as a text"
        checker.problems.append(Problem("backtick-text", message, f"write '{text}'", "warning", at))
    checker.problems += costs_too_much(condition, root)
    return tuple(sorted(dict.fromkeys(checker.problems), key=lambda problem: (problem.offset is None, problem.offset or 0)))


class _Checker:
    def __init__(self, condition: Condition, *, has_intervals: bool) -> None:
        self.problems: list[Problem] = []
        self.has_intervals = has_intervals
        self.positions = Positions(condition.text, condition.tree)

    def report(self, rule: str, node: Node, message: str, help: str, level: Level = "error") -> None:
        self.problems.append(Problem(rule, message, help, level, self.positions.of(node)))

    # --- conditions and their parts ---------------------------------------------------------

    def condition(self, node: Node, at: Type, *, is_sure: bool) -> Type:
        """The type of *node* where only its truth counts.

        *is_sure* says that a part that breaks makes the whole false, and that this is what anybody would expect.
        """
        if node.type in ("and_expression", "or_expression"):
            is_and = node.type == "and_expression"
            types = [self.condition(child, at, is_sure=is_sure and is_and) for child in node.children]
            return Boolean() if all(isinstance(type, Boolean) for type in types) else union(*types)
        type = self.typed(node, at, is_sure=is_sure)
        self.constant(node, type)
        return type

    def constant(self, node: Node, type: Type) -> None:
        """A part that is true, or false, whatever happens."""
        text = unparse(node)
        if node.type == "literal" and not isinstance(node.value, bool):
            always = "always" if is_true(node.value) else "never"
            help = "compare it: `env == 'a' || env == 'b'`" if isinstance(node.value, str) else "compare it with something"
            self.report("constant-condition", node, f"{code(text)} {always} holds", help)
        elif isinstance(type, Null) and node.type != "field":
            self.report(
                "constant-condition", node, f"{code(text)} is always null and never holds", "compare a field that exists", "warning"
            )
        elif isinstance(type, Number):
            help = "compare it: " + code(f"{text} > `0`")
            self.report("not-boolean", node, f"{code(text)} is a number, which always holds, even as 0", help, "warning")
        elif isinstance(type, String):
            help = "compare it: " + code(f"{text} == '…'") + ", or " + code(f"{text} != ''")
            self.report("not-boolean", node, f"{code(text)} is a text, which holds wherever it is not empty", help, "warning")
        elif isinstance(type, Array | Object):
            help = "say what is meant: " + code(f"length({text}) > `0`")
            kind = described(type).split()[0]
            self.report("not-boolean", node, f"{code(text)} is an {kind}, which holds wherever it is not empty", help, "warning")

    # --- types ------------------------------------------------------------------------------

    def typed(self, node: Node, at: Type, *, is_sure: bool = False) -> Type:
        """The type of *node* for an element of type *at*; what is wrong on the way is reported."""
        match node.type:
            case "field":
                return self.field(node, at)
            case "current" | "identity":
                return at
            case "literal":
                return type_of(node.value)
            case "subexpression" | "index_expression" | "pipe":
                return self.chain(node, at, is_sure)
            case "comparator":
                return self.comparison(node, at, is_sure and node.value != "ne")
            case "not_expression":
                self.condition(node.children[0], at, is_sure=False)
                return Boolean()
            case "and_expression" | "or_expression":
                return self.choice(node, at)
            case "index":
                return self.of_list(node, at, optional)
            case "slice":
                return self.of_list(node, at, Array)
            case "multi_select_list":
                types = [self.typed(child, at) for child in node.children]
                return Array(union(*types))
            case "multi_select_dict":
                return Object({str(pair.value): self.typed(pair.children[0], at) for pair in node.children})
            case "flatten" | "projection" | "filter_projection" | "value_projection":
                return self.projection(node, at)
            case "function_expression":
                return self.call(node, at, is_sure)
            case _:
                return Anything()

    def field(self, node: Node, at: Type) -> Type:
        name = str(node.value)
        found = field_type(at, name)
        if found is not None:
            return found
        if isinstance(at, Null):
            return Null()
        rule, message, help = self.unknown(node, name, at)
        self.report(rule, node, message, help)
        return Anything()

    def unknown(self, node: Node, name: str, at: Type) -> tuple[str, str, str]:
        """What to say of a field that is not there: most often it was never meant as a field."""
        bare = without_null(at)
        if self.positions.is_quoted(node):
            quoted = "'" + name.replace("'", "\\'") + "'"
            return "unknown-field", f'"{name}" in double quotes is a field, and there is none', f"for a text write {quoted}"
        if name in ("null", "true", "false"):
            return "unknown-field", f"`{name}` is read as a field, and there is none", f"write `` `{name}` ``, in backticks"
        known = list(field_names(at))
        if isinstance(bare, Array):
            return "unknown-field", f"an array has no field `{name}`", f"`[].{name}` gives it of each element, `[0].{name}` of the first"
        if isinstance(bare, Boolean):
            return (
                "unknown-field",
                f"true and false have no field `{name}`",
                "`|` hands a value on; «or» is `||`, and `!` binds to one name only",
            )
        if not known:
            return "unknown-field", f"{noun_of(at)} has no field `{name}`", "name a field that holds more than one value"
        near = closest(name, known)
        help = f"did you mean `{near}`?" if near else f"known here: {listed(known)}; a text stands in single quotes: '{name}'"
        return "unknown-field", f"there is no field `{name}`", help

    def chain(self, node: Node, at: Type, is_sure: bool) -> Type:
        head, *rest = node.children
        if node.type == "subexpression" and head.type == "not_expression":
            inner = unparse(head.children[0])
            path = ".".join(unparse(part) for part in rest)
            self.report("not-binds-tight", head, f"`!` applies to `{inner}` alone, not to `{inner}.{path}`", f"write `!({inner}.{path})`")
            return Anything()
        type = self.typed(head, at, is_sure=is_sure)
        for part in rest:
            type = self.typed(part, type, is_sure=is_sure)
        return type

    def choice(self, node: Node, at: Type) -> Type:
        """`a || b` gives a value as well: the first that is true, or the last."""
        left, right = (self.typed(child, at) for child in node.children)
        if node.type == "or_expression":
            return right if isinstance(left, Null) else union(without_null(left), right)
        return union(left, right)

    def of_list(self, node: Node, at: Type, build: Callable[[Type], Type]) -> Type:
        if isinstance(at, Anything):
            return at
        arrays = [member for member in members_of(at) if isinstance(member, Array)]
        if not arrays:
            if not isinstance(at, Null):
                self.report("not-a-list", node, f"{noun_of(at)} is not an array and has no elements", "name a field with a dot")
                return Anything()
            return Null()
        type = build(union(*(array.of for array in arrays)))
        return type if len(arrays) == len(members_of(at)) else optional(type)

    def projection(self, node: Node, at: Type) -> Type:
        base = self.typed(node.children[0], at)
        if node.type == "flatten":
            return self.of_list(node, base, lambda of: Array(flattened(of)))
        if node.type == "value_projection":
            element: Type = values_of(base)
        else:
            element = Anything()

            def keep(of: Type) -> Type:
                nonlocal element
                element = of
                return Array(of)

            self.of_list(node, base, keep)
        if node.type == "filter_projection":
            self.condition(node.children[2], element, is_sure=True)
        return Array(without_null(self.typed(node.children[1], element)))

    # --- comparisons ------------------------------------------------------------------------

    def comparison(self, node: Node, at: Type, is_sure: bool) -> Type:
        left, right = node.children
        if left.type == "not_expression":
            sign = _SIGNS[str(node.value)]
            inner, other = unparse(left.children[0]), unparse(right)
            help = "write " + code(f"!({inner} {sign} {other})")
            self.report("not-binds-tight", left, f"`!` applies to {code(inner)} alone, before `{sign}`", help)
            return Boolean()
        types = (self.typed(left, at, is_sure=is_sure), self.typed(right, at, is_sure=is_sure))
        if left.type == right.type == "literal":
            help = "compare a field; `||` takes in less than `==`, so a stand-in is written `(env || 'dev') == 'dev'`"
            self.report("constant-condition", node, f"{code(unparse(node))} is the same whatever happens", help)
            return Boolean()
        if node.value in ("eq", "ne"):
            self.equality(node, types)
            return Boolean()
        return self.ordering(node, types)

    def equality(self, node: Node, types: tuple[Type, Type]) -> None:
        outcome = "never holds" if node.value == "eq" else "always holds"
        kinds = [kinds_of(type) for type in types]
        if not all(kinds):
            return
        left, right = (set(kind) - {"null"} for kind in kinds)
        is_null = [kind == ("null",) for kind in kinds]
        if any(is_null):
            if not all("null" in kind for kind in kinds):
                this = node.children[is_null.index(False)]
                is_text = "string" in kinds[is_null.index(False)]
                help = "what is not said is the empty text: " + code(f"{unparse(this)} == ''") if is_text else "leave it out"
                self.report("never-equal", node, f"{code(unparse(this))} is never null, so {code(unparse(node))} {outcome}", help)
        elif not left & right:
            self.report("never-equal", node, self.unequal(node, types) + f": {code(unparse(node))} {outcome}", conversion_help(node, types))
        else:
            self.choices(node, types, outcome)

    def unequal(self, node: Node, types: tuple[Type, Type]) -> str:
        first, second = (noun_of(type) for type in types)
        left, right = (code(unparse(child)) for child in node.children)
        return f"{left} is {first} and {right} {second}"

    def choices(self, node: Node, types: tuple[Type, Type], outcome: str) -> None:
        """A text that is none of those a field can have."""
        left, right = node.children
        self.choice_of(left, types[0], right, outcome)
        self.choice_of(right, types[1], left, outcome)

    def choice_of(self, field: Node, type: Type, other: Node, outcome: str) -> None:
        known = [member.choices for member in members_of(type) if isinstance(member, String)]
        if other.type != "literal" or not isinstance(other.value, str) or len(known) != 1 or not known[0] or other.value in known[0]:
            return
        near = closest(other.value, known[0])
        help = f"did you mean '{near}'?" if near else f"it is one of {listed(known[0])}"
        self.report("unknown-value", other, f"{code(unparse(field))} is never '{other.value}', so this {outcome}", help)

    def ordering(self, node: Node, types: tuple[Type, Type]) -> Type:
        sign = _SIGNS[str(node.value)]
        kinds = [kinds_of(type) for type in types]
        if not all(kinds):
            return optional(Boolean())
        for child, kind, type in zip(node.children, kinds, types, strict=True):
            if "number" not in kind:
                message = f"`{sign}` orders numbers, and {code(unparse(child))} is {noun_of(type)}"
                self.report("ordering-numbers", child, message, number_help(child, type))
                return optional(Boolean())
        return Boolean() if all(kind == ("number",) for kind in kinds) else optional(Boolean())

    # --- functions --------------------------------------------------------------------------

    def call(self, node: Node, at: Type, is_sure: bool) -> Type:
        name = str(node.value)
        if name == INTERVAL and not self.is_interval(node):
            return Boolean()
        signature = SIGNATURES.get(name)
        # what `&expr` says is of the elements, whose type is known only where the array stands beside it
        wants_expression = [index for index, words in enumerate(signature.takes if signature else ()) if "expref" in words]
        values = [
            Anything() if index in wants_expression else self.typed(child, at, is_sure=is_sure)
            for index, child in enumerate(node.children)
            if child.type != "expref"
        ]
        element = next((member.of for type in values for member in members_of(type) if isinstance(member, Array)), Anything())
        for child in node.children:
            if child.type == "expref":
                self.typed(child.children[0], element)
        if signature is None:
            near = closest(name, SIGNATURES)
            help = f"did you mean `{near}()`?" if near else f"there are {listed(SIGNATURES, limit=len(SIGNATURES))}"
            self.report("unknown-function", node, f"there is no function `{name}()`", help)
            return Anything()
        count, most = len(node.children), len(signature.takes)
        if count < most - signature.optional or (count > most and not signature.repeats):
            self.report("wrong-arguments", node, f"`{name}()` takes {arguments_of(signature)}, not {count}", signature.doc)
            return signature.gives
        self.arguments(node, signature, values, is_sure)
        if name == "contains":
            self.containing(node, values[0], values[1])
        return narrowed(name, signature.gives, values)

    def arguments(self, node: Node, signature: Signature, values: list[Type], is_sure: bool) -> None:
        types = iter(values)
        for place, child in enumerate(node.children):
            wanted = signature.takes[min(place, len(signature.takes) - 1)]
            type: Type = Null() if child.type == "expref" else next(types)
            if "expref" in wanted or child.type == "expref":
                if ("expref" in wanted) != (child.type == "expref"):
                    help = "write " + code(f"&{unparse(child)}") if "expref" in wanted else "leave out the `&`"
                    self.report("wrong-arguments", child, f"argument {place + 1} of `{node.value}()` is the wrong kind", help)
                continue
            self.argument(node, child, wanted, type, is_sure)
        self.zone(node)

    def argument(self, node: Node, child: Node, wanted: tuple[str, ...], type: Type, is_sure: bool) -> None:
        kinds = {word.split("-")[0] for word in wanted}
        if not kinds or isinstance(type, Anything):
            return
        given = set(kinds_of(type)) or {"anything"}
        text = unparse(child)
        if not given & (kinds | {"anything"}):
            takes = " or ".join(word.replace("array-", "array of ") for word in wanted)
            self.report(
                "wrong-arguments",
                child,
                f"`{node.value}()` takes {an(takes)}, and {code(text)} is {an(described(type))}",
                argument_help(str(node.value), text, kinds),
            )
        elif "null" in given and not is_sure:
            stand_in = {"string": "''", "array": "`[]`", "number": "`0`"}.get(sorted(kinds)[-1], "`{}`")
            self.report(
                "maybe-null",
                child,
                f"where {code(text)} is absent, `{node.value}()` breaks, and then the whole condition does not hold",
                "give what stands in for it: " + code(f"{text} || {stand_in}"),
                "warning",
            )

    def containing(self, node: Node, subject: Type, search: Type) -> None:
        """A text cannot contain a number, nor a list of texts one that no field can be."""
        listing, sought = node.children
        if kinds_of(subject) == ("string",) and kinds_of(search) and "string" not in kinds_of(search):
            message = f"a text contains texts, and {code(unparse(sought))} is {noun_of(search)}"
            self.report("wrong-arguments", sought, message, "write " + code(f"to_string({unparse(sought)})"))
        elif listing.type == "multi_select_list":
            for child in listing.children:
                self.choice_of(sought, search, child, "changes nothing")

    def is_interval(self, node: Node) -> bool:
        """Whether an interval may be asked for here, and is asked for by a name that is known before anything happens."""
        if not self.has_intervals:
            help = "ask for it in `when`; what is looked at here says nothing of the time"
            self.report("unknown-function", node, f"`{INTERVAL}()` is known in `when` and `precondition` only", help)
            return False
        if node.children and node.children[0].type != "literal":
            help = f"name a TimeInterval, in single quotes: `{INTERVAL}('business-hours')`"
            self.report("wrong-arguments", node, f"`{INTERVAL}()` takes the name of an interval as it is written out", help)
            return False
        return True

    def zone(self, node: Node) -> None:
        if node.value not in ("weekday", "hour") or len(node.children) != 2:
            return
        zone = node.children[1]
        if zone.type == "literal" and isinstance(zone.value, str):
            try:
                zone_of(zone.value)
            except ValueError as error:
                self.report("unknown-zone", zone, str(error), "write it as `Europe/Lisbon`")
