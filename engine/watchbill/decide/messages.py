"""What persons are told that wakes nobody: it goes by the contact that tells, and never by one that rings.

Who has no such contact reads it with the next page.
"""

from __future__ import annotations

from collections.abc import Iterable

from watchbill.decide import deliveries
from watchbill.decide.draft import Draft
from watchbill.errors import Place
from watchbill.model.ownership import telling_contact
from watchbill.model.plan import Delivery, Duty, Step, step_id
from watchbill.model.references import Ref


def tell(
    draft: Draft, because: Ref, place: Place, slot: str, people: Iterable[Duty], text: str, *, round: int = 0, about: str = ""
) -> Step:
    """Tell these *people* this *text* now; the step that does so. The same *slot* and *round* are told once.

    *about* is the fingerprint of the alert that it is about, empty for the lead.
    """
    identity = step_id(draft.fold.id, "tell", because.name, slot, round)
    there = draft.fold.steps.get(identity)
    if there is not None:
        return there
    asked = tuple(people)
    step = Step(identity, "tell", because, place, slot, round, draft.now, about=about)
    draft.add(step)
    return start(draft, step, asked, text)


def start(draft: Draft, step: Step, people: tuple[Duty, ...], text: str) -> Step:
    """Tell these *people* this *text* by a *step* that is due now; one that a person wants again counts its attempts on."""
    tried = max((each.attempt for each in step.deliveries), default=0)
    told, besides = [], []
    for duty in people:
        person = draft.bill.policies.people.get(duty.person)
        contact = telling_contact(person) if person is not None else None
        if contact is None:
            besides.append(duty.person)
        else:
            told.append(Delivery(duty.person, contact.connector, contact.action, contact.address, draft.now, attempt=tried, earlier=tried))
    note = "; ".join(f"{name} has no contact that tells: they read it with the next page" for name in besides)
    if not told:
        return draft.change(step, state="done", people=people, text=text, note=note)
    return draft.start(step, people=people, text=text, deliveries=tuple(told), note=note)


def end(draft: Draft, why: str, *slots: str) -> None:
    """Tell nothing further of these *slots*, of all where none is named: what waits for its next attempt is not sent any more."""
    for step in draft.steps("tell"):
        if not slots or step.slot in slots:
            draft.withdraw((step,) if step.state == "planned" else (), why)
            deliveries.withdraw(draft, step, why)
