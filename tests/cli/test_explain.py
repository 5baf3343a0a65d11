"""`watchbill explain`: who and what can be asked about, and who changed a line last."""

from __future__ import annotations

import json
import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import jsonschema
import pytest

from tests.cli.makers import AT, MISTAKE, ROOT, a_repository, an_alert_file
from watchbill.cli.blame import last_changes, parse_porcelain
from watchbill.errors import Place
from watchbill.model.explanation import LastChange
from watchbill.report.explain_schema import explain_schema

MORE = """
apiVersion: watchbill/v1
kind: Escalation
metadata: {name: payments-warning, team: payments}
spec:
  match:
    - alertname!="Noise"
    - severity = "warning"
  levels: [{page: person/ana}]
---
apiVersion: watchbill/v1
kind: Triage
metadata:
  name: late
  team: payments
spec:
  when: >-
    tier == `1` &&
    severity == 'info'
  collect: [{name: up, use: metrics.query, with: {query: up}}]
---
apiVersion: watchbill/v1
kind: Connector
metadata: {name: metrics}
spec: {type: prometheus, with: {url: https://prometheus.example.com}}
---
apiVersion: watchbill/v1
kind: Service
metadata: {name: search, team: payments}
spec:
  tier: 2
  claims:
    - [service="search"]
    - [job="probe", region="eu"]
"""


@pytest.fixture
def alert(shop: Path) -> str:
    a_repository(shop, more=MORE)
    return str(an_alert_file(shop / "alert.json"))


