"""Sending requests from a process of its own; times are those of this machine's one clock, `time.perf_counter`."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import sender
from benchmarks.running import Running

ALERTS = "/api/v2/alerts"


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of sending: how many *requests* were answered with 2xx, when the first was sent and the last answered.

    *busy* is the part of that time for which the sender kept a processor busy.
    """

    requests: int
    begun: float
    ended: float
    busy: float


def send(server: Running, bodies: Sequence[bytes], connections: int, seconds: float = 600.0) -> Sent:
    """Post these *bodies* as alerts as fast as they are answered, and no new one after so many *seconds*."""
    came = _told(server, bodies, connections, "fast", seconds)
    begun, ended = came["begun"], came["ended"]
    return Sent(came["requests"], begun, ended, came["cpu"] / max(ended - begun, 1e-9))


def send_steadily(server: Running, bodies: Sequence[bytes], connections: int, a_second: float) -> list[float]:
    """Post these *bodies* as alerts at a steady rate; when each was sent."""
    came: list[float] = _told(server, bodies, connections, "steady", a_second)["sent"]
    return came


def _told(server: Running, bodies: Sequence[bytes], connections: int, way: str, number: float) -> dict[str, Any]:
    host, port = server.address
    requests = [_request(f"{host}:{port}", body) for body in bodies]
    with tempfile.NamedTemporaryFile(prefix="watchbill-bench-") as file:
        file.write(b"".join(requests))
        file.flush()
        told = {"requests": file.name, "lengths": [len(each) for each in requests], "host": host, "port": port}
        told |= {"connections": connections, "way": way, "number": number}
        # In a session of its own, as the servers are: Ctrl-C ends us, and `run` then ends it.
        program = [sys.executable, "-ISs", str(Path(sender.__file__))]
        ended = subprocess.run(program, input=json.dumps(told).encode(), capture_output=True, start_new_session=True, check=False)
    if ended.returncode:
        raise RuntimeError(f"the sender failed: {ended.stderr.decode(errors='replace')[-600:]}")
    came: dict[str, Any] = json.loads(ended.stdout)
    return came


def _request(host: str, body: bytes) -> bytes:
    """A whole request as it goes over the wire."""
    head = f"POST {ALERTS} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body
