"""Documents: what each looks like, and where it may stand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from tests.language.makers import COMPANY, PAGE, RESTART, SETTINGS, TELL, Written, compiled, document, policies, rules, text_of, watch_of
from tests.makers import an_alert
from watchbill.connectors.catalogue import catalogue
from watchbill.model.policyset import PolicySet
from watchbill.policy import load
from watchbill.policy.documents import KINDS
from watchbill.policy.schema import file_of, schemas

WHOLE: tuple[Written | str, ...] = (
    SETTINGS.replace("company", "whole")
    + """\
  folders: [ownership, policies]
  zone: Europe/Lisbon
  labels: [alertname, instance, job, region]
  severities: {blocker: critical}
  escalation: payments-default
  rules: {undeclared-label: warning}
  fallback_wait: 10m
  alarm_every: 20m
  acknowledge: {expires: 8h, remind: 30m}
  last_resort: {use: phone.sms, with: {to: "+351 555 0199"}}
  synthetic_page: {use: phone.call, with: {to: "+351 555 0199"}, every: 1w}
""",
    (
        "Person",
        "zoe",
        """\
full_name: Zoe Q.
zone: Europe/Lisbon
contacts: [{use: phone.call, to: "+351 555 0110"}, {use: phone.sms, to: "+351 555 0110", after: 2m, rings: false}]
leave: [{from: 2026-12-21, to: 2027-01-03, reason: holiday}]
quiet_hours: {hours: [{days: mon-sun, from: "22:00", to: "07:00"}], zone: Europe/Lisbon}
""",
        "",
    ),
    (
        "Team",
        "cards",
        """\
parent: payments
members: [zoe]
roles: {primary: schedule/cards-primary, secondary: person/zoe, lead: role/lead@payments}
escalation: payments-default
chat: "#team-cards"
acknowledge: {expires: 2h}
""",
        "",
    ),
    (
        "Service",
        "card-gateway",
        """\
