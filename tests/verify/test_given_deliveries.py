"""A case says what becomes of what leaves, and expects it: pages, reviews and reminders, posts, rooms, collectors and updates."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.policy.makers import CATALOGUE, policies
from tests.verify.makers import SHOP, a_test
from watchbill.decide import Bill, correlate, decide
from watchbill.ingest import fingerprint
from watchbill.model.alert import Alert
from watchbill.model.decision import Snapshot
from watchbill.model.event import AlertsReceived, DeliveryReported, Event, Woken
from watchbill.model.given import GivenDelivery
from watchbill.model.incident import Incident
from watchbill.model.plan import DeliveryResult
from watchbill.model.testing import Case
from watchbill.verify.cases import horizon, play_case
from watchbill.verify.delivery_results import deliveries_of
from watchbill.verify.expecting import differences

PEOPLE = """
apiVersion: watchbill/v1
kind: Escalation
metadata: {name: payments-critical, team: payments}
spec:
  match: ['severity="critical"']
  levels:
    - {page: person/ana, wait: 10m, notify: [{use: chat.post, with: {channel: "#payments", text: help}}]}
    - {page: person/bo, wait: 10m}
  hub: {channel: {use: chat.open-channel, with: {name: inc}}, bridge: {use: rooms.open-channel, with: {name: talk}}}
