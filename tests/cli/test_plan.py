"""`watchbill plan`: what an alert would do."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from tests.cli.makers import AT, MISTAKE, ROOT, a_repository, an_alert_file
from watchbill.report.plan_schema import plan_schema


@pytest.fixture
def alert(shop):
    """A file with one critical alert of checkout's."""
    return str(an_alert_file(shop / "alert.json"))


def test_who_is_paged(run, alert):
    """
    The plan says who is paged, when and how, and what follows.
    """
    done = run("plan", alert, "--at", AT)

    assert (done.code, done.err) == (0, "")
    assert "HighErrorRate on checkout   critical · tier 1 · payments" in done.out
    assert "03:12  bo  primary  pager  04:12 in Berlin" in done.out
    assert "then the engine's own alarm" in done.out


def test_standard_input(run, alert, monkeypatch):
    """
    Alerts are read from standard input where there is no file, or where it is called `-`.
    """
    body = Path(alert).read_bytes()
    for arguments in (["plan", "--at", AT], ["plan", "-", "--at", AT]):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(body)))

        assert "HighErrorRate on checkout" in run(*arguments).out


def test_nobody_waits_for_a_person_to_type_json(run, monkeypatch):
    """
    At a terminal, a plan of nothing is wrong use and does not wait.
    """
    stdin = io.TextIOWrapper(io.BytesIO(b""))
    stdin.isatty = lambda: True  # type: ignore[method-assign]
    monkeypatch.setattr(sys, "stdin", stdin)
    done = run("plan")

    assert done.code == 2
    assert "Name a file with alerts, or - to read them from standard input." in done.err


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_no_alerts(run, shop, form):
    """
    A list without alerts is no mistake, and says that there was nothing to plan.
    """
    (shop / "none.json").write_text("[]", encoding="utf-8")
    done = run("plan", "none.json", "--format", form)

    assert (done.code, done.out) == (0, "no alerts in none.json\n")
    assert json.loads(run("plan", "none.json", "--format", "json").out)["items"] == []


def test_as_markdown(run, alert):
    """
    As Markdown the plan is a heading and tables.
    """
    assert run("plan", alert, "--at", AT, "--format", "markdown").out.startswith("### HighErrorRate on checkout\n")


@pytest.mark.parametrize("width", [40, 120])
def test_as_wide_as_asked(run, alert, width):
    """
    `--width` says how many columns are used.
    """
    assert max(map(len, run("plan", alert, "--at", AT, "--width", str(width)).out.splitlines())) <= width


@pytest.mark.parametrize("file", sorted(path.name for path in (ROOT / "examples" / "alerts").glob("*.json")))
def test_real_plans_are_as_the_schema_says(run, file):
    """
    The plans of all example alerts in the reference repository are valid by the published schema.
    """
    done = run("plan", str(ROOT / "examples" / "alerts" / file), "--policies", str(ROOT), "--at", AT, "--format", "json")

    assert done.code == 0, done.err
    jsonschema.Draft202012Validator(plan_schema(), format_checker=jsonschema.FormatChecker()).validate(json.loads(done.out))


@pytest.mark.parametrize(
    "time",
    ["2026-11-23T03:12:00Z", "2026-11-23T03:12Z", "2026-11-23 04:12:00+01:00", "2026-11-22T22:12:00.0-05:00", "2026-11-23t03:12:00z"],
)
def test_times_with_an_offset(run, alert, time):
    """
    A time may be written with any offset, and with or without seconds.
    """
    assert "2026-11-23 03:12 UTC" in run("plan", alert, "--at", time).out


@pytest.mark.parametrize(
    ("time", "said"),
    [
        ("2026-11-23T03:12:00", "is not a time with its offset"),
        ("tomorrow", "is not a time with its offset"),
        ("2026-11-23", "is not a time with its offset"),
        ("2026-02-30T00:00:00Z", "is a time that does not exist"),
        ("1969-12-31T23:59:59Z", "is not between 1970 and 2200"),
        ("2201-01-01T00:00:00Z", "is not between 1970 and 2200"),
        ("1970-01-01T00:00:00+02:00", "is not between 1970 and 2200"),
        ("0001-01-01T00:00:00+02:00", "is a time that does not exist"),
        ("\u0662\u0660\u0662\u0666-11-23T03:12:00Z", "is not a time with its offset"),
    ],
)
def test_times_that_are_none(run, alert, time, said):
    """
    A time without an offset, one that does not exist and one of another century are refused with what to write.
    """
    done = run("plan", alert, "--at", time)

    assert (done.code, done.out) == (2, "")
    assert said in done.err


@pytest.mark.parametrize("body", ["", "{", "nonsense", '{"alerts": 3}', "[1]"])
def test_alerts_that_are_none(run, shop, body):
    """
    What is no alert is refused with the file's name; the code is 2.
    """
    (shop / "bad.json").write_text(body, encoding="utf-8")
    done = run("plan", "bad.json")

    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("bad.json")
    assert "\n  help: " in done.err


