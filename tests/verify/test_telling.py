"""What became of each delivery, as a timeline tells of it; on virtual time, from noon."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from tests.decide.test_repairing import a_restart
from tests.makers import NOON, Document, a_comms, a_level, a_person, a_repair_step, a_review, a_shop, an_alert, an_audience, an_escalation
from tests.watch import Watch
from watchbill.decide import Moment
from watchbill.model.event import Woken
from watchbill.model.ownership import Contact
from watchbill.model.plan import Done
from watchbill.model.policies import Rollback
from watchbill.verify.telling import told

MINUTE = timedelta(minutes=1)


def a_watch(*documents: Document, **more: object) -> Watch:
    """The shop with two levels of five minutes each, of which the first has been paged; ana is called, and gets a message."""
    levels = (a_level("role/primary"), a_level("role/secondary"))
    watch = Watch(a_shop(an_escalation("payments-critical", *levels, **more), *documents))  # type: ignore[arg-type]
    watch.receives(an_alert())
    return watch


def lines(watch: Watch, *words: str) -> list[str]:
    """The timeline so far, as the time, the word and the sentence; those of these *words* only, where some are named."""
    moments = (Moment(*each) for each in zip(watch.times, watch.events, watch.decisions, strict=True))
    found = (each for moment in moments for each in told(watch.bill, (), moment))
    return [f"{each.at:%H:%M} {each.what} {each.text}" for each in found if not words or each.what in words]


def notes(watch: Watch, what: str) -> list[str]:
    """What the lines of this word say below."""
    moments = (Moment(*each) for each in zip(watch.times, watch.events, watch.decisions, strict=True))
    return [each.note for moment in moments for each in told(watch.bill, (), moment) if each.what == what]


PAGES = ("page", "sent", "delivered", "answered", "fails", "retries", "unknown", "shadow", "withdrawn", "done", "alarm")


def test_what_became_of_each_contact_is_a_line() -> None:
    """
    Each contact has a line of its own, with the person, the action and what became of it, by the policy that is the reason.
    """
    watch = a_watch()
    watch.reports("refused", error="401")
    watch.reports("sent", 1)
    last = told(watch.bill, (), Moment(watch.times[-1], watch.events[-1], watch.last))

    assert lines(watch, *PAGES) == [
        "12:00 page ana (primary)",
        "12:00 fails ana: phone.call refused (401)",
        "12:00 sent ana: phone.sms left",
    ]
    assert [(each.people, each.because, each.place) for each in last] == [(("ana",), "payments-critical", watch.step("page").place)]


def test_a_page_that_fails_as_a_whole_is_told_of_once() -> None:
    """
    Nothing of the first level leaves: each contact says why, the next page says that this is why it leaves now, and nothing is said twice.
    """
    watch = a_watch()
    watch.reports("refused", error="401")
    watch.reports("unable", 1, error="the secret is missing")

    assert lines(watch, *PAGES) == [
        "12:00 page ana (primary)",
        "12:00 fails ana: phone.call refused (401)",
        "12:00 fails ana: phone.sms cannot be sent: the secret is missing",
        "12:00 page bo (secondary)",
    ]
    assert notes(watch, "page")[1].endswith("no page of the level before it left")


def test_a_report_that_says_nothing_new_has_no_line() -> None:
    """
    The other side reports twice that it was delivered, and late that it has taken it: there is one line.
    """
    watch = a_watch()
    watch.reports("sent")
    watch.passes(minutes=1)
    watch.reports("delivered")
    watch.reports("delivered")
    watch.reports("sent")

    assert lines(watch, *PAGES)[1:] == ["12:00 sent ana: phone.call left", "12:01 delivered ana: phone.call delivered"]


def test_what_is_tried_again_says_when() -> None:
    """
    An attempt that is made again says in how long, whether it failed or nobody knows.
    """
    watch = a_watch()
    watch.reports("unknown", error="no answer", retry_at=NOON + timedelta(seconds=30))
    watch.reports("waiting", 1, error="busy", retry_at=NOON + MINUTE)

    assert lines(watch, "retries") == [
        "12:00 retries ana: phone.call: nobody knows whether it left: no answer, tried again in 30s",
        "12:00 retries ana: phone.sms could not be sent yet: busy, tried again in 1m",
    ]


def test_contacts_that_are_not_wanted_any_more_are_no_noise() -> None:
    """
    Somebody answers the call: the message that was to follow is taken back without a line, also where an attempt at it fails then.
    """
    watch = a_watch()
    watch.reports("sent")
    watch.acknowledges()
    watch.reports("refused", 1)

    assert lines(watch, *PAGES) == ["12:00 page ana (primary)", "12:00 sent ana: phone.call left"]


def test_a_page_in_shadow_says_that_nothing_was_sent() -> None:
    """
    A connector in shadow sends nothing, and the line says so.
    """
    watch = a_watch()
    watch.reports("shadow", error="the connector is in shadow: nothing was touched")

    assert lines(watch, "shadow") == ["12:00 shadow ana: phone.call: in shadow: nothing was sent"]


def test_one_outcome_for_a_whole_page_is_told_of_each_contact() -> None:
    """
    Where a page is said to have been carried out as a whole, each contact has left.
    """
    watch = a_watch()
    watch.finishes(watch.step("page"), Done())

    assert lines(watch, *PAGES)[1:] == ["12:00 sent ana: phone.call left", "12:00 sent ana: phone.sms left"]


def test_who_was_skipped_is_said_once() -> None:
    """
    The note of a page is said when it begins, and not again when its last contact has left.
    """
    watch = a_watch()
    watch.finishes(watch.step("page"), Done())

    assert [line for line in lines(watch) if "done" in line] == []


def test_a_review_of_which_nothing_leaves_is_told_of_once() -> None:
    """
    Nobody can be asked: the contacts say why, and the update says that it is held for that.
    """
    comms = a_comms(first=timedelta(0), review=a_review("person/eve", hold=True))
    watch = Watch(a_shop(an_escalation("payments-critical"), an_audience(), comms))
    watch.receives(an_alert())
    review = watch.step("review")
    for number, _ in enumerate(review.deliveries):
        watch.reports("refused", number, review, error="401")

    said = "\n".join([*lines(watch), *notes(watch, "waits")])
    assert said.count("401") == len(review.deliveries) > 0
    assert "held: nobody could be reached to review it" in said


def test_the_alarm_reads_well_each_time() -> None:
    """
    The engine's own alarm says why it sounds, each time until it was heard.
    """
    watch = Watch(a_shop(an_escalation("payments-critical", a_level("role/primary"))))
    watch.receives(an_alert())
    watch.passes(minutes=60)
    watch.finishes(watch.steps("alarm")[0])

    alarms = [line.partition(" ")[2] for line in lines(watch, "alarm")]
    assert alarms[0] == "alarm the engine's own alarm: nobody answered any page"
    assert set(alarms[1:]) == {"alarm the engine's own alarm: nobody answered any page"}
    assert lines(watch, "sent")[-1].endswith("sent the engine's own alarm")


def test_who_has_an_incident_and_until_when_is_a_line() -> None:
    """
    That somebody has an incident until then, what they are told, that they keep it, and that it is given back: each is a line.
    """
    watch = a_watch()
    watch.acknowledges("ana")
    watch.receives(an_alert(alertname="DiskFull", starts_at=NOON + MINUTE))
    watch.passes(minutes=230)
    watch.extends("ana", minutes=1500)
    watch.passes(minutes=1501)
    id = watch.incident.id
    kept = f"Keep it: watchbill extend {id}. It is over: watchbill resolve {id}"
    what = f"{id} (critical: HighErrorRate on checkout (payments))"

    assert lines(watch, "status", "tell") == [
        "12:00 status acknowledged by ana until 16:00",
        f"12:00 tell ana: «critical: DiskFull on checkout joins {id}, which you have.»",
        f"15:45 tell ana: «You have {what} until 2026-11-23 16:00 UTC; then it is given back, and people are paged again. {kept}»",
        "15:50 status extended until 2026-11-24 16:50 by ana",
        f"16:35 tell ana: «You have {what} until 2026-11-24 16:50 UTC; then it is given back, and people are paged again. {kept}»",
        "16:50 status triggered again, for the acknowledgement has ended",
    ]


def test_a_kill_is_told_of_what_it_stopped() -> None:
    """
    A check and an undo that a kill stops in their middle each have their line, and stand as stopped afterwards.
    """
    undone = a_restart(rollback=Rollback((a_repair_step("undo", "cluster.rollout-undo"),)))
    checking, undoing = (Watch(a_shop(an_escalation(), undone)) for _ in range(2))
    for watch in (checking, undoing):
        watch.receives(an_alert())
    checking.finishes(checking.step("repair"))
    undoing.stalls(undoing.step("repair"))

    for watch, what in ((checking, "the check of restart-checkout/verify"), (undoing, "the undo of restart-checkout/undo")):
        lines = told(watch.bill, (), Moment(watch.now, Woken(), watch.kills()))

        assert f"{what}: killed by hand: nothing runs unattended" in [each.text for each in lines if each.what == "withdrawn"]
    assert [(step.state, step.started_at is not None) for step in (checking.step("verify"), undoing.step("rollback"))] == [
        ("withdrawn", True)
    ] * 2


def test_of_what_persons_are_told_a_timeline_has_the_first_line() -> None:
    """
    A question goes out with all that the answer is about; the timeline says that it waits, and leaves the rest to the step.
    """
    eve = replace(a_person("eve"), contacts=(Contact("mail", "send", "eve@example.com"),))
    watch = Watch(a_shop(an_escalation(), eve, a_restart(approvals=1, may_approve=("person/eve",))))
    watch.receives(an_alert())

    assert len(watch.step("tell").text.splitlines()) > 3
    assert [line for line in lines(watch, "tell") if "tell" in line] == [
        "12:00 tell eve: «restart-checkout waits for your yes until 2026-11-23 12:15 UTC. Unanswered it is a no.»"
    ]
