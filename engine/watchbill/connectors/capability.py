"""What cannot be done is said before anybody relies on it: the policies held against what this version and this process can do.

Rule 1: pure. What has to be looked at outside (secrets, addresses, programs, libraries) comes in as a `Process`; `needs` says what is
to be looked at. Without a `Process` the findings are those of this version alone, the same on every machine.
Rule 2: a finding here takes no document away. Somebody who is not reached is still better named in the plan than missing from it.
Rule 3: an error is said only where it is sure: who or what might still be reached counts as reached. All else is a warning.
Rule 4: one finding says it for all places that use the same connector, so that nobody is drowned.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from watchbill.connectors.candidates import Candidates
from watchbill.connectors.uses import UsedAt, uses_of
from watchbill.errors import Finding, Level, Place
from watchbill.model.ownership import Person
from watchbill.model.plan import Call
from watchbill.model.policies import Connector
from watchbill.model.policyset import PLANNED_ONLY, Catalogue, ConnectorType, PolicySet
from watchbill.model.references import Ref

_MOST_NAMED: Final = 4
"""Names that a finding lists before it counts the rest."""

_WORDS: Final[Mapping[str, str]] = {
    "not-carried-out": "not carried out by this version",
    "missing-extra": "its libraries are missing",
    "missing-program": "its program is missing",
    "missing-secret": "its secret is missing",
    "private-address": "its address is private, without leave",
}


@dataclass(frozen=True, slots=True)
class Needs:
    """What the policies would have a process use: references to *secrets*, URLs, *programs* by name or path, *extras*."""

    secrets: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NoSecret:
    """Why a secret cannot be had: an *error* in a sentence without a stop; and whether the process has leave to look it up."""

    error: str
    has_leave: bool


@dataclass(frozen=True, slots=True)
class Process:
    """What a process lacks of what the policies need, as it was when somebody looked.

    *secrets* are the references that cannot be had and why, *private* the URLs that lead to a private address without leave,
    with that address; *programs* and *extras* are those that are not there.
    """

    secrets: Mapping[str, NoSecret] = field(default_factory=dict)
    private: Mapping[str, str] = field(default_factory=dict)
    programs: frozenset[str] = frozenset()
    extras: frozenset[str] = frozenset()


def needs(policies: PolicySet, catalogue: Catalogue) -> Needs:
    """What is to be looked at outside before `findings` can hold these *policies* against a process."""
    judge = _Judge(policies, catalogue, None)
    secrets, urls, programs, extras = (dict[str, None]() for _ in range(4))
    for name in judge.used:
        connector, kind = judge.known(name)
        if connector is None or kind is None or connector.shadow or not judge.acts(name):
            continue
        secrets.update(dict.fromkeys(reference for _, reference in connector.secrets))
        urls.update(dict.fromkeys(_urls(connector, kind)))
        programs.update(dict.fromkeys(kind.programs))
        extras.update(dict.fromkeys((kind.extra,) if kind.extra else ()))
    programs.update(dict.fromkeys(use.program for use in judge.uses if use.program and judge.runs(use)))
    secrets.update(dict.fromkeys(each for source in policies.sources.values() if source.auth is not None for each in source.auth.secrets))
    return Needs(tuple(secrets), tuple(urls), tuple(programs), tuple(extras))


def findings(policies: PolicySet, catalogue: Catalogue, process: Process | None = None) -> tuple[Finding, ...]:
    """What of these *policies* cannot act, in order of place.

    Without a *process* it is what this version carries out nowhere. With one, also what this installation lacks.
    """
    judge = _Judge(policies, catalogue, process)
    found = (*judge.connectors(), *judge.documents(), *judge.programs(), *judge.sources(), *judge.reach())
    return tuple(sorted(found, key=lambda finding: finding.order))


# --- the judgement ----------------------------------------------------------------------


class _Judge:
    """One comparison of policies with a process."""

    def __init__(self, policies: PolicySet, catalogue: Catalogue, process: Process | None) -> None:
        self.policies, self.catalogue = policies, catalogue
        self.process = process or Process()
        self.uses = tuple(uses_of(policies))
        self.used: dict[str, list[UsedAt]] = {}
        for use in self.uses:
            self.used.setdefault(use.connector, []).append(use)

    def known(self, name: str) -> tuple[Connector | None, ConnectorType | None]:
        """The connector of this *name* and its type, as far as they are known."""
        connector = self.policies.connectors.get(name)
        return connector, self.catalogue.get(connector.type) if connector is not None else None

    def acts(self, name: str) -> bool:
        """Whether this version carries out anything that the policies use of the connector of this *name*."""
        _, kind = self.known(name)
        return kind is not None and any(self._is_carried_out(kind, use.action) for use in self.used.get(name, ()))

    def runs(self, use: UsedAt) -> bool:
        """Whether this *use* runs a program of this machine: the connector is of type `exec`, and not in shadow."""
        connector, _ = self.known(use.connector)
        return connector is not None and connector.type == "exec" and not connector.shadow

    @staticmethod
    def _is_carried_out(kind: ConnectorType, action: str) -> bool:
        found = kind.action(action)
        return found is None or found.carried_out

    def flaw(self, name: str, action: str) -> str:
        """The first rule by which this action of a connector cannot act; empty where it may, as far as is known.

        What is done in shadow touches nothing, and is meant so.
        """
        connector, kind = self.known(name)
        if connector is None or kind is None or connector.shadow:
            return ""
        if not self._is_carried_out(kind, action):
            return "not-carried-out"
        return next((rule for rule, _, _ in self._lacks(connector, kind)), "")

    def _lacks(self, connector: Connector, kind: ConnectorType) -> Iterator[tuple[str, str, str]]:
        """What the process lacks of what this *connector* needs: the rule, what is wrong, and what to do."""
        name = connector.ref.name
        if kind.extra in self.process.extras:
            said = f"`{name}` ({kind.name}) needs libraries that the base installation does not bring"
            yield "missing-extra", said, f"run `pip install 'watchbill[{kind.extra}]'`"
        for program in kind.programs:
            if program in self.process.programs:
                help = "put it there, or take `--connector-program` away" if program.startswith("/") else "install it where watchbill runs"
                yield "missing-program", f"`{name}` ({kind.name}) needs the program `{program}`, which cannot be run", help
        for _, reference in connector.secrets:
            trouble = self.process.secrets.get(reference)
            if trouble is not None:
                yield "missing-secret", f"`{name}` cannot act: {trouble.error}", secret_help(reference, trouble)
        for url in _urls(connector, kind):
            address = self.process.private.get(url)
            if address is not None:
                host = urlsplit(url).hostname or url
                where = f"`{host}`" if host == address else f"`{host}` ({address})"
                said = f"`{name}` cannot act: {where} is on a private network, and this process has no leave to connect there"
                yield "private-address", said, f"start watchbill with `--allow-private {_network_of(address)}`"

    # --- what is found ------------------------------------------------------------------

    def connectors(self) -> Iterator[Finding]:
        """Each connector that cannot do what it is used for, or is in shadow; once for all places that use it."""
        for name, connector in self.policies.connectors.items():
            kind, uses = self.catalogue.get(connector.type), self.used.get(name, [])
            places = _places(uses)
            if connector.shadow:
                said = f"`{name}` is in shadow, so what is done with it touches nothing; {places}"
                yield _finding("in-shadow", connector.ref, said, "take `mode: shadow` away from it when it is to act")
            if kind is None or connector.shadow:
                continue
            idle = list(dict.fromkeys(str(use) for use in uses if not self._is_carried_out(kind, use.action)))
            if idle:
                where = _places([use for use in uses if str(use) in idle])
                are = "is" if len(idle) == 1 else "are"
                said = f"{_named(idle)} ({kind.name}) {are} not carried out by this version; {where}"
                yield _finding("not-carried-out", connector.ref, said, self._instead(kind, uses, set(idle)))
            if len(idle) < len({str(use) for use in uses}):
                for rule, said, help in self._lacks(connector, kind):
                    yield _finding(rule, connector.ref, f"{said}; {places}", help)

    def _instead(self, kind: ConnectorType, uses: Iterable[UsedAt], idle: set[str]) -> str:
        """What can be used instead of what is not carried out, where there is something of the same kind."""
        actions = [action for use in uses if str(use) in idle and (action := kind.action(use.action)) is not None]
        wanted = "reaches" if any(action.reaches for action in actions) else "reads" if all(action.reads for action in actions) else ""
        others = [
            each.name
            for each in self.catalogue.values()
            if wanted and any(getattr(action, wanted) and action.carried_out for action in each.actions)
        ]
        until = "rely on nothing that it does until a later version can"
        return f"{until}, or use a connector of type {_named(others, 'or')}" if others else until

    def documents(self) -> Iterator[Finding]:
        """Documents of kinds that are only planned with, once a kind; and remediations in shadow."""
        by_kind: Mapping[str, Iterable[Ref]] = {"Probe": [each.ref for each in self.policies.probes.values()]}
        for kind, instead in PLANNED_ONLY.items():
            refs = sorted(by_kind.get(kind, ()), key=lambda ref: ref.place)
            if refs:
                more = f" and {len(refs) - 1} more" if len(refs) > 1 else ""
                are = "are" if more else "is"
                said = f"`{refs[0].name}`{more} ({kind}) {are} not carried out by this version: {instead}"
                yield _finding("not-carried-out", refs[0], said, "have another system check it, and send what it finds to watchbill")
        for remediation in self.policies.remediations.values():
            if remediation.shadow:
                said = f"`{remediation.ref.name}` is in shadow: it is decided and recorded, and touches nothing"
                yield _finding("in-shadow", remediation.ref, said, "take `mode: shadow` away from it when it is to act")

    def programs(self) -> Iterator[Finding]:
        """Programs that the policies run on this machine and that are not there, each at its first place."""
        missing: dict[str, list[UsedAt]] = {}
        for use in self.uses:
            if use.program in self.process.programs and self.runs(use):
                missing.setdefault(use.program, []).append(use)
        for program, uses in missing.items():
            first = min(uses, key=lambda use: use.place)
            said = f"there is no program `{program}` that can be run; {_places(uses)}"
            help = "install it where watchbill runs, or write its whole path"
            yield Finding("missing-program", first.place, said, help, "warning", str(first.by))

    def sources(self) -> Iterator[Finding]:
        """Sources none of whose secrets can be had: what they send is refused."""
        for source in self.policies.sources.values():
            references = source.auth.secrets if source.auth is not None else ()
            troubles = [(each, self.process.secrets[each]) for each in references if each in self.process.secrets]
            if troubles and len(troubles) == len(references):
                reference, trouble = troubles[0]
                said = f"whatever `{source.ref.name}` sends is refused: {trouble.error}"
                yield _finding("missing-secret", source.ref, said, secret_help(reference, trouble))

    # --- whom nobody reaches --------------------------------------------------------------

    def reach(self) -> Iterator[Finding]:
        """People none of whose contacts can leave, services that would reach nobody, and what the settings have watchbill call."""
        policies, settings = self.policies, self.policies.settings
        for person in policies.people.values():
            if person.contacts and not self._is_reached(person):
                yield _finding("reaches-nobody", person.ref, self._unreached(person), self._way_out(person), "error")
        own = Ref("Settings", "settings", "", settings.place)
        candidates = Candidates(policies)
        if not self._reaches_any(candidates.called_last()):
            for service in policies.services.values():
                yield from self._nobody(service.ref, candidates.of(service.owner, service), f"`{service.name}` reaches nobody")
            yield from self._nobody(own, candidates.of(settings.fallback_team), "what no service claims reaches nobody")
        page = settings.synthetic_page
        for key, call in (("last_resort", settings.last_resort), ("synthetic_page", page.call if page is not None else None)):
            yield from self._call(own, key, call)

    def _is_reached(self, person: Person) -> bool:
        return any(not self.flaw(contact.connector, contact.action) for contact in person.contacts)

    def _reaches_any(self, candidates: tuple[str, ...] | None) -> bool:
        """Whether one of these *candidates* can be reached, or may be, because they are not known."""
        people = (self.policies.people[name] for name in candidates or ())
        return candidates is None or any(person.contacts and self._is_reached(person) for person in people)

    def _unreached(self, person: Person) -> str:
        by_rule: dict[str, dict[str, None]] = {}
        for contact in person.contacts:
            by_rule.setdefault(self.flaw(contact.connector, contact.action), {})[str(contact)] = None
        why = "; ".join(f"{_named(list(uses))}: {_WORDS[rule]}" for rule, uses in by_rule.items())
        return f"no page reaches `{person.name}` ({why})"

    def _way_out(self, person: Person) -> str:
        if all(self.flaw(contact.connector, contact.action) == "not-carried-out" for contact in person.contacts):
            kinds = [each.name for each in self.catalogue.values() if any(action.reaches and action.carried_out for action in each.actions)]
            return f"give them a contact by a connector of type {_named(kinds, 'or')}" if kinds else "call them by other means"
        names = list(dict.fromkeys(contact.connector for contact in person.contacts))
        return f"mend {_named(names)}: the findings there say how"

    def _nobody(self, ref: Ref, candidates: tuple[str, ...] | None, said: str) -> Iterator[Finding]:
        """That none of these *candidates* can be reached; nothing where one may be, or where nobody has a contact anyway."""
        people = [self.policies.people[name] for name in candidates or ()]
        if self._reaches_any(candidates) or not any(person.contacts for person in people):
            return
        names = [person.name for person in people]
        none = f"{_named(names)} cannot be reached" if len(names) == 1 else f"none of {_named(names)} can be reached"
        help = "mend the findings of those people, or put somebody on its escalation who can be reached"
        yield _finding("reaches-nobody", ref, f"{said}: {none}", help, "error")

    def _call(self, ref: Ref, key: str, call: Call | None) -> Iterator[Finding]:
        rule = self.flaw(call.connector, call.action) if call is not None else ""
        if call is not None and rule:
            use = f"{call.connector}.{call.action}"
            help = f"mend `{call.connector}`, or use a connector that can act"
            yield _finding("reaches-nobody", ref, f"`{key}` reaches nobody (`{use}`: {_WORDS[rule]})", help, "error")


# --- words --------------------------------------------------------------------------------


def secret_help(reference: str, trouble: NoSecret) -> str:
    """What to do so that the secret of this *reference* can be had; where leave is missing, the very flag."""
    kind, _, name = reference.partition("/")
    if kind == "env":
        prefix, line, _ = name.partition("_")
        return (
            f"set the variable `{name}` where watchbill runs"
            if trouble.has_leave
            else f"start watchbill with `--secret-prefix {prefix + line}`, and set the variable `{name}` where it runs"
        )
    if trouble.has_leave:
        return f"put the secret into the file `{name}` in the folder that `--secrets-dir` names, readable for watchbill"
    return f"start watchbill with `--secrets-dir DIR`, a folder that holds the file `{name}`"


def _finding(rule: str, ref: Ref, message: str, help: str, level: Level = "warning") -> Finding:
    document = None if ref.kind == "Settings" else str(ref)
    return Finding(rule, ref.place, message, help, level, document)


def _named(names: list[str], last: str = "and") -> str:
    shown = [f"`{name}`" for name in names[:_MOST_NAMED]]
    if len(names) > _MOST_NAMED:
        shown = [*shown[:-1], f"{len(names) - _MOST_NAMED + 1} more"]
    return f" {last} ".join((", ".join(shown[:-1]), shown[-1])) if len(shown) > 1 else "".join(shown)


def _places(uses: list[UsedAt]) -> str:
    """How many places use it, and the first of them."""
    places: list[Place] = sorted({use.place for use in uses})
    if not places:
        return "nothing uses it"
    first = f"{places[0].file}:{places[0].line}"
    return f"used in {first}" if len(places) == 1 else f"used in {len(places)} places, the first {first}"


def _urls(connector: Connector, kind: ConnectorType) -> tuple[str, ...]:
    return tuple(value for name, value in connector.settings if name in kind.addresses)


def _network_of(address: str) -> str:
    """The private network that an *address* is usually part of, else the address itself."""
    for network, begins in (("10.0.0.0/8", "10."), ("192.168.0.0/16", "192.168."), ("fc00::/7", "fd")):
        if address.startswith(begins):
            return network
    parts = address.split(".")
    return "172.16.0.0/12" if len(parts) == 4 and parts[0] == "172" and 16 <= int(parts[1]) <= 31 else address
