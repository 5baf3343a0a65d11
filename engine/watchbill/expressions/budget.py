"""What working out one condition, or filling in one template, may cost: elements that are made and steps that are taken.

Rule 1: it is counted, and never measured by a clock, so that the same text and the same values always end alike.
Rule 2: it is counted where something repeats, in loops and in functions; what stands in the text once is bounded by the text's length.
Rule 3: a loop is paid for before it runs, by the number of its elements and by how much stands in its body.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

MOST_STEPS: Final = 100_000
"""What one evaluation may cost."""

REQUEST_STEPS: Final = 2_000_000
"""What reading one request by the expressions of its `Source` may cost, all its alerts together."""

FUNCTION_STEPS: Final = 8
"""What a call of a function, or a filter, costs besides what it goes through."""

HELP: Final = "ask for less: take what is needed first, and put no list, or loop, into another"

_CHARACTERS_A_STEP: Final = 4  # as a power of two: sixteen


class Exhausted(ValueError):
    """The budget is used up."""

    def __init__(self, most: int) -> None:
        super().__init__(f"it takes more than {most:,} steps".replace(",", " "))


class Budget:
    """What is left of so many steps. One that is used up raises `Exhausted`."""

    __slots__ = ("left", "most")

    def __init__(self, most: int = MOST_STEPS) -> None:
        self.left = self.most = most

    def spend(self, steps: int) -> None:
        """Take so many *steps*."""
        self.left -= steps
        if self.left < 0:
            raise Exhausted(self.most)

    def touch(self, value: Any) -> None:
        """Go through a *value*, and not through what is in it."""
        kind = value.__class__
        if kind is str:
            self.spend(1 + (len(value) >> _CHARACTERS_A_STEP))
        elif kind is list or kind is tuple or isinstance(value, Mapping):
            self.spend(1 + len(value))
        else:
            self.spend(1)

    def weigh(self, value: Any) -> None:
        """Go through a *value* with all that is in it; what stands in it several times is gone through as often."""
        kind = value.__class__
        if kind is str:
            return self.spend(1 + (len(value) >> _CHARACTERS_A_STEP))
        if kind is int or kind is float or kind is bool or value is None:
            return self.spend(1)
        left, waiting = self.left, [value]
        while waiting:
            each = waiting.pop()
            kind = each.__class__
            if kind is str:
                left -= 1 + (len(each) >> _CHARACTERS_A_STEP)
            elif kind is list or kind is tuple:
                left -= 1 + len(each)
                if left >= 0:
                    waiting.extend(each)
            elif isinstance(each, Mapping):
                left -= 1 + 2 * len(each)
                if left >= 0:
                    waiting.extend(each)
                    waiting.extend(each.values())
            else:
                left -= 1
            if left < 0:
                break
        return self.spend(self.left - left)


class Uncounted(Budget):
    """The budget of what is bounded by its text alone."""

    __slots__ = ()

    def spend(self, steps: int) -> None:
        """Nothing is counted."""

    def touch(self, value: Any) -> None:
        """Nothing is counted."""

    def weigh(self, value: Any) -> None:
        """Nothing is counted."""
