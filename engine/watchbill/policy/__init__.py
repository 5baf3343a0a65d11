"""From a repository of YAML to a compiled policy set, with everything that is wrong in it.

`load` does all of it for a folder, `compile_policies` for documents that are loaded already. pydantic is imported in this
room only, and with the compiler: whoever asks for files alone, or for nothing, does not wait for it.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from watchbill.model.policyset import Catalogue

if TYPE_CHECKING:
    from watchbill.policy.compile import Compiled, compile_policies

__all__ = ["Compiled", "compile_policies", "load"]


def load(root: Path, catalogue: Catalogue, revision: str | None = None) -> Compiled:
    """The policy set of the repository at this *root*, and everything that is wrong in it.

    Without a *revision* it is called by the first seven digits of its contents' digest. Raises UserError `no-settings`
    where there is no `watchbill.yaml`; settings that are broken give findings, and no policies.
    """
    from watchbill.policy.compile import compile_policies
    from watchbill.policy.loading import load_repository

    settings, loaded = load_repository(root)
    compiled = compile_policies(loaded.documents, catalogue, revision or loaded.digest[:7], settings, quarantined=loaded.quarantined)
    findings = sorted((*loaded.findings, *compiled.findings), key=lambda finding: finding.order)
    return replace(compiled, findings=tuple(findings), files=loaded.files)


def __getattr__(name: str) -> Any:
    if name in ("Compiled", "compile_policies"):
        from watchbill.policy import compile

        return getattr(compile, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