---
apiVersion: watchbill/v1
kind: Connector
metadata: {name: rooms}
spec: {type: slack}
---
apiVersion: watchbill/v1
kind: Audience
metadata: {name: customers, team: support}
spec: {channels: [{use: statuspage.post}, {use: chat.post, with: {channel: "#news"}}], liaison: role/customer-liaison}
---
"""
"""Ana has ten minutes, then Bo; she is called, and sent a message two minutes later. Customers hear on two channels."""

SHADOW = """
apiVersion: watchbill/v1
kind: Connector
metadata: {name: phone}
spec: {type: twilio, mode: shadow}
---
"""

ALERT = "{labels: {alertname: HighErrorRate, service: checkout, severity: critical, env: prod}}"


def a_shop(*tests: str, more: str = "") -> Bill:
    """The shop in which Ana is paged first, with these policy tests."""
    kept = SHOP.split("---\n", 1)[1]
    return Bill.of(policies(kept + PEOPLE + more + "---\n".join(tests)), CATALOGUE)


def the_case(deliveries: str = "", expect: str = "owner: payments", *, more: str = "", given: str = "") -> tuple[Bill, Case]:
    """A case of a critical alert to which this is given besides."""
    told = f", deliveries: [{deliveries}]" if deliveries else ""
    others = f", {given}" if given else ""
    bill = a_shop(a_test(f"{{name: it, given: {{alerts: [{ALERT}]{told}{others}}}, expect: {{{expect}}}}}"), more=more)
    (case,) = bill.policies.tests["checkout"].cases
    return bill, case


def differing(deliveries: str, expect: str, *, more: str = "", given: str = "") -> list[str]:
    """What differs in such a case."""
    bill, case = the_case(deliveries, expect, more=more, given=given)
    return [f"{each.subject}: expected {each.expected}, got {each.got}" for each in differences(bill, play_case(bill, case))]


def left(deliveries: str, *, minutes: int = 30, more: str = "", given: str = "", kinds: tuple[str, ...] = ("page",)) -> list[str]:
    """What leaves for steps of these *kinds* in such a case, when, and what becomes of it."""
    bill, case = the_case(deliveries, more=more, given=given)
    play = play_case(bill, case, timedelta(minutes=minutes))
    found = [each for each in deliveries_of(bill, play) if each.step.kind in kinds]
    return [f"{(each.at - case.at).total_seconds() / 60:g} {each.name}" for each in found]


CALL_REFUSED = "{use: phone.call, person: ana, result: refused}"
SMS_REFUSED = "{use: phone.sms, person: ana, result: refused}"

# --- pages ----------------------------------------------------------------------------


def test_what_leaves_and_of_which_nothing_is_said_is_sent():
    """
    Without `deliveries` each contact leaves at its time, and counts as sent; the levels keep their waits.
    """
    assert left("", minutes=10) == ["0 ana: phone.call sent", "2 ana: phone.sms sent", "10 bo: phone.call sent"]


def test_a_contact_that_is_refused_brings_the_next_one_forward():
    """
    The call is refused, and the message that was to follow it leaves as soon as that is known.
    """
    assert left(CALL_REFUSED, minutes=10) == ["0 ana: phone.call refused", "0 ana: phone.sms sent", "10 bo: phone.call sent"]
    assert left(CALL_REFUSED.replace("}", ", after: 30s}"), minutes=5) == ["0 ana: phone.call refused", "0.5 ana: phone.sms sent"]


def test_a_level_all_of_whose_contacts_fail_is_passed_at_once():
    """
    Neither the call nor the message leaves: the next level is paged at once, and a case can say all of it.
    """
    expect = (
        "pages: [{at: 0s, people: ana}, {at: 2s, people: bo}], deliveries: [{use: phone.call, person: ana, result: refused}, "
        "{use: phone.sms, person: ana, result: refused, at: 2s}, {use: phone.call, person: bo, at: 2s}]"
    )

    assert differing(f"{CALL_REFUSED.replace('}', ', after: 2s}')}, {SMS_REFUSED}", expect) == []


@pytest.mark.parametrize("result", ["unknown", "delivered", "answered", "sent"])
def test_what_is_no_failure_keeps_the_level_waiting(result: str):
    """
    Nobody knows whether the call went through, or it did: the message leaves at its own time, and the level has its wait.
    """
    told = left(f"{{use: phone.call, person: ana, result: {result}, after: 1s}}, {SMS_REFUSED}", minutes=10)

    assert told == [f"0 ana: phone.call {result}", "2 ana: phone.sms refused", "10 bo: phone.call sent"]


def test_what_comes_back_later_has_been_sent_before():
    """
    What bounces was taken first; when it comes back and nothing else has left either, the level is passed.
    """
    told = "{use: phone.call, person: ana, result: bounced, after: 4m}, {use: phone.sms, result: failed}"

    assert left(told, minutes=9) == ["0 ana: phone.call bounced", "2 ana: phone.sms failed", "4 bo: phone.call sent"]


def test_what_is_not_named_of_a_page_that_is_spoken_of_is_sent():
    """
    A call that fails late brings nothing forward that has left already, and does not pass a level of which something has left.
    """
    told = "{use: phone.call, person: ana, result: failed, after: 3m}"

    assert left(told, minutes=9) == ["0 ana: phone.call failed", "2 ana: phone.sms sent"]


def test_where_nobody_can_be_reached_the_engine_raises_its_alarm_at_once():
    """
    A provider that refuses everything costs no level its time: the alarm is there at once, and then every quarter of an hour.
    """
    told = "{use: phone.call, result: refused}, {use: phone.sms, result: unable}"

    assert differing(told, "until: 20m, alarms: [{at: 0s}, {at: 15m}]") == []
    assert differing("", "until: 20m, alarms: []") == []


def test_contacts_of_a_page_that_was_answered_never_leave_later():
    """
    Ana answers after a minute: her call had left, and the message is withdrawn.
    """
    answered = "answers: [{at: 1m, acknowledge: ana}]"
    expect = "until: 5m, deliveries: [{use: phone.call, person: ana}, {use: phone.sms, person: ana, at: 2m, result: withdrawn}]"

    assert differing("", expect, given=answered) == []
    assert left("", given=answered) == ["0 ana: phone.call sent", "2 ana: phone.sms withdrawn"]


def test_what_is_to_leave_at_the_moment_of_an_answer_does_not():
    """
    What falls due at the same instant as an answer comes after it; what was being called had left before it.
    """
    assert left("", given="answers: [{at: 2m, acknowledge: ana}]")[1] == "2 ana: phone.sms withdrawn"
    assert left("", given="answers: [{at: 0s, acknowledge: ana}]") == ["0 ana: phone.call sent", "2 ana: phone.sms withdrawn"]


def test_what_is_given_of_a_person_counts_before_what_is_given_of_anybody():
    """
    Of several entries that fit, the one that names the person counts; of these, and of the others, the one that began last.
    """
    told = (
        "{use: phone.call, result: failed}, {use: phone.sms, result: failed}, {use: phone.call, person: ana, result: unknown}, "
        "{use: phone.call, at: 5m, result: sent}"
    )

    assert left(told, minutes=10) == ["0 ana: phone.call unknown", "2 ana: phone.sms failed", "10 bo: phone.call sent"]


def test_a_connector_in_shadow_sends_nothing_and_fails_nothing():
    """
    By a connector in shadow nothing leaves: the result is `shadow` without being given, and the level keeps its wait.
    """
    assert left("", minutes=10, more=SHADOW) == ["0 ana: phone.call shadow", "2 ana: phone.sms shadow", "10 bo: phone.call shadow"]
    assert differing("", "deliveries: [{use: phone.call, person: ana, result: shadow}]", more=SHADOW) == []
    assert differing(CALL_REFUSED, "until: 5m, pages: [{at: 0s, people: ana}]", more=SHADOW) == [
        "given delivery: expected ana: phone.call refused, got nothing leaves that way: phone is in shadow"
    ]


# --- reviews --------------------------------------------------------------------------


def test_a_review_that_reaches_nobody_is_not_waited_for():
    """
    The reviewer's only contact refuses, so the update leaves when it is due and not when the review has had its time.
    """
    told = "{use: phone.call, person: eve, result: refused}"
    expect = "updates: [{audience: customers, at: 15m, sent: 15m}], deliveries: [{use: phone.call, person: eve, at: 15m, result: refused}]"

    assert differing(told, expect) == []


# --- posts, rooms, collectors and updates ---------------------------------------------

CALLS = {
    "a post": ("chat.post", "notify", "0s"),
    "a channel": ("chat.open-channel", "hub", "0s"),
    "a bridge": ("rooms.open-channel", "bridge", "0s"),
    "a collector": ("metrics.query", "collect", "0s"),
    "an update": ("statuspage.post", "update", "25m"),
}


@pytest.mark.parametrize(("what", "result"), list(product(CALLS, ["sent", "failed", "refused", "unable", "unknown"])))
def test_whatever_else_leaves_may_fail(what: str, result: str):
    """
    Posts, rooms, collectors and updates end as it is given, and it can be expected.
    """
    use, kind, at = CALLS[what]
    told = f"{{use: {use}, result: {result}}}"

    assert differing(told, f"until: 30m, deliveries: [{{use: {use}, at: {at}, result: {result}}}]") == []
    assert any(each.endswith(f"{use} {result}") for each in left(told, kinds=(kind,)))


def state_of(kind: str, told: str, *, minutes: int = 30) -> list[tuple[str, str]]:
    """How the steps of this *kind* stand in the end, and what they say."""
    bill, case = the_case(told)
    play = play_case(bill, case, timedelta(minutes=minutes))
    return [(step.state, step.problem) for each in play.incidents for step in each.steps if step.kind == kind]


def test_a_post_that_fails_has_failed_and_says_so():
    """
    A post that is refused has failed; one of which nobody knows and that may not be made twice waits for a person to look.
    """
    assert state_of("notify", "{use: chat.post, result: refused}", minutes=1) == [("failed", "chat.post: it was refused")]
    assert state_of("notify", "{use: chat.post, result: unknown}", minutes=1) == [
        ("failed", "chat.post: nobody knows whether it was done; look, then `watchbill retry` it")
    ]
    assert state_of("notify", "{use: chat.post, result: sent}", minutes=1) == [("done", "")]
    assert state_of("notify", "", minutes=1)[0][0] == "started"


def test_what_may_be_repeated_stays_begun_while_nobody_knows():
    """
    A collector only reads, so it is tried again when its outcome is unknown.
    """
    assert state_of("collect", "{use: metrics.query, result: unknown}", minutes=1) == [("started", "")]
    assert state_of("collect", "{use: metrics.query, result: failed}", minutes=1) == [("failed", "metrics.query: it failed")]


def test_an_update_that_reached_any_channel_is_done():
    """
    Of two channels one fails: customers were told. Where both do they were not, and so they are not told either that it is over.
    """
    told = "answers: [{at: 40m, resolve: ana}]"
    none = "{use: statuspage.post, result: failed}, {use: chat.post, at: 20m, result: refused}"
    expect = "until: 41m, updates: [{audience: customers, at: 15m}, {audience: customers, at: 40m, contains: it is over}]"

    assert state_of("update", "{use: statuspage.post, result: failed}")[0][0] == "done"
    assert state_of("update", none)[0] == ("failed", "statuspage.post: it failed; chat.post: it was refused")
    assert differing("{use: statuspage.post, result: failed}", expect, given=told) == []
    assert differing(none, expect, given=told) == [
        "update to customers at 40m: expected it is due, got due at 15m",
    ]


# --- what differs ---------------------------------------------------------------------

OTHERWISE = {
    "another result": (
        CALL_REFUSED,
        "deliveries: [{use: phone.call, person: ana}]",
        "delivery at 0s: expected ana: phone.call sent, got ana: phone.call refused",
    ),
    "nothing said": (
        "",
        "deliveries: [{use: phone.call, person: ana, result: refused}]",
        "delivery at 0s: expected ana: phone.call refused, got ana: phone.call sent",
    ),
    "another moment": (
        CALL_REFUSED,
        "deliveries: [{use: phone.sms, person: ana, at: 2m}]",
        "delivery at 2m: expected ana: phone.sms sent, got ana: phone.sms sent at 0s",
    ),
    "somebody else": (
        "",
        "deliveries: [{use: phone.call, person: bo}]",
        "delivery at 0s: expected bo: phone.call sent, got nothing leaves that way",
    ),
    "anybody": (
        "",
        "deliveries: [{use: phone.call, at: 1m}], until: 10m",
        "delivery at 1m: expected phone.call sent, got ana: phone.call sent at 0s and bo: phone.call sent at 10m",
    ),
    "a post": ("", "deliveries: [{use: chat.post, result: failed}]", "delivery at 0s: expected chat.post failed, got chat.post sent"),
    "no deliveries": ("", "deliveries: [], until: 1m", "deliveries: expected nothing, got page of ana at 0s"),
    "no alarm": ("", "alarms: [{at: 1m}]", "alarm at 1m: expected an alarm, got no alarm"),
    "another alarm": ("", "alarms: [{at: 1m}], until: 35m", "alarm at 1m: expected an alarm, got alarm at 35m"),
    "an alarm": ("", "alarms: [], until: 35m", "alarms: expected nothing, got alarm at 35m"),
    "what is never used": (
        "{use: phone.call, person: bo, at: 1m, result: failed, after: 3s}",
        "owner: payments",
        "given delivery: expected bo: phone.call failed, got nothing leaves that way from 1m on, up to 1m3s",
    ),
}


@pytest.mark.parametrize("what", OTHERWISE)
def test_what_is_otherwise_is_said(what: str):
    """
    Where something else left, or nothing, it is said what was expected and what came.
    """
    deliveries, expect, said = OTHERWISE[what]

    assert differing(deliveries, expect)[0] == said


@pytest.mark.parametrize(
    ("deliveries", "expect", "more", "why"),
    [
        (CALL_REFUSED, "person: ana", "", ["given: ana: phone.call refused", "Escalation/payments-critical: it brings this page"]),
        (
            "",
            "result: failed",
            "",
            ["given: nothing of phone.call then, so it is sent", "Escalation/payments-critical: it brings this page"],
        ),
        ("", "result: failed", SHADOW, ["Connector/phone: it is in shadow", "Escalation/payments-critical: it brings this page"]),
    ],
)
def test_a_difference_brings_its_reason(deliveries: str, expect: str, more: str, why: list[str]):
    """
    With what became of it comes what the case gives of it, or that its connector is in shadow, and for which step it left.
    """
    bill, case = the_case(deliveries, f"deliveries: [{{use: phone.call, {expect}}}]", more=more)
    (difference,) = differences(bill, play_case(bill, case))

    assert [f"{each.policy}: {each.text}" for each in difference.because] == why


def test_a_page_that_came_early_says_which_contacts_failed():
    """
    A page of a level that came at once because the one before it had failed says so.
    """
    bill, case = the_case(f"{CALL_REFUSED}, {SMS_REFUSED}", "pages: [{at: 0s, people: ana}, {at: 10m, people: bo}]")
    found = [why.text for each in differences(bill, play_case(bill, case)) for why in each.because]

    assert any("ana: phone.call refused; ana: phone.sms refused" in text for text in found)


def test_a_case_is_played_until_what_it_speaks_of_is_known():
    """
    What is given from a time on, and what is expected with a result that comes later, is waited for.
    """
    bill, case = the_case("{use: phone.call, at: 10m, result: failed, after: 2m}")
    other, expecting = the_case("{use: phone.call, result: failed, after: 2m}", "deliveries: [{use: phone.call, at: 10m, result: failed}]")

    assert horizon(bill.policies, case) == timedelta(minutes=12)
    assert horizon(other.policies, expecting) == timedelta(minutes=12)


# --- laws -----------------------------------------------------------------------------

_RESULTS: tuple[DeliveryResult, ...] = ("sent", "failed", "refused", "unable", "unknown", "bounced")
_entries = st.builds(
    GivenDelivery,
    st.sampled_from(("phone.call", "phone.sms")),
    st.sampled_from((None, "ana", "bo", "eve")),
    st.sampled_from((0, 1, 10)).map(lambda minutes: timedelta(minutes=minutes)),
    st.sampled_from(_RESULTS),
    st.sampled_from((0, 1, 90, 200)).map(lambda seconds: timedelta(seconds=seconds)),
    st.just(None),
)
_BILL, _CASE = the_case(given="answers: []")
LASTING = timedelta(minutes=45)


def by_hand(told: tuple[GivenDelivery, ...]) -> Incident:
    """The incident after these words were reported by hand, event by event, through `decide`."""
    start, reports, done = _CASE.at, [], set[tuple[str, int]]()
    labels = _CASE.given.alerts[0].labels
    alert = Alert(fingerprint(labels), labels, {}, "firing", start, None, "", "alertmanager")
    (correlation,) = correlate(_BILL, [alert], start)
    snapshot, now, event = Snapshot(), start, AlertsReceived(correlation.key, correlation.alerts)
    wake_at: datetime | None
    while True:
        decision = decide(_BILL, snapshot, event, now)
        assert decision.incident is not None
        snapshot, wake_at = replace(snapshot, incident=decision.incident), decision.wake_at
        while True:
            waiting = [
                (each.leaves_at, step.id, number)
                for step in snapshot.incident.steps.values()
                for number, each in enumerate(step.deliveries)
                if each.leaves_at is not None and (step.id, number) not in done
            ]
            first = min((at for at, _, _ in waiting), default=None)
            soonest = min((at for at, _ in reports), default=None)
            if first is None or (first > now and soonest is not None and soonest <= first) or (wake_at is not None and wake_at < first):
                break
            if first > start + LASTING:
                break
            for at, step, number in waiting:
                if at == first:
                    done.add((step, number))
                    reports += said_by_hand(told, snapshot.incident, step, number, at)
        reports.sort(key=lambda report: report[0])
        if reports and (wake_at is None or reports[0][0] <= wake_at):
            now, event = reports.pop(0)
        elif wake_at is not None:
            now, event = wake_at, Woken()
        else:
            return snapshot.incident
        if now > start + LASTING:
            return snapshot.incident


def said_by_hand(told: tuple[GivenDelivery, ...], incident: Incident, step: str, number: int, at: datetime) -> list[tuple[datetime, Event]]:
    """What is reported of a delivery that leaves *at* this time."""

    def word(person: str, use: str, when: datetime) -> GivenDelivery | None:
        fitting = [each for each in told if each.use == use and each.person in (None, person) and _CASE.at + each.at <= when]
        return max(fitting, key=lambda each: (each.person is not None, each.at), default=None)

    deliveries = incident.steps[step].deliveries
    if not any(word(each.person, each.use, each.at) for each in deliveries):
        return []
    said = word(deliveries[number].person, deliveries[number].use, at)
    if said is None:
        return [(at, DeliveryReported(step, number, "sent"))]
    before: list[tuple[datetime, Event]] = [(at, DeliveryReported(step, number, "sent"))] if said.result == "bounced" else []
    return [*before, (at + said.after, DeliveryReported(step, number, said.result))]


@settings(deadline=None)
@given(st.lists(_entries, max_size=4, unique_by=lambda each: (each.use, each.person, each.at)))
def test_what_is_given_is_what_would_be_reported_by_hand(told: list[GivenDelivery]):
    """
    A case with `deliveries` comes to the same incident as the same reports made one by one through `decide`.
    """
    case = replace(_CASE, given=replace(_CASE.given, deliveries=tuple(told)))
    (played,) = play_case(_BILL, case, LASTING).incidents

    assert played.incident == by_hand(tuple(told))


@settings(deadline=None)
@given(st.lists(_entries, max_size=3), st.sampled_from(_RESULTS), st.sampled_from((0, 5)))
def test_what_matches_nothing_changes_nothing_and_is_named(told: list[GivenDelivery], result: DeliveryResult, minutes: int):
    """
    What is given of a delivery that is not made leaves everything as it is, and the case says that it was never used.
    """
    other = GivenDelivery("email.send", None, timedelta(minutes=minutes), result, timedelta(0), _CASE.place)
    case = replace(_CASE, given=replace(_CASE.given, deliveries=tuple(told)))
    more = replace(_CASE, given=replace(_CASE.given, deliveries=(*told, other)))
    plain, besides = play_case(_BILL, case, LASTING), play_case(_BILL, more, LASTING)

    assert besides.incidents == plain.incidents
    assert besides.unused == (*plain.unused, other)
