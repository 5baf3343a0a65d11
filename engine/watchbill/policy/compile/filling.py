"""Templates against every service and severity whose alerts come to them, filled in with what is known beforehand.

A name of a service may make a channel that no chat takes, and what is there for one service may be absent for another. That is
found before an incident finds it. What is said is certain: of what an alert may bring with it, nothing is assumed.

Rule: a template is filled in once for the same values, whichever policies and services they come from.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, cast

from watchbill.expressions.problems import ExpressionError
from watchbill.expressions.templates import compile_template, escape, template_variables
from watchbill.expressions.templates.escape import shown
from watchbill.expressions.templates.simple import missing, simple_parts
from watchbill.model.policies import Audience, Comms, Escalation, Remediation, Triage
from watchbill.model.references import Argument, Kind, Template, Use
from watchbill.policy.compile.arguments import fault_of, validator_of
from watchbill.policy.compile.draft import Draft
from watchbill.policy.compile.knowing import SEVERITIES, UNKNOWN, Case, Path
from watchbill.policy.compile.reaching import Reach
from watchbill.policy.compile.workbench import Workbench
from watchbill.policy.wording import quoted

RULE: Final = "failing-template"
_KINDS: Final[tuple[Kind, ...]] = ("Escalation", "Triage", "Comms", "Remediation")
_PARENT: Final = ("team", "parent")
_MOST: Final = 3 * 60
"""How many cases a finding is worked out for; the rest of thousands would not change what is to be done."""
_BUDGET: Final = 20_000
"""How often templates are filled in for each case by itself. Beyond that, of services whose names look alike one stands for all."""


@dataclass(slots=True)
class Field:
    """One template of a policy: where it goes (*key* of *owner*), how it is escaped, what is wanted, what becomes of absent values.

    *parts* are its texts and names where it is made of nothing else. *outcomes* are what came of it so far, by the values of its
    *variables*.
    """

    template: Template
    variables: tuple[Path, ...]
    parts: tuple[str | Path, ...] | None
    key: str
    owner: str
    escaping: str
    schema: Mapping[str, Any] | None
    absent: str
    outcomes: dict[tuple[Any, ...], tuple[str, str] | None] = field(default_factory=dict)

    @property
    def subject(self) -> str:
        """What is filled in, for messages."""
        return f"`{self.key}` of {self.owner}" if self.owner else f"`{self.key}`"

    @property
    def needs(self) -> str:
        """What it may fail for: ``values``, only because something is ``absent``, or ``nothing`` at all.

        A text into which values are put fails by them only if something is asked of the whole, or of how it begins.
        """
        if self.parts is None or self.escaping == "argv" or not self._takes_any_text():
            return "values"
        if self.absent == "refuse":
            return "absent" if any(path[0] in ("service", "team", "tier") for path in self.variables) else "nothing"
        return "nothing"

    def _takes_any_text(self) -> bool:
        written = [part for part in self.parts or () if isinstance(part, str)]
        if self.schema is None:
            return self.key != "target" or bool("".join(written).strip())
        if not self.schema.keys() <= _TELLING or self.schema.get("type", "string") != "string":
            return False
        least = sum(map(len, written))
        most = least + _LONGEST * (len(self.parts or ()) - len(written))
        return bool(self.schema.get("minLength", 0) <= least and most <= self.schema.get("maxLength", most))


_TELLING: Final = frozenset(("type", "description", "examples", "default", "title", "minLength", "maxLength"))
_LONGEST: Final = 1_000
"""Characters, as much as a value that is known beforehand ever has once it is escaped; where more may matter it is looked at."""


def check_templates(bench: Workbench) -> None:
    """Report templates that fail for a service, and perhaps at a severity, whose alerts come to them."""
    checker = _Checker(bench)
    for kind in _KINDS:
        for draft in bench.names.of(kind):
            if draft.value is not None and not draft.is_left_out:
                checker.check(draft)


class _Checker:
    def __init__(self, bench: Workbench) -> None:
        self.bench = bench
        self.reach = Reach(bench)
        self.fields: dict[tuple[str, str, str, int, str, str], Field] = {}
        self.validators: dict[int, Any] = {}
        self.told: set[tuple[int, Template]] = set()
        self.shapes: dict[str, Any] = {}
        self.left = _BUDGET

    def check(self, draft: Draft) -> None:
        """Fill in each template of this policy for all that comes to it, as far as that can make a difference."""
        wanted = [(where, each, each.needs) for where, each in self.fields_of(draft)]
        of_any = [(where, each) for where, each, needs in wanted if needs == "values" or (needs == "absent" and _PARENT in each.variables)]
        of_none = [(where, each) for where, each, needs in wanted if needs == "absent" and _PARENT not in each.variables]
        if of_any:
            self.fill_in(draft, of_any, self.reach.cases(draft))
        if of_none:
            self.fill_in(draft, of_none, self.reach.unclaimed(draft))

    def fill_in(self, draft: Draft, found: list[tuple[Draft, Field]], cases: Iterable[Case]) -> None:
        """Fill in what was *found* in a policy for each of these *cases*, and report what fails."""
        failing: dict[int, list[tuple[Case, tuple[str, str]]]] = {}
        for alike in self.groups(list(cases), [each for _, each in found]):
            for number, (_, each) in enumerate(found):
                for case in alike if self.outcome(each, alike[0]) is not None else ():
                    problem = self.outcome(each, case)
                    known = failing.setdefault(number, [])
                    if problem is not None and len(known) < _MOST and self.reach.wins(draft, case):
                        known.append((case, problem))
        for number, known in failing.items():
            where, each = found[number]
            if known and (id(where), each.template) not in self.told:
                self.told.add((id(where), each.template))
                _report(where, each, known)

    def groups(self, cases: list[Case], fields: Sequence[Field]) -> Iterable[Sequence[Case]]:
        """The *cases* in groups of which one stands for the others: each by itself, while there are not too many of them."""
        self.left -= len(cases) * len(fields)
        if self.left >= 0:
            return [(case,) for case in cases]
        paths = tuple(dict.fromkeys(path for each in fields for path in each.variables))
        alike: dict[tuple[Any, ...], list[Case]] = {}
        for case in cases:
            alike.setdefault(tuple(self.shape(case.value(path)) for path in paths), []).append(case)
        return alike.values()

    def shape(self, value: Any) -> Any:
        """What a text looks like: its length and the sorts of its characters. Anything else looks like itself."""
        if not isinstance(value, str):
            return value
        if value not in self.shapes:
            sorts = ["a" if "a" <= sign <= "z" else "A" if "A" <= sign <= "Z" else "0" if "0" <= sign <= "9" else sign for sign in value]
            self.shapes[value] = (len(value), frozenset(sorts), *sorts[:1], *sorts[-1:])
        return self.shapes[value]

    # --- what a policy fills in ----------------------------------------------------------

    def fields_of(self, draft: Draft) -> Iterator[tuple[Draft, Field]]:
        """The templates of a policy, each with the document in which it stands."""
        match draft.value:
            case Escalation() as escalation:
                if escalation.text is not None:
                    yield from self.text(draft, escalation.text, "text")
                hub = [use for use in (escalation.hub.channel, escalation.hub.bridge) if use] if escalation.hub else []
                for use in (*hub, *(use for level in escalation.levels for use in level.notify)):
                    yield from self.call(draft, use, "empty")
            case Triage() as triage:
                for collector in triage.collectors:
                    yield from self.call(draft, collector.use, "refuse")
            case Comms() as comms:
                for message in comms.messages:
                    for template, key in ((message.subject, "subject"), (message.body, "body")):
                        yield from self.text(draft, template, key) if template is not None else ()
                hearing = self.bench.names.find("Audience", comms.audience)
                if hearing is not None and isinstance(hearing.value, Audience) and not hearing.is_left_out:
                    for use in hearing.value.channels:
                        yield from self.call(hearing, use, "empty")
            case Remediation() as remediation:
                yield from self.text(draft, remediation.target, "target", "refuse")
                undo = remediation.rollback.steps if remediation.rollback else ()
                calls = [step.use for step in (*remediation.steps, *undo)]
                calls += [remediation.verification.use] if remediation.verification else []
                for use in calls:
                    yield from self.call(draft, use, "refuse")

    def text(self, draft: Draft, template: Template, key: str, absent: str = "empty") -> Iterator[tuple[Draft, Field]]:
        if not template.is_plain:
            yield draft, self.field(template, key, "", "none", None, absent)

    def call(self, draft: Draft, use: Use, absent: str) -> Iterator[tuple[Draft, Field]]:
        """The templates among the arguments of a call, with what the action wants there."""
        connector = self.bench.names.find("Connector", use.connector)
        kind = self.bench.catalogue.get(connector.value.type) if connector is not None and connector.value is not None else None
        action = kind.action(use.action) if kind is not None else None
        if action is None:
            return
        escaping = dict(action.escaping)
        properties = action.arguments.get("properties")
        for key, argument in use.arguments:
            schema = properties.get(key) if isinstance(properties, Mapping) else None
            for template, inner in leaves(argument, schema if isinstance(schema, Mapping) else {}):
                yield draft, self.field(template, key, str(use), escaping.get(key, "none"), inner, absent)

    def field(self, template: Template, key: str, owner: str, escaping: str, schema: Mapping[str, Any] | None, absent: str) -> Field:
        """The field, with what is known of one that says the same; its place is this one's."""
        same = (template.text, key, owner, id(schema), escaping, absent)
        known = self.fields.get(same)
        if known is None:
            found = simple_parts(template.text)
            parts = tuple(part for part, _ in found) if found is not None else None
            known = Field(template, template_variables(template), parts, key, owner, escaping, schema, absent)
            self.fields[same] = known
        return replace(known, template=template)

    # --- what comes of it ----------------------------------------------------------------

    def outcome(self, each: Field, case: Case) -> tuple[str, str] | None:
        """What is wrong with this template for certain, and what to do; None where it fills in well, or nothing is certain."""
        values = tuple(case.value(path) for path in each.variables)
        if values not in each.outcomes:
            each.outcomes[values] = self.filled(each, case, values)
        return each.outcomes[values]

    def filled(self, each: Field, case: Case, values: Sequence[Any]) -> tuple[str, str] | None:
        is_known = all(value is not UNKNOWN for value in values)
        try:
            if each.parts is not None:
                text = _joined(each, dict(zip(each.variables, values, strict=True)))
            elif is_known:
                text = compile_template(each.template, each.escaping, each.absent)(case.context)  # type: ignore[arg-type]
            else:
                return None
        except ExpressionError as problem:
            return f"{each.subject} cannot be filled in: {problem.message}", problem.help
        if not is_known:
            return _too_much(text, each)
        if each.key == "target" and each.schema is None and not text.strip():
            return f"{each.subject} is empty", "name what it is done to"
        return self.fault(each, text)

    def fault(self, each: Field, text: str) -> tuple[str, str] | None:
        """What is wrong with a *text* that is known in full."""
        if each.schema is None or _fits(text, each.schema):
            return None
        validator = self.validators.get(id(each.schema))
        if validator is None:
            validator = self.validators[id(each.schema)] = validator_of(each.schema)
        return fault_of(text, each.key, validator, each.owner)


