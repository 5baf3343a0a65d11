"""Stories of who is paged, when, and what stops it; all on virtual time, from noon."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from tests.makers import (
    Document,
    a_hub,
    a_level,
    a_person,
    a_schedule,
    a_service,
    a_shop,
    a_team,
    a_template,
    a_use,
    an_alert,
    an_escalation,
    some_days,
)
from tests.watch import Watch
from watchbill.model.plan import Step

MINUTES = [timedelta(minutes=number) for number in range(60)]


def three_levels(**more: object) -> Document:
    """Primary for 5 minutes, secondary for 10, lead for 15."""
    return an_escalation(
        "payments-critical",
        a_level("role/primary", wait=MINUTES[5]),
        a_level("role/secondary", wait=MINUTES[10]),
        a_level("role/lead", wait=MINUTES[15]),
        **more,
    )


def alarms(watch: Watch) -> list[str]:
    """When the engine raised its own alarm."""
    return [f"{at:%H:%M}" for at, step in watch.started if step.kind == "alarm"]


def test_the_first_level_is_paged_at_once() -> None:
    """
    An alert arrives: whoever is on call is paged with it, by every contact in order of preference.
    """
    watch = Watch(a_shop(three_levels()))
    watch.receives(an_alert())

    assert watch.paged == [("12:00", "ana")]
    assert [f"{each.action} {each.at:%H:%M}" for each in watch.step("page").deliveries] == ["call 12:00", "sms 12:02"]


def test_an_unanswered_page_climbs_level_by_level() -> None:
    """
    Nobody acknowledges: each level is paged when the one before has had its time.
    """
    watch = Watch(a_shop(three_levels()))
    watch.receives(an_alert())
    watch.passes(minutes=29)

    assert watch.paged == [("12:00", "ana"), ("12:05", "bo"), ("12:15", "cy")]


def test_rounds_then_the_fallback_team_then_the_alarm() -> None:
    """
    After the further rounds comes the fallback team, and when that does not answer either, the engine's own alarm.
    """
    watch = Watch(a_shop(three_levels(repeat=1)))
    watch.receives(an_alert())
    watch.passes(minutes=76)

    assert watch.paged[3:] == [("12:30", "ana"), ("12:35", "bo"), ("12:45", "cy"), ("13:00", "dan")]
    assert alarms(watch) == ["13:15"]


def test_the_alarm_is_repeated_until_somebody_answers() -> None:
    """
    When nobody has answered any page the alarm is raised every fifteen minutes, until somebody takes the incident.
    """
    watch = Watch(a_shop(three_levels()))
    watch.receives(an_alert())
    watch.passes(minutes=80)
    is_unanswered = watch.incident.is_unanswered
    watch.acknowledges("dan")
    watch.passes(minutes=120)

    assert alarms(watch) == ["12:45", "13:00", "13:15"]
    assert (is_unanswered, watch.incident.is_unanswered) == (True, False)
    assert watch.last.wake_at == watch.step("tell").due_at


def test_the_settings_say_how_long_the_fallback_team_has_and_how_often_the_alarm_is_repeated() -> None:
    """
    `fallback_wait` is how long the fallback team has to answer, and `alarm_every` how often the alarm is repeated.
    """
    shop = a_shop(three_levels())
    watch = Watch(replace(shop, settings=replace(shop.settings, fallback_wait=MINUTES[2], alarm_every=MINUTES[7])))
    watch.receives(an_alert())
    watch.passes(minutes=47)

    assert watch.paged[-1] == ("12:30", "dan")
    assert alarms(watch) == ["12:32", "12:39", "12:46"]


def test_an_acknowledgement_stops_the_paging() -> None:
    """
    Once somebody takes the incident nobody else is paged.
    """
    watch = Watch(a_shop(three_levels()))
    watch.receives(an_alert())
    watch.passes(minutes=3)
    watch.acknowledges("ana")
    watch.passes(minutes=120)

    assert watch.people_paged == ["ana"]
    assert watch.incident.status == "acknowledged"
    assert watch.incident.acknowledged_by == "ana"


def test_giving_it_back_pages_from_the_first_level() -> None:
    """
    An incident that is given back pages anew, from level one.
    """
    watch = Watch(a_shop(three_levels()))
    watch.receives(an_alert())
    watch.acknowledges()
    watch.passes(minutes=30)
    watch.unacknowledges()
    watch.passes(minutes=6)

    assert watch.paged == [("12:00", "ana"), ("12:30", "ana"), ("12:35", "bo")]


def test_an_unreachable_level_takes_no_time() -> None:
    """
    Where nobody of a level can be reached, the next level is paged at once, and the reason is kept.
    """
    away = a_person("ana", leave=[some_days("2026-11-20", "2026-11-30")])
    alone = a_team(
        "payments", parent="engineering", members=["bo"], roles={"primary": "person/ana", "secondary": "person/bo", "lead": "person/cy"}
    )
    watch = Watch(a_shop(away, alone, three_levels()))
    watch.receives(an_alert())

    assert watch.paged == [("12:00", "bo")]
    assert (watch.step("page").state, watch.step("page").note) == ("failed", "ana is on leave until 30 November")


def test_when_nobody_at_all_can_be_reached_the_fallback_team_is_paged_at_once() -> None:
    """
    An escalation with only unreachable levels loses no time on its rounds.
    """
    nobody = [a_person(name, contacts=()) for name in ("ana", "bo", "cy")]
    watch = Watch(a_shop(*nobody, three_levels(repeat=3)))
    watch.receives(an_alert())

    assert watch.paged == [("12:00", "dan")]


def test_who_is_paged_is_looked_up_when_the_page_falls_due() -> None:
    """
    The handoff passes while an escalation runs: the later page goes to whoever has the watch by then.
    """
    handoff = an_escalation("twice", a_level("role/primary", wait=timedelta(days=1)), repeat=1)
    watch = Watch(a_shop(handoff), now=an_alert().starts_at - timedelta(hours=4))
    watch.receives(an_alert())
    watch.passes(minutes=60 * 25)

    assert watch.people_paged == ["bo", "ana"]


def test_a_rise_in_severity_pages_again_despite_an_acknowledgement() -> None:
    """
    A warning was acknowledged; then something critical joins: people are paged again.
    """
    watch = Watch(a_shop(three_levels()))
    watch.receives(an_alert(severity="warning"))
    watch.acknowledges()
    watch.receives(an_alert(alertname="Down"))

    assert watch.people_paged == ["ana", "ana"]
    assert (watch.incident.status, watch.incident.severity) == ("triggered", "critical")


def test_a_fall_in_severity_withdraws_nothing() -> None:
    """
    The critical alert ends and a warning stays: the incident stays critical, and the paging goes on.
    """
    watch = Watch(a_shop(three_levels()))
    watch.receives(an_alert(), an_alert(alertname="Slow", severity="warning"))
    watch.receives(an_alert(status="resolved"))
    watch.passes(minutes=6)

    assert watch.incident.severity == "critical"
    assert watch.people_paged == ["ana", "bo"]


def test_an_unchanged_winner_keeps_its_clock() -> None:
    """
    An alert that joins does not make the escalation begin anew.
    """
    watch = Watch(a_shop(three_levels()))
    watch.receives(an_alert())
    watch.passes(minutes=4)
    watch.receives(an_alert(alertname="Slow"))
    watch.passes(minutes=2)

    assert watch.paged == [("12:00", "ana"), ("12:05", "bo")]


def test_another_winner_takes_over() -> None:
    """
    When a worse alert selects another escalation, the old one pages no more.
    """
    mild = an_escalation("mild", a_level("role/secondary"), match=['severity="warning"'])
    harsh = an_escalation("harsh", a_level("role/lead"), match=['severity="critical"'])
    watch = Watch(a_shop(mild, harsh))
    watch.receives(an_alert(severity="warning"))
    watch.receives(an_alert(alertname="Down"))
    watch.passes(minutes=4)

    assert watch.people_paged == ["bo", "cy"]
    assert [run.is_over for run in watch.incident.escalations if run.policy.name == "mild"] == [True]


def test_an_escalation_with_continue_pages_its_own_team_only() -> None:
    """
    One that applies besides reaches only members of its own team, whatever its levels name.
    """
    besides = an_escalation("security", a_level("person/dan", "person/bo"), team="platform", proceed=True)
    watch = Watch(a_shop(three_levels(), besides))
    watch.receives(an_alert())

    assert sorted(watch.people_paged) == ["ana", "dan"]


def test_one_acknowledgement_stops_all_unless_it_says_own() -> None:
    """
    One acknowledgement stops the escalations that apply besides too; one with `ack: own` goes on until its own team answers.
    """
    levels = (a_level("person/dan"), a_level("person/eve"))
    shared = an_escalation("shared", *levels, team="platform", proceed=True)
    own = an_escalation("own", *levels, team="platform", proceed=True, own_ack=True)

    for besides, expected in ((shared, ["ana", "dan"]), (own, ["ana", "dan", "eve"])):
        watch = Watch(a_shop(three_levels(), besides))
        watch.receives(an_alert())
        watch.acknowledges("ana")
        watch.passes(minutes=60)

        assert sorted(watch.people_paged) == expected

    watch = Watch(a_shop(three_levels(), own))
    watch.receives(an_alert())
    watch.acknowledges("ana")
    watch.acknowledges("dan")
    watch.passes(minutes=60)

    assert sorted(watch.people_paged) == ["ana", "dan"]


def test_notify_posts_and_never_waits() -> None:
    """
    What a level posts goes out together with its page, and changes no time.
    """
    post = a_use("chat.post", text="{{ alert.name }} on {{ service.name }}")
    watch = Watch(a_shop(an_escalation("posting", a_level("role/primary", notify=[post]), a_level("role/secondary"))))
    watch.receives(an_alert())
    watch.passes(minutes=5)

    assert watch.calls("notify") == [("12:00", "chat.post")]
    assert watch.step("notify").calls[0].arguments == {"text": "HighErrorRate on checkout"}
    assert watch.paged == [("12:00", "ana"), ("12:05", "bo")]


def test_the_text_of_a_page_is_the_policys() -> None:
    """
    A page says what its escalation says.
    """
    watch = Watch(a_shop(an_escalation(text=a_template("{{ alert.name }}: look at {{ alert.annotations.summary }}"))))
    watch.receives(an_alert(annotations={"summary": "errors"}))

    assert watch.step("page").text == "HighErrorRate: look at errors"


def test_the_text_of_a_page_never_fails() -> None:
    """
    A page whose text comes out empty says the plain summary.
    """
    watch = Watch(a_shop(an_escalation(text=a_template("{{ alert.annotations.summary }}"))))
    watch.receives(an_alert())

    assert watch.step("page").text == "critical: HighErrorRate on checkout (payments)"


def test_the_hub_opens_with_the_first_page() -> None:
    """
    The channel and the bridge open as the first page leaves, and those invited are named by their duty.
    """
    watch = Watch(a_shop(an_escalation(hub=a_hub(bridge=True, invite=["role/incident-commander"]))))
    watch.receives(an_alert())

    hub: Step = watch.step("hub")
    assert hub.calls[0].arguments == {"name": "inc-checkout"}
    assert [(duty.person, duty.duty) for duty in hub.people] == [("eve", "role/incident-commander")]
    assert watch.calls("bridge") == [("12:00", "bridge.open")]


def test_an_incident_has_one_hub() -> None:
    """
    Alerts that join open no second channel.
    """
    watch = Watch(a_shop(an_escalation(hub=a_hub())))
    watch.receives(an_alert())
    watch.receives(an_alert(alertname="Slow"))

    assert len(watch.steps("hub")) == 1


def test_a_connector_is_the_one_that_the_service_binds() -> None:
    """
    A policy names `chat`; the service says which chat that is for it.
    """
    bound = a_service("checkout", bindings=(("chat", "chat-eu"),))
    watch = Watch(a_shop(bound, an_escalation(hub=a_hub())))
    watch.receives(an_alert())

    assert watch.calls("hub") == [("12:00", "chat-eu.open-channel")]


def test_nobodys_alert_pages_the_fallback_team() -> None:
    """
    An alert that no service claims pages whoever the fallback team has on call.
    """
    watch = Watch(a_shop(three_levels()))
    watch.receives(an_alert(service="unheard-of"))

    assert watch.paged == [("12:00", "dan")]
    assert watch.incident.service is None


def test_a_schedule_without_anybody_says_so() -> None:
    """
    A level whose schedule has nobody on call is passed over with that reason.
    """
    from tests.makers import a_layer, a_rotation

    later = a_schedule("payments-primary", a_layer("ana", rotation=a_rotation("2027-01-04 09:00")))
    watch = Watch(a_shop(later, three_levels()))
    watch.receives(an_alert())

    assert watch.paged == [("12:00", "bo")]
    assert "nobody is on call on payments-primary" in watch.step("page").note


def test_a_level_that_only_posts_takes_its_time() -> None:
    """
    A level that pages nobody posts, and the next one comes when its wait is over.
    """
    quiet = a_level(wait=timedelta(hours=8), notify=[a_use("chat.post", text="for the morning")])
    quiet = replace(quiet, page=())
    watch = Watch(a_shop(an_escalation("night", quiet, a_level("role/primary"))))
    watch.receives(an_alert())
    watch.passes(minutes=8 * 60)

    assert watch.calls("notify") == [("12:00", "chat.post")]
    assert watch.paged == [("20:00", "ana")]


def test_an_escalation_that_only_posts_calls_nobody_at_its_end() -> None:
    """
    Where no level names anybody, nobody is meant to be called: neither the fallback team nor the alarm follows.
    """
    quiet = replace(a_level(notify=[a_use("chat.post", text="to read")]), page=())
    watch = Watch(a_shop(an_escalation("to-read", quiet)))
    watch.receives(an_alert())
    watch.passes(minutes=600)

    assert watch.paged == []
    assert watch.steps("alarm") == []
