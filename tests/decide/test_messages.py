"""What persons are told that wakes nobody."""

from __future__ import annotations

from dataclasses import replace

from tests.makers import a_person, a_ref, a_shop, an_alert, an_escalation
from tests.watch import Watch
from watchbill.decide import messages
from watchbill.decide.draft import Draft
from watchbill.model.ownership import Contact
from watchbill.model.plan import Duty, Step

RINGS = Contact("phone", "call", "+1 555 0100", rings=True)
TELLS = Contact("mail", "send", "ana@example.com")
BECAUSE = a_ref("Escalation", "payments-critical", "payments")


def told(*contacts: Contact) -> tuple[Draft, Step]:
    """A draft in which ana, who has these *contacts*, is told something twice; and the step that does so."""
    ana = replace(a_person("ana"), contacts=contacts)
    watch = Watch(a_shop(an_escalation("payments-critical"), ana))
    watch.receives(an_alert())
    draft = Draft(watch.bill, watch.snapshot, watch.now)
    duty = Duty("ana", "person/ana", "by name")
    steps = [messages.tell(draft, BECAUSE, BECAUSE.place, "remark", (duty,), "Give it back or keep it.") for _ in range(2)]
    assert steps[0].id == steps[1].id
    return draft, draft.fold.steps[steps[0].id]


def test_it_goes_by_the_first_contact_that_does_not_ring() -> None:
    """
    A person is told by their first contact that wakes nobody, once however often the same is to be told.
    """
    draft, step = told(RINGS, TELLS)

    assert [(each.use, each.address) for each in step.deliveries] == [("mail.send", "ana@example.com")]
    assert [each.id for each in draft.started] == [step.id]


def test_who_can_only_be_woken_is_not_woken_for_it() -> None:
    """
    Somebody all of whose contacts ring is not called: they read it with the next page.
    """
    draft, step = told(RINGS)

    assert (draft.started, step.state, step.deliveries) == ([], "done", ())
    assert step.note == "ana has no contact that tells: they read it with the next page"


def test_what_waits_to_be_told_is_called_off() -> None:
    """
    What is no longer so is not told any more.
    """
    draft, step = told(TELLS)
    messages.end(draft, "given back", "remark")

    assert draft.fold.steps[step.id].state == "withdrawn"


def test_what_could_not_be_told_is_told_again_when_a_person_says_so() -> None:
    """
    The mail was refused and the address is mended since: it goes out again, to the contact as it is now, as the next attempt.
    """
    draft, step = told(TELLS)
    watch = Watch(draft.bill.policies)
    watch.snapshot = replace(watch.snapshot, incident=draft.decision(None).incident)
    watch.reports("refused", step=step)
    watch.retries(step, "bo")
    again = watch.incident.steps[step.id]

    assert watch.answer == (True, "tried again by bo")
    assert (again.state, again.text) == ("started", "Give it back or keep it.")
    assert [(each.use, each.result, each.attempt, each.earlier) for each in again.deliveries] == [("mail.send", "waiting", 1, 1)]
