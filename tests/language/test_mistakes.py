"""Found before merge: what is a mistake, how it is told, and what texts mean."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.language.makers import COMPANY, PAGE, RESTART, SETTINGS, Written, a_watch, compiled, findings, policies, rules
from tests.makers import an_alert, at

DECLARED = SETTINGS + "  labels: [alertname, region]\n"
LEVELS = "levels: [{page: role/primary}]"


def when(condition: str) -> Written:
    """An escalation under this condition."""
    quoted = condition.replace("'", "''")
    return ("Escalation", "conditional", f"when: '{quoted}'\n{LEVELS}")


NIGHTS = ("TimeInterval", "nights", '{time_intervals: [{times: [{start_time: "22:00", end_time: "06:00"}]}]}', "")


def applies(condition: str, **labels: str) -> bool:
    """Whether an escalation under this condition takes an alert of checkout with these labels, at half past eleven."""
    watch = a_watch(NIGHTS, when(condition), now=at("2026-11-23T23:30Z"))
    watch.receives(an_alert(**labels))
    return "conditional" in [step.because.name for step in watch.steps("page")]


# --- how it is told -------------------------------------------------------------------


def test_all_at_once():
    """
    All mistakes of a repository are found at once, each with its file, its line, its column and the next thing to do.
    """
    documents = (
        ("Escalation", "one", "{levels: [{page: role/primry}], colour: red}"),
        ("Triage", "two", "{collect: [{name: up, use: metrcs.query, with: {query: up}}]}"),
        ("Comms", "three", "{audience: custmers, messages: {triggered: {body: '{{ alrt.name }}'}}}", "support"),
    )
    found = findings(*documents)

    assert [(str(each.place), each.rule) for each in found] == [
        ("policies/case.yaml:4:24", "unknown-name"),
        ("policies/case.yaml:4:39", "unknown-key"),
        ("policies/case.yaml:9:34", "unknown-name"),
        ("policies/case.yaml:14:18", "unknown-name"),
        ("policies/case.yaml:14:61", "unknown-field"),
    ]
    assert all(each.help for each in found)


MISTAKES: dict[str, tuple[str, tuple[Written, ...]]] = {
    "a key that is not known": ("unknown-key", (("Escalation", "x", f"colour: red\n{LEVELS}"),)),
    "a name that leads nowhere": ("unknown-name", (("Escalation", "x", "levels: [{page: person/zoe}]"),)),
    "a policy that can never win": (
        "unreachable-policy",
        (("Escalation", "x", f"""match: ['severity="info"']\n{LEVELS}"""), ("Escalation", "y", f"priority: 1\n{LEVELS}")),
    ),
    "two policies between which nothing decides": ("tied-policies", (("Escalation", "x", LEVELS), ("Escalation", "y", LEVELS))),
    "a label that the repository does not declare": ("undeclared-label", (("Escalation", "x", f"""match: ['regin="eu"']\n{LEVELS}"""),)),
    "a field that conditions do not have": ("unknown-field", (when("service.teir == `1`"),)),
    "a text compared with a number": ("never-equal", (when("severity == `1`"),)),
    "a variable that a template cannot have": ("unknown-field", (("Escalation", "x", f"text: '{{{{ service.nmae }}}}'\n{LEVELS}"),)),
    "a pattern that RE2 refuses": ("bad-pattern", (("Escalation", "x", f"""match: ['alertname=~"(?=x)"']\n{LEVELS}"""),)),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes(name: str):
    """
    Unknown keys, names that lead nowhere, policies that never win or tie, undeclared labels, fields and variables that cannot exist,
    texts compared with numbers and patterns that RE2 refuses are findings.
    """
    rule, documents = MISTAKES[name]

    assert rules(*documents, settings=DECLARED) == [rule]


@pytest.mark.parametrize(
    ("condition", "rule"),
    [
        ("tier < 1", "bad-condition"),
        ("!service.tier == `1`", "not-binds-tight"),
        ("severity > 'info'", "ordering-numbers"),
        ('alert.labels.region == "eu"', "unknown-field"),
    ],
)
def test_traps(condition: str, rule: str):
    """
    The traps of conditions are findings as well: a number without backticks, `!a.b`, which is read as `(!a).b`, texts that are ordered,
    double quotes around a text.
    """
    assert rules(when(condition)) == [rule]


def test_a_finding_stands_where_the_mistake_is():
    """
    A mistake is found in the document that has it and in no other, and the documents beside it compile.
    """
    done = compiled(PAGE, ("Remediation", "restart", RESTART.replace("for: 2m", "for: two minutes")))
    assert done.policies is not None

    assert [(finding.rule, finding.place.line) for finding in done.findings] == [("bad-duration", 16)]
    assert "payments-all" in done.policies.escalations
    assert len(done.policies.people) == COMPANY.count("kind: Person")


# --- what texts mean ------------------------------------------------------------------


def test_absent_is_null_in_conditions():
    """
    In a condition what is absent is null, and null is not the empty text.
    """
    assert applies("alert.labels.region == `null`")
    assert not applies("alert.labels.region == ''")
    assert not applies("alert.labels.region != `null`")


def test_absent_is_empty_in_matchers():
    """
    In a matcher an absent label compares as the empty text.
    """
    for match in ("""region="" """, """region!="eu" """, """region=~"|eu" """):
        watch = a_watch(("Escalation", "x", f"match: ['{match.strip()}']\n{LEVELS}"))
        watch.receives(an_alert())

        assert watch.step("page").because.name == "x"


def test_the_context_and_its_shorthands():
    """
    Conditions see `alert`, `service`, `team`, `incident` and `now`, and for short `severity`, `tier` and `env`, the last from the
    alert's label or else from the service.
    """
    assert applies(
        "alert.name == 'HighErrorRate' && service.owner == 'payments' && team.parent == 'engineering' && incident.alert_count == `1`"
    )
    assert applies("now == '2026-11-23T23:30:00Z' && severity == 'critical' && tier == `1` && env == 'prod'")
    assert applies("env == 'staging'", env="staging")


def test_functions():
    """
    Besides JMESPath's own functions there are `in_interval()`, for a `TimeInterval` by its name, and `weekday()` and `hour()` of a time
    in a zone; `to_number()` makes a number of a label.
    """
    assert applies("weekday(now) == 'mon' && hour(now) == `23`")
    assert applies("weekday(now, 'Asia/Singapore') == 'tue' && hour(now, 'Asia/Singapore') == `7`")
    assert applies("to_number(alert.labels.load) > `5`", load="10")
    assert applies("in_interval('nights')")
    assert not applies("in_interval('nights', incident.opened_at) && tier == `2`")


def test_yaml_1_2():
    """
    YAML is 1.2: `no`, `on` and `12:30` are texts.
    """
    watch = a_watch(("Escalation", "payments-all", f"text: no\n{LEVELS}"))
    watch.receives(an_alert())
    layer = "{name: on, rotation: {every: 1d, start: 2026-01-05 12:30}, participants: [ana], hours: [{from: 12:30, to: 13:30}]}"
    schedule = f"layers: [{layer}]\ngaps: {{allowed: yes}}"
    found = policies(("Schedule", "lunch", schedule)).schedules["lunch"]

    assert watch.step("page").text == "no"
    assert (found.layers[0].name, found.layers[0].hours[0].start, found.gaps_allowed) == ("on", 750, "yes")


def test_durations():
    """
    Durations are written as in Prometheus: `1h30m`, `90s`, `1d`, `2w`.
    """
    found = {
        text: policies(("Service", "checkout", f"{{tier: 1, deadline: {text}}}")).services["checkout"].deadline
        for text in ("1h30m", "90s", "1d", "2w")
    }

    assert found == {"1h30m": timedelta(minutes=90), "90s": timedelta(seconds=90), "1d": timedelta(days=1), "2w": timedelta(days=14)}
    assert rules(("Service", "checkout", "{tier: 1, deadline: 90 minutes}")) == ["bad-duration"]


def test_times():
    """
    Instants are written as in RFC 3339, with an offset.
    """
    said = "schedule: payments-primary\nperson: bo\n"

    assert rules(("Override", "x", said + "from: 2030-12-24T09:00:00+01:00\nto: 2030-12-25T09:00:00Z")) == []
    assert rules(("Override", "x", said + "from: 2030-12-24T09:00:00\nto: 2030-12-25T09:00:00Z")) == ["bad-time"]


def test_patterns():
    """
    Patterns are RE2's, and have to match the whole value.
    """
    anchored = ("Escalation", "x", f"""match: ['alertname=~"High|Stuck.*"']\n{LEVELS}""")
    found = []
    for name in ("High", "HighErrorRate", "StuckWorker", "NotStuck"):
        watch = a_watch(anchored)
        watch.receives(an_alert(alertname=name))
        found.append(watch.step("page").because.name == "x")

    assert found == [True, False, True, False]