def git(folder: Path, *arguments: str) -> None:
    """Run git here, as somebody called Ana Sousa, on 2 November."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    named = {"GIT_AUTHOR_NAME": "Ana Sousa", "GIT_AUTHOR_EMAIL": "ana@example.com", "GIT_AUTHOR_DATE": "2026-11-02T10:00:00Z"}
    other = {"GIT_COMMITTER_NAME": "Ana Sousa", "GIT_COMMITTER_EMAIL": "ana@example.com", "GIT_COMMITTER_DATE": "2026-11-02T10:00:00Z"}
    alone = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    subprocess.run(["git", *arguments], cwd=folder, env=clean | named | other | alone, check=True, capture_output=True)


@pytest.fixture
def committed(shop: Path, alert: str) -> str:
    git(shop, "init", "-q", "-b", "main")
    git(shop, "add", ".")
    git(shop, "commit", "-q", "-m", "Say who is called")
    return alert


# --- what can be asked ------------------------------------------------------------------


def test_everything_is_explained(run, alert):
    """
    Without WHAT every service and policy is there, those that take part first in their kind.
    """
    done = run("explain", alert, "--at", AT)

    assert (done.code, done.err) == (0, "")
    assert "SERVICE  1 of 2 claims it" in done.out
    assert "ESCALATION  1 of 2 takes part" in done.out
    assert done.out.index("payments-any") < done.out.index("payments-warning")


@pytest.mark.parametrize("what", ["bo", "person/bo", "Person/bo"])
def test_a_person_is_answered(run, alert, what):
    """
    A person is asked about by handle, alone or with the kind in any case.
    """
    done = run("explain", alert, "--at", AT, what)

    assert done.code == 0
    assert "bo is paged at 03:12. payments-any calls primary, and that is bo (payments-primary, layer base)." in " ".join(done.out.split())


@pytest.mark.parametrize(
    ("what", "line", "said"),
    [
        ("payments-warning", 7, 'needs severity="warning", saw critical'),
        ("Triage/late", 16, "needs severity == 'info', saw \"critical\""),
        ("service/search", 32, 'needs service="search", saw checkout'),
    ],
)
def test_a_policy_points_to_the_line_that_decided(run, alert, what, line, said):
    """
    The line is that of the very matcher, condition or claim that failed, however it is written.
    """
    done = run("explain", alert, "--at", AT, what, "--width", "120")

    assert said in done.out
    assert f"policies/more.yaml:{line}\n" in done.out


def test_a_default_claim_points_to_the_name(run, shop, alert):
    """
    A service that claims by its name has no matcher written down, so its name is the line.
    """
    an_alert_file(shop / "alert.json", service="search")

    assert "ownership/payments.yaml:45\n" in run("explain", alert, "--at", AT, "checkout").out


def test_several_incidents_are_answered_apart(run, shop, alert):
    """
    Each incident of the file has its own answer.
    """
    alerts = [{"labels": {"alertname": "A", "service": name}} for name in ("checkout", "search")]
    (shop / "alert.json").write_text(json.dumps(alerts), encoding="utf-8")
    done = run("explain", alert, "--at", AT, "payments-any")

    assert [line.partition("   ")[0] for line in done.out.splitlines() if line.startswith("A on")] == ["A on checkout", "A on search"]


def test_no_alerts(run, shop, alert):
    """
    A file without alerts has nothing to explain.
    """
    (shop / "alert.json").write_text("[]", encoding="utf-8")

    assert run("explain", alert).out == f"no alerts in {alert}\n"


def test_json_is_as_the_schema_says(run, alert):
    """
    What is printed for programs is valid by schemas/v1/explanation.json.
    """
    for what in ([], ["bo"], ["payments-warning"], ["search"]):
        document = json.loads(run("explain", alert, *what, "--at", AT, "--format", "json").out)

        jsonschema.Draft202012Validator(explain_schema(), format_checker=jsonschema.FormatChecker()).validate(document)


def test_a_name_that_nobody_has(run, alert):
    """
    For an unknown name the nearest is offered; what did not compile is told apart.
    """
    assert "did you mean `payments-warning`?" in run("explain", alert, "payments-warnin").err
    assert run("explain", alert, "zzz").code == 2


def test_a_document_that_does_not_compile(run, shop, alert):
    """
    Who asks about a quarantined document hears that it takes no part in anything.
    """
    a_repository(shop, wrong=MISTAKE)
    done = run("explain", alert, "wrong")

    assert done.code == 2
    assert "`Escalation/wrong` does not compile, so it takes no part in anything [unknown-name]" in done.err


def test_a_name_of_several_things(run, shop, alert):
    """
    A name that a service and an escalation have is asked for with its kind.
    """
    twin = MORE.split("---")[0].replace("payments-warning", "search").replace("Noise", "Other")
    a_repository(shop, twin=twin)

    assert "write `Service/search` or `Escalation/search`" in run("explain", alert, "search").err
    assert run("explain", alert, "service/search").code == 0


def test_the_reference_answers_like_a_colleague(run):
    """
    Why bo is not called at three in the morning, in the repository that comes with watchbill.
    """
    file = str(ROOT / "examples" / "alerts" / "checkout-high-error-rate.json")
    done = run("explain", file, "bo", "--at", AT, "--policies", str(ROOT), "--no-history")

    assert (
        "bo is not paged. payments-critical calls primary (mei), secondary (ana) and lead (cy), and in the end team platform (milo). "
        "It is bo's turn in the layer base of payments-primary, and the layer singapore-day stands above it "
        "and gives mei the watch until 09:00."
    ) in " ".join(done.out.split())


# --- who changed a line last ------------------------------------------------------------


def test_a_line_has_its_last_change(run, committed):
    """
    Beside the line stands who changed it last, when, and in which commit.
    """
    done = run("explain", committed, "payments-warning", "--at", AT, "--width", "120")

    assert "policies/more.yaml:7, changed 2026-11-02 by Ana Sousa in " in done.out
    assert "changed" not in run("explain", committed, "payments-warning", "--at", AT, "--no-history").out


def test_without_a_repository_there_is_no_history(run, alert):
    """
    Where git knows nothing, the line stands alone.
    """
    assert "changed" not in run("explain", alert, "payments-warning", "--at", AT).out


def test_lines_that_moved_are_still_known(shop, committed):
    """
    A line that stands elsewhere than in the last commit has its change; one that is new says that it is not committed.
    """
    file = shop / "policies" / "more.yaml"
    file.write_text("# new\n" + file.read_text(encoding="utf-8"), encoding="utf-8")
    known = last_changes(shop, [Place("policies/more.yaml", 1), Place("policies/more.yaml", 8)])

    assert known[Place("policies/more.yaml", 1)] == LastChange("", "", None, "")
    assert known[Place("policies/more.yaml", 8)].author == "Ana Sousa"
    assert known[Place("policies/more.yaml", 8)].summary == "Say who is called"


def test_a_file_that_is_not_committed_has_no_history(shop, committed):
    """
    Of a file that git does not know, and of what is no line, nothing is said.
    """
    (shop / "policies" / "new.yaml").write_text("a: 1\n", encoding="utf-8")

    assert last_changes(shop, [Place("policies/new.yaml", 1), Place("policies/gone.yaml", 1), Place("policies/more.yaml")]) == {}
    (shop / "policies" / "more.yaml").unlink()
    assert last_changes(shop, [Place("policies/more.yaml", 7)]) == {}


def test_a_repository_inside_a_repository(shop, committed, tmp_path):
    """
    Policies in a folder of a larger repository are found by their path in it.
    """
    outer = tmp_path / "outer"
    (outer / "watch").mkdir(parents=True)
    (outer / "watch" / "a.yaml").write_text("a: 1\n", encoding="utf-8")
    git(outer, "init", "-q", "-b", "main")
    git(outer, "add", ".")
    git(outer, "commit", "-q", "-m", "Begin")

    assert last_changes(outer / "watch", [Place("a.yaml", 1)])[Place("a.yaml", 1)].author == "Ana Sousa"


def test_nothing_that_the_repository_names_is_run(shop, committed, tmp_path):
    """
    Filters, text conversions, hooks and monitors of a stranger's repository stay as they are: unrun.
    """
    trace = tmp_path / "ran"
    program = f"sh -c 'echo ran >> {trace}; cat'"
    (shop / ".gitattributes").write_text("*.yaml filter=evil diff=evil\n", encoding="utf-8")
    for name in ("filter.evil.clean", "filter.evil.smudge", "diff.evil.textconv", "core.fsmonitor", "core.pager", "blame.pager"):
        git(shop, "config", name, program)
    file = shop / "policies" / "more.yaml"
    file.write_text(file.read_text(encoding="utf-8") + "# more\n", encoding="utf-8")
    known = last_changes(shop, [Place("policies/more.yaml", 7)])

    assert known[Place("policies/more.yaml", 7)].author == "Ana Sousa"
    assert not trace.exists()


def test_what_git_says_is_taken_with_care():
    """
    Lines of an unknown form are passed over, and names may hold anything.
    """
    commit = b"0123456789abcdef0123456789abcdef01234567"
    told = (
        b"noise\n" + commit + b" 3 7 1\nauthor Zo\xc3\xab <x>\nauthor-time 1793613600\nsummary \xff\nboundary\n\tspec:\n"
        b"" + commit + b" 4 8\nauthor B\nauthor-time soon\n\ta: 1\n\tlost\n"
    )
    found = parse_porcelain(told)

    assert found[7] == LastChange("0123456", "Zoë <x>", datetime.fromtimestamp(1793613600, UTC), "\ufffd")
    assert (found[8].author, found[8].at) == ("B", None)
    assert sorted(found) == [7, 8]
