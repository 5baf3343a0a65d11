"""A repository: which files are read, and what is wrong with files as such."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from watchbill.errors import UserError
from watchbill.policy.loading import load_files, load_repository, read_policy_files, reading

SETTINGS = "kind: Settings\nspec: {fallback_team: platform}\n"


def a_repository(root: Path, *, settings: str | None = SETTINGS, **files: str | bytes) -> Path:
    """Files by path, with `/` written as two underscores and `.yaml` left out."""
    root.mkdir(exist_ok=True)
    if settings is not None:
        (root / "watchbill.yaml").write_text(settings)
    for name, text in files.items():
        put(root, name.replace("__", "/") + ".yaml", text)
    return root


def put(root: Path, path: str, text: str | bytes = "a: 1\n") -> None:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text.encode() if isinstance(text, str) else text)


def found(root: Path) -> list[tuple[str, str]]:
    """Place and rule of all that is wrong."""
    return [(str(finding.place), finding.rule) for finding in load_repository(root)[1].findings]


def test_settings_and_documents_are_apart(tmp_path: Path) -> None:
    """
    The Settings come by themselves; everything else comes in order of path and line, under POSIX paths from the root.
    """
    a_repository(
        tmp_path, settings=SETTINGS + "---\nz: 1\n", policies__b="b: 1\n", policies__a__x="x: 1\n---\ny: 1\n", ownership__t="t: 1\n"
    )
    settings, loaded = load_repository(tmp_path)

    assert settings is not None
    assert settings.data["spec"] == {"fallback_team": "platform"}
    assert [(document.file, *document.data) for document in loaded.documents] == [
        ("watchbill.yaml", "z"),
        ("ownership/t.yaml", "t"),
        ("policies/a/x.yaml", "x"),
        ("policies/a/x.yaml", "y"),
        ("policies/b.yaml", "b"),
    ]
    assert (loaded.files, loaded.findings) == (4, ())


def test_a_repository_needs_its_settings_file(tmp_path: Path) -> None:
    """
    Without a `watchbill.yaml` there is nothing to load, which is wrong use and said with what to do.
    """
    with pytest.raises(UserError) as caught:
        load_repository(tmp_path)

    assert caught.value.rule == "no-settings"
    assert "--policies" in caught.value.help


def test_a_settings_file_needs_settings(tmp_path: Path) -> None:
    """
    A `watchbill.yaml` without a document of that kind is a finding, and the rest is loaded.
    """
    a_repository(tmp_path, settings="kind: Team\n", policies__a="a: 1\n")
    settings, loaded = load_repository(tmp_path)

    assert settings is None
    assert len(loaded.documents) == 2
    assert found(tmp_path) == [("watchbill.yaml", "no-settings")]


def test_broken_settings_are_one_finding(tmp_path: Path) -> None:
    """
    A broken `watchbill.yaml` leaves the usual folders, and is not called missing besides.
    """
    a_repository(tmp_path, settings=SETTINGS + "a: [", policies__a="a: 1\n")
    settings, loaded = load_repository(tmp_path)

    assert settings is None
    assert [document.file for document in loaded.documents] == ["policies/a.yaml"]
    assert found(tmp_path) == [("watchbill.yaml:3:4", "yaml-syntax")]


def test_a_broken_file_breaks_no_other(tmp_path: Path) -> None:
    """
    Of two teams, the one with a broken file is named and the other is loaded.
    """
    a_repository(tmp_path, ownership__a="kind: Team\nmetadata: {name: a}\nspec: [", ownership__b="kind: Team\nmetadata: {name: b}\n")
    _, loaded = load_repository(tmp_path)

    assert [document.file for document in loaded.documents] == ["ownership/b.yaml"]
    assert loaded.quarantined == ("Team/a",)
    assert found(tmp_path) == [("ownership/a.yaml:3:7", "yaml-syntax")]


# --- folders --------------------------------------------------------------------------


def test_only_yaml_files_in_the_folders_are_read(tmp_path: Path) -> None:
    """
    Both endings count in any case; hidden names, other endings and other folders do not.
    """
    a_repository(tmp_path)
    for path in ("policies/a.yaml", "policies/b.yml", "policies/c.YAML"):
        put(tmp_path, path)
    for path in ("policies/.hidden.yaml", "policies/.git/x.yaml", "policies/notes.md", "elsewhere/a.yaml", "other.yaml"):
        put(tmp_path, path, "broken: [")

    assert list(read_policy_files(tmp_path)) == ["watchbill.yaml", "policies/a.yaml", "policies/b.yml", "policies/c.YAML"]


def test_settings_name_the_folders(tmp_path: Path) -> None:
    """
    With `folders`, those are read and not the usual ones; where they overlap, each file is read once.
    """
    a_repository(
        tmp_path, settings="kind: Settings\nspec: {folders: [teams/, ./teams/a, '.more']}\n", policies__x="a: 1\n", teams__a__x="a: 1\n"
    )
    put(tmp_path, ".more/y.yaml")

    assert list(read_policy_files(tmp_path)) == ["watchbill.yaml", ".more/y.yaml", "teams/a/x.yaml"]
    assert found(tmp_path) == []


def test_the_whole_repository_may_be_the_folder(tmp_path: Path) -> None:
    """
    A dot names everything, and `watchbill.yaml` itself is still read once.
    """
    a_repository(tmp_path, settings="kind: Settings\nspec: {folders: [.]}\n", x="a: 1\n")

    assert list(read_policy_files(tmp_path)) == ["watchbill.yaml", "x.yaml"]


@pytest.mark.parametrize("folder", ["../other", "/etc", "a/../../b", ".."])
def test_folders_do_not_leave_the_repository(tmp_path: Path, folder: str) -> None:
    """
    A folder outside the repository is a finding at its name, and is not read.
    """
    a_repository(tmp_path / "repository", settings=f"kind: Settings\nspec:\n  folders:\n    - {folder}\n")
    put(tmp_path, "other/a.yaml")

    assert found(tmp_path / "repository") == [("watchbill.yaml:4:7", "folder-outside")]


def test_a_folder_that_is_not_there_is_a_finding(tmp_path: Path) -> None:
    """
    A named folder that does not exist is found, with the name that was probably meant.
    """
    a_repository(tmp_path, settings="kind: Settings\nspec: {folders: [polices, quite-another]}\n", policies__a="a: 1\n")
    first, second = load_repository(tmp_path)[1].findings

    assert (first.rule, first.help) == ("no-folder", "did you mean `policies`?")
    assert "make it" in second.help


@pytest.mark.parametrize("spec", ["[]", "{folders: policies}", "{folders: {a: b}}"])
def test_folders_of_the_wrong_form_leave_the_usual_ones(tmp_path: Path, spec: str) -> None:
    """
    What `folders` should look like is not checked here; what cannot be a list counts as absent.
    """
    a_repository(tmp_path, settings=f"kind: Settings\nspec: {spec}\n", policies__a="a: 1\n")

    assert list(read_policy_files(tmp_path)) == ["watchbill.yaml", "policies/a.yaml"]


def test_folders_that_are_no_texts_are_passed_over(tmp_path: Path) -> None:
    """
    An item of `folders` that is no text is left to the check of the Settings.
    """
    a_repository(tmp_path, settings="kind: Settings\nspec: {folders: [3, '', ~, policies]}\n", policies__a="a: 1\n")

    assert list(read_policy_files(tmp_path)) == ["watchbill.yaml", "policies/a.yaml"]
    assert found(tmp_path) == []


# --- links ----------------------------------------------------------------------------


def test_links_out_of_the_repository_are_not_followed(tmp_path: Path) -> None:
    """
    A link to a file, a folder or the settings outside is a finding, and nothing behind it is read.
    """
    put(tmp_path, "outside/secret.yaml", "broken: [")
    root = a_repository(tmp_path / "repository", policies__a="a: 1\n")
    (root / "policies/file.yaml").symlink_to(tmp_path / "outside/secret.yaml")
    (root / "policies/folder").symlink_to("../../outside")
    (root / "policies/notes.md").symlink_to("/etc/hostname")
    (root / "ownership").symlink_to(tmp_path / "outside")

    for settings in (SETTINGS, "kind: Settings\nspec: {folders: [ownership, policies]}\n"):
        put(root, "watchbill.yaml", settings)
        assert found(root) == [("ownership", "file-link"), ("policies/file.yaml", "file-link"), ("policies/folder", "file-link")]
        assert list(read_policy_files(root)) == ["watchbill.yaml", "policies/a.yaml"]


def test_a_neighbour_with_a_longer_name_is_outside(tmp_path: Path) -> None:
    """
    A folder beside the repository whose name begins like the repository's is not inside it.
    """
    put(tmp_path, "repository-of-others/a.yaml")
    root = a_repository(tmp_path / "repository", policies__a="a: 1\n")
    (root / "policies/link.yaml").symlink_to(tmp_path / "repository-of-others/a.yaml")

    assert found(root) == [("policies/link.yaml", "file-link")]


def test_settings_may_not_lead_out(tmp_path: Path) -> None:
    """
    A `watchbill.yaml` that is a link out of the repository is not read.
    """
    put(tmp_path, "settings.yaml", SETTINGS)
    root = a_repository(tmp_path / "repository", settings=None)
    (root / "watchbill.yaml").symlink_to("../settings.yaml")

    assert load_repository(root)[0] is None
    assert found(root) == [("watchbill.yaml", "file-link")]


def test_links_inside_are_read_once(tmp_path: Path) -> None:
    """
    A link to a file that is read anyway is passed over; one to a file that is not, is read under its own name.
    """
    root = a_repository(tmp_path, policies__z="a: 1\n", elsewhere__x="b: 1\n")
    (root / "policies/a.yaml").symlink_to("z.yaml")
    (root / "policies/b.yaml").symlink_to("../elsewhere/x.yaml")
    (root / "policies/c.yaml").symlink_to("../elsewhere/x.yaml")
    (root / "policies/d.txt").symlink_to("../elsewhere/x.yaml")

    assert list(read_policy_files(root)) == ["watchbill.yaml", "policies/b.yaml", "policies/z.yaml"]
    assert found(root) == []


def test_links_to_folders_inside_are_followed_once(tmp_path: Path) -> None:
    """
    A folder behind a link is read unless it is read anyway, and a circle of links comes to an end.
    """
    root = a_repository(tmp_path, policies__a="a: 1\n", elsewhere__x="b: 1\n")
    (root / "policies/again").symlink_to("../policies")
    (root / "policies/more").symlink_to("../elsewhere")
    (root / "elsewhere/back").symlink_to("../policies")

    assert list(read_policy_files(root)) == ["watchbill.yaml", "policies/a.yaml", "policies/more/x.yaml"]
    assert found(root) == []


def test_a_mounted_volume_is_read(tmp_path: Path) -> None:
    """
    Files that are links into a hidden folder, as Kubernetes mounts them, are read.
    """
    root = a_repository(tmp_path, settings=None)
    put(root, "..2026/watchbill.yaml", SETTINGS)
    (root / "..data").symlink_to("..2026")
    (root / "watchbill.yaml").symlink_to("..data/watchbill.yaml")

    assert load_repository(root)[0] is not None
    assert found(root) == []


def test_a_link_to_nowhere_is_a_finding(tmp_path: Path) -> None:
    """
    A policy file that is a link to nothing, or to itself, is found; other broken links do not matter.
    """
    root = a_repository(tmp_path, policies__a="a: 1\n")
    (root / "policies/b.yaml").symlink_to("missing.yaml")
    (root / "policies/c.yaml").symlink_to("c.yaml")
    (root / "policies/d.md").symlink_to("missing.md")

    assert found(root) == [("policies/b.yaml", "file-unreadable"), ("policies/c.yaml", "file-unreadable")]


# --- files ----------------------------------------------------------------------------


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is unreadable to the superuser")
def test_what_may_not_be_read_is_a_finding(tmp_path: Path) -> None:
    """
    A file or folder without permission is found, and the rest is loaded.
    """
    root = a_repository(tmp_path, policies__a="a: 1\n", policies__b="b: 1\n", policies__c__d="d: 1\n")
    (root / "policies/b.yaml").chmod(0)
    (root / "policies/c").chmod(0)
    try:
        assert found(root) == [("policies/b.yaml", "file-unreadable"), ("policies/c", "file-unreadable")]
    finally:
        (root / "policies/c").chmod(0o700)


def test_what_fails_to_open_is_a_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Whatever the machine says when a file or folder is opened is passed on in the finding.
    """
    root = a_repository(tmp_path, policies__a="a: 1\n", ownership__b="b: 1\n")
    before = os.scandir

    def scandir(path: str) -> os._ScandirIterator[str]:
        if path.endswith("ownership"):
            raise PermissionError(13, "Permission denied")
        return before(path)

    def refuse(path: Path, mode: str) -> None:
        raise OSError(5, "Input/output error")

    (root / "policies/a.yaml").unlink()
    monkeypatch.setattr(os, "scandir", scandir)
    monkeypatch.setattr(reading, "open", refuse, raising=False)
    findings = read_policy_files(root).findings

    assert [str(finding.place) for finding in findings] == ["ownership", "watchbill.yaml"]
    assert "permission denied" in findings[0].message
    assert "input/output error" in findings[1].message


