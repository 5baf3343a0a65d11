"""Whom to page, when, and what stops it.

Only the next page of an escalation is ever a step: who it reaches is looked up when it falls due, and an unreachable
level takes no time. After the last round comes the fallback team, then the engine's own alarm, which nothing outranks.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from watchbill.decide import deliveries
from watchbill.decide.causes import cause, spoken_of
from watchbill.decide.draft import Draft
from watchbill.decide.oncall import Reached, resolve
from watchbill.decide.selecting import Chosen, choose_escalation
from watchbill.decide.step_words import headline
from watchbill.expressions.problems import ExpressionError
from watchbill.model.change import EscalationBegun, EscalationEnded, EscalationReleased
from watchbill.model.incident import EscalationRun
from watchbill.model.plan import Delivery, Duty, Reason, Step, failures_of, step_id
from watchbill.model.policies import Escalation, Level, Selector
from watchbill.model.references import Target

FALLBACK = "fallback-team"
ALARM = "alarm"
JOINED = "joined"
"""What the slots begin with of what is told, or paged, of an alert that joins an incident which somebody has."""

POSTS_ONLY = "posts only"
"""The note of a level that names nobody: it takes its time all the same."""

PASSED_BY = "no page of the level before it left"
"""The note of a page, or of an alarm, that comes sooner for that."""


def escalation_named(draft: Draft, run: EscalationRun) -> Escalation | None:
    """The escalation of this *run*, as declared.

    One that is declared no more is the fallback team's, so that nobody's pages end in silence; None if it only applied besides.
    """
    found = draft.bill.policies.escalations.get(run.policy.name) if run.policy.kind == "Escalation" else None
    if found is None and not run.proceeds:
        return Escalation(run.policy, Selector(), (fallback_level(draft),))
    return found


def fallback_level(draft: Draft) -> Level:
    """The fallback team as a level."""
    settings = draft.bill.policies.settings
    return Level((Target("team", settings.fallback_team),), settings.fallback_wait, settings.place)


def choose(draft: Draft) -> Chosen:
    """The escalations for the incident's lead alert."""
    lead = draft.fold.lead
    return choose_escalation(draft.bill, lead, lambda: draft.context(lead), draft.reasons)


def begin(draft: Draft, chosen: Chosen, held_until: datetime | None, first_at: datetime, *, anew: bool = False, note: str = "") -> None:
    """Put the chosen escalations to work. One that is at work already keeps its clock; *anew* lets one begin again that was over.

    The first page leaves at *first_at*. *held_until* may bring a page that waits already forward, never back. A first page says
    the *note* besides.
    """
    winner = chosen.escalation
    for run in draft.fold.escalations:
        if not run.proceeds and not run.is_over and run.policy.name != winner.ref.name:
            end(draft, run, f"{winner.ref.name} took over")
    for escalation in (winner, *chosen.besides):
        run_before = draft.fold.run_of(escalation.ref.name)
        if run_before is not None and not run_before.is_over:
            if held_until is not None and run_before.held_until is not None and held_until < run_before.held_until:
                _hold(draft, run_before, held_until, "another remediation holds it for less")
            continue
        if run_before is not None and escalation.proceed and not anew:
            continue
        first = _next_round(draft, escalation.ref.name)
        if not escalation.proceed:
            alarms = tuple(step for step in draft.steps("alarm") if step.is_pending)
            draft.withdraw(alarms, f"{escalation.ref.name} pages again")
        draft.record(EscalationBegun(escalation.ref, draft.now, escalation.proceed, first, held_until))
        plan_page(draft, escalation, 0, first, first_at, note, about=cause(draft))


def end(draft: Draft, run: EscalationRun, why: str) -> None:
    """Page no more by this *run*: no further level, and no further contact of a level that was paged."""
    if not run.is_over:
        draft.record(EscalationEnded(run.policy.name, why))
    own = tuple(step for step in draft.steps("page", "alarm", "notify", "hub", "bridge") if step.because.name == run.policy.name)
    draft.withdraw(tuple(step for step in own if step.state == "planned" or (step.kind == "alarm" and step.is_pending)), why)
    for step in own:
        deliveries.withdraw(draft, step, why)


def end_all(draft: Draft, why: str, *, acknowledged_by: str | None = None) -> None:
    """Stop all paging; an escalation with ``ack: own`` goes on unless somebody of its own team has *acknowledged*."""
    for run in draft.fold.escalations:
        escalation = escalation_named(draft, run)
        if acknowledged_by is not None and escalation is not None and escalation.own_ack:
            team = draft.bill.policies.teams.get(escalation.ref.team)
            if team is None or acknowledged_by not in team.members:
                continue
        end(draft, run, why)


