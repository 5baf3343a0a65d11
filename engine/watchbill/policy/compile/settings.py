"""The settings of a repository: from `watchbill.yaml` to the model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Final

from watchbill.errors import Finding
from watchbill.model.plan import Call
from watchbill.model.policyset import Grant, Settings, SyntheticPage, UsePlace
from watchbill.policy.compile import texts
from watchbill.policy.compile.calls import plain_call
from watchbill.policy.compile.draft import At, Draft
from watchbill.policy.compile.workbench import Workbench
from watchbill.policy.documents import settings as written
from watchbill.policy.ignoring import wrong_level
from watchbill.policy.wording import quoted

_SHORTEST: Final = timedelta(minutes=1)


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
        fallback_wait=texts.some_duration(at / "fallback_wait", spec.fallback_wait),
        alarm_every=texts.duration(at / "alarm_every", spec.alarm_every, least=_SHORTEST),
        acknowledge=texts.acknowledge(at / "acknowledge", spec.acknowledge),
    )


def _check_rules(draft: Draft, at: At, rules: Mapping[str, str]) -> None:
    """Report what `rules` cannot say. The settings hold without it, so they are not left out for it."""
    for rule, word in rules.items():
        wrong = wrong_level(rule, word)
        if wrong is not None:
            draft.findings.append(Finding("bad-ignore", (at / rule).key_place, *wrong, document=f"Settings/{draft.name}"))


def settle_calls(bench: Workbench) -> None:
    """Compile what the settings have watchbill call for itself, now that the connectors are known.

    They act in the name of the fallback team. What is wrong here is an error, and still the settings hold without it: nothing
    else would be there if they were left out.
    """
    main = bench.main
    if main is None or main.document is None:
        return
    spec: written.SettingsSpec = main.document.spec
    aside = replace(main, team=main.team or spec.fallback_team, findings=[])
    at = aside.top / "spec"
    last_resort = _call(bench, at / "last_resort", spec.last_resort, "last_resort")
    page = _synthetic_page(bench, at / "synthetic_page", spec.synthetic_page)
    main.findings.extend(aside.findings)
    if bench.settings is not None:
        main.value = bench.settings = replace(bench.settings, last_resort=last_resort, synthetic_page=page)


def _synthetic_page(bench: Workbench, at: At, keys: written.SyntheticPage | None) -> SyntheticPage | None:
    if keys is None:
        return None
    known = len(at.draft.findings)
    every = texts.duration(at / "every", keys.every, least=_SHORTEST)
    is_sound = len(at.draft.findings) == known
    call = _call(bench, at, keys, "synthetic_page")
    return SyntheticPage(call, every) if call is not None and is_sound else None


def _call(bench: Workbench, at: At, keys: written.PlainUse | None, place: UsePlace) -> Call | None:
    if keys is None:
        return None
    call, name = plain_call(bench, at, keys, place), keys.use.partition(".")[0]
    connector = bench.names.find("Connector", name)
    if connector.is_left_out if connector is not None else bench.names.is_known("Connector", name):
        said = f"`{at.key}` reaches nobody, because Connector/{name} is left out"
        (at / "use").report("depends-on-quarantined", said, f"mend Connector/{name}", "warning")
    elif call is not None and connector is not None and connector.value.shadow:
        said = f"`{at.key}` reaches nobody, because `{name}` is in shadow"
        (at / "use").report("no-effect", said, "take `mode: shadow` away from it, or use another connector", "warning")
    return call


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
