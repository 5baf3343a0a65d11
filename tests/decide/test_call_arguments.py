"""Calls are checked when they are filled in, by the check that the engine runs: what does not fit fails here, and says why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from tests.makers import (
    NOON,
    Document,
    a_collector,
    a_comms,
    a_connector,
    a_hub,
    a_level,
    a_remediation,
    a_repair_step,
    a_review,
    a_shop,
    a_team,
    a_template,
    a_triage,
    a_use,
    an_alert,
    an_audience,
    an_escalation,
)
from tests.watch import Watch
from watchbill.connectors.catalogue import catalogue
from watchbill.decide import Bill
from watchbill.decide.planning import plan
from watchbill.model.alert import Alert
from watchbill.model.policies import Message, Rollback
from watchbill.model.references import Use

CONNECTORS = (
    a_connector("chat", "slack"),
    a_connector("metrics", "prometheus"),
    a_connector("cluster", "kubernetes", team="payments"),
    a_connector("bridge", "bridge"),
)


def a_watch(*documents: Document) -> Watch:
    """A watch that knows what the actions take."""
    watch = Watch(a_shop(*CONNECTORS, *documents))
    watch.bill = Bill.of(watch.bill.policies, catalogue())
    return watch


def ended(watch: Watch, kind: str) -> tuple[str, str]:
    """How the step of this *kind* stands, and what is said of it."""
    step = watch.step(kind)
    return step.state, step.note


def fires(watch: Watch, alert: Alert | None = None) -> Watch:
    """An alert comes in."""
    watch.receives(alert or an_alert())
    return watch


def test_a_post_that_does_not_fit_fails() -> None:
    """
    A post whose channel cannot be one is not made, and the page leaves all the same.
    """
    post = a_use("chat.post", channel="#{{ alert.name }}", text="it broke")
    watch = fires(a_watch(an_escalation("e", a_level(notify=[post]))))

    assert ended(watch, "notify") == (
        "failed",
        "`channel` of chat.post is not of the shape `^(#?[^\\s#A-Z,.]{1,80}|[CGD][A-Z0-9]{8,})$`, now that it is filled in",
    )
    assert watch.people_paged == ["ana"]


def test_a_room_that_does_not_fit_fails() -> None:
    """
    A room whose name is too long is not opened.
    """
    watch = fires(a_watch(an_escalation("e", hub=a_hub("inc-{{ alert.labels.job }}"))), an_alert(job="j" * 100))

    assert ended(watch, "hub") == ("failed", "`name` of chat.open-channel is longer than 81 characters, now that it is filled in")


def test_a_collector_that_does_not_fit_fails_alone() -> None:
    """
    A collector whose query fills in as empty fails, and the others collect.
    """
    empty = a_collector("empty", "metrics.query", query="{{ alert.labels.job }}")
    watch = fires(
        a_watch(an_escalation(), a_triage("t", empty, a_collector())), replace(an_alert(), labels={**an_alert().labels, "job": ""})
    )

    assert [(step.slot, step.state) for step in watch.steps("collect")] == [("empty", "failed"), ("error-rate", "started")]
    assert watch.step("collect").note == "`query` of metrics.query is empty, now that it is filled in"


def test_a_repair_that_does_not_fit_has_people_paged() -> None:
    """
    A fallback whose step does not fit fails at once, and its page waits no longer.
    """
    repair = a_remediation(
        "restart", a_repair_step(deployment="{{ alert.name }}"), phase="fallback", hold=timedelta(minutes=6), match=['severity="critical"']
    )
    watch = fires(a_watch(an_escalation(), repair))

    assert watch.step("repair").state == "failed"
    assert watch.step("repair").note.startswith("`deployment` of cluster.rollout-restart is not of the shape ")
    assert watch.paged == [("12:00", "ana")]


def test_a_rollback_that_does_not_fit_fails() -> None:
    """
    What undoes a repair is checked like the repair.
    """
    undo = Rollback((a_repair_step("undo", "cluster.rollout-undo", deployment="{{ alert.name }}"),))
    watch = fires(a_watch(an_escalation(), a_remediation("restart", phase="oversight", rollback=undo)))
    watch.stalls(watch.step("repair"))

    assert watch.step("rollback").state == "failed"
    assert watch.step("rollback").note.startswith("`deployment` of cluster.rollout-undo is not of the shape ")


def test_who_starts_what_does_not_fit_is_told_so() -> None:
    """
    A person who starts a remediation whose step does not fit hears why it does not begin.
    """
    watch = fires(a_watch(an_escalation(), a_remediation("scale", a_repair_step("scale", "cluster.scale", replicas=3))))
    watch.starts(watch.step("offer"))

    assert watch.answer == (False, "cluster.scale needs exactly one of `deployment` and `statefulset`, now that it is filled in")


def test_an_optional_argument_that_fills_in_as_empty_is_left_out() -> None:
    """
    What need not be given and comes out empty is not given; what has to be given and comes out empty does not fit.
    """
    optional = a_use("chat.post", channel="#status", subject="{{ alert.annotations.summary }}", text="it broke")
    required = a_use("chat.set-topic", channel="#status", topic="{{ alert.annotations.summary }}")
    watch = fires(a_watch(an_escalation("e", a_level(notify=[optional, required]))))
    first, second = watch.steps("notify")

    assert first.calls[0].arguments == {"channel": "#status", "text": "it broke"}
    assert (second.state, second.note) == ("failed", "`topic` of chat.set-topic is empty, now that it is filled in")


def test_a_number_that_is_filled_in_is_a_number() -> None:
    """
    Where an action wants a number, a text that a template became is read as one; a text that is none does not fit.
    """
    scale = a_repair_step("scale", "cluster.scale", deployment="checkout", replicas="{{ alert.labels.replicas }}")
    watches = [fires(a_watch(an_escalation(), a_remediation("s", scale, phase="oversight")), an_alert(replicas=n)) for n in ("3", "three")]

    assert watches[0].step("repair").calls[0].arguments == {"deployment": "checkout", "replicas": 3}
    assert ended(watches[1], "repair") == ("failed", "`replicas` of cluster.scale is not a whole number, now that it is filled in")


def test_what_nobody_knows_is_not_checked() -> None:
    """
    A call of a connector that is not declared is filled in as it stands: that there is none is said when it is made.
    """
    watch = fires(a_watch(an_escalation("e", a_level(notify=[a_use("nobody.knows", volume="{{ alert.name }}")]))))

    assert watch.step("notify").calls[0].arguments == {"volume": "HighErrorRate"}


# --- updates ------------------------------------------------------------------------------

MAIL = a_use("mail.send", to="list@example.com", subject="{{ subject }}", text="{{ body }}")
POST = a_use("chat.post", channel="#status", subject="{{ subject }}", text="{{ body }}")
SAID = {"triggered": ("The shop is slow", "we are looking"), "unchanged": (None, "no change"), "resolved": (None, "it is over")}


def told(*channels: Use, messages: Mapping[str, tuple[str | None, str]] = SAID, **labels: str) -> Watch:
    """Customers are told of an alert by these *channels*; twenty minutes have passed."""
    whole: Mapping[Any, tuple[str | None, str]] = messages
    texts = tuple(Message(status, a_template(head) if head else None, a_template(body)) for status, (head, body) in whole.items())
    comms = replace(a_comms(), messages=texts)
    watch = a_watch(an_escalation(), a_connector("mail", "email"), an_audience("customers", *channels), comms)
    watch.receives(an_alert(**labels))
    watch.passes(minutes=20)
    return watch


def test_a_subject_falls_back_to_the_last_one_told() -> None:
    """
    An update without a subject has that of the update before, so that it reaches channels that want one.
    """
    watch = told(MAIL)
    watch.passes(minutes=30)
    watch.resolves()

    assert [(step.subject, step.calls[0].arguments["text"]) for _, step in watch.started if step.kind == "update"] == [
        ("The shop is slow", "we are looking"),
        ("The shop is slow", "no change"),
        ("The shop is slow", "it is over"),
    ]


def test_the_first_update_without_a_subject_has_none() -> None:
    """
    Where nobody was told a subject before, the update has none, and an optional argument for it is left out.
    """
    watch = told(MAIL, messages={"triggered": (None, "we are looking")})

    assert watch.step("update").subject == ""
    assert watch.step("update").calls[0].arguments == {"to": "list@example.com", "text": "we are looking"}


def test_a_subject_that_comes_out_empty_is_none() -> None:
    """
    A subject that fills in as empty counts as none, and falls back like one.
    """
    watch = told(MAIL, messages={**SAID, "resolved": ("{{ alert.annotations.title }}", "it is over")})
    watch.resolves()

    assert watch.step("update", -1).subject == "The shop is slow"


def test_another_comms_goes_on_with_the_subject_that_its_audience_knows() -> None:
    """
    Where another Comms takes over an audience, the last subject told is that of the audience.
    """
    narrow = replace(
        a_comms("narrow", match=['alertname="Down"'], first=timedelta(0)), messages=(Message("triggered", None, a_template("worse")),)
    )
    watch = a_watch(
        an_escalation(),
        an_audience("customers", POST),
        replace(a_comms(first=timedelta(0)), messages=(Message("triggered", a_template("The shop is slow"), a_template("it began")),)),
        narrow,
    )
    watch.receives(an_alert())
    watch.receives(an_alert(alertname="Down"))
    watch.passes(minutes=10)

    assert [(step.because.name, step.subject) for _, step in watch.started if step.kind == "update"] == [
        ("customers-critical", "The shop is slow"),
        ("narrow", "The shop is slow"),
    ]


def test_one_channel_that_does_not_fit_keeps_no_other_from_its_readers() -> None:
    """
    An update leaves by the channels whose arguments fit, and its note says which did not and why.
    """
    watch = told(MAIL, a_use("chat.post", channel="#{{ alert.name }}", text="{{ body }}"))

    assert watch.calls("update") == [("12:15", "mail.send")]
    assert watch.step("update").state == "started"
    assert watch.step("update").note.startswith("`channel` of chat.post is not of the shape ")


def test_an_update_that_fits_nowhere_fails() -> None:
    """
    Where no channel can take it the update fails, and the next one is due all the same.
    """
    watch = told(MAIL, messages={"triggered": ("{{ alert.labels.title }}", "it began")}, title="t" * 300)

    assert ended(watch, "update") == ("failed", "`subject` of mail.send is longer than 250 characters, now that it is filled in")
    assert [step.state for step in watch.steps("update")] == ["failed", "planned"]


def test_an_update_that_says_nothing_fails() -> None:
    """
    An update whose text comes out empty is not sent.
    """
    watch = told(MAIL, messages={"triggered": ("The shop is slow", "{{ alert.annotations.summary }}")})

    assert ended(watch, "update") == ("failed", "the text for `triggered` comes out empty")


# --- what the plan shows ------------------------------------------------------------------


def test_the_plan_shows_all_that_an_audience_is_told() -> None:
    """
    A planned update has its subject, its text, and every argument of each channel, with its own words for what is left out.
    """
    watch = told(MAIL, a_use("mail.send", to="press@example.com"), a_use("chat.post", channel="#{{ alert.name }}", text="{{ body }}"))
    (found,) = plan(watch.bill, [an_alert()], NOON)
    (update,) = found.updates

    assert (update.subject, update.body) == ("The shop is slow", "we are looking")
    assert [(each.use, each.call.arguments if each.call else None) for each in update.calls] == [
        ("mail.send", {"to": "list@example.com", "subject": "The shop is slow", "text": "we are looking"}),
        ("mail.send", {"to": "press@example.com", "subject": "The shop is slow", "text": "we are looking"}),
        ("chat.post", None),
    ]
    assert update.calls[2].error.startswith("`channel` of chat.post is not of the shape ")
    assert found.notes[0].startswith("the update to customers 30m after the first leaves not everywhere: `channel` of chat.post")


def test_the_plan_shows_what_waits_for_a_yes() -> None:
    """
    An update that is held until somebody reviews it is shown with the words that are held.
    """
    liaison = a_team("engineering", members=["eve"], roles={"customer-liaison": "person/eve"})
    held = replace(
        a_comms(), messages=(Message("triggered", a_template("Slow"), a_template("we are looking")),), review=a_review(hold=True)
    )
    watch = a_watch(an_escalation(), a_connector("mail", "email"), liaison, an_audience("customers", MAIL), held)
    (update,) = plan(watch.bill, [an_alert()], NOON)[0].updates

    assert (update.sent_at, update.subject, update.body) == (None, "Slow", "we are looking")
    assert update.calls[0].call is not None


def test_the_plan_shows_what_cannot_be_posted() -> None:
    """
    Posts and rooms whose arguments do not fit stand in the plan with the reason.
    """
    post = a_use("chat.post", channel="#{{ alert.name }}", text="it broke")
    watch = a_watch(an_escalation("e", a_level(notify=[post]), hub=a_hub("Inc {{ alert.name }}")))
    (found,) = plan(watch.bill, [an_alert()], NOON)

    assert [(each.kind, f"{each.call.connector}.{each.call.action}", bool(each.error)) for each in found.posts] == [
        ("hub", "chat.open-channel", True),
        ("notify", "chat.post", True),
    ]
    assert found.hub is None
