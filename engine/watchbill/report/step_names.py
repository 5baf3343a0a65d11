"""Which step of an incident is meant by what somebody calls it; the server and the command line go by the same names."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Named(NamedTuple):
    """A step by its id and by the policy it comes from. One that *fits* can be answered with what is to be said."""

    id: str
    policy: str
    fits: bool


def meant(steps: Iterable[Named], incident: str, name: str) -> list[str]:
    """The ids of the steps that this *name* may mean; without a name, those that fit.

    A step is called by its id, with or without the incident's, by the beginning of it, or by the name of its policy. One that fits is
    meant before one that does not.
    """
    known = list(steps)
    fits = [each.id for each in known if each.fits]
    if not name:
        return fits
    names = (name, f"{incident}/{name}")
    return (
        [each.id for each in known if each.id in names]
        or [each.id for each in known if each.policy == name and each.fits]
        or [identity for identity in fits if identity.startswith(names)]
        or [each.id for each in known if each.id.startswith(names)]
    )
