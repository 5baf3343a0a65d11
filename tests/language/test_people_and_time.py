"""People and time: whom a target reaches, how long a level waits, and what a local time means."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.language.makers import PAGE, RESTART, SETTINGS, Written, a_watch, policies, rules
from tests.makers import an_alert, at
from tests.watch import Watch
from watchbill.decide.oncall import on_call
from watchbill.decide.step_words import subject_of, text_of
from watchbill.model.event import Acknowledged, Snoozed
from watchbill.model.plan import LEFT


def one_level(page: str, more: str = "") -> Written:
    """An escalation with one level."""
    return ("Escalation", "one-level", f"{{levels: [{{page: {page}, wait: 5m}}]{more}}}")


def paged(*documents: Written, now: datetime | None = None) -> list[str]:
    """Whom these documents page at once."""
    watch = a_watch(*documents, now=now or at("2026-11-23T12:00Z"))
    watch.receives(an_alert())
    return watch.people_paged


def after(minutes: float, *documents: Written) -> Watch:
    """A watch on which a critical alert of checkout fires for that long, and nobody answers."""
    watch = a_watch(*documents)
    watch.receives(an_alert())
    watch.passes(minutes=minutes)
    return watch


# --- targets --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "person"),
    [("person/cy", "cy"), ("schedule/payments-primary", "ana"), ("team/data", "dan"), ("role/lead", "cy")],
)
def test_targets(target: str, person: str):
    """
    A target is a `person/`, a `schedule/`, a `team/` or a `role/`.
    """
    assert paged(one_level(target)) == [person]


def test_roles_resolve_from_the_owner_outwards():
    """
    A role is looked up on the owner of the service, then on the teams above it, and the nearest team that has it decides.
    """
    assert paged(one_level("role/lead")) == ["cy"]
    assert paged(one_level("role/incident-commander")) == ["eve"]


def test_a_role_of_a_named_team():
    """
    `role/lead@security` is security's lead, whoever owns the service.
    """
    assert paged(one_level("role/lead@security")) == ["guy"]


def test_to_page_a_team():
    """
    To page `team/x` is to page its `role/primary`.
    """
    assert paged(one_level("team/security")) == paged(one_level("role/primary@security")) == ["guy"]


def test_contacts_in_order():
    """
    A page uses all contacts of a person in their order of preference, each as long after the page as it says.
    """
    watch = after(0, one_level("person/ana"))

    assert [(each.action, f"{each.at:%H:%M}") for each in watch.step("page").deliveries] == [("call", "12:00"), ("sms", "12:02")]


# --- levels ---------------------------------------------------------------------------


def test_wait_is_the_time_to_answer():
    """
    `wait` is how long a level has to answer before the next one is paged.
    """
    assert after(30, ("Escalation", "x", "levels: [{page: person/ana, wait: 7m}, {page: person/bo, wait: 20m}]")).paged == [
        ("12:00", "ana"),
        ("12:07", "bo"),
        ("12:27", "fay"),
    ]


def test_an_unreachable_level_takes_no_time():
    """
    A level that reaches nobody takes no time: the next one is paged at once.
    """
    away = ("Person", "ana", '{contacts: [{use: phone.call, to: "+351 555 0100"}], leave: [{from: 2026-11-23}]}', "")

    assert after(1, away, ("Escalation", "x", "levels: [{page: person/ana, wait: 7m}, {page: person/bo, wait: 20m}]")).paged == [
        ("12:00", "bo")
    ]


def test_repeat_fallback_alarm():
    """
    `repeat: 2` is two further rounds, after which come the fallback team and then the engine's own alarm.
    """
    watch = after(60, ("Escalation", "x", "repeat: 2\nlevels: [{page: person/ana, wait: 5m}]"))

    assert watch.paged == [("12:00", "ana"), ("12:05", "ana"), ("12:10", "ana"), ("12:15", "fay")]
    assert next(f"{at:%H:%M}" for at, step in watch.started if step.kind == "alarm") == "12:30"


def test_the_alarm_is_repeated():
    """
    The engine's own alarm is repeated every `alarm_every` of the settings, fifteen minutes where nothing is said, until somebody answers;
    `fallback_wait` is how long the fallback team has before it.
    """
    settings = SETTINGS + "  fallback_wait: 3m\n  alarm_every: 10m\n"
    usual = after(60, ("Escalation", "x", "levels: [{page: person/ana, wait: 5m}]"))
    declared = a_watch(("Escalation", "x", "levels: [{page: person/ana, wait: 5m}]"), settings=settings)
    declared.receives(an_alert())
    declared.passes(minutes=30)
    declared.acknowledges("fay")
    declared.passes(minutes=60)

    assert [f"{at:%H:%M}" for at, step in usual.started if step.kind == "alarm"] == ["12:20", "12:35", "12:50"]
    assert [f"{at:%H:%M}" for at, step in declared.started if step.kind == "alarm"] == ["12:08", "12:18", "12:28"]


def test_only_a_declared_person_takes_an_incident():
    """
    Only a declared person takes an incident: an acknowledgement or a snooze by another name stops no page, and its answer says which names
    are near.
    """
    watch = a_watch(PAGE)
    watch.receives(an_alert())
    for said in (Acknowledged("anna"), Snoozed("anna", watch.now + timedelta(hours=1))):
        watch.happens(said)
        assert watch.answer == (False, "no declared person is called `anna`, so paging goes on: did you mean `ana`?")
    watch.passes(minutes=6)

    assert watch.paged[-1] == ("12:05", "bo")


def test_notify_never_waits():
    """
    What a level posts with `notify` goes out together with its page, and nothing waits for it.
    """
    level = "levels: [{page: person/ana, wait: 5m, notify: [{use: chat.post, with: {channel: '#payments'}}]}, {page: person/bo}]"
    watch = after(9, ("Escalation", "x", level))

    assert watch.calls("notify") == [("12:00", "chat.post")]
    assert watch.paged == [("12:00", "ana"), ("12:05", "bo")]


def test_the_hub():
    """
    The hub opens with the first page: a channel, a bridge or both, with those who are paged then and those whom it invites.
    """
    meet = ("Connector", "meet", "{type: bridge, with: {url: 'https://meet.example.com/{room}'}}", "")
    hub = "hub: {channel: {use: chat.open-channel, with: {name: inc}}, bridge: {use: meet.open}, invite: [role/incident-commander]}"
    watch = after(1, meet, ("Escalation", "x", f"levels: [{{page: role/primary}}]\n{hub}"))

    assert watch.calls("hub") + watch.calls("bridge") == [("12:00", "chat.open-channel"), ("12:00", "meet.open")]
    assert [duty.person for duty in watch.step("hub").people] == ["eve"]


# --- what a page says -----------------------------------------------------------------


def test_the_first_line_of_a_page():
    """
    The first line of a page says what is wrong: in the words of its escalation, else in those of the alert's `summary`, else by what the
    alert is called and where; an alert without a name is called by its labels.
    """
    worded = ("Escalation", "x", "text: 'the till: {{ alert.labels.job }}'\nlevels: [{page: person/ana}]")
    firsts = []
    for escalation, alert in (
        (worded, an_alert(job="till")),
        (PAGE, an_alert(annotations={"summary": "no orders"})),
        (PAGE, an_alert()),
        (PAGE, an_alert(alertname="", job="till")),
    ):
        watch = a_watch(escalation)
        watch.receives(alert)
        firsts.append(text_of(watch.incident, watch.step("page")).partition("\n")[0])

    assert firsts == [
        "the till: till",
        "critical: no orders",
        "critical: HighErrorRate on checkout (payments)",
        "critical: job=till on checkout (payments)",
    ]


def test_what_else_a_page_says():
    """
    Below it a page says since when, whom it and earlier pages went to, the runbook of the alert or of the service, which remediations may
    be started and how, the command that takes the incident, and its link.
    """
    offer = RESTART.replace("phase: fallback\nhold: 6m", "phase: human-initiated\nallow: {run: [team/payments]}")
    watch = a_watch(PAGE, ("Remediation", "restart", offer))
    watch.receives(an_alert(annotations={"summary": "no orders", "runbook_url": "https://example.com/r"}, instance="web-1"))
    watch.passes(minutes=5)
    second = [each for each in watch.steps("page") if each.started_at is not None][1]
    number = watch.incident.id

    assert text_of(watch.incident, second, "https://example.com/i", bill=watch.bill).split("\n") == [
        "critical: no orders",
        "HighErrorRate on checkout (payments), since 12:00 UTC",
        "This page: bo (secondary)",
        "Paged before: ana (12:00, not known to have left)",
        "Runbook: https://example.com/r",
        "Offered: restart on web-1 (docs/runbooks/checkout.md)",
        f"  watchbill run-step {number} restart",
        f"Incident {number}, triggered.",
        f"Take it: watchbill ack {number}",
        "https://example.com/i",
    ]


def test_which_alert_a_page_speaks_of():
    """
    A page speaks of the alert for which paging began, such as one that raised the severity or came back, while that fires and no worse one
    does; else of the lead alert.
    """
    watch = a_watch(PAGE)
    watch.receives(an_alert(severity="warning", annotations={"summary": "slow"}))
    watch.acknowledges("ana")
    watch.receives(an_alert(alertname="Down", annotations={"summary": "down"}))
    watch.mitigates("ana")
    watch.passes(minutes=2)
    watch.receives(an_alert(alertname="Again", annotations={"summary": "again"}, starts_at=watch.now))
    started = [each for each in watch.steps("page") if each.started_at is not None]

    assert [text_of(watch.incident, each).partition("\n")[0] for each in started[1:]] == ["critical: down", "critical: again"]


def test_a_possible_repeat_says_so():
    """
    A page whose attempt may be a repeat says `possibly repeated` in its text and in its subject.
    """
    watch = a_watch(PAGE)
    watch.receives(an_alert())
    page = watch.step("page")

    assert "ossibly repeated" in text_of(watch.incident, page, is_repeat=True)
    assert subject_of(watch.incident, page, is_repeat=True).startswith("[possibly repeated] ")
    assert "ossibly repeated" not in text_of(watch.incident, page) + subject_of(watch.incident, page)


# --- how a page goes ------------------------------------------------------------------


def test_a_failed_level_is_passed():
    """
    A level all of whose deliveries have failed for good is passed at once; an unknown outcome is not a failure.
    """
    level = ("Escalation", "x", "levels: [{page: person/bo, wait: 20m}, {page: person/cy, wait: 20m}]")
    refused, unknown = after(0, level), after(0, level)
    refused.reports("refused", error="401")
    unknown.reports("unknown")
    unknown.passes(minutes=19)

    assert refused.paged == [("12:00", "bo"), ("12:00", "cy")]
    assert unknown.paged == [("12:00", "bo")]


def test_a_refused_contact_brings_the_next_forward():
    """
    A contact that fails for good brings the person's next contact forward at once.
    """
    watch = after(0, one_level("person/ana"))
    watch.reports("refused")

    assert [f"{each.leaves_at:%H:%M}" for each in watch.step("page").deliveries if each.leaves_at] == ["12:00"]


def test_nothing_leaves_after_an_answer():
    """
    No further contact of a page leaves once it was answered, snoozed or given back, or the incident is over, whatever comes after.
    """
    for word in ("acknowledges", "resolves", "mitigates"):
        watch = after(0, one_level("person/ana"))
        watch.reports("sent")
        getattr(watch, word)()
        if word == "acknowledges":
            watch.unacknowledges()

        assert [each.result for each in watch.step("page").deliveries] == ["sent", "withdrawn"]


def test_a_page_in_shadow():
    """
    A page by a connector in shadow has not left, and is no failure: its level keeps its wait.
    """
    watch = after(0, one_level("person/bo"))
    watch.reports("shadow")
    watch.passes(minutes=4)

    assert watch.paged == [("12:00", "bo")]
    assert [each.result in LEFT for each in watch.step("page").deliveries] == [False]


def test_no_attempt_waits_longer_than_its_level():
    """
    An attempt that failed is made again after a back-off of its own, whatever longer wait the other side asks for, and when its level has
    had its time at the latest.
    """
    watch = after(0, one_level("person/bo"))
    watch.reports("waiting", error="429", retry_at=at("2026-11-23T13:00Z"))

    assert [f"{each.leaves_at:%H:%M}" for each in watch.step("page").deliveries if each.leaves_at] == ["12:05"]


def test_a_review_that_nobody_gets():
    """
    A review none of whose deliveries leaves follows its `then` at once.
    """
    comms = (
        "{audience: customers, first: 0s, cadence: 30m, review: {by: person/cy, wait: 10m, then: send}, messages: {triggered: {body: x}}}"
    )
    watch = after(0, PAGE, ("Comms", "c", comms, "support"))
    watch.reports("refused", 0, watch.step("review"))

    assert watch.step("update").state == "started"


# --- hours ----------------------------------------------------------------------------


def test_quiet_hours_never_hold_a_page():
    """
    A person's quiet hours hold back no page.
    """
    quiet = '{contacts: [{use: phone.call, to: "+351 555 0100"}], quiet_hours: {hours: [{from: "00:00", to: "24:00"}]}}'

    assert paged(PAGE, ("Person", "ana", quiet, "")) == ["ana"]


EVENINGS = ("TimeInterval", "evenings", '{time_intervals: [{times: [{start_time: "18:00", end_time: "22:00"}]}]}', "")
"""Every day from six to ten, in the zone of the repository."""


def test_during_on_a_document_takes_part_in_selection():
    """
    `during` on a document is part of its selection: outside the interval it does not apply.
    """
    night = ("Escalation", "by-night", """match: ['severity="critical"']\nduring: evenings\nlevels: [{page: person/cy}]""")

    assert paged(PAGE, night, EVENINGS) == ["ana"]
    assert paged(PAGE, night, EVENINGS, now=at("2026-11-23T18:00Z")) == ["cy"]


def test_during_on_a_level_holds_its_page():
    """
    `during` on a level holds its page until the interval opens, and it is made then if an alert still fires.
    """
    late = ("Escalation", "x", "levels: [{page: person/ana, wait: 5m, during: evenings}]")
    ended = a_watch(late, EVENINGS)
    ended.receives(an_alert())
    ended.passes(minutes=60)
    ended.receives(an_alert(status="resolved"))
    ended.passes(minutes=600)

    assert after(361, late, EVENINGS).paged == [("18:00", "ana")]
    assert ended.paged == []


def test_an_interval_may_cross_midnight():
    """
    A time interval may cross midnight; the weekday that counts is that on which it begins, in the zone of its `location`.
    """
    friday = 'location: Europe/Lisbon\ntime_intervals: [{weekdays: [friday], times: [{start_time: "22:00", end_time: "06:00"}]}]'
    found = policies(("TimeInterval", "friday-night", friday, "")).time_intervals["friday-night"].recurrence

    assert at("2026-11-28T05:59Z") in found
    assert at("2026-11-28T06:00Z") not in found
    assert at("2026-11-28T22:30Z") not in found
    assert at("2026-07-04T04:59Z") in found
    assert at("2026-07-04T05:00Z") not in found


# --- schedules ------------------------------------------------------------------------


def a_schedule(layers: str) -> Written:
    """The schedule of payments with these layers."""
    return ("Schedule", "payments-primary", f"zone: Europe/Lisbon\nlayers:\n{layers}")


def on_duty(when: str, *documents: Written) -> str | None:
    """Who has the watch on payments-primary."""
    return on_call(policies(*documents), "payments-primary", at(when)).person


def test_a_rotation_passes_at_its_handoff():
    """
    A rotation goes round its participants from its `start`, and passes on every so many days at the same wall-clock time, all year.
    """
    weekly = a_schedule('  - {name: base, rotation: {every: 1w, start: "2026-01-05 09:00"}, participants: [ana, bo]}')

    assert [on_duty(when, weekly) for when in ("2026-01-12T08:59Z", "2026-01-12T09:00Z")] == ["ana", "bo"]
    assert [on_duty(when, weekly) for when in ("2026-07-06T07:59Z", "2026-07-06T08:00Z")] == ["bo", "ana"]


def test_later_layers_overrule():
    """
    Later layers overrule earlier ones in their hours, each in a zone of its own.
    """
    layers = a_schedule(
        '  - {name: base, rotation: {every: 1w, start: "2026-01-05 09:00"}, participants: [ana]}\n'
        '  - {name: asia, zone: Asia/Singapore, rotation: {every: 1w, start: "2026-01-05 09:00"}, participants: [cy],'
        ' hours: [{days: mon-fri, from: "08:00", to: "18:00"}]}'
    )

    assert [on_duty(when, layers) for when in ("2026-11-23T00:00Z", "2026-11-23T09:59Z", "2026-11-23T10:00Z")] == ["cy", "cy", "ana"]


def test_local_times_that_do_not_exist():
    """
    A local time that does not exist, because clocks jump over it, moves forward by as much.
    """
    daily = a_schedule('  - {name: base, rotation: {every: 1d, start: "2026-03-01 01:30"}, participants: [ana, bo]}')

    # In Lisbon, 01:30 on 29 March 2026 does not exist: the clocks go from 01:00 to 02:00, which is 01:00 UTC.
    assert [on_duty(when, daily) for when in ("2026-03-29T01:29Z", "2026-03-29T01:30Z")] == ["bo", "ana"]


def test_local_times_that_come_twice():
    """
    A local time that comes twice means its first coming.
    """
    daily = a_schedule('  - {name: base, rotation: {every: 1d, start: "2026-10-01 01:30"}, participants: [ana, bo]}')

    # In Lisbon, 01:30 on 25 October 2026 comes at 00:30 and at 01:30 UTC.
    assert [on_duty(when, daily) for when in ("2026-10-25T00:29Z", "2026-10-25T00:30Z", "2026-10-25T01:30Z")] == ["bo", "ana", "ana"]


def test_delays_are_elapsed_time():
    """
    Delays are elapsed time, whatever the clocks do meanwhile.
    """
    watch = a_watch(("Escalation", "x", "levels: [{page: person/ana, wait: 2h}, {page: person/bo}]"), now=at("2026-10-25T00:00Z"))
    watch.receives(an_alert(starts_at=watch.now))
    watch.passes(minutes=121)

    assert watch.paged == [("00:00", "ana"), ("02:00", "bo")]


def test_a_holiday_empties_its_layer():
    """
    On a holiday its layer is empty, and the layer below has the watch.
    """
    layers = a_schedule(
        '  - {name: base, rotation: {every: 1w, start: "2026-01-05 09:00"}, participants: [cy]}\n'
        '  - {name: days, rotation: {every: 1w, start: "2026-01-05 09:00"}, participants: [ana],'
        " holidays: [{country: PT}, {date: 2026-12-24}]}"
    )

    assert [on_duty(f"2026-12-{day:02}T12:00Z", layers) for day in (7, 8, 24, 25, 28)] == ["ana", "cy", "cy", "cy", "ana"]


def test_leave_skips_without_reordering():
    """
    Leave skips a person, whose turn goes to the next who is there, and everybody keeps their other turns.
    """
    weekly = a_schedule('  - {name: base, rotation: {every: 1w, start: "2026-01-05 00:00"}, participants: [ana, bo, cy]}')
    away = ("Person", "bo", '{contacts: [{use: phone.call, to: "+351 555 0101"}], leave: [{from: 2026-01-12, to: 2026-01-18}]}', "")
    mondays = [f"2026-01-{day:02}T12:00Z" for day in (5, 12, 19, 26)]

    assert [on_duty(when, weekly) for when in mondays] == ["ana", "bo", "cy", "ana"]
    assert [on_duty(when, weekly, away) for when in mondays] == ["ana", "cy", "cy", "ana"]


def test_an_override_expires():
    """
    An override puts one person in the place of another from one instant, included, to another, excluded.
    """
    override = (
        "Override",
        "cy-for-ana",
        "{schedule: payments-primary, person: cy, instead_of: ana, from: 2026-11-24T00:00:00Z, to: 2026-11-25T00:00:00Z}",
    )
    moments = ("2026-11-23T23:59Z", "2026-11-24T00:00Z", "2026-11-24T23:59Z", "2026-11-25T00:00Z")

    assert [on_duty(when, override) for when in moments] == ["ana", "cy", "cy", "ana"]


def test_two_overrides_make_an_exchange():
    """
    Two overrides make an exchange.
    """
    dates = "from: 2026-11-23T09:00:00Z, to: 2026-12-07T09:00:00Z"
    exchange = (
        ("Override", "bo-for-ana", f"{{schedule: payments-primary, person: bo, instead_of: ana, {dates}}}"),
        ("Override", "ana-for-bo", f"{{schedule: payments-primary, person: ana, instead_of: bo, {dates}}}"),
    )
    weeks = ("2026-11-23T12:00Z", "2026-11-30T12:00Z", "2026-12-07T12:00Z")

    assert [on_duty(when) for when in weeks] == ["ana", "bo", "ana"]
    assert [on_duty(when, *exchange) for when in weeks] == ["bo", "ana", "ana"]


def test_people_are_looked_up_when_a_page_falls_due():
    """
    Who is on call is looked up when a page falls due, not when the incident opens.
    """
    watch = a_watch(("Escalation", "x", "levels: [{page: role/primary, wait: 30m}]\nrepeat: 1"), now=at("2026-11-30T08:45Z"))
    watch.receives(an_alert())
    watch.passes(minutes=31)

    assert watch.paged == [("08:45", "ana"), ("09:15", "bo")]


def test_roles_must_lead_somewhere():
    """
    A target that leads to nobody there is a finding.
    """
    assert rules(one_level("role/nobody")) == ["unknown-name"]
    assert rules(one_level("person/zoe")) == ["unknown-name"]
