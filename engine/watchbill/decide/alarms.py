"""The engine's own alarm: why it is raised, what takes its place while it does not get out, and what ends it."""

from __future__ import annotations

from watchbill.decide import paging
from watchbill.decide.causes import spoken_of
from watchbill.decide.draft import Draft
from watchbill.decide.step_words import headline
from watchbill.model.change import EscalationEnded
from watchbill.model.incident import EscalationRun
from watchbill.model.plan import LEFT, Step, step_id


def start_alarm(draft: Draft, step: Step) -> None:
    """Raise the engine's own alarm, and plan the next one: it is repeated until somebody answers, and takes the place of an unsent one."""
    chain = paging.alarms_like(draft, step)
    earlier = tuple(each for each in chain if each.due_at < step.due_at)
    draft.withdraw(tuple(each for each in earlier if each.is_pending), "a later alarm takes its place")
    run = draft.fold.run_of(step.because.name)
    if run is not None and step.round < run.first_round:
        draft.start(step)  # a person wanted an old one again while its escalation pages anew: that goes on, and this sounds once
        return
    note, text = step.note, ""
    if earlier and not any(each.state == "done" for each in earlier):
        note, text = earlier[0].note, earlier[0].text  # nobody has heard the reason yet
    elif not earlier and run is not None:
        note = _why_alarmed(draft, run, step)
        failures = paging.failures_before(draft, run, step)
        text = f"{headline(draft.fold, spoken_of(draft.fold, step))}\n{note}" + (f": {failures}" if failures else "")
    draft.start(step, note=note, text=text)
    if run is not None and not run.is_over:
        draft.record(EscalationEnded(run.policy.name, "it went through all its rounds"))
    if any(each.state == "planned" for each in chain if each.id != step.id):
        return  # a person wanted this one again
    slot = f"{paging.ALARM}.{len(chain) + 1}"
    identity = step_id(draft.fold.id, "alarm", step.because.name, slot, step.round)
    due_at = draft.now + draft.bill.policies.settings.alarm_every
    draft.add(Step(identity, "alarm", step.because, step.place, slot, step.round, due_at, note="nobody has answered yet", about=step.about))


def is_awaited(draft: Draft, alarm: Step) -> bool:
    """Whether this *alarm* is still to sound: neither has anybody answered, nor has a later one taken its place."""
    later = [step.state for step in paging.alarms_like(draft, alarm) if step.due_at > alarm.due_at]
    return bool(later) and set(later) == {"planned"}


def _why_alarmed(draft: Draft, run: EscalationRun, alarm: Step) -> str:
    """Why the engine raises an *alarm*: whether anybody could have answered."""
    results = {each.result for step in paging.pages_of(draft, run) for each in step.deliveries}
    if not results:
        return "nobody could be paged"
    if alarm.note == paging.PASSED_BY or results & {*LEFT, "unknown", "waiting"}:
        return alarm.note
    return "no page left: the connectors are in shadow" if "shadow" in results else "no page could leave"
