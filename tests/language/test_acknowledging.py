"""Who has an incident: for how long, what they are told, and what becomes of it when that time is over."""

from __future__ import annotations

from dataclasses import replace

from tests.language.makers import SETTINGS, Written, a_watch, policies, rules
from tests.makers import an_alert
from tests.watch import Watch
from watchbill.decide import Bill

PAYMENTS = "parent: engineering, members: [ana, bo, cy], roles: {primary: person/ana, secondary: person/bo, lead: person/cy}"


def page(more: str = "") -> Written:
    """An escalation of two levels, of five minutes each."""
    return ("Escalation", "payments-all", f"levels: [{{page: role/primary, wait: 5m}}, {{page: role/secondary, wait: 5m}}]\n{more}")


def taken(*documents: Written, settings: str = SETTINGS, by: str = "ana", **labels: str) -> Watch:
    """An incident that somebody took at noon."""
    watch = a_watch(*(documents or (page(),)), settings=settings)
    watch.receives(an_alert(**labels))
    watch.acknowledges(by)
    return watch


def test_how_long_it_holds():
    """
    An acknowledgement holds for as long as `acknowledge.expires` says on the escalation, else on the owner team or the nearest above it
    that says it, else in the settings; where nobody does, for four hours, or a day for warning and info.
    """
    house = SETTINGS + "  acknowledge: {expires: 7h}\n"
    team = ("Team", "payments", f"{{{PAYMENTS}, acknowledge: {{expires: 6h}}}}", "")
    watches = [
        taken(),
        taken(severity="warning"),
        taken(settings=house),
        taken(page(), team, settings=house),
        taken(page("acknowledge: {expires: 5h}"), team, settings=house),
    ]

    assert [f"{watch.incident.acknowledged_until:%d %H:%M}" for watch in watches] == [
        "23 16:00",
        "24 12:00",
        "23 19:00",
        "23 18:00",
        "23 17:00",
    ]


def test_whoever_has_it_is_reminded():
    """
    Whoever has an incident is reminded `remind` before that time is over (fifteen minutes where nobody says it, at most half of it), by the
    contact that tells.
    """
    watches = [taken(), taken(page("acknowledge: {expires: 1h, remind: 20m}")), taken(page("acknowledge: {expires: 10m}"))]
    for watch in watches:
        watch.passes(minutes=239)

    assert [watch.told for watch in watches] == [[("15:45", "ana")], [("12:40", "ana")], [("12:05", "ana")]]
    assert {each.use for watch in watches for each in watch.step("tell").deliveries} == {"phone.sms"}


def test_it_is_given_back():
    """
    When that time is over watchbill gives the incident back: the escalation that was at work pages again from level one, and says why.
    """
    watch = taken()
    watch.passes(minutes=246)
    pages = [step for _, step in watch.started if step.kind == "page"]

    assert watch.paged == [("12:00", "ana"), ("16:00", "ana"), ("16:05", "bo")]
    assert "given back by watchbill: ana took it 4h ago, and that time is over" in pages[1].text


def test_a_forgotten_one_pages_again():
    """
    A critical alert of another name pages two days after an acknowledgement that everybody has forgotten.
    """
    watch = taken(page("repeat: 1"))
    watch.passes(minutes=2 * 24 * 60)
    watch.receives(an_alert(alertname="ShopDown"))

    assert watch.paged[-1] == ("12:00", "ana")
    assert watch.times[-1] == watch.started[-1][0]


def test_it_is_extended():
    """
    Only who has an incident extends that: for as long as they say from then on, or for as long as an acknowledgement holds, and never for
    less.
    """
    watch = taken()
    watch.passes(minutes=60)
    said = []
    for by, minutes in (("bo", None), ("ana", 30), ("ana", None), ("ana", 300)):
        watch.extends(by, minutes=minutes)
        said.append(watch.answer[1])

    assert said == [
        "ana has it, and only who has it extends that",
        "ana has it until 2026-11-23 16:00 UTC already",
        "extended by ana until 2026-11-23 17:00 UTC",
        "extended by ana until 2026-11-23 18:00 UTC",
    ]


def test_a_snooze_ends_by_its_own_time():
    """
    A snooze ends by its own time: the end of an acknowledgement does not cut it short, and nobody is reminded of it.
    """
    watch = taken()
    watch.snoozes("ana", minutes=600)
    watch.passes(minutes=599)
    before = watch.incident.status
    watch.passes(minutes=2)

    assert (before, watch.told, watch.paged[-1]) == ("acknowledged", [], ("22:00", "ana"))


def test_a_mitigated_one_is_only_reminded_of():
    """
    A mitigated incident is never given back: whoever has it, or mitigated what nobody had, is reminded once in each such time.
    """
    watch = a_watch(page())
    watch.receives(an_alert())
    watch.mitigates("ana")
    watch.passes(minutes=490)

    assert (watch.incident.status, watch.told) == ("mitigated", [("15:45", "ana"), ("19:45", "ana")])


def test_who_is_declared_no_more_has_nothing():
    """
    What somebody has who is no declared person, or is one no longer, is given back at once, also from a snooze.
    """
    watch = taken(by="bo")
    watch.snoozes("bo", minutes=600)
    now = policies(page())
    people = {name: person for name, person in now.people.items() if name != "bo"}
    watch.bill = Bill.of(replace(now, people=people))
    watch.kills()

    assert (watch.incident.status, watch.paged) == ("triggered", [("12:00", "ana"), ("12:00", "ana")])


def test_what_joins_is_told():
    """
    An alert of a new name that joins an incident which somebody has is told to them at once, by the contact that tells.
    """
    watch = taken()
    watch.receives(an_alert(alertname="DiskFull"))
    watch.receives(an_alert(alertname="DiskFull", instance="b"))

    assert (watch.told, watch.people_paged) == ([("12:00", "ana")], ["ana"])
    assert watch.steps("tell")[-1].text == f"critical: DiskFull on checkout joins {watch.incident.id}, which you have."


def test_what_joins_is_paged():
    """
    With `joined: page` the first level that is open and reaches somebody is paged with it, once, and the incident stays whose it is; with
    `joined: nothing` nobody hears of it.
    """
    watches = [taken(page("joined: page"), by="cy"), taken(page("joined: nothing"), by="cy")]
    for watch in watches:
        watch.receives(an_alert(alertname="DiskFull"))
        watch.passes(minutes=60)

    assert [watch.people_paged for watch in watches] == [["ana", "ana"], ["ana"]]
    assert [(watch.told, watch.incident.acknowledged_by) for watch in watches] == [([], "cy"), ([], "cy")]


def test_what_joins_a_mitigated_one():
    """
    What joins an incident that is mitigated brings it back, and pages.
    """
    watch = taken()
    watch.mitigates("ana")
    watch.receives(an_alert(alertname="DiskFull"))

    assert (watch.incident.status, watch.people_paged) == ("triggered", ["ana", "ana"])


def test_what_cannot_be_meant():
    """
    A `remind` that is no shorter than its `expires` is a finding, and so is `acknowledge` or `joined` beside `continue: true`.
    """
    assert rules(page("acknowledge: {expires: 10m, remind: 10m}")) == ["bad-duration"]
    assert rules(page(), ("Escalation", "besides", "continue: true\njoined: page\nlevels: [{page: role/primary}]")) == ["no-effect"]
