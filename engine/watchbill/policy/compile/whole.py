"""What only shows when all documents are seen together: circles, services that claim the same, people who cannot be reached.

Rule: where two documents are in each other's way, the finding stands at the newcomer (the later one in the order of files
and lines), so that a pull request cannot quarantine what was there before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from watchbill.model.labels import Matcher
from watchbill.model.ownership import Service
from watchbill.policy.compile.draft import Draft
from watchbill.policy.compile.workbench import Workbench


def check_team_cycles(bench: Workbench) -> None:
    """Report teams that are, by their parents, above themselves."""

    def onwards(team: str) -> str | None:
        return bench.names.parent_of(team)

    for circle in _circles((draft.name or "" for draft in bench.names.of("Team")), onwards):
        found = newcomer(draft for team in circle if (draft := bench.names.find("Team", team)) is not None)
        around = turned(circle, found.name or "")
        said = f"teams form a circle: {' → '.join((*around, around[0]))}"
        (found.top / "spec" / "parent").report("team-cycle", said, "take away one `parent` of them")


def check_role_cycles(bench: Workbench) -> None:
    """Report roles that lead, from role to role, back to themselves."""
    names = bench.names

    def holder(role: str, team: str) -> str | None:
        return next((each for each in names.line_of(team) if role in names.roles_of(names.find("Team", each))), None)

    def onwards(node: str) -> str | None:
        role, _, team = node.partition("@")
        leads_to = names.roles_of(names.find("Team", team)).get(role)
        if not isinstance(leads_to, str) or not leads_to.startswith("role/"):
            return None
        name, _, other = leads_to.removeprefix("role/").partition("@")
        found = holder(name, other or team)
        return f"{name}@{found}" if found else None

    nodes = (f"{role}@{draft.name}" for draft in names.of("Team") for role in names.roles_of(draft))
    for circle in _circles(nodes, onwards):
        drafts = {node: draft for node in circle if (draft := names.find("Team", node.partition("@")[2])) is not None}
        found = newcomer(drafts.values())
        first = next(node for node, draft in drafts.items() if draft is found)
        around = turned(circle, first)
        said = f"the role leads back to itself: {' → '.join(f'role/{node}' for node in (*around, around[0]))}"
        (found.top / "spec" / "roles" / first.partition("@")[0]).report("role-cycle", said, "bind one of them to a schedule or a person")


def _circles(nodes: Iterable[str], onwards: Callable[[str], str | None]) -> Iterator[tuple[str, ...]]:
    """The circles that one comes to by going *onwards* from these *nodes*, each once."""
    done: set[str] = set()
    for start in nodes:
        path: dict[str, None] = {}
        node: str | None = start
        while node is not None and node not in done and node not in path:
            path[node] = None
            node = onwards(node)
        if node is not None and node in path:
            way = tuple(path)
            yield way[way.index(node) :]
        done.update(path)


def turned(circle: tuple[str, ...], first: str) -> tuple[str, ...]:
    """The same *circle*, told from *first* on."""
    start = circle.index(first)
    return circle[start:] + circle[:start]


def newcomer(drafts: Iterable[Draft]) -> Draft:
    """The last of these *drafts*, in the order of files and lines."""
    return max(drafts, key=lambda draft: draft.place)


# --- claims ---------------------------------------------------------------------------


def check_claims(bench: Workbench) -> None:
    """Report services that claim what another service claims in just the same way."""
    taken: dict[tuple[str, ...], Draft] = {}
    for draft in bench.names.of("Service"):
        if draft.is_left_out or not isinstance(draft.value, Service):
            continue
        for index, group in enumerate(draft.value.claims):
            other = taken.setdefault(normal(group), draft)
            if other is draft:
                continue
            is_nested = isinstance((draft.document.spec.claims or [""])[0], list)
            spot = draft.top / "spec" / "claims"
            place = (spot / index).place if is_nested else spot.key_place
            said = f"`{other.name}` claims the same alerts, at {other.place}"
            draft.report("ambiguous-claim", place, said, "narrow one of them by a label that tells them apart")
            break


def normal(group: Sequence[Matcher]) -> tuple[str, ...]:
    """These matchers as texts, in whatever order and how often they were written."""
    return tuple(sorted({str(matcher) for matcher in group}))


# --- people ---------------------------------------------------------------------------


def check_contacts(bench: Workbench) -> None:
    """Warn of people who are on call, by a schedule or a role, and have no contacts."""
    duties: dict[str, str] = {}
    for draft in bench.names.of("Schedule"):
        if draft.document is not None:
            for layer in draft.document.spec.layers:
                for participant in layer.participants:
                    duties.setdefault(participant, f"on call on `{draft.name}`")
    for draft in bench.names.of("Team"):
        if draft.document is not None:
            for role, target in draft.document.spec.roles.items():
                if target.startswith("person/"):
                    duties.setdefault(target.removeprefix("person/"), f"`{role}` of `{draft.name}`")
    for name, duty in duties.items():
        found = bench.names.find("Person", name)
        if found is not None and not found.is_left_out and not found.document.spec.contacts:
            place = (found.top / "metadata" / "name").place
            said = f"`{name}` is {duty} and has no contacts"
            help = 'add `contacts`: `[{use: phone.page, to: "+351 555 0100"}]`'
            found.report("person-without-contact", place, said, help, "warning")