def _joined(each: Field, known: Mapping[Path, Any]) -> str:
    """The text that comes of a simple template; without what is not known. Raises `TemplateRefused` as filling it in does."""
    texts: list[str] = []
    for part in each.parts or ():
        value = part if isinstance(part, str) else known[part]
        if isinstance(part, str):
            texts.append(part)
        elif value is None and each.absent == "refuse":
            raise missing(part)
        elif value is not None and value is not UNKNOWN:
            texts.append(escape(shown(value), each.escaping))  # type: ignore[arg-type]
    return "".join(texts)


def _fits(text: str, schema: Mapping[str, Any]) -> bool:
    """Whether this *text* fits a *schema* that asks for nothing unusual: quick, and right wherever it says so."""
    if schema.get("type") != "string" or not schema.keys() <= _PLAIN_KEYS:
        return False
    if not schema.get("minLength", 0) <= len(text) <= schema.get("maxLength", len(text)):
        return False
    return "pattern" not in schema or re.search(schema["pattern"], text) is not None


_PLAIN_KEYS: Final = _TELLING | {"pattern"}


def _report(draft: Draft, each: Field, cases: list[tuple[Case, tuple[str, str]]]) -> None:
    first, (message, help) = cases[0]
    services = list(dict.fromkeys(case.service.name if case.service else None for case, _ in cases))
    named = f"the service {quoted(first.service.name)}" if first.service else "an alert that no service claims"
    severities = [case.severity for case, _ in cases if case.service is first.service]
    at = "" if len(severities) == len(SEVERITIES) or not _tells(each) else f" with severity {' or '.join(severities)}"
    others = f" (and {len(services) - 1} more)" if len(services) > 1 else ""
    draft.report(RULE, each.template.place, f"for {named}{at}{others}, {message}", help, "warning")


