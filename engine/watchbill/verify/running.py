"""Running policy tests: every case of them, or those that somebody asks for."""

from __future__ import annotations

import re

from watchbill.decide import Bill
from watchbill.model.testing import CaseResult, PolicyTest, Tested, TestResult
from watchbill.verify.cases import play_case
from watchbill.verify.coverage import Covering
from watchbill.verify.expecting import differences


def case_name(test: PolicyTest, case: str) -> str:
    """A case of a test in full: ``checkout-critical/nobody answers``."""
    return f"{test.name}/{case}"


def run_tests(bill: Bill, wanted: re.Pattern[str] | None = None, *, covering: bool = False) -> Tested:
    """What comes of the policy tests of this *bill*, in order of file and line.

    Only cases in whose full name *wanted* is found are tried. With *covering*, it is also said how much of the policies
    they have tried.
    """
    seen = Covering(bill) if covering else None
    results: list[TestResult] = []
    for test in bill.policies.tests.values():
        cases: list[CaseResult] = []
        for case in test.cases:
            if wanted is not None and not wanted.search(case_name(test, case.name)):
                continue
            play = play_case(bill, case)
            cases.append(CaseResult(case, differences(bill, play)))
            if seen is not None:
                seen.add(play)
        if cases:
            results.append(TestResult(test, tuple(cases)))
    left_out = tuple(label.partition("/")[2] for label in bill.policies.quarantined if label.startswith("PolicyTest/"))
    return Tested(tuple(results), left_out, seen.coverage() if seen is not None else None)
