"""Escalations, triage, audiences and comms: from documents to the model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from watchbill.expressions.context import CONTEXT, Type
from watchbill.model.policies import Audience, Collector, Comms, Escalation, Hub, Level, Message, Review, Triage
from watchbill.model.policyset import UsePlace
from watchbill.model.references import Target, Use
from watchbill.policy.compile import texts
from watchbill.policy.compile.calls import FOR_CHANNELS, use
from watchbill.policy.compile.draft import At, Draft
from watchbill.policy.compile.ownership import check_unique
from watchbill.policy.compile.selecting import interval, needs_interval, selector
from watchbill.policy.compile.workbench import Workbench
from watchbill.policy.documents import policies as written
from watchbill.policy.documents.section import Use as UseKeys
from watchbill.policy.wording import quoted

# --- escalations ----------------------------------------------------------------------


def escalation(bench: Workbench, draft: Draft) -> Escalation:
    """An escalation. A post or a hub whose connector is quarantined is not in it; nobody is left unpaged for that."""
    spec: written.EscalationSpec = draft.document.spec
    at = draft.top / "spec"
    expect_owner(bench, draft)
    compiled = Escalation(
        ref=draft.ref,
        selector=selector(bench, at, spec, anywhere=spec.continue_),
        levels=tuple(_level(bench, at / "levels" / index, each) for index, each in enumerate(spec.levels)),
        repeat=spec.repeat,
        hub=_hub(bench, at / "hub", spec.hub) if spec.hub else None,
        proceed=spec.continue_,
        own_ack=spec.ack == "own",
        text=texts.template(at / "text", spec.text) if spec.text is not None else None,
        acknowledge=texts.acknowledge(at / "acknowledge", spec.acknowledge),
        joined=spec.joined,
    )
    if spec.repeat and not sum((level.wait for level in compiled.levels), timedelta(0)) and not draft.is_left_out:
        help = "give one of the levels a `wait`, or take `repeat` away"
        (at / "repeat").report("bad-duration", "no level waits, so all rounds would be at once", help)
    needs_interval(bench, at / "during", spec.during)
    if spec.continue_:
        _check_besides(bench, at, spec)
    elif spec.joined == "page" and not any(level.page for level in compiled.levels) and not draft.is_left_out:
        help = "name somebody in a level's `page`, or take it away: then whoever has the incident is told"
        draft.report("no-effect", (at / "joined").key_place, "`joined: page` has no effect: no level pages anybody", help, "warning")
    return compiled


def _check_besides(bench: Workbench, at: At, spec: written.EscalationSpec) -> None:
    """What applies besides speaks to its own team: it opens no hub, and posts into no other team's chat."""
    if spec.hub is not None:
        help = "take it away: the escalation that wins opens the hub"
        at.draft.report("no-effect", (at / "hub").key_place, "`hub` has no effect beside `continue: true`", help, "warning")
    for key in ("acknowledge", "joined"):
        if key in spec.model_fields_set:
            help = "take it away: the escalation that wins says it"
            at.draft.report("no-effect", (at / key).key_place, f"`{key}` has no effect beside `continue: true`", help, "warning")
    teams = [draft for draft in bench.names.of("Team") if draft.document is not None and draft.document.spec.chat is not None]
    chats = {_channel(draft.document.spec.chat): draft.name for draft in teams}
    for index, level in enumerate(spec.levels):
        for number, call in enumerate(level.notify):
            for key in ("channel", "path"):
                channel = call.with_.get(key)
                whose = chats.get(_channel(channel)) if isinstance(channel, str) else None
                if whose is not None and whose != at.draft.team:
                    said = f"an escalation with `continue` posts to its own team only, and {quoted(str(channel))} is the chat of `{whose}`"
                    spot = at / "levels" / index / "notify" / number / "with" / key
                    spot.report("not-granted", said, f"post where `{at.draft.team}` talks")


