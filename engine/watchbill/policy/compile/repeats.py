"""What stands twice in a list in which once is enough.

People lose track of long lists; of two entries that are alike one is usually another that was meant. The order of some
lists is a turn that people take (participants), or means something else: those are not looked at.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from watchbill.policy.compile.draft import At
from watchbill.policy.compile.workbench import Workbench
from watchbill.policy.wording import quoted

_MATCH: Final = ("spec match",)
LISTS: Final[Mapping[str, tuple[str, ...]]] = {
    "Settings": ("spec folders", "spec labels", "spec grants * connectors", "spec grants * services_of"),
    "Person": ("spec contacts", "spec leave"),
    "Team": ("spec members",),
    "Service": ("spec claims", "spec claims *", "spec depends_on", "spec links"),
    "Schedule": ("spec layers * hours", "spec layers * holidays"),
    "Escalation": (*_MATCH, "spec levels * notify", "spec hub invite"),
    "Triage": _MATCH,
    "Audience": ("spec channels",),
    "Comms": _MATCH,
    "Remediation": (*_MATCH, "spec allow run", "spec allow approve"),
    "Grouping": _MATCH,
    "Inhibition": ("spec source match", "spec target match"),
    "Silence": _MATCH,
    "TimeInterval": (
        "spec time_intervals",
        *(f"spec time_intervals * {key}" for key in ("times", "weekdays", "days_of_month", "months", "years")),
    ),
    "Guardrail": _MATCH,
}
"""For each kind, the lists whose items are looked at; a star stands for every item of a list."""


def check_repeats(bench: Workbench) -> None:
    """Warn of what stands twice where once is enough."""
    for draft in bench.drafts:
        if draft.document is not None:
            for path in LISTS.get(draft.kind or "", ()):
                for at, items in _lists(draft.top, draft.raw.data, path.split()):
                    _check(at, items)


def _lists(at: At, node: Any, path: list[str]) -> Iterator[tuple[At, list[Any]]]:
    """The lists that this *path* leads to."""
    if not path:
        if isinstance(node, list):
            yield at, node
    elif path[0] == "*" and isinstance(node, list):
        for index, item in enumerate(node):
            yield from _lists(at / index, item, path[1:])
    elif isinstance(node, dict) and path[0] in node:
        yield from _lists(at / path[0], node[path[0]], path[1:])


def _check(at: At, items: list[Any]) -> None:
    seen: set[str] = set()
    for index, item in enumerate(items):
        # Two dependencies on one service are one, whatever else they say.
        named = item.get("service", item) if isinstance(item, dict) else item
        same = json.dumps(named, sort_keys=True)
        if same in seen:
            said = quoted(named) if isinstance(named, str) else "the same"
            (at / index).report("no-effect", f"{said} stands in this list already", "take one of them away", "warning")
        seen.add(same)
