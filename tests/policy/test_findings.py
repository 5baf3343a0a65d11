"""What is said of documents that are wrong: where, what, and what to do next."""

from __future__ import annotations

import pytest

from tests.policy.makers import SETTINGS, compiled, findings, header, said
from watchbill.policy.compile import compile_policies

LEVELS = "  levels: [{page: role/primary}]\n"


def an_escalation(spec: str = LEVELS, name: str = "payments-night") -> str:
    return header("Escalation", name, "payments") + "spec:\n" + spec


def a_person(spec: str) -> str:
    return header("Person", "cy") + f"spec: {spec}\n"


def a_triage(collect: str) -> str:
    return header("Triage", "http", "platform") + f"spec:\n  collect:\n    - {collect}\n"


def a_repair(spec: str, team: str = "payments") -> str:
    steps = "  steps: [{name: restart, use: cluster.rollout-restart, with: {deployment: checkout}}]\n"
    return header("Remediation", "restart", team) + f'spec:\n  target: "{{{{ service.name }}}}"\n{steps}{spec}'


CASES = {
    "an unknown key close to a missing one is reported once": (
        header("Triage", "http", "platform") + "spec:\n  collectors: [{name: up, use: metrics.query, with: {query: up}}]\n",
        "5:3: unknown key `collectors` in a Triage [unknown-key]\n  help: did you mean `collect`?",
    ),
    "a key of the specification may stand one too far out": (
        header("Person", "cy") + "zone: UTC\nspec: {}\n",
        "4:1: unknown key `zone` in a Person [unknown-key]\n  help: `zone` stands under `spec`",
    ),
    "an unknown key that is like no other gets the list": (
        an_escalation("  levels: [{page: role/primary, colour: red}]\n"),
        "5:33: unknown key `colour` in `levels` [unknown-key]\n  help: the keys here are `page`, `wait`, `notify` and `during`",
    ),
    "a missing key is said with an example": (
        header("Service", "refunds") + "spec: {tier: 2}\n",
        "3:1: missing key `team` in `metadata` [missing-key]\n  help: add it, as in `team: payments`",
    ),
    "a telephone number without quotes is a number": (
        a_person("{contacts: [{use: phone.call, to: +3515550100}]}"),
        "4:41: `to` should be text, not a number [wrong-type]\n  help: put it in quotes",
    ),
    "a key without a value is not left out": (
        a_person("{zone: }"),
        "4:14: `zone` is empty [wrong-type]\n  help: write a value, or take the key away",
    ),
    "yes is a text": (
        an_escalation("  continue: yes\n" + LEVELS),
        "5:13: `continue` should be true or false, not text [wrong-type]\n"
        "  help: write `true` or `false`; other words are text in YAML 1.2",
    ),
    "one of a few words": (
        a_repair("  phase: falback\n"),
        "7:10: `phase` cannot be `falback` [bad-value]\n  help: did you mean `fallback`?",
    ),
    "a number outside its bounds": (
        header("Service", "refunds", "payments") + "spec: {tier: 9}\n",
        "4:14: `tier` is 9 [bad-value]\n  help: it is at most 5",
    ),
    "a kind": (
        "apiVersion: watchbill/v1\nkind: Persn\nmetadata: {name: cy}\n",
        "2:7: no kind is called `Persn` [unknown-kind]\n  help: did you mean `Person`?",
    ),
    "a version": (
        a_person("{}").replace("watchbill/v1", "v1"),
        "1:13: this engine knows no version `v1` [unknown-version]\n  help: write `apiVersion: watchbill/v1`",
    ),
    "a name": (
        header("Person", "Cy_Lima") + "spec: {}\n",
        "3:18: `Cy_Lima` cannot be a name [bad-name]\n  help: write it as `cy-lima`: a-z, 0-9 and hyphens inside",
    ),
    "the name of a role stands at its key": (
        header("Team", "refunds") + "spec: {roles: {On Call: person/ana}}\n",
        "4:16: `On Call` cannot be a name [bad-name]\n  help: write it as `on-call`: a-z, 0-9 and hyphens inside",
    ),
    "a name that is taken": (
        header("Person", "cy") + "spec: {}\n---\n" + header("Person", "cy") + "spec: {}\n",
        "8:18: a Person called `cy` is there already, at 1 [duplicate-name]\n  help: give this one another name",
    ),
    "a name that nobody has, with the one that was meant and its place": (
        an_escalation("  levels: [{page: schedule/paymnets-primary}]\n"),
        "5:19: no schedule is called `paymnets-primary` [unknown-name]\n  help: `payments-primary` is, at ownership/shop.yaml:54",
    ),
    "a role that no team has": (
        an_escalation("  levels: [{page: [person/ana, role/secondry]}]\n"),
        "5:32: no team has a role `secondry` [unknown-name]\n  help: `secondary` is one, at ownership/shop.yaml:26",
    ),
    "a team that nobody can be paged for": (
        an_escalation("  levels: [{page: team/engineering}]\n"),
        "5:19: the team `engineering` has no role `primary`, so a page to it reaches nobody [unknown-name]\n"
        "  help: bind `primary` under `roles` of `engineering`, or of a team above it",
    ),
    "a team as a role": (
        header("Team", "refunds") + "spec: {roles: {primary: team/payments}}\n",
        "4:25: a role is bound to a schedule, a person or a role [bad-target]\n  help: write `role/primary@payments`",
    ),
    "a duration": (
        an_escalation("  levels: [{page: role/primary, wait: 5 minutes}]\n"),
        "5:39: `5 minutes` is not a duration: `5` has no unit [bad-duration]\n"
        "  help: write it as `1h30m`, `90s` or `2d`: units y w d h m s ms, the largest first",
    ),
    "a duration that must be longer than nothing": (
        header("Triage", "http", "platform") + "spec: {budget: 0, collect: [{name: up, use: metrics.query, with: {query: up}}]}\n",
        "4:16: `budget` is `0` [bad-duration]\n  help: it has to be longer than nothing",
    ),
    "a day that is in no calendar": (
        a_person("{leave: [{from: 2026-02-30}]}"),
        "4:23: `2026-02-30` is in no calendar [bad-time]\n  help: write it as `2026-12-24`",
    ),
    "what ends before it begins": (
        header("Override", "swap")
        + "spec: {schedule: payments-primary, person: bo, from: 2026-12-25T09:00:00Z, to: 2026-12-24T09:00:00Z}\n",
        "4:80: `to` is not after `from`: `2026-12-24T09:00:00Z` [bad-time]\n  help: let it end after it begins",
    ),
    "a time zone": (
        a_person("{zone: Europe/Lisboa}"),
        "4:14: no time zone is called `Europe/Lisboa` [unknown-zone]\n  help: did you mean `Europe/Lisbon`?",
    ),
    "a matcher, at the character in question": (
        an_escalation("  match: ['severity==\"critical\"']\n" + LEVELS),
        "5:21: a value is expected at column 10, not `=` [bad-matcher]\n  help: equality is a single `=`",
    ),
    "a field that there is not": (
        an_escalation("  when: \"env == 'prod' && service.teir == `1`\"\n" + LEVELS),
        "5:35: there is no field `teir` [unknown-field]\n  help: did you mean `tier`?",
    ),
    "a text compared with a number": (
        an_escalation("  when: \"tier == '1'\"\n" + LEVELS),
        "5:9: `tier` is a number and `'1'` a string: `tier == '1'` never holds [never-equal]\n"
        "  help: write a number in backticks: `` `1` ``",
    ),
    "an action": (
        a_triage("{name: up, use: metrics.qury, with: {query: up}}"),
        "6:31: metrics (prometheus) has no action `qury` [unknown-action]\n  help: did you mean `query`?",
    ),
    "a use without an action": (
        a_triage("{name: up, use: metrics, with: {query: up}}"),
        "6:23: `metrics` names no action [bad-use]\n  help: write `connector.action`: the actions are `query` and `query-range`",
    ),
    "an argument, at its key": (
        a_triage("{name: up, use: metrics.query, with: {qury: up}}"),
        "6:45: metrics.query takes no argument `qury` [bad-argument]\n  help: did you mean `query`?",
    ),
    "an argument that is missing": (
        a_triage("{name: up, use: metrics.query}"),
        "6:7: metrics.query needs the argument `query` [bad-argument]\n  help: add it: A text",
    ),
    "an argument of another type": (
        a_triage("{name: up, use: metrics.query-range, with: {query: up, limit: ten}}"),
        "6:69: `limit` of metrics.query-range should be a whole number, not text [bad-argument]\n  help: write a whole number",
    ),
    "an argument that is one of a few words": (
        header("Audience", "staff", "support") + "spec: {channels: [{use: statuspage.post, with: {impact: miner}}]}\n",
        "4:57: `impact` of statuspage.post cannot be `miner` [bad-argument]\n  help: did you mean `minor`?",
    ),
    "a collector that changes things": (
        a_triage("{name: up, use: cluster.rollout-restart, with: {deployment: checkout}}"),
        "6:23: `cluster.rollout-restart` changes a system, and a collector only reads [collector-must-read]\n"
        "  help: no action of kubernetes does that; use a connector that can read",
    ),
    "a contact that wakes nobody": (
        a_person('{contacts: [{use: chat.post, to: "#payments"}]}'),
        "4:25: `chat.post` tells somebody, and a contact reaches a person [contact-must-reach]\n"
        "  help: no action of slack does that; use a connector that can reach a person",
    ),
    "an address that the action does not take": (
        a_person('{contacts: [{use: phone.call, to: "0100"}]}'),
        "4:41: `to` of phone.call cannot be `0100` [bad-argument]\n  help: write it as in `+351 555 0100`",
    ),
    "a connector that is not granted": (
        a_repair("  phase: human-initiated\n", team="support"),
        "6:32: the team `support` may not act with `cluster`, which belongs to `platform` [not-granted]\n"
        "  help: ask for `{to: team/support, connectors: [cluster]}` in the grants of `watchbill.yaml`",
    ),
    "a service of another team": (
        an_escalation("  match: ['service=\"orders-db\"']\n" + LEVELS),
        "5:11: policies of `payments` do not apply to the service `orders-db`, which belongs to `platform` [not-granted]\n"
        "  help: ask for `{to: team/payments, services_of: [platform]}` in the grants of `watchbill.yaml`",
    ),
    "a binding to something else": (
        header("Service", "refunds", "payments") + "spec: {tier: 2, bindings: {metrics: chat}}\n",
        "4:37: `metrics` is of the type prometheus, and `chat` of the type slack [bad-binding]\n"
        "  help: bind it to a connector of the type prometheus",
    ),
    "a binding that would go around a grant": (
        header("Connector", "cluster-eu", "platform")
        + "spec: {type: kubernetes}\n---\n"
        + header("Service", "refunds", "payments")
        + "spec: {tier: 2, bindings: {cluster: cluster-eu}}\n",
        "9:37: the team `payments` may not act with `cluster-eu`, which belongs to `platform` [not-granted]\n"
        "  help: ask for `{to: team/payments, connectors: [cluster-eu]}` in the grants of `watchbill.yaml`",
    ),
    "a setting by the name of a secret": (
        header("Connector", "metrics-eu") + "spec: {type: prometheus, with: {url: https://eu.example.com, api_key: abc}}\n",
        "4:71: `api_key` looks like a secret [secret-in-plain-text]\n"
        "  help: move it out of the repository and refer to it: `secrets: {api_key: env/METRICS_EU_API_KEY}`",
    ),
    "a secret that is no reference": (
        header("Connector", "metrics-eu") + "spec: {type: prometheus, with: {url: https://eu.example.com}, secrets: {token: hunter2}}\n",
        "4:80: `token` is not a reference to a secret [secret-in-plain-text]\n  help: write `env/METRICS_EU_TOKEN` or `file/NAME`",
    ),
    "services that claim the same": (
        header("Service", "refunds", "payments") + "spec: {tier: 2, claims: ['service=\"checkout\"']}\n",
        "4:17: `checkout` claims the same alerts, at ownership/shop.yaml:44 [ambiguous-claim]\n"
        "  help: narrow one of them by a label that tells them apart",
    ),
    "escalations between which nothing decides": (
        an_escalation("  match: ['severity=\"critical\"']\n" + LEVELS),
        "5:10: nothing decides between this and `payments-critical`, at ownership/shop.yaml:61 [tied-policies]\n"
        "  help: narrow one of them by a matcher that tells them apart, or take one away",
    ),
    "a circle of teams, at the newcomer": (
        header("Team", "cards") + "spec: {parent: refunds}\n---\n" + header("Team", "refunds") + "spec: {parent: cards}\n",
        "9:16: teams form a circle: refunds → cards → refunds [team-cycle]\n  help: take away one `parent` of them",
    ),
    "a circle of roles, at the newcomer": (
        header("Team", "cards") + "spec: {roles: {lead: role/lead@cards}}\n",
        "4:22: the role leads back to itself: role/lead@cards → role/lead@cards [role-cycle]\n"
        "  help: bind one of them to a schedule or a person",
    ),
    "nobody on call": (
        header("Schedule", "nights", "payments") + "spec: {layers: []}\n",
        "4:8: nobody is ever on call on `nights` [schedule-empty]\n  help: give it a layer",
    ),
    "somebody on call without a contact": (
        header("Person", "bo") + "spec: {}\n",
        "3:18: `bo` is on call on `payments-primary` and has no contacts [person-without-contact]\n"
        '  help: add `contacts`: `[{use: phone.page, to: "+351 555 0100"}]`',
    ),
    "approvals that nobody may give": (
        a_repair("  phase: human-initiated\n  approvals: 2\n"),
        "8:14: nobody may give the approvals that are asked for: 2 [no-approver]\n"
        "  help: name them in `allow.approve`: `[role/incident-commander]`",
    ),
    "a hold that holds nothing": (
        a_repair("  phase: human-initiated\n  hold: 5m\n"),
        "8:3: `hold` has no effect in phase `human-initiated` [no-effect]\n  help: take it away: only a fallback withholds a page",
    ),
    "settings outside their file": (
        header("Settings", "payments") + "spec: {fallback_team: payments}\n",
        "1: settings are read from `watchbill.yaml`, and only the first of them [second-settings]\n  help: move them there",
    ),
    "matchers beside lists of matchers": (
        header("Service", "refunds", "payments") + "spec: {tier: 2, claims: ['job=\"refunds\"', ['app=\"refunds\"']]}\n",
        "4:25: matchers and lists of matchers stand side by side [bad-value]\n  help: put each alternative into a list of its own",
    ),
    "a service that claims everything": (
        header("Service", "refunds", "payments") + "spec: {tier: 2, claims: [[]]}\n",
        "4:25: this claims every alert there is [bad-value]\n  help: write matchers, or take `claims` away to claim by the service's name",
    ),
    "a shift of odd minutes": (
        header("Schedule", "nights", "payments")
        + 'spec: {layers: [{name: base, participants: [ana], rotation: {every: 90m, start: "2026-01-05 09:00"}}]}\n',
        "4:69: a shift cannot last `90m` [bad-duration]\n  help: write whole hours, days or weeks: `12h`, `1d`, `1w`",
    ),
    "a weekday": (
        a_person('{quiet_hours: {hours: [{days: mo-fri, from: "22:00", to: "07:00"}]}}'),
        "4:37: `mo` is no weekday [bad-value]\n"
        "  help: the weekdays are `mon`, `tue`, `wed`, `thu`, `fri`, `sat` and `sun`; `mon-fri` is a range",
    ),
    "half a freeze": (
        header("Guardrail", "december") + "spec: {freeze: {from: 2026-12-20T00:00:00Z}}\n",
        "4:16: `from` of a freeze stands without `to` [missing-key]\n  help: add `to`, or take `from` away for a freeze without end",
    ),
    "a guardrail that limits nothing": (
        header("Guardrail", "december") + "spec: {reason: quiet weeks}\n",
        "4:1: this guardrail limits nothing [no-effect]\n"
        "  help: give it a `ceiling`, a `freeze`, `approvals`, `hold`, `rate` or `concurrency`",
    ),
    "a repair that can never be seen to work": (
        a_repair(
            "  phase: human-initiated\n  verify: {use: metrics.query, with: {query: up}, expect: 'value > `0`', for: 5m, within: 2m}\n"
        ),
        "8:79: it can never be seen to work: `for` is 5m, and `within` is 2m [unverifiable]\n  help: let `within` be longer than `for`",
    ),
    "two steps of one name": (
        a_triage("{name: up, use: metrics.query, with: {query: up}}\n    - {name: up, use: metrics.query, with: {query: down}}"),
        "7:14: a collector called `up` is there already [duplicate-name]\n  help: give this one another name",
    ),
    "somebody else's role, with those that there are": (
        an_escalation("  levels: [{page: role/lead@platform}]\n"),
        "5:19: the team `platform` has no role `lead` [unknown-name]\n  help: there is only `primary`",
    ),
    "a target of a team that cannot have one": (
        an_escalation("  levels: [{page: person/ana@payments}]\n"),
        "5:19: `person/ana@payments` is no target: only a role is somebody's [bad-target]\n  help: write `person/ana`",
    ),
    "a name that is too long": (
        header("Person", "a" * 64) + "spec: {}\n",
        f"3:18: `{'a' * 59}…` is longer than 63 characters [bad-name]\n  help: shorten it",
    ),
    "a team of a team": (
        header("Team", "refunds", "payments") + "spec: {}\n",
        "3:33: a team's own team is itself [bad-value]\n  help: take the key away",
    ),
    "the team of a person": (
        header("Person", "cy", "paymets") + "spec: {}\n",
        "3:28: no team is called `paymets` [unknown-name]\n  help: `payments` is, at ownership/shop.yaml:26",
    ),
    "the team of an override": (
        header("Override", "swap", "nobodys")
        + "spec: {schedule: payments-primary, person: bo, from: 2026-12-24T09:00:00Z, to: 2026-12-25T09:00:00Z}\n",
        "3:30: no team is called `nobodys` [unknown-name]\n"
        "  help: declare it, or take another: the known names are `engineering`, `payments`, `platform` and `support`",
    ),
    "the default escalation of a team": (
        header("Team", "refunds") + "spec: {escalation: payments-critcal}\n",
        "4:20: no escalation is called `payments-critcal` [unknown-name]\n  help: `payments-critical` is, at ownership/shop.yaml:61",
    ),
    "the default escalation of a service": (
        header("Service", "refunds", "payments") + "spec: {tier: 2, escalation: payments-critcal}\n",
        "4:29: no escalation is called `payments-critcal` [unknown-name]\n  help: `payments-critical` is, at ownership/shop.yaml:61",
    ),
    "a role bound to nothing": (
        header("Team", "refunds") + "spec: {roles: {lead: ana}}\n",
        "4:22: `ana` is no target [bad-target]\n  help: write `person/NAME`, `schedule/NAME`, `team/NAME`, `role/NAME` or `role/NAME@TEAM`",
    ),
    "a secret for an address": (
        a_person("{contacts: [{use: phone.call, to: xoxb-123456789012-abcdefghijkl}]}"),
        "4:41: `to` looks like a secret [secret-in-plain-text]\n"
        "  help: keep the secret in a Connector's `secrets`, and write an address here",
    ),
    "leave that ends before it begins": (
        a_person("{leave: [{from: 2026-12-24, to: 2026-12-21}]}"),
        "4:39: `to` is before `from`: `2026-12-21` [bad-time]\n  help: let it end on the day it begins, or later",
    ),
    "a binding of a name that no policy uses": (
        header("Service", "refunds", "payments") + "spec: {tier: 2, bindings: {metrix: metrics}}\n",
        "4:28: no connector is called `metrix` [unknown-name]\n  help: bind a name that policies use in `use`",
    ),
    "a binding to nothing": (
        header("Service", "refunds", "payments") + "spec: {tier: 2, bindings: {metrics: metrix}}\n",
        "4:37: no connector is called `metrix` [unknown-name]\n  help: `metrics` is, at ownership/shop.yaml:78",
    ),
    "a layer with nobody in it": (
        header("Schedule", "nights", "payments")
        + "spec:\n  layers:\n"
        + '    - {name: base, participants: [ana], rotation: {every: 1d, start: "2026-01-05 09:00"}}\n'
        + '    - {name: late, participants: [], rotation: {every: 1d, start: "2026-01-05 09:00"}}\n',
        "7:34: nobody is ever on call in the layer `late` [schedule-empty]\n  help: name `participants`, or take the layer away",
    ),
    "a layer that ends before it begins": (
        header("Schedule", "nights", "payments")
        + "spec:\n  layers:\n"
        + '    - {name: base, participants: [ana], rotation: {every: 1d, start: "2026-01-05 09:00"}, until: "2026-01-01 09:00"}\n',
        "6:98: the layer ends before it begins: `2026-01-01 09:00` [bad-time]\n  help: let it end after `start` of its rotation",
    ),
    "a holiday of nowhere": (
        header("Schedule", "nights", "payments")
        + "spec:\n  layers:\n"
        + '    - {name: base, participants: [ana], rotation: {every: 1d, start: "2026-01-05 09:00"}, holidays: [{name: x}]}\n',
        "6:102: a holiday is either a `country` or a `date` [bad-value]\n  help: write `{country: PT}` or `{date: 2026-12-24}`",
    ),
    "a part of a country": (
        header("Schedule", "nights", "payments")
        + "spec:\n  layers:\n    - name: base\n      participants: [ana]\n"
        + '      rotation: {every: 1d, start: "2026-01-05 09:00"}\n      holidays: [{country: ES, subdivision: MDD}]\n',
        "9:45: ES has no part `MDD` with holidays of its own [unknown-country]\n  help: did you mean `MD`?",
    ),
    "a time of day": (
        a_person('{quiet_hours: {hours: [{from: "8:00", to: "24:00"}]}}'),
        "4:37: `8:00` is no time of day [bad-time]\n  help: write it as `08:00`, from 00:00 to 23:59",
    ),
    "the end of a day": (
        a_person('{quiet_hours: {hours: [{from: "08:00", to: "25:00"}]}}'),
        "4:50: `25:00` is no time of day [bad-time]\n  help: write it as `08:00`, from 00:00 to 23:59, or 24:00",
    ),
    "a level that does nothing": (
        an_escalation("  levels: [{page: []}]\n"),
        "5:19: this level neither pages nor posts [bad-value]\n  help: name a target in `page`, or a post in `notify`",
    ),
    "no levels": (
        an_escalation("  levels: []\n"),
        "5:11: `levels` is empty [bad-value]\n  help: give it at least one item",
    ),
    "a missing section is said by what it is": (
        header("Comms", "all", "support") + "spec: {audience: customers}\n",
        "4:1: missing key `messages` in a Comms [missing-key]\n  help: add it: what updates say",
    ),
    "a repair without steps": (
        header("Remediation", "restart", "payments") + "spec: {phase: human-initiated, target: checkout}\n",
        "4:1: a remediation of phase `human-initiated` needs `steps` [missing-key]\n"
        "  help: say what it does; only an opportunity may have none",
    ),
    "a rollback that says both": (
        a_repair("  phase: human-initiated\n  rollback: {none: nothing to undo, steps: []}\n"),
        "8:13: a rollback is either `steps` or `none` with a reason [bad-value]\n"
        "  help: write `{none: a restart leaves nothing to undo}`, or the steps",
    ),
    "a secret that the type does not take": (
        header("Connector", "metrics-eu") + "spec: {type: prometheus, with: {url: https://eu.example.com}, secrets: {tokn: env/TOKEN}}\n",
        "4:73: prometheus takes no secret `tokn` [bad-argument]\n  help: did you mean `token`?",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_mistake_is_said_once_and_exactly(case: str):
    """
    Each of these mistakes gives this finding, and no other.
    """
    text, finding = CASES[case]

    assert said(text) == [finding]


def test_an_unattended_repair_needs_four_things():
    """
    A fallback without hold, verify, rollback and guards gets a finding for each.
    """
    found = [finding.message for finding in findings(a_repair("  phase: fallback\n"))]

    assert found == [f"a remediation of phase `fallback` needs `{key}`" for key in ("guards.rate", "hold", "rollback", "verify")]


def test_a_misspelt_key_hides_nothing_behind_it():
    """
    What stands under a key that is misspelt is looked at as if it were spelt right.
    """
    text = header("Triage", "http", "platform") + "spec:\n  colect: [{name: up, use: metrix.query, with: {query: up}}]\n"

    assert [(finding.rule, finding.place.column) for finding in findings(text)] == [("unknown-key", 3), ("unknown-name", 28)]


def test_an_unknown_label_is_a_finding_where_labels_are_declared():
    """
    With declared labels, matchers may use those and the four that are always known.
    """
    settings = SETTINGS + "  labels: [alertname, instance]\n"
    text = an_escalation("  match: ['instnace=\"db-1\"', 'tier=\"1\"']\n" + LEVELS)

    assert said(text, settings=settings) == [
        "5:11: the label `instnace` is not declared [undeclared-label]\n"
        "  help: did you mean `instance`? Or declare it in `labels` of `watchbill.yaml`"
    ]


def test_all_findings_come_at_once_and_in_order():
    """
    Mistakes of several documents are reported together, sorted by place, and each names its document.
    """
    text = a_person("{zone: Mars/Base}") + "---\n" + an_escalation("  levels: [{page: ana, wait: soon}]\n")
    found = findings(text)

    assert [(finding.rule, finding.place.line, finding.document) for finding in found] == [
        ("unknown-zone", 4, "Person/cy"),
        ("bad-target", 10, "Escalation/payments-night"),
        ("bad-duration", 10, "Escalation/payments-night"),
    ]


def test_a_template_counts_as_any_text_or_number():
    """
    An argument that is filled in later is not held against the type that its action declares.
    """
    text = a_repair(
        "  phase: human-initiated\n  rollback: {steps: [{name: back, use: cluster.scale, "
        'with: {deployment: "{{ target }}", replicas: "{{ tier }}"}}]}\n'
    )

    assert said(text) == []


def test_an_update_and_a_target_are_known_where_they_are():
    """
    Channels of an audience may speak of the update, and nothing else may.
    """
    channel = (
        header("Audience", "staff", "support") + 'spec: {channels: [{use: chat.post, with: {channel: "#staff", text: "{{ body }}"}}]}\n'
    )
    page = an_escalation('  text: "{{ body }}"\n' + LEVELS)

    assert said(channel) == []
    assert [finding.rule for finding in findings(page)] == ["unknown-field"]


@pytest.mark.parametrize(
    "secret", ["xoxb-123456789012-abcdefghijkl", "https://eve:hunter22@chat.example.com", "0123456789abcdef0123456789abcdef"]
)
def test_a_secret_is_never_repeated(secret: str):
    """
    What looks like a secret in a call is reported, and is not in the finding.
    """
    text = header("Audience", "staff", "support") + f'spec: {{channels: [{{use: chat.post, with: {{channel: "{secret}"}}}}]}}\n'

    assert [finding.rule for finding in findings(text)] == ["secret-in-plain-text"]
    assert secret not in said(text)[0]


@pytest.mark.parametrize(
    "text", ["sum(rate(http_requests_total[5m]))", "#payments-alerts", "https://meet.example.com/checkout", "inc-{{ alert.name }}"]
)
def test_what_is_no_secret_is_let_through(text: str):
    """
    Queries, channels, addresses and templates are no secrets.
    """
    assert said(a_triage(f'{{name: up, use: metrics.query, with: {{query: "{text}"}}}}')) == []


def test_a_member_may_be_called_through_a_connector_of_their_team():
    """
    A person has no team of their own: a contact may use what belongs to a team whose member they are.
    """
    text = (
        header("Connector", "pager", "payments")
        + "spec: {type: twilio}\n---\n"
        + header("Person", "ana")
        + 'spec: {contacts: [{use: pager.call, to: "+351 555 0100"}]}\n---\n'
        + header("Person", "eve")
        + 'spec: {contacts: [{use: pager.call, to: "+351 555 0100"}]}\n'
    )

    assert [(finding.rule, finding.document) for finding in findings(text)] == [("not-granted", "Person/eve")]


def test_without_settings_there_are_no_policies():
    """
    Where the settings are missing, everything else is still looked at, and nothing is promised.
    """
    done = compiled(a_person("{zone: Mars/Base}"), settings=None)

    assert done.policies is None
    assert [finding.rule for finding in done.findings] == ["unknown-zone"]


def test_broken_settings_give_findings_and_no_policies():
    """
    Settings that name no team there is are a finding, and nothing is compiled with them.
    """
    done = compiled("", settings=SETTINGS.replace("fallback_team: platform", "fallback_team: platfrom"))

    assert done.policies is None
    assert [str(finding) for finding in done.findings] == [
        "watchbill.yaml:5:18: no team is called `platfrom` [unknown-name]\n  help: `platform` is, at ownership/shop.yaml:34"
    ]


def test_nothing_at_all_compiles_to_nothing():
    """
    No documents and no settings: no policies, no findings.
    """
    done = compile_policies([], {}, "4f2c1d9", None)

    assert (done.policies, done.findings, done.quarantined, done.documents) == (None, (), (), 0)


def test_secrets_are_found_wherever_settings_are_deep():
    """
    A setting inside a list or a mapping is looked at as well.
    """
    secret = "xoxb-123456789012-abcdefghijkl"
    text = header("Connector", "metrics-eu") + (
        f"spec: {{type: prometheus, with: {{url: https://eu.example.com, tenant: [{{a: {secret}}}]}}}}\n"
    )

    assert sorted(finding.rule for finding in findings(text)) == ["bad-argument", "secret-in-plain-text"]


def test_a_grant_is_to_a_team():
    """
    A grant names a team there is, and connectors and teams there are.
    """
    settings = SETTINGS + "    - {to: payments, connectors: [clustr]}\n    - {to: team/paymets, services_of: [suport]}\n"

    assert [(finding.rule, finding.place.line) for finding in findings("", settings=settings)] == [
        ("bad-target", 11),
        ("unknown-name", 11),
        ("unknown-name", 12),
        ("unknown-name", 12),
    ]


def test_the_repositorys_escalation_is_one_there_is():
    """
    Settings may name a default escalation.
    """
    assert [finding.rule for finding in findings("", settings=SETTINGS + "  escalation: payments-critical\n")] == []
    assert [finding.rule for finding in findings("", settings=SETTINGS + "  escalation: everybody\n")] == ["unknown-name"]


def test_arguments_inside_lists_and_mappings_are_templates_too():
    """
    Whatever the depth of an argument, what it speaks of is checked.
    """
    text = header("Audience", "staff", "support") + (
        'spec: {channels: [{use: chat.post, with: {channel: x, text: {a: ["{{ nobody }}"]}}}]}\n'
    )

    assert [finding.rule for finding in findings(text)] == ["bad-argument", "unknown-field"]


def test_oversight_needs_no_hold():
    """
    A remediation under oversight withholds no page, and needs the other three.
    """
    found = [finding.message for finding in findings(a_repair("  phase: oversight\n"))]

    assert found == [f"a remediation of phase `oversight` needs `{key}`" for key in ("guards.rate", "rollback", "verify")]


def test_a_brace_makes_no_template():
    """
    A query with braces of its own has nothing to fill in.
    """
    assert said(a_triage("{name: up, use: metrics.query, with: {query: 'up{job=\"node\"}'}}")) == []
