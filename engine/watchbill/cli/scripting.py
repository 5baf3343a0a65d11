"""What people say on the command line about how an incident goes on: who answers, when, and how deliveries and repairs end.

Each is a short text, since it is typed: ``ana@7m``, ``restart-checkout=failed@30s``, ``phone.page:mei=refused``, ``customers=otis@16m``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from difflib import get_close_matches
from typing import Any, Final, cast

from watchbill.errors import Place, UserError
from watchbill.expressions.durations import parse_duration
from watchbill.expressions.problems import ExpressionError
from watchbill.model.alert import Alert
from watchbill.model.given import (
    Given,
    GivenAlert,
    GivenAnswer,
    GivenDelivery,
    GivenLook,
    GivenOutcome,
    PersonDecides,
    PersonExtends,
    PersonNotes,
    PersonRetries,
    PersonSays,
    PersonSnoozes,
    PersonStarts,
    Word,
)
from watchbill.model.plan import DeliveryResult
from watchbill.model.policyset import Action, Catalogue, PolicySet
from watchbill.model.testing import Case

HERE: Final = Place("command line")

_SAYS: Final = re.compile(r"(?P<who>[^@=]+)@(?P<after>[^@]+)")
_DECIDES: Final = re.compile(r"(?P<what>[^@=]+)=(?P<who>[^@=]+)@(?P<after>[^@]+)")
_REPAIRS: Final = re.compile(r"(?P<what>[^@=/]+)(?:/(?P<step>[^@=]+))?=(?P<who>[^@=]+)@(?P<after>[^@]+)")
_SNOOZES: Final = re.compile(r"(?P<who>[^@=]+)=(?P<lasting>[^@=]+)@(?P<after>[^@]+)")
_EXTENDS: Final = re.compile(r"(?P<who>[^@=]+)(?:=(?P<lasting>[^@=]+))?@(?P<after>[^@]+)")
_NOTES: Final = re.compile(r"(?P<who>[^@=]+)=(?P<text>.+)@(?P<after>[^@]+)", re.DOTALL)
_ENDS: Final = re.compile(r"(?P<what>[^@=/]+)(?:/(?P<step>[^@=]+))?=(?P<how>done|failed)(?:@(?P<after>[^@]+))?")
_DELIVERS: Final = re.compile(r"(?P<use>[^@=:]+)(?::(?P<who>[^@=:]+))?=(?P<how>[^@=]+)(?:@(?P<after>[^@]+))?")
_SEES: Final = re.compile(r"(?P<what>[^@=]+)=(?P<value>.+?)(?:@(?P<after>[^@]+))?")


class Script:
    """Reads what was given for one incident.

    Raises UserError `bad-script` for what it cannot read, `unknown-name` for a name that nobody has.
    """

    def __init__(self, policies: PolicySet, catalogue: Catalogue) -> None:
        self.policies = policies
        self.catalogue = catalogue

    def case(
        self,
        name: str,
        at: datetime,
        alerts: Iterable[Alert],
        ends: timedelta | None,
        *,
        says: Iterable[tuple[Word, str]] = (),
        decides: Iterable[tuple[bool, str]] = (),
        does: Iterable[GivenAnswer] = (),
        outcomes: Iterable[str] = (),
        sees: Iterable[str] = (),
        delivers: Iterable[str] = (),
    ) -> Case:
        """The case that all of this makes; *ends* is when its alerts end, *does* what has been read already."""
        given = tuple(
            GivenAlert(alert.labels, alert.annotations, timedelta(0), ends, HERE, alert.generator_url, alert.source)
            for alert in alerts
            if alert.status == "firing"
        )
        answers = (*(self.says(word, text) for word, text in says), *(self.decides(is_yes, text) for is_yes, text in decides), *does)
        deliveries = tuple(self.delivers(text) for text in delivers)
        return Case(name, at, Given(given, answers, tuple(self.outcomes(outcomes, sees)), deliveries=deliveries), (), HERE)

    def says(self, word: Word, text: str) -> GivenAnswer:
        """Who says a word, and when: ``ana@7m``."""
        found = self._read(_SAYS, text, "ana@7m")
        return PersonSays(self._after(found["after"], text), word, self._name("people", found["who"]), HERE)

    def decides(self, is_yes: bool, text: str) -> GivenAnswer:
        """Who decides about what, and when: ``restart-checkout=eve@1m``; what is a remediation, or an audience."""
        found = self._read(_DECIDES, text, "restart-checkout=eve@1m")
        after, by, what = self._after(found["after"], text), self._name("people", found["who"]), found["what"]
        if what in self.policies.audiences:
            return PersonDecides(after, is_yes, by, HERE, audience=what)
        return PersonDecides(after, is_yes, by, HERE, remediation=self._name("remediations", what))

    def starts(self, text: str) -> GivenAnswer:
        """Who starts a remediation that is offered, and when: ``rollback-checkout=ana@7m``."""
        found = self._read(_DECIDES, text, "rollback-checkout=ana@7m")
        name = self._name("remediations", found["what"])
        return PersonStarts(self._after(found["after"], text), name, self._name("people", found["who"]), HERE)

    def retries(self, text: str) -> GivenAnswer:
        """Who has a remediation tried again that failed, or one step of it: ``restart-checkout/restart=ana@9m``."""
        found = self._read(_REPAIRS, text, "restart-checkout=ana@9m")
        name = self._name("remediations", found["what"])
        return PersonRetries(self._after(found["after"], text), name, found["step"], self._name("people", found["who"]), HERE)

    def snoozes(self, text: str) -> GivenAnswer:
        """Who puts paging off, for how long, and when: ``ana=4h@7m``."""
        found = self._read(_SNOOZES, text, "ana=4h@7m")
        lasting = self._after(found["lasting"], text)
        if not lasting:
            raise UserError(f"`{text}` cannot be read: it puts nothing off", "write it as `ana=4h@7m`", rule="bad-script")
        return PersonSnoozes(self._after(found["after"], text), lasting, self._name("people", found["who"]), HERE)

    def extends(self, text: str) -> GivenAnswer:
        """Who keeps the incident, for how long, and when: ``ana=2h@3h50m``, or ``ana@3h50m`` for as long as the policies say."""
        found = self._read(_EXTENDS, text, "ana=2h@3h50m")
        lasting = self._after(found["lasting"], text) if found["lasting"] is not None else None
        if lasting is not None and not lasting:
            raise UserError(f"`{text}` cannot be read: it keeps nothing", "write it as `ana=2h@3h50m`", rule="bad-script")
        return PersonExtends(self._after(found["after"], text), lasting, self._name("people", found["who"]), HERE)

    def notes(self, text: str) -> GivenAnswer:
        """Who writes what on the timeline, and when: ``ana=I look at the database@8m``."""
        found = self._read(_NOTES, text, "ana=I look at the database@8m")
        return PersonNotes(self._after(found["after"], text), found["text"], self._name("people", found["who"]), HERE)

    def outcomes(self, ended: Iterable[str], seen: Iterable[str]) -> Iterator[GivenOutcome]:
        """How remediations end (``restart-checkout/restart=failed@30s``), and what their checks see (``restart-checkout=0.001@1m``)."""
        looks: dict[str, list[GivenLook]] = {}
        for text in seen:
            found = self._read(_SEES, text, "restart-checkout=0.001@1m")
            value = self._value(found["value"], text)
            result = value if isinstance(value, dict) else {"value": value}
            looks.setdefault(self._name("remediations", found["what"]), []).append(GivenLook(self._after(found["after"], text), result))
        for text in ended:
            found = self._read(_ENDS, text, "restart-checkout=failed@30s")
            name = self._name("remediations", found["what"])
            yield GivenOutcome(
                name, found["step"], self._after(found["after"], text), found["how"] == "done", tuple(looks.pop(name, ())), HERE
            )
        for name, left in looks.items():
            # What is seen without a word on how it ends: the steps were carried out.
            yield GivenOutcome(name, None, timedelta(0), True, tuple(left), HERE)

    def delivers(self, text: str) -> GivenDelivery:
        """What becomes of what leaves by an action, to one person or to anybody: ``phone.page:mei=refused@2s``."""
        from watchbill.policy.compile.delivery_checks import problem_of, uses_in
        from watchbill.policy.documents.testing import DELIVERED

        found = self._read(_DELIVERS, text, "phone.page:mei=refused@2s")
        use, person, result = found["use"], found["who"], found["how"]
        action = self._action(use, text)
        if person is not None:
            self._name("people", person)
        if result not in DELIVERED:
            near = get_close_matches(result, DELIVERED, n=1)
            help_ = f"did you mean `{near[0]}`?" if near else "write one of " + ", ".join(f"`{word}`" for word in DELIVERED)
            raise UserError(f"`{text}` cannot be read: `{result}` is no result of a delivery", help_, rule="bad-script")
        problem = problem_of(uses_in(self.policies), use, action, person, result)
        if problem is not None:
            raise UserError(f"`{text}` makes no sense: {problem.message}", problem.help, rule=problem.rule)
        return GivenDelivery(use, person, timedelta(0), cast(DeliveryResult, result), self._after(found["after"], text), HERE)

    def _action(self, use: str, whole: str) -> Action:
        """The action that is named by its connector."""
        name, dot, action = use.partition(".")
        if not (name and dot and action):
            help_ = "name the connector and its action, as `phone.page:mei=refused@2s`"
            raise UserError(f"`{whole}` cannot be read: `{use}` is no action of a connector", help_, rule="bad-script")
        type = self.catalogue[self.policies.connectors[self._name("connectors", name)].type]
        found = type.action(action)
        if found is None:
            help_ = "the actions are " + ", ".join(f"`{each.name}`" for each in type.actions)
            raise UserError(f"{name} ({type.name}) has no action `{action}`", help_, rule="unknown-action")
        return found

    def _read(self, form: re.Pattern[str], text: str, example: str) -> re.Match[str]:
        found = form.fullmatch(text)
        if found is None:
            raise UserError(f"`{text}` cannot be read", f"write it as `{example}`", rule="bad-script")
        return found

    def _after(self, text: str | None, whole: str) -> timedelta:
        try:
            return parse_duration(text) if text is not None else timedelta(0)
        except ExpressionError as error:
            raise UserError(f"`{whole}` cannot be read: {error.message}", error.help, rule="bad-script") from error

    def _value(self, text: str, whole: str) -> Any:
        try:
            return json.loads(text)
        except ValueError as error:
            raise UserError(f"`{whole}` cannot be read: `{text}` is no value", "write a number, or JSON", rule="bad-script") from error

    def _name(self, of: str, name: str) -> str:
        known = getattr(self.policies, of)
        if name not in known:
            near = get_close_matches(name, known, n=1)
            help_ = f"did you mean `{near[0]}`?" if near else f"name one of its {of}"
            raise UserError(f"nothing among the {of} of this repository is called `{name}`", help_, rule="unknown-name")
        return name


def case_called(policies: PolicySet, name: str) -> Case:
    """The case of a policy test that is meant by ``TEST/CASE``; the only one of a test is meant by ``TEST``."""
    test_name, _, wanted = name.partition("/")
    test = policies.tests.get(test_name)
    if test is None:
        near = get_close_matches(test_name, policies.tests, n=1)
        help_ = f"did you mean `{near[0]}`?" if near else "run `watchbill test -v` to see what there is"
        raise UserError(f"no policy test is called `{test_name}`", help_, rule="unknown-name")
    meant = [case for case in test.cases if case.name == wanted] or ([] if wanted else list(test.cases))
    meant = meant or [case for case in test.cases if wanted in case.name]
    if len(meant) == 1:
        return meant[0]
    help_ = "write one of " + ", ".join(f"`{test_name}/{case.name}`" for case in meant or test.cases)
    if meant:
        raise UserError(f"`{name}` may mean several cases", help_, rule="ambiguous-name")
    raise UserError(f"no case of `{test_name}` is called `{wanted}`", help_, rule="unknown-name")