def _tells(each: Field) -> bool:
    """Whether it depends on the severity what becomes of this template."""
    return any(path[-1] == "severity" for path in each.variables)


def leaves(argument: Argument, schema: Mapping[str, Any]) -> Iterator[tuple[Template, Mapping[str, Any]]]:
    """The templates inside an *argument*, each with the part of the *schema* that is about it; none where the schema tells nothing."""
    if isinstance(argument, Template):
        if not argument.is_plain:
            yield argument, schema
    elif isinstance(argument, tuple):
        if argument and all(isinstance(each, tuple) and len(each) == 2 and isinstance(each[0], str) for each in argument):
            properties, others = schema.get("properties"), schema.get("additionalProperties")
            for name, inner in cast("tuple[tuple[str, Argument], ...]", argument):
                below = properties.get(name, others) if isinstance(properties, Mapping) else others
                yield from leaves(inner, below if isinstance(below, Mapping) else {})
        else:
            items = schema.get("items")
            for each in cast("tuple[Argument, ...]", argument):
                yield from leaves(each, items if isinstance(items, Mapping) else {})


# --- what is certain of a text that is not known in full -----------------------------------


def _too_much(text: str, each: Field) -> tuple[str, str] | None:
    """What is wrong with all texts that have this *text*'s characters in them, whatever stands between."""
    schema = each.schema or {}
    longest, pattern = schema.get("maxLength"), schema.get("pattern")
    if schema.get("type", "string") != "string":
        return None
    if isinstance(longest, int) and len(text) > longest:
        return f"{each.subject} is too long", f"at most {longest}"
    letters = _letters(pattern) if isinstance(pattern, str) else None
    wrong = next((letter for letter in text if letter not in letters), None) if letters is not None else None
    if wrong is not None:
        about = schema.get("description", "see what the connector takes")
        return f"{each.subject} cannot hold {quoted(wrong)}", str(about).rstrip(".")
    return None


