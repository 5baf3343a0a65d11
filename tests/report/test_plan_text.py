"""A plan for a terminal says what matters, in every width and without colours."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.report.makers import (
    a_fallback_page,
    a_marked_plan,
    a_page,
    a_person,
    a_plan,
    a_post,
    a_ref,
    a_repair,
    a_small_plan,
    after,
    an_alert,
    an_escalation,
    an_offer,
    an_update,
    rounds,
)
from watchbill.model.alert import Alert, ClaimedAlert
from watchbill.model.forecast import PlannedContact
from watchbill.model.plan import Call, Reason
from watchbill.report.plain import columns
from watchbill.report.plan_text import plan_text, plans_text

ANSI = re.compile(r"\x1b\[[0-9;]*m")


def flat(text: str) -> str:
    """The text as one line, so that a test does not depend on where it is broken."""
    return " ".join(text.split())


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_no_line_is_too_wide(width):
    """
    In no width is a line wider than asked for.
    """
    assert max(map(columns, plan_text(a_plan(), width=width).splitlines())) <= width


@given(st.integers(30, 130))
def test_the_width_changes_no_word(width):
    """
    Whatever the width, the same words are said.
    """
    wide, narrow = plan_text(a_plan(), width=100), plan_text(a_plan(), width=width)

    assert sorted(narrow.replace("·", " ").split()) == sorted(wide.replace("·", " ").split())


def test_colours_change_no_word():
    """
    With the colours taken away, a coloured plan is the plain one: colour repeats what words say.
    """
    coloured = plan_text(a_plan(), colour=True)

    assert coloured != ANSI.sub("", coloured)
    assert ANSI.sub("", coloured) == plan_text(a_plan())


def test_an_alert_cannot_act_on_the_terminal():
    """
    An escape in a label, an annotation or a policy's text is written out, and does nothing.
    """
    evil = "\x1b]0;owned\x07\x9b2J\u202e"
    alert = replace(an_alert(), alert=Alert("7f3a", {"alertname": evil}, {"summary": evil}, "firing", after(0)))
    text = plan_text(a_plan(title=evil, lead=alert, alerts=(alert,), updates=(an_update(subject=evil),), repairs=(a_repair(target=evil),)))

    assert not set(text) & {"\x1b", "\x07", "\x9b", "\u202e"}
    assert "\\x1b]0;owned" in text


def test_nobody_paged_is_said():
    """
    A plan in which no escalation takes part says so: silence would look like a mistake of the reader's.
    """
    assert "nobody: no escalation takes part" in plan_text(a_small_plan())


def test_a_plan_in_which_everything_is_hidden_says_by_what() -> None:
    """
    Where a silence or an inhibition is why nobody is paged, the page section says so, and nothing vaguer.
    """
    hidden = Reason(a_ref("Inhibition", "db-hides-dependants"), True, "hidden by DatabaseDown on orders-db")

    assert "nobody: hidden by DatabaseDown on orders-db" in plan_text(a_small_plan(reasons=(hidden,)))


def test_a_level_that_reaches_nobody_says_why():
    """
    Where a level reaches nobody, its line says whom it meant and why it could not.
    """
    page = a_page(0, note="ana is on leave until 3 January; bo has no contact", targets=("role/primary", "person/bo"))
    text = plan_text(a_small_plan(escalations=(an_escalation(pages=(page,), held_until=None, repeat=0),)))

    assert "03:12 nobody for primary or bo: ana is on leave until 3 January; bo has no contact" in flat(text)


def test_a_person_without_a_contact_is_said():
    """
    Somebody who cannot be reached stands there with that, and not with an empty column.
    """
    page = a_page(0, a_person(contacts=()))
    text = plan_text(a_small_plan(escalations=(an_escalation(pages=(page,), repeat=0),)))

    assert "no contact" in text


def test_two_people_of_one_level_share_its_time():
    """
    People who are paged together stand below one time.
    """
    page = a_page(6, a_person("ana"), a_person("bo"))
    text = plan_text(a_small_plan(escalations=(an_escalation(pages=(page,), repeat=0),)))

    assert len(re.findall("03:18  ", text)) == 1
    assert re.search(r"^ {9}bo   primary", text, re.MULTILINE)


def test_rounds_with_the_same_people_are_told_in_a_sentence():
    """
    Further rounds that page the same people are one sentence with their times.
    """
    assert "then two more rounds, at 03:43 and 04:08" in plan_text(a_plan())


def test_a_round_with_other_people_is_told_in_full():
    """
    A round after a handoff pages somebody else, and that stands there person by person.
    """
    pages = (a_page(6, a_person("ana")), a_page(31, a_person("dan"), round=1), a_page(56, a_person("dan"), round=2))
    text = flat(plan_text(a_small_plan(escalations=(an_escalation(pages=pages, repeat=2),))))

    assert "then, with others on call 03:43 dan primary" in text
    assert text.endswith("then one more round, at 04:08 then the engine's own alarm")


def test_the_fallback_team_comes_last():
    """
    After all rounds stands who of the fallback team is paged, and what follows if they do not answer either.
    """
    pages = (*rounds(6, 0), a_fallback_page(31, 1))
    text = plan_text(a_small_plan(escalations=(an_escalation(pages=pages, repeat=0),)))

    assert "then the fallback team 03:43 dee team platform call, then SMS after 2m" in flat(text)
    assert text.rstrip().endswith("then the engine's own alarm")


def test_times_of_another_day_carry_their_date():
    """
    What happens after midnight carries its date; what time it is for somebody carries a weekday where it is another day.
    """
    page = a_page(21 * 60, a_person(zone="Asia/Tokyo", at=after(20 * 60)))
    text = plan_text(a_small_plan(escalations=(an_escalation(pages=(page,), repeat=0),)))

    assert "2026-11-24 00:12" in text
    assert "Tue 08:12 in Tokyo" in text


def test_somebody_in_utc_needs_no_second_clock():
    """
    For somebody whose zone is UTC no local time is repeated.
    """
    page = a_page(0, a_person(zone="UTC"))

    assert " in UTC" not in plan_text(a_small_plan(escalations=(an_escalation(pages=(page,), repeat=0),)))


@pytest.mark.parametrize(
    ("uses", "said"),
    [
        ((("phone.call", 0), ("phone.sms", 2)), "call, then SMS after 2m"),
        ((("phone.call", 0), ("mail.send", 0), ("chat.direct", 5)), "call and e-mail, then direct message after 5m"),
        ((("phone.call", 0), ("backup.call", 3)), "phone.call, then backup.call after 3m"),
        ((("phone.page", 0), ("chat.page", 2)), "phone, then chat after 2m"),
        ((("push.notify", 1),), "push after 1m"),
    ],
)
def test_contacts_are_told_in_order(uses, said):
    """
    Contacts are told in order of preference, in the words people use; two of one name by their full ones.
    """
    ways = tuple(PlannedContact(use, timedelta(minutes=minutes)) for use, minutes in uses)
    page = a_page(0, a_person(contacts=ways))

    assert said in flat(plan_text(a_small_plan(escalations=(an_escalation(pages=(page,), repeat=0),)), width=100))


def test_an_escalation_besides_is_marked():
    """
    One with `continue` is told after the one that wins, as taking part besides.
    """
    besides = an_escalation(policy=a_ref("Escalation", "security-watch", "security"), proceeds=True, why="applies besides", held_until=None)
    text = plan_text(a_plan(escalations=(an_escalation(), besides)))

    assert "besides, security-watch: applies besides" in text


def test_what_nobody_claims_is_told():
    """
    An alert that no service claims says so, and where it goes.
    """
    claim = Reason(a_ref("Team", "platform", "platform"), True, "no service claims it: it goes to the fallback team platform")
    text = plan_text(a_small_plan(service=None, tier=None, team="platform", title="DiskFull on no known service (platform)", claim=claim))

    assert "DiskFull on no known service (platform)   critical · platform" in text
    assert "no service claims it: it goes to the fallback team platform" in text


def test_other_alerts_are_counted_by_name():
    """
    Alerts besides the lead are told by name, how often, and whether they have ended.
    """
    resolved = replace(an_alert("Latency", "3"), alert=replace(an_alert("Latency", "3").alert, status="resolved"))
    alerts: tuple[ClaimedAlert, ...] = (an_alert(), an_alert("Stuck", "1"), an_alert("Stuck", "2"), resolved)

    assert "with 3 more alerts: Stuck (2 times); Latency, resolved" in plan_text(a_small_plan(alerts=alerts))


def test_an_update_that_waits_for_its_reviewer():
    """
    Where nobody's silence is taken for a yes, the update says that it is held.
    """
    assert "reviewed by carol, held until they answer" in flat(plan_text(a_small_plan(updates=(an_update(sent_at=None),))))


def test_quiet_hours_are_said_with_the_update_that_waits():
    """
    An update that waits for the end of quiet hours says so, with a reviewer and without, and also where that is beyond the plan.
    """
    waits = "waits until Mon 07:00 Lisbon, quiet hours"
    reviewed = an_update(review=f"{waits}; not reviewed in time")
    beyond = an_update(sent_at=None, reviewer=None, review=waits, subject="", body="", calls=())

    assert f"reviewed by carol, sent 03:37 if nobody answers, {waits}; then" in flat(plan_text(a_small_plan(updates=(reviewed,))))
    assert f"statuspage and chat, {waits}; then" in flat(plan_text(a_small_plan(updates=(beyond,))))


def test_an_update_that_cannot_be_sent_says_why():
    """
    An update whose text cannot be filled in says so in place of how it leaves.
    """
    update = an_update(sent_at=None, reviewer=None, review="the alert has no label region", subject="", body="", calls=())

    assert "statuspage and chat, not sent: the alert has no label region" in flat(plan_text(a_small_plan(updates=(update,))))


def test_all_that_an_audience_is_told_is_there():
    """
    Subject and text are shown whole, then what each channel gets besides; a channel that cannot take it is named with the reason.
    """
    said = flat(plan_text(a_small_plan(updates=(an_update(),))))

    assert "«Payments are slower than usual» «We are looking into it. Next update in 30 minutes.»" in said
    assert "statuspage.post: subject and text as above, components k4x1 «partial_outage», notify true" in said
    assert "not by chat.post: `channel` of chat.post is empty, now that it is filled in" in said


def test_a_post_that_cannot_be_made_says_why():
    """
    A post whose arguments do not fit stands with the reason in place of what it says.
    """
    failed = a_post(call=Call("chat", "post", {}), error="`channel` of chat.post is empty, now that it is filled in")

    assert "chat.post cannot be made: `channel` of chat.post is empty" in flat(plan_text(a_small_plan(posts=(failed,))))


def test_updates_stand_in_the_order_in_which_they_are_due():
    """
    What is due first stands first.
    """
    text = plan_text(a_plan())

    assert text.index("by 03:22  stakeholders") < text.index("by 03:27  customers")


def test_a_remediation_that_pages_wait_for():
    """
    A fallback says what happens when it does not help; an oversight that people are paged all the same.
    """
    held = plan_text(a_plan())
    unheld = plan_text(a_small_plan(repairs=(a_repair(phase="oversight", declared="oversight"),)))

    assert "if it does not hold: page at once, with what was tried" in held
    assert "people are paged all the same" in unheld


def test_a_remediation_that_is_stopped_is_offered():
    """
    One that a guard stops says by what, and to whom it is offered instead.
    """
    text = flat(plan_text(a_small_plan(repairs=(an_offer(),))))

    assert "offer rollback-release human-initiated (a guardrail lowers it from fallback), 2 approvals by incident-commander" in text
    assert "does not run by itself: frozen by freeze-december: december" in text
    assert "offered to team payments or cy" in text


@pytest.mark.parametrize(
    ("repair", "reasons", "said"),
    [
        (a_repair(runs=False, error="the alert has no label instance"), (), "cannot run: the alert has no label instance"),
        (a_repair(runs=False, phase="opportunity", declared="opportunity"), (), "opportunity: counted, not automated"),
        (
            a_repair(runs=False),
            (
                Reason(a_repair().because, False, "a matcher does not hold", 'tier="2"', "1", "matcher"),
                Reason(a_repair().because, False, "its precondition does not hold", "env == 'prod'", kind="precondition"),
            ),
            "its precondition does not hold: env == 'prod'",
        ),
    ],
)
def test_a_remediation_that_neither_runs_nor_is_offered(repair, reasons, said):
    """
    One that cannot run, is only counted, or whose precondition fails says that and nothing of steps.
    """
    text = flat(plan_text(a_small_plan(repairs=(repair,), reasons=reasons)))

    assert f"no restart-checkout {said}" in text
    assert "rollout-restart" not in text


def test_what_does_not_take_part_says_what_failed():
    """
    A refused policy says the first condition that failed, and the value that it met.
    """
    text = flat(plan_text(a_plan()))

    assert "payments-night needs hour(now) < `3`, saw 3" in text
    assert 'batch-jobs needs tier="3", saw 1' in text
    assert "platform-any payments-critical is more specific" in text


def test_what_did_not_compile_stands_on_top():
    """
    A plan that does not know of some documents says so before anything else.
    """
    text = plan_text(a_small_plan(quarantined=("Triage/hosts", "Comms/staff")))

    assert flat(text).startswith("WARNING 2 documents did not compile and are not in this plan: Triage/hosts, Comms/staff")


def test_several_incidents_are_counted_and_ruled_off():
    """
    Several plans stand one after another below their number, and a warning for all of them once.
    """
    plans = (a_small_plan(quarantined=("Triage/hosts",)), a_small_plan(quarantined=("Triage/hosts",)))
    text = plans_text(plans)

    assert text.count("WARNING") == 1
    assert "these alerts make 2 incidents" in text
    assert text.count("HighErrorRate on checkout") == 2
    assert "─" * 80 in text


def test_no_plans_are_no_text():
    """
    Nothing is made of nothing.
    """
    assert plans_text(()) == ""


def test_notes_stand_at_the_end():
    """
    What else a reader should know is told last.
    """
    assert plan_text(a_small_plan(notes=("the severity `meltdown` is not known and counts as critical",))).endswith(
        "NOTE    the severity `meltdown` is not known and counts as critical\n"
    )


# --- what comes to nothing ------------------------------------------------------------------


@pytest.mark.parametrize("width", [40, 80, 120])
def test_what_comes_to_nothing_is_marked_where_it_stands(width):
    """
    A contact, a post, a room, a collector, a channel of an update and a step that come to nothing say so where they stand.
    """
    text = plan_text(a_marked_plan(), width=width)

    for said in (
        "call: not carried out by this version; SMS: in shadow, touches nothing",
        "channel and bridge: not carried out by this version",
        "(not carried out by this version)",
        "error rate: not carried out by this version",
        "status: not carried out by this version",
        "cluster.rollout-restart: in shadow, touches nothing",
    ):
        assert said in flat(text)
    assert max(map(columns, text.splitlines())) <= width


def test_what_acts_has_no_mark():
    """
    Where everything is carried out, nothing is said about it.
    """
    assert "carried out" not in plan_text(a_plan())
    assert "shadow" not in plan_text(a_plan())
