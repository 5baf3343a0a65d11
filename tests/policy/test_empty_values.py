"""Values that say nothing, or nothing that could be meant: each is a finding, with the next thing to do."""

from __future__ import annotations

import pytest

from tests.policy.makers import SETTINGS, findings, header, said

COMMS = header("Comms", "all", "support")
PERSON = header("Person", "carol")
SCHEDULE = header("Schedule", "desk", "platform")
LAYER = 'name: base, rotation: {every: 1w, start: "2026-01-05 09:00"}, participants: [ana]'
INTERVAL = header("TimeInterval", "odd")
SERVICE = header("Service", "search", "payments")
ESCALATION = header("Escalation", "all", "payments")
REMEDIATION = header("Remediation", "restart", "payments")
STEPS = "steps: [{name: restart, use: cluster.rollout-restart, with: {deployment: checkout}}]"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (PERSON + 'spec: {full_name: ""}\n', "full_name"),
        (PERSON + 'spec: {contacts: [{use: phone.call, to: " "}]}\n', "to"),
        (PERSON + "spec: {leave: [{from: 2026-12-21, reason: ''}]}\n", "reason"),
        (header("Team", "search") + 'spec: {chat: ""}\n', "chat"),
        (SERVICE + 'spec: {tier: 1, environment: ""}\n', "environment"),
        (SERVICE + 'spec: {tier: 1, links: [{title: "", url: "https://example.com"}]}\n', "title"),
        (ESCALATION + 'spec: {text: "", levels: [{page: role/primary}]}\n', "text"),
        (COMMS + 'spec: {audience: customers, messages: {triggered: {body: "\\n"}}}\n', "body"),
        (COMMS + 'spec: {audience: customers, messages: {triggered: {subject: "", body: x}}}\n', "subject"),
        (REMEDIATION + f'spec: {{phase: human-initiated, target: "", {STEPS}}}\n', "target"),
        (REMEDIATION + f'spec: {{phase: human-initiated, target: x, runbook: "", {STEPS}}}\n', "runbook"),
        (SCHEDULE + f"spec: {{layers: [{{{LAYER}}}], gaps: {{allowed: ''}}}}\n", "allowed"),
        (SCHEDULE + f"spec: {{layers: [{{{LAYER}, hours: []}}]}}\n", "hours"),
        (SCHEDULE + f'spec: {{layers: [{{{LAYER}, hours: [{{days: [], from: "08:00", to: "09:00"}}]}}]}}\n', "days"),
        (INTERVAL + "spec: {time_intervals: [{weekdays: []}]}\n", "weekdays"),
        (INTERVAL + "spec: {time_intervals: [{times: []}]}\n", "times"),
        (INTERVAL + "spec: {time_intervals: [{months: []}]}\n", "months"),
        (SETTINGS + "  folders: []\n", "folders"),
    ],
)
def test_what_says_nothing_is_a_finding(text: str, key: str):
    """
    A text of nothing but spaces, and an empty list where an item is needed, are said to be empty, at their place.
    """
    assert [(finding.rule, finding.message) for finding in findings(text)] == [("bad-value", f"`{key}` is empty")]


def test_an_empty_team_is_no_team():
    """
    `team: ""` is not the same as no team.
    """
    assert said(header("Person", "carol", "''") + "spec: {}\n") == [
        "3:31: `team` is empty [bad-name]\n  help: name the team whose document this is"
    ]


@pytest.mark.parametrize("url", ["x", "grafana.example.com/d/1", "ftp://example.com", "https://", "https:///d", "https://{{ x }}/d", "//x"])
def test_a_link_leads_somewhere(url: str):
    """
    The address of a link is one of the web.
    """
    (finding,) = findings(SERVICE + f'spec: {{tier: 1, links: [{{title: Dashboard, url: "{url}"}}]}}\n')

    assert (finding.rule, finding.message) == ("bad-value", f"`url` cannot be `{url}`")
    assert "https://grafana.example.com" in finding.help