def release(draft: Draft, why: str) -> None:
    """Pages wait for remediations no more: what was held back is due now."""
    for run in draft.fold.escalations:
        if run.held_until is not None and not run.is_over:
            _hold(draft, run, None, why)


def resume(draft: Draft) -> bool:
    """Go on with the escalation that was at work last where it stopped, by its clock; whether there is one that has paged anybody."""
    run = next((run for run in reversed(draft.fold.escalations) if not run.proceeds), None)
    escalation = escalation_named(draft, run) if run is not None else None
    if run is None or escalation is None:
        return False
    if not run.is_over:
        return True
    last = next((step for step in reversed(pages_of(draft, run)) if step.started_at is not None), None)
    if last is None:
        return False
    draft.record(EscalationBegun(run.policy, draft.now, run.proceeds, run.first_round))
    if last.kind == "alarm":
        for step in alarms_like(draft, last):
            if step.state == "withdrawn" and step.started_at is None:
                draft.change(step, state="planned", due_at=max(draft.now, step.due_at), note="nobody has answered yet")
        return True
    level = _level_of(draft, escalation, last) or fallback_level(draft)
    _plan_next(draft, run, escalation, last, max(draft.now, (last.started_at or draft.now) + level.wait))
    return True


def _hold(draft: Draft, run: EscalationRun, until: datetime | None, why: str) -> None:
    """Let the first page of this *run*, and the hub that opens with it, wait until then only. Later pages keep their times."""
    draft.record(EscalationReleased(run.policy.name, draft.now, until))
    for step in draft.steps("page", "hub", "bridge"):
        if step.because.name == run.policy.name and step.state == "planned" and step.due_at == run.held_until:
            draft.change(step, due_at=until or draft.now, note=why)


def go_on(draft: Draft, why: str) -> bool:
    """Page the next level at once; whether there was any to go on to.

    The escalation at work does so; one that an acknowledgement has stopped goes on behind the last page that it made. Levels
    that are closed now are passed over: whoever asks for more people wants somebody who comes.
    """
    run = next((run for run in reversed(draft.fold.escalations) if not run.proceeds), None)
    escalation = escalation_named(draft, run) if run is not None else None
    if run is None or escalation is None:
        return False
    if not run.is_over:
        if run.held_until is not None:
            _hold(draft, run, None, why)
        return _hurry(draft, run, escalation, why)
    made = [step for step in pages_of(draft, run) if step.started_at is not None]
    if not made or made[-1].kind == "alarm":
        return False
    draft.record(EscalationBegun(run.policy, draft.now, run.proceeds, run.first_round))
    _plan_next(draft, run, escalation, made[-1], draft.now)
    return _hurry(draft, run, escalation, why)


def pages_of(draft: Draft, run: EscalationRun) -> list[Step]:
    """What this *run* has made or planned, in the order of its levels and rounds."""
    made = (step for step in draft.steps("page", "alarm") if not is_joined(step))
    own = (step for step in made if step.because.name == run.policy.name and step.round >= run.first_round)
    return sorted(own, key=lambda step: (step.round, step.kind == "alarm", step.slot == FALLBACK, step.slot.zfill(12)))


def _hurry(draft: Draft, run: EscalationRun, escalation: Escalation, why: str) -> bool:
    """Let the next page of this *run* leave now, whenever it was due."""
    step = next((step for step in pages_of(draft, run) if step.state == "planned"), None)
    while step is not None:
        level = _level_of(draft, escalation, step) if step.kind == "page" else None
        if level is None or level.during is None or draft.now in level.during:
            draft.change(step, due_at=draft.now, note=why)
            return True
        draft.change(step, state="withdrawn", note=f"passed over: {level.during.name or 'its hours'} have not begun; {why}")
        _plan_next(draft, run, escalation, step, draft.now)
        step = next((step for step in pages_of(draft, run) if step.state == "planned"), None)
    return False


def is_joined(step: Step) -> bool:
    """Whether this page is of an alert that joined what somebody had: it stands beside the levels, and nothing follows it."""
    return step.kind == "page" and step.slot.startswith(f"{JOINED}/")


def joined_level(step: Step) -> int:
    """The level whose people a page reaches that `is_joined`."""
    return int(step.slot.split("/")[1])