tier: 1
environment: prod
claims: ['job="card-gateway"']
escalation: payments-default
depends_on: [checkout, {service: orders-db, inhibits: true}]
deadline: 15m
links: [{title: Dashboard, url: https://grafana.example.com/d/cards}]
bindings: {metrics: metrics-eu}
""",
        "cards",
    ),
    ("Connector", "metrics-eu", "{type: prometheus, with: {url: https://eu.example.com}, secrets: {token: env/EU}, mode: live}", ""),
    ("Connector", "gateway", "{type: webhook, with: {url: https://gateway.example.com}, tells: true}", ""),
    (
        "Schedule",
        "cards-primary",
        """\
zone: Europe/Lisbon
layers:
  - name: base
    zone: Asia/Singapore
    rotation: {every: 1w, start: "2026-01-05 09:00"}
    participants: [zoe, ana]
    hours: [{days: mon-fri, from: "08:00", to: "20:00"}]
    until: "2030-12-31 09:00"
    holidays: [{country: PT}, {date: 2026-12-24, name: Christmas Eve}]
gaps: {allowed: nights go to payments}
""",
        "cards",
    ),
    (
        "Override",
        "ana-for-zoe",
        "{schedule: cards-primary, person: ana, instead_of: zoe, from: 2030-12-24T09:00:00Z, to: 2030-12-25T09:00:00Z, reason: a trip}",
        "cards",
    ),
    (
        "Escalation",
        "payments-default",
        """\
match: ['severity="critical"']
when: "tier == `1`"
during: office-hours
priority: 1
levels: [{page: [role/primary, person/cy], wait: 5m, notify: [{use: chat.post, with: {channel: "#payments"}}], during: office-hours}]
repeat: 2
continue: false
ack: shared
acknowledge: {expires: 4h, remind: 15m}
joined: page
text: "{{ alert.name }} on {{ service.name }}"
hub: {channel: {use: chat.open-channel, with: {name: "inc-{{ service.name }}"}}, invite: [role/incident-commander]}
""",
    ),
    (
        "Triage",
        "http",
        """\
match: ['job="card-gateway"']
when: "tier == `1`"
during: office-hours
priority: 1
budget: 30s
collect: [{name: errors, title: the error rate, use: metrics.query, with: {query: errors}, timeout: 10s}]
""",
    ),
    (
        "Audience",
        "staff",
        """\
title: Everybody here
channels: [{use: chat.post, with: {channel: "#staff", text: "{{ body }}"}}]
liaison: role/customer-liaison@support
language: en
zone: UTC
quiet_hours: {hours: [{days: sat-sun, from: "00:00", to: "24:00"}]}
""",
        "support",
    ),
    (
        "Comms",
        "tell-staff",
        """\
match: ['severity="critical"']
when: "tier == `1`"
during: office-hours
priority: 1
audience: staff
first: 15m
cadence: 30m
remind: 5m
review: {by: role/customer-liaison@support, wait: 10m, then: send}
messages:
  triggered: {subject: It began, body: We are looking into it.}
  acknowledged: {body: We are working on it.}
  mitigated: {body: It works again.}
  resolved: {body: It is over.}
  unchanged: {body: No change.}
""",
        "support",
    ),
    (
        "Remediation",
        "restart-checkout",
        RESTART
        + """\
when: "env == 'prod'"
during: office-hours
priority: 1
precondition: "incident.reopen_count < `3`"
approvals: 1
approval_expires: 15m
allow: {run: [team/payments], approve: [role/incident-commander]}
mode: live
""",
    ),
    (
        "Grouping",
        "per-region",
        """\
match: ['service="checkout"']
when: "tier == `1`"
during: office-hours
priority: 1
by: [region]
wait: 10s
reopen: 1h
flapping: {returns: 3, in: 15m, quiet: 15m}
""",
    ),
    (
        "Inhibition",
        "db-hides",
        """\
source: {match: ['alertname="DatabaseDown"'], when: "tier == `1`"}
target: {match: ['severity="critical"']}
equal: [region]
depends_on: true
during: office-hours
""",
        "engineering",
    ),
    (
        "Silence",
        "move",
        "{match: ['service=\"checkout\"'], when: 'tier==`1`', author: bo, reason: x, from: 2030-12-05T22:00:00Z, to: 2030-12-06T09:00:00Z}",
    ),
    (
        "Silence",
        "nightly",
        "{match: ['service=\"checkout\"'], author: ana, reason: a batch, during: office-hours, expires: 2030-03-01T00:00:00Z}",
    ),
    (
        "TimeInterval",
        "office-hours",
        """\
location: Europe/Lisbon
time_intervals:
  - times: [{start_time: "09:00", end_time: "18:00"}]
    weekdays: ["monday:friday"]
    days_of_month: ["1:15", "-3:-1"]
    months: ["january:december"]
    years: ["2026:2036"]
""",
        "",
    ),
    (
        "Guardrail",
        "season",
        """\
match: ['tier="1"']
when: "env == 'prod'"
during: office-hours
ceiling: oversight
freeze: {from: 2030-12-20T00:00:00Z, to: 2031-01-04T00:00:00Z, humans_too: false, reason: the busiest weeks}
approvals: 2
hold: 5m
rate: {max: 10, in: 1h, per: repository}
concurrency: {max: 3, per: team}
reason: the busiest weeks
""",
        "",
    ),
    (
        "Source",
        "uptime",
        """\
type: custom
auth: {hmac: {secret: env/UPTIME_KEY, header: X-Uptime-Signature}}
alerts: "incidents[]"
fields:
  status: {from: state, map: {DOWN: firing, UP: resolved}, default: firing}
  labels.alertname: {from: monitor.name}
  labels.service: {from: monitor.tags.service, default: ""}
  starts_at: {from: at}
labels: {region: eu}
""",
        "platform",
    ),
    (
        "Probe",
        "checkout-home",
        """\
service: checkout
use: metrics.query
with: {query: up}
every: 1m
timeout: 10s
expect: "value == `1`"
for: 3m
alert: {name: CheckoutDown, severity: critical, labels: {region: eu}, annotations: {summary: It is gone.}}
""",
    ),
    (
        "PolicyTest",
        "checkout",
        """\
at: 2026-11-23T12:00:00Z
given: {alerts: [{labels: {alertname: HighErrorRate, service: checkout, severity: <severity>}}]}
cases: [{name: it is owned, expect: {owner: payments}}]
table: {columns: [severity], rows: [[critical], [warning]]}
""",
    ),
)
"""Documents of every kind that say everything that one of their kind can say, and in which nothing is wrong."""


def test_what_a_document_begins_with():
    """
    Every document has `apiVersion: watchbill/v1`, a `kind`, `metadata` (`name`, `team`, `labels`, `description`) and a `spec`.
    """
    whole = document(*PAGE).replace("team: payments}", "team: payments, labels: {cost-centre: '4711'}, description: who is called}")

    assert rules(whole) == []
    assert rules(whole.replace("watchbill/v1", "watchbill/v2")) == ["unknown-version"]
    assert rules(whole.replace("description", "descripton")) == ["unknown-key"]
    assert rules(whole + "extra: 1\n") == ["unknown-key"]


def test_every_kind_says_what_its_page_lists():
    """
    A document of each kind may say all that the [page of its kind](kinds/README.md) lists.
    """
    done = compiled(*WHOLE[1:], settings=str(WHOLE[0]))
    written: dict[str, set[str]] = {}
    for each in yaml.load_all(text_of(*WHOLE) + "---\n" + COMPANY, yaml.CSafeLoader):
        written.setdefault(each["kind"], set()).update(each["spec"])
    known = {
        kind: {field.alias or name for name, field in model.model_fields["spec"].annotation.model_fields.items()}
        for kind, model in KINDS.items()
    }

    assert [str(finding) for finding in done.findings] == []
    assert written == known


def test_every_kind_has_a_schema():
    """
    For every kind there is a JSON Schema of the dialect 2020-12, with a description of every key, that takes its documents.
    """
    written = schemas()
    for each in yaml.load_all(text_of(*WHOLE) + "---\n" + COMPANY, yaml.CSafeLoader):
        schema: Any = written[file_of(each["kind"])]
        undescribed = [key for key, value in schema["$defs"][f"{each['kind']}Spec"]["properties"].items() if "description" not in value]

        assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
        assert undescribed == []
        assert [error.message for error in Draft202012Validator(schema).iter_errors(json.loads(json.dumps(each, default=str)))] == []


def kinds_and_names(found: PolicySet) -> list[tuple[str, ...]]:
    """All names, by kind."""
    return [
        tuple(sorted(each)) for each in (found.people, found.teams, found.services, found.schedules, found.escalations, found.connectors)
    ]


def test_files_and_folders_mean_nothing():
    """
    A file may hold several documents, and in which file or folder of the repository one stands means nothing.
    """
    together = policies(PAGE)
    apart = policies(files={"ownership/deep/down/escalations.yaml": document(*PAGE)})
    watches = [watch_of(together), watch_of(apart)]
    for watch in watches:
        watch.receives(an_alert())
        watch.passes(minutes=30)

    assert kinds_and_names(together) == kinds_and_names(apart)
    assert watches[0].paged == watches[1].paged


def test_settings(tmp_path: Path):
    """
    `watchbill.yaml` at the root, of kind `Settings`, names the folders, the fallback team, the zone, the known labels, the words for
    severities and the grants.
    """
    (tmp_path / "watch").mkdir()
    (tmp_path / "policies").mkdir()
    (tmp_path / "watchbill.yaml").write_text(SETTINGS + "  folders: [watch]\n  labels: [region]\n  severities: {blocker: critical}\n")
    (tmp_path / "watch" / "company.yaml").write_text(COMPANY)
    (tmp_path / "policies" / "not-read.yaml").write_text(document(*PAGE))
    done = load(tmp_path, catalogue())
    assert done.policies is not None
    settings = done.policies.settings

    assert [str(finding) for finding in done.findings] == []
    assert done.policies.escalations == {}
    assert (settings.fallback_team, settings.labels, dict(settings.severities)) == ("platform", ("region",), {"blocker": "critical"})
    assert [(grant.team, grant.services_of) for grant in settings.grants] == [("support", ("*",))]


def test_names_are_unique_per_kind():
    """
    A name is unique among all documents of its kind in the repository; documents of other kinds may have it too.
    """
    same_name = (
        ("Escalation", "checkout", "{levels: [{page: role/primary}]}"),
        ("Triage", "checkout", WHOLE[9][2].replace("during: office-hours\n", "")),
    )

    assert rules(*same_name) == []
    assert rules(PAGE, PAGE) == ["duplicate-name"]


def test_the_newcomer_is_quarantined():
    """
    Of two documents with one name the newcomer, in the order of files and lines, is quarantined, and never the incumbent.
    """
    taken = document("Escalation", "payments-all", "{levels: [{page: person/guy}]}", "security")
    done = compiled(files={"policies/a.yaml": document(*PAGE), "policies/b.yaml": taken})
    assert done.policies is not None

    assert [(finding.rule, finding.place.file) for finding in done.findings] == [("duplicate-name", "policies/b.yaml")]
    assert done.quarantined == ("Escalation/payments-all",)
    assert done.policies.escalations["payments-all"].ref.team == "payments"


def test_a_team_joins_in_one_file():
    """
    A team joins with files of its own and touches nobody else's: what stood there before compiles to the same.
    """
    before = policies(PAGE)
    new = text_of(
        ("Person", "zoe", '{contacts: [{use: phone.call, to: "+351 555 0110"}]}', ""),
        ("Team", "cards", "{parent: payments, members: [zoe], roles: {primary: person/zoe}}", ""),
        ("Service", "card-gateway", "{tier: 1}", "cards"),
        ("Escalation", "cards-all", "{levels: [{page: role/primary}]}", "cards"),
    )
    after = policies(PAGE, files={"policies/cards.yaml": new})

    assert {name: after.teams[name] for name in before.teams} == before.teams
    assert {name: after.services[name] for name in before.services} == before.services
    assert {name: after.escalations[name] for name in before.escalations} == before.escalations
    assert set(after.teams) - set(before.teams) == {"cards"}


# --- quarantine -----------------------------------------------------------------------


def test_what_does_not_compile_is_quarantined_and_named():
    """
    What does not compile is quarantined and named, and all the rest holds: one team's broken file never breaks another team.
    """
    broken = {
        "policies/cards.yaml": "kind: Team\n  this: [is no: YAML",
        "policies/data.yaml": document("Escalation", "data-all", "{levels: 3}", "data"),
    }
    done = compiled(PAGE, files=broken)
    assert done.policies is not None
    watch = watch_of(done.policies)
    watch.receives(an_alert())

    assert {finding.place.file for finding in done.findings} == set(broken)
    assert "Escalation/data-all" in done.quarantined
    assert watch.paged == [("12:00", "ana")]


@pytest.mark.parametrize("team", ["payments", "data"])
def test_references_to_what_is_quarantined_break_nothing(team: str):
    """
    Whatever names a quarantined document takes it for one that cannot be reached, and is no second mistake.
    """
    broken = document("Person", "ana", "{colour: red}", "")
    done = compiled(PAGE, broken, ("Comms", "tell", TELL, "support"))
    assert done.policies is not None
    watch = watch_of(done.policies)
    watch.receives(an_alert(service={"payments": "checkout", "data": "orders-db"}[team]))

    assert [finding.rule for finding in done.findings] == ["unknown-key"]
    assert watch.paged == [("12:00", {"payments": "bo", "data": "fay"}[team])]
