"""From documents to a policy set: the only bridge between what people write and what the engine uses.

Rule 1: all findings at once. A document with an error is left out and named; the rest goes on without it.
Rule 2: a name that stands in a policy set is the name of something in it, or of something that is quarantined. Whatever
reads a policy set takes a quarantined person, team, schedule or service for one that cannot be reached.
Rule 3: nothing outside is touched. Zones and holidays come from installed packages; no file, clock or network is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from watchbill.errors import Finding, Level, Unlisted
from watchbill.expressions.zones import tzdata_version, zone
from watchbill.model.dated import Dated
from watchbill.model.policyset import Catalogue, PolicySet, Settings
from watchbill.model.references import Kind
from watchbill.policy.compile import (
    dependencies,
    filling,
    grouping,
    hiding,
    ownership,
    policies,
    repair,
    repeats,
    rivals,
    settings,
    sources,
    testing,
    timing,
    whole,
    worst_values,
)
from watchbill.policy.compile.draft import Draft
from watchbill.policy.compile.endings import dated
from watchbill.policy.compile.names import Grants, Names
from watchbill.policy.compile.reading import read
from watchbill.policy.compile.workbench import Workbench
from watchbill.policy.loading.placed import RawDocument
from watchbill.policy.suggest import bounded


@dataclass(frozen=True, slots=True)
class Compiled:
    """What came of some documents.

    *policies* is None where the settings are missing or broken: without a fallback team nothing could be promised.
    *findings* are sorted by place. *quarantined* names what is not in the policies; *documents* and *files* say how many
    were looked at, and *ignored* how many findings comments have set aside. *unlisted* counts the findings that are too many to be
    among the *findings*; only `watchbill.policy.load` has any. *dated* is what the clock is to be asked about, for whoever has one.
    *beyond* are those of the *findings* that a judge of the compiled policies has added, all of them.
    """

    policies: PolicySet | None
    findings: tuple[Finding, ...]
    quarantined: tuple[str, ...]
    documents: int
    files: int
    ignored: int = 0
    unlisted: tuple[Unlisted, ...] = ()
    dated: Dated = field(default_factory=Dated)
    beyond: tuple[Finding, ...] = ()


def compile_policies(
    documents: Iterable[RawDocument],
    catalogue: Catalogue,
    revision: str,
    settings: RawDocument | None,
    *,
    quarantined: Iterable[str] = (),
    weigh: Callable[[Finding], Level | None] | None = None,
) -> Compiled:
    """Everything these *documents* say, as one policy set, and everything that is wrong with them.

    *quarantined* names (``Kind/name``) documents that could not be loaded at all, so that a reference to one is no
    second finding. *settings* are not among the *documents*. *weigh* says how much a finding counts in this repository, None
    for one that is ignored; without it each counts as it is reported.
    """
    with bounded():
        return _compile(documents, catalogue, revision, settings, quarantined, weigh)


def _compile(
    documents: Iterable[RawDocument],
    catalogue: Catalogue,
    revision: str,
    settings: RawDocument | None,
    quarantined: Iterable[str],
    weigh: Callable[[Finding], Level | None] | None,
) -> Compiled:
    everything = sorted(([settings] if settings else []) + list(documents), key=lambda raw: (raw.file, raw.line))
    drafts = tuple(read(raw, weigh) for raw in everything)
    main = next((draft for draft in drafts if draft.raw is settings), None)
    names = Names((draft for draft in drafts if draft.kind != "Settings"), quarantined)
    utc = zone("UTC")
    assert utc is not None
    bench = Workbench(catalogue, drafts, names, Grants(None, names), utc, main)
    for stage in STAGES:
        stage(bench)
    return _compiled(bench, revision, tuple(quarantined))


# --- the stages -----------------------------------------------------------------------


def refuse_second_settings(bench: Workbench) -> None:
    """Settings stand once, in `watchbill.yaml`."""
    for draft in bench.drafts:
        if draft.kind == "Settings" and draft is not bench.main:
            draft.report(
                "second-settings", draft.place, "settings are read from `watchbill.yaml`, and only the first of them", "move them there"
            )


def settle(bench: Workbench) -> None:
    """Compile the settings first: zone, labels and grants hold for all the rest."""
    main = bench.main
    if main is None or main.document is None:
        return
    value: Settings = settings.settings(bench, main)
    bench.zone = value.zone
    bench.labels = frozenset(value.labels) if value.labels is not None else None
    if not main.is_left_out:
        main.value = bench.settings = value
        bench.grants = Grants(value, bench.names)


def know_members(bench: Workbench) -> None:
    """Find out whose member each person is, and so in whose name they may be reached."""
    teams: dict[str, tuple[str, ...]] = {}
    for draft in bench.names.of("Team"):
        if draft.document is not None:
            for member in draft.document.spec.members:
                teams[member] = (*teams.get(member, ()), draft.name or "")
    bench.acting_teams = teams


BUILDERS: Final[Mapping[Kind, Callable[[Workbench, Draft], Any]]] = {
    "TimeInterval": timing.time_interval,
    "Connector": repair.connector,
    "Person": ownership.person,
    "Team": ownership.team,
    "Schedule": ownership.schedule,
    "Override": ownership.override,
    "Service": ownership.service,
    "Escalation": policies.escalation,
    "Triage": policies.triage,
    "Audience": policies.audience,
    "Comms": policies.comms,
    "Remediation": repair.remediation,
    "Guardrail": repair.guardrail,
    "Grouping": grouping.grouping,
    "Inhibition": grouping.inhibition,
    "Silence": timing.silence,
    "Source": sources.source,
    "Probe": sources.probe,
    "PolicyTest": testing.policy_test,
}
"""In an order in which whatever a document cannot do without is compiled before it."""


def build(bench: Workbench) -> None:
    """Compile every document by itself: its texts, the names it uses, the calls it makes."""
    for kind, builder in BUILDERS.items():
        for draft in bench.drafts:
            if draft.kind == kind and draft.document is not None and draft.name is not None:
                draft.value = builder(bench, draft)


STAGES: Final[tuple[Callable[[Workbench], None], ...]] = (
    refuse_second_settings,
    settle,
    know_members,
    build,
    settings.settle_calls,
    repeats.check_repeats,
    whole.check_team_cycles,
    whole.check_role_cycles,
    whole.check_claims,
    rivals.check_ties,
    rivals.check_meetings,
    rivals.check_reachable,
    dependencies.check_dependency_cycles,
    dependencies.check_consent,
    hiding.check_rings,
    hiding.check_absent_labels,
    whole.check_contacts,
    filling.check_templates,
    worst_values.check_worst_values,
)
"""What is done, from top to bottom, after every document was read and had its name taken."""


# --- the result -----------------------------------------------------------------------


def _compiled(bench: Workbench, revision: str, unreadable: tuple[str, ...]) -> Compiled:
    findings = sorted((finding for draft in bench.drafts for finding in draft.findings), key=lambda finding: finding.order)
    left_out = tuple(dict.fromkeys((*unreadable, *(draft.label for draft in bench.drafts if draft.is_left_out))))
    good = _by_kind(bench.drafts)
    value = bench.settings
    main = bench.main
    policies = None
    if value is not None and main is not None and not main.is_left_out:
        policies = PolicySet(
            settings=value,
            revision=revision,
            tzdata=tzdata_version(),
            people=good["Person"],
            teams=good["Team"],
            services=good["Service"],
            schedules=good["Schedule"],
            overrides=tuple(good["Override"].values()),
            escalations=good["Escalation"],
            triages=good["Triage"],
            audiences=good["Audience"],
            comms=good["Comms"],
            remediations=good["Remediation"],
            guardrails=good["Guardrail"],
            connectors=good["Connector"],
            quarantined=left_out,
            groupings=good["Grouping"],
            inhibitions=good["Inhibition"],
            silences=good["Silence"],
            time_intervals=good["TimeInterval"],
            sources=good["Source"],
            probes=good["Probe"],
            tests=good["PolicyTest"],
        )
    files = {draft.raw.file for draft in bench.drafts}
    return Compiled(policies, tuple(findings), left_out, len(bench.drafts), len(files), dated=dated(bench.drafts))


def _by_kind(drafts: Iterable[Draft]) -> dict[str, dict[str, Any]]:
    """The values that compiled, by kind and name, in the order of files and lines."""
    found: dict[str, dict[str, Any]] = {kind: {} for kind in BUILDERS}
    for draft in drafts:
        if draft.kind in found and draft.name is not None and draft.value is not None and not draft.is_left_out:
            found[draft.kind][draft.name] = draft.value
    return found
