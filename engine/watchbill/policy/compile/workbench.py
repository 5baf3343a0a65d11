"""What is at hand while documents are compiled: who is called what, what is granted, what connectors offer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from watchbill.model.policyset import Catalogue, Settings
from watchbill.model.times import Zone
from watchbill.policy.compile.draft import Draft
from watchbill.policy.compile.names import Grants, Names


@dataclass(slots=True)
class Workbench:
    """One compilation in progress.

    *main* is the draft of `watchbill.yaml`. *settings* are None while they are not compiled, and for good where they are
    broken; *zone* and *labels* then have the language's defaults, so that the rest can still be looked at.
    """

    catalogue: Catalogue
    drafts: tuple[Draft, ...]
    names: Names
    grants: Grants
    zone: Zone
    main: Draft | None = None
    settings: Settings | None = None
    labels: frozenset[str] | None = None
    validators: dict[tuple[str, str], Any] = field(default_factory=dict)
    roots: dict[tuple[str, str], Any] = field(default_factory=dict)
    delivery_uses: Any = None
    acting_teams: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """For a person, the teams whose member they are."""

    def teams_of(self, draft: Draft) -> tuple[str, ...]:
        """The teams in whose name this *draft* acts: its own, and for a person those it is a member of."""
        own = (draft.team,) if draft.team else ()
        return own + self.acting_teams.get(draft.name or "", ()) if draft.kind == "Person" else own