def next_page_at(draft: Draft, step: Step) -> datetime | None:
    """When the page that follows this *step* is due; None where none is planned."""
    following = _following(draft, step)
    return following.due_at if following is not None else None


def pass_by(draft: Draft, step: Step) -> None:
    """Page the next level at once, because this *step* reached nobody; nothing is done where people were called behind it already."""
    following = _following(draft, step)
    if following is not None and following.due_at > draft.now:
        draft.change(following, due_at=draft.now, note=PASSED_BY)


def _following(draft: Draft, step: Step) -> Step | None:
    """The page, or the alarm, that is planned right behind this page of an escalation that is at work; None where there is none."""
    run = draft.fold.run_of(step.because.name)
    if run is None or run.is_over:
        return None
    behind = False
    for each in pages_of(draft, run):
        if behind and each.state != "withdrawn":
            return each if each.state == "planned" else None
        behind = behind or each.id == step.id
    return None


def plan_page(draft: Draft, escalation: Escalation, level: int, round: int, due_at: datetime, note: str = "", *, about: str) -> None:
    """Plan one level of one round; *about* is the fingerprint of the alert for which paging began, empty for the lead."""
    place = escalation.levels[level].place
    identity = step_id(draft.fold.id, "page", escalation.ref.name, str(level), round)
    draft.add(Step(identity, "page", escalation.ref, place, str(level), round, due_at, note=note, about=about))


def start_page(draft: Draft, step: Step) -> None:
    """Page whoever this level means now, post what it posts, and plan the next one."""
    run = draft.fold.run_of(step.because.name)
    escalation = escalation_named(draft, run) if run is not None else None
    if run is None or escalation is None:
        draft.withdraw((step,), "its escalation is declared no more")
        return
    level = _level_of(draft, escalation, step)
    if level is None:
        draft.change(step, state="failed", note="this level is declared no more")
        _plan_next(draft, run, escalation, step, draft.now)
        return
    if level.during is not None and draft.now not in level.during:
        opens_at = level.during.next_opening(draft.now)
        if opens_at is None:
            draft.change(step, state="failed", note=f"{level.during.name or 'its interval'} does not open any more")
            _plan_next(draft, run, escalation, step, draft.now)
        else:
            draft.change(step, due_at=opens_at, note=f"waits for {level.during.name or 'its hours'}")
        return
    owner = escalation.ref.team if escalation.proceed else draft.fold.team
    resolution = resolve(draft.bill.policies, level.page, owner, draft.now)
    people = _own_only(draft, escalation, resolution.people)
    note = "; ".join(filter(None, (step.note, *resolution.skipped)))
    if people:
        # Whoever is woken reads first what is wrong, and then what was tried.
        text = "\n".join(filter(None, (_text(draft, escalation, step), step.note)))
        if step.note == PASSED_BY:
            text += f": {failures_before(draft, run, step)}"
        draft.start(step, people=duties(people), deliveries=deliveries_of(step, people, draft.now), note=note, text=text)
    elif not level.page:
        draft.change(step, state="done", note=POSTS_ONLY)
    else:
        draft.change(step, state="failed", note=note or "nobody can be reached")
    if step.slot != FALLBACK:
        _notify(draft, escalation, level, step)
    _plan_next(draft, run, escalation, step, draft.now + (level.wait if people or not level.page else timedelta(0)))


def _level_of(draft: Draft, escalation: Escalation, step: Step) -> Level | None:
    if step.slot == FALLBACK:
        return fallback_level(draft)
    position = int(step.slot)
    return escalation.levels[position] if position < len(escalation.levels) else None


def deliveries_of(step: Step, people: Iterable[Reached], now: datetime) -> tuple[Delivery, ...]:
    """Every contact of these *people*, each person's in order of preference, with its time, as this *step* uses it from *now* on.

    A step that is begun again, because a person wants it, counts its attempts on: each of them is a row of the record. A call that was
    called off may be under way still, so it counts too.
    """
    tried = max((each.attempt + (each.result == "withdrawn" and each.at <= now) for each in step.deliveries), default=0)
    return tuple(
        Delivery(reached.person.name, contact.connector, contact.action, contact.address, now + contact.after, attempt=tried, earlier=tried)
        for reached in people
        for contact in reached.person.contacts
    )


def duties(people: Iterable[Reached]) -> tuple[Duty, ...]:
    """These *people* as a step records them."""
    return tuple(Duty(reached.person.name, reached.duty, reached.why) for reached in people)


