"""Policies and alerts to measure with; the same for every number of policies, whatever runs them.

Services have escalations led by equality on service and severity, as people write them; one in ten names an alert by a
pattern besides, and one in five carries a condition. Teams own ten services each.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from watchbill.errors import Place
from watchbill.expressions.conditions import parse_condition
from watchbill.expressions.matchers import parse_matcher
from watchbill.model.alert import Alert
from watchbill.model.ownership import Contact, Person, Role, Service, Team
from watchbill.model.policies import Collector, Escalation, Level, Selector, Triage
from watchbill.model.policyset import PolicySet, Settings
from watchbill.model.references import Kind, Ref, Target, Template, Use
from watchbill.model.schedule import Layer, Rotation, Schedule
from watchbill.model.times import Zone

NOW = datetime(2026, 11, 23, 3, 12, tzinfo=UTC)
UTC_ZONE = Zone("UTC", ZoneInfo("UTC"))
SEVERITIES = ("critical", "warning", "info")
SERVICES_OF_A_TEAM = 10
PLACE = Place("policies/all.yaml", 1, 1)


def ref(kind: Kind, name: str, team: str) -> Ref:
    """A reference; places do not matter here."""
    return Ref(kind, name, team, PLACE)


def policy_set(policies: int) -> PolicySet:
    """A policy set with this many *policies* that compete or compose: nine escalations to one triage."""
    services = max(1, policies // 4)
    teams = max(1, services // SERVICES_OF_A_TEAM)
    people = {f"p{n}": Person(ref("Person", f"p{n}", ""), f"P {n}", UTC_ZONE, (Contact("phone", "call", "+1 555 0100"),)) for n in range(3)}
    layer = Layer("base", UTC_ZONE, tuple(people), Rotation(datetime(2026, 1, 5, 9, 0), "days", 7), PLACE)
    schedule = Schedule(ref("Schedule", "watch", "t0"), UTC_ZONE, (layer,))
    roles = (Role("primary", Target("schedule", "watch")),)
    page = (Target("role", "primary"),)
    levels = (Level(page, timedelta(minutes=5), PLACE), Level(page, timedelta(minutes=10), PLACE))
    every = Use("metrics", "query", (("query", Template("up", PLACE, True)),), PLACE)
    escalations, triages = {}, {}
    for n in range(policies):
        service = n % services
        team = f"t{service % teams}"
        match = [parse_matcher(f'service="s{service}"'), parse_matcher(f'severity="{SEVERITIES[n // services % 3]}"')]
        if n % 10 == 0:
            match.append(parse_matcher('alertname=~"High.*|Stuck.*"'))
        when = parse_condition("env == 'prod' && tier < `3`", PLACE) if n % 5 == 0 else None
        selector = Selector(tuple(match), when)
        if n % 10 == 9:
            collectors = tuple(Collector(f"c{i}", f"c{i}", every, timedelta(seconds=10)) for i in range(3))
            triages[f"tr{n}"] = Triage(ref("Triage", f"tr{n}", team), selector, collectors, timedelta(seconds=30))
        else:
            escalations[f"e{n}"] = Escalation(ref("Escalation", f"e{n}", team), selector, levels)
    return PolicySet(
        settings=Settings(PLACE, "t0", UTC_ZONE),
        revision="bench",
        tzdata="bench",
        people=people,
        teams={f"t{n}": Team(ref("Team", f"t{n}", f"t{n}"), None, tuple(people), roles) for n in range(teams)},
        services={f"s{n}": _service(n, teams) for n in range(services)},
        schedules={"watch": schedule},
        overrides=(),
        escalations=escalations,
        triages=triages,
        audiences={},
        comms={},
        remediations={},
        guardrails={},
        connectors={},
    )


def _service(number: int, teams: int) -> Service:
    team = f"t{number % teams}"
    return Service(ref("Service", f"s{number}", team), team, number % 3 + 1, ((parse_matcher(f'service="s{number}"'),),))


def alerts(policies: int, count: int = 400, seed: int = 7) -> tuple[Alert, ...]:
    """This many alerts for a policy set of that many *policies*, none like another; the same ones each time."""
    dice = random.Random(seed)
    services = max(1, policies // 4)
    return tuple(_alert(dice, services, n) for n in range(count))


def _alert(dice: random.Random, services: int, number: int) -> Alert:
    labels = {
        "alertname": dice.choice(("HighErrorRate", "StuckWorker", "DiskFull", "Down")),
        "service": f"s{dice.randrange(services)}",
        "severity": dice.choice(SEVERITIES),
        "env": "prod",
        "instance": f"10.0.{number // 250}.{number % 250}:9090",
        "job": "app",
        "region": dice.choice(("eu", "us")),
    }
    return Alert(f"{number:016x}", labels, {"summary": "errors"}, "firing", NOW - timedelta(minutes=3))


def write_repository(root: Path, documents: int) -> None:
    """A repository of about this many *documents* of mixed kinds, a team to a file, as YAML."""
    (root / "ownership").mkdir(parents=True)
    (root / "policies").mkdir()
    (root / "watchbill.yaml").write_text(_head("Settings", "bench") + "spec: {fallback_team: team-0}\n")
    for number in range(documents // 10):
        (root / "ownership" / f"team-{number}.yaml").write_text("---\n".join(_ownership(number)))
        (root / "policies" / f"team-{number}.yaml").write_text("---\n".join(_policies(number)))


def _head(kind: str, name: str, team: str = "") -> str:
    owner = f", team: {team}" if team else ""
    return f"apiVersion: watchbill/v1\nkind: {kind}\nmetadata: {{name: {name}{owner}}}\n"


def _ownership(n: int) -> Iterator[str]:
    team = f"team-{n}"
    if n == 0:
        yield _head("Connector", "metrics") + "spec: {type: prometheus, with: {url: 'https://prometheus.example.com'}}\n"
        yield _head("Connector", "mail") + "spec: {type: email, with: {url: 'smtps://smtp.example.com', from: watchbill@example.com}}\n"
    for person in ("ana", "bo", "cy"):
        yield _head("Person", f"{person}-{n}") + (
            f"spec:\n  full_name: {person.title()} {n}\n  zone: Europe/Lisbon\n"
            f"  contacts:\n    - {{use: mail.send, to: {person}-{n}@example.com}}\n"
        )
    members = ", ".join(f"{person}-{n}" for person in ("ana", "bo", "cy"))
    yield _head("Team", team) + f"spec:\n  members: [{members}]\n  roles: {{primary: schedule/watch-{n}, lead: person/cy-{n}}}\n"
    yield _head("Schedule", f"watch-{n}", team) + (
        "spec:\n  zone: Europe/Lisbon\n  layers:\n    - name: base\n"
        f"      rotation: {{every: 1w, start: '2026-01-05 09:00'}}\n      participants: [{members}]\n"
    )
    yield _head("Service", f"service-{n}", team) + f"spec:\n  tier: {n % 3 + 1}\n  deadline: 15m\n"


def _policies(n: int) -> Iterator[str]:
    team = f"team-{n}"
    for severity in ("critical", "warning"):
        yield _head("Escalation", f"{severity}-{n}", team) + (
            f"spec:\n  match: ['severity=\"{severity}\"', 'service=\"service-{n}\"']\n  when: \"env == 'prod' && tier < `3`\"\n"
            "  levels:\n    - {page: role/primary, wait: 5m}\n    - {page: [role/lead], wait: 10m}\n  repeat: 2\n"
        )
    yield _head("Triage", f"http-{n}", team) + (
        "spec:\n  match: ['alertname=~\"High.*\"']\n  collect:\n"
        "    - {name: errors, use: metrics.query, with: {query: 'rate(errors{service=\"{{ service.name }}\"}[5m])'}}\n"
        "    - {name: latency, use: metrics.query, with: {query: 'latency'}, timeout: 5s}\n"
    )
    yield _head("Guardrail", f"cap-{n}", team) + "spec: {rate: {max: 5, in: 1h, per: service}, reason: no storms}\n"


def write_tests(root: Path, documents: int, tests: int) -> None:
    """This many policy tests of three cases each, for the repository of that many *documents*."""
    # What a service of tier 3 brings is no concern of its team's escalations.
    teams = [number for number in range(documents // 10) if number % 3 != 2]
    for position, number in enumerate(teams):
        own = range(position, tests, len(teams))
        (root / "policies" / f"tests-{number}.yaml").write_text("---\n".join(_policy_test(number, each) for each in own))


def _policy_test(n: int, number: int) -> str:
    alert = f"{{alertname: HighErrorRate, service: service-{n}, severity: critical, env: prod, instance: 'a{number}'}}"
    return _head("PolicyTest", f"test-{number}", f"team-{n}") + (
        f"spec:\n  at: 2026-11-23T03:12:00Z\n  given: {{alerts: [{{labels: {alert}}}]}}\n  cases:\n"
        f"    - name: nobody answers\n      expect:\n        owner: team-{n}\n        escalation: critical-{n}\n        until: 20m\n"
        f"        pages: [{{at: 0s, people: ana-{n}}}, {{at: 5m, people: cy-{n}}},"
        f" {{at: 15m, people: ana-{n}}}, {{at: 20m, people: cy-{n}}}]\n"
        f"        evidence: [errors, latency]\n"
        f"    - name: somebody answers\n      given: {{answers: [{{at: 3m, acknowledge: ana-{n}}}]}}\n"
        f"      expect: {{until: 1h, pages: [{{at: 0s, people: ana-{n}}}]}}\n"
        f"    - name: a warning is another policy's\n"
        f"      given: {{alerts: [{{labels: {alert.replace('critical', 'warning')}}}]}}\n      expect: {{escalation: warning-{n}}}\n"
    )


def write_services(root: Path, services: int) -> None:
    """This many services more, of the repository's first team, a thousand to a file; the team's alerts may hide one another."""
    own = [_head("Service", f"s{number}", "team-0") + f"spec: {{tier: {number % 3 + 1}}}\n" for number in range(services)]
    for start in range(0, services, 1_000):
        (root / "ownership" / f"services-{start}.yaml").write_text("---\n".join(own[start : start + 1_000]))
    (root / "policies" / "inhibition.yaml").write_text(
        _head("Inhibition", "worse-hides-better", "team-0")
        + "spec:\n  source: {match: ['severity=\"critical\"']}\n  target: {match: ['severity=\"warning\"']}\n  equal: [instance]\n"
    )


def a_storm(services: int) -> list[dict[str, object]]:
    """An alert for each of these many services, as Prometheus sends them; they share machines, and every second one is critical."""
    return [
        {
            "labels": {
                "alertname": "HighErrorRate",
                "service": f"s{number}",
                "severity": "warning" if number % 2 else "critical",
                "env": "prod",
                "instance": f"10.0.0.{number // 4}",
            },
            "annotations": {"summary": "errors"},
            "startsAt": "2026-11-23T03:00:00Z",
        }
        for number in range(services)
    ]
