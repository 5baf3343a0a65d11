"""`docs/reference/policy-tests.md` says what happens: its examples are run, on the reference repository."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from watchbill.connectors.catalogue import catalogue
from watchbill.decide import Bill
from watchbill.model.testing import Tested
from watchbill.policy import compile_policies
from watchbill.policy.loading import load_repository, load_text
from watchbill.report.tests_text import results_text
from watchbill.verify.running import run_tests

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reference" / "policy-tests.md"
TEXT = PAGE.read_text(encoding="utf-8")

EXAMPLES = re.findall(r"(<!-- fails -->\n)?```yaml\n(.*?)```\n(?:\n```text\n(.*?)```)?", TEXT, re.DOTALL)
GOOD = [text for fails, text, _ in EXAMPLES if not fails]
FAILING = [(text, shown) for fails, text, shown in EXAMPLES if fails]


@cache
def tried(text: str) -> Tested:
    """What comes of a test that is put into the reference repository."""
    settings, loaded = load_repository(ROOT)
    documents = [*loaded.documents, *load_text(text.encode(), "policies/example.yaml").documents]
    compiled = compile_policies(documents, catalogue(), "4f2c1d9", settings)
    name = re.search(r"name: ([a-z-]+)", text)
    assert [str(finding) for finding in compiled.findings if finding.place.file == "policies/example.yaml"] == []
    assert compiled.policies is not None
    assert name is not None
    return run_tests(Bill.of(compiled.policies, catalogue()), re.compile(f"^{name[1]}/"))


@pytest.mark.parametrize("text", GOOD, ids=range(len(GOOD)))
def test_examples_pass(text: str):
    """
    Every example of the page compiles, and all its cases are as it says.
    """
    tested = tried(text)

    assert [difference for result in tested.results for case in result.cases for difference in case.differences] == []
    assert tested.cases > 0


@pytest.mark.parametrize(("text", "shown"), FAILING, ids=range(len(FAILING)))
def test_the_failing_example_shows_what_comes(text: str, shown: str):
    """
    The example that fails is followed by what is printed for it.
    """
    printed = results_text(tried(text), 0.04)

    assert shown.strip() == printed.strip()


def test_there_are_both():
    """
    The page has examples that pass and one that fails.
    """
    assert len(GOOD) >= 3
    assert len(FAILING) == 1
