"""Whole commands on whole repositories: `validate`, `test` and `plan`, by their size."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import processes, workload

DOCUMENTS = (1_000, 10_000)
TESTS = 1_000
INCIDENTS = (1_000, 10_000)


def main() -> None:
    """Print all figures of commands."""
    _validate()
    _tests()
    _plan()


@contextmanager
def _repository(documents: int) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "repository"
        workload.write_repository(root, documents)
        yield root


def _validate() -> None:
    print("validate, CPU s           cold   unchanged")
    command = [processes.WATCHBILL, "validate"]
    each: list[float] = []
    for documents in DOCUMENTS:
        with _repository(documents) as root:
            processes.cpu_seconds(command, root)
            cold = processes.median_of(command, root, before_each=root / ".watchbill")
            unchanged = processes.median_of(command, root)
        each.append(cold / documents)
        print(f"  {documents:6,} documents     {cold:7.2f}     {unchanged:7.2f}")
    print(f"  a document of many costs {each[-1] / each[0]:.2f} times one of few (1: linear; less: what every start costs is shared)")
    print(f"  targets at {DOCUMENTS[0]:,}: under 1.5, under 0.3\n")


def _tests() -> None:
    with _repository(DOCUMENTS[0]) as root:
        workload.write_tests(root, DOCUMENTS[0], TESTS)
        command = [processes.WATCHBILL, "test"]
        covered, plain, ratio = processes.compared([*command, "--coverage"], command, pairs=5, cwd=root)
    print(f"test, {TESTS:,} policy tests of three cases, {DOCUMENTS[0]:,} documents, CPU s (target: under 5)")
    print(f"  without coverage         {plain:7.2f}")
    print(f"  with coverage            {covered:7.2f}     ratio {ratio:.2f}\n")


def _plan() -> None:
    print("plan, as many incidents at once, CPU s")
    each: list[float] = []
    for incidents in INCIDENTS:
        with _repository(DOCUMENTS[0]) as root:
            workload.write_services(root, incidents)
            payload = root / "alerts.json"
            payload.write_text(json.dumps(workload.a_storm(incidents)))
            command = [processes.WATCHBILL, "plan", payload.name, "--at", "2026-11-23T03:12:00Z"]
            seconds = processes.median_of(command, root, runs=3)
        each.append(seconds / incidents)
        print(f"  {incidents:6,} incidents     {seconds:7.2f}")
    print(f"  an incident among many costs {each[-1] / each[0]:.2f} times one among few (1: linear)\n")
