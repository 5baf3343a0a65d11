"""Grants: whose policies apply where, and who may act with what."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import watchbill
from tests.language.makers import COMPANY, SETTINGS, Written, a_watch, plans, rules
from tests.makers import an_alert
from watchbill.connectors.catalogue import catalogue
from watchbill.policy import load

THEIRS = ("Connector", "vault", "{type: exec}", "platform")
"""A connector of the platform team."""

ACTS = ("Remediation", "clean", "{phase: human-initiated, target: x, steps: [{name: clean, use: vault.run, with: {argv: [clean]}}]}")
"""Payments acts with it."""

READS = ("Triage", "look", "{collect: [{name: disk, use: vault.read, with: {argv: [df]}}]}")
"""Payments reads with it."""


def settings(*grants: str) -> str:
    """Settings with these grants."""
    return SETTINGS + "".join(f"    - {grant}\n" for grant in grants)


def an_escalation(team: str) -> Written:
    """An escalation of this team for whatever it may be for."""
    return ("Escalation", f"of-{team}", "{levels: [{page: role/primary}]}", team)


@pytest.mark.parametrize(("team", "applies"), [("payments", True), ("engineering", True), ("data", False), ("security", False)])
def test_a_policy_applies_to_its_team_and_those_below(team: str, applies: bool):
    """
    A policy applies to services of its own team and of the teams below it, and to no other.
    """
    (plan,) = plans(an_escalation(team))

    assert (plan.escalations[0].policy.name == f"of-{team}") is applies


def test_wider_needs_a_grant():
    """
    For other teams' services it takes a grant in `Settings`: `services_of`.
    """
    document = an_escalation("security")
    widened = settings("{to: team/security, services_of: [payments]}")
    (plan,) = plans(document, settings=widened)
    (other,) = plans(document, alerts=(an_alert(service="orders-db"),), settings=widened)

    assert plan.escalations[0].policy.name == "of-security"
    assert other.escalations[0].policy.name == "fallback-team"


def test_naming_what_it_cannot_reach_is_a_finding():
    """
    A document that names a service it does not apply to is a finding.
    """
    document = ("Escalation", "x", """{match: ['service="checkout"'], levels: [{page: role/primary}]}""", "security")

    assert rules(document) == ["not-granted"]
    assert rules(document, settings=settings("{to: team/security, services_of: [payments]}")) == []


def test_reading_is_open():
    """
    Reading is open: every team may collect evidence and verify with any connector.
    """
    assert rules(THEIRS, READS) == []


def test_acting_is_granted():
    """
    Acting is granted: a document changes things only with connectors of its own team, of a team above it, of nobody, or granted by
    `connectors`.
    """
    assert rules(THEIRS, ACTS) == ["not-granted"]
    assert rules(THEIRS, ACTS, settings=settings("{to: team/payments, connectors: [vault]}")) == []
    assert rules(("Connector", "vault", "{type: exec}", "engineering"), ACTS) == []
    assert rules(("Connector", "vault", "{type: exec}", ""), ACTS) == []


@pytest.mark.parametrize("secret", ["xoxb-0123456789-abcdefghij", "hunter2", "/etc/shadow"])
def test_secrets_by_reference(secret: str):
    """
    Secrets stand nowhere in the repository: a connector refers to them as `env/NAME` or `file/NAME`.
    """
    assert rules(("Connector", "chat", f"{{type: slack, secrets: {{token: {secret}}}}}", "")) == ["secret-in-plain-text"]
    assert rules(("Connector", "chat", "{type: slack, secrets: {token: file/slack}}", "")) == []


def test_validating_executes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """
    Validating a repository reads it and does nothing else: no program runs, no secret is looked up, nothing of it is imported or left
    behind.
    """
    (tmp_path / "ownership").mkdir()
    (tmp_path / "watchbill.yaml").write_text(SETTINGS)
    (tmp_path / "ownership" / "company.yaml").write_text(COMPANY)
    (tmp_path / "ownership" / "watchbill.py").write_text("raise SystemExit('imported')")
    (tmp_path / "conftest.py").write_text("raise SystemExit('imported')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("subprocess.Popen", None)
    monkeypatch.setattr("socket.socket", None)
    before = sorted(tmp_path.rglob("*"))

    assert load(tmp_path, catalogue()).findings == ()
    assert sorted(tmp_path.rglob("*")) == before


def test_nothing_is_run_that_was_kept():
    """
    What is kept between two runs is JSON and never a pickle, and code that is generated comes from a syntax tree and never from a text.
    """
    calls, imports = [], set[str]()
    for path in sorted(Path(watchbill.__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("eval", "exec", "compile", "__import__"):
                calls.append((path.name, node.func.id, ast.unparse(node.args[0])))
            if isinstance(node, ast.Import):
                imports.update(each.name.partition(".")[0] for each in node.names)
            if isinstance(node, ast.ImportFrom):
                imports.add((node.module or "").partition(".")[0])

    assert calls == [("generate.py", "compile", "module")]
    assert imports.isdisjoint({"pickle", "marshal", "shelve", "dill", "joblib"})


def test_silences_reach_no_further():
    """
    No silence reaches further than its team's policies do.
    """
    said = (
        "match: ['alertname=\"HighErrorRate\"']\nauthor: guy\nreason: we do not care\nfrom: 2026-11-23T00:00:00Z\nto: 2026-11-24T00:00:00Z"
    )
    watch = a_watch(an_escalation("payments"), ("Silence", "theirs", said, "security"))
    watch.receives(an_alert())

    assert watch.paged == [("12:00", "ana")]
