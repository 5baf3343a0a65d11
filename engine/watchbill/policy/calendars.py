"""Public holidays by country, from the `holidays` package, for the years that matter."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache, lru_cache
from typing import Final

YEARS: Final = range(2020, 2041)


@lru_cache(maxsize=1)
def countries() -> Mapping[str, tuple[str, ...]]:
    """Every country whose holidays are known, by its code, with the codes of its parts."""
    import holidays

    return {country: tuple(parts) for country, parts in holidays.list_supported_countries().items()}


@cache
def public_holidays(country: str, subdivision: str | None) -> frozenset[date]:
    """All public holidays there in `YEARS`; *country* and *subdivision* are known ones."""
    import holidays

    return frozenset(holidays.country_holidays(country, subdiv=subdivision, years=YEARS))
