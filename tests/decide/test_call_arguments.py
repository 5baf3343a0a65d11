"""Calls are checked when they are filled in, by the check that the engine runs: what does not fit fails here, and says why."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from tests.makers import (
    Document,
    a_collector,
    a_connector,
    a_hub,
    a_level,
    a_remediation,
    a_repair_step,
    a_shop,
    a_triage,
    a_use,
    an_alert,
    an_escalation,
)
from tests.watch import Watch
from watchbill.connectors.catalogue import catalogue
from watchbill.decide import Bill
from watchbill.model.alert import Alert
from watchbill.model.policies import Rollback

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
