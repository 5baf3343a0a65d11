"""Templates filled in with the worst that an alert may bring: nothing, very much, or something of a quite different shape.

`filling` finds what fails for certain; here stands what can fail when an alert is unlike others, and then keeps a text from its
readers. Each template is really filled in, so whatever guards it (a `default`, a `truncate`, an `if`, a matcher) is seen to guard it.

Rule: of what the author wrote a matcher or a condition for, the author knows the values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, TypeAlias

from watchbill.errors import Place
from watchbill.expressions.argument_check import Check, compile_schema, converted
from watchbill.expressions.matchers import compile_matcher
from watchbill.expressions.problems import ExpressionError, listed
from watchbill.expressions.templates import compile_template, template_variables
from watchbill.model.change import Status
from watchbill.model.policies import Audience, Comms, Escalation, Message, Remediation, Selector, Triage
from watchbill.model.policyset import Action
from watchbill.model.references import Kind, Template, Use
from watchbill.policy.compile.draft import Draft
from watchbill.policy.compile.filling import RULE as CERTAIN
from watchbill.policy.compile.filling import leaves
from watchbill.policy.compile.knowing import UNKNOWN, Case, Path, parts_of
from watchbill.policy.compile.reaching import Reach
from watchbill.policy.compile.workbench import Workbench

RULE: Final = "unguarded-argument"
_KINDS: Final[tuple[Kind, ...]] = ("Escalation", "Triage", "Comms", "Remediation")

Worst: TypeAlias = Literal["usual", "empty", "long", "odd"]
_TOLD: Final[tuple[Worst, ...]] = ("usual", "empty", "odd", "long")
"""What is tried of what people are told. In a usual case only what does not depend on the alert can fail, such as a status."""
_DONE: Final[tuple[Worst, ...]] = ("empty", "long")
"""What is tried of what is done to systems: a label of another shape had better refuse a step, and so it does."""

_LONG: Final = "x" * 1_000
"""As much as a label, a name or an annotation has at the very most in practice."""
_ODD: Final = "Some Thing, #1/2 <ü>"
_FIRST: Final[tuple[Status, ...]] = ("triggered", "acknowledged", "mitigated")
"""The statuses in which an audience may hear of an incident for the first time."""


def check_worst_values(bench: Workbench) -> None:
    """Report arguments and texts that can come out empty, too long or of another shape."""
    checker = _Checker(bench)
    for kind in _KINDS:
        for draft in bench.names.of(kind):
            if draft.value is not None and not draft.is_left_out:
                checker.check(draft)


@dataclass(frozen=True, slots=True)
class _Alert:
    """What is known of the alerts that come to a policy: a *case* that stands for them, and the labels that are there, and *shaped*."""

    case: Case
    present: frozenset[str]
    shaped: frozenset[str]
    status: Status

    def value(self, path: Path, worst: Worst) -> Any:
        """The value of this *path* at its *worst*."""
        known = self.case.value(path)
        if known is not UNKNOWN:
            return known
        if path in _OTHERS:
            return _OTHERS[path]
        if path == ("incident", "status"):
            return self.status
        return {"empty": "" if path in _MAY_BE_EMPTY else None, "long": _LONG, "odd": _ODD}[worst] if self.can(path, worst) else "usual"

    def can(self, path: Path, worst: Worst) -> bool:
        """Whether the value of this *path* can be that."""
        if worst == "usual" or self.case.value(path) is not UNKNOWN:
            return False
        name = "alertname" if path == ("alert", "name") else path[-1]
        if path == ("alert", "name"):
            return worst != "empty" and name not in self.shaped
        if path in _MAY_BE_EMPTY:
            return worst == "empty" or path != ("env",)
        if len(path) == 3 and path[:2] in _OPEN:
            return name not in (self.present if worst == "empty" else self.shaped)
        return False

    def context(self, variables: tuple[Path, ...], worst: Worst) -> dict[str, Any]:
        """What a template of these *variables* sees."""
        context: dict[str, Any] = {"alert": {"labels": {}, "annotations": {}, "received": {}}}
        for path in variables:
            inner: Any = context
            for name in path[:-1]:
                inner = inner.setdefault(name, {}) if isinstance(inner, dict) else None
            if isinstance(inner, dict) and not isinstance(inner.get(path[-1]), dict):
                inner[path[-1]] = self.value(path, worst)
        if self.case.service is None:
            context["service"] = None
        return context


_OPEN: Final = (("alert", "labels"), ("alert", "annotations"), ("alert", "received"))
_MAY_BE_EMPTY: Final = (("alert", "generator_url"), ("env",))
_OTHERS: Final[Mapping[Path, Any]] = {
    ("incident", "id"): "x" * 40 + "-a1b2c3",
    ("incident", "severity"): "critical",
    ("incident", "reopen_count"): 1,
    ("incident", "alert_count"): 12,
    ("incident", "opened_at"): "2026-11-23T03:12:00Z",
    ("incident", "age_seconds"): 100_000,
    ("incident", "is_acknowledged"): False,
    ("incident", "affected"): ["checkout"],
    ("alert", "status"): "firing",
    ("alert", "starts_at"): "2026-11-23T03:12:00Z",
    ("alert", "source"): "alertmanager",
    ("alert", "fingerprint"): "0" * 16,
    ("now",): "2026-11-23T03:12:00Z",
}
"""What watchbill sets itself, as long as it can be."""


@dataclass(frozen=True, slots=True)
class _Argument:
    """One template among the arguments of a call: of which argument, how it is escaped, the *check* of what comes of it."""

    template: Template
    key: str
    use: str
    escaping: str
    schema: Mapping[str, Any]
    check: Check
    is_optional: bool
    """Whether it is left out where it comes out empty."""

    def wrong(self, text: str) -> str:
        """What is wrong with it once it is this *text*; empty where it fits."""
        if not text and self.is_optional:
            return ""
        misfit = self.check(converted(text, self.schema))
        return misfit.wrong if misfit is not None else ""

    def said(self, wrong: str) -> str:
        """What may be *wrong*, as a finding says it."""
        return f"`{self.key}` of {self.use} can fill in so that it {wrong}"


class _Checker:
    def __init__(self, bench: Workbench) -> None:
        self.bench = bench
        self.reach = Reach(bench)
        self.checks: dict[int, Check] = {}
        self.told: set[tuple[Place, str]] = set()

    def check(self, draft: Draft) -> None:
        """Fill in what this policy calls, and what it says to an audience, with the worst there may be."""
        value = draft.value
        match value:
            case Escalation():
                hub = [use for use in (value.hub.channel, value.hub.bridge) if use] if value.hub else []
                self.calls(draft, [*hub, *(use for level in value.levels for use in level.notify)], _TOLD, "empty")
            case Triage():
                self.calls(draft, [collector.use for collector in value.collectors], _DONE, "refuse")
            case Remediation():
                undo = value.rollback.steps if value.rollback else ()
                verification = [value.verification.use] if value.verification else []
                self.calls(draft, [*(step.use for step in (*value.steps, *undo)), *verification], _DONE, "refuse", value.target)
            case Comms():
                hearing = self.bench.names.find("Audience", value.audience)
                alert = self.alert(draft)
                if alert is not None and hearing is not None and isinstance(hearing.value, Audience) and not hearing.is_left_out:
                    for message in value.messages:
                        status: Status = message.status if message.status != "unchanged" else "triggered"
                        self.message(draft, value, message, hearing, replace(alert, status=status))

    def alert(self, draft: Draft) -> _Alert | None:
        """What is known of the alerts that come to this policy; None where nothing certainly does."""
        case = next(iter(self.reach.cases(draft)), None)
        return _Alert(case, *_guarded(draft.value.selector), "triggered") if case is not None else None

    # --- calls --------------------------------------------------------------------------

    def calls(self, draft: Draft, uses: list[Use], tried: tuple[Worst, ...], absent: str, target: Template | None = None) -> None:
        """Try every argument of these calls."""
        arguments = [each for use in uses for each in self.arguments(use)]
        alert = self.alert(draft) if arguments else None
        for each in arguments if alert is not None else ():
            variables = template_variables(each.template)
            for worst in tried:
                assert alert is not None
                if worst == "long" and tried is _DONE and ("pattern" in each.schema or "maxLength" not in each.schema):
                    continue  # what has another shape had better be refused
                below = template_variables(target) if target is not None and ("target",) in variables else ()
                context = alert.context(variables, worst)
                if below and target is not None:
                    named = _filled(target, alert.context(below, worst), absent="refuse")
                    if named is None:
                        continue
                    context["target"] = named
                text = _filled(each.template, context, each.escaping, absent)
                wrong = each.wrong(text) if text is not None else ""
                blamed = tuple(path for path in (*variables, *below) if alert.can(path, worst))
                if wrong and (blamed or (worst == "usual" and ("incident", "status") in variables)):
                    self.report(draft, each.template.place, each.said(wrong), worst, blamed, each)

    def arguments(self, use: Use) -> Iterator[_Argument]:
        """The templates among the arguments of a call about which the action's schema asks anything."""
        action = self._action(use)
        if action is None:
            return
        escaping, properties, required = dict(action.escaping), action.arguments.get("properties"), action.arguments.get("required", ())
        for key, argument in use.arguments:
            schema = properties.get(key) if isinstance(properties, Mapping) else None
            for template, inner in leaves(argument, schema if isinstance(schema, Mapping) else {}):
                if inner.keys() & _ASKING or inner.get("type", "string") != "string":
                    is_optional = template is argument and key not in (required if isinstance(required, list | tuple) else ())
                    yield _Argument(template, key, str(use), escaping.get(key, "none"), inner, self._check(inner), is_optional)

    def _action(self, use: Use) -> Action | None:
        connector = self.bench.names.find("Connector", use.connector)
        kind = self.bench.catalogue.get(connector.value.type) if connector is not None and connector.value is not None else None
        return kind.action(use.action) if kind is not None else None

    def _check(self, schema: Mapping[str, Any]) -> Check:
        known = self.checks.get(id(schema))
        if known is None:
            known = self.checks[id(schema)] = compile_schema(schema)
        return known

    # --- what an audience is told ---------------------------------------------------------

    def message(self, draft: Draft, comms: Comms, message: Message, hearing: Draft, alert: _Alert) -> None:
        """Try one message by every channel of its audience."""
        for worst in _TOLD:
            subject, body = (self.words(template, alert, worst) for template in (message.subject, message.body))
            if body is not None and not body.strip():
                blamed = tuple(path for path in template_variables(message.body) if alert.can(path, worst))
                said = f"the text for `{message.status}` can come out empty, and then this update is not sent"
                self.report(draft, message.body.place, said, worst, blamed)
            if not (subject or "").strip() and _knows_one(comms, message):
                subject = "usual"
            words = ((subject or "").strip(), body or "usual")
            for each in (argument for use in hearing.value.channels for argument in self.arguments(use)):
                self.channel(draft, message, hearing, each, alert, worst, words)

    def channel(
        self, draft: Draft, message: Message, hearing: Draft, each: _Argument, alert: _Alert, worst: Worst, words: tuple[str, str]
    ) -> None:
        """Try one argument of a channel with these *words*: a subject and a text."""
        variables = template_variables(each.template)
        subject, body = words
        context = {**alert.context(variables, worst), "subject": subject, "body": body}
        text = _filled(each.template, context, each.escaping)
        wrong = each.wrong(text) if text is not None else ""
        if not wrong:
            return
        if not subject and ("subject",) in variables and message.subject is None and worst != "long":
            said = f"`{each.key}` of {each.use} {wrong} where nobody was told a subject before: `{message.status}` has none"
            self.report(draft, message.body.place, said, "usual", (), each, help="write a `subject` for it")
            return
        spoken = {("subject",): message.subject, ("body",): message.body}
        for path, template in spoken.items():
            own = template_variables(template) if template is not None and path in variables else ()
            blamed = tuple(one for one in own if alert.can(one, worst))
            if template is not None and path in variables and (blamed or worst == "usual"):
                self.report(draft, template.place, each.said(wrong), worst, blamed, each)
                return
        blamed = tuple(path for path in variables if alert.can(path, worst))
        if blamed or (worst == "usual" and ("incident", "status") in variables):
            self.report(hearing, each.template.place, each.said(wrong), worst, blamed, each)

    def words(self, template: Template | None, alert: _Alert, worst: Worst) -> str | None:
        """A subject or a text at its worst."""
        return _filled(template, alert.context(template_variables(template), worst)) if template is not None else None

    # --- what is said of it -----------------------------------------------------------------

    def report(
        self, draft: Draft, place: Place, said: str, worst: Worst, blamed: tuple[Path, ...], each: _Argument | None = None, help: str = ""
    ) -> None:
        """Say it once of each place, and not where it was found to fail for certain."""
        if any(finding.rule == CERTAIN and finding.place == place for finding in draft.findings):
            return
        names = [".".join(path) for path in dict.fromkeys(blamed)]
        if (place, said) not in self.told:
            self.told.add((place, said))
            why = f", by {listed(names)}" if names else ""
            draft.report(RULE, place, said + why, help or _help(worst, names, each), "warning")


