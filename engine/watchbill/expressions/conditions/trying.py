"""Whether a condition costs too much, tried on an example of what it is asked of."""

from __future__ import annotations

from watchbill.expressions.conditions.costs import is_costly
from watchbill.expressions.conditions.generate import compile_value
from watchbill.expressions.context import Type
from watchbill.expressions.problems import EvaluationError, Problem, TooCostly
from watchbill.expressions.trial import example, too_costly
from watchbill.model.references import Condition


def costs_too_much(condition: Condition, root: Type) -> list[Problem]:
    """What is to be said of a *condition* that takes too many steps on an example of its *root*."""
    if not is_costly(condition.tree):
        return []
    try:
        compile_value(condition)(example(root))
    except TooCostly as error:
        return [too_costly("the condition", error.message.partition(": ")[2], error.help)]
    except EvaluationError:
        pass  # what it breaks by on this example is no part of this question
    return []
