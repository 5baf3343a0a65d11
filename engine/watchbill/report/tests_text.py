"""What came of policy tests, for a terminal: a line for each test, and for each failure what differs and why."""

from __future__ import annotations

from collections.abc import Iterator

from watchbill.model.testing import CaseResult, Coverage, Difference, DocumentCoverage, Tested, TestResult
from watchbill.report.counts import count
from watchbill.report.layout import MEASURE, entry, placed, sizes_of, wrap
from watchbill.report.paint import Line, Span, line, paint_all
from watchbill.report.plain import plain
from watchbill.report.sections import where


def results_text(tested: Tested, seconds: float, *, width: int = 80, colour: bool = False, verbose: bool = False) -> str:
    """Every test with how many cases it has; failures in full; the coverage, if it was asked for; and a line that sums up.

    *verbose* names every case, and every condition that was not seen both ways.
    """
    measure = min(width, MEASURE)
    sizes = sizes_of([_row(result) for result in tested.results]) if tested.results else []
    lines: list[Line] = []
    for result in tested.results:
        lines += entry(_row(result), sizes, measure, 0)
        lines += [each for case in result.cases for each in _case(case, measure, verbose=verbose)]
    for name in tested.left_out:
        said = line(Span("ERROR", "critical"), f"  {plain(name)}: left out, because it has errors; `watchbill validate` shows them")
        lines += wrap(said, measure, 0, 7)
    if tested.coverage is not None:
        lines += [(), *_coverage(tested.coverage, measure, verbose=verbose)]
    if lines:
        lines.append(())
    return paint_all([*lines, *wrap(_summary(tested, seconds), measure)], colour)


def summary(tested: Tested, seconds: float) -> str:
    """How it went in one sentence: «37 cases in 12 tests: 36 passed, 1 failed in 0.2 s»."""
    failed = tested.failed
    passed = tested.cases - failed
    parts = [f"{passed:,} passed"] + ([f"{failed:,} failed"] if failed else [])
    if tested.left_out:
        parts.append(f"{count(len(tested.left_out), 'test')} left out")
    took = f"{seconds:.1f} s" if seconds >= 0.1 else f"{seconds:.2f} s"
    return f"{count(tested.cases, 'case')} in {count(len(tested.results), 'test')}: {', '.join(parts)} in {took}"


def _summary(tested: Tested, seconds: float) -> Line:
    return line(Span(summary(tested, seconds), "critical" if tested.failed or tested.left_out else "good"))


# --- tests ----------------------------------------------------------------------------


def _row(result: TestResult) -> list[Line]:
    failed = len(result.failed)
    mark = Span("FAIL", "critical") if failed else Span("ok", "good")
    cases = count(len(result.cases), "case") + (f", {failed} failed" if failed else "")
    return [line(mark), line(Span(plain(result.test.name), "name")), line(cases)]


def _case(result: CaseResult, width: int, *, verbose: bool) -> Iterator[Line]:
    case = result.case
    if result.has_passed:
        if verbose:
            yield from wrap(line(Span("ok", "good"), f"  {plain(case.name)}"), width, 2, 6)
        return
    head = wrap(line(Span("FAIL", "critical"), "  ", Span(plain(case.name), "strong")), width, 2, 8)
    yield from placed(head, where(case.place), width, 8)
    for difference in result.differences:
        yield from _difference(difference, width)


def _difference(difference: Difference, width: int) -> Iterator[Line]:
    said = line(f"{plain(difference.subject)}: expected ", Span(plain(difference.expected), "good"))
    got = line(said, ", got ", Span(plain(difference.got), "critical"))
    yield from placed(wrap(got, width, 4, 6), where(difference.place), width, 6)
    for why in difference.because:
        because = wrap(line(Span(f"because {plain(why.policy)}: {plain(why.text)}", "aside")), width, 6, 8)
        yield from placed(because, where(why.place), width, 8)


# --- coverage -------------------------------------------------------------------------


def _coverage(coverage: Coverage, width: int, *, verbose: bool) -> Iterator[Line]:
    """The documents that took part in no case, the conditions never seen both ways, and how many of each there are."""
    for document in coverage.documents:
        if not document.cases:
            said = line(Span("NEVER", "critical"), f"  {plain(str(document.policy))} takes part in no case")
            yield from placed(wrap(said, width, 0, 7), where(document.policy.place), width, 7)
        if verbose:
            yield from _conditions(document, width)
    number = len(coverage.documents)
    seen, conditions = coverage.conditions
    share = 100 * seen / conditions if conditions else 100.0
    took = f"{coverage.taking_part} of {count(number, 'document')} took part in a case: {coverage.percent:.0f} %"
    yield from wrap(line(Span(took, "good" if coverage.taking_part == number else "warning")), width)
    yield from wrap(line(f"{seen} of {count(conditions, 'condition')} seen to hold and to fail: {share:.0f} %"), width)


def _conditions(document: DocumentCoverage, width: int) -> Iterator[Line]:
    missing = [condition for condition in document.conditions if not condition.is_covered]
    if missing:
        yield from placed(wrap(line(Span(plain(str(document.policy)), "name")), width), where(document.policy.place), width, 2)
    for condition in missing:
        said = "never held" if not condition.has_held else "never failed"
        both = "neither held nor failed" if not condition.has_held and not condition.has_failed else said
        yield from wrap(line(f"{plain(condition.text)}: ", Span(both, "warning")), width, 2, 4)