def _channel(text: str) -> str:
    """What a channel is called, however it is written: `#payments`, or `/payments` as the path of a gateway."""
    return text.lstrip("#/")


def expect_owner(bench: Workbench, draft: Draft) -> None:
    """Report a team that does not exist, at the document's metadata."""
    if draft.team:
        bench.names.expect(draft.top / "metadata" / "team", "Team", draft.team)


def _level(bench: Workbench, at: At, keys: written.Level) -> Level:
    if isinstance(keys.page, str):
        page = targets(bench, at, {"page": keys.page})
    else:
        if not keys.page and not keys.notify:
            (at / "page").report("bad-value", "this level neither pages nor posts", "name a target in `page`, or a post in `notify`")
        page = targets(bench, at / "page", dict(enumerate(keys.page)))
    _check_paged_once(bench, at, keys.page, page)
    return Level(
        page=page,
        wait=texts.duration(at / "wait", keys.wait),
        place=at.place,
        notify=uses(bench, at / "notify", keys.notify, "notify"),
        # A level whose interval is quarantined does not wait: rather a page too many.
        during=interval(bench, at / "during", keys.during),
    )


def _check_paged_once(bench: Workbench, at: At, written: str | list[str], page: tuple[Target, ...]) -> None:
    """Warn of a level that pages somebody twice, as far as that can be known: a role depends on whose incident it is."""
    if isinstance(written, str):
        return
    seen: dict[Target, str] = {}
    for index, (text, each) in enumerate(zip(written, page, strict=True)):
        leads_to = bench.names.leads_to(each)
        if leads_to in seen:
            said = f"{quoted(text)} is paged already" + (f", as {quoted(seen[leads_to])}" if seen[leads_to] != text else "")
            (at / "page" / index).report("paged-twice", said, "take one of the two away", "warning")
        seen.setdefault(leads_to, text)


def _hub(bench: Workbench, at: At, keys: written.Hub) -> Hub:
    if keys.channel is None and keys.bridge is None:
        help = "give it a `channel` or a `bridge`, or take it away"
        at.draft.report("no-effect", at.key_place, "this hub opens nothing to talk in", help, "warning")
    return Hub(
        channel=use(bench, at / "channel", keys.channel, "hub.channel") if keys.channel else None,
        bridge=use(bench, at / "bridge", keys.bridge, "hub.bridge") if keys.bridge else None,
        invite=targets(bench, at / "invite", dict(enumerate(keys.invite))),
        place=at.place,
    )


def target(bench: Workbench, at: At, text: str, *, pages: bool = True) -> Target:
    """The target that is written here."""
    found = texts.target(at, text)
    if found is None:
        return Target("person", text)
    bench.names.expect_target(at, found, pages=pages)
    return found


def targets(bench: Workbench, at: At, written: dict[str, str] | dict[int, str], *, pages: bool = True) -> tuple[Target, ...]:
    """Several targets, each with what leads from *at* to it."""
    return tuple(target(bench, at / part, text, pages=pages) for part, text in written.items())


def uses(bench: Workbench, at: At, keys: Sequence[UseKeys], place: UsePlace, root: Type = CONTEXT) -> tuple[Use, ...]:
    """Those of these calls that can be made at this *place*; *root* is what their templates may speak of."""
    return _made(use(bench, at / index, each, place, root) for index, each in enumerate(keys))


def _made(calls: Iterable[Use | None]) -> tuple[Use, ...]:
    return tuple(call for call in calls if call is not None)


# --- triage ---------------------------------------------------------------------------


