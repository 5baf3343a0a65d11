"""Comms: by when an audience is told, what, and who reads it before."""

from __future__ import annotations

from tests.language.makers import PAGE, TELL, Written, a_watch, compiled, plans, watch_of
from tests.makers import an_alert
from tests.watch import Watch
from watchbill.decide.planning import plan
from watchbill.decide.step_words import subject_of, text_of

REVIEWED = TELL + "review: {by: role/customer-liaison@support, wait: 10m, then: send}\n"
AWAY = ("Person", "kim", '{contacts: [{use: phone.call, to: "+351 555 0107"}], leave: [{from: 2026-11-23}]}', "")


def told(spec: str = TELL, *documents: Written) -> Watch:
    """A critical alert of checkout fires, and customers are to be told."""
    watch = a_watch(PAGE, ("Comms", "tell", spec, "support"), *documents)
    watch.receives(an_alert())
    return watch


def sent(watch: Watch) -> list[tuple[str, str]]:
    """When which text left."""
    return [(f"{at:%H:%M}", step.text) for at, step in watch.started if step.kind == "update"]


def test_an_update_is_an_obligation():
    """
    An update is due `first` after the incident opened and every `cadence` from then on, news or none; without news it says what stands
    under `unchanged`.
    """
    watch = told()
    watch.passes(minutes=80)

    assert sent(watch) == [("12:15", "it began"), ("12:45", "no change"), ("13:15", "no change")]


def test_a_change_of_status_is_told():
    """
    Whoever was told of an incident hears at once of a status that has a message.
    """
    watch = told()
    watch.passes(minutes=20)
    watch.receives(an_alert(status="resolved"))

    assert sent(watch) == [("12:15", "it began"), ("12:20", "it is over")]


def test_a_short_incident_is_not_told():
    """
    An incident that is over before its first update was due is not told at all.
    """
    watch = told()
    watch.passes(minutes=14)
    watch.receives(an_alert(status="resolved"))
    watch.passes(minutes=60)

    assert sent(watch) == []


def test_the_liaison_is_reminded():
    """
    The audience's liaison is reminded `remind` before an update is due.
    """
    watch = told(TELL + "remind: 5m\n")
    watch.passes(minutes=16)

    assert [(f"{at:%H:%M}", step.people[0].person) for at, step in watch.started if step.kind == "remind"] == [("12:10", "kim")]


def test_a_review():
    """
    With a `review`, whom it names is asked when the update falls due, and the update leaves at their yes.
    """
    watch = told(REVIEWED)
    watch.passes(minutes=18)
    before = sent(watch)
    watch.approves(watch.step("update"), "kim")

    assert [(f"{at:%H:%M}", step.people[0].person) for at, step in watch.started if step.kind == "review"] == [("12:15", "kim")]
    assert (before, sent(watch)) == ([], [("12:18", "it began")])


def test_a_review_without_an_answer():
    """
    Without an answer within its `wait` a review follows `then`: the update is sent, or held until somebody reviews it.
    """
    sending, holding = told(REVIEWED), told(REVIEWED.replace("send}", "hold}"))
    for watch in (sending, holding):
        watch.passes(minutes=30)
    held = sent(holding)
    holding.approves(holding.step("update"), "kim")

    assert sent(sending) == [("12:25", "it began")]
    assert (held, sent(holding)) == ([], [("12:30", "it began")])


def test_nobody_to_review():
    """
    Where nobody can be reached to review an update, `then` is followed at once.
    """
    sending, holding = told(REVIEWED, AWAY), told(REVIEWED.replace("send}", "hold}"), AWAY)
    for watch in (sending, holding):
        watch.passes(minutes=16)

    assert sent(sending) == [("12:15", "it began")]
    assert sent(holding) == []
    assert holding.step("update").state == "waiting"


def test_quiet_hours_of_an_audience():
    """
    What would leave within the quiet hours of its audience waits until they end.
    """
    quiet = '{channels: [{use: status.post}], quiet_hours: {hours: [{from: "12:00", to: "13:00"}]}}'
    watch = told(TELL, ("Audience", "customers", quiet, "support"))
    watch.passes(minutes=100)

    assert sent(watch) == [("13:00", "it began"), ("13:30", "no change")]
    assert watch.paged[0] == ("12:00", "ana")


