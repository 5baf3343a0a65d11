"""Time zones by name, from the `tzdata` package and never from the machine, so that every machine decides alike."""

from __future__ import annotations

from functools import cache, lru_cache
from zoneinfo import ZoneInfo

from watchbill.model.times import Zone


@lru_cache(maxsize=1)
def zone_names() -> frozenset[str]:
    """Every zone that there is."""
    from importlib.resources import files

    return frozenset((files("tzdata") / "zones").read_text(encoding="utf-8").split())


@cache
def zone(name: str) -> Zone | None:
    """The zone of this *name* with its rules, or None where there is no such zone."""
    if name not in zone_names():
        return None
    from importlib.resources import files

    with files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as rules:
        return Zone(name, ZoneInfo.from_file(rules, key=name))


def tzdata_version() -> str:
    """The version of the rules: ``2026.1`` and the like."""
    from importlib.metadata import version

    return version("tzdata")
