"""Found before merge: what is a mistake, how it is told, and what texts mean."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.language.makers import COMPANY, PAGE, RESTART, SETTINGS, Written, a_watch, compiled, findings, plans, policies, rules, text_of
from tests.makers import an_alert, at
from watchbill.cli.editions import lost
from watchbill.connectors import capability
from watchbill.connectors.capability import NoSecret, Process
from watchbill.connectors.catalogue import catalogue
from watchbill.execute.policies import Edition
from watchbill.policy import compile_files
from watchbill.policy.loading import PolicyFiles

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


# --- what cannot be carried out -------------------------------------------------------

PAGER = ("Connector", "pager", "{type: webhook, with: {url: https://pager.example.com}, secrets: {token: env/SHOP_PAGER}}", "")
VOICE = ("Connector", "voice", '{type: twilio, with: {account_sid: AC00000000000000000000000000000000, from: "+1 212 555 0199"}}', "")


def reached_by(name: str, *uses: str) -> Written:
    """Somebody whose contacts are these."""
    ways = ", ".join(f"""{{use: {use}, to: "{"+351 555 0100" if use == "voice.call" else name}"}}""" for use in uses)
    return ("Person", name, f"{{contacts: [{ways}]}}", "")


def beyond(*documents: Written, process: Process | None = None) -> list[tuple[str, str, str | None]]:
    """What of the company with these documents cannot be carried out, by level, rule and document."""
    done = compiled(*documents)
    assert done.policies is not None
    found = capability.findings(done.policies, catalogue(), process)
    return [(each.level, each.rule, each.document) for each in found]


def test_what_is_not_carried_out():
    """
    What this version does not carry out is found before merge: a connector of which it only plans with what is used, a `Probe`, and
    whatever is in `mode: shadow` are warnings.
    """
    probe = (
        "Probe",
        "home",
        "{service: checkout, use: web.get, every: 1m, expect: 'status == `200`', alert: {name: Down, severity: critical}}",
    )
    web = ("Connector", "web", "{type: http, mode: shadow, with: {url: https://shop.example.com}}", "")

    found = beyond(VOICE, PAGER, probe, web, reached_by("ana", "pager.page", "voice.call"))

    assert {
        ("warning", "not-carried-out", "Connector/voice"),
        ("warning", "not-carried-out", "Probe/home"),
        ("warning", "in-shadow", "Connector/web"),
    } <= set(found)


def test_whom_nobody_reaches():
    """
    A person none of whose contacts can leave, a service that would reach nobody, and a `last_resort` or a `synthetic_page` that cannot act
    are errors, and only where that is sure.
    """
    settings = SETTINGS + "  last_resort: {use: voice.call, with: {to: '+351 555 0100'}}\n"
    done = compiled(VOICE, PAGER, reached_by("ana", "voice.call"), reached_by("bo", "voice.call", "pager.page"), settings=settings)
    assert done.policies is not None
    others = [reached_by(name, "voice.call") for name in done.policies.people if name != "ana"]

    errors = [each for each in capability.findings(done.policies, catalogue()) if each.level == "error"]
    assert "Person/ana" in [each.document for each in errors]
    assert "Person/bo" not in [each.document for each in errors]
    assert "`last_resort` reaches nobody (`voice.call`: not carried out by this version)" in [each.message for each in errors]
    assert ("error", "reaches-nobody", "Service/checkout") in beyond(VOICE, PAGER, *others, reached_by("ana", "voice.call"))
    assert ("error", "reaches-nobody", "Service/checkout") not in beyond(VOICE, PAGER, *others, reached_by("ana", "pager.page"))


def test_a_finding_about_reach_takes_nothing_away():
    """
    A finding about reach takes no document away and refuses no reload.
    """
    before, after = (
        compile_files(
            PolicyFiles({"watchbill.yaml": SETTINGS.encode(), "case.yaml": text_of(COMPANY, VOICE, PAGER, ana).encode()}, (), ""),
            catalogue(),
            judge=lambda policies: capability.findings(policies, catalogue()),
        )
        for ana in (reached_by("ines", "pager.page"), reached_by("ines", "voice.call"))
    )
    assert before.policies is not None
    assert after.policies is not None

    assert "Person/ines" not in [each.document for each in before.beyond]
    assert "Person/ines" in [each.document for each in after.beyond if each.level == "error"]
    assert (after.quarantined, "ines" in after.policies.people) == ((), True)
    assert lost(Edition(after.policies, {}), Edition(before.policies, {})) == ()


def test_the_same_on_every_machine():
    """
    `validate` finds the same on every machine; what secrets, programs, libraries and leave a process lacks is told by `doctor`, `serve`
    and `run`.
    """
    documents = (VOICE, PAGER, reached_by("ana", "pager.page"))
    lacking = Process(secrets={"env/SHOP_PAGER": NoSecret("it is not set", has_leave=True)})

    assert ("error", "reaches-nobody", "Person/ana") not in beyond(*documents)
    assert ("error", "reaches-nobody", "Person/ana") in beyond(*documents, process=lacking)
    assert ("warning", "missing-secret", "Connector/pager") in beyond(*documents, process=lacking)


def test_the_plan_marks_it():
    """
    A plan marks each contact, post, room, piece of evidence, channel and step that this version does not carry out, or that is in shadow,
    where it stands.
    """
    board = ("Connector", "board", "{type: slack}", "")
    looks = ("Connector", "looks", "{type: loki, with: {url: https://logs.example.com}}", "")
    trial = ("Connector", "trial", "{type: log, mode: shadow}", "")
    journal = ("Connector", "journal", "{type: log}", "")
    rung = "{page: person/ana, notify: [{use: board.post, with: {channel: '#x'}}]}"
    hub = "{channel: {use: board.open-channel, with: {name: inc}}}"
    (found,) = plans(
        VOICE,
        PAGER,
        board,
        looks,
        trial,
        journal,
        reached_by("ana", "pager.page", "voice.call"),
        ("Escalation", "payments-all", f"levels: [{rung}]\nhub: {hub}"),
        ("Triage", "logs", "{collect: [{name: lines, use: looks.query-range, with: {query: '{app=\"x\"}'}}]}"),
        ("Audience", "staff", "{channels: [{use: trial.write}, {use: journal.write}]}"),
        ("Comms", "staff", "{audience: staff, first: 0s, messages: {triggered: {subject: it is slow, body: we look}}}"),
        (
            "Remediation",
            "restart",
            "{phase: human-initiated, target: x, steps: [{name: ask, use: trial.write}], rollback: {none: nothing}}",
        ),
    )
    person = found.escalations[0].pages[0].people[0]

    assert [(contact.use, contact.mark) for contact in person.contacts] == [("pager.page", None), ("voice.call", "not-carried-out")]
    assert [post.mark for post in found.posts] == ["not-carried-out"]
    assert found.hub is not None
    assert found.hub.channel_mark == "not-carried-out"
    assert [piece.mark for piece in found.evidence if piece.name == "lines"] == ["not-carried-out"]
    assert [update.marks for update in found.updates if update.audience == "staff"] == [("shadow", None)]
    assert [repair.marks for repair in found.repairs if repair.name == "restart"] == [("shadow",)]
