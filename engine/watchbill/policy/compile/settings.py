"""The settings of a repository: from `watchbill.yaml` to the model."""

from __future__ import annotations

from collections.abc import Mapping

from watchbill.errors import Finding
from watchbill.model.policyset import Grant, Settings
from watchbill.policy.compile import texts
from watchbill.policy.compile.draft import At, Draft
from watchbill.policy.compile.workbench import Workbench
from watchbill.policy.documents import settings as written
from watchbill.policy.ignoring import wrong_level
from watchbill.policy.wording import quoted


def settings(bench: Workbench, draft: Draft) -> Settings:
    """The settings; several grants of one team are one."""
    spec: written.SettingsSpec = draft.document.spec
    at = draft.top / "spec"
    bench.names.expect(at / "fallback_team", "Team", spec.fallback_team)
    if spec.escalation is not None:
        bench.names.expect(at / "escalation", "Escalation", spec.escalation)
    _check_rules(draft, at / "rules", spec.rules)
    grants: dict[str, Grant] = {}
    for index, keys in enumerate(spec.grants):
        grant = _grant(bench, at / "grants" / index, keys)
        other = grants.get(grant.team, Grant(grant.team))
        grants[grant.team] = Grant(
            grant.team,
            tuple(dict.fromkeys(other.connectors + grant.connectors)),
            tuple(dict.fromkeys(other.services_of + grant.services_of)),
        )
    return Settings(
        place=draft.place,
        fallback_team=spec.fallback_team,
        zone=texts.zone(at / "zone", spec.zone, bench.zone),
        labels=tuple(spec.labels) if spec.labels is not None else None,
        severities={word.strip().lower(): severity for word, severity in spec.severities.items()},
        grants=tuple(grants.values()),
        escalation=spec.escalation,
    )


def _check_rules(draft: Draft, at: At, rules: Mapping[str, str]) -> None:
    """Report what `rules` cannot say. The settings hold without it, so they are not left out for it."""
    for rule, word in rules.items():
        wrong = wrong_level(rule, word)
        if wrong is not None:
            draft.findings.append(Finding("bad-ignore", (at / rule).key_place, *wrong, document=f"Settings/{draft.name}"))


def _grant(bench: Workbench, at: At, keys: written.Grant) -> Grant:
    kind, slash, team = keys.to.partition("/")
    if kind != "team" or not slash or not team:
        (at / "to").report("bad-target", f"{quoted(keys.to)} is no team", "write `team/NAME`")
        team = ""
    else:
        bench.names.expect(at / "to", "Team", team)
    for index, name in enumerate(keys.connectors):
        if name != "*":
            bench.names.expect(at / "connectors" / index, "Connector", name)
    for index, name in enumerate(keys.services_of):
        if name != "*":
            bench.names.expect(at / "services_of" / index, "Team", name)
    return Grant(team, tuple(keys.connectors), tuple(keys.services_of))
