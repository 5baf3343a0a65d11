"""What policy tests say of deliveries, held against what can leave here at all: which actions are used, and by whom.

Rule: what no policy here makes is a finding, so that a test cannot pass because of a slip of the pen. The command line asks the same
of what was typed there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, cast

from watchbill.model.plan import REPORTED_LATER, DeliveryResult
from watchbill.model.policyset import Action, PolicySet
from watchbill.model.references import Kind
from watchbill.policy.compile.calls import named_action
from watchbill.policy.compile.draft import At
from watchbill.policy.compile.tables import Reader
from watchbill.policy.compile.workbench import Workbench
from watchbill.policy.documents import testing as written
from watchbill.policy.suggest import nearest
from watchbill.policy.wording import choice, listed, quoted

_MAKING: Final[tuple[Kind, ...]] = ("Person", "Escalation", "Triage", "Audience")
"""The kinds of documents from which deliveries come."""


@dataclass(frozen=True, slots=True)
class DeliveryUses:
    """Every action by which something leaves here.

    *contacts* are those of each person, *others* those of posts, rooms, collectors and updates, and *repairs* those of remediations,
    whose end is given in another way. Where it is not *is_whole*, some documents cannot be read, and what is missing proves nothing.
    """

    contacts: Mapping[str, tuple[str, ...]]
    others: frozenset[str]
    repairs: frozenset[str]
    is_whole: bool = True

    @property
    def known(self) -> list[str]:
        """All actions by which something leaves that a test may speak of, in order."""
        return sorted({*self.others, *(use for uses in self.contacts.values() for use in uses)})


class DeliveryProblem(NamedTuple):
    """What makes no sense about a delivery, under which *key*."""

    key: str
    rule: str
    message: str
    help: str


def uses_of(bench: Workbench) -> DeliveryUses:
    """The actions that the documents of a compilation use, whether they compile or not."""
    if bench.delivery_uses is None:
        bench.delivery_uses = _uses_of(bench)
    return cast(DeliveryUses, bench.delivery_uses)


def _uses_of(bench: Workbench) -> DeliveryUses:
    def specs(kind: Kind) -> list[tuple[str, Any]]:
        return [(draft.name or "", draft.document.spec) for draft in bench.names.of(kind) if draft.document is not None]

    is_whole = all(draft.document is not None for kind in _MAKING for draft in bench.names.of(kind)) and not any(
        label.partition("/")[0] in _MAKING for label in bench.names.unreadable
    )
    raw: list[str] = []
    for _, spec in specs("Escalation"):
        raw += [each.use for level in spec.levels for each in level.notify]
        raw += [each.use for each in (spec.hub.channel, spec.hub.bridge) if each is not None] if spec.hub else []
    raw += [each.use for _, spec in specs("Triage") for each in spec.collect]
    raw += [each.use for _, spec in specs("Audience") for each in spec.channels]
    repairs = [each.use for _, spec in specs("Remediation") for each in spec.steps]
    bindings = [pair for _, spec in specs("Service") for pair in spec.bindings.items()]
    contacts = {name: tuple(each.use for each in spec.contacts) for name, spec in specs("Person")}
    return DeliveryUses(contacts, frozenset(_bound(raw, bindings)), frozenset(_bound(repairs, bindings)), is_whole)


def uses_in(policies: PolicySet) -> DeliveryUses:
    """The actions that these *policies* use."""
    uses = [use for each in policies.escalations.values() for level in each.levels for use in level.notify]
    hubs = (each.hub for each in policies.escalations.values() if each.hub is not None)
    uses += [use for hub in hubs for use in (hub.channel, hub.bridge) if use is not None]
    uses += [collector.use for each in policies.triages.values() for collector in each.collectors]
    uses += [use for each in policies.audiences.values() for use in each.channels]
    raw = [f"{use.connector}.{use.action}" for use in uses]
    repairs = [f"{step.use.connector}.{step.use.action}" for each in policies.remediations.values() for step in each.steps]
    bindings = [pair for each in policies.services.values() for pair in each.bindings]
    contacts = {name: tuple(str(contact) for contact in person.contacts) for name, person in policies.people.items()}
    is_whole = not any(label.partition("/")[0] in _MAKING for label in policies.quarantined)
    return DeliveryUses(contacts, frozenset(_bound(raw, bindings)), frozenset(_bound(repairs, bindings)), is_whole)


def _bound(uses: Iterable[str], bindings: Iterable[tuple[str, str]]) -> Iterator[str]:
    """These *uses*, and what services make of them that bind the name of a connector to another one."""
    bound: dict[str, set[str]] = {}
    for name, connector in bindings:
        bound.setdefault(name, set()).add(connector)
    for use in uses:
        connector, _, action = use.partition(".")
        yield use
        yield from (f"{other}.{action}" for other in bound.get(connector, ()))


def problem_of(uses: DeliveryUses, use: str, action: Action, person: str | None, result: str) -> DeliveryProblem | None:
    """What makes no sense about this *result* of a delivery by *use*, an action that there is; None where all is well."""
    if not action.reaches:
        if person is not None:
            others = sorted(set(uses.contacts.get(person, ())))
            help = f"take it away, or name an action that reaches `{person}`" + (f": {listed(others)}" if others else "")
            return DeliveryProblem("person", "no-delivery", f"{quoted(use)} reaches no person", help)
        if result in REPORTED_LATER:
            words = [word for word in written.DELIVERED if word not in REPORTED_LATER]
            said = f"{quoted(use)} reaches no person, so it is not `{result}`"
            return DeliveryProblem("result", "bad-value", said, f"write {listed(words)}")
    if not uses.is_whole:
        return None
    if person is not None and person in uses.contacts and use not in uses.contacts[person]:
        own = list(dict.fromkeys(uses.contacts[person]))
        help = f"`{person}` is reached by {listed(own, 'and')}" if own else f"give `{person}` contacts"
        return DeliveryProblem("person", "no-delivery", f"{quoted(person)} has no contact by {quoted(use)}", help)
    if use in uses.known:
        return None
    known = uses.known
    help = choice(nearest(use, known), known, "actions in use")
    if use in uses.repairs:
        help = "say under `outcomes` how the steps of a remediation end"
    return DeliveryProblem("use", "no-delivery", f"no page, post, room, collector or update here uses {quoted(use)}", help)


# --- in a policy test -----------------------------------------------------------------


def delivery(
    reader: Reader, at: At, keys: written.Delivery | written.DeliveryExpected, results: tuple[str, ...]
) -> tuple[str, str | None, DeliveryResult]:
    """The action, the person and the result that are written here; what is wrong with them gives findings."""
    person = reader.maybe_name("Person", at / "person", keys.person)
    result = cast(DeliveryResult, reader.one_of(results, at / "result", keys.result))
    spot, use = reader.text(at / "use", keys.use)
    found = named_action(reader.bench, spot, use)
    if found is not None:
        problem = problem_of(uses_of(reader.bench), use, found.action, person, result)
        if problem is not None:
            written_at = {"use": keys.use, "person": keys.person or "", "result": keys.result}[problem.key]
            where, _ = reader.text(at / problem.key, written_at)
            where.report(problem.rule, problem.message, problem.help)
    return use, person, result
