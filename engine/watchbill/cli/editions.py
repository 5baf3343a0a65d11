"""Policies as an engine goes by them: compiled, under a revision that no other contents have, and with the files they came from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from watchbill.cli.repository import folders_of
from watchbill.cli.revision import revision_of
from watchbill.errors import UserError
from watchbill.report.counts import count

if TYPE_CHECKING:
    from watchbill.errors import Finding
    from watchbill.execute.policies import Edition
    from watchbill.model.policyset import Catalogue, PolicySet
    from watchbill.policy import Judge


class Loaded(NamedTuple):
    """An edition, and how many errors and warnings its files have; *beyond* is what cannot be carried out of it.

    *broken* are the errors of the files as they stand in the repository: what they concern is left out, or kept from an earlier edition.
    *faulty* are those files. Of those named in *kept* the contents of an earlier edition were taken.
    """

    edition: Edition
    errors: int
    warnings: int
    beyond: tuple[Finding, ...] = ()
    faulty: frozenset[str] = frozenset()
    kept: tuple[str, ...] = ()
    broken: tuple[Finding, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All that keeps something from being carried out as it is written."""
        return (*self.broken, *self.beyond)


def reload_edition(root: Path, catalogue: Catalogue, old: Edition, judge: Judge | None = None) -> Loaded:
    """The edition that stands there now, where what is broken keeps what is in force.

    A file that has an error, and fewer documents in force than by the *old* edition, is broken: its old contents stay. One that merely
    has fewer is as its authors want it. Raises UserError as `load_edition` does.
    """
    loaded = load_edition(root, catalogue, judge)
    before, now = documents_of(old), documents_of(loaded.edition)
    broken = tuple(file for file in sorted(loaded.faulty & before.keys()) if not before[file] <= now.get(file, frozenset()))
    if not broken:
        return loaded
    kept = {file: old.files[file] for file in broken if file in old.files}
    return load_edition(root, catalogue, judge, kept)._replace(broken=loaded.broken)


def load_edition(root: Path, catalogue: Catalogue, judge: Judge | None = None, instead: Mapping[str, bytes] | None = None) -> Loaded:
    """The edition that stands in the repository at this *root* now; of these files with the contents that are given *instead*.

    A working tree that differs from its commit is called by the commit and a digest of what stands in it, as in ``4f2c1d9+3fa2c1``.
    *judge* finds what cannot be carried out of it. Raises UserError `no-policies` where the settings are broken, so that nothing could
    be loaded.
    """
    from watchbill.execute.policies import Edition
    from watchbill.policy import compile_files
    from watchbill.policy.loading import PolicyFiles, read_policy_files

    files = read_policy_files(root)
    if instead:
        contents = {**files.contents, **instead}
        digest = sha256(b"\0".join(part for name in sorted(contents) for part in (name.encode(errors="surrogateescape"), contents[name])))
        files = PolicyFiles(contents, files.findings, digest.hexdigest())
    revision = revision_of(root, folders_of(root))
    if revision is not None and (instead or revision.endswith("+")):
        revision = f"{revision.rstrip('+')}+{files.digest[:6]}"
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
    broken = tuple(each for each in compiled.findings if each.level == "error" and each not in compiled.beyond)
    faulty = frozenset(each.place.file for each in broken) | {each.file for each in compiled.unlisted if each.errors}
    return Loaded(Edition(compiled.policies, dict(files)), errors, warnings, compiled.beyond, faulty, tuple(instead or ()), broken)


def documents_of(edition: Edition) -> dict[str, frozenset[str]]:
    """The documents that are in force (``Kind/name``), by their files."""
    found: dict[str, set[str]] = {}
    policies = edition.policies
    for each in (*(document for documents in _by_kind(policies).values() for document in documents.values()), *policies.overrides):
        found.setdefault(each.ref.place.file, set()).add(f"{each.ref.kind}/{each.ref.name}")
    return {file: frozenset(names) for file, names in found.items()}


def gone(new: Edition, old: Edition) -> tuple[str, ...]:
    """The documents that are in force by the *old* edition and declared no more by the *new* one, because their authors took them out."""
    after = {name for names in documents_of(new).values() for name in names}
    return tuple(sorted({name for names in documents_of(old).values() for name in names} - after - set(new.policies.quarantined)))


def lost(new: Edition, old: Edition) -> tuple[str, ...]:
    """The documents that are in force by the *old* edition and broken in the *new* one: whoever they concern would lose them."""
    return tuple(name for name in new.policies.quarantined if name not in old.policies.quarantined and _is_in(name, old))


def _is_in(name: str, edition: Edition) -> bool:
    """Whether the document of this *name* (``Kind/name``) is in force by this edition."""
    kind, _, own = name.partition("/")
    if kind == "Override":
        return any(each.ref.name == own for each in edition.policies.overrides)
    return own in _by_kind(edition.policies).get(kind, {})


def _by_kind(policies: PolicySet) -> dict[str, Mapping[str, Any]]:
    """All documents but the settings and the overrides, by kind and name."""
    return {
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
