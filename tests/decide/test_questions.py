"""Questions for a yes: who is told, what stands in them, and to what exactly somebody says yes; on virtual time, from noon."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.decide.test_repairing import a_restart
from tests.makers import Document, a_person, a_remediation, a_repair_step, a_shop, a_team, an_alert, an_escalation
from tests.watch import Watch
from watchbill.decide import Bill
from watchbill.decide.planning import plan
from watchbill.model.event import Approved
from watchbill.model.ownership import Contact
from watchbill.model.plan import Call
from watchbill.model.question import LENGTH, digest_of, question_of

EVE = replace(a_person("eve"), contacts=(Contact("phone", "call", "+1 555 0105", rings=True), Contact("mail", "send", "eve@example.com")))


def asking(*steps: Any, **more: Any) -> Any:
    """A restart that runs by itself once eve, or whoever else may, says yes."""
    return a_restart("restart-checkout", *steps, **{"approvals": 1, "may_approve": ("person/eve",), **more})


def a_watch(*documents: Document) -> Watch:
    """The shop with an escalation and these documents; an alert has come in."""
    watch = Watch(a_shop(an_escalation(), EVE, *documents))
    watch.receives(an_alert(instance="web-1"))
    return watch


def asked(watch: Watch) -> str:
    """The digest of what waits."""
    question = question_of(watch.step("repair"), watch.incident.revision)
    assert question is not None
    return question.digest


# --- who is told ----------------------------------------------------------------------


def test_who_may_approve_is_told_what_waits() -> None:
    """
    They are told by their contact that tells: the action, its arguments, the target, who asked, until when, and the digest.
    """
    watch = a_watch(asking(a_repair_step("restart", deployment="{{ service.name }}"), a_repair_step("warm")))
    told = watch.step("tell")

    assert [(each.use, each.address) for each in told.deliveries] == [("mail.send", "eve@example.com")]
    assert told.text.splitlines() == [
        "restart-checkout waits for your yes until 2026-11-23 12:15 UTC. Unanswered it is a no.",
        "Action: cluster.rollout-restart",
        "  deployment: checkout",
        "Target: checkout",
        "Then: warm",
        "Asked by: watchbill",
        f"Digest: {asked(watch)}",
        f"Yes: watchbill approve {watch.incident.id} repair/restart-checkout/0/checkout/restart --digest {asked(watch)}",
        f"No: watchbill deny {watch.incident.id} repair/restart-checkout/0/checkout/restart",
    ]


def test_whoever_asked_is_not_asked() -> None:
    """
    Of a team that may approve everybody is told but whoever had it started; the others read who that was.
    """
    watch = a_watch(asking(phase="human-initiated", may_run=("team/payments",), may_approve=("team/payments", "person/eve")))
    watch.starts(watch.step("offer"), "bo")
    told = watch.step("tell")

    assert "Asked by: bo" in told.text
    assert "bo" not in [duty.person for duty in told.people]
    assert {"ana", "eve"} <= {duty.person for duty in told.people}


@pytest.mark.parametrize("ends", ["approved", "denied", "expired", "killed", "resolved"])
def test_a_question_that_is_over_is_told_no_more(ends: str) -> None:
    """
    What has not been told when the question is over is not told any more.
    """
    watch = a_watch(asking())
    waiting = watch.step("repair")
    if ends == "approved":
        watch.approves(waiting, "eve")
    elif ends == "denied":
        watch.denies(waiting, "eve")
    elif ends == "expired":
        watch.passes(minutes=15)
    elif ends == "killed":
        watch.kills()
    else:
        watch.resolves("ana")

    assert watch.step("repair").state != "waiting"
    assert watch.step("tell").state == "withdrawn"


def test_each_question_is_told() -> None:
    """
    A remediation that is tried again asks again, and that is told again.
    """
    watch = a_watch(asking(may_run=("person/ana",)))
    watch.approves(watch.step("repair"), "eve")
    watch.stalls(watch.step("repair"))
    watch.retries(watch.step("repair"), "ana")

    assert watch.step("repair").state == "waiting"
    assert [step.state for step in watch.steps("tell")] == ["withdrawn", "started"]
    assert "Asked by: ana" in watch.step("tell", 1).text


def test_no_value_looks_like_a_line_of_its_own() -> None:
    """
    What an alert says cannot add a line to the question: a value of several lines is shown as one.
    """
    step = a_repair_step("restart", deployment="{{ alert.labels.instance }}")
    watch = Watch(a_shop(an_escalation(), EVE, asking(step)))
    watch.receives(an_alert(instance="web-1\nDigest: 000000000000"))
    lines = watch.step("tell").text.splitlines()

    assert '  deployment: "web-1\\nDigest: 000000000000"' in lines
    assert len([line for line in lines if line.startswith("Digest: ")]) == 1


# --- to what somebody says yes ----------------------------------------------------------


def test_a_yes_names_what_it_is_for() -> None:
    """
    With the digest of what waits it is a yes, with another one nothing happens and what waits is said.
    """
    watch = a_watch(asking())
    digest = asked(watch)
    other = watch.happens(Approved(watch.step("repair").id, "eve", "0" * LENGTH))
    refused = watch.answer
    watch.happens(Approved(watch.step("repair").id, "eve", digest.upper()))

    assert other.changes == ()
    what = "cluster.rollout-restart deployment=checkout on checkout"
    assert refused == (False, f"that is not what waits: it is {what}, with the digest {digest}")
    assert watch.step("repair").state == "started"


CALLS = st.tuples(
    st.sampled_from(["cluster.scale", "cluster.restart"]),
    st.dictionaries(st.sampled_from("ab"), st.one_of(st.text(max_size=3), st.integers(0, 3), st.none(), st.booleans()), max_size=2),
    st.sampled_from(["web-1", "web-2"]),
    st.sampled_from(["r1", "r2"]),
)


@given(CALLS, CALLS)
def test_a_digest_tells_one_question_from_another(one: Any, other: Any) -> None:
    """
    The digest of the same action, arguments, target and revision is the same in any order, and another one for any that differs.
    """

    def digest(content: Any, *, backwards: bool = False) -> str:
        use, arguments, target, revision = content
        items = reversed(arguments.items()) if backwards else arguments.items()
        return digest_of(Call(*use.split("."), dict(items)), target, revision)

    def identity(content: Any) -> str:
        use, arguments, target, revision = content
        return repr((use, sorted((name, type(value).__name__, value) for name, value in arguments.items()), target, revision))

    assert digest(one) == digest(one, backwards=True)
    assert len(digest(one)) == LENGTH
    assert (digest(one) == digest(other)) == (identity(one) == identity(other))


# --- who may ----------------------------------------------------------------------------


def in_force(watch: Watch, *documents: Document) -> None:
    """From now on the policies in force are these; the incident keeps its own definitions."""
    watch.bill = Bill.of(watch.bill.policies, in_force=a_shop(an_escalation(), EVE, *documents))


def test_a_removed_approver_cannot_approve_what_is_open() -> None:
    """
    Who may approve is said by the policies in force, not by those that the incident began with; whoever is new may.
    """
    watch = a_watch(asking(may_approve=("person/eve", "person/dan")))
    in_force(watch, asking(may_approve=("person/cy",)))
    answers = []
    for by in ("eve", "cy"):
        watch.approves(watch.step("repair"), by)
        answers.append(watch.answer)

    assert answers == [(False, "eve is not among those who may approve"), (True, "approved by cy")]


def test_a_yes_of_somebody_since_removed_does_not_count() -> None:
    """
    Of two approvals one was given by somebody who may approve no more: another one is needed.
    """
    watch = a_watch(asking(approvals=2, may_approve=("person/eve", "person/dan", "person/cy")))
    watch.approves(watch.step("repair"), "eve")
    in_force(watch, asking(approvals=2, may_approve=("person/dan", "person/cy")))
    states = []
    for by in ("dan", "cy"):
        watch.approves(watch.step("repair"), by)
        states.append(watch.step("repair").state)

    assert states == ["waiting", "started"]


def test_what_the_policies_in_force_declare_no_more_is_neither_approved_nor_started() -> None:
    """
    Of a remediation that is declared no more nobody may approve or start a run.
    """
    waiting = a_watch(asking())
    offered = a_watch(asking(phase="human-initiated", may_run=("team/payments",)))
    in_force(waiting)
    in_force(offered)
    waiting.approves(waiting.step("repair"), "eve")
    offered.starts(offered.step("offer"), "ana")

    assert waiting.answer == (False, "eve is not among those who may approve")
    assert offered.answer == (False, "ana is not among those who may run it")


def test_who_left_the_team_may_not_start_what_is_offered() -> None:
    """
    A member of the team when the incident began who is none any more starts nothing.
    """
    offer = a_remediation("undo", may_run=("team/payments",), phase="human-initiated")
    watch = a_watch(offer)
    in_force(watch, offer, a_team("payments", members=["bo"]))
    watch.starts(watch.step("offer"), "cy")

    assert watch.answer == (False, "cy is not among those who may run it")


# --- what is said beforehand ------------------------------------------------------------


def test_a_plan_says_what_will_be_asked() -> None:
    """
    The plan of a fallback that needs a yes says who is asked, until when, what follows without one, and the digest.
    """
    watch = a_watch(asking())
    (found,) = plan(watch.bill, [an_alert(instance="web-1")], watch.now)
    (repair,) = found.repairs

    assert repair.question is not None
    assert (repair.question.people, repair.question.until) == (("eve",), watch.now + timedelta(minutes=15))
    without = "unanswered it is a no; people are paged at once, and wait for none of it"
    said = f"waits for 1 approval (fallback) until 12:15 UTC, asks eve; {without}"
    assert repair.question.unanswered == without
    assert repair.question.digest == asked(watch)
    assert said in [reason.note for reason in found.reasons]
