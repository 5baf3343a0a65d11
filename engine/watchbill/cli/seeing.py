"""Places as they are found from the current folder, so that an editor, or a CI system, can open them."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from watchbill.errors import Place
from watchbill.model.references import Ref
from watchbill.model.testing import CaseResult, Coverage, Difference, Tested, TestResult


def as_seen_from_here(tested: Tested, root: Path) -> Tested:
    """The same results of tests, with the files of the repository at this *root* named as from here."""
    prefix = os.path.normpath(root)
    return tested if prefix == os.curdir else _Moving(prefix).tested(tested)


class _Moving:
    """Puts a folder before every file that is named."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix

    def tested(self, tested: Tested) -> Tested:
        coverage = tested.coverage
        if coverage is not None:
            coverage = Coverage(tuple(replace(each, policy=self._ref(each.policy)) for each in coverage.documents))
        return replace(tested, results=tuple(map(self._result, tested.results)), coverage=coverage)

    def _result(self, result: TestResult) -> TestResult:
        return TestResult(replace(result.test, ref=self._ref(result.test.ref)), tuple(map(self._case, result.cases)))

    def _case(self, result: CaseResult) -> CaseResult:
        case = replace(result.case, place=self._place(result.case.place))
        return CaseResult(case, tuple(map(self._difference, result.differences)))

    def _difference(self, difference: Difference) -> Difference:
        because = tuple(replace(why, place=self._place(why.place)) for why in difference.because)
        return replace(difference, place=self._place(difference.place), because=because)

    def _ref(self, ref: Ref) -> Ref:
        return replace(ref, place=self._place(ref.place))

    def _place(self, place: Place) -> Place:
        return Place(os.path.join(self.prefix, place.file), place.line, place.column)
