"""Every value that a type of the model can have, for hypothesis: worked out from the type, so that a new class needs nothing here."""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from dataclasses import is_dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any, Literal, Union

from hypothesis import strategies as st

from watchbill.store.encoding import hints

TEXTS = st.text(st.characters(codec="utf-8"), max_size=12)
NUMBERS = st.integers(-(2**63), 2**64 - 1)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
TIMES = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))


@cache
def values(of: Any) -> st.SearchStrategy[Any]:
    """Values of the type *of*."""
    plain = {
        str: TEXTS,
        int: st.integers(-(2**53), 2**53),
        bool: st.booleans(),
        datetime: TIMES,
        date: st.dates(),
        types.NoneType: st.none(),
    }
    if of in plain:
        return plain[of]
    if of is Any:
        return JSON
    if of is float:
        return st.floats(allow_nan=False, allow_infinity=False)
    if of is timedelta:
        return st.timedeltas(timedelta(days=-900), timedelta(days=900))
    origin, arguments = typing.get_origin(of), typing.get_args(of)
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin in (Union, types.UnionType):
        return st.one_of([values(each) for each in arguments])
    if origin is tuple:
        if arguments[-1] is ...:
            return st.lists(values(arguments[0]), max_size=2).map(tuple)
        return st.tuples(*(values(each) for each in arguments))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return st.dictionaries(values(arguments[0]), values(arguments[1]), max_size=2)
    assert is_dataclass(of), of
    return st.builds(of, **{name: values(hint) for name, hint in hints(of).items()})
