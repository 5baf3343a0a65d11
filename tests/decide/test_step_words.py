"""What a page says to whom it wakes: what is wrong, on what, since when, who else knows, and what to do next."""

from __future__ import annotations

import textwrap
from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from tests.makers import NOON, a_level, a_person, a_remediation, a_service, a_shop, a_template, an_alert, an_escalation
from tests.watch import Watch
from watchbill.decide.step_words import LONGEST, subject_of, text_of
from watchbill.model.ownership import Link
from watchbill.model.plan import Step

SUMMARY = {"summary": "6 % of checkouts fail"}
URL = "https://watchbill.example.com/incidents/checkout-3zhgzt"
RUNBOOK = "https://example.com/runbooks/checkout"
TWO = (a_level("role/primary"), a_level("role/secondary"))


def a_watch(**more: str) -> Watch:
    """Two levels, a service with a runbook, a restart that is offered, and an alert with these labels that fires since 11:48."""
    offered = a_remediation("restart-checkout", phase="human-initiated", may_run=("person/ana",))
    service = replace(a_service("checkout"), links=(Link("Dashboard", "https://example.com/d"), Link("Runbook", RUNBOOK)))
    watch = Watch(a_shop(an_escalation("critical", *TWO), offered, service))
    watch.receives(an_alert(annotations=SUMMARY, starts_at=NOON - timedelta(minutes=12), **{"instance": "web-1", **more}))
    return watch


def text(watch: Watch, step: Step, **more: bool) -> str:
    """What is sent for this *step*, with a link."""
    return text_of(watch.incident, step, URL, bill=watch.bill, **more)


def pages(watch: Watch) -> list[Step]:
    """The pages that have begun."""
    return [step for step in watch.incident.steps.values() if step.kind == "page" and step.started_at is not None]


def test_a_page_says_what_helps() -> None:
    """
    A page says what is wrong, on what and since when, who else knows, the runbook, what is offered, how to take it, and the link.
    """
    watch = a_watch()
    (delivery,) = watch.incident.steps[pages(watch)[0].id].deliveries[:1]
    watch.reports("sent")
    watch.passes(minutes=5)
    second = pages(watch)[1]
    number = watch.incident.id

    assert delivery.person == "ana"
    assert text(watch, second) == textwrap.dedent(f"""\
        critical: 6 % of checkouts fail
        HighErrorRate on checkout (payments), since 11:48 UTC
        This page: bo (secondary)
        Paged before: ana (12:00)
        Runbook: {RUNBOOK}
        Offered: restart-checkout on checkout
          watchbill run-step {number} restart-checkout
        Incident {number}, triggered.
        Take it: watchbill ack {number}
        {URL}""")


def test_a_page_is_read_at_forty_columns() -> None:
    """
    At forty columns the first row says what is wrong, and the command that takes the incident stands on a row of its own.
    """
    watch = a_watch()
    rows = [row for line in text(watch, pages(watch)[0]).split("\n") for row in textwrap.wrap(line, 40, break_long_words=False)]

    assert rows[0] == "critical: 6 % of checkouts fail"
    assert f"Take it: watchbill ack {watch.incident.id}" in rows
    assert all(len(row) <= 40 or "https://" in row or f"watchbill run-step {watch.incident.id}" in row for row in rows)


def test_who_was_paged_before_is_named_with_what_is_known() -> None:
    """
    Of an earlier page it is said when it left; of one that is not known to have left, that.
    """
    watch = a_watch()
    watch.passes(minutes=5)

    assert "Paged before: ana (12:00, not known to have left)" in text(watch, pages(watch)[1])


def test_an_alert_without_a_name_is_called_by_its_labels() -> None:
    """
    Subject and text of a page for an alert without `alertname` name its labels, and never its fingerprint.
    """
    watch = Watch(a_shop(an_escalation()))
    watch.receives(replace(an_alert(alertname="", job="node", instance="web-1"), fingerprint="deadbeefdeadbeef"))
    (page,) = pages(watch)

    assert subject_of(watch.incident, page) == "[critical] job=node, instance=web-1 on checkout"
    assert text(watch, page).startswith("critical: job=node, instance=web-1 on checkout (payments)\nSince 12:00 UTC\n")
    assert "deadbeef" not in text(watch, page)


