"""From a repository of YAML to a compiled policy set, with everything that is wrong in it.

`load` does all of it for a folder, `compile_files` for files that were read already, and `compile_policies` for documents
that are loaded already. pydantic is imported in this room only, and with the compiler: whoever asks for files alone, or for
nothing, does not wait for it.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from watchbill.model.policyset import Catalogue

if TYPE_CHECKING:
    from watchbill.policy.compile import Compiled, compile_policies
    from watchbill.policy.loading import PolicyFiles

__all__ = ["Compiled", "compile_files", "compile_policies", "load"]


def load(root: Path, catalogue: Catalogue, revision: str | None = None) -> Compiled:
    """The policy set of the repository at this *root*, and everything that is wrong in it.

    Without a *revision* it is called by the first seven digits of its contents' digest. Raises UserError `no-settings`
    where there is no `watchbill.yaml`; settings that are broken give findings, and no policies. What comments and the settings
    set aside is no finding, and quarantines nothing. Of far too many findings the first are listed, and the rest counted by file.
    """
    from watchbill.policy.loading import read_policy_files

    return compile_files(read_policy_files(root), catalogue, revision)


def compile_files(files: PolicyFiles, catalogue: Catalogue, revision: str | None = None) -> Compiled:
    """The same for *files* that were read already: those of a revision that the engine has kept, for one."""
    from watchbill.policy.bounding import bounded
    from watchbill.policy.compile import compile_policies
    from watchbill.policy.ignoring import Ignoring
    from watchbill.policy.loading import load_files

    settings, loaded = load_files(files)
    ignoring = Ignoring.of(files, settings, loaded.findings)
    compiled = compile_policies(
        loaded.documents,
        catalogue,
        revision or loaded.digest[:7],
        settings,
        quarantined=loaded.quarantined,
        weigh=ignoring.level_of,
    )
    for finding in loaded.findings:
        ignoring.level_of(finding)  # none of them can be set aside, which is to be said where somebody tries to
    findings, unlisted = bounded((*loaded.findings, *compiled.findings, *ignoring.findings()))
    dated = ignoring.of_the_clock(compiled.dated)
    return replace(compiled, findings=findings, files=loaded.files, ignored=ignoring.count, unlisted=unlisted, dated=dated)


def __getattr__(name: str) -> Any:
    if name in ("Compiled", "compile_policies"):
        from watchbill.policy import compile

        return getattr(compile, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
