"""Which files of a repository hold policies, and their bytes.

Rule 1: `watchbill.yaml` at the root, then every `*.yaml` and `*.yml` below the folders it names, in order of path.
Names that begin with a dot are passed over, as are other files.
Rule 2: nothing outside the repository is read, whatever links and `folders` say: the repository may be a stranger's.
Rule 3: reading is apart from parsing, so that what was parsed can be kept by the digest of what was read.
"""

from __future__ import annotations

import os
import posixpath
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from watchbill.errors import Finding, Place, UserError
from watchbill.policy.loading.parsing import LARGEST_FILE, parse, too_large
from watchbill.policy.loading.placed import Loaded, PlacedDict, RawDocument
from watchbill.policy.suggest import nearest

SETTINGS: Final = "watchbill.yaml"
FOLDERS: Final = ("ownership", "policies")
LARGEST_REPOSITORY: Final = 64 * 1024 * 1024
MOST_FILES: Final = 20_000
MOST_DOCUMENTS: Final = 100_000
DEEPEST_FOLDER: Final = 50
_SUFFIXES: Final = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class PolicyFiles(Mapping[str, bytes]):
    """The policy files of a repository: bytes by path, and what is wrong with files that could not be read.

    Paths are POSIX and relative to the root; *contents* has them in order, settings first. *digest* is the SHA-256
    over names and bytes, and over the findings of reading.
    """

    contents: dict[str, bytes]
    findings: tuple[Finding, ...]
    digest: str

    def __getitem__(self, file: str) -> bytes:
        return self.contents[file]

    def __iter__(self) -> Iterator[str]:
        return iter(self.contents)

    def __len__(self) -> int:
        return len(self.contents)


def load_text(text: bytes, file: str) -> Loaded:
    """The documents of one *text*, under the name *file*."""
    parsed = parse(text, file)
    return Loaded(parsed.documents, parsed.findings, _digest({file: text}, ()), 1, parsed.quarantined)


def load_repository(root: Path) -> tuple[RawDocument | None, Loaded]:
    """The Settings of the repository at this *root*, and everything else in it.

    The Settings are None where they are broken or missing from their file; a finding says so, and the rest is loaded
    as if they named the usual folders. Raises UserError `no-settings` where there is no `watchbill.yaml`.
    """
    return load_files(read_policy_files(root))


def load_files(files: PolicyFiles) -> tuple[RawDocument | None, Loaded]:
    """The Settings and everything else in these *files*.

    The Settings are the first document of that kind in `watchbill.yaml`. They are not among the documents of the
    other value; a second one is, wherever it stands.
    """
    documents: list[RawDocument] = []
    findings = list(files.findings)
    quarantined: list[str] = []
    for file, content in files.items():
        parsed = parse(content, file)
        documents.extend(parsed.documents)
        findings.extend(parsed.findings)
        quarantined.extend(parsed.quarantined)
        if len(documents) > MOST_DOCUMENTS:
            return None, Loaded((), (_too_much(f"{MOST_DOCUMENTS:,} documents"),), files.digest, len(files))
    settings = _settings(documents)
    if settings is not None:
        documents = [document for document in documents if document is not settings]
    elif not any(finding.place.file == SETTINGS for finding in findings):
        message = "there is no document of kind `Settings` in this file"
        findings.append(Finding("no-settings", Place(SETTINGS), message, "add one; it names at least the `fallback_team`"))
    findings.sort(key=lambda finding: finding.order)
    return settings, Loaded(tuple(documents), tuple(findings), files.digest, len(files), tuple(dict.fromkeys(quarantined)))


def read_policy_files(root: Path) -> PolicyFiles:
    """The policy files of the repository at this *root*.

    Raises UserError `no-settings` where there is no `watchbill.yaml`.
    """
    if not os.path.lexists(root / SETTINGS):
        raise UserError(
            f"there is no `{SETTINGS}` in {root}",
            "change to the folder of your policy repository, or name that folder with `--policies`",
            rule="no-settings",
        )
    reading = _Reading(root)
    try:
        reading.run()
    except _TooMuch as error:
        reading.contents.clear()
        reading.findings[:] = [_too_much(f"{error} of policies")]
    findings = tuple(sorted(reading.findings, key=lambda finding: finding.order))
    return PolicyFiles(reading.contents, findings, _digest(reading.contents, findings))


def _too_much(what: str) -> Finding:
    message = f"this repository has more than {what}, and was not read"
    return Finding("yaml-size", Place(SETTINGS), message, "name in `folders` only those that hold policies")


def _settings(documents: Iterable[RawDocument]) -> RawDocument | None:
    return next((document for document in documents if document.file == SETTINGS and document.data.get("kind") == "Settings"), None)


def _digest(contents: Mapping[str, bytes], findings: Iterable[Finding]) -> str:
    digest = sha256()
    for file, content in contents.items():
        name = file.encode(errors="surrogateescape")
        # The lengths keep apart what a longer name and a shorter file would run together.
        digest.update(b"%d:%d:%b%b" % (len(name), len(content), name, content))
    for finding in findings:
        digest.update(str(finding).encode(errors="backslashreplace"))
    return digest.hexdigest()


# --- the tree -------------------------------------------------------------------------


class _TooMuch(Exception):
    """The repository is larger than watchbill reads; the text says how much that is."""


