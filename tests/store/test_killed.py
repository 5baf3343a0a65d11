"""The process is killed in the middle of writing: what was answered is there, and the record opens at once."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.makers import NOON
from watchbill.errors import OutsideError
from watchbill.store import inbox
from watchbill.store.record import Record

CHILD = """
import sys
from datetime import UTC, datetime
from watchbill.store import inbox
from watchbill.store.record import Record

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
record = Record.open(sys.argv[1], now=NOW, holder="the one that is killed")

def job(number):
    def put(connection):
        first = inbox.put(connection, source="child", kind="first", body=b"%d" % number, received_at=NOW, urgency=0)
        inbox.put(connection, source="child", kind="second", body=b"x" * 20_000, received_at=NOW, urgency=0)
        return number
    return put

number = 0
while True:
    futures = [record.writer.submit(job(number + offset)) for offset in range(7)]
    number += len(futures)
    for future in futures:
        print(future.result(), flush=True)
"""


def killed_after(url: str, answers: int) -> list[int]:
    """What a process that writes has answered when it was killed, some answers on."""
    with subprocess.Popen([sys.executable, "-c", CHILD, url], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        answered = [int(child.stdout.readline()) for _ in range(answers)]
        os.kill(child.pid, signal.SIGKILL)
        # A last line may have been cut short; whole ones were answered.
        answered += [int(line) for line in child.stdout if line.endswith("\n")]
    assert child.returncode == -signal.SIGKILL
    return answered


@pytest.mark.parametrize("answers", [1, 40, 100 + random.Random(7).randrange(100)])
def test_what_was_answered_outlives_a_kill(tmp_path: Path, answers: int) -> None:
    """
    After SIGKILL everything that was answered is there, each job whole or not at all; the file is sound, and a new engine let in at once.
    """
    path = tmp_path / "watchbill.db"
    answered = killed_after(str(path), answers)
    with closing(Record.open(str(path), now=NOON, holder="the next")) as record, record.read() as connection:
        entries = inbox.waiting(connection, 1_000_000)
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
    first = [int(entry.body) for entry in entries if entry.kind == "first"]
    second = [entry for entry in entries if entry.kind == "second"]

    assert set(answered) <= set(first)
    assert len(first) == len(second) == len(set(first))
    assert sorted(first) == list(range(len(first)))


def test_a_process_that_runs_is_not_taken_over_from(tmp_path: Path) -> None:
    """
    While the first engine lives, a second one is refused, in another process as well.
    """
    path = tmp_path / "watchbill.db"
    with subprocess.Popen([sys.executable, "-c", CHILD, str(path)], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        child.stdout.readline()
        with pytest.raises(OutsideError, match="another engine has this record: the one that is killed"):
            Record.open(str(path), now=NOON, holder="the second")
        child.kill()
        child.communicate(timeout=30)
    Record.open(str(path), now=NOON, holder="the third").close()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT * FROM lease").fetchall() == []
