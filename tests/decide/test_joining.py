"""What an alert of a new name does that joins an incident which somebody has; on virtual time, from noon."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from tests.makers import (
    Document,
    a_level,
    a_person,
    a_recurrence,
    a_shop,
    a_silence,
    an_alert,
    an_escalation,
    an_inhibition,
    hours,
)
from tests.watch import Watch

LATER = timedelta(minutes=10)


def joined(*documents: Document, **more: Any) -> Watch:
    """What ana took at noon, and ten minutes later an alert of a new name."""
    more.setdefault("levels", (a_level("role/primary"), a_level("role/secondary")))
    levels = more.pop("levels")
    watch = Watch(a_shop(an_escalation("critical", *levels, **more), *documents))
    watch.receives(an_alert())
    watch.acknowledges("ana")
    watch.passes(minutes=10)
    watch.receives(an_alert(alertname="DiskFull"))
    return watch


def test_whoever_has_it_is_told() -> None:
    """
    An alert of a new name is told to whoever has the incident, by their contact that tells; nobody is paged.
    """
    watch = joined()

    assert (watch.told, watch.paged) == ([("12:10", "ana")], [("12:00", "ana")])
    tell = next(step for step in watch.steps("tell") if step.about)
    assert tell.text == f"critical: DiskFull on checkout joins {watch.incident.id}, which you have."
    assert "ana is told of DiskFull, which joins what they have" in [reason.note for reason in watch.last.reasons]
    assert watch.incident.status == "acknowledged"


def test_a_name_that_is_known_is_not_told_again() -> None:
    """
    Another alert of a name that the incident has had already is told to nobody, nor the same twice.
    """
    watch = joined()
    watch.receives(an_alert(alertname="DiskFull", instance="b"))
    watch.receives(an_alert(alertname="DiskFull", status="resolved"))
    watch.receives(an_alert(alertname="DiskFull"))
    watch.receives(an_alert(instance="c"))

    assert watch.told == [("12:10", "ana")]


def test_a_snoozed_incident_is_somebodys_too() -> None:
    """
    Whoever put an incident off is told as well.
    """
    watch = joined()
    watch.snoozes("ana", minutes=60)
    watch.passes(minutes=5)
    watch.receives(an_alert(alertname="CertExpires"))

    assert watch.told == [("12:10", "ana"), ("12:15", "ana")]


def test_nothing_on_request() -> None:
    """
    With `joined: nothing` nobody hears of it, and a reason says so.
    """
    watch = joined(joined="nothing")

    assert (watch.told, watch.people_paged) == ([], ["ana"])
    assert "DiskFull joins what ana has, and nobody hears of it (`joined: nothing`)" in [reason.note for reason in watch.last.reasons]


def test_a_page_to_level_one() -> None:
    """
    With `joined: page` level one is paged with that alert, once: the incident stays whose it is, and no further level follows.
    """
    watch = joined(joined="page", levels=(a_level("role/secondary"), a_level("person/cy")))
    watch.passes(minutes=60)

    assert watch.paged == [("12:00", "bo"), ("12:10", "bo")]
    assert (watch.incident.status, watch.incident.acknowledged_by, watch.told) == ("acknowledged", "ana", [])
    assert watch.steps("page")[-1].text == f"critical: DiskFull on checkout joins {watch.incident.id}, which ana has."


def test_the_first_level_that_is_open_is_paged() -> None:
    """
    A level whose hours have not begun, or that reaches nobody, is passed over; where there is none, whoever has it is told.
    """
    night = a_recurrence(hours("22:00", "23:00"))
    away = replace(a_person("bo"), contacts=())
    levels = (a_level("role/primary"), a_level("person/cy", during=night), a_level("role/secondary"))
    watch = joined(away, joined="page", levels=levels[1:])

    assert watch.people_paged == []
    assert watch.told == [("12:10", "ana")]


def test_a_page_that_reaches_nobody_goes_on_to_the_next_level() -> None:
    """
    A page of what joined that reaches nobody brings the next level, and after the last one whoever has it is told.
    """
    watch = joined(joined="page")
    for person in ("ana", "bo"):
        page = watch.steps("page")[-1]
        assert [duty.person for duty in page.people] == [person]
        for number in range(len(page.deliveries)):
            watch.reports("refused", number, page)

    assert watch.paged == [("12:00", "ana"), ("12:10", "ana"), ("12:10", "bo")]
    assert watch.told == [("12:10", "ana")]


def test_an_acknowledgement_stops_its_further_contacts() -> None:
    """
    No further contact of such a page leaves once somebody acknowledged again.
    """
    watch = joined(joined="page")
    watch.acknowledges("bo")

    assert watch.answer == (True, "acknowledged by bo, and ana has it still")
    assert [each.result for each in watch.steps("page")[-1].deliveries] == ["withdrawn", "withdrawn"]


def test_more_people_are_called_behind_the_levels() -> None:
    """
    Who escalates later gets the level behind the last that was paged, whatever joined meanwhile.
    """
    watch = joined(joined="page")
    watch.escalates("ana")

    assert watch.paged[-1] == ("12:10", "bo")


def test_what_is_not_acted_on_is_not_told() -> None:
    """
    What joins and is silenced or hidden is told to nobody, and told when it is acted on after all.
    """
    silenced = joined(a_silence(match=['alertname="DiskFull"']))
    hidden = joined(an_inhibition(source=('alertname="HighErrorRate"',), target=('alertname="DiskFull"',)))
    before = list(hidden.told)
    hidden.receives(an_alert(status="resolved"))

    assert (silenced.told, before) == ([], [])
    assert hidden.told == [("12:10", "ana")]


def test_what_joins_a_mitigated_incident_brings_it_back() -> None:
    """
    What joins an incident that is mitigated pages from level one, as any relapse does.
    """
    watch = joined()
    watch.mitigates("ana")
    watch.passes(minutes=5)
    watch.receives(an_alert(alertname="CertExpires"))

    assert (watch.incident.status, watch.paged[-1]) == ("triggered", ("12:15", "ana"))
