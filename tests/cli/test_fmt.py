"""`watchbill fmt`: which files it takes, what it writes, and what it says."""

from __future__ import annotations

import io
import json
import os
import stat
import sys
from types import SimpleNamespace

import pytest

UNTIDY = "kind:   Triage\napiVersion: watchbill/v1 # v1\n"
TIDY = "apiVersion: watchbill/v1 # v1\nkind: Triage\n"
BROKEN = "a: [1\n"


@pytest.fixture
def policies(shop):
    """The folder of the shop's policies, with one untidy file in it."""
    folder = shop / "policies"
    (folder / "untidy.yaml").write_text(UNTIDY)
    return folder


def given(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Put this *text* on standard input."""
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(text.encode()), isatty=lambda: False))


# --- writing ----------------------------------------------------------------------------


def test_a_repository_is_formatted_once(run, policies):
    """
    The files of the repository that are not in canonical form are written and named, and then there is nothing to do.
    """
    done = run("fmt")

    assert (done.code, done.out, done.err) == (0, "policies/untidy.yaml: reformatted\n4 files: 1 reformatted\n", "")
    assert (policies / "untidy.yaml").read_text() == TIDY
    assert run("fmt").out == "4 files: none reformatted\n"


def test_check_names_and_writes_nothing(run, policies):
    """
    `--check` names what is not in canonical form, leaves it so, and ends with 1; with nothing to name it ends with 0.
    """
    done = run("fmt", "--check")

    assert (done.code, done.out) == (1, "policies/untidy.yaml: not in canonical form\nrun `watchbill fmt` to write them\n")
    assert (policies / "untidy.yaml").read_text() == UNTIDY
    (policies / "untidy.yaml").unlink()
    assert (run("fmt", "--check").code, run("fmt", "--check").out) == (0, "3 files: all in canonical form\n")


def test_diff_shows_and_writes_nothing(run, policies):
    """
    `--diff` prints a unified diff, writes nothing, and ends with 0, or with 1 where `--check` is given too.
    """
    done = run("fmt", "--diff")

    assert done.code == 0
    assert done.out == (
        "--- policies/untidy.yaml\n+++ policies/untidy.yaml\n@@ -1,2 +1,2 @@\n"
        "-kind:   Triage\n apiVersion: watchbill/v1 # v1\n+kind: Triage\n"
    )
    assert run("fmt", "--diff", "--check").code == 1
    assert (policies / "untidy.yaml").read_text() == UNTIDY


def test_a_diff_is_coloured_where_it_is_asked_for(run, policies):
    """
    What goes is red and what comes is green, on a terminal or where colours are asked for.
    """
    lines = run("fmt", "--diff", "--color", "always").out.splitlines()

    assert lines[0] == "\x1b[1m--- policies/untidy.yaml\x1b[0m"
    assert "\x1b[1;31m-kind:   Triage\x1b[0m" in lines
    assert "\x1b[32m+kind: Triage\x1b[0m" in lines


def test_a_diff_says_where_a_line_feed_is_missing(run, policies):
    """
    A last line without a line feed is marked in the diff, as other tools mark it.
    """
    (policies / "untidy.yaml").write_text("a:  1")

    assert run("fmt", "--diff").out.endswith("-a:  1\n\\ No newline at end of file\n+a: 1\n")


def test_a_broken_file_is_left_alone(run, policies):
    """
    A file that is no YAML is refused with its findings and left as it is; the others are formatted, and the end is 1.
    """
    (policies / "broken.yaml").write_text(BROKEN)
    done = run("fmt")

    assert done.code == 1
    assert done.out.splitlines()[0] == "policies/broken.yaml:1:4: the bracket `[` is never closed [yaml-syntax]"
    assert done.out.splitlines()[2:] == ["policies/untidy.yaml: reformatted", "5 files: 1 reformatted, 1 refused"]
    assert (policies / "broken.yaml").read_text() == BROKEN
    assert run("fmt", "--check").out.endswith("5 files: 1 refused\n")
    assert run("fmt", "--diff").err.startswith("policies/broken.yaml:1:4: ")


def test_a_file_that_cannot_be_read_is_refused(run, policies):
    """
    A link that leads out of the repository is not followed; it is a finding, and the end is 1.
    """
    (policies / "out.yaml").symlink_to("/etc/hostname")
    done = run("fmt", "policies")

    assert done.code == 1
    assert done.out.startswith("policies/out.yaml: this link leads out of the repository")
    assert done.out.endswith("3 files: 1 reformatted, 1 refused\n")


def test_the_mode_stays_and_nothing_is_left_over(run, policies):
    """
    A file is replaced with its mode, in one step: what was written aside is not there afterwards.
    """
    path = policies / "untidy.yaml"
    path.chmod(0o640)
    before = path.stat().st_ino
    run("fmt")

    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert path.stat().st_ino != before
    assert sorted(os.listdir(policies)) == ["payments.yaml", "untidy.yaml"]


def test_where_it_cannot_be_replaced_the_file_stays(run, policies, monkeypatch):
    """
    Where the last step fails, the file is what it was, nothing is left beside it, and the end is 3.
    """

    def refuse(source, target):
        raise PermissionError(13, "Permission denied", str(target))

    monkeypatch.setattr(os, "replace", refuse)
    done = run("fmt")

    assert done.code == 3
    assert "untidy.yaml: Permission denied" in done.err
    assert (policies / "untidy.yaml").read_text() == UNTIDY
    assert sorted(os.listdir(policies)) == ["payments.yaml", "untidy.yaml"]


def test_links_inside_the_repository_stay_links(run, shop, policies):
    """
    A link to a file of the repository is followed: that file is written once, and the link stays one.
    """
    (policies / "link.yaml").symlink_to("untidy.yaml")
    done = run("fmt", "policies/link.yaml", "policies")

    assert done.out == "policies/link.yaml: reformatted\n2 files: 1 reformatted\n"
    assert (policies / "link.yaml").is_symlink()
    assert (policies / "untidy.yaml").read_text() == TIDY


# --- which files ------------------------------------------------------------------------


def test_a_folder_stands_for_its_policy_files(run, shop, policies):
    """
    Of a folder its policy files are meant; YAML that is none of ours is not touched.
    """
    (shop / "compose.yaml").write_text(UNTIDY)
    (policies / ".hidden.yaml").write_text(UNTIDY)

    assert run("fmt", "--check", "ownership").out == "1 file: all in canonical form\n"
    assert run("fmt", "policies", "ownership", "policies/untidy.yaml").out.endswith("3 files: 1 reformatted\n")
    assert run("fmt", ".").out == "4 files: none reformatted\n"
    assert (shop / "compose.yaml").read_text() == UNTIDY
    assert (policies / ".hidden.yaml").read_text() == UNTIDY


def test_from_below_the_whole_repository_is_meant(run, shop, policies, monkeypatch):
    """
    Without a path the repository around the current folder is meant, and its files are named as they are found from there.
    """
    monkeypatch.chdir(shop / "ownership")

    assert run("fmt").out == "../policies/untidy.yaml: reformatted\n4 files: 1 reformatted\n"


def test_another_repository_is_named_by_policies(run, shop, policies, tmp_path, monkeypatch):
    """
    `--policies` names the repository from anywhere.
    """
    monkeypatch.chdir(tmp_path)

    assert run("fmt", "--policies", "shop").out == "shop/policies/untidy.yaml: reformatted\n4 files: 1 reformatted\n"


def test_a_file_needs_no_repository(run, tmp_path, monkeypatch):
    """
    A file that is named is formatted wherever it lies.
    """
    (tmp_path / "alone.yaml").write_text(UNTIDY)
    monkeypatch.chdir(tmp_path)

    assert run("fmt", "alone.yaml").out == "alone.yaml: reformatted\n1 file: 1 reformatted\n"
    assert (tmp_path / "alone.yaml").read_text() == TIDY


def test_a_folder_without_policies_is_refused(run, shop):
    """
    A folder of the repository that holds no policy file is wrong use, and so is one in no repository.
    """
    (shop / "docs").mkdir()
    done = run("fmt", "docs")

    assert (done.code, done.out) == (2, "")
    assert "'docs' holds no policy file" in done.err
    assert run("fmt", "/").code == 2


def test_a_link_that_leads_out_is_refused(run, shop, tmp_path):
    """
    A link that is named is followed inside its repository only.
    """
    (tmp_path / "outside.yaml").write_text(UNTIDY)
    (shop / "policies" / "link.yaml").symlink_to(tmp_path / "outside.yaml")
    done = run("fmt", "policies/link.yaml")

    assert done.code == 2
    assert "is a link that leads out of" in done.err
    assert (tmp_path / "outside.yaml").read_text() == UNTIDY


def test_a_file_that_is_not_there_fails(run):
    """
    A name that leads to no file ends with 3 and says so.
    """
    done = run("fmt", "nothing.yaml")

    assert (done.code, done.out) == (3, "")
    assert "nothing.yaml: No such file" in done.err


# --- standard input, and data -----------------------------------------------------------


def test_standard_input_is_filtered(run, shop, monkeypatch):
    """
    With - the form of what is read is printed, and nothing else; an editor can use it.
    """
    given(monkeypatch, UNTIDY)
    done = run("fmt", "-")

    assert (done.code, done.out, done.err) == (0, TIDY, "")


def test_broken_standard_input_prints_nothing(run, shop, monkeypatch):
    """
    What cannot be formatted leaves standard output empty, so that an editor takes nothing for its text.
    """
    given(monkeypatch, BROKEN)
    done = run("fmt", "-")

    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("standard input:1:4: ")


def test_standard_input_is_checked(run, shop, monkeypatch):
    """
    With `--check` or `--diff` what is read is only looked at.
    """
    given(monkeypatch, UNTIDY)
    assert run("fmt", "-", "--check").out.startswith("standard input: not in canonical form\n")
    given(monkeypatch, UNTIDY)
    assert run("fmt", "-", "--diff").out.startswith("--- standard input\n")


@pytest.mark.parametrize("arguments", [("-", "policies"), ("-", "--format", "json"), ("--diff", "--format", "json")])
def test_what_contradicts_itself_is_refused(run, arguments):
    """
    Standard input stands alone, and neither it nor a diff can be data.
    """
    assert run("fmt", *arguments).code == 2


def test_states_as_data(run, policies):
    """
    As JSON each file has its state, and findings are as `validate` gives them.
    """
    (policies / "broken.yaml").write_text(BROKEN)
    document = json.loads(run("fmt", "--check", "--format", "json").out)

    assert (document["apiVersion"], document["kind"]) == ("watchbill/v1", "Formatting")
    assert document["files"] == {
        "ownership/payments.yaml": "fresh",
        "policies/broken.yaml": "refused",
        "policies/payments.yaml": "fresh",
        "policies/untidy.yaml": "stale",
        "watchbill.yaml": "fresh",
    }
    assert [(each["rule"], each["file"]) for each in document["findings"]] == [("yaml-syntax", "policies/broken.yaml")]
    assert json.loads(run("fmt", "--format", "json").out)["files"]["policies/untidy.yaml"] == "reformatted"


def test_letters_are_not_replaced(run, shop, monkeypatch):
    """
    Where standard output cannot carry a letter, nothing is printed: a form with another letter would say something else.
    """
    given(monkeypatch, "a: é\n")
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    from watchbill.cli import main

    assert main(("fmt", "-")) == 3
    assert sys.stdout.buffer.getvalue() == b""
