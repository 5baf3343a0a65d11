"""What the clock is to be asked about, as JSON and back.

The types say what it looks like, so there is nothing to write down twice. A time zone is its name; its rules are those of
the `tzdata` that is installed. Where there is nothing to ask about, which is common, nothing is loaded for it.
"""

from __future__ import annotations

from datetime import tzinfo
from typing import Any

from watchbill.model.dated import Dated


def dated_json(dated: Dated) -> Any:
    """What is to be asked of the clock, as JSON has it; null where that is nothing."""
    if dated == Dated():
        return None
    import msgspec

    return msgspec.to_builtins(dated, enc_hook=_name)


def dated_of(kept: Any) -> Dated:
    """The same back from JSON. Raises ValueError for what is none."""
    if kept is None:
        return Dated()
    import msgspec

    return msgspec.convert(kept, Dated, dec_hook=_rules)


def _name(rules: Any) -> str:
    if not isinstance(rules, tzinfo):
        raise ValueError(f"{type(rules).__name__} is nothing that is kept")
    return str(rules)


def _rules(type: type, name: Any) -> Any:
    from watchbill.expressions.zones import zone

    found = zone(str(name))
    if type is not tzinfo or found is None:
        raise ValueError(f"there is no time zone `{name}`")
    return found.rules
