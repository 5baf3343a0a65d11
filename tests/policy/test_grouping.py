"""Groupings and inhibitions; policies that never win; services in a circle."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.policy.makers import OTHERS, SETTINGS, compiled, findings, header, policies, said
from watchbill.model.labels import Matcher
from watchbill.model.policies import Flaps

LEVELS = "levels: [{page: role/primary}]"


def an_inhibition(spec: str, team: str = "platform", *, source: str = 'alertname="DatabaseDown"', target: str = 'alertname="Full"') -> str:
    sides = f"  source: {{match: ['{source}']}}\n  target: {{match: ['{target}']}}\n"
    return header("Inhibition", "db-hides", team) + f"spec:\n{sides}  {spec}\n"


def an_escalation(name: str, spec: str, team: str = "payments") -> str:
    return header("Escalation", name, team) + f"spec: {{{spec}, {LEVELS}}}\n"


def a_grouping(name: str, spec: str, team: str = "payments") -> str:
    return header("Grouping", name, team) + f"spec: {{{spec}}}\n"


def a_service(name: str, *depends_on: str, team: str = "payments") -> str:
    return header("Service", name, team) + f"spec: {{tier: 2, depends_on: [{', '.join(depends_on)}]}}\n"


def ring(*spans: str, more: str = "equal: [cluster]") -> str:
    """Inhibitions, each given as what hides and what is hidden."""
    sides = (span.split(">") for span in spans)
    return "---\n".join(
        header("Inhibition", f"i{number}", "platform")
        + f"spec: {{source: {{match: ['{source}']}}, target: {{match: ['{target}']}}, {more}}}\n"
        for number, (source, target) in enumerate(sides)
    )


def rules(*texts: str) -> list[str]:
    return [finding.rule for finding in findings("---\n".join(texts))]


# --- values ---------------------------------------------------------------------------


def test_a_grouping():
    """
    Labels in the order in which they were written, and durations as such.
    """
    found = policies(OTHERS).groupings["per-region"]

    assert found.by == ("region", "alertname")
    assert (found.wait, found.reopen) == (timedelta(seconds=10), timedelta(0))
    assert found.selector.match == (Matcher("service", "=", "checkout"),)
    assert found.selector.priority == 2
    assert found.selector.during is not None


def test_a_grouping_that_says_little():
    """
    By default it is the whole service, waits for nothing, and is reopened within an hour.
    """
    found = policies(a_grouping("all", "match: ['severity=\"info\"']")).groupings["all"]

    assert (found.by, found.wait, found.reopen) == ((), timedelta(0), timedelta(hours=1))
    assert found.flapping == Flaps(3, timedelta(minutes=15), timedelta(minutes=15))


def test_what_counts_as_coming_and_going():
    """
    What is left out of `flapping` is as by default; no return at all may be too many.
    """
    text = a_grouping("x", "flapping: {returns: 0, in: 1h}") + "---\n" + a_grouping("y", "match: ['a=\"b\"'], flapping: {quiet: 1m}")
    found = policies(text).groupings

    assert found["x"].flapping == Flaps(0, timedelta(hours=1), timedelta(minutes=15))
    assert found["y"].flapping == Flaps(3, timedelta(minutes=15), timedelta(minutes=1))


def test_an_inhibition():
    """
    Both sides have their matchers and their condition.
    """
    found = policies(OTHERS).inhibitions["db-hides-dependants"]

    assert found.source.match == (Matcher("alertname", "=", "DatabaseDown"),)
    assert found.source.when is not None
    assert found.target.match == (Matcher("severity", "=~", "warning|info"),)
    assert (found.equal, found.depends_on, found.during) == (("cluster",), False, None)


def test_source_and_target_may_overlap():
    """
    An alert never hides itself, nor another one that matches both sides too, so the sides may overlap, as in Alertmanager.
    """
    for target in ('severity=~"critical|warning"', 'severity=~".+"'):
        assert rules(an_inhibition("equal: [cluster]", source='severity="critical"', target=target)) == []


@pytest.mark.parametrize(
    ("spans", "found"),
    [
        (('a="1">a="2"', 'a="2">a="3"'), 0),
        (('a="1">a="2"', 'a="2">a="1"'), 1),
        (('a="1">a="2"', 'a="2">a="3"', 'a="3">a="1"'), 1),
        (('a="1">a="2"', 'a=~"2|3">a="1"'), 1),
        (('a="1">a=~"2|3"', 'a="2">a="1"'), 0),
        (('a="1">a="1"',), 1),
        (('a="1">a!=""',), 0),
        (('a=~"1|2">a="2"', 'a=~"1|2">a="2"'), 0),
        (('a=~"1|2">a=~"2|3"',), 0),
    ],
)
def test_inhibitions_in_a_ring_are_named(spans: tuple[str, ...], found: int):
    """
    Inhibitions are a ring where all that each of them hides would, by the next, hide what hides it; one that has the same alerts on
    both sides is too. Sides that merely overlap are none.
    """
    assert [rule for rule in rules(ring(*spans)) if rule != "duplicate-document"] == ["inhibition-ring"] * found


def test_a_ring_by_dependency_needs_a_circle_of_services():
    """
    Inhibitions by dependency alone form no ring; with one that needs no dependency they do. Those of different times do not.
    """
    spans = ('a="1">severity="critical"', 'severity="critical">a="1"')
    by_dependency = ring(*spans, more="depends_on: true")

    assert "inhibition-ring" not in rules(by_dependency)
    assert "inhibition-ring" in rules(by_dependency.replace("depends_on: true", "equal: [cluster]", 1))
    office = (
        header("TimeInterval", "office", "platform") + "spec: {time_intervals: [{times: [{start_time: '09:00', end_time: '17:00'}]}]}\n"
    )
    during = by_dependency.replace("depends_on: true", "equal: [cluster], during: office", 1)
    assert "inhibition-ring" in rules(office, during)
    assert "inhibition-ring" not in rules(
        office, office.replace("office", "late"), during.replace("depends_on: true", "equal: [cluster], during: late")
    )


def test_labels_that_both_lack_are_warned_of_where_another_team_is_hidden():
    """
    Labels that count as equal because nobody has them are warned of where alerts of a team below are hidden by another team's; not
    where one side asks for one of them, where they are always there, or where a dependency is asked for.
    """

    def found(equal: str, source: str = 'service="orders-db"', target: str = 'severity="warning"', team: str = "engineering") -> bool:
        return "equal-when-absent" in rules(an_inhibition(equal, team, source=source, target=target))

    assert found("equal: [cluster]")
    assert not found("equal: [cluster]", source='cluster!=""')
    assert not found("equal: [cluster]", target='cluster=~"eu-.*"')
    assert not found("equal: [cluster]", target='service="orders-db"')
    assert found("equal: [cluster, severity]")
    assert not found("equal: [severity]")
    assert not found("equal: [cluster, team]")
    assert not found("depends_on: true")
    assert not found("equal: [cluster]", team="payments", target='team="payments"')


@pytest.mark.parametrize(
    ("source", "target", "is_narrow"),
    [
        ('service="orders-db"', 'service="orders-db"', True),
        ('service=~"orders-.*"', 'service="orders-db"', True),
        ('service=~".*"', 'service="orders-db"', False),
        ('service!="orders-db"', 'service="orders-db"', False),
        ('service="orders-db"', 'alertname="Full"', False),
    ],
)
def test_an_inhibition_between_certain_services_needs_nothing_else(source: str, target: str, is_narrow: bool):
    """
    Where both sides are bound to services, that is what the alerts have to do with each other.
    """
    found = rules(an_inhibition("equal: []", source=f"{source}', 'alertname=\"Down\"", target=target))

    assert found == ([] if is_narrow else ["unrelated-inhibition"])


def test_an_inhibition_by_dependency_may_name_services_of_others():
    """
    Their consent decides, not a grant; and a source may be anybody's, for nothing is done to it.
    """
    shy = "---\n" + a_service("refunds", "{service: orders-db, inhibits: true}")

    assert rules(an_inhibition("depends_on: true", source='service="orders-db"', target='service="refunds"') + shy) == []
    assert rules(an_inhibition("equal: [a]", "payments", source='service="orders-db"')) == []
    assert rules(an_inhibition("equal: [a]", target='service="checkout"')) == ["not-granted"]


# --- what is wrong --------------------------------------------------------------------

CASES = {
    "a wait that is felt": (
        a_grouping("x", "by: [region], wait: 1m"),
        "4:28: `wait` is `1m` [bad-duration]\n  help: it has to be at most 30s",
    ),
    "a quiet that is too long": (
        a_grouping("x", "flapping: {quiet: 2d}"),
        "4:26: `quiet` is `2d` [bad-duration]\n  help: it has to be at most 1d",
    ),
    "a label twice": (
        a_grouping("x", "by: [region, region]"),
        "4:21: `region` stands here already [no-effect]\n  help: take it away",
    ),
    "a label without a name": (
        a_grouping("x", 'by: [""]'),
        "4:13: a label without a name [bad-value]\n  help: write a label's name, as in `region`",
    ),
    "groupings between which nothing decides": (
        a_grouping("x", "by: [region]") + "---\n" + a_grouping("y", "by: [alertname]"),
        "9:1: nothing decides between this and `x`, at 1 [tied-policies]\n"
        "  help: narrow one of them by a matcher that tells them apart, or take one away",
    ),
    "an inhibition of everything": (
        an_inhibition("equal: [cluster]", target='alertname=~".*"'),
        "6:12: this hides every alert of the team and of those below it [matches-everything]\n"
        "  help: name in `match` what it is about, as in `['service=\"checkout\"']`",
    ),
    "an inhibition by anything": (
        header("Inhibition", "x", "platform") + "spec:\n  source: {}\n  target: {match: ['a=\"b\"']}\n  equal: [cluster]\n",
        "5:3: any alert at all hides others by this [matches-everything]\n"
        "  help: name in `match` what it is about, as in `['service=\"checkout\"']`",
    ),
    "an inhibition out of the blue": (
        an_inhibition("equal: []"),
        "4:1: nothing says what these alerts have to do with each other [unrelated-inhibition]\n"
        "  help: name labels in `equal`, write `depends_on: true`, or name a service in `match` on both sides",
    ),
    "inhibitions in a ring": (
        ring('a="1">a="2"', 'a="2">a="1"'),
        "9:8: inhibitions form a ring: `i1` → `i0` → `i1`; alerts that would hide each other are not hidden at all [inhibition-ring]\n"
        "  help: take away the one whose source explains nothing, or narrow its `target`",
    ),
    "an inhibition of what matches both sides": (
        an_inhibition("equal: [cluster]", source='a="1"', target='a="1"'),
        "5:3: every alert that this could hide matches both sides, and such alerts do not hide each other: it hides nothing "
        "[inhibition-ring]\n"
        "  help: narrow `match` of the source to the alerts that explain the others",
    ),
    "an inhibition to which nobody has agreed": (
        an_inhibition("depends_on: true", target='severity="warning"'),
        "7:15: no dependant has agreed to be hidden: `checkout` belongs to `payments`, and depends on `orders-db` [no-consent]\n"
        "  help: ask for `{service: orders-db, inhibits: true}` in `depends_on` of `checkout`, at ownership/shop.yaml:44",
    ),
    "an inhibition to which not all have agreed": (
        an_inhibition("depends_on: true", source='service="ledger"', target='service="cards"')
        + "---\n"
        + a_service("cards", "{service: refunds, inhibits: true}")
        + "---\n"
        + a_service("refunds", "orders-db", "ledger")
        + "---\n"
        + a_service("ledger", team="platform"),
        "7:15: no dependant has agreed to be hidden: `cards` belongs to `payments`, and depends on `ledger` [no-consent]\n"
        "  help: ask for `{service: ledger, inhibits: true}` in `depends_on` of `refunds`, at 14",
    ),
    "an inhibition by a dependency that there is not": (
        an_inhibition("depends_on: true", source='service="checkout"', target='service="orders-db"'),
        "7:15: no service that this could hide depends on one whose alerts could hide it [no-consent]\n"
        "  help: add `depends_on` to the service that needs the other, or look at `match` on both sides",
    ),
    "an escalation that never wins": (
        an_escalation("x", 'match: [\'a="b"\', \'c="d"\'], when: "tier == `1`"')
        + "---\n"
        + an_escalation("y", "match: ['c=\"d\"'], priority: 1"),
        "4:15: no alert can reach this escalation: `y`, at 6, always wins [unreachable-policy]\n"
        "  help: give it a higher `priority` than that of `y`, or narrow the other, or set `continue: true`",
    ),
    "an escalation that never wins, and takes everything": (
        an_escalation("x", 'when: "tier == `1`"', "support") + "---\n" + an_escalation("y", "priority: 1", "support"),
        "4:1: no alert can reach this escalation: `y`, at 6, always wins [unreachable-policy]\n"
        "  help: give it a higher `priority` than that of `y`, or narrow the other, or set `continue: true`",
    ),
    "a grouping that never wins": (
        a_grouping("x", "match: ['c=\"d\"']") + "---\n" + a_grouping("y", "priority: -1, match: ['c=\"d\"', 'a=\"b\"']"),
        "9:29: no alert can reach this grouping: `x`, at 1, always wins [unreachable-policy]\n"
        "  help: give it a higher `priority` than that of `x`, or narrow the other",
    ),
    "comms that never win": (
        header("Comms", "x", "support")
        + "spec: {match: ['c=\"d\"'], audience: customers, messages: {triggered: {body: x}}}\n---\n"
        + header("Comms", "y", "support")
        + "spec: {priority: 1, audience: customers, messages: {triggered: {body: x}}}\n",
        "4:15: no alert can reach these comms: `y`, at 6, always wins [unreachable-policy]\n"
        "  help: give it a higher `priority` than that of `y`, or narrow the other",
    ),
    "services in a circle": (
        a_service("cards", "ledger") + "---\n" + a_service("ledger", "orders-db", "books") + "---\n" + a_service("books", "cards"),
        "14:30: services need each other in a circle: books → cards → ledger → books [dependency-cycle]\n"
        "  help: take away the dependency without which the others still work; nothing tells which one of them is the cause",
    ),
    "a service that needs itself": (
        a_service("cards", "cards"),
        "4:30: services need each other in a circle: cards → cards [dependency-cycle]\n"
        "  help: take away the dependency without which the others still work; nothing tells which one of them is the cause",
    ),
    "a target twice": (
        header("Escalation", "x", "platform")
        + "spec: {match: ['a=\"b\"'], levels: [{page: [role/incident-commander, person/bo, role/incident-commander]}]}\n",
        "4:79: `role/incident-commander` is paged already [paged-twice]\n  help: take one of the two away",
    ),
    "a person by a role of a named team": (
        header("Escalation", "x", "platform") + "spec: {match: ['a=\"b\"'], levels: [{page: [role/secondary@payments, person/bo]}]}\n",
        "4:68: `person/bo` is paged already, as `role/secondary@payments` [paged-twice]\n  help: take one of the two away",
    ),
    "a schedule by its team": (
        header("Escalation", "x", "platform")
        + "spec: {match: ['a=\"b\"'], levels: [{page: [team/payments, schedule/payments-primary]}]}\n",
        "4:58: `schedule/payments-primary` is paged already, as `team/payments` [paged-twice]\n  help: take one of the two away",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_mistake_is_said_once_and_exactly(case: str):
    """
    Each mistake is one finding, at its place, with the next thing to do.
    """
    text, expected = CASES[case]

    assert said(text) == [expected]


def test_a_grouping_by_a_label_that_is_not_declared():
    """
    Labels of `by` and `equal` are among those of the settings, where these declare any.
    """
    settings = SETTINGS + "  labels: [alertname, region]\n"
    text = a_grouping("x", "by: [regoin, service]") + "---\n" + an_inhibition("equal: [cluster]")

    assert [(finding.rule, finding.place.line, finding.place.column) for finding in findings(text, settings=settings)] == [
        ("undeclared-label", 4, 13),
        ("undeclared-label", 12, 11),
    ]


# --- what is no mistake ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("lower", "higher"),
    [
        ("match: ['a=\"b\"']", "match: ['a=\"b\"', 'c=\"d\"'], priority: 1"),
        ("match: ['a=\"b\"']", 'match: [\'a="b"\'], priority: 1, when: "tier == `1`"'),
        ("match: ['a=\"b\"']", "match: ['a=\"b\"'], priority: 1, during: weekend"),
        ("match: ['a=\"b\"']", "match: ['a=\"b\"'], priority: 1, continue: true"),
        ("match: ['a=\"b\"'], continue: true", "match: ['a=\"b\"'], priority: 1"),
        ("match: ['a=\"b\"', 'c=\"d\"']", "match: ['a=\"b\"']"),
        ("match: ['a=\"b\"'], during: weekend", "match: ['a=\"b\"']"),
    ],
)
def test_a_policy_that_may_win_some_day_is_not_accused(lower: str, higher: str):
    """
    One with a further matcher, a condition or an interval does not always win; nor does one without a higher priority.
    """
    weekend = header("TimeInterval", "weekend") + "spec: {time_intervals: [{weekdays: [saturday, sunday]}]}\n"

    assert rules(an_escalation("x", lower, "platform"), an_escalation("y", higher, "platform"), weekend) == []


def test_a_default_is_reached_by_its_name():
    """
    An escalation that a team names as its default is reached whatever wins over its matchers.
    """
    team = header("Team", "refunds") + "spec: {parent: engineering, roles: {primary: person/bo}, escalation: x}\n"

    assert rules(team, an_escalation("x", "priority: 0", "refunds"), an_escalation("y", "priority: 1", "refunds")) == []


def test_policies_of_different_teams_do_not_compete():
    """
    What another team gives a higher priority stands in nobody's way.
    """
    assert (
        rules(an_escalation("x", "match: ['a=\"b\"']", "support"), an_escalation("y", "match: ['a=\"b\"'], priority: 1", "platform")) == []
    )


def test_roles_that_lead_in_a_circle_are_one_finding():
    """
    Whom a level reaches by a circle of roles is not asked for ever.
    """
    team = header("Team", "refunds") + "spec: {roles: {primary: role/lead, lead: role/primary}}\n"
    text = header("Escalation", "x", "refunds") + "spec: {levels: [{page: [team/refunds, role/gone@refunds]}]}\n"

    assert rules(team, text) == ["role-cycle", "unknown-name"]


def test_two_knots_of_services_are_two_findings():
    """
    Each knot of services is told once, however many circles there are in it.
    """
    texts = (
        a_service("a", "b", "c"),
        a_service("b", "a"),
        a_service("c", "a", "d"),
        a_service("d", "e"),
        a_service("e", "{service: d, inhibits: true}"),
    )

    assert rules(*texts) == ["dependency-cycle", "dependency-cycle"]


def test_nothing_is_said_of_consent_where_a_service_is_quarantined():
    """
    What a broken service depends on, or has agreed to, nobody knows.
    """
    inhibition = an_inhibition("depends_on: true", target='severity="warning"')
    broken = header("Service", "refunds", "payments") + "spec: {tier: 9}\n"

    assert rules(inhibition, broken) == ["bad-value"]
    assert rules(inhibition, header("Service", "refunds", "payments") + "spec: {tier: 2\n") == ["yaml-syntax"]
    assert compiled(inhibition + "---\n" + broken).quarantined == ("Service/refunds",)


def test_an_inhibition_of_the_dependants_own_team_needs_no_consent():
    """
    Whoever looks after the target may hide it; so may who stands above.
    """
    for team in ("payments", "engineering"):
        assert rules(an_inhibition("depends_on: true", team, source='service="orders-db"', target='team="payments"')) == []