def test_quiet_hours_of_a_person():
    """
    Somebody who is named as reviewer or liaison is not asked within quiet hours of their own; a page reaches them at any hour.
    """
    quiet = '{contacts: [{use: phone.call, to: "+351 555 0107"}], quiet_hours: {hours: [{from: "12:00", to: "13:00"}]}}'
    escalation = ("Escalation", "to-kim", "levels: [{page: person/kim}]")
    watch = a_watch(escalation, ("Comms", "tell", REVIEWED, "support"), ("Person", "kim", quiet, ""))
    watch.receives(an_alert())
    watch.passes(minutes=16)

    assert watch.paged[0] == ("12:00", "kim")
    assert watch.steps("review") == []
    assert sent(watch) == [("12:15", "it began")]


def test_every_channel():
    """
    An update leaves by every channel of its audience.
    """
    channels = "{channels: [{use: status.post}, {use: chat.post, with: {channel: '#customers', text: '{{ subject }}{{ body }}'}}]}"
    watch = told(TELL, ("Audience", "customers", channels, "support"))
    watch.passes(minutes=16)

    assert [(call.connector, dict(call.arguments)) for call in watch.step("update").calls] == [
        ("status", {}),
        ("chat", {"channel": "#customers", "text": "it began"}),
    ]


MAILED = (
    "Audience",
    "customers",
    "{channels: [{use: mail.send, with: {to: all@example.com, subject: '{{ subject }}', text: '{{ body }}'}}, {use: status.post}]}",
    "support",
)
MAIL = ("Connector", "mail", '{type: email, with: {url: "smtp://mail.example.com", from: shop@example.com}}', "")
HEADED = TELL.replace("body: it began", "subject: The shop is slow, body: it began")


def test_a_subject_that_is_left_out():
    """
    An update without a subject has the last one that its audience was told of the incident; where it was told none, it has none.
    """
    headed, bare = told(HEADED, MAIL, MAILED), told(TELL, MAIL, MAILED)
    for watch in (headed, bare):
        watch.passes(minutes=50)

    assert [step.calls[0].arguments.get("subject") for _, step in headed.started if step.kind == "update"] == ["The shop is slow"] * 2
    assert [dict(step.calls[0].arguments) for _, step in bare.started if step.kind == "update"] == [
        {"to": "all@example.com", "text": "it began"},
        {"to": "all@example.com", "text": "no change"},
    ]


def test_who_reads_decides_what_is_said():
    """
    An audience reads what its `Comms` says and nothing besides: no headline of the responders, no alert, service, team, severity or id
    that its texts do not name.
    """
    watch = told(TELL, MAIL, MAILED)
    watch.passes(minutes=16)
    (update,) = plans(PAGE, ("Comms", "tell", TELL, "support"), MAIL, MAILED)[0].updates

    assert (subject_of(watch.incident, watch.step("update")), text_of(watch.incident, watch.step("update"))) == ("", "it began")
    assert subject_of(watch.incident, watch.step("page")) == "[critical] HighErrorRate on checkout"
    assert [dict(each.call.arguments) for each in update.calls if each.call is not None] == [
        {"to": "all@example.com", "text": "it began"},
        {"text": "it began"},
    ]


def test_a_channel_that_cannot_take_it():
    """
    A channel that cannot take an update keeps it from no other channel, and the plan and a policy test say which it is and why.
    """
    channels = MAILED[2].replace("to: all@example.com", "to: '{{ alert.name }}'")
    found = compiled(PAGE, ("Comms", "tell", TELL, "support"), MAIL, ("Audience", "customers", channels, "support")).policies
    assert found is not None
    watch = watch_of(found)
    watch.receives(an_alert())
    watch.passes(minutes=16)
    (update,) = plan(watch.bill, [an_alert()], watch.now)[0].updates

    assert watch.calls("update") == [("12:15", "status.post")]
    assert watch.step("update").note == update.calls[0].error
    assert update.calls[0].error.startswith("`to` of mail.send is not of the shape ")


def test_an_update_that_says_nothing():
    """
    An update whose text comes out empty is not sent, and `validate` warns of a text that may.
    """
    spec = TELL.replace("it began", '"{{ alert.annotations.summary }}"')
    done = compiled(PAGE, ("Comms", "tell", spec, "support"))
    assert done.policies is not None
    watch = watch_of(done.policies)
    watch.receives(an_alert())
    watch.passes(minutes=16)

    assert [finding.rule for finding in done.findings] == ["unguarded-argument"]
    assert (watch.step("update").state, watch.step("update").note) == ("failed", "the text for `triggered` comes out empty")
