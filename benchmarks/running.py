"""Servers as processes of their own: on a free port of this machine, looked at from outside, and ended by their own ids."""

from __future__ import annotations

import http.client
import os
import platform
import signal
import socket
import sqlite3
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

READY_WITHIN = 120.0
ENDED_WITHIN = 20.0
_TICKS = os.sysconf("SC_CLK_TCK")

pause = threading.Event().wait
"""Lets so many seconds pass."""


def machine() -> str:
    """What the figures were measured on, in a line."""
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{os.cpu_count()} cores, {platform.system()} {platform.release()}, {python}, SQLite {sqlite3.sqlite_version}"


@contextmanager
def folder() -> Iterator[Path]:
    """A folder for records, and gone afterwards: on a disk, since the usual place for temporary files may be memory."""
    where = "/var/tmp" if os.access("/var/tmp", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="watchbill-bench-", dir=where) as name:
        yield Path(name)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True, slots=True)
class Running:
    """A server that runs."""

    address: tuple[str, int]
    process: subprocess.Popen[bytes]
    ready_after: float
    """Seconds from when it was called until it was ready."""

    def cpu_seconds(self) -> float:
        """User and system time of the process so far."""
        # The name of the program stands in brackets and may hold anything.
        fields = Path(f"/proc/{self.process.pid}/stat").read_text("ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def memory(self) -> float:
        """Mebibytes that the process holds in memory now."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text("ascii").splitlines()
        return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1024

    def get(self, path: str) -> bytes:
        """What it answers there."""
        connection = http.client.HTTPConnection(*self.address, timeout=60)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            said = answer.read()
            if answer.status != 200:
                raise RuntimeError(f"{path} was answered with {answer.status}")
            return said
        finally:
            connection.close()

    def at_rest(self, quiet: float = 0.2, within: float = 20.0) -> None:
        """Wait until it has used no processor time for so long, in seconds; one that never rests is waited for no longer than *within*."""
        begun = since = time.perf_counter()
        before = self.cpu_seconds()
        while time.perf_counter() - since < quiet and since - begun < within:
            pause(0.02)
            now = self.cpu_seconds()
            if now > before:
                before, since = now, time.perf_counter()

    def end(self, by: signal.Signals = signal.SIGTERM) -> None:
        """End it *by* this signal, if it runs still."""
        self.process.send_signal(by)
        try:
            self.process.wait(ENDED_WITHIN)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@contextmanager
def running(command: Sequence[str], port: int, ready: str, log: Path) -> Iterator[Running]:
    """This *command*, once it answers at the path *ready*; afterwards it is ended. Raises RuntimeError if it ends by itself."""
    with log.open("ab") as said:
        begun = time.perf_counter()
        # In a session of its own: Ctrl-C is for us, and we end it then.
        process = subprocess.Popen(command, cwd=log.parent, stdin=subprocess.DEVNULL, stdout=said, stderr=said, start_new_session=True)
    server = Running(("127.0.0.1", port), process, 0.0)
    try:
        while not _answers(server, ready):
            if process.poll() is not None or time.perf_counter() - begun > READY_WITHIN:
                raise RuntimeError(f"{command[0]} did not begin to serve:\n{log.read_text('utf-8', 'replace')[-2000:]}")
            pause(0.01)
        yield Running(server.address, process, time.perf_counter() - begun)
    finally:
        server.end()


def _answers(server: Running, path: str) -> bool:
    try:
        server.get(path)
    except (OSError, RuntimeError, http.client.HTTPException):
        return False
    return True
