"""Which policies an incident goes by: pinned definitions, current everything else."""

from __future__ import annotations

from dataclasses import replace

from tests.execute.house import REFERENCE
from watchbill.connectors.catalogue import catalogue
from watchbill.execute.policies import Edition, Policies, kept_edition
from watchbill.model.policyset import PolicySet
from watchbill.policy import load


def reference(revision: str) -> PolicySet:
    """The reference policies under this revision."""
    compiled = load(REFERENCE, catalogue(), revision)
    assert compiled.policies is not None
    return compiled.policies


def test_definitions_are_those_of_the_revision_that_opened_the_incident():
    """
    An incident that was opened at an earlier revision goes by its escalations, while people and guardrails are the current ones; who is
    declared no more is known, and known to be so.
    """
    old = reference("old")
    name = next(iter(old.escalations))
    changed = replace(old.escalations[name], repeat=9)
    current = replace(
        old, revision="new", escalations={**old.escalations, name: changed}, guardrails={}, people=dict(list(old.people.items())[:-1])
    )
    policies = Policies(Edition(current, {}), catalogue(), {"old": Edition(old, {})}.get)

    pinned = policies.bill_of("old").policies

    assert pinned.escalations[name].repeat == old.escalations[name].repeat
    assert policies.bill_of("new").policies.escalations[name].repeat == 9
    assert pinned.guardrails == {}
    assert set(pinned.people) == set(old.people)
    assert [name for name in old.people if not pinned.is_declared(name)] == list(old.people)[-1:]


def test_a_revision_that_cannot_be_loaded_any_more_goes_by_the_current_one():
    """
    Where an earlier revision cannot be loaded the current definitions serve, so that somebody is paged.
    """
    policies = Policies(Edition(reference("new"), {}), catalogue(), lambda revision: None)

    assert policies.bill_of("gone") is policies.bill


def test_an_edition_is_made_again_from_the_files_that_were_kept():
    """
    The source files of a revision, as the record keeps them, compile to the same policies after a restart.
    """
    files = {
        path.relative_to(REFERENCE).as_posix(): path.read_bytes()
        for folder in ("ownership", "policies")
        for path in (REFERENCE / folder).rglob("*.yaml")
    }
    files["watchbill.yaml"] = (REFERENCE / "watchbill.yaml").read_bytes()

    edition = kept_edition(dict(sorted(files.items())), catalogue(), "kept")

    assert edition is not None
    assert edition.revision == "kept"
    assert set(edition.policies.escalations) == set(reference("now").escalations)


def test_few_revisions_are_kept_compiled():
    """
    However many revisions open incidents are pinned to, only a few are kept compiled at a time.
    """
    old = reference("r0")
    asked: list[str] = []

    def find(revision: str) -> Edition:
        asked.append(revision)
        return Edition(replace(old, revision=revision), {})

    policies = Policies(Edition(replace(old, revision="now"), {}), catalogue(), find)
    for number in range(20):
        policies.bill_of(f"r{number}")
    policies.bill_of("r19")
    policies.bill_of("r0")

    assert asked == [*(f"r{number}" for number in range(20)), "r0"]