def test_a_language_is_a_tag():
    """
    The language of an audience is written as its tag.
    """
    text = header("Audience", "staff", "support") + "spec: {channels: [{use: statuspage.post}], language: english}\n"

    assert [finding.message for finding in findings(text)] == ["`language` cannot be `english`"]


@pytest.mark.parametrize(
    ("text", "message", "help"),
    [
        (
            COMMS + "spec: {audience: customers, review: {by: role/primary, wait: 0s, then: send}, messages: {triggered: {body: x}}}\n",
            "`wait` is `0s`",
            "it has to be longer than nothing",
        ),
        (
            COMMS + "spec: {audience: customers, cadence: 30m, remind: 30m, messages: {triggered: {body: x}}}\n",
            "`remind` is `30m`, and an update is due every `30m`",
            "let it be shorter than `cadence`",
        ),
        (
            ESCALATION + "spec: {repeat: 3, levels: [{page: role/primary, wait: 0s}]}\n",
            "no level waits, so all rounds would be at once",
            "give one of the levels a `wait`, or take `repeat` away",
        ),
    ],
)
def test_a_wait_that_is_none_is_found(text: str, message: str, help: str):
    """
    Durations that leave nobody time, or come too late, are findings.
    """
    assert [(finding.rule, finding.message, finding.help) for finding in findings(text)] == [("bad-duration", message, help)]


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (f"phase: human-initiated, target: x, allow: {{run: []}}, {STEPS}", "nobody may start it, and it does not start by itself"),
        (f"phase: human-initiated, target: x, guards: {{rate: {{max: 0, in: 1d}}}}, {STEPS}", "with this `rate` it never runs"),
        (f"phase: human-initiated, target: x, guards: {{concurrency: {{max: 0}}}}, {STEPS}", "with this `concurrency` it never runs"),
        (f"phase: human-initiated, target: x, approvals: 1000, allow: {{approve: [role/primary]}}, {STEPS}", "`approvals` is 1000"),
    ],
)
def test_a_remediation_that_can_never_run_is_found(spec: str, message: str):
    """
    A limit or a list that lets a remediation never run is a finding.
    """
    assert [(finding.rule, finding.message) for finding in findings(REMEDIATION + f"spec: {{{spec}}}\n")] == [("bad-value", message)]


def test_a_hub_that_opens_nothing_is_found():
    """
    People who are asked into a hub that has neither a channel nor a bridge are asked into nothing.
    """
    text = ESCALATION + "spec: {levels: [{page: role/primary}], hub: {invite: [role/incident-commander]}}\n"

    assert [(finding.rule, finding.level) for finding in findings(text)] == [("no-effect", "warning")]


@pytest.mark.parametrize("url", ["{{ ", "https://{{ service.name }}.example.com", "{% if x %}"])
def test_settings_of_a_connector_are_no_templates(url: str):
    """
    What a connector is set to is there before any alert, so that nothing in it can be filled in.
    """
    text = header("Connector", "own") + f'spec: {{type: prometheus, with: {{url: "{url}"}}}}\n'

    assert [(finding.rule, finding.message) for finding in findings(text)] == [
        ("bad-argument", "`url` holds a template, and settings are not filled in")
    ]


def test_an_address_of_a_contact_is_no_template():
    """
    A number to call is written out.
    """
    (finding,) = findings(PERSON + 'spec: {contacts: [{use: phone.call, to: "{{ x }}"}]}\n')

    assert finding.rule == "bad-argument"


