"""Every place of the policies that uses an action of a connector."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from watchbill.errors import Place
from watchbill.model.policies import Remediation
from watchbill.model.policyset import PolicySet
from watchbill.model.references import Ref, Template, Use


@dataclass(frozen=True, slots=True)
class UsedAt:
    """An action of a connector, used *by* a document at a *place*.

    *program* is the first word of its `argv`, where it has one that is a plain text.
    """

    connector: str
    action: str
    by: Ref
    place: Place
    program: str = ""

    def __str__(self) -> str:
        return f"{self.connector}.{self.action}"


def uses_of(policies: PolicySet) -> Iterator[UsedAt]:
    """Every use of these *policies*. Where a service binds a connector's name, the bound connector is used as well."""
    bound: dict[str, dict[str, None]] = {}
    for service in policies.services.values():
        for name, other in service.bindings:
            bound.setdefault(name, {})[other] = None
    for use in _written(policies):
        yield use
        for other in bound.get(use.connector, ()):
            yield replace(use, connector=other)


def _written(policies: PolicySet) -> Iterator[UsedAt]:
    settings = policies.settings
    own = Ref("Settings", "settings", "", settings.place)
    for call in (settings.last_resort, settings.synthetic_page.call if settings.synthetic_page is not None else None):
        if call is not None:
            yield UsedAt(call.connector, call.action, own, settings.place)
    for person in policies.people.values():
        for contact in person.contacts:
            yield UsedAt(contact.connector, contact.action, person.ref, person.ref.place)
    for by, use in _uses(policies):
        yield UsedAt(use.connector, use.action, by, use.place, _program(use))


def _uses(policies: PolicySet) -> Iterator[tuple[Ref, Use]]:
    for escalation in policies.escalations.values():
        for level in escalation.levels:
            yield from ((escalation.ref, use) for use in level.notify)
        hub = escalation.hub
        yield from ((escalation.ref, use) for use in ((hub.channel, hub.bridge) if hub is not None else ()) if use is not None)
    for triage in policies.triages.values():
        yield from ((triage.ref, collector.use) for collector in triage.collectors)
    for audience in policies.audiences.values():
        yield from ((audience.ref, use) for use in audience.channels)
    for remediation in policies.remediations.values():
        yield from ((remediation.ref, use) for use in _of_repair(remediation))
    for probe in policies.probes.values():
        yield probe.ref, probe.use


def _of_repair(remediation: Remediation) -> Iterable[Use]:
    yield from (step.use for step in remediation.steps)
    if remediation.verification is not None:
        yield remediation.verification.use
    if remediation.rollback is not None:
        yield from (step.use for step in remediation.rollback.steps)


def _program(use: Use) -> str:
    words = dict(use.arguments).get("argv")
    first = words[0] if isinstance(words, tuple) and words else None
    return first.text if isinstance(first, Template) and first.is_plain else ""