def _help(worst: Worst, names: list[str], each: _Argument | None) -> str:
    """What to write instead."""
    name = names[0] if names else "alert.name"
    match worst:
        case "empty":
            return f"write `{{{{ {name} | default('…') }}}}`, or match only alerts that have it"
        case "long":
            longest = each.schema.get("maxLength") if each is not None else None
            room = max(10, int(longest) // (2 * max(1, len(names)))) if isinstance(longest, int) else 40
            return f"write `{{{{ {name} | truncate({room}) }}}}`"
        case "odd":
            return 'write what it is, or match only alerts whose label has this form, as in `name=~"[a-z0-9-]+"`'
        case _:
            return "write what the action takes"


def _filled(template: Template, context: Mapping[str, Any], escaping: str = "none", absent: str = "empty") -> str | None:
    """What comes of this *template*; None where it is refused, which is another matter."""
    try:
        return compile_template(template, escaping, absent)(context)  # type: ignore[arg-type]
    except ExpressionError:
        return None


def _knows_one(comms: Comms, message: Message) -> bool:
    """Whether an audience certainly was told a subject before this *message*, to which it falls back."""
    if message.status in _FIRST:
        return False
    return all(each.subject is not None for each in comms.messages if each.status in _FIRST)


def _guarded(selector: Selector) -> tuple[frozenset[str], frozenset[str]]:
    """The labels that every alert of this *selector* has, and those of which it says what they look like."""
    asked = frozenset(path[-1] for part in (parts_of(selector.when) if selector.when is not None else ()) for path in part.paths)
    present = frozenset(matcher.name for matcher in selector.match if not compile_matcher(matcher)({}))
    shaped = frozenset(matcher.name for matcher in selector.match if matcher.operator in ("=", "=~") and matcher.name in present)
    return present | asked, shaped | asked


_ASKING: Final = frozenset(("minLength", "maxLength", "pattern", "enum", "const"))
