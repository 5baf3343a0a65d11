"""What nobody should feed the command line, and somebody does: a clear word, the promised code, no traceback, no waiting."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.makers import AT, ROOT, a_repository, an_alert_file, watchbill
from watchbill.cli import cache, files
from watchbill.ingest.limits import BODY_BYTES
from watchbill.policy.loading import parsing, reading


def in_a_shell(command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a shell's *command*, in which `$W` is the command line."""
    variables = {
        "PYTHONPATH": str(ROOT / "engine"),
        "PATH": "/usr/bin:/bin",
        "W": f"{sys.executable} -m watchbill",
        "XDG_CACHE_HOME": str(cwd / ".xdg"),
        "PYTHONIOENCODING": "utf-8",
    }
    return subprocess.run(["sh", "-c", command], cwd=cwd, env=variables, capture_output=True, encoding="utf-8", check=False, timeout=60)


# --- streams ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("$W plan - <&-", 2),
        ("$W plan <&-", 2),
        ("$W plan alert.json >&-", 0),
        ("$W --version >&-", 0),
        ("$W --help >&-", 0),
        ("$W plan nothing.json 2>&-", 3),
        ("$W nonsense 2>&-", 2),
        ("$W validate <&- >&- 2>&-", 0),
    ],
)
def test_closed_streams(tmp_path, command, code):
    """
    A stream that was closed is a stream that nobody reads, or in which nothing stands; the code is what it was.
    """
    a_repository(tmp_path)
    an_alert_file(tmp_path / "alert.json")
    done = in_a_shell(command, tmp_path)

    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    assert "bug" not in done.stderr


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no device that is always full")
@pytest.mark.parametrize("arguments", ["plan alert.json", "--version", "--help", "plan --help", "completion bash", "validate --no-cache"])
def test_a_full_disk(tmp_path, arguments):
    """
    Where the answer cannot be written, that is said in one line, and the code is 3.
    """
    a_repository(tmp_path)
    an_alert_file(tmp_path / "alert.json")
    done = in_a_shell(f"$W {arguments} > /dev/full", tmp_path)

    assert done.returncode == 3
    assert "No space left on device [outside-failed]\n" in done.stderr
    assert len(done.stderr.splitlines()) == 2


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no device that is always full")
@pytest.mark.parametrize(("arguments", "code"), [("nonsense", 2), ("plan nothing.json", 3), ("oncall nobody", 2)])
def test_an_error_that_cannot_be_said(tmp_path, arguments, code):
    """
    Where standard error is full, the code says it alone.
    """
    a_repository(tmp_path)

    assert in_a_shell(f"$W {arguments} 2> /dev/full", tmp_path).returncode == code


def test_a_reader_of_the_help_that_goes_away(tmp_path):
    """
    `watchbill plan --help | true` is no error either.
    """
    done = in_a_shell('{ $W plan --help; echo "code $?" >&2; } | true', tmp_path)

    assert done.stderr == "code 0\n"


def test_json_is_json_in_every_encoding(tmp_path):
    """
    Letters that the encoding lacks are escaped as JSON does it, and what alerts say is not rewritten.
    """
    a_repository(tmp_path)
    an_alert_file(tmp_path / "alert.json", city="«Zoë» · 😀")
    done = watchbill("plan", "alert.json", "--format", "json", cwd=tmp_path, PYTHONIOENCODING="ascii")

    assert done.stdout.isascii()
    assert json.loads(done.stdout)["items"][0]["alerts"][0]["labels"]["city"] == "«Zoë» · 😀"


def test_wrong_use_cannot_act_on_a_terminal(run):
    """
    What was pasted into the command line comes back without its control characters, and not all of it.
    """
    assert "\x1b" not in run("plan", "a.json", "\x1b]0;mine\x07").err
    assert "\\x1b]0;mine\\x07" in run("plan", "a.json", "\x1b]0;mine\x07").err
    assert len(run("plan", "a.json", "--at", "9" * 100_000).err) < 500


# --- alerts -----------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["$W plan /dev/zero", "$W plan - < /dev/zero"])
def test_alerts_without_end(tmp_path, command):
    """
    Of a file that has no end only so much is read that this can be seen.
    """
    a_repository(tmp_path)
    done = in_a_shell(command, tmp_path)

    assert (done.returncode, done.stdout) == (2, "")
    assert "expected at most 16 MiB, got more [bad-payload]" in done.stderr


def test_the_largest_body_is_taken(run, shop):
    """
    A body of exactly as many bytes as are taken is taken, with a byte order mark before it too.
    """
    body = b'[{"labels": {"alertname": "A", "service": "checkout"}}]'
    (shop / "large.json").write_bytes(b"\xef\xbb\xbf" + body + b" " * (BODY_BYTES - len(body)))

    assert run("plan", "large.json", "--at", AT).code == 0


# --- repositories -----------------------------------------------------------------------


def refused(done, code):
    """That a command ended with this code, and not because of a mistake of ours."""
    assert done.returncode == code, done.stdout + done.stderr
    assert "bug" not in done.stderr


