"""`docs/errors.md` against the rules: every rule has its section, and every example does what the page says."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from tests.makers import at
from tests.policy.makers import CATALOGUE, SETTINGS, SHOP
from watchbill.connectors import capability
from watchbill.connectors.capability import NoSecret, Process
from watchbill.connectors.catalogue import catalogue
from watchbill.errors import UserError
from watchbill.policy import load
from watchbill.policy.rules import RULES
from watchbill.verify.passing import findings_at

PAGE = (Path(__file__).parents[2] / "docs" / "errors.md").read_text(encoding="utf-8").partition("## What stops a command")[0]
SECTIONS = {part.partition("\n")[0].strip("` "): part for part in re.split(r"^### ", PAGE, flags=re.MULTILINE)[1:]}


NOW = at("2026-11-01 00:00")
"""The time of the examples, for what depends on it."""

CAUSES = {"depends-on-quarantined": {"unknown-action"}, "reaches-nobody": {"not-carried-out"}}
"""What a rule cannot be broken without."""


OURS = catalogue()
DIRECT = OURS["slack"].action("direct")
assert DIRECT is not None
TYPES = {
    **CATALOGUE,
    **{name: OURS[name] for name in ("bridge", "exec", "webhook")},
    "slack": replace(CATALOGUE["slack"], actions=(*CATALOGUE["slack"].actions, DIRECT)),
}
"""The types of the shop, and some of ours: two that this version carries out, and two with actions that it does not."""

PROCESSES = {
    "missing-secret": Process(secrets={"env/ABSENT_TOKEN": NoSecret("it is not set", has_leave=True)}),
    "private-address": Process(private={"https://10.1.2.3/pages": "10.1.2.3"}),
    "missing-program": Process(programs=frozenset(("/opt/absent/queue-length",))),
    "missing-extra": Process(extras=frozenset(("serve",))),
}
"""What a process lacks that breaks these rules."""


def example(rule: str, word: str) -> str | None:
    """The YAML under *word* in the section of this *rule*."""
    found = re.search(rf"^{word}:\n\n```yaml\n(.*?)```", SECTIONS[rule], re.MULTILINE | re.DOTALL)
    return found[1] if found else None


def a_repository(root: Path, text: str) -> None:
    """The shop as files, with the documents of *text* beside it; settings go where settings stand."""
    for folder in ("ownership", "policies"):
        (root / folder).mkdir()
    own, _, rest = text.partition("---\n") if "kind: Settings\nmetadata: {name: shop}" in text else ("", "", text)
    (root / "watchbill.yaml").write_text(own or SETTINGS, encoding="utf-8")
    (root / "ownership" / "shop.yaml").write_text(SHOP, encoding="utf-8")
    (root / "policies" / "case.yaml").write_text(rest, encoding="utf-8")


def rules_of(root: Path, process: Process | None = None) -> set[str]:
    """The rules that are broken in this repository, where this *process* is to carry it out."""
    try:
        done = load(root, TYPES, judge=lambda policies: capability.findings(policies, TYPES, process))
        return {finding.rule for finding in (*done.findings, *findings_at(done.dated, NOW).findings)}
    except UserError as error:
        return {error.rule}


def test_every_rule_has_its_section_and_no_other():
    """
    The page tells of the rules that there are, in their order.
    """
    assert list(SECTIONS) == list(RULES)


def test_every_section_begins_with_the_summary_of_its_rule():
    """
    What the page says first of a rule is what the program says of it.
    """
    for rule, section in SECTIONS.items():
        assert section.splitlines()[2].lower() == f"{RULES[rule]}.".lower()


@pytest.mark.parametrize("rule", [rule for rule in SECTIONS if example(rule, "Wrong")])
def test_wrong_example_gives_the_finding(rule: str, tmp_path: Path):
    """
    What stands under Wrong breaks the rule, and no other.
    """
    a_repository(tmp_path, example(rule, "Wrong") or "")

    assert rules_of(tmp_path, PROCESSES.get(rule)) - CAUSES.get(rule, set()) == {rule}


@pytest.mark.parametrize("rule", [rule for rule in SECTIONS if example(rule, "Right")])
def test_right_example_gives_no_finding(rule: str, tmp_path: Path):
    """
    What stands under Right breaks no rule at all.
    """
    a_repository(tmp_path, example(rule, "Right") or "")

    assert rules_of(tmp_path, PROCESSES.get(rule)) == set()


def _no_settings(root: Path) -> None:
    (root / "watchbill.yaml").unlink()


def _linked_outside(root: Path) -> None:
    (root / "policies" / "linked.yaml").symlink_to("/etc/hostname")


def _linked_nowhere(root: Path) -> None:
    (root / "policies" / "linked.yaml").symlink_to(root / "nowhere.yaml")


def _case(text: bytes) -> Callable[[Path], None]:
    return lambda root: (root / "policies" / "case.yaml").write_bytes(text) and None


BOMB = "a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]\n" for before, name in zip("abcd", "bcde", strict=True)
)

OUTSIDE_YAML: Mapping[str, Callable[[Path], None]] = {
    "no-settings": _no_settings,
    "file-link": _linked_outside,
    "file-unreadable": _linked_nowhere,
    "yaml-encoding": _case(b"kind: \xff\n"),
    "yaml-size": _case(b"#" * (1024 * 1024 + 1)),
    "yaml-many": _case(b"a: 1\n" * 200),
    "yaml-depth": _case(b"a: " + b"[" * 60 + b"]" * 60),
    "yaml-bomb": _case(BOMB.encode()),
}
"""What an example in YAML cannot show, done to the shop."""


@pytest.mark.parametrize("rule", [rule for rule in SECTIONS if not example(rule, "Wrong")])
def test_rules_without_a_wrong_example_can_be_broken(rule: str, tmp_path: Path):
    """
    Every rule that is not about what stands in a document is broken by a file.
    """
    a_repository(tmp_path, "")
    OUTSIDE_YAML[rule](tmp_path)

    assert rule in rules_of(tmp_path)
