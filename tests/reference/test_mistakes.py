"""The repository with ten planted mistakes: each is found where it stands, and nothing else is."""

from __future__ import annotations

from pathlib import Path

from watchbill.connectors.catalogue import catalogue
from watchbill.policy import load

ROOT = Path(__file__).parents[2] / "examples" / "mistakes"
FINDINGS = load(ROOT, catalogue()).findings

RULES = {
    "ownership/warehouse.yaml": ["duplicate-name", "wrong-type"],
    "policies/comms.yaml": ["unknown-field"],
    "policies/escalation.yaml": ["unknown-name", "bad-duration", "undeclared-label", "never-equal"],
    "policies/remediation.yaml": ["bad-matcher", "unknown-field"],
    "policies/triage.yaml": ["unknown-key"],
}


def planted() -> list[tuple[str, int]]:
    """Where the mistakes stand: each in the line below the comment that says what is wrong."""
    return [
        (path.relative_to(ROOT).as_posix(), number + 1)
        for path in sorted(ROOT.rglob("*.yaml"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if line.lstrip().startswith("# mistake: ")
    ]


def below_root(file: str) -> str:
    return Path(file).resolve().relative_to(ROOT.resolve()).as_posix() if Path(file).is_absolute() else file


def test_every_mistake_is_found_in_its_line_and_nothing_else_is():
    """
    Each planted mistake is one finding, in the very line below its comment, and there is no other finding.
    """
    found = [(below_root(finding.place.file), finding.place.line) for finding in FINDINGS]

    assert len(planted()) == 10
    assert sorted(found) == planted()


def test_every_finding_says_what_to_do():
    """
    Each finding has a message and a help, both without a full stop, and names its document.
    """
    for finding in FINDINGS:
        assert finding.message
        assert finding.help
        assert not finding.message.endswith(".")
        assert not finding.help.endswith(".")
        assert finding.document


def test_mistakes_are_told_apart():
    """
    Each sort of mistake has its own rule.
    """
    by_file: dict[str, list[str]] = {}
    for finding in FINDINGS:
        by_file.setdefault(below_root(finding.place.file), []).append(finding.rule)

    assert by_file == RULES
