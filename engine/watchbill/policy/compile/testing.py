"""Policy tests: from documents to the model, with a case for each row of a table.

Rule: a name in a test is checked as any other, so that a test cannot pass because of a slip of the pen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar, cast

from watchbill.model.given import (
    Given,
    GivenAlert,
    GivenAnswer,
    GivenDelivery,
    GivenLook,
    GivenOutcome,
    GivenRun,
    PersonDecides,
    PersonExtends,
    PersonNotes,
    PersonRetries,
    PersonSays,
    PersonSnoozes,
    PersonStarts,
    Word,
)
from watchbill.model.testing import Case, PolicyTest
from watchbill.policy.compile.delivery_checks import delivery
from watchbill.policy.compile.draft import At, Draft
from watchbill.policy.compile.expecting import expectations
from watchbill.policy.compile.policies import expect_owner
from watchbill.policy.compile.tables import COLUMN, Reader, Row, table_of, texts_in
from watchbill.policy.compile.workbench import Workbench
from watchbill.policy.documents import testing as written
from watchbill.policy.suggest import nearest
from watchbill.policy.wording import choice, listed, quoted

T = TypeVar("T")


def policy_test(bench: Workbench, draft: Draft) -> PolicyTest:
    """The cases of a policy test; one that says a `<column>` is there once for each row."""
    spec: written.PolicyTestSpec = draft.document.spec
    at = draft.top / "spec"
    expect_owner(bench, draft)
    table = table_of(at / "table", spec.table)
    cases: list[Case] = []
    seen: set[str] = set()
    used: set[str] = set()
    for index, keys in enumerate(spec.cases):
        spot = at / "cases" / index
        named = _columns_of(draft, spec, index) & set(table.columns) if table else set()
        used |= named
        for row in table.rows if table and named else (Row(),):
            cases.append(_case(Reader(bench, row), spot, at, keys, spec, seen))
    if table and not used:
        said = f"no case says {listed((f'<{name}>' for name in table.columns), 'or')}"
        (at / "table").report("bad-table", said, "name a column in a case, or take the table away")
    # The same slip in a default or a cell shows in every case that uses it.
    draft.findings[:] = dict.fromkeys(draft.findings)
    return PolicyTest(draft.ref, tuple(cases))


def _columns_of(draft: Draft, spec: written.PolicyTestSpec, index: int) -> set[str]:
    """Every `<word>` in a case and in what it takes over from the test."""
    raw = draft.raw.data["spec"]
    case = raw["cases"][index]
    own = case.get("given") or {}
    inherited = [value for name, value in (raw.get("given") or {}).items() if name not in own]
    return {word for text in texts_in([case, inherited, raw.get("at") if "at" not in case else None]) for word in COLUMN.findall(text)}


# --- cases ----------------------------------------------------------------------------


def _case(reader: Reader, at: At, spec_at: At, keys: written.Case, spec: written.PolicyTestSpec, seen: set[str]) -> Case:
    spot, clock = (at, keys.at) if keys.at is not None else (spec_at, spec.at)
    if clock is None:
        said = f"no clock is set for {quoted(keys.name)}"
        at.draft.report("missing-key", (at / "name").place, said, "add `at: 2026-11-23T03:12:00Z`, here or under `spec`")
        clock = "2026-01-01T00:00:00Z"
    row = reader.row
    _, name = reader.text(at / "name", keys.name)
    if row.cells and name == keys.name:
        name = f"{name} [{row.label}]"
    if name in seen:
        (at / "name").report("duplicate-name", f"a case called {quoted(name)} is there already", "give this one another name")
    seen.add(name)
    given = _given(reader, at / "given", keys.given, spec_at / "given", spec.given)
    if not given.alerts:
        place = (at / "given").place if keys.given else (at / "name").place
        at.draft.report("missing-key", place, f"no alert is given in {quoted(name)}", "add `alerts` under `given`, here or under `spec`")
    expected, until = expectations(reader, at / "expect", keys.expect)
    place = (row.at or at).place
    return Case(name, reader.instant(spot / "at", clock), given, expected, place, until)


def _given(reader: Reader, at: At, own: written.Given | None, spec_at: At, inherited: written.Given | None) -> Given:
    """What happens in a case: what it says itself, and for what it does not say, what the test says."""

    def read(name: str, made: Callable[[At, Any], T]) -> tuple[T, ...]:
        for spot, keys in ((at, own), (spec_at, inherited)):
            found = getattr(keys, name) if keys else None
            if found is not None:
                return tuple(made(spot / name / index, each) for index, each in enumerate(found))
        return ()

    frozen = next((keys.frozen for keys in (own, inherited) if keys and keys.frozen is not None), False)
    return Given(
        alerts=read("alerts", lambda spot, keys: _alert(reader, spot, keys)),
        answers=read("answers", lambda spot, keys: _answer(reader, spot, keys)),
        outcomes=read("outcomes", lambda spot, keys: _outcome(reader, spot, keys)),
        runs=read("runs", lambda spot, keys: _run(reader, spot, keys)),
        is_frozen=frozen,
        deliveries=read("deliveries", lambda spot, keys: _delivery(reader, spot, keys)),
    )


def _alert(reader: Reader, at: At, keys: written.Alert) -> GivenAlert:
    labels = reader.labels(at / "labels", keys.labels)
    if not labels:
        (at / "labels").report("bad-value", "this alert has no labels", "give it those that its source sends")
    begins, ends = reader.span(at / "at", keys.at), reader.maybe_span(at / "until", keys.until)
    if ends is not None and ends <= begins:
        (at / "until").report("bad-time", "this alert ends before it begins", "let `until` be later than `at`")
    given = GivenAlert(labels, reader.labels(at / "annotations", keys.annotations), begins, ends, at.place)
    return replace(given, source=reader.text(at / "source", keys.source)[1]) if keys.source is not None else given


def _answer(reader: Reader, at: At, keys: written.Answer) -> GivenAnswer:
    words = (*written.SAYINGS, *written.DECISIONS, *written.DOINGS)
    said = [word for word in words if getattr(keys, word) is not None]
    moment = reader.span(at / "at", keys.at)
    if len(said) != 1:
        what = "nothing" if not said else "several things"
        at.report("bad-value", f"this answer says {what}", f"let it say one of {listed(words)}")
        return PersonSays(moment, "acknowledge", "", at.place)
    word = said[0]
    if word in written.SAYINGS:
        return PersonSays(moment, cast(Word, word), reader.name("Person", at / word, getattr(keys, word)), at.place)
    spot, doing = at / word, getattr(keys, word)
    by = reader.name("Person", spot / "by", doing.by)
    if word in written.DECISIONS:
        return _decision(reader, spot, doing, PersonDecides(moment, word == "approve", by, at.place))
    if word == "snooze":
        lasting = reader.span(spot / "for", doing.for_)
        if not lasting:
            (spot / "for").report("bad-time", "this puts nothing off", "let `for` be longer than nothing")
        return PersonSnoozes(moment, lasting, by, at.place)
    if word == "extend":
        longer = reader.maybe_span(spot / "for", doing.for_)
        if longer is not None and not longer:
            (spot / "for").report("bad-time", "this keeps nothing", "let `for` be longer than nothing")
        return PersonExtends(moment, longer, by, at.place)
    if word == "note":
        return PersonNotes(moment, reader.text(spot / "text", doing.text)[1], by, at.place)
    remediation = reader.name("Remediation", spot / "remediation", doing.remediation)
    if word == "run":
        return PersonStarts(moment, remediation, by, at.place)
    return PersonRetries(moment, remediation, _maybe_step(reader, spot / "step", remediation, doing.step), by, at.place)


def _decision(reader: Reader, at: At, keys: written.Decision, said: PersonDecides) -> PersonDecides:
    """What was *said*, with what it is about."""
    if (keys.remediation is None) == (keys.audience is None):
        at.report("bad-value", f"`{at.key}` is about one thing", "name a `remediation`, or the `audience` of an update")
    remediation = reader.maybe_name("Remediation", at / "remediation", keys.remediation)
    return replace(said, remediation=remediation, audience=reader.maybe_name("Audience", at / "audience", keys.audience))


def _outcome(reader: Reader, at: At, keys: written.Outcome) -> GivenOutcome:
    remediation = reader.name("Remediation", at / "remediation", keys.remediation)
    step = _maybe_step(reader, at / "step", remediation, keys.step)
    looks = [_look(reader, at / "observed" / index, each) for index, each in enumerate(keys.observed)]
    result = reader.one_of(written.RESULTS, at / "result", keys.result)
    looks.sort(key=lambda look: look.after)
    return GivenOutcome(remediation, step, reader.span(at / "after", keys.after), result == "done", tuple(looks), at.place)


def _delivery(reader: Reader, at: At, keys: written.Delivery) -> GivenDelivery:
    use, person, result = delivery(reader, at, keys, written.DELIVERED)
    return GivenDelivery(use, person, reader.span(at / "at", keys.at), result, reader.span(at / "after", keys.after), at.place)


def _maybe_step(reader: Reader, at: At, remediation: str, step: str | None) -> str | None:
    if step is None:
        return None
    spot, name = reader.text(at, step)
    _expect_step(reader, spot, remediation, name)
    return name


def _expect_step(reader: Reader, at: At, remediation: str, step: str) -> None:
    found = reader.bench.names.find("Remediation", remediation)
    if found is None or found.document is None:
        return
    spec = found.document.spec
    known = [each.name for each in (*spec.steps, *((spec.rollback.steps or ()) if spec.rollback else ()))]
    if step not in known:
        at.report("unknown-name", f"no step of `{remediation}` is called {quoted(step)}", choice(nearest(step, known), known, "steps"))


def _look(reader: Reader, at: At, keys: written.Look) -> GivenLook:
    has_value = "value" in keys.model_fields_set
    if has_value == (keys.result is not None):
        at.report("bad-value", "this says nothing, or two things, of what is seen", "write `value`, or `result` for all of it")
    return GivenLook(reader.span(at / "after", keys.after), {"value": keys.value} if has_value else keys.result)


def _run(reader: Reader, at: At, keys: written.Run) -> GivenRun:
    return GivenRun(
        reader.name("Remediation", at / "remediation", keys.remediation),
        reader.text(at / "target", keys.target)[1],
        reader.span(at / "ago", keys.ago),
        reader.maybe_name("Service", at / "service", keys.service),
        keys.running,
        at.place,
    )
