"""Alerts that were answered with 2xx and are gone: the server is ended at once by a signal, and asked again when it is back."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from benchmarks import load
from benchmarks.alertmanager import PROGRAM, alertmanager
from benchmarks.client import send
from benchmarks.engine import engine
from benchmarks.running import Running, folder
from benchmarks.tables import number, table

ALERTS = 200
CONNECTIONS = 4
SIGNALS = (signal.SIGKILL, signal.SIGTERM)


def main() -> None:
    """Print the table."""
    print(f"alerts that were answered with 2xx and are lost, of {ALERTS} in as many requests, on the same record")
    rows = []
    for by in SIGNALS:
        ours = _lost(engine, by)
        theirs = _lost(alertmanager, by) if PROGRAM is not None else None
        rows.append((by.name, number(ours), number(theirs), "0: met" if ours == 0 else "0: MISSED"))
    table(("ended by", "watchbill", "Alertmanager", "target"), rows)


def _lost(serve: Callable[[Path], AbstractContextManager[Running]], by: signal.Signals) -> int:
    """How many are not there after it was ended *by* this signal as soon as the last was answered, and started again."""
    with folder() as root:
        with serve(root) as server:
            send(server, load.bodies(ALERTS), CONNECTIONS)
            server.end(by)
        with serve(root) as server:
            known = {each["fingerprint"] for each in json.loads(server.get("/api/v2/alerts"))}
            return ALERTS - len(known)
