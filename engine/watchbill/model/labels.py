"""Labels, and conditions on them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

Labels = Mapping[str, str]
"""Names and values of an alert. Never changed after it is made; an absent label compares as the empty string."""

_QUOTED: Final = re.compile(r"[\s{}!=~,\\\"'`]")
"""A name with one of these has to stand in double quotes, as Alertmanager reads it."""

Operator = Literal["=", "!=", "=~", "!~"]


@dataclass(frozen=True, slots=True)
class Matcher:
    """One condition on one label, as Alertmanager writes it.

    A label that is absent compares as the empty string, so ``team!=web`` also
    selects alerts that have no ``team``. Patterns are RE2 and match the whole value.
    """

    name: str
    operator: Operator
    value: str

    def __str__(self) -> str:
        name = f'"{_escaped(self.name)}"' if _QUOTED.search(self.name) else self.name
        return f'{name}{self.operator}"{_escaped(self.value)}"'

    @property
    def is_equality(self) -> bool:
        """Whether it names one value that must be there, so that an index can find it."""
        return self.operator == "=" and self.value != ""


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
