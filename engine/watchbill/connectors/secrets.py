"""Secrets, looked up by their references: ``env/NAME`` in the environment, ``file/NAME`` in a folder.

Rule 1: which variables and which folders is said by the process's own flags. A repository can only name what is in them.
Rule 2: a secret is read anew each time it is used, so that one that was changed outside counts at once.
Rule 3: no message holds a secret, nor anything that was read.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from watchbill.connectors.performing import Unable
from watchbill.connectors.threads import Threads

LARGEST: Final = 64 * 1024
"""Bytes that the file of a secret may have."""
_OURS: Final = "WATCHBILL_"
"""What variables begin with that this process itself is told things by: never a secret for others, unless named in full."""


@dataclass(frozen=True, slots=True)
class Roots:
    """Where secrets may come from: variables whose names begin with one of *prefixes*, files below one of *folders*.

    *environment* is the process's own; it is handed in so that this room reads nothing unasked.
    """

    prefixes: tuple[str, ...] = ()
    folders: tuple[Path, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)


class Secrets:
    """Looks secrets up below *roots*."""

    __slots__ = ("_roots", "_threads")

    def __init__(self, roots: Roots) -> None:
        self._roots = roots
        self._threads = Threads("secret", 8)

    async def of(self, references: Iterable[tuple[str, str]]) -> dict[str, str]:
        """The secrets of a connector by their names, as they are now; see `look_up`. A disk that is slow holds nobody else up."""
        wanted = tuple(references)
        if not wanted:
            return {}
        return await self._threads.run(lambda: {name: look_up(reference, self._roots) for name, reference in wanted})


def look_up(reference: str, roots: Roots) -> str:
    """The secret that a *reference* stands for. Raises Unable where there is none, or where it is out of bounds."""
    kind, _, name = reference.partition("/")
    if kind == "env" and name:
        return _variable(name, reference, roots)
    if kind == "file" and name:
        return _file(name, reference, roots)
    raise Unable("a secret is referred to by something that is neither `env/NAME` nor `file/NAME`")


def has_leave(reference: str, roots: Roots) -> bool:
    """Whether the process was given leave to look up this *reference* at all, be there a secret or not."""
    kind, _, name = reference.partition("/")
    return _may_be_named(name, roots) if kind == "env" else bool(roots.folders)


def _may_be_named(name: str, roots: Roots) -> bool:
    prefixes = [prefix for prefix in roots.prefixes if name.startswith(prefix)]
    if name.startswith(_OURS):
        return any(prefix.startswith(_OURS) and prefix != _OURS for prefix in prefixes)
    return bool(prefixes)


def _variable(name: str, reference: str, roots: Roots) -> str:
    if not _may_be_named(name, roots):
        which = " or ".join(f"`{prefix}`" for prefix in roots.prefixes)
        told = f"those that begin with {which}" if which else "none"
        raise Unable(f"the secret `{reference}` is out of bounds: of the environment this process was given leave to use {told}")
    value = roots.environment.get(name, "")
    if not value:
        raise Unable(f"the secret `{reference}` is missing: the variable `{name}` is not set where watchbill runs")
    return value


def _file(name: str, reference: str, roots: Roots) -> str:
    parts = name.split("/")
    if name.startswith("/") or "\0" in name or any(part in ("", ".", "..") for part in parts):
        raise Unable(f"the secret `{reference}` is out of bounds: a file is named by its path below a folder of secrets")
    if not roots.folders:
        raise Unable(f"the secret `{reference}` is out of bounds: this process was given no folder of secrets")
    for folder in roots.folders:
        try:
            root, path = folder.resolve(), (folder / name).resolve()
        except (OSError, RuntimeError):
            continue
        if not path.is_relative_to(root):
            raise Unable(f"the secret `{reference}` is out of bounds: it is a link that leads out of the folder of secrets")
        content = _content(path, reference)
        if content is not None:
            return content
    raise Unable(f"the secret `{reference}` is missing: there is no such file in {' or '.join(map(str, roots.folders))}")


def _content(path: Path, reference: str) -> str | None:
    """What the file at *path* holds, without the line break at its end; None where there is none."""
    try:
        # What is no file (a pipe, a device) could be opened for ever, or read without end.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | getattr(os, "O_NONBLOCK", 0))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as problem:
        raise Unable(f"the secret `{reference}` cannot be read: {problem.strerror}") from None
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise Unable(f"the secret `{reference}` is not a file")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            read = file.read(LARGEST + 1)
    except OSError as problem:
        raise Unable(f"the secret `{reference}` cannot be read: {problem.strerror}") from None
    finally:
        with suppress(OSError):
            os.close(descriptor)
    if len(read) > LARGEST:
        raise Unable(f"the secret `{reference}` is larger than {LARGEST // 1024} KiB")
    try:
        value = read.decode("utf-8").removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise Unable(f"the secret `{reference}` is not text in UTF-8") from None
    if not value:
        raise Unable(f"the secret `{reference}` is empty")
    return value