def _text(draft: Draft, escalation: Escalation, step: Step) -> str:
    """What a page says. It never fails for its text: at worst it is the plain summary."""
    alert = spoken_of(draft.fold, step)
    if escalation.text is not None:
        try:
            text = draft.bill.render(escalation.text, draft.context(alert)).strip()
        except ExpressionError as problem:
            text = ""
            why = Reason(escalation.ref, True, f"its text gives way to the plain summary: {problem.message}")
            if why not in draft.reasons:
                draft.reasons.append(why)
        if text:
            return text
    return headline(draft.fold, alert)


def plain_text(draft: Draft) -> str:
    """What is wrong, in a few words."""
    return headline(draft.fold, draft.fold.lead)


def _own_only(draft: Draft, escalation: Escalation, people: Iterable[Reached]) -> tuple[Reached, ...]:
    """An escalation with ``continue`` pages nobody outside its own team."""
    if not escalation.proceed:
        return tuple(people)
    team = draft.bill.policies.teams.get(escalation.ref.team)
    return tuple(reached for reached in people if team is not None and reached.person.name in team.members)


def _notify(draft: Draft, escalation: Escalation, level: Level, step: Step) -> None:
    for number, use in enumerate(level.notify):
        slot = f"{step.slot}.{number}"
        identity = step_id(draft.fold.id, "notify", escalation.ref.name, slot, step.round)
        draft.add(Step(identity, "notify", escalation.ref, use.place, slot, step.round, draft.now))


def start_notify(draft: Draft, step: Step) -> None:
    """Post what a level posts. What cannot be filled in is posted with that left out: a post never fails for a text."""
    escalation = draft.bill.policies.escalations.get(step.because.name)
    level, number = (int(part) for part in step.slot.split("."))
    uses = escalation.levels[level].notify if escalation is not None and level < len(escalation.levels) else ()
    if number >= len(uses):
        draft.withdraw((step,), "it is declared no more")
        return
    use = uses[number]
    try:
        call = draft.fill(use, draft.fold.lead, absent="empty")
    except ExpressionError as problem:
        draft.change(step, state="failed", note=problem.message)
        return
    draft.start(step, calls=(call,))


def _plan_next(draft: Draft, run: EscalationRun, escalation: Escalation, step: Step, due_at: datetime) -> None:
    """What follows this page if nobody answers by *due_at*."""
    if step.slot == FALLBACK:
        identity = step_id(draft.fold.id, "alarm", escalation.ref.name, ALARM, step.round)
        note = "nobody answered any page"
        draft.add(Step(identity, "alarm", escalation.ref, step.place, ALARM, step.round, due_at, note=note, about=step.about))
        return
    level = int(step.slot) + 1
    if level < len(escalation.levels):
        plan_page(draft, escalation, level, step.round, due_at, about=step.about)
    elif step.round - run.first_round < escalation.repeat:
        plan_page(draft, escalation, 0, step.round + 1, due_at, about=step.about)
    elif escalation.proceed or not any(each.page for each in escalation.levels):
        # One that applies besides has nobody behind it, and one that only posts means nobody to be called.
        draft.record(EscalationEnded(escalation.ref.name, "it went through all its rounds"))
    else:
        settings = draft.bill.policies.settings
        identity = step_id(draft.fold.id, "page", escalation.ref.name, FALLBACK, step.round + 1)
        draft.add(Step(identity, "page", escalation.ref, settings.place, FALLBACK, step.round + 1, due_at, about=step.about))


def alarms_like(draft: Draft, alarm: Step) -> list[Step]:
    """The alarms of the same round of the same escalation: this *alarm*, and its repetitions."""
    return [step for step in draft.steps("alarm") if (step.because.name, step.round) == (alarm.because.name, alarm.round)]


def failures_before(draft: Draft, run: EscalationRun, step: Step) -> str:
    """What has failed of the page right before this *step* of a *run*, in words; empty where that reached somebody."""
    made = pages_of(draft, run)
    place = next((number for number, each in enumerate(made) if each.id == step.id), 0)
    before = [each for each in made[:place] if each.deliveries]
    return failures_of(before[-1].deliveries) if before and deliveries.has_failed(before[-1]) else ""


def _next_round(draft: Draft, policy: str) -> int:
    rounds = [step.round for step in draft.steps("page", "alarm") if step.because.name == policy]
    return max(rounds) + 1 if rounds else 0
