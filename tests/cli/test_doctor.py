"""`watchbill doctor`: what this installation cannot carry out, and what to do about it."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.cli.makers import FILES, ROOT, watchbill

Run = Callable[..., Any]

SECRETS = ("--secret-prefix", "PAGER_")
LEAVE = ("--allow-private", "10.0.0.0/8")

TRIAGE = """\
apiVersion: watchbill/v1
kind: Connector
metadata: {name: host}
spec: {type: exec}
---
apiVersion: watchbill/v1
kind: Triage
metadata: {name: queue, team: payments}
spec:
  match: ['service="checkout"']
  collect: [{name: queue, title: Queue, use: host.read, with: {argv: [no-such-program-here]}}]
"""


@pytest.fixture
def house(tmp_path: Path, shop: Path) -> Path:
    """The shop, whose pager stands in a private network."""
    path = shop / "ownership" / "payments.yaml"
    path.write_text(FILES["ownership/payments.yaml"].lstrip().replace("https://pager.example.com", "https://10.1.2.3/pages"), "utf-8")
    return shop


@pytest.fixture
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    """The secret of the pager, where this process runs."""
    monkeypatch.setenv("PAGER_TOKEN", "a-secret")


def test_an_installation_that_is_well(run: Run, house: Path, token: None) -> None:
    """
    Where everything can be carried out, one line says so, and the code is 0.
    """
    done = run("doctor", *SECRETS, *LEAVE)

    assert (done.code, done.out, done.err) == (0, "9 documents in 3 files: no findings\n", "")


def test_what_is_missing_is_said_with_the_very_flag(run: Run, house: Path) -> None:
    """
    Each thing that is missing is told once, with the flag or the variable that mends it, and whom it costs; the code is 1.
    """
    done = run("doctor")
    helps = [line for line in done.out.splitlines() if line.startswith("  help: ")]

    assert done.code == 1
    assert "  help: start watchbill with `--secret-prefix PAGER_`, and set the variable `PAGER_TOKEN` where it runs" in helps
    assert "  help: start watchbill with `--allow-private 10.0.0.0/8`" in helps
    assert "`checkout` reaches nobody: none of `ana` and `bo` can be reached [reaches-nobody]" in done.out
    assert "no page reaches `ana` (`pager.page`: its secret is missing) [reaches-nobody]" in done.out


def test_each_step_leads_to_the_next(run: Run, house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Whoever does what the help says is told the next thing, and in the end nothing.
    """
    found = []
    for given in ((), SECRETS, (*SECRETS, *LEAVE)):
        items = json.loads(run("doctor", *given, "--format", "json").out)["items"]
        found.append(sorted({item["rule"] for item in items if item["level"] == "warning"}))
    monkeypatch.setenv("PAGER_TOKEN", "a-secret")

    assert found == [["missing-secret", "private-address"], ["missing-secret", "private-address"], ["missing-secret"]]
    assert json.loads(run("doctor", *SECRETS, *LEAVE, "--format", "json").out)["items"] == []


def test_a_name_that_leads_to_a_private_address(run: Run, house: Path, token: None) -> None:
    """
    The name of a host is looked up, and a private address found under it needs leave: for the network, or for the name.
    """
    path = house / "ownership" / "payments.yaml"
    path.write_text(path.read_text("utf-8").replace("10.1.2.3", "localhost"), "utf-8")

    assert "is on a private network, and this process has no leave to connect there" in run("doctor", *SECRETS).out
    assert run("doctor", *SECRETS, "--allow-private", "localhost").code == 0


def test_a_program_that_is_not_there(run: Run, house: Path, token: None) -> None:
    """
    A program that a command begins with and that is not on this machine is a warning.
    """
    (house / "policies" / "triage.yaml").write_text(TRIAGE, "utf-8")
    done = run("doctor", *SECRETS, *LEAVE)

    assert done.code == 0
    assert "there is no program `no-such-program-here` that can be run; used in policies/triage.yaml:11 [missing-program]" in done.out


def test_secrets_in_a_folder(run: Run, house: Path, tmp_path: Path) -> None:
    """
    A secret of a folder needs leave for that folder, and the file.
    """
    path = house / "ownership" / "payments.yaml"
    path.write_text(path.read_text("utf-8").replace("env/PAGER_TOKEN", "file/pager"), "utf-8")
    folder = tmp_path / "secrets"
    folder.mkdir()

    assert "  help: start watchbill with `--secrets-dir DIR`, a folder that holds the file `pager`" in run("doctor", *LEAVE).out
    assert "put the secret into the file `pager`" in run("doctor", *LEAVE, "--secrets-dir", str(folder)).out
    (folder / "pager").write_text("a-secret\n", "utf-8")
    assert run("doctor", *LEAVE, "--secrets-dir", str(folder)).code == 0


