"""What the tests of all expressions share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from watchbill.expressions.problems import ExpressionError


def refusal_of(read: Callable[[str], Any], text: str) -> ExpressionError | None:
    """Why *read* refuses this *text*, or None where it does not. Anything else that is raised goes through."""
    try:
        read(text)
    except ExpressionError as error:
        return error
    return None
