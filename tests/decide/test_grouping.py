"""Which alerts make one incident, how long paging waits for more of them, and when one comes back."""

from __future__ import annotations

from datetime import timedelta

from tests.makers import NOON, Document, a_grouping, a_level, a_recurrence, a_shop, an_alert, an_escalation, hours
from tests.watch import Watch
from watchbill.decide import Bill, correlate


def keys(*documents: Document, regions: tuple[str, ...] = ("eu", "us", "")) -> list[str]:
    """The correlation keys of one alert for each region."""
    return [each.key for each in correlate(Bill.of(a_shop(*documents)), [an_alert(region=region) for region in regions], NOON)]


def test_a_grouping_tells_incidents_apart_by_labels() -> None:
    """
    Alerts with different values of the labels that a grouping names are different incidents; absent counts as empty.
    """
    assert keys(a_grouping(by=["region"])) == [
        "service/checkout{region='eu'}",
        "service/checkout{region='us'}",
        "service/checkout{region=''}",
    ]


def test_a_grouping_by_nothing_is_the_whole_service() -> None:
    """
    A grouping that names no label keeps the service's alerts together.
    """
    assert keys(a_grouping(by=[])) == ["service/checkout"]


def test_the_owners_grouping_comes_before_one_above() -> None:
    """
    The owner's grouping is taken before a narrower one of a team above.
    """
    above = a_grouping("above", team="engineering", match=['service="checkout"'], by=["region"])

    assert keys(above, a_grouping("own", by=[])) == ["service/checkout"]
    assert len(keys(above)) == 3


def test_no_value_can_look_like_two() -> None:
    """
    A value that contains what separates labels is another key than the two values it imitates.
    """
    bill = Bill.of(a_shop(a_grouping(by=["a", "b"])))
    imitating = correlate(bill, [an_alert(a="1',b='2"), an_alert(a="1", b="2")], NOON)

    assert len({each.key for each in imitating}) == 2


def test_paging_waits_for_further_alerts() -> None:
    """
    With a wait of 20 seconds the first page leaves then, with whatever has come by that time.
    """
    watch = Watch(a_shop(an_escalation(), a_grouping(by=[], wait=timedelta(seconds=20))))
    watch.receives(an_alert())
    before = list(watch.paged)
    watch.passes(seconds=20)

    assert (before, watch.people_paged) == ([], ["ana"])


def test_within_the_reopen_window_it_comes_back_and_after_it_another_opens() -> None:
    """
    An alert that comes back soon reopens its incident; later it opens a new one.
    """
    for minutes, reopened in ((9, 1), (11, 0)):
        watch = Watch(a_shop(an_escalation(), a_grouping(by=[], reopen=timedelta(minutes=10))))
        watch.receives(an_alert())
        first = watch.incident.id
        watch.receives(an_alert(status="resolved"))
        watch.passes(minutes=minutes)
        watch.receives(an_alert(starts_at=watch.now))

        assert watch.incident.reopen_count == reopened
        assert (watch.incident.id == first) == bool(reopened)
        assert watch.people_paged == ["ana", "ana"]


def test_without_a_grouping_the_window_is_an_hour() -> None:
    """
    Where no grouping says otherwise an incident reopens within an hour.
    """
    for minutes, reopened in ((59, 1), (61, 0)):
        watch = Watch(a_shop(an_escalation()))
        watch.receives(an_alert())
        watch.receives(an_alert(status="resolved"))
        watch.passes(minutes=minutes)
        watch.receives(an_alert(starts_at=watch.now))

        assert watch.incident.reopen_count == reopened


def test_during_takes_part_in_selection() -> None:
    """
    Outside its interval a policy does not apply, and says so.
    """
    night = a_recurrence(hours("22:00", "07:00"), name="night")
    watch = Watch(a_shop(an_escalation("by-night", a_level("person/bo"), during=night, priority=1), an_escalation("by-day")))
    decision = watch.receives(an_alert())

    assert watch.people_paged == ["ana"]
    assert [(each.note, each.failed) for each in decision.reasons if each.policy.name == "by-night"] == [
        ("`during` is not open", "during night")
    ]


def test_during_on_a_level_holds_its_page_until_the_interval_opens() -> None:
    """
    A level with an interval waits until it opens, and the levels after it count from then.
    """
    afternoon = a_recurrence(hours("14:00", "18:00"), name="afternoon")
    level = a_level("role/primary", during=afternoon)
    watch = Watch(a_shop(an_escalation("patient", level, a_level("role/lead"))))
    watch.receives(an_alert())
    watch.passes(minutes=126)

    assert watch.paged == [("14:00", "ana"), ("14:05", "cy")]


def test_a_held_level_pages_nobody_if_it_is_over_by_then() -> None:
    """
    What has ended before the interval opens pages nobody.
    """
    afternoon = a_recurrence(hours("14:00", "18:00"), name="afternoon")
    watch = Watch(a_shop(an_escalation("patient", a_level("role/primary", during=afternoon))))
    watch.receives(an_alert())
    watch.passes(minutes=60)
    watch.receives(an_alert(status="resolved"))
    watch.passes(minutes=120)

    assert watch.people_paged == []