@pytest.mark.parametrize("place", ["watchbill.yaml", "policies/pipe.yaml", "policies/payments.yaml"])
def test_a_pipe_is_not_waited_for(tmp_path, place):
    """
    A pipe where a file is expected is a finding, and nobody waits for what comes out of it.
    """
    a_repository(tmp_path)
    for words in ("init -q", "add -A", "-c user.name=a -c user.email=a@example.com commit -qm all"):
        subprocess.run(["git", *words.split()], cwd=tmp_path, check=True)
    (tmp_path / place).unlink(missing_ok=True)
    os.mkfifo(tmp_path / place)
    an_alert_file(tmp_path / "alert.json")
    done = watchbill("validate", cwd=tmp_path)

    refused(done, 1)
    assert f"{place}: this is not a regular file [file-unreadable]\n" in done.stdout
    refused(watchbill("plan", "alert.json", cwd=tmp_path), 2 if place == "watchbill.yaml" else 0)


@pytest.mark.parametrize("place", ["watchbill.yaml", ".watchbill/cache/validate.json"])
def test_a_link_to_what_has_no_end(tmp_path, place):
    """
    A link to a device that a repository brings along is not read, as settings or as what was kept.
    """
    a_repository(tmp_path)
    (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / place).unlink(missing_ok=True)
    (tmp_path / place).symlink_to("/dev/zero")

    refused(watchbill("validate", cwd=tmp_path), 1 if place == "watchbill.yaml" else 0)


def test_a_pipe_where_findings_are_kept(tmp_path):
    """
    A pipe in the place of what was kept is as if nothing were.
    """
    a_repository(tmp_path)
    (tmp_path / ".watchbill" / "cache").mkdir(parents=True)
    os.mkfifo(tmp_path / ".watchbill" / "cache" / "validate.json")

    refused(watchbill("validate", cwd=tmp_path), 0)


def test_settings_that_are_a_folder(run, shop):
    """
    A folder called `watchbill.yaml` is called what it is.
    """
    (shop / "watchbill.yaml").unlink()
    (shop / "watchbill.yaml").mkdir()
    done = run("validate")

    assert done.code == 1
    assert done.out.startswith("watchbill.yaml: this is a folder, where the file with the settings belongs [file-unreadable]\n")
    assert "no-settings" not in done.out


def test_folders_without_end(tmp_path):
    """
    Folders nested deeper than anybody means are a finding, and not walked to their end.
    """
    a_repository(tmp_path)
    deep = tmp_path / "policies" / "/".join("a" * files.DEEPEST_FOLDER)
    deep.mkdir(parents=True)
    an_alert_file(tmp_path / "alert.json")
    assert watchbill("validate", cwd=tmp_path).returncode == 0

    # Not so deep that pytest could not take it away again.
    (deep / "/".join("a" * 150)).mkdir(parents=True)
    done = watchbill("validate", cwd=tmp_path)

    refused(done, 1)
    assert "this folder is more than 50 folders deep, and was not read [file-unreadable]" in done.stdout
    refused(watchbill("plan", "alert.json", cwd=tmp_path), 0)


def test_a_folder_named_many_times_is_looked_at_once(shop):
    """
    Settings that name one folder many times do not make the state of a repository dear.
    """
    from watchbill.cli.repository import folders_of

    text = (shop / "watchbill.yaml").read_text().replace("payments}", f"payments, folders: [{'policies, ./policies, ' * 50}]}}")
    (shop / "watchbill.yaml").write_text(text)

    assert folders_of(shop) == ("policies",)


def test_a_vast_repository_is_not_kept(shop, monkeypatch):
    """
    The state of a repository that is larger than any is not asked for its end.
    """
    assert cache.state_of(shop, ("ownership", "policies"))
    monkeypatch.setattr(cache, "_LARGEST", 1000)

    assert cache.state_of(shop, ("ownership", "policies")) == ""


def test_the_bounds_are_those_of_the_loader():
    """
    What the command line reads of a file, and how deep it looks, is what the loader does.
    """
    assert (files.LARGEST_FILE, files.DEEPEST_FOLDER) == (parsing.LARGEST_FILE, reading.DEEPEST_FOLDER)


def test_a_current_folder_that_is_gone(tmp_path):
    """
    In a folder that somebody has removed, that is what is said.
    """
    (tmp_path / "gone").mkdir()
    done = in_a_shell("cd gone && rmdir ../gone && $W validate", tmp_path)

    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("the current folder is not there any more [outside-failed]\n")


def test_a_message_is_never_a_book(run, shop):
    """
    Of a value that is far too long, the finding shows its beginning and its end; as JSON it has all of it.
    """
    file = shop / "policies" / "payments.yaml"
    file.write_text(file.read_text().replace("wait: 5m", f"wait: {'x' * 100_000}"))

    assert max(map(len, run("validate").out.splitlines())) < 1200
    assert "x" * 100_000 in run("validate", "--format", "json").out


def test_a_suffix_in_capitals_is_a_policy_everywhere(run, shop):
    """
    What the loader reads is part of what answers are kept under, however its suffix is written.
    """
    file = shop / "policies" / "MORE.YAML"
    file.write_text("# nothing\n")
    assert run("validate").code == 0

    file.write_text("kind: Nonsense\n")
    assert run("validate").code == 1
