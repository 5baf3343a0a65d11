"""What good documents become: exact values of the model, each with the place it stands at."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from tests.policy.makers import SETTINGS, SHOP, compiled, header, loaded, policies
from watchbill.errors import Place
from watchbill.expressions.zones import tzdata_version, zone, zone_names
from watchbill.model.labels import Matcher
from watchbill.model.ownership import Contact, Dependency, Link, Person, Role, Service
from watchbill.model.policies import (
    Audience,
    Concurrency,
    Escalation,
    Freeze,
    Guards,
    Level,
    Rate,
    Review,
    Rollback,
)
from watchbill.model.policyset import Grant
from watchbill.model.references import Ref, Target, Template, Use
from watchbill.model.schedule import Rotation
from watchbill.model.times import Days, Hours, Recurrence, Span, Window

FILE = "policies/case.yaml"
MINUTE = timedelta(minutes=1)


def at(line: int, column: int) -> Place:
    return Place(FILE, line, column)


def plain(text: str, line: int, column: int) -> Template:
    return Template(text, at(line, column), is_plain=True)


def utc():
    found = zone("UTC")
    assert found is not None
    return found


def test_the_shop_compiles():
    """
    A whole repository without a mistake gives all its documents, and names its revision and its zone rules.
    """
    done = compiled()

    assert done.findings == ()
    assert done.policies is not None
    assert done.policies.revision == "4f2c1d9"
    assert done.policies.tzdata == tzdata_version()
    assert list(done.policies.people) == ["ana", "bo", "eve"]
    assert list(done.policies.teams) == ["engineering", "payments", "platform", "support"]
    assert (done.documents, done.files) == (18, 2)


def test_settings():
    """
    Several grants of a team are one, and words for severities are kept in lower case.
    """
    text = SETTINGS + "    - {to: team/payments, connectors: ['*'], services_of: [support]}\n"
    found = compiled("", settings=text).policies

    assert found is not None
    assert found.settings.fallback_team == "platform"
    assert found.settings.place == Place("watchbill.yaml", 1)
    assert found.settings.severities == {"blocker": "critical"}
    assert found.settings.grants == (Grant("payments", ("cluster", "*"), ("support",)), Grant("support", (), ("*",)))


def test_a_person():
    """
    Contacts keep their order, leave has both its days, and quiet hours are in the person's zone.
    """
    text = header("Person", "cy") + (
        "spec:\n"
        "  zone: Europe/Lisbon\n"
        '  contacts: [{use: phone.call, to: "+351 555 0100"}, {use: phone.sms, to: "+351 555 0100", after: 2m}]\n'
        "  leave: [{from: 2026-12-21, to: 2027-01-03, reason: holiday}, {from: 2026-11-02}]\n"
        '  quiet_hours: {hours: [{days: fri-mon, from: "22:00", to: "07:00"}]}\n'
    )
    lisbon = zone("Europe/Lisbon")
    assert lisbon is not None

    assert policies(text).people["cy"] == Person(
        ref=Ref("Person", "cy", "", Place(FILE, 1)),
        full_name="cy",
        zone=lisbon,
        contacts=(Contact("phone", "call", "+351 555 0100", rings=True), Contact("phone", "sms", "+351 555 0100", 2 * MINUTE)),
        leave=(Days(date(2026, 12, 21), date(2027, 1, 3), "holiday"), Days(date(2026, 11, 2), date(2026, 11, 2))),
        quiet_hours=Recurrence(lisbon, (Window(Hours((1, 5, 6, 7), 22 * 60, 7 * 60)),)),
    )


def test_a_role_of_the_same_team_is_not_that_of_the_incidents_owner():
    """
    A plain role among a team's roles is the team's own.
    """
    text = header("Team", "refunds") + "spec: {parent: payments, roles: {primary: schedule/payments-primary, lead: role/primary}}\n"
    team = policies(text).teams["refunds"]

    assert team.ref.team == "refunds"
    assert team.roles == (
        Role("primary", Target("schedule", "payments-primary")),
        Role("lead", Target("role", "primary", "refunds")),
    )


def test_a_service():
    """
    A flat list of matchers is one claim, and a plain name among dependencies does not inhibit.
    """
    text = header("Service", "refunds", "payments") + (
        "spec:\n"
        "  tier: 2\n"
        "  environment: prod\n"
        '  claims: [\'job="refunds"\', env=~"prod|stage"]\n'
        "  depends_on: [checkout, {service: orders-db, inhibits: true}]\n"
        "  deadline: 15m\n"
        "  links: [{title: Dashboard, url: https://grafana.example.com/d/refunds}]\n"
        "  bindings: {metrics: metrics}\n"
    )

    assert policies(text).services["refunds"] == Service(
        ref=Ref("Service", "refunds", "payments", Place(FILE, 1)),
        owner="payments",
        tier=2,
        claims=((Matcher("job", "=", "refunds"), Matcher("env", "=~", "prod|stage")),),
        dependencies=(Dependency("checkout"), Dependency("orders-db", inhibits=True)),
        deadline=15 * MINUTE,
        links=(Link("Dashboard", "https://grafana.example.com/d/refunds"),),
        bindings=(("metrics", "metrics"),),
        environment="prod",
    )


def test_claims_of_a_service():
    """
    Without claims a service claims its name; lists inside the list are alternatives.
    """
    nested = header("Service", "refunds", "payments") + "spec: {tier: 2, claims: [['job=\"refunds\"'], ['app=\"refunds\"']]}\n"

    assert policies().services["checkout"].claims == ((Matcher("service", "=", "checkout"),),)
    assert policies(nested).services["refunds"].claims == ((Matcher("job", "=", "refunds"),), (Matcher("app", "=", "refunds"),))


def test_a_schedule():
    """
    Whole days make shifts by the calendar, and everything else whole hours; each layer has its own zone and place.
    """
    text = header("Schedule", "nights", "payments") + (
        "spec:\n"
        "  zone: Europe/Lisbon\n"
        "  layers:\n"
        '    - {name: base, rotation: {every: 2w, start: "2026-01-05 09:00"}, participants: [ana, bo]}\n'
        "    - name: day\n"
        "      zone: UTC\n"
        "      rotation: {every: 12h, start: 2026-01-05T08:00}\n"
        "      participants: [bo]\n"
        '      hours: [{days: [mon, wed], from: "08:00", to: "24:00"}]\n'
        '      until: "2026-12-31 09:00"\n'
        "      holidays: [{date: 2026-12-24}]\n"
        "  gaps: {allowed: office hours only}\n"
    )
    schedule = policies(text).schedules["nights"]
    base, day = schedule.layers

    assert schedule.gaps_allowed == "office hours only"
    assert (base.zone.name, base.place, base.rotation) == ("Europe/Lisbon", at(7, 7), Rotation(datetime(2026, 1, 5, 9), "days", 14))
    assert (day.zone, day.place, day.rotation) == (utc(), at(8, 7), Rotation(datetime(2026, 1, 5, 8), "hours", 12))
    assert day.hours == (Hours((1, 3), 480, 1440),)
    assert day.until == datetime(2026, 12, 31, 9)
    assert day.holidays == frozenset((date(2026, 12, 24),))


def test_public_holidays():
    """
    A country stands for its public holidays, for years before and after.
    """
    text = header("Schedule", "nights", "payments") + (
        "spec:\n  layers:\n"
        '    - {name: base, rotation: {every: 1d, start: "2026-01-05 09:00"}, participants: [ana], '
        'holidays: [{country: PT, subdivision: "11"}]}\n'
    )
    days = policies(text).schedules["nights"].layers[0].holidays

    assert {date(2020, 12, 25), date(2026, 4, 25), date(2040, 6, 10)} <= days
    assert date(2026, 12, 24) not in days


def test_an_override_has_the_team_of_its_schedule():
    """
    An override is its schedule's team's, and its times are kept in UTC.
    """
    text = header("Override", "swap") + (
        "spec: {schedule: payments-primary, person: bo, instead_of: ana, from: 2026-12-24T09:00:00+01:00, to: 2026-12-25T09:00:00Z}\n"
    )
    (override,) = policies(text).overrides

    assert override.ref == Ref("Override", "swap", "payments", Place(FILE, 1))
    assert override.span == Span(datetime(2026, 12, 24, 8, tzinfo=UTC), datetime(2026, 12, 25, 9, tzinfo=UTC))
    assert (override.schedule, override.person, override.instead_of) == ("payments-primary", "bo", "ana")


def test_an_escalation():
    """
    Each level has its own place, a single target is a list of one, and arguments are templates where they stand.
    """
    text = header("Escalation", "refunds", "payments") + (
        "spec:\n"
        "  priority: 3\n"
        "  continue: true\n"
        "  ack: own\n"
        "  repeat: 2\n"
        "  levels:\n"
        "    - {page: role/primary}\n"
        "    - page: [person/bo, role/primary@platform]\n"
        "      wait: 10m\n"
        "      notify: [{use: chat.post, with: {channel: hello}}]\n"
    )

    assert policies(text).escalations["refunds"] == Escalation(
        ref=Ref("Escalation", "refunds", "payments", Place(FILE, 1)),
        selector=policies(text).escalations["refunds"].selector,
        levels=(
            Level((Target("role", "primary"),), 5 * MINUTE, at(10, 7)),
            Level(
                (Target("person", "bo"), Target("role", "primary", "platform")),
                10 * MINUTE,
                at(11, 7),
                (Use("chat", "post", (("channel", plain("hello", 13, 49)),), at(13, 22)),),
            ),
        ),
        repeat=2,
        proceed=True,
        own_ack=True,
    )
    assert policies(text).escalations["refunds"].selector.priority == 3


def test_a_hub_and_a_condition():
    """
    Hub and condition have their places, and a condition keeps its text beside its tree.
    """
    text = header("Escalation", "refunds", "payments") + (
        "spec:\n"
        '  when: "tier == `1`"\n'
        "  levels: [{page: role/primary}]\n"
        "  hub:\n"
        '    channel: {use: chat.open-channel, with: {name: "inc-{{ service.name }}"}}\n'
        "    invite: [role/incident-commander]\n"
    )
    escalation = policies(text).escalations["refunds"]
    hub, when = escalation.hub, escalation.selector.when
    assert hub is not None
    assert hub.channel is not None
    assert when is not None

    assert (hub.place, hub.channel.place, hub.bridge, hub.invite) == (at(8, 5), at(8, 20), None, (Target("role", "incident-commander"),))
    assert hub.channel.arguments == (("name", Template("inc-{{ service.name }}", at(8, 52))),)
    assert (when.text, when.place, when.tree.type) == ("tier == `1`", at(5, 9), "comparator")


def test_evidence():
    """
    A collector without a title is called by its name, and has ten seconds of the thirty.
    """
    text = header("Triage", "http", "platform") + "spec: {collect: [{name: up, use: metrics.query-range, with: {query: up, limit: 5}}]}\n"
    triage = policies(text).triages["http"]

    assert triage.budget == timedelta(seconds=30)
    assert [(each.name, each.title, each.timeout) for each in triage.collectors] == [("up", "up", timedelta(seconds=10))]
    assert triage.collectors[0].use.arguments == (("query", plain("up", 4, 69)), ("limit", 5))


def test_an_audience_and_its_updates():
    """
    Messages come in the order of an incident's life, whatever the order in the file.
    """
    text = header("Audience", "staff", "support") + (
        "spec: {channels: [{use: chat.post, with: {channel: staff}}], liaison: role/customer-liaison}\n---\n"
    )
    text += header("Comms", "staff-critical", "support") + (
        "spec:\n"
        "  audience: staff\n"
        "  cadence: 30m\n"
        "  remind: 5m\n"
        "  review: {by: role/customer-liaison, then: hold}\n"
        "  messages:\n"
        "    resolved: {body: over}\n"
        "    triggered: {subject: trouble, body: on it}\n"
    )
    found = policies(text)
    comms = found.comms["staff-critical"]

    assert found.audiences["staff"] == Audience(
        ref=Ref("Audience", "staff", "support", Place(FILE, 1)),
        title="staff",
        channels=(Use("chat", "post", (("channel", plain("staff", 4, 52)),), at(4, 25)),),
        liaison=Target("role", "customer-liaison"),
        language="en",
        zone=utc(),
    )
    assert (comms.first, comms.cadence, comms.remind) == (15 * MINUTE, 30 * MINUTE, 5 * MINUTE)
    assert comms.review == Review(Target("role", "customer-liaison"), 10 * MINUTE, "hold")
    assert [(each.status, each.subject, each.body.text) for each in comms.messages] == [
        ("triggered", plain("trouble", 16, 26), "on it"),
        ("resolved", None, "over"),
    ]


REPAIR = """\
spec:
  match: ['service="checkout"']
  phase: fallback
  hold: 6m
  precondition: "incident.reopen_count < `3`"
  target: "{{ alert.labels.instance }}"
  steps: [{name: restart, use: cluster.rollout-restart, with: {deployment: "{{ service.name }}"}, timeout: 2m}]
  verify: {use: metrics.query, with: {query: error_rate}, expect: "value < `0.01`", for: 2m, within: 5m}
  rollback: {none: a restart leaves nothing to undo}
  guards: {rate: {max: 2, in: 1d, per: target}, cooldown: 15m, concurrency: {max: 1, per: service}}
  runbook: docs/runbooks/checkout.md
  mode: shadow
