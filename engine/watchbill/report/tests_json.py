"""What came of policy tests as data: JSON, JUnit's XML for CI, and annotations for GitHub."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

from watchbill.model.testing import CaseResult, Coverage, Difference, Tested, TestResult
from watchbill.report import API_VERSION
from watchbill.report.plain import plain
from watchbill.report.plan_json import place_json, ref_json, time_json
from watchbill.report.tests_text import summary


def results_json(tested: Tested, seconds: float) -> dict[str, Any]:
    """A document of kind TestReport; *coverage* is null where it was not asked for."""
    return {
        "apiVersion": API_VERSION,
        "kind": "TestReport",
        "cases": tested.cases,
        "failed": tested.failed,
        "left_out": list(tested.left_out),
        "seconds": round(seconds, 3),
        "items": [_test(result) for result in tested.results],
        "coverage": _coverage(tested.coverage) if tested.coverage is not None else None,
    }


def _test(result: TestResult) -> dict[str, Any]:
    return {"test": ref_json(result.test.ref), "failed": len(result.failed), "cases": [_case(case) for case in result.cases]}


def _case(result: CaseResult) -> dict[str, Any]:
    return {
        "name": result.case.name,
        "at": time_json(result.case.at),
        "place": place_json(result.case.place),
        "passed": result.has_passed,
        "differences": [
            {
                "subject": each.subject,
                "expected": each.expected,
                "got": each.got,
                "place": place_json(each.place),
                "because": [{"policy": why.policy, "text": why.text, "place": place_json(why.place)} for why in each.because],
            }
            for each in result.differences
        ],
    }


def _coverage(coverage: Coverage) -> dict[str, Any]:
    seen, conditions = coverage.conditions
    return {
        "documents": len(coverage.documents),
        "taking_part": coverage.taking_part,
        "percent": round(coverage.percent, 1),
        "conditions": conditions,
        "conditions_seen_both_ways": seen,
        "items": [
            {
                "policy": ref_json(document.policy),
                "cases": document.cases,
                "conditions": [
                    {"text": each.text, "has_held": each.has_held, "has_failed": each.has_failed} for each in document.conditions
                ],
            }
            for document in coverage.documents
        ],
    }


# --- JUnit ----------------------------------------------------------------------------


def results_junit(tested: Tested, seconds: float) -> str:
    """What CI systems read as JUnit's XML: a suite for each test, a test case for each case, places in `file` and `line`."""
    errors = len(tested.left_out)
    root = ElementTree.Element("testsuites", name="watchbill", tests=str(tested.cases + errors), failures=str(tested.failed))
    root.set("errors", str(errors))
    root.set("time", f"{seconds:.3f}")
    for result in tested.results:
        suite = ElementTree.SubElement(root, "testsuite", name=plain(result.test.name), tests=str(len(result.cases)))
        suite.set("failures", str(len(result.failed)))
        suite.set("errors", "0")
        suite.set("file", plain(result.test.ref.place.file))
        for case in result.cases:
            _junit_case(suite, result, case)
    for name in tested.left_out:
        suite = ElementTree.SubElement(root, "testsuite", name=plain(name), tests="1", failures="0", errors="1")
        case_of = ElementTree.SubElement(suite, "testcase", classname=plain(name), name="it compiles")
        ElementTree.SubElement(case_of, "error", message="it has errors, and was left out; `watchbill validate` shows them")
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _junit_case(suite: ElementTree.Element, result: TestResult, case: CaseResult) -> None:
    place = case.case.place
    attributes = {"classname": plain(result.test.name), "name": plain(case.case.name), "file": plain(place.file), "line": str(place.line)}
    found = ElementTree.SubElement(suite, "testcase", attributes)
    if not case.has_passed:
        failure = ElementTree.SubElement(found, "failure", message=plain("; ".join(map(sentence, case.differences))), type="difference")
        failure.text = _xml_lines(_explained(case))


def sentence(difference: Difference) -> str:
    """A difference in one sentence: ``page at 5m: expected ana, got bo``."""
    return f"{difference.subject}: expected {difference.expected}, got {difference.got}"


def _explained(case: CaseResult) -> Iterator[str]:
    for each in case.differences:
        yield f"{each.place}: {sentence(each)}"
        yield from (f"  because {why.policy}: {why.text} ({why.place})" for why in each.because)


def _xml_lines(lines: Iterator[str]) -> str:
    return "".join(f"{plain(line) if not line.startswith('  ') else '  ' + plain(line)}\n" for line in lines)


# --- GitHub ---------------------------------------------------------------------------


def results_github(tested: Tested, seconds: float) -> str:
    """An annotation of GitHub's at the line of each difference, then the line that sums up."""
    rows = [row for result in tested.results for case in result.failed for row in _annotations(result, case)]
    rows += [f"::error title={_property(name)}::this policy test has errors, and was left out" for name in tested.left_out]
    for document in tested.coverage.documents if tested.coverage is not None else ():
        if not document.cases:
            place = document.policy.place
            rows.append(f"::warning file={_property(place.file)},line={place.line}::{_message(f'{document.policy} takes part in no case')}")
    return "".join(f"{row}\n" for row in (*rows, summary(tested, seconds)))


def _annotations(result: TestResult, case: CaseResult) -> Iterator[str]:
    for each in case.differences:
        place = each.place
        title = _property(f"{result.test.name}: {case.case.name}")
        because = "".join(f"\nbecause {why.policy}: {why.text} ({why.place})" for why in each.because)
        where = f"file={_property(place.file)},line={place.line},col={place.column},title={title}"
        yield f"::error {where}::{_message(sentence(each) + because)}"


def _message(text: str) -> str:
    return "%0A".join(plain(line).replace("%", "%25") for line in text.split("\n"))


def _property(text: str) -> str:
    return plain(text).replace("%", "%25").replace(":", "%3A").replace(",", "%2C")