def test_a_page_speaks_of_the_alert_that_caused_it() -> None:
    """
    After a rise in severity the page is about the alert that raised it, and so are the levels behind it.
    """
    watch = Watch(a_shop(an_escalation("any", *TWO)))
    watch.receives(an_alert(severity="warning", alertname="Slow", annotations={"summary": "slow"}))
    watch.acknowledges("ana")
    watch.receives(an_alert(alertname="Down", annotations={"summary": "down"}))
    watch.passes(minutes=6)

    assert [text(watch, each).partition("\n")[0] for each in pages(watch)] == ["warning: slow", "critical: down", "critical: down"]
    assert all(subject_of(watch.incident, each).startswith("[critical] Down on") for each in pages(watch)[1:])


def test_a_page_after_a_reopening_speaks_of_what_came_back() -> None:
    """
    What is paged again because an alert came back is about that alert, though an older one of the same severity fires as well.
    """
    watch = Watch(a_shop(an_escalation("any", *TWO)))
    watch.receives(an_alert(alertname="First", annotations={"summary": "first"}))
    watch.mitigates("ana")
    watch.passes(minutes=10)
    watch.receives(an_alert(alertname="Second", annotations={"summary": "second"}, starts_at=watch.now))

    assert text(watch, pages(watch)[-1]).partition("\n")[0] == "critical: second"


def test_a_page_speaks_of_what_fires() -> None:
    """
    Once the alert for which paging began is over, the next level reads of the one that still fires.
    """
    watch = Watch(a_shop(an_escalation("any", *TWO)))
    watch.receives(an_alert(alertname="First", annotations={"summary": "first"}))
    watch.mitigates("ana")
    watch.receives(an_alert(alertname="Second", annotations={"summary": "second"}, starts_at=NOON))
    watch.passes(minutes=1)
    watch.receives(an_alert(alertname="Second", status="resolved"))
    watch.passes(minutes=10)

    assert text(watch, pages(watch)[-1]).partition("\n")[0] == "critical: first"


def test_the_words_of_the_escalation_come_first() -> None:
    """
    What the escalation says comes first, and what helps stands below it.
    """
    watch = Watch(a_shop(an_escalation(text=a_template("The till is down.\nCall the shop."))))
    watch.receives(an_alert())
    said = text(watch, pages(watch)[0])

    assert said.startswith("The till is down.\nCall the shop.\nHighErrorRate on checkout (payments), since 12:00 UTC\n")
    assert f"Take it: watchbill ack {watch.incident.id}" in said


def test_a_repeat_says_so_in_its_text_and_its_subject() -> None:
    """
    A page whose attempt may be a repeat says so in its second line and in its subject; its first line stays what is wrong.
    """
    watch = a_watch()
    page = pages(watch)[0]
    said = text(watch, page, is_repeat=True).split("\n")

    assert (said[0], said[1]) == (
        "critical: 6 % of checkouts fail",
        "Possibly repeated: an attempt before this one may have reached you.",
    )
    assert subject_of(watch.incident, page, is_repeat=True) == "[possibly repeated] [critical] HighErrorRate on checkout"
    assert "ossibly repeated" not in text(watch, page)


def test_the_alarm_says_what_a_page_says() -> None:
    """
    The engine's own alarm says what is wrong, why it sounds, who was paged, and how to take the incident.
    """
    watch = a_watch()
    watch.passes(minutes=60)
    alarm = next(step for step in watch.incident.steps.values() if step.kind == "alarm" and step.started_at is not None)
    said = text(watch, alarm)

    assert said.startswith("critical: 6 % of checkouts fail\n")
    assert "\nPaged before: ana (12:00, not known to have left), bo (" in said
    assert f"\nTake it: watchbill ack {watch.incident.id}\n" in said


@given(st.text(max_size=3_000), st.text(max_size=3_000), st.text(max_size=3_000), st.booleans())
def test_a_page_is_bounded_and_always_says_how_to_take_it(summary: str, words: str, instance: str, is_repeat: bool) -> None:
    """
    Whatever alert and policy bring, a page has at most LONGEST characters, and says at its end how to take the incident.
    """
    crowd = tuple(a_person(f"p{number}") for number in range(9))
    watch = Watch(
        a_shop(*crowd, an_escalation("any", a_level(*(f"person/p{number}" for number in range(9))), text=a_template(words or "x")))
    )
    watch.receives(an_alert(annotations={"summary": summary, "runbook_url": instance}, instance=instance))
    said = text(watch, pages(watch)[0], is_repeat=is_repeat)

    assert len(said) <= LONGEST
    assert said.endswith(f"\nIncident {watch.incident.id}, triggered.\nTake it: watchbill ack {watch.incident.id}\n{URL}")
