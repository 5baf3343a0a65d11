"""From a repository of YAML to a compiled policy set, with everything that is wrong in it.

`load` does all of it for a folder, `compile_files` for files that were read already, and `compile_policies` for documents
that are loaded already. pydantic is imported in this room only, and with the compiler: whoever asks for files alone, or for
nothing, does not wait for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from watchbill.model.policyset import Catalogue

if TYPE_CHECKING:
    from watchbill.errors import Finding
    from watchbill.model.policyset import PolicySet
    from watchbill.policy.compile import Compiled, compile_policies
    from watchbill.policy.loading import PolicyFiles

Judge: TypeAlias = "Callable[[PolicySet], Iterable[Finding]]"
"""What finds in a policy set what its documents alone do not tell."""

__all__ = ["Compiled", "Judge", "compile_files", "compile_policies", "load"]


def load(root: Path, catalogue: Catalogue, revision: str | None = None, judge: Judge | None = None) -> Compiled:
    """The policy set of the repository at this *root*, and everything that is wrong in it.

    Without a *revision* it is called by the first seven digits of its contents' digest. Raises UserError `no-settings`
    where there is no `watchbill.yaml`; settings that are broken give findings, and no policies. What comments and the settings
    set aside is no finding, and quarantines nothing. Of far too many findings the first are listed, and the rest counted by file.
    *judge* adds what it finds in the policies that came of it. That is weighed like all else, and leaves nothing out.
    """
    from watchbill.policy.loading import read_policy_files

    return compile_files(read_policy_files(root), catalogue, revision, judge)


def compile_files(files: PolicyFiles, catalogue: Catalogue, revision: str | None = None, judge: Judge | None = None) -> Compiled:
    """The same for *files* that were read already: those of a revision that the engine has kept, for one."""
    from watchbill.policy.bounding import bounded
    from watchbill.policy.compile import compile_policies
    from watchbill.policy.ignoring import Ignoring, leveled
    from watchbill.policy.loading import load_files
    from watchbill.policy.rules import CAPABILITY

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
    judged = judge(compiled.policies) if judge is not None and compiled.policies is not None else ()
    beyond = tuple(leveled(finding, level) for finding in judged if (level := ignoring.level_of(finding)) is not None)
    unasked = frozenset() if judge is not None and compiled.policies is not None else frozenset(CAPABILITY)
    findings, unlisted = bounded((*loaded.findings, *compiled.findings, *beyond, *ignoring.findings(unasked)))
    dated = ignoring.of_the_clock(compiled.dated)
    return replace(compiled, findings=findings, files=loaded.files, ignored=ignoring.count, unlisted=unlisted, dated=dated, beyond=beyond)


def __getattr__(name: str) -> Any:
    if name in ("Compiled", "compile_policies"):
        from watchbill.policy import compile

        return getattr(compile, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