# --- twice ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (header("Team", "search") + "spec: {members: [ana, bo, ana]}\n", "`ana`"),
        (SERVICE + "spec: {tier: 1, depends_on: [orders-db, {service: orders-db, inhibits: true}]}\n", "`orders-db`"),
        (ESCALATION + "spec: {match: ['a=\"b\"', 'a=\"b\"'], levels: [{page: role/primary}]}\n", '`a="b"`'),
        (PERSON + 'spec: {contacts: [{use: phone.call, to: "+1 555"}, {to: "+1 555", use: phone.call}]}\n', "the same"),
        (SCHEDULE + f"spec: {{layers: [{{{LAYER}, holidays: [{{country: PT}}, {{country: PT}}]}}]}}\n", "the same"),
        (INTERVAL + "spec: {time_intervals: [{weekdays: [monday, monday]}]}\n", "`monday`"),
        (SETTINGS + "    - {to: team/platform, connectors: [cluster, cluster]}\n", "`cluster`"),
    ],
)
def test_what_stands_twice_is_found(text: str, what: str):
    """
    An item that stands in its list already is a warning, at the second.
    """
    assert [(finding.rule, finding.message, finding.level) for finding in findings(text)] == [
        ("no-effect", f"{what} stands in this list already", "warning")
    ]


def test_turns_may_come_back():
    """
    A participant may have two turns of a rotation, and a contact be tried again later.
    """
    layer = LAYER.replace("[ana]", "[ana, bo, ana]")
    contacts = '[{use: phone.call, to: "+1 555"}, {use: phone.call, to: "+1 555", after: 5m}]'

    assert said(SCHEDULE + f"spec: {{layers: [{{{layer}}}]}}\n---\n" + PERSON + f"spec: {{contacts: {contacts}}}\n") == []


# --- what to do next --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            COMMS + "spec: {audience: customers, review: true, messages: {triggered: {body: x}}}\n",
            "`review` should be a mapping, not true or false: write `{by: …, then: …}`; besides, there may be `wait`",
        ),
        (
            COMMS + "spec: {audience: customers, messages: {triggered: We look into it.}}\n",
            "`triggered` should be a mapping, not text: write `{body: …}`; besides, there may be `subject`",
        ),
        (
            COMMS + "spec: {audience: customers, review: {by: role/primary}, messages: {triggered: {body: x}}}\n",
            "missing key `then` in `review`: add it: `then` is `send` or `hold`",
        ),
        (
            header("Triage", "http", "platform") + "spec: {collect: [{name: up, use: metrics.query, query: up}]}\n",
            "unknown key `query` in `collect`: what the action takes stands under `with`; "
            "the keys here are `use`, `with`, `name`, `title` and `timeout`",
        ),
        (
            header("Connector", "own") + 'spec: {type: prometheus, url: "https://example.com"}\n',
            "unknown key `url` in a Connector: what the type takes stands under `with`; "
            "the keys here are `type`, `with`, `secrets`, `mode` and `tells`",
        ),
        (
            SERVICE + "spec: {tier: 1, depends_on: [5]}\n",
            "an item of `depends_on` should be text or a mapping, not a number: write text or `{service: …}`",
        ),
        (
            header("Override", "swap")
            + "spec: {schedule: schedule/payments-primary, person: bo, from: 2026-12-24T09:00:00Z, to: 2026-12-25T09:00:00Z}\n",
            "`schedule/payments-primary` is a target, and here stands a name: write `payments-primary`",
        ),
        (
            header("Override", "swap")
            + "spec: {schedule: role/primary, person: bo, from: 2026-12-24T09:00:00Z, to: 2026-12-25T09:00:00Z}\n",
            "`role/primary` is a target, and here stands the name of a Schedule: "
            "write the name of a Schedule: there is only `payments-primary`",
        ),
        (
            header("Team", "search") + "spec: {roles: {primary: schedule/role/lead}}\n",
            "`schedule/role/lead` is no target: write `role/lead`",
        ),
    ],
)
def test_the_help_says_what_belongs_there(text: str, expected: str):
    """
    One mistake is one finding, and its help says what to write in its place.
    """
    assert [f"{finding.message}: {finding.help}" for finding in findings(text)] == [expected]
