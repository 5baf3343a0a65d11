"""`watchbill test`: what passes, what fails and how it is said, in every format."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.cli.makers import MISTAKE

TESTS = """
apiVersion: watchbill/v1
kind: PolicyTest
metadata: {name: checkout, team: payments}
spec:
  at: 2026-11-23T03:12:00Z
  given: {alerts: [{labels: {alertname: HighErrorRate, service: checkout, severity: critical}}]}
  cases:
    - name: nobody answers
      expect:
        pages: [{at: 0s, people: bo}, {at: 5m, people: bo}]
    - name: whose it is
      expect: {owner: payments}
"""

FAILING = TESTS.replace("people: bo}, {", "people: ana}, {").replace("name: checkout,", "name: wrong,")

BROKEN = TESTS.replace("people: bo}, {", "people: anna}, {").replace("name: checkout,", "name: broken,")


def put(shop: Path, text: str, name: str = "tests") -> None:
    (shop / "policies" / f"{name}.yaml").write_text(text.lstrip(), encoding="utf-8")


def test_passes(shop: Path, run):
    """
    Where all is as expected it exits with 0: a line for each test, and one that sums up.
    """
    put(shop, TESTS)
    done = run("test")

    assert done.code == 0
    assert re.fullmatch(r"ok  checkout  2 cases\n\n2 cases in 1 test: 2 passed in \d+\.\d+ s\n", done.out)
    assert done.err == ""


def test_says_what_differs_and_why(shop: Path, run):
    """
    A case that fails shows what was expected and what came, at which line, and the reason that the decision gave.
    """
    put(shop, FAILING)
    done = run("test")
    said = " ".join(done.out.split())

    assert done.code == 1
    assert "FAIL wrong 2 cases, 1 failed FAIL nobody answers policies/tests.yaml:8" in said
    assert "page at 0s: expected ana, got bo policies/tests.yaml:10" in said
    assert "because payments-any: bo is role/primary: payments-primary, layer base policies/payments.yaml:6" in said
    assert "because Escalation/payments-any: the only one of payments that matches policies/payments.yaml:1" in said
    assert "2 cases in 1 test: 1 passed, 1 failed in" in said


def test_names_every_case_where_it_is_asked_to(shop: Path, run):
    """
    With -v each case has a line.
    """
    put(shop, TESTS)

    assert "  ok  nobody answers\n  ok  whose it is\n" in run("test", "-v").out


def test_runs_what_is_asked_for(shop: Path, run):
    """
    --run takes the cases in whose full name the pattern is found.
    """
    put(shop, TESTS + "---" + FAILING)

    assert run("test", "--run", "^checkout/").code == 0
    assert "1 case in 1 test" in run("test", "--run", "wrong/whose").out
    assert run("test", "--run", "wrong/nobody").code == 1
    assert run("test", "--run", "(").code == 2


def test_nothing_to_run_is_well_unless_asked(shop: Path, run):
    """
    A repository without tests passes, unless --fail-on-empty asks for some.
    """
    assert run("test").code == 0
    assert "0 cases in 0 tests" in run("test").out
    done = run("test", "--fail-on-empty")
    assert (done.code, done.err) == (1, "there is no case to run\n")


def test_a_test_with_errors_has_not_passed(shop: Path, run):
    """
    A test that does not compile fails the run, and is named.
    """
    put(shop, TESTS + "---" + BROKEN)
    done = run("test")

    assert done.code == 1
    assert "ERROR  broken: left out, because it has errors" in done.out
    assert "1 test left out" in done.out


def test_other_documents_with_errors_are_told_of(shop: Path, run):
    """
    Another document with an error is left out as everywhere, with a remark, and the tests run without it.
    """
    put(shop, TESTS)
    put(shop, MISTAKE, "mistake")
    done = run("test")

    assert done.code == 0
    assert "the policies have 1 error" in done.err


def test_nothing_could_be_loaded(shop: Path, run):
    """
    Broken settings exit with 2.
    """
    (shop / "watchbill.yaml").write_text("apiVersion: watchbill/v1\nkind: Settings\nmetadata: {name: shop}\nspec: {}\n", encoding="utf-8")

    assert run("test").code == 2


def test_covers(shop: Path, run):
    """
    --coverage names what took part in no case, and a threshold above the share fails.
    """
    put(shop, TESTS)
    extra = "apiVersion: watchbill/v1\nkind: Service\nmetadata: {name: refunds, team: payments}\nspec: {tier: 2}\n"
    (shop / "ownership" / "refunds.yaml").write_text(extra, encoding="utf-8")
    done = run("test", "--coverage")

    assert done.code == 0
    assert "NEVER  Service/refunds takes part in no case" in done.out
    assert "2 of 3 documents took part in a case: 67 %" in done.out
    assert run("test", "--threshold", "66").code == 0
    below = run("test", "--threshold", "67")
    assert (below.code, below.err) == (1, "coverage is 66.7 %, and the threshold 67 %\n")


def test_lists_conditions_where_it_is_asked_to(shop: Path, run):
    """
    With -v coverage lists the conditions that were not seen both ways.
    """
    put(shop, TESTS)

    assert '  service="checkout": never failed' in run("test", "--coverage", "-v").out


def test_json(shop: Path, run):
    """
    As JSON it is a document of kind TestReport, with every case, difference, reason and place.
    """
    put(shop, FAILING)
    report = json.loads(run("test", "--format", "json", "--coverage").out)
    (test,) = report["items"]
    failed = test["cases"][0]

    assert (report["kind"], report["cases"], report["failed"], report["left_out"]) == ("TestReport", 2, 1, [])
    assert (test["test"]["name"], test["cases"][1]["passed"]) == ("wrong", True)
    assert failed["differences"][0]["expected"] == "ana"
    assert failed["differences"][0]["got"] == "bo"
    assert failed["differences"][0]["place"] == {"file": "policies/tests.yaml", "line": 10, "column": 17}
    assert failed["differences"][0]["because"][0]["policy"] == "payments-any"
    assert report["coverage"]["percent"] == 100


def test_junit(shop: Path, run):
    """
    As JUnit's XML a case is a test case, a difference a failure, and a test that did not compile an error.
    """
    put(shop, FAILING + "---" + BROKEN)
    done = run("test", "--format", "junit")
    root = ElementTree.fromstring(done.out)

    assert (root.tag, root.get("tests"), root.get("failures"), root.get("errors")) == ("testsuites", "3", "1", "1")
    case = root.find("testsuite[@name='wrong']/testcase[@name='nobody answers']")
    assert case is not None
    assert (case.get("file"), case.get("line")) == ("policies/tests.yaml", "8")
    failure = case.find("failure")
    assert failure is not None
    assert failure.get("message") == "page at 0s: expected ana, got bo"
    assert "because payments-any" in (failure.text or "")
    assert root.find("testsuite[@name='broken']/testcase/error") is not None


def test_junit_holds_any_name(shop: Path, run):
    """
    A name with signs that mean something in XML comes back as it was.
    """
    put(shop, FAILING.replace("name: nobody answers", 'name: a <b> & "c"'))
    done = run("test", "--format", "junit")

    assert next(ElementTree.fromstring(done.out).iter("testcase")).get("name") == 'a <b> & "c"'


def test_github(shop: Path, run):
    """
    For GitHub each difference is an annotation at its line.
    """
    put(shop, FAILING)
    done = run("test", "--format", "github", "--coverage")
    where, _, said = done.out.splitlines()[0].partition("::page ")

    assert where == "::error file=policies/tests.yaml,line=10,col=17,title=wrong%3A nobody answers"
    assert said.startswith("at 0s: expected ana, got bo%0Abecause payments-any: bo is ")


@pytest.mark.parametrize("form", ["text", "github"])
def test_files_are_named_from_here(shop: Path, run, monkeypatch: pytest.MonkeyPatch, form: str):
    """
    Of a repository in another folder the files are named as they are found from here.
    """
    put(shop, FAILING)
    monkeypatch.chdir(shop.parent)
    done = run("test", "shop", "--format", form)

    assert "shop/policies/tests.yaml" in done.out
    assert "shop/policies/payments.yaml" in done.out


def test_the_repository_is_named_once(shop: Path, run):
    """
    Two different repositories cannot be asked for at once.
    """
    assert run("test", ".", "--policies", "policies").code == 2
