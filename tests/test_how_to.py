"""The how-to pages are examples that run: each is laid out on the base repository, loaded, and its policy tests are tried."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from watchbill.cli.app import run
from watchbill.connectors.catalogue import catalogue
from watchbill.decide import Bill
from watchbill.decide.planning import plan
from watchbill.ingest import parse_payload
from watchbill.ingest.mapping import parse_from
from watchbill.model.forecast import Plan
from watchbill.policy import load
from watchbill.verify.running import run_tests

HOW_TO = Path(__file__).resolve().parents[1] / "docs" / "how-to"
INDEX = HOW_TO / "README.md"
PAGES = sorted(page.stem for page in HOW_TO.glob("*.md") if page != INDEX)


def blocks(language: str, text: str) -> list[str]:
    """The fenced blocks of this *language*."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)


def files_of(page: Path) -> dict[str, str]:
    """Every file that a page holds, by its path: a block of YAML that opens with a comment naming it."""
    found: dict[str, str] = {}
    for block in blocks("yaml", page.read_text("utf-8")):
        named = re.match(r"# ([\w./-]+\.yaml)\n", block)
        assert named is not None, f"{page.name} has YAML that does not say which file it is: {block[:40]!r}"
        assert named[1] not in found, f"{page.name} holds {named[1]} twice"
        found[named[1]] = block
    return found


def files_of_page(page: str) -> dict[str, str]:
    """The files of the page of this name."""
    return files_of(HOW_TO / f"{page}.md")


def lay_out(root: Path, *pages: str) -> None:
    """Lay out the base repository with the files of *pages*, which take the place of those that are called the same."""
    files = files_of(INDEX)
    for page in pages:
        files |= files_of_page(page)
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


def bill_of(root: Path) -> Bill:
    """What is laid out at this *root*, compiled; it must have no findings."""
    compiled = load(root, catalogue())
    assert [str(finding) for finding in compiled.findings] == []
    assert compiled.policies is not None
    return Bill.of(compiled.policies, catalogue())


def test_the_base_repository_is_sound(tmp_path):
    """
    The repository that all pages build on has no findings of its own.
    """
    lay_out(tmp_path)

    assert {"payments", "platform"} == set(bill_of(tmp_path).policies.teams)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_does_what_it_says(tmp_path, capsys, page):
    """
    On the base repository the files of a page have no finding, and `watchbill test` passes every case of its policy tests.
    """
    lay_out(tmp_path, page)

    bill = bill_of(tmp_path)
    code = run(["test", str(tmp_path), "--format", "json", "--fail-on-empty"])

    assert code == 0, capsys.readouterr().out
    assert bill.policies.tests != {}
    assert {test.ref.place.file for test in bill.policies.tests.values()} <= set(files_of_page(page))


@pytest.mark.parametrize("page", PAGES)
def test_a_page_tries_all_that_it_shows(tmp_path, page):
    """
    Every policy and every service of a page takes part in at least one of its cases.
    """
    lay_out(tmp_path, page)

    coverage = run_tests(bill_of(tmp_path), covering=True).coverage

    assert coverage is not None
    own = [document for document in coverage.documents if document.policy.place.file in files_of_page(page)]
    assert [str(document.policy) for document in own if document.cases == 0] == []


def test_a_page_that_is_wrong_is_found(tmp_path, capsys):
    """
    A page whose policy does not do what its test says would fail here.
    """
    lay_out(tmp_path, "critical-by-tier")
    policy = tmp_path / "policies" / "payments" / "critical.yaml"
    policy.write_text(policy.read_text("utf-8").replace("repeat: 1", "repeat: 2"), "utf-8")

    assert run(["test", str(tmp_path)]) == 1
    assert "kai" in capsys.readouterr().out


def test_every_page_stands_in_the_index():
    """
    The index leads to each page, and to nothing else in its folder.
    """
    listed = re.findall(r"\]\(([\w-]+)\.md\)", INDEX.read_text("utf-8"))

    assert sorted(listed) == PAGES


# --- what a policy test cannot see ------------------------------------------------------


def test_a_team_is_onboarded_without_touching_a_file_of_others():
    """
    The onboarding of a team takes the place of no file that is there.
    """
    assert set(files_of_page("onboarding")) & set(files_of(INDEX)) == set()


def planned(root: Path, moment: datetime, *alerts: dict[str, str]) -> dict[str | None, Plan]:
    """What alerts with these labels would bring if they arrived together at this *moment*, by service."""
    body = json.dumps([{"labels": labels} for labels in alerts]).encode()
    plans = plan(bill_of(root), parse_payload(body, moment, file="alerts.json").alerts, moment)
    return {each.service.name if each.service else None: each for each in plans}


def test_people_may_act_in_a_freeze_with_two_approvals(tmp_path):
    """
    In the week of Christmas the repair does not begin by itself; it is offered to its team, and needs two to agree.
    """
    lay_out(tmp_path, "seasonal-freeze")

    found = planned(tmp_path, datetime(2026, 12, 24, 14, tzinfo=UTC), {"alertname": "WorkerStuck", "service": "checkout"})

    (repair,) = found["checkout"].repairs
    assert (repair.runs, repair.approvals, [str(target) for target in repair.offered_to]) == (False, 2, ["team/payments"])


def test_only_a_dependant_that_consents_is_hidden(tmp_path, capsys):
    """
    The plan that the page on databases shows is the one that its alerts bring: orders is hidden, refunds is paged.
    """
    lay_out(tmp_path, "database-hides-dependants")
    alerts, text = tmp_path / "alerts.json", (HOW_TO / "database-hides-dependants.md").read_text("utf-8")
    alerts.write_text(blocks("json", text)[0], "utf-8")

    assert run(["plan", str(alerts), "--policies", str(tmp_path), "--at", "2026-11-24T03:12:00Z"]) == 0
    plans = {plan.split()[2]: plan for plan in re.split(r"^─+$\n+", capsys.readouterr().out.partition("\n\n")[2], flags=re.MULTILINE)}

    assert blocks("text", text)[0] in plans["orders"]
    assert "kai" in plans["orders-db"]
    assert "ana" in plans["refunds"]


def test_the_unknown_monitor_gives_the_labels_that_its_page_tests(tmp_path):
    """
    The expressions of the Source, over the payload that its page shows, give the alerts that its policy test begins with.
    """
    lay_out(tmp_path, "unknown-monitor")
    policies = bill_of(tmp_path).policies
    text = (HOW_TO / "unknown-monitor.md").read_text("utf-8")
    received_at = datetime(2026, 11, 24, 3, 12, 4, tzinfo=UTC)
    alerts = parse_from(policies.sources["uptime"], blocks("json", text)[0].encode(), received_at).alerts

    cases = policies.tests["uptime"].cases
    assert [dict(alert.labels) for alert in alerts] == [dict(case.given.alerts[0].labels) for case in cases]
    assert [alert.status for alert in alerts] == ["firing", "resolved"]
    assert alerts[0].annotations["summary"] == cases[0].given.alerts[0].annotations["summary"]
    assert {alert.source for alert in alerts} == {"uptime"}