_CLASS: Final = re.compile(r"\[([^\]^\\][^\]\\]*)\]")
_SPARE: Final = re.compile(r"\{\d+(?:,\d*)?\}|\(\?:|[()|?*+]")


def _letters(pattern: str) -> frozenset[str] | None:
    """All characters that a text of this *pattern* may have; None for a pattern of which that is not plain to see."""
    signs = _CLASS.sub("", pattern)
    if not (pattern.startswith("^") and pattern.endswith("$")) or _is_split(signs):
        return None
    found = {"\n"}  # which `$` lets pass at the end
    for inside in _CLASS.findall(pattern):
        found |= _range(inside)
    rest = _SPARE.sub("", signs[1:-1])
    return frozenset(found | set(rest)) if not any(sign in rest for sign in "\\.[]^${}") else None


def _is_split(signs: str) -> bool:
    """Whether a choice stands outside all groups: the anchors belong to its first and its last branch only."""
    depth = 0
    for sign in signs:
        depth += (sign == "(") - (sign == ")")
        if sign == "|" and depth == 0:
            return True
    return False


def _range(inside: str) -> set[str]:
    """The characters of what stands in brackets."""
    found: set[str] = set()
    at = 0
    while at < len(inside):
        if inside[at + 1 : at + 2] == "-" and at + 2 < len(inside):
            found.update(chr(code) for code in range(ord(inside[at]), ord(inside[at + 2]) + 1))
            at += 3
        else:
            found.add(inside[at])
            at += 1
    return found
