"""Stories of alerts that fire and are not acted on: silenced, or hidden by what explains them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from tests.makers import (
    NOON,
    Document,
    a_claimed_alert,
    a_comms,
    a_recurrence,
    a_remediation,
    a_service,
    a_shop,
    a_silence,
    a_triage,
    an_alert,
    an_audience,
    an_escalation,
    an_inhibition,
    hours,
    some_settings,
)
from tests.watch import Watch
from watchbill.decide import Bill
from watchbill.decide.planning import plan
from watchbill.model.policyset import Grant

EVERYTHING = (an_escalation(), a_triage(), an_audience("customers"), a_comms(), a_remediation())


def a_watch(*documents: Document) -> Watch:
    """The shop with one policy of each sort, and these documents."""
    return Watch(a_shop(*EVERYTHING, *documents))


def test_a_silenced_alert_is_recorded_and_brings_nothing() -> None:
    """
    While a silence holds nobody is paged or told, nothing is collected or repaired; the incident is there all the same.
    """
    watch = a_watch(a_silence(match=['service="checkout"']))
    decision = watch.receives(an_alert())
    watch.passes(minutes=120)

    assert watch.started == []
    assert watch.incident.status == "triggered"
    assert "silenced by ana: the warehouse moves" in [reason.note for reason in decision.reasons]


def test_what_still_fires_when_a_silence_ends_is_acted_on() -> None:
    """
    The silence ends and the alert still fires: people are paged then.
    """
    watch = a_watch(a_silence(end="2026-11-23T13:00Z"))
    watch.receives(an_alert())
    watch.passes(minutes=61)

    assert watch.paged == [("13:00", "ana")]


def test_a_silence_that_begins_stops_what_runs() -> None:
    """
    A silence whose time comes while people are being paged stops the paging.
    """
    watch = a_watch(a_silence(start="2026-11-23T12:03Z"))
    watch.receives(an_alert())
    watch.passes(minutes=60)

    assert watch.people_paged == ["ana"]
    assert watch.last.wake_at is not None


def test_one_alert_that_is_not_silenced_is_enough() -> None:
    """
    A silence of one alert leaves the others of the incident as they are.
    """
    watch = a_watch(a_silence(match=['alertname="Slow"']))
    watch.receives(an_alert(alertname="Slow"), an_alert())

    assert watch.people_paged == ["ana"]


def test_a_silence_reaches_its_own_team_and_those_below() -> None:
    """
    Another team's silence holds for nothing here, unless a grant widens it.
    """
    theirs = a_silence(team="platform")
    granted = some_settings(grants=[Grant("platform", services_of=("payments",))])

    for policies, paged in ((a_shop(*EVERYTHING, theirs), ["ana"]), (a_shop(*EVERYTHING, theirs, settings=granted), [])):
        watch = Watch(policies)
        watch.receives(an_alert())

        assert watch.people_paged == paged


def test_a_recurring_silence_holds_while_its_interval_is_open() -> None:
    """
    A silence with an interval opens and closes with it: what fires at its close is acted on.
    """
    lunch = a_recurrence(hours("12:00", "12:30"), name="lunch")
    watch = a_watch(a_silence(start=None, during=lunch))
    watch.receives(an_alert())
    watch.passes(minutes=31)

    assert watch.paged == [("12:30", "ana")]


DATABASE = a_service("orders-db", team="payments")
DEPENDANT = a_service("checkout", depends_on={"orders-db": True})
HIDES = an_inhibition(source=['alertname="DatabaseDown"'], target=['service="checkout"'], depends_on=True)
DOWN = a_claimed_alert(an_alert(alertname="DatabaseDown", service="orders-db"), service="orders-db")


def beside(watch: Watch, *alerts: object) -> Watch:
    """The same watch, with these alerts firing in other incidents."""
    watch.snapshot = replace(watch.snapshot, active=alerts)  # type: ignore[arg-type]
    return watch


def test_a_hidden_alert_brings_evidence_and_updates_only() -> None:
    """
    An alert that its cause hides pages nobody, opens no hub and repairs nothing; evidence and updates go on.
    """
    watch = beside(a_watch(DATABASE, DEPENDANT, HIDES), DOWN)
    decision = watch.receives(an_alert())
    watch.passes(minutes=20)

    assert sorted({step.kind for _, step in watch.started}) == ["collect", "update"]
    assert "hidden by DatabaseDown on orders-db" in [reason.note for reason in decision.reasons]


def test_it_is_decided_afresh_when_its_cause_resolves_first() -> None:
    """
    The cause is gone and the alert still fires: people are paged.
    """
    watch = beside(a_watch(DATABASE, DEPENDANT, HIDES), DOWN)
    watch.receives(an_alert())
    watch.passes(minutes=10)
    beside(watch)
    watch.passes(minutes=6)

    assert watch.people_paged == ["ana"]


def test_no_alert_hides_itself() -> None:
    """
    An alert that matches both sides of an inhibition is not hidden by itself.
    """
    watch = a_watch(an_inhibition(source=['service="checkout"'], target=['service="checkout"']))
    watch.receives(an_alert())

    assert watch.people_paged == ["ana"]


def test_equal_labels_must_be_equal() -> None:
    """
    With `equal`, only alerts that agree on these labels hide one another; absent counts as empty.
    """
    hides = an_inhibition(source=['alertname="DatabaseDown"'], target=['service="checkout"'], equal=["region"])
    for region, paged in (("eu", ["ana"]), ("us", [])):
        down = a_claimed_alert(an_alert(alertname="DatabaseDown", service="orders-db", region="us"), service="orders-db")
        watch = beside(a_watch(DATABASE, hides), down)
        watch.receives(an_alert(region=region))

        assert watch.people_paged == paged


def test_without_a_dependency_nothing_is_hidden_by_depends_on() -> None:
    """
    An inhibition by `depends_on` hides only what depends on the service that broke.
    """
    watch = beside(a_watch(DATABASE, a_service("checkout"), HIDES), DOWN)
    watch.receives(an_alert())

    assert watch.people_paged == ["ana"]


def test_hiding_another_teams_alerts_needs_its_consent() -> None:
    """
    Another team's inhibition hides an alert only where the dependency says `inhibits: true`, on the whole way.
    """
    database = a_service("orders-db", team="platform")
    hides = an_inhibition(team="platform", source=['alertname="DatabaseDown"'], target=['service="checkout"'], depends_on=True)
    down = a_claimed_alert(DOWN.alert, service="orders-db", team="platform")
    way = a_service("orders", depends_on={"orders-db": True})
    cases = (
        ((a_service("checkout", depends_on={"orders-db": True}),), []),
        ((a_service("checkout", depends_on={"orders-db": False}),), ["ana"]),
        ((a_service("checkout", depends_on={"orders": True}), way), []),
        ((a_service("checkout", depends_on={"orders": False}), way), ["ana"]),
    )
    for services, paged in cases:
        watch = beside(a_watch(database, hides, *services), down)
        watch.receives(an_alert())

        assert watch.people_paged == paged


def test_the_cause_says_whom_else_it_affects() -> None:
    """
    The incident of the cause sees the services whose alerts it hides, so that an update can name them.
    """
    told = a_comms(messages={"triggered": "affected: {{ incident.affected | join(', ') }}"})
    policies = a_shop(*EVERYTHING, told, DATABASE, DEPENDANT, HIDES)
    plans = plan(Bill.of(policies), [an_alert(alertname="DatabaseDown", service="orders-db"), an_alert()], NOON)
    texts = {each.title: [update.body for update in each.updates] for each in plans}

    assert texts["DatabaseDown on orders-db"] == ["affected: checkout"]
    assert [bool(each.escalations) for each in plans] == [True, False]
    assert plans[1].notes == ("hidden by DatabaseDown on orders-db",)


def test_a_silenced_alert_raises_no_severity() -> None:
    """
    A critical alert that is silenced does not make a warning worse.
    """
    watch = a_watch(a_silence(match=['severity="critical"']))
    watch.receives(an_alert(severity="warning"))
    watch.acknowledges()
    watch.receives(an_alert(alertname="Down"))

    assert (watch.incident.status, watch.people_paged) == ("acknowledged", ["ana"])
    assert watch.now - NOON == timedelta(0)


def test_services_that_need_each_other_do_not_hide_each_other() -> None:
    """
    Where services need each other in a circle, an inhibition by `depends_on` hides none of their alerts by another of them, and
    still hides those of what needs them.
    """
    circle = (a_service("orders-db", depends_on={"checkout": True}), a_service("checkout", depends_on={"orders-db": True}))
    outside = a_service("refunds", depends_on={"checkout": True})
    hides = an_inhibition(source=['alertname="Down"'], target=['severity="critical"'], depends_on=True)
    names = ("orders-db", "checkout", "refunds")
    fires = {name: an_alert(alertname="Down", service=name) for name in names}
    plans = plan(Bill.of(a_shop(*EVERYTHING, *circle, outside, hides)), list(fires.values()), NOON)

    assert [(each.lead.service, bool(each.escalations)) for each in plans] == [("orders-db", True), ("checkout", True), ("refunds", False)]


def test_a_chain_by_dependency_hides_all_but_its_end() -> None:
    """
    The same alert all along a chain of dependencies is told once, where the chain ends: which needs which tells the sides apart.
    """
    chain = (
        a_service("orders-db"),
        a_service("checkout", depends_on={"orders-db": True}),
        a_service("refunds", depends_on={"checkout": True}),
    )
    hides = an_inhibition(source=['alertname="Down"'], target=['alertname="Down"'], depends_on=True)
    fires = [an_alert(alertname="Down", service=each) for each in ("refunds", "checkout", "orders-db")]
    plans = plan(Bill.of(a_shop(*EVERYTHING, *chain, hides)), fires, NOON)

    assert {each.lead.service: bool(each.escalations) for each in plans} == {"refunds": False, "checkout": False, "orders-db": True}


def test_a_ring_that_is_broken_hides_again() -> None:
    """
    Two incidents whose alerts hide each other are both paged for; when a third cause hides one of the two from outside, that one
    counts as hidden by it.
    """
    there = an_inhibition("there", source=['alertname="Down"'], target=['service="checkout"'], equal=["region"])
    back = an_inhibition("back", source=['service="checkout"'], target=['alertname="Down"'], equal=["region"])
    above = an_inhibition("above", source=['alertname="RegionDown"'], target=['alertname=~"Down|Broken"'], equal=["region"])
    alerts = [an_alert(alertname="Down", service="orders-db", region="eu"), an_alert(alertname="Broken", region="eu")]
    bill = Bill.of(a_shop(*EVERYTHING, DATABASE, a_service("region"), there, back, above))
    ring = plan(bill, alerts, NOON)
    hidden = plan(bill, [*alerts, an_alert(alertname="RegionDown", service="region", region="eu")], NOON)

    assert [bool(each.escalations) for each in ring] == [True, True]
    assert [bool(each.escalations) for each in hidden] == [False, False, True]


def test_labels_that_both_lack_are_named() -> None:
    """
    Where labels count as equal because neither of two alerts has them, what says why one is hidden names these labels.
    """
    hides = an_inhibition(source=['alertname="DatabaseDown"'], target=['service="checkout"'], equal=["region", "zone"])
    down = an_alert(alertname="DatabaseDown", service="orders-db", zone="a")
    plans = plan(Bill.of(a_shop(*EVERYTHING, DATABASE, hides)), [down, an_alert(zone="a")], NOON)

    assert plans[1].notes == ("hidden by DatabaseDown on orders-db (neither of the two has `region`, which counts as equal)",)
