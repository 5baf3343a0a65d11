"""A value of a type, to work out a condition or a template on before there is a real one: does it cost more than it may?"""

from __future__ import annotations

from typing import Any, Final

from watchbill.expressions.context import Array, Boolean, Number, Object, String, Type, members_of
from watchbill.expressions.problems import Problem

RULE: Final = "too-costly"

MANY: Final = 30
"""How many names stand in a mapping of the trial that may have any, and how many elements in a list: an alert with many labels."""

FEW: Final = 3
"""How many elements a list has that stands within another."""

DEEPEST: Final = 6


def example(type: Type, depth: int = 0, many: int = MANY) -> Any:
    """A value of this *type* whose lists have so *many* elements; null for what nothing is known of."""
    member = members_of(type)[0]
    if depth > DEEPEST:
        return None
    match member:
        case String(choices):
            return choices[0] if choices else "an-example"
        case Number():
            return 1
        case Boolean():
            return True
        case Array(of):
            return [example(of, depth + 1, FEW)] * many
        case Object(fields, open):
            found = {name: example(each, depth + 1, many) for name, each in fields.items()}
            if open is not None:
                found |= {f"example_{number}": example(open, depth + 1, FEW) for number in range(MANY)}
            return found
        case _:
            return None


def too_costly(what: str, message: str, help: str) -> Problem:
    """How it is said that *what* stands there costs more than it may."""
    return Problem(RULE, f"{what} {message.removeprefix('it ')}", help, "error", 0)
