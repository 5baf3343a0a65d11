"""A real file system without room: what SQLite meets when the log itself can grow no more."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CHILD = """
import json, sys
from datetime import UTC, datetime
from pathlib import Path
from watchbill.errors import OutsideError
from watchbill.store import inbox
from watchbill.store.record import Record

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
folder = Path(sys.argv[1])
ballast = folder / "ballast"
ballast.write_bytes(b"x" * 600_000)
record = Record.open(str(folder / "watchbill.db"), now=NOW, holder="the tests")

def put(connection):
    return inbox.put(connection, source="a", kind="a", body=b"x" * 20_000, received_at=NOW, urgency=0)

taken, said = [], set()
for _ in range(300):
    try:
        taken.append(record.write(put))
    except OutsideError as failure:
        said.add(failure.rule)
alive = record.writer.is_alive
ballast.unlink()
after = record.write(put)
with record.read() as connection:
    kept = [entry.id for entry in inbox.waiting(connection, 1_000)]
record.close()
print(json.dumps({"taken": taken, "said": sorted(said), "alive": alive, "after": after, "kept": kept}))
"""

SPACE = 'mount -t tmpfs -o size=4m none "$1" && exec "$2" -c "$3" "$1"'


def test_a_disk_without_room_is_said_and_survived(tmp_path: Path) -> None:
    """
    On a disk that is full, what was answered is kept, what was not is said to have no room, and when there is room again it goes on.
    """
    unshare = shutil.which("unshare")
    if unshare is None or subprocess.run([unshare, "-rm", "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("this system lets nobody mount a small disk of their own")
    command = [unshare, "-rm", "sh", "-c", SPACE, "sh", str(tmp_path), sys.executable, CHILD]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    if "mount" in done.stderr:
        pytest.skip("this system lets nobody mount a small disk of their own")

    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["said"] == ["record-full"]
    assert told["alive"]
    assert 20 < len(told["taken"]) < 300
    assert told["kept"] == [*told["taken"], told["after"]]