class _Reading:
    """One walk through a repository: what was found, what was read, what is wrong."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._real_root = os.path.realpath(root)
        self._bytes = 0
        self._found: list[str] = []
        self._links: list[str] = []
        # By real path, so that links lead to nothing twice and in no circle.
        self._walked: set[str] = set()
        self._taken: set[str] = set()
        self.contents: dict[str, bytes] = {}
        self.findings: list[Finding] = []

    def run(self) -> None:
        """Read the settings, then what is below the folders they name."""
        if os.path.isdir(self._root / SETTINGS):
            self._report("file-unreadable", SETTINGS, "this is a folder, where the file with the settings belongs", "put the file here")
        else:
            self._links.append(SETTINGS)
            self._follow_links()
            self._read_found()
        settings = _settings(parse(self.contents[SETTINGS], SETTINGS).documents) if SETTINGS in self.contents else None
        for folder in self._folders(settings):
            self._walk(folder)
        self._follow_links()
        self._read_found()

    def _report(self, rule: str, file: str, message: str, help: str) -> None:
        self.findings.append(Finding(rule, Place(_shown(file)), message, help))

    def _folders(self, settings: RawDocument | None) -> Iterator[str]:
        """The folders to walk; findings for those that are named and cannot be."""
        spec = settings.data.get("spec") if settings is not None else None
        named = spec.get("folders") if isinstance(spec, PlacedDict) else None
        if settings is None or not isinstance(named, list):
            yield from (folder for folder in FOLDERS if os.path.isdir(self._root / folder) and self._is_inside(folder))
            return
        for position, name in enumerate(named):
            # What is no text is for the check of the Settings to say.
            if not isinstance(name, str) or not name:
                continue
            folder = posixpath.normpath(name)
            place = settings.place("spec", "folders", position)
            if posixpath.isabs(folder) or folder.split("/")[0] == "..":
                message, help = f"the folder `{name}` is outside this repository", "name folders below the one of this file"
                self.findings.append(Finding("folder-outside", place, message, help))
            elif not os.path.isdir(self._root / folder):
                self.findings.append(Finding("no-folder", place, f"there is no folder `{name}`", self._help_for(folder)))
            elif self._is_inside(folder):
                yield folder

    def _help_for(self, folder: str) -> str:
        near = nearest(folder, (entry.name for entry in os.scandir(self._root) if entry.is_dir()))
        return f"did you mean `{near}`?" if near else "make it, or take it out of `folders`"

    def _is_inside(self, path: str) -> bool:
        """Whether this *path* leads to somewhere in the repository; a finding where it does not."""
        real = os.path.realpath(self._root / path)
        if real == self._real_root or real.startswith(self._real_root.rstrip(os.sep) + os.sep):
            return True
        self._report("file-link", path, "this link leads out of the repository and was not followed", "put the file itself here")
        return False

    def _walk(self, folder: str) -> None:
        """Find the files and links below this *folder*."""
        pending = [folder]
        while pending:
            here = pending.pop()
            if here.count("/") > DEEPEST_FOLDER:
                self._unreadable(here, f"this folder is more than {DEEPEST_FOLDER} folders deep, and was not read")
                continue
            real = os.path.realpath(self._root / here)
            if real in self._walked:
                continue
            self._walked.add(real)
            try:
                with os.scandir(real) as entries:
                    for entry in entries:
                        self._see(entry, posixpath.normpath(posixpath.join(here, entry.name)), pending)
            except OSError as error:
                self._unreadable(here, f"this folder cannot be read: {_why(error)}")

    def _see(self, entry: os.DirEntry[str], path: str, pending: list[str]) -> None:
        if entry.name.startswith("."):
            return
        if entry.is_symlink():
            self._links.append(path)
        elif entry.is_dir(follow_symlinks=False):
            pending.append(path)
        elif _is_yaml(path):
            self._take(path, entry.path)

    def _take(self, path: str, real: str) -> None:
        if real in self._taken:
            return
        self._taken.add(real)
        self._found.append(path)
        if len(self._taken) > MOST_FILES:
            raise _TooMuch(f"{MOST_FILES:,} files")

    def _follow_links(self) -> None:
        """Find what links inside the repository lead to, once everything that is no link is found."""
        while self._links:
            links, self._links = sorted(self._links), []
            for link in links:
                try:
                    real = os.path.realpath(self._root / link, strict=True)
                except OSError as error:
                    if _is_yaml(link):
                        self._unreadable(link, f"this link leads nowhere: {_why(error)}")
                    continue
                is_folder = os.path.isdir(real)
                if not (is_folder or _is_yaml(link)) or not self._is_inside(link):
                    continue
                if is_folder:
                    self._walk(link)
                else:
                    self._take(link, real)

    def _read_found(self) -> None:
        for path in sorted(self._found):
            if not path.isprintable():
                self._unreadable(path, "the name of this file holds characters that cannot be shown")
                continue
            content = self._read(path)
            if content is None:
                continue
            self._bytes += len(content)
            if self._bytes > LARGEST_REPOSITORY:
                raise _TooMuch(f"{LARGEST_REPOSITORY // 1024 // 1024} MiB")
            self.contents[path] = content
        self._found.clear()

    def _read(self, path: str) -> bytes | None:
        try:
            # Asked before it is opened: opening a pipe would wait for a writer.
            if not stat.S_ISREG(os.stat(self._root / path).st_mode):
                self._unreadable(path, "this is not a regular file")
                return None
            with open(self._root / path, "rb") as file:
                content = file.read(LARGEST_FILE + 1)
        except OSError as error:
            self._unreadable(path, f"this file cannot be read: {_why(error)}")
            return None
        if len(content) > LARGEST_FILE:
            self.findings.append(too_large(path))
            return None
        return content

    def _unreadable(self, path: str, message: str) -> None:
        self._report("file-unreadable", path, message, "mend it, or take it away")


def _is_yaml(path: str) -> bool:
    return path.lower().endswith(_SUFFIXES)


def _shown(path: str) -> str:
    """The *path* as it can be printed anywhere."""
    return path if path.isprintable() else repr(path)[1:-1]


def _why(error: OSError) -> str:
    return (error.strerror or "unknown").lower()
