"""`use:` and its arguments: whether there is such a connector and action, what it may do here, and what it is given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from watchbill.expressions.context import CONTEXT, Object, String, Type, from_json_schema, without_null
from watchbill.model.plan import Call
from watchbill.model.policies import Connector
from watchbill.model.policyset import ACTION_KINDS, TAKES, Action, ActionKind, ConnectorType, UsePlace, kind_of, unfit
from watchbill.model.references import Argument, Json, Use
from watchbill.policy.compile.arguments import check_arguments, is_template, texts_in, validator_of
from watchbill.policy.compile.draft import At, Draft
from watchbill.policy.compile.texts import template
from watchbill.policy.compile.workbench import Workbench
from watchbill.policy.documents.section import Use as UseKeys
from watchbill.policy.secrets import looks_secret
from watchbill.policy.suggest import nearest
from watchbill.policy.wording import choice, quoted

FOR_CHANNELS: Final = Object({**CONTEXT.fields, "subject": String(), "body": String()})
"""What a channel of an audience may speak of: the context, and the update itself."""
FOR_REPAIR: Final = Object({**CONTEXT.fields, "target": String()})
"""What a step of a remediation may speak of: the context, and what it is done to."""
FOR_PROBES: Final = Object({name: without_null(CONTEXT.fields[name]) for name in ("service", "team", "now")})
"""What a probe may speak of: its service, the team that owns it, and the time; there is no alert yet."""

RULES_OF_PLACES: Final[Mapping[UsePlace, str]] = {
    "collect": "collector-must-read",
    "verify": "collector-must-read",
    "probe": "collector-must-read",
    "contacts": "contact-must-reach",
    "synthetic_page": "contact-must-reach",
    "notify": "post-must-tell",
    "channels": "post-must-tell",
    "last_resort": "post-must-tell",
    "hub.channel": "hub-must-open",
    "hub.bridge": "hub-must-open",
    "steps": "repair-may-not-reach",
}
"""Which rule is broken by an action that may not stand at a place."""

_THAT: Final[Mapping[ActionKind, str]] = {
    "reads": "read",
    "tells": "tell somebody",
    "reaches": "reach a person",
    "opens": "open a place to talk in",
    "changes": "change a system",
}

SECRET_HELP: Final = "take it out of the repository, change it where it came from, and refer to it in `secrets` of a Connector"


def use(bench: Workbench, at: At, keys: UseKeys, place: UsePlace, root: Type = CONTEXT) -> Use | None:
    """The call that is written here, or None where it cannot be made: it is wrong, or its connector is quarantined.

    *place* is where it stands, and *root* what templates in its arguments may speak of.

    What is wrong gives findings; that a connector is quarantined does not, for it was said where it stands.
    """
    found = action_of(bench, at / "use", keys.use, place)
    if found is None:
        return None
    connector, action = found
    spot = at / "with"
    check_arguments(spot, keys.with_, _validator(bench, connector, action), keys.use)
    arguments = tuple((key, _argument(spot / key, value, root)) for key, value in keys.with_.items())
    return Use(str(connector.name), action.name, arguments, (at / "use").place)


def plain_call(bench: Workbench, at: At, keys: UseKeys, place: UsePlace) -> Call | None:
    """The call that is written here with nothing to fill in, for no incident stands behind it; None where it cannot be made."""
    known = len(at.draft.findings)
    found = action_of(bench, at / "use", keys.use, place)
    for spot, text in texts_in(at / "with", keys.with_):
        if is_template(text):
            said = f"`{spot.key}` holds a template, and there is no incident to fill it from"
            spot.report("bad-argument", said, "write what it says, without `{{` and `{%`")
        elif looks_secret(text):
            spot.report("secret-in-plain-text", f"`{spot.key}` looks like a secret", SECRET_HELP)
    if found is None:
        return None
    connector, action = found
    check_arguments(at / "with", keys.with_, _validator(bench, connector, action), keys.use)
    if len(at.draft.findings) > known:
        return None
    return Call(str(connector.name), action.name, {str(name): _plain(value) for name, value in keys.with_.items()})


def _validator(bench: Workbench, connector: Draft, action: Action) -> Any:
    key = (connector.value.type, action.name)
    if key not in bench.validators:
        bench.validators[key] = validator_of(action.arguments)
    return bench.validators[key]


def _plain(value: Any) -> Json:
    """A value as it was written, without the places of its parts."""
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    assert value is None or isinstance(value, bool | int | float | str)
    return value


class NamedAction(NamedTuple):
    """The action that a text names: of which connector, and of which type that is."""

    connector: Draft
    type: ConnectorType
    action: Action


def named_action(bench: Workbench, at: At, text: str, place: UsePlace | None = None) -> NamedAction | None:
    """The action that this *text* names, to be used at this *place* if any; None where there is none, or its connector is left out."""
    connector, dot, name = text.partition(".")
    if not (connector and dot and name) or "." in name:
        draft = bench.names.find("Connector", text)
        type = bench.catalogue.get(draft.value.type) if draft and draft.value else None
        help = "write `connector.action`" + (f": {choice(None, [each.name for each in type.actions], 'actions')}" if type else "")
        at.report("bad-use", f"{quoted(text)} names no action", help)
        return None
    if not bench.names.expect(at, "Connector", connector):
        return None
    draft = bench.names.find("Connector", connector)
    if draft is None or draft.is_left_out or draft.value is None:
        return None
    type = bench.catalogue[draft.value.type]
    action = type.action(name)
    if action is None:
        known = (_fitting(type, draft.value, place) if place is not None else []) or [each.name for each in type.actions]
        help = choice(nearest(name, known), known, "actions")
        at.draft.report(
            "unknown-action", at.within(text, len(connector) + 1), f"{connector} ({type.name}) has no action {quoted(name)}", help
        )
        return None
    return NamedAction(draft, type, action)


def action_of(bench: Workbench, at: At, text: str, place: UsePlace) -> tuple[Draft, Action] | None:
    """The connector and the action that this *text* names, if the document may use them at this *place*."""
    found = named_action(bench, at, text, place)
    if found is None:
        return None
    draft, type, action = found
    wrong = unfit(quoted(text), kind_of(action, draft.value), place)
    if wrong:
        at.report(RULES_OF_PLACES[place], wrong, _help(action, type, draft.value, place))
        return None
    if not action.reads and not _may_act(bench, at, draft):
        return None
    return draft, action


def _fitting(type: ConnectorType, connector: Connector, place: UsePlace) -> list[str]:
    return [each.name for each in type.actions if kind_of(each, connector) in TAKES[place]]


def _help(action: Action, type: ConnectorType, connector: Connector, place: UsePlace) -> str:
    """What would fit at this *place* in place of this *action*."""
    if action.generic and not connector.tells and "tells" in TAKES[place]:
        return f"say `tells: true` on Connector/{connector.ref.name} if somebody reads it"
    if place == "steps":
        return "say it in the `notify` of an escalation, or to an audience" if action.reaches else "open it in the `hub` of an escalation"
    wanted = " or ".join(_THAT[kind] for kind in ACTION_KINDS if kind in TAKES[place])
    known = _fitting(type, connector, place)
    if known:
        return choice(None, known, f"actions that {wanted}")
    return f"no action of {type.name} does that; use a connector that can {wanted}"


def _may_act(bench: Workbench, at: At, connector: Draft) -> bool:
    """Whether the document's team may change things with this *connector*; a finding where it may not."""
    teams = bench.teams_of(at.draft)
    if bench.grants.may_act(teams, connector):
        return True
    report_not_granted(at, teams[0] if teams else "", connector)
    return False