"""


def test_a_remediation():
    """
    A remediation keeps all that makes it safe; without `allow.run` its own team may start it.
    """
    repair = policies(header("Remediation", "restart", "payments") + REPAIR).remediations["restart"]
    assert repair.verification is not None
    assert repair.precondition is not None

    assert (repair.phase, repair.hold, repair.shadow, repair.approvals) == ("fallback", 6 * MINUTE, True, 0)
    assert repair.target == Template("{{ alert.labels.instance }}", at(9, 11))
    assert [(step.name, str(step.use), step.timeout) for step in repair.steps] == [("restart", "cluster.rollout-restart", 2 * MINUTE)]
    assert (repair.verification.hold_for, repair.verification.within) == (2 * MINUTE, 5 * MINUTE)
    assert (repair.verification.expect.text, repair.precondition.place) == ("value < `0.01`", at(8, 17))
    assert repair.rollback == Rollback(none="a restart leaves nothing to undo")
    assert repair.guards == Guards(Rate(2, timedelta(days=1), "target"), 15 * MINUTE, Concurrency(1, "service"))
    assert (repair.may_run, repair.may_approve) == ((Target("team", "payments"),), ())


def test_an_opportunity_needs_no_steps():
    """
    What was only found in the history may have no steps yet.
    """
    text = header("Remediation", "restart", "payments") + "spec: {phase: opportunity, target: checkout}\n"

    assert policies(text).remediations["restart"].steps == ()


def test_a_guardrail_of_the_whole_repository():
    """
    A guardrail without a team belongs to nobody; its freeze may have a span and recurring hours.
    """
    text = header("Guardrail", "december") + (
        "spec:\n"
        "  ceiling: oversight\n"
        "  hold: 5m\n"
        "  approvals: 2\n"
        "  freeze:\n"
        "    from: 2026-12-20T00:00:00Z\n"
        "    to: 2027-01-04T00:00:00Z\n"
        '    during: {hours: [{days: fri, from: "16:00", to: "00:00"}]}\n'
        "    humans_too: true\n"
        "    reason: busy\n"
        "  rate: {max: 10, in: 1h, per: repository}\n"
    )
    guardrail = policies(text).guardrails["december"]

    assert guardrail.ref.team == ""
    assert (guardrail.ceiling, guardrail.hold, guardrail.approvals) == ("oversight", 5 * MINUTE, 2)
    assert guardrail.rate == Rate(10, timedelta(hours=1), "repository")
    assert guardrail.freeze == Freeze(
        span=Span(datetime(2026, 12, 20, tzinfo=UTC), datetime(2027, 1, 4, tzinfo=UTC)),
        during=Recurrence(utc(), (Window(Hours((5,), 960, 0)),)),
        human_too=True,
        reason="busy",
    )


def test_a_connector():
    """
    A connector keeps its settings and the references to its secrets.
    """
    connector = policies().connectors["metrics"]

    assert (connector.type, connector.shadow, connector.ref.team) == ("prometheus", False, "platform")
    assert connector.settings == (("url", "https://prometheus.example.com"),)
    assert connector.secrets == (("token", "env/METRICS_TOKEN"),)


def test_documents_keep_the_order_of_files_and_lines():
    """
    A policy set has its documents by file and line, in whatever order they are given.
    """
    documents = [*loaded(SHOP, "ownership/shop.yaml").documents, *loaded(header("Person", "cy") + "spec: {}\n", "a.yaml").documents]
    from tests.policy.makers import CATALOGUE
    from watchbill.policy import compile_policies

    settings = loaded(SETTINGS, "watchbill.yaml").documents[0]
    there, back = (compile_policies(each, CATALOGUE, "x", settings).policies for each in (documents, documents[::-1]))

    assert there is not None
    assert list(there.people) == ["cy", "ana", "bo", "eve"]
    assert there == back


def test_zones_come_from_the_package():
    """
    Every zone that there is can be resolved, and keeps its name.
    """
    assert len(zone_names()) > 400
    assert [name for name in ("UTC", "Europe/Lisbon", "America/Argentina/Buenos_Aires") if getattr(zone(name), "name", "") != name] == []
    assert zone("../../etc/passwd") is None
