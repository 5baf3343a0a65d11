"""Which revision of the policies this is, as git knows it.

The repository may be a stranger's, and git runs programs that a repository's own configuration names: hooks, monitors,
filters, helpers that fetch. So git is asked two questions that run none of them, and the files are compared here.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from watchbill.cli.files import DEEPEST_FOLDER, content

SETTINGS: Final = "watchbill.yaml"

_TIME_LIMIT: Final = 10
"""Seconds. A git that takes longer is on a file system that is not well, and the plan matters more."""

_HARDENED: Final = ("-c", "core.fsmonitor=", "-c", "core.hooksPath=/dev/null", "-c", "core.pager=cat", "--no-pager", "--no-optional-locks")


def revision_of(root: Path, folders: Iterable[str]) -> str | None:
    """The short commit of the policies at this *root*, with ``+`` where the settings or files in *folders* differ from it.

    None where git is missing, refuses, is too slow, or has no commit that holds the settings: the contents speak for themselves then.
    """
    commit = git(root, "rev-parse", "--short", "HEAD")
    asked = sorted(folders)
    tree = git(root, "ls-tree", "-r", "-z", "HEAD", "--", SETTINGS, *asked) if commit else None
    if not commit or tree is None:
        return None
    committed = _blobs(tree)
    if SETTINGS not in committed:
        return None
    return commit.decode("ascii", "replace").strip() + ("+" if _differs(root, committed, asked) else "")


def git(root: Path, *arguments: str) -> bytes | None:
    """What git answers in this folder, running nothing that the repository names; None where it refuses or takes too long.

    The caller asks only what needs no file of the working tree: those pass filters that the repository names.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    quiet = {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "GIT_ALLOW_PROTOCOL": "none", "GIT_NO_LAZY_FETCH": "1"}
    try:
        done = subprocess.run(
            ["git", *_HARDENED, *arguments],
            cwd=root,
            env=kept | quiet,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TIME_LIMIT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


def _blobs(tree: bytes) -> dict[str, str]:
    """The committed policy files by path, each with the name that git gives to its bytes."""
    found: dict[str, str] = {}
    for entry in tree.split(b"\0"):
        about, _, path = entry.partition(b"\t")
        words = about.split()
        name = os.fsdecode(path)
        if len(words) == 3 and words[1] == b"blob" and words[0] != b"120000" and _is_policy(name):
            found[name] = words[2].decode("ascii")
    return found


def _is_policy(path: str) -> bool:
    return path.lower().endswith((".yaml", ".yml")) and not any(part.startswith(".") for part in path.split("/"))


def _differs(root: Path, committed: dict[str, str], folders: list[str]) -> bool:
    """Whether any file that was committed is changed or gone, or one is there that was not committed."""
    for path, blob in committed.items():
        try:
            held = content(root / path)
        except OSError:
            return True
        # A checkout on Windows may have changed the ends of lines, which changes no policy.
        if blob not in (_blob(held, len(blob)), _blob(held.replace(b"\r\n", b"\n"), len(blob))):
            return True
    return any(path not in committed for path in _present(root, folders))


def _blob(content: bytes, size: int) -> str:
    """What git calls these bytes: SHA-1, or SHA-256 in a repository that uses it."""
    made = hashlib.sha256(usedforsecurity=False) if size == 64 else hashlib.sha1(usedforsecurity=False)
    made.update(b"blob %d\0" % len(content) + content)
    return made.hexdigest()


def _present(root: Path, folders: list[str]) -> Iterator[str]:
    for folder in folders:
        for here, inside, files in os.walk(root / folder):
            relative = os.path.relpath(here, root).replace(os.sep, "/")
            is_deep = relative.count("/") >= DEEPEST_FOLDER
            inside[:] = [] if is_deep else [name for name in inside if not name.startswith(".")]
            yield from (f"{relative}/{name}" for name in files if _is_policy(name) and not os.path.islink(os.path.join(here, name)))