def report_not_granted(at: At, team: str, connector: Draft) -> None:
    """Say that *team* may not act with a *connector* of another one."""
    who = f"the team `{team}`" if team else "a document of no team"
    help = f"ask for `{{to: team/{team}, connectors: [{connector.name}]}}` in the grants of `watchbill.yaml`" if team else "give it a team"
    at.report("not-granted", f"{who} may not act with `{connector.name}`, which belongs to `{connector.team}`", help)


def result_type(bench: Workbench, call: Use) -> Type:
    """What a call gives back, for the condition that looks at it."""
    draft = bench.names.find("Connector", call.connector)
    assert draft is not None
    key = (draft.value.type, call.action)
    if key not in bench.roots:
        action = bench.catalogue[draft.value.type].action(call.action)
        bench.roots[key] = from_json_schema(action.result if action else {})
    root: Type = bench.roots[key]
    return root


def _argument(at: At, value: Any, root: Type) -> Argument:
    """An argument with a template for every text."""
    if isinstance(value, str):
        if looks_secret(value) and not is_template(value):
            at.report("secret-in-plain-text", f"`{at.key}` looks like a secret", SECRET_HELP)
        return template(at, value, root)
    if isinstance(value, Mapping):
        return tuple((str(key), _argument(at / key, inner, root)) for key, inner in value.items())
    if isinstance(value, list):
        return tuple(_argument(at / index, inner, root) for index, inner in enumerate(value))
    assert value is None or isinstance(value, bool | int | float)
    return value
