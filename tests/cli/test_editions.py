"""Policies as an engine goes by them: what they are called by, and which of two editions would take something away."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.cli.makers import MISTAKE, a_repository
from watchbill.cli.editions import documents_of, gone, load_edition, lost, reload_edition
from watchbill.connectors.catalogue import catalogue
from watchbill.errors import UserError
from watchbill.execute.policies import kept_edition


def git(root: Path, *arguments: str) -> str:
    """What git says in this folder, with nobody's settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    alone = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    who = ("-c", "user.name=Ana", "-c", "user.email=ana@example.com")
    done = subprocess.run(["git", *who, *arguments], cwd=root, env=kept | alone, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def revision(root: Path) -> str:
    """What the policies of this folder are called now."""
    return load_edition(root, catalogue()).edition.revision


def test_no_two_contents_have_one_revision(tmp_path: Path) -> None:
    """
    A commit is called by its name; a working tree that differs by the commit and a digest of what stands in it, which comes back with it.
    """
    root = a_repository(tmp_path)
    git(root, "init", "-q")
    git(root, "add", ".")
    git(root, "commit", "-q", "-m", "policies")
    commit = git(root, "rev-parse", "--short", "HEAD")
    page = root / "policies" / "payments.yaml"
    clean, text = revision(root), page.read_text("utf-8")
    page.write_text(text.replace("wait: 5m", "wait: 6m"), "utf-8")
    one = revision(root)
    page.write_text(text.replace("wait: 5m", "wait: 7m"), "utf-8")
    other = revision(root)
    page.write_text(text.replace("wait: 5m", "wait: 6m"), "utf-8")

    assert clean == commit
    assert one.startswith(f"{commit}+")
    assert len({clean, one, other}) == 3
    assert revision(root) == one


def test_without_git_the_contents_are_the_name(tmp_path: Path) -> None:
    """
    Outside of git a digest of the contents is the revision.
    """
    root = a_repository(tmp_path)
    before = revision(root)
    (root / "policies" / "more.yaml").write_text("# nothing yet\n", "utf-8")

    assert revision(root) != before


def test_an_edition_comes_back_from_its_files(tmp_path: Path) -> None:
    """
    The files that an edition keeps compile to the same policies.
    """
    loaded = load_edition(a_repository(tmp_path), catalogue())
    again = kept_edition(loaded.edition.files, catalogue(), loaded.edition.revision)

    assert (loaded.errors, loaded.warnings) == (0, 0)
    assert again is not None
    assert again.policies == loaded.edition.policies


def test_what_would_be_lost_is_known(tmp_path: Path) -> None:
    """
    A document that is in force and broken in the new edition would be lost; one that was never well, or is new, or was taken out, is not.
    """
    old = load_edition(a_repository(tmp_path / "old"), catalogue()).edition
    added = load_edition(a_repository(tmp_path / "added", wrong=MISTAKE), catalogue())
    broken = a_repository(tmp_path / "broken")
    page = broken / "policies" / "payments.yaml"
    page.write_text(page.read_text("utf-8").replace("role/primary", "role/primray"), "utf-8")
    removed = a_repository(tmp_path / "removed")
    (removed / "policies" / "payments.yaml").write_text("", "utf-8")

    assert added.errors == 1
    assert lost(added.edition, old) == ()
    assert lost(load_edition(broken, catalogue()).edition, old) == ("Escalation/payments-any",)
    assert lost(load_edition(removed, catalogue()).edition, old) == ()


def test_broken_settings_load_nothing(tmp_path: Path) -> None:
    """
    Without settings nothing can be loaded, and the error says how to see what to mend.
    """
    root = a_repository(tmp_path)
    (root / "watchbill.yaml").write_text("apiVersion: watchbill/v1\nkind: Settings\nmetadata: {name: shop}\nspec: {}\n", "utf-8")

    with pytest.raises(UserError, match="no policies could be loaded") as raised:
        load_edition(root, catalogue())

    assert "watchbill validate" in raised.value.help


# --- what a reload keeps ----------------------------------------------------------------

PAYMENTS = "policies/payments.yaml"


@pytest.mark.parametrize(
    "broken",
    [b"kind: [", b"", b"\xff\xfe", b"apiVersion: watchbill/v1\nkind: Nonsense\n"],
    ids=["no YAML", "nothing", "no text", "no kind of ours"],
)
def test_a_file_that_is_broken_keeps_what_is_in_force(tmp_path: Path, broken: bytes) -> None:
    """
    A file that has an error, and fewer documents than are in force, keeps its old ones on a reload; what changed elsewhere is adopted.
    """
    root = a_repository(tmp_path)
    old = load_edition(root, catalogue()).edition
    (root / PAYMENTS).write_bytes(broken or b"# \x01\n")
    (root / "policies" / "more.yaml").write_text(INTERVAL, "utf-8")
    loaded = reload_edition(root, catalogue(), old)

    assert loaded.kept == (PAYMENTS,)
    assert documents_of(loaded.edition)[PAYMENTS] == documents_of(old)[PAYMENTS]
    assert "nights" in loaded.edition.policies.time_intervals
    assert loaded.edition.revision != load_edition(root, catalogue()).edition.revision
    assert gone(loaded.edition, old) == lost(loaded.edition, old) == ()


INTERVAL = """\
apiVersion: watchbill/v1
kind: TimeInterval
metadata: {name: nights}
spec: {location: UTC, time_intervals: [{weekdays: [sunday]}]}
"""


def test_a_file_that_merely_has_fewer_documents_is_adopted(tmp_path: Path) -> None:
    """
    Documents that their authors have taken out are gone, and each is named.
    """
    root = a_repository(tmp_path)
    (root / "policies" / "more.yaml").write_text(INTERVAL, "utf-8")
    old = load_edition(root, catalogue()).edition
    (root / "policies" / "more.yaml").unlink()
    loaded = reload_edition(root, catalogue(), old)

    assert loaded.kept == ()
    assert gone(loaded.edition, old) == ("TimeInterval/nights",)


def test_an_error_beside_all_that_is_in_force_keeps_nothing_back(tmp_path: Path) -> None:
    """
    A new document that is broken harms no other of its file, so the file is adopted.
    """
    root = a_repository(tmp_path)
    old = load_edition(root, catalogue()).edition
    page = root / PAYMENTS
    page.write_text(page.read_text("utf-8") + "\n---\napiVersion: watchbill/v1\nkind: TimeInterval\nmetadata: {name: odd}\n", "utf-8")
    loaded = reload_edition(root, catalogue(), old)

    assert (loaded.kept, loaded.faulty) == ((), {PAYMENTS})