def triage(bench: Workbench, draft: Draft) -> Triage:
    """A triage with those of its collectors whose connector is there; left out where none is."""
    spec: written.TriageSpec = draft.document.spec
    at = draft.top / "spec"
    expect_owner(bench, draft)
    seen: set[str] = set()
    collectors = []
    for index, keys in enumerate(spec.collect):
        spot = at / "collect" / index
        check_unique(spot / "name", keys.name, seen, "collector")
        timeout = texts.some_duration(spot / "timeout", keys.timeout)
        call = use(bench, spot, keys, "collect")
        if call is not None:
            collectors.append(Collector(keys.name, keys.title or keys.name, call, timeout))
    chosen = selector(bench, at, spec)
    budget = texts.some_duration(at / "budget", spec.budget)
    if not collectors and not draft.is_left_out:
        _leave_out_for(draft, at / "collect", spec.collect[0].use)
    needs_interval(bench, at / "during", spec.during)
    return Triage(draft.ref, chosen, tuple(collectors), budget)


def _leave_out_for(draft: Draft, at: At, use: str) -> None:
    draft.leave_out(at, f"Connector/{use.partition('.')[0]}")


# --- updates --------------------------------------------------------------------------


def audience(bench: Workbench, draft: Draft) -> Audience:
    """An audience with those of its channels whose connector is there; left out where none is."""
    spec: written.AudienceSpec = draft.document.spec
    at = draft.top / "spec"
    expect_owner(bench, draft)
    zone = texts.zone(at / "zone", spec.zone, bench.zone)
    channels = uses(bench, at / "channels", spec.channels, "channels", FOR_CHANNELS)
    liaison = target(bench, at / "liaison", spec.liaison) if spec.liaison is not None else None
    quiet_hours = texts.recurrence(at / "quiet_hours", spec.quiet_hours, zone)
    if not channels and not draft.is_left_out:
        _leave_out_for(draft, at / "channels", spec.channels[0].use)
    return Audience(
        ref=draft.ref,
        title=spec.title or draft.ref.name,
        channels=channels,
        liaison=liaison,
        language=spec.language,
        zone=zone,
        quiet_hours=quiet_hours,
    )


def comms(bench: Workbench, draft: Draft) -> Comms:
    """What an audience is told; left out where the audience is."""
    spec: written.CommsSpec = draft.document.spec
    at = draft.top / "spec"
    expect_owner(bench, draft)
    is_known = bench.names.expect(at / "audience", "Audience", spec.audience)
    compiled = Comms(
        ref=draft.ref,
        selector=selector(bench, at, spec),
        audience=spec.audience,
        first=texts.duration(at / "first", spec.first),
        cadence=texts.some_duration(at / "cadence", spec.cadence) if spec.cadence is not None else None,
        messages=_messages(at / "messages", spec.messages),
        review=_review(bench, at / "review", spec.review) if spec.review else None,
        remind=texts.some_duration(at / "remind", spec.remind) if spec.remind is not None else None,
    )
    if compiled.cadence and compiled.remind and compiled.remind >= compiled.cadence and not draft.is_left_out:
        said = f"`remind` is {quoted(str(spec.remind))}, and an update is due every {quoted(str(spec.cadence))}"
        (at / "remind").report("bad-duration", said, "let it be shorter than `cadence`")
    hearing = bench.names.find("Audience", spec.audience)
    if is_known and not draft.is_left_out and (hearing is None or hearing.is_left_out):
        draft.leave_out(at / "audience", f"Audience/{spec.audience}")
    needs_interval(bench, at / "during", spec.during)
    return compiled


def _messages(at: At, keys: written.Messages) -> tuple[Message, ...]:
    """The messages that are written, in the order in which an incident goes through its statuses."""
    found = (
        ("triggered", keys.triggered),
        ("acknowledged", keys.acknowledged),
        ("mitigated", keys.mitigated),
        ("resolved", keys.resolved),
        ("unchanged", keys.unchanged),
    )
    return tuple(
        Message(
            status,  # type: ignore[arg-type]
            texts.template(at / status / "subject", message.subject) if message.subject is not None else None,
            texts.template(at / status / "body", message.body),
        )
        for status, message in found
        if message is not None
    )


def _review(bench: Workbench, at: At, keys: written.Review) -> Review:
    return Review(target(bench, at / "by", keys.by), texts.some_duration(at / "wait", keys.wait), keys.then)
