"""Finding what hides an alert among many that fire."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.makers import NOON, a_service, a_shop, an_alert, an_inhibition
from watchbill.decide import Bill
from watchbill.decide.claiming import claim
from watchbill.decide.firing import Firing
from watchbill.decide.muting import Hiding, hidden_by
from watchbill.decide.planning import plan
from watchbill.decide.rings import Rings
from watchbill.expressions.matchers import compile_matchers
from watchbill.model.alert import ClaimedAlert
from watchbill.model.policies import Inhibition

NAMES = ("a", "b", "c", "d")
SIDES = st.lists(
    st.sampled_from(['severity="warning"', 'severity="critical"', 'alertname=~"Down|Slow"', 'zone!=""', 'service="a"']), max_size=2
)
INHIBITIONS = st.lists(
    st.tuples(
        SIDES,
        SIDES,
        st.lists(st.sampled_from(["zone", "alertname"]), max_size=2),
        st.booleans(),
        st.sampled_from(["", "payments", "platform"]),
    ),
    max_size=3,
)
DEPENDENCIES = st.fixed_dictionaries(
    {name: st.dictionaries(st.sampled_from(NAMES), st.booleans(), max_size=2) for name in NAMES},
)
ALERTS = st.lists(
    st.tuples(
        st.sampled_from([*NAMES, "nobodys"]),
        st.sampled_from(["Down", "Slow", "Full"]),
        st.sampled_from(["critical", "warning"]),
        st.sampled_from(["eu", "us", ""]),
        st.sampled_from(["firing", "firing", "resolved"]),
    ),
    min_size=1,
    max_size=8,
)


def a_bill(inhibitions: list[Any], dependencies: dict[str, dict[str, bool]]) -> Bill:
    """Four services that depend on one another, cycles included, of two teams, and these inhibitions."""
    services = [
        a_service(name, team="platform" if number % 2 else "payments", depends_on=dependencies[name]) for number, name in enumerate(NAMES)
    ]
    documents = [
        an_inhibition(f"i{number}", team=team, source=source, target=target, equal=tuple(dict.fromkeys(equal)), depends_on=depends)
        for number, (source, target, equal, depends, team) in enumerate(inhibitions)
    ]
    return Bill.of(a_shop(*services, *documents))


def some_alerts(bill: Bill, several: list[Any]) -> tuple[ClaimedAlert, ...]:
    """These alerts, claimed, each once."""
    found = [
        an_alert(service=service, alertname=name, severity=severity, zone=zone, status=status)
        for service, name, severity, zone, status in several
    ]
    claimed = {alert.fingerprint: claim(bill, alert)[0] for alert in found}
    return tuple(claimed.values())


def ways(bill: Bill, target: str, source: str, seen: tuple[str, ...] = (), consents: bool = True) -> set[bool]:
    """Whether each way of dependencies from one service to another consents all along."""
    service = bill.policies.services.get(target)
    found: set[bool] = set()
    for dependency in service.dependencies if service is not None else ():
        agrees = consents and dependency.inhibits
        if dependency.service == source:
            found.add(agrees)
        elif dependency.service not in seen:
            found |= ways(bill, dependency.service, source, (*seen, dependency.service), agrees)
    return found


def is_on_both_sides(inhibition: Inhibition, alert: ClaimedAlert) -> bool:
    """Whether an alert matches the source and the target of an inhibition."""
    return not any(compile_matchers(side.match)(alert.labels) for side in (inhibition.source, inhibition.target))


def may_hide(bill: Bill, inhibition: Inhibition, source: ClaimedAlert, target: ClaimedAlert) -> bool:
    """Whether one alert hides another, rings aside, told from the rules alone."""
    if not source.is_firing or source.fingerprint == target.fingerprint:
        return False
    if compile_matchers(inhibition.source.match)(source.labels) or compile_matchers(inhibition.target.match)(target.labels):
        return False
    if any(source.labels.get(name, "") != target.labels.get(name, "") for name in inhibition.equal):
        return False
    if not inhibition.depends_on and is_on_both_sides(inhibition, source) and is_on_both_sides(inhibition, target):
        return False
    is_known = source.service is not None and target.service is not None
    consents = ways(bill, str(target.service), str(source.service)) if is_known else set()
    if inhibition.depends_on and not consents:
        return False
    return not inhibition.ref.team or inhibition.ref.team in bill.line_of(target.team) or True in consents


def hiders(bill: Bill, target: ClaimedAlert, alerts: tuple[ClaimedAlert, ...]) -> list[tuple[Inhibition, ClaimedAlert]]:
    """What hides an alert of these, rings aside, told from the rules alone: alert by alert, and then inhibition by inhibition."""
    inhibitions = bill.policies.inhibitions.values()
    return [(each, source) for source in alerts for each in inhibitions if may_hide(bill, each, source, target)]


def led_to(bill: Bill, start: ClaimedAlert, alerts: tuple[ClaimedAlert, ...]) -> set[str]:
    """The fingerprints of all that an alert of these hides, directly or through others, told from the rules alone."""
    found: dict[str, None] = {}
    waiting = [start]
    while waiting:
        source = waiting.pop()
        for target in alerts:
            if target.is_firing and target.fingerprint not in found and any(by is source for _, by in hiders(bill, target, alerts)):
                found[target.fingerprint] = None
                waiting.append(target)
    return set(found)


def distinct(bill: Bill, own: list[Any], elsewhere: list[Any]) -> tuple[tuple[ClaimedAlert, ...], tuple[ClaimedAlert, ...]]:
    """The alerts of an incident, and those of others: no alert is in both."""
    ours = some_alerts(bill, own)
    there = {each.fingerprint for each in ours}
    return ours, tuple(each for each in some_alerts(bill, elsewhere) if each.fingerprint not in there)


def hidden(bill: Bill, target: ClaimedAlert, *groups: tuple[ClaimedAlert, ...]) -> tuple[Inhibition, ClaimedAlert] | None:
    """What the engine says hides this alert."""
    around = [Firing(bill, group) for group in groups]
    hiding = Hiding(bill, lambda alert: {}, NOON)
    return hidden_by(hiding, Rings(hiding, around), target, around)


@given(INHIBITIONS, DEPENDENCIES, ALERTS, ALERTS)
@settings(max_examples=200, deadline=None)
def test_what_hides_an_alert_is_what_a_look_at_every_alert_finds(
    inhibitions: list[Any], dependencies: dict[str, dict[str, bool]], own: list[Any], elsewhere: list[Any]
) -> None:
    """
    For all inhibitions, dependencies and alerts: what hides an alert is the first that may and that it does not, through whatever
    others, hide itself; its own incident's alerts come first.
    """
    bill = a_bill(inhibitions, dependencies)
    ours, others = distinct(bill, own, elsewhere)
    for target in ours:
        follows = led_to(bill, target, (*ours, *others)) if target.is_firing else set()
        may = hiders(bill, target, (*ours, *others))

        assert hidden(bill, target, ours, others) == next((each for each in may if each[1].fingerprint not in follows), None)


@given(INHIBITIONS, DEPENDENCIES, ALERTS, ALERTS)
@settings(max_examples=200, deadline=None)
def test_whoever_follows_what_hides_comes_to_an_alert_that_nothing_hides(
    inhibitions: list[Any], dependencies: dict[str, dict[str, bool]], own: list[Any], elsewhere: list[Any]
) -> None:
    """
    For all inhibitions, dependencies and alerts that fire: following what hides an alert, across incidents, always ends at one that
    no inhibition hides, so that somebody is called.
    """
    bill = a_bill(inhibitions, dependencies)
    groups = distinct(bill, own, elsewhere)
    for start in (alert for group in groups for alert in group if alert.is_firing):
        seen: set[str] = set()
        found: tuple[Inhibition, ClaimedAlert] | None = None
        target = start
        while target.fingerprint not in seen:
            seen.add(target.fingerprint)
            its, rest = groups if target in groups[0] else (groups[1], groups[0])
            found = hidden(bill, target, its, rest)
            if found is not None:
                target = found[1]

        assert found is None


@given(INHIBITIONS, DEPENDENCIES, ALERTS, ALERTS)
@settings(max_examples=100, deadline=None)
def test_no_alert_that_could_be_hidden_is_left_out(
    inhibitions: list[Any], dependencies: dict[str, dict[str, bool]], own: list[Any], elsewhere: list[Any]
) -> None:
    """
    For all inhibitions, dependencies and alerts, every firing alert that one of the sources hides is among its targets, once and in order.
    """
    bill = a_bill(inhibitions, dependencies)
    sources, others = some_alerts(bill, own), some_alerts(bill, elsewhere)
    targets = Firing(bill, others).targets(source for source in sources if source.is_firing)
    found = [
        each
        for each in others
        if each.is_firing
        and any(may_hide(bill, inhibition, source, each) for inhibition in bill.policies.inhibitions.values() for source in sources)
    ]

    assert [each for each in targets if each in found] == found
    assert len(targets) == len({each.fingerprint for each in targets})
    assert all(bill.may_be_hidden(each) for each in found)
    assert not found or any(bill.hides(source) for source in sources)


def test_thousands_that_could_all_hide_each_other_are_looked_at_once() -> None:
    """
    Where thousands of alerts match both sides of an inhibition, and thousands hide each other in a ring of two, no alert is looked at
    for each of the others.
    """
    both = an_inhibition("both", source=['alertname="Down"'], target=['alertname="Down"'], equal=[])
    there = an_inhibition("there", source=['alertname="Slow"'], target=['alertname="Full"'])
    back = an_inhibition("back", source=['alertname="Full"'], target=['alertname="Slow"'])
    bill = Bill.of(a_shop(a_service("a"), both, there, back))
    alerts = some_alerts(
        bill, [("a", name, "critical", f"z{number}", "firing") for number in range(1000) for name in ("Down", "Slow", "Full")]
    )
    looks = 0

    class Counting(Hiding):
        def is_by(self, *asked: Any) -> bool:
            nonlocal looks
            looks += 1
            return super().is_by(*asked)

    hiding, around = Counting(bill, lambda alert: {}, NOON), (Firing(bill, alerts),)
    rings = Rings(hiding, around)

    assert [hidden_by(hiding, rings, each, around) for each in alerts] == [None] * 3000
    assert looks == 0


def test_a_storm_of_incidents_is_planned_together() -> None:
    """
    One cause among hundreds of incidents that come together hides what depends on it, in each of them, and nothing else.
    """
    number = 300
    leaves = [a_service(f"s{each}", depends_on={"db": True}) for each in range(number)]
    database = an_inhibition(source=['alertname="DatabaseDown"'], target=['severity="warning"'], depends_on=True)
    bill = Bill.of(a_shop(a_service("db"), *leaves, database))
    alerts = [an_alert(service=f"s{each}", severity="warning" if each % 2 else "critical") for each in range(number)]
    plans = plan(bill, [*alerts, an_alert(service="db", alertname="DatabaseDown")], NOON)
    hidden = [each.lead.service for each in plans if not each.escalations]

    assert hidden == [f"s{each}" for each in range(number) if each % 2]
