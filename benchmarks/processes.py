"""Whole processes: CPU time as the operating system counts it, in pairs, so that a noisy machine spoils both alike."""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

WATCHBILL = str(Path(sys.executable).parent / "watchbill")


def cpu_seconds(command: Sequence[str], cwd: Path | None = None) -> float:
    """User and system time of one run of this *command*; raises CalledProcessError if it fails."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=cwd, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def compared(command: Sequence[str], floor: Sequence[str], pairs: int = 9, cwd: Path | None = None) -> tuple[float, float, float]:
    """The medians of *command* and *floor* in seconds of CPU, and the median of the ratios pair by pair."""
    cpu_seconds(command, cwd), cpu_seconds(floor, cwd)
    times = [(cpu_seconds(command, cwd), cpu_seconds(floor, cwd)) for _ in range(pairs)]
    ours, theirs = zip(*times, strict=True)
    return statistics.median(ours), statistics.median(theirs), statistics.median(a / b for a, b in times)


def median_of(command: Sequence[str], cwd: Path, runs: int = 5, before_each: Path | None = None) -> float:
    """The median CPU time of *command* in *cwd*; *before_each* is a folder removed before each run."""
    import shutil

    times = []
    for _ in range(runs):
        if before_each is not None:
            shutil.rmtree(before_each, ignore_errors=True)
        times.append(cpu_seconds(command, cwd))
    return statistics.median(times)