def test_a_pipe_is_not_opened(tmp_path: Path) -> None:
    """
    Something that is no regular file is found, and not waited for.
    """
    root = a_repository(tmp_path, policies__a="a: 1\n")
    os.mkfifo(root / "policies/pipe.yaml")

    assert found(root) == [("policies/pipe.yaml", "file-unreadable")]


def test_names_are_fit_to_print(tmp_path: Path) -> None:
    """
    A file whose name holds control characters or is not UTF-8 is found under a name that can be shown.
    """
    root = a_repository(tmp_path, policies__a="a: 1\n")
    put(root, "policies/x\x1b[31m\n.yaml")
    (root / os.fsdecode(b"policies/caf\xe9.yaml")).write_text("a: 1\n")

    assert found(root) == [("policies/caf\\udce9.yaml", "file-unreadable"), ("policies/x\\x1b[31m\\n.yaml", "file-unreadable")]


def test_a_large_file_is_refused_alone(tmp_path: Path) -> None:
    """
    A file over a mebibyte is found and not read; its neighbours are.
    """
    root = a_repository(tmp_path, policies__a=b"#" * (1024 * 1024 + 1), policies__b="b: 1\n")

    assert found(root) == [("policies/a.yaml", "yaml-size")]
    assert list(read_policy_files(root)) == ["watchbill.yaml", "policies/b.yaml"]


