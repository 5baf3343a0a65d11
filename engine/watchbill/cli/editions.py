"""Policies as an engine goes by them: compiled, under a revision that no other contents have, and with the files they came from."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from watchbill.cli.repository import folders_of
from watchbill.cli.revision import revision_of
from watchbill.errors import UserError
from watchbill.report.counts import count

if TYPE_CHECKING:
    from watchbill.errors import Finding
    from watchbill.execute.policies import Edition
    from watchbill.model.policyset import Catalogue
    from watchbill.policy import Judge


class Loaded(NamedTuple):
    """An edition, and how many errors and warnings its files have; *beyond* is what cannot be carried out of it."""

    edition: Edition
    errors: int
    warnings: int
    beyond: tuple[Finding, ...] = ()


def load_edition(root: Path, catalogue: Catalogue, judge: Judge | None = None) -> Loaded:
    """The edition that stands in the repository at this *root* now.

    A working tree that differs from its commit is called by the commit and a digest of what stands in it, as in ``4f2c1d9+3fa2c1``.
    *judge* finds what cannot be carried out of it. Raises UserError `no-policies` where the settings are broken, so that nothing could
    be loaded.
    """
    from watchbill.execute.policies import Edition
    from watchbill.policy import compile_files
    from watchbill.policy.loading import read_policy_files

    files = read_policy_files(root)
    revision = revision_of(root, folders_of(root))
    if revision is not None and revision.endswith("+"):
        revision += files.digest[:6]
    compiled = compile_files(files, catalogue, revision, judge)
    beyond = Counter(finding.level for finding in compiled.beyond)
    listed = Counter(finding.level for finding in compiled.findings)
    errors = listed["error"] + sum(each.errors for each in compiled.unlisted) - beyond["error"]
    warnings = listed["warning"] + sum(each.warnings for each in compiled.unlisted) - beyond["warning"]
    if compiled.policies is None:
        raise UserError(
            f"no policies could be loaded: `watchbill.yaml` has {count(errors, 'error')}",
            f"run `watchbill validate {root}` to see what to mend",
            rule="no-policies",
        )
    return Loaded(Edition(compiled.policies, dict(files)), errors, warnings, compiled.beyond)


def lost(new: Edition, old: Edition) -> tuple[str, ...]:
    """The documents that are in force by the *old* edition and broken in the *new* one: whoever they concern would lose them."""
    return tuple(name for name in new.policies.quarantined if name not in old.policies.quarantined and _is_in(name, old))


def _is_in(name: str, edition: Edition) -> bool:
    """Whether the file of the document of this *name* (``Kind/name``) held it in that edition, well."""
    policies, (kind, _, own) = edition.policies, name.partition("/")
    by_kind = {
        "Person": policies.people,
        "Team": policies.teams,
        "Service": policies.services,
        "Schedule": policies.schedules,
        "Escalation": policies.escalations,
        "Triage": policies.triages,
        "Audience": policies.audiences,
        "Comms": policies.comms,
        "Remediation": policies.remediations,
        "Guardrail": policies.guardrails,
        "Connector": policies.connectors,
        "Grouping": policies.groupings,
        "Inhibition": policies.inhibitions,
        "Silence": policies.silences,
        "TimeInterval": policies.time_intervals,
        "Source": policies.sources,
        "Probe": policies.probes,
    }
    if kind == "Override":
        return any(each.ref.name == own for each in policies.overrides)
    return own in by_kind.get(kind, {})
