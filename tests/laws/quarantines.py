"""The reference repository with documents spoiled or taken away, and everything that may be asked of it then."""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from watchbill.cli.app import run

ROOT: Final = Path(__file__).resolve().parents[2]
ALERTS: Final = ROOT / "examples" / "alerts"
AT: Final = "2026-11-23T03:12:00Z"
DAY: Final = "2035-12-24T12:00:00Z"
"""An instant at which overrides and a freeze hold."""

WAYS: Final = ("broken", "unreadable", "absent")
"""With a key that nobody knows; in a file whose syntax is broken; not there at all."""


@dataclass(frozen=True, slots=True)
class Document:
    """One document of the reference: where it stands, and what it is called (``Kind/name``)."""

    file: str
    index: int
    label: str


@dataclass(frozen=True, slots=True)
class Ran:
    """What came of one command line."""

    arguments: tuple[str, ...]
    code: int
    out: str
    err: str


def _documents() -> Iterator[Document]:
    for path in sorted((*(ROOT / "ownership").rglob("*.yaml"), *(ROOT / "policies").rglob("*.yaml"))):
        for index, text in enumerate(_split(path.read_text("utf-8"))):
            kind, name = re.search(r"^kind: (\w+)", text, re.MULTILINE), re.search(r"^metadata:\s*\{?\s*name: ([\w-]+)", text, re.MULTILINE)
            assert kind is not None
            assert name is not None
            yield Document(path.relative_to(ROOT).as_posix(), index, f"{kind[1]}/{name[1]}")


def _split(text: str) -> list[str]:
    return re.split(r"^---\n", text, flags=re.MULTILINE)


DOCUMENTS: Final = tuple(_documents())


class Repository:
    """A copy of the reference at this *root*, to be spoiled and mended again."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for name in ("ownership", "policies"):
            shutil.copytree(ROOT / name, root / name)
        shutil.copytree(ROOT / "docs" / "runbooks", root / "docs" / "runbooks")
        shutil.copy2(ROOT / "watchbill.yaml", root / "watchbill.yaml")

    @contextmanager
    def without(self, *spoiled: tuple[Document, str]) -> Iterator[None]:
        """The repository with each of these documents spoiled in its way."""
        files = {document.file for document, _ in spoiled}
        try:
            for file in files:
                texts = _split((ROOT / file).read_text("utf-8"))
                kept = [_spoiled(text, _way(spoiled, file, index)) for index, text in enumerate(texts)]
                (self.root / file).write_text("---\n".join(filter(None, kept)), "utf-8")
            yield
        finally:
            for file in files:
                shutil.copy2(ROOT / file, self.root / file)

    def commands(self, *, every: bool) -> Iterator[tuple[str, ...]]:
        """Each verb that only reads, in one form; *every* adds the forms that take other ways through the policies."""
        root, policies = str(self.root), ("--policies", str(self.root))
        checkout, database = str(ALERTS / "checkout-high-error-rate.json"), str(ALERTS / "orders-db-connections.json")
        yield ("validate", root, "--no-cache", "--at", AT)
        yield ("oncall", "--at", AT, *policies)
        yield ("oncall", "--from", DAY, "--for", "9d", "--format", "ics", *policies)
        yield ("plan", checkout, "--at", AT, *policies)
        yield ("explain", database, "--at", AT, "--no-history", *policies)
        yield ("simulate", str(ALERTS / "checkout-stuck-worker.json"), "--at", AT, "--for", "2h", *policies)
        yield ("test", root, "--coverage", "-v")
        if every:
            yield ("oncall", "payments", "team/data", "engineering", "checkout", "--at", DAY, "--format", "json", *policies)
            yield ("oncall", "--from", AT, "--for", "9d", *policies)
            yield ("plan", database, "--at", DAY, "--format", "json", *policies)
            yield ("plan", str(ALERTS / "two-services.json"), "--at", AT, "--format", "markdown", *policies)
            yield ("explain", checkout, "kai", "--at", AT, "--no-history", "--format", "json", *policies)
            yield ("fmt", "--check", root)

    def answers(self, *, every: bool = True) -> Iterator[Ran]:
        """What comes of each of them, in this process."""
        for arguments in self.commands(every=every):
            out, err = io.StringIO(), io.StringIO()
            with redirect_stdout(out), redirect_stderr(err):
                code = run([*arguments, "--debug"])
            yield Ran(arguments, code, out.getvalue(), err.getvalue())


def _way(spoiled: tuple[tuple[Document, str], ...], file: str, index: int) -> str:
    return next((way for document, way in spoiled if (document.file, document.index) == (file, index)), "")


def _spoiled(text: str, way: str) -> str:
    if way == "broken":
        return f"{text.rstrip()}\nextra: 1\n"
    if way == "unreadable":
        return f"{text.rstrip()}\nextra: [1\n"
    return "" if way == "absent" else text