@pytest.mark.parametrize(("bound", "value"), [("MOST_FILES", 3), ("LARGEST_REPOSITORY", 60)])
def test_a_vast_repository_is_refused_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bound: str, value: int) -> None:
    """
    Too many files, or too many bytes in all, are one finding, and nothing is loaded.
    """
    root = a_repository(tmp_path, policies__a="a: 1\n", policies__b="b: 1\n")
    assert found(root) == []
    monkeypatch.setattr(reading, bound, value)
    put(root, "policies/c.yaml", "c: 1\n")

    assert found(root) == [("watchbill.yaml", "yaml-size")]
    assert load_repository(root)[1].documents == ()


# --- reading apart from parsing -------------------------------------------------------


def test_reading_gives_bytes_by_path(tmp_path: Path) -> None:
    """
    What was read is a mapping of paths to bytes, with the digest that the loaded documents carry.
    """
    root = a_repository(tmp_path, policies__a="a: 1\n")
    files = read_policy_files(root)

    assert dict(files) == {"watchbill.yaml": SETTINGS.encode(), "policies/a.yaml": b"a: 1\n"}
    assert len(files) == 2
    assert load_files(files)[1].digest == files.digest == load_repository(root)[1].digest


def test_the_digest_follows_every_change(tmp_path: Path) -> None:
    """
    Other bytes, another name, or a file that cannot be read any more make another digest; the same files the same one.
    """
    root = a_repository(tmp_path, policies__a="a: 1\n", policies__b="b: 1\n")
    digests = [read_policy_files(root).digest, read_policy_files(root).digest]
    put(root, "policies/a.yaml", "a: 2\n")
    digests.append(read_policy_files(root).digest)
    (root / "policies/a.yaml").rename(root / "policies/c.yaml")
    digests.append(read_policy_files(root).digest)
    (root / "policies/d.yaml").symlink_to("missing")
    digests.append(read_policy_files(root).digest)

    assert digests[0] == digests[1]
    assert len(set(digests)) == 4