def test_it_answers_for_the_process_that_serves(run: Run, house: Path, token: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    It takes the flags and the variables of `serve`, so that it answers for the process that they start.
    """
    flags = ("--host", "0.0.0.0", "--port", "0", "--public-url", "https://oncall.example.com", "--log-format", "json")

    assert run("doctor", *flags, *SECRETS, *LEAVE).code == 0
    monkeypatch.setenv("WATCHBILL_SERVE_SECRET_PREFIX", "PAGER_")
    monkeypatch.setenv("WATCHBILL_SERVE_ALLOW_PRIVATE", "10.0.0.0/8")
    assert run("doctor").code == 0
    monkeypatch.setenv("WATCHBILL_DOCTOR_SECRET_PREFIX", "OTHER_")
    assert run("doctor").code == 1


def test_a_record_that_cannot_be_written(run: Run, house: Path, token: None) -> None:
    """
    A record that no engine could write is an error, for nothing would be taken in.
    """
    (house / "taken").write_text("a file, and no folder\n", "utf-8")

    assert run("doctor", *SECRETS, *LEAVE, "--database", "records/watchbill.db").code == 0
    assert run("doctor", *SECRETS, *LEAVE, "--database", f"sqlite:///{house}/records/watchbill.db").code == 0
    done = run("doctor", *SECRETS, *LEAVE, "--database", "taken/watchbill.db")
    assert done.code == 1
    assert "the record at taken/watchbill.db cannot be written: Not a directory [record-unwritable]" in done.out


def test_what_is_no_record(run: Run, house: Path, token: None) -> None:
    """
    An address that is none, a folder, a file that is no database, and a place that only looks writable are found before an engine starts.
    """
    (house / "notes.db").write_text("these are my notes, and no database\n" * 20, "utf-8")

    def rule_of(database: str) -> str:
        done = run("doctor", *SECRETS, *LEAVE, "--database", database, "--format", "json")
        (item,) = json.loads(done.out)["items"]
        assert (done.code, item["level"], bool(item["help"])) == (1, "error", True)
        return str(item["rule"])

    assert rule_of("postgres://records.example.com/watchbill") == "record-url"
    assert rule_of("sqlite://") == "record-url"
    assert rule_of(str(house)) == "record-unwritable"
    assert rule_of("/proc/absent/watchbill.db") == "record-unwritable"
    assert rule_of("notes.db") == "record-corrupt"
    os.mkfifo(house / "pipe")
    assert rule_of("pipe") == "record-unwritable"
    with closing(sqlite3.connect(house / "shop.db")) as connection:
        connection.execute("CREATE TABLE customers (name)")
    assert rule_of("shop.db") == "record-foreign"


def test_a_record_that_is_there(run: Run, house: Path, token: None) -> None:
    """
    The record of an engine, and an empty file that is to become one, are no finding.
    """
    (house / "empty.db").touch()
    with closing(sqlite3.connect(house / "watchbill.db")) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num)")

    assert [run("doctor", *SECRETS, *LEAVE, "--database", name).code for name in ("empty.db", "watchbill.db")] == [0, 0]


def test_a_folder_of_secrets_that_is_not_there(run: Run, house: Path, token: None) -> None:
    """
    A folder that secrets are to come from and that is not there is a warning: a mount may bring it later.
    """
    done = run("doctor", *SECRETS, *LEAVE, "--secrets-dir", "absent", "--secrets-dir", str(house))

    assert done.code == 0
    assert "warning: the folder of secrets `absent` is not there, or cannot be read [missing-secret]" in done.out
    assert str(house) not in done.out


def test_wrong_use_has_its_own_code(run: Run, house: Path) -> None:
    """
    A flag that means nothing, and policies that cannot be loaded, end with 2.
    """
    assert run("doctor", "--allow-private", "10.0.0.0/8/9").code == 2
    (house / "watchbill.yaml").write_text("kind: Settings\n", "utf-8")
    done = run("doctor")
    assert (done.code, done.out) == (2, "")
    assert "[no-policies]" in done.err


def test_nothing_is_changed_by_it(run: Run, house: Path) -> None:
    """
    It leaves no file behind: the record of an engine is not made by whoever asks how it would be.
    """
    before = sorted(house.rglob("*"))
    run("doctor")

    assert sorted(house.rglob("*")) == before


def test_the_base_installation_says_what_it_lacks(house: Path) -> None:
    """
    Where the libraries of an engine are missing, the command that installs them is said, and who is not reached because of it.
    """
    hidden = house / "hidden"
    for name in ("sqlalchemy", "httpx"):
        (hidden / name).mkdir(parents=True)
    (hidden / "sitecustomize.py").write_text(HIDES, "utf-8")
    done = watchbill("doctor", *SECRETS, *LEAVE, cwd=house, PYTHONPATH=f"{hidden}:{ROOT / 'engine'}", PAGER_TOKEN="a-secret")

    assert done.returncode == 1, done.stderr
    assert "`watchbill serve` needs sqlalchemy, httpx, which the base installation does not bring [missing-extra]" in done.stdout
    assert "`pager` (webhook) needs libraries that the base installation does not bring" in done.stdout
    assert done.stdout.count("  help: run `pip install 'watchbill[serve]'`") == 2


HIDES = """\
import sys


class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("sqlalchemy", "httpx"):
            raise ModuleNotFoundError(name)
        return None


import importlib.util

found = importlib.util.find_spec
importlib.util.find_spec = lambda name, package=None: None if name.split(".")[0] in ("sqlalchemy", "httpx") else found(name, package)
sys.meta_path.insert(0, Hidden())
"""
"""Has an interpreter find these libraries nowhere."""
