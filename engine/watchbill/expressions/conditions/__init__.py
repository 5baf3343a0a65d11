"""Conditions: the `when:` of a policy and the `expect:` of a verification, in JMESPath.

Rule 1: the language is JMESPath, whole and unchanged, with three functions about times besides; jmespath's parser reads it.
Rule 2: a condition holds when its value is true in JMESPath's sense; one that cannot be worked out does not hold.
Rule 3: what runs is generated from the checked tree, and gives what jmespath's own interpreter gives.
"""

from watchbill.expressions.conditions.check import check_condition
from watchbill.expressions.conditions.explain import explain_condition
from watchbill.expressions.conditions.generate import Valued, compile_condition, compile_value
from watchbill.expressions.conditions.intervals import interval_names
from watchbill.expressions.conditions.parse import parse_condition
from watchbill.expressions.conditions.unparse import unparse

__all__ = [
    "Valued",
    "check_condition",
    "compile_condition",
    "compile_value",
    "explain_condition",
    "interval_names",
    "parse_condition",
    "unparse",
]