def test_what_did_not_compile_is_left_out_and_said(run, shop, alert):
    """
    With findings the plan goes on with what compiled, and says so on top and beside.
    """
    a_repository(shop, wrong=MISTAKE)
    done = run("plan", alert, "--at", AT)

    assert done.code == 0
    assert done.out.startswith("WARNING 1 document did not compile and is not in this plan: Escalation/wrong\n")
    assert done.err == "the policies have 1 error, and Escalation/wrong is left out; `watchbill validate` shows them\n"


def test_nothing_that_could_be_loaded(run, shop, alert):
    """
    Broken settings leave nothing to plan with; the code is 2.
    """
    (shop / "watchbill.yaml").write_text("kind: [", encoding="utf-8")
    done = run("plan", alert)

    assert (done.code, done.out) == (2, "")
    assert "no policies could be loaded" in done.err
    assert "[no-policies]" in done.err


def test_alerts_that_were_left_out_are_said(run, shop):
    """
    Where the sender cut alerts off, a line beside the plan says how many.
    """
    body = {
        "version": "4",
        "groupKey": "g",
        "receiver": "watchbill",
        "status": "firing",
        "truncatedAlerts": 7,
        "alerts": [{"status": "firing", "labels": {"alertname": "A", "service": "checkout"}, "startsAt": AT}],
    }
    (shop / "cut.json").write_text(json.dumps(body), encoding="utf-8")
    done = run("plan", "cut.json", "--at", AT)

    assert done.err == "cut.json: the sender left out 7 alerts, which are not in this plan\n"


# --- the revision -----------------------------------------------------------------------


def git(shop, *arguments: str) -> str:
    """What git says, as somebody who has no configuration."""
    nobody = ("-c", "user.name=Ana", "-c", "user.email=ana@example.com", "-c", "commit.gpgsign=false")
    return subprocess.run(["git", *nobody, *arguments], cwd=shop, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def committed(shop, alert):
    """The shop as a repository of git, and its short commit."""
    git(shop, "init", "-q")
    git(shop, "add", ".")
    git(shop, "commit", "-q", "-m", "all")
    return git(shop, "rev-parse", "--short", "HEAD")


def revision(run, alert: str) -> str:
    """The revision of which the plan says that it is."""
    done = run("plan", alert, "--at", AT, "--format", "json")
    assert done.code == 0, done.err
    return str(json.loads(done.out)["items"][0]["revision"])


def test_the_revision_is_the_commit(run, alert, committed):
    """
    In a repository of git, a plan says the short commit that it is of.
    """
    assert revision(run, alert) == committed


@pytest.mark.parametrize("change", ["changed", "added", "removed"])
def test_what_is_not_committed_is_marked(run, shop, alert, committed, change):
    """
    Where policy files differ from the commit, a plus says so.
    """
    file = shop / "policies" / "payments.yaml"
    if change == "changed":
        file.write_text(file.read_text() + "# more\n")
    elif change == "added":
        (shop / "policies" / "new.yaml").write_text("# nothing\n")
    else:
        file.unlink()

    assert revision(run, alert) == f"{committed}+"


def test_other_files_do_not_matter(run, shop, alert, committed):
    """
    What is no policy may differ, and so may the ends of lines.
    """
    (shop / "notes.txt").write_text("mine")
    file = shop / "policies" / "payments.yaml"
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))

    assert revision(run, alert) == committed


def test_a_strangers_repository_runs_nothing(run, shop, alert, committed):
    """
    Programs that the repository's own configuration names are not run.
    """
    trap = shop / "trap.sh"
    trap.write_text(f"#!/bin/sh\ntouch {shop}/sprung\ncat\n")
    trap.chmod(0o755)
    for name in ("core.fsmonitor", "core.pager", "filter.trap.clean", "filter.trap.smudge", "core.sshCommand", "core.editor"):
        git(shop, "config", name, str(trap))
    (shop / ".gitattributes").write_text("*.yaml filter=trap\n")
    file = shop / "policies" / "payments.yaml"
    file.write_text(file.read_text() + "# more\n")

    assert revision(run, alert) == f"{committed}+"
    assert not (shop / "sprung").exists()


def test_without_git_the_contents_are_the_revision(run, shop, alert, monkeypatch):
    """
    Where there is no git, or no commit, the revision says what the files hold.
    """
    first = revision(run, alert)
    monkeypatch.setenv("PATH", "")

    assert revision(run, alert) == first
    file = shop / "policies" / "payments.yaml"
    file.write_text(file.read_text() + "# more\n")
    assert revision(run, alert) != first


def test_a_hook_does_not_lead_git_astray(run, shop, alert, committed, monkeypatch):
    """
    Variables that git sets for its hooks do not make it look elsewhere.
    """
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    monkeypatch.setenv("GIT_INDEX_FILE", "/nowhere/index")

    assert revision(run, alert) == committed
