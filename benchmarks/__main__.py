"""`make bench`: every figure with its ratio to a peer or a floor, measured in the same run; `make bench ARGS=ingest` measures a part."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Callable

from benchmarks import alertmanager, commands, decisions, ingest, losing, memory, paging, processes, running, waiting

ENGINE = ("ingest", "paging", "memory", "waiting", "losing")


def main() -> int:
    """Print the figures that are asked for, all by default; 130 where it was interrupted."""
    parts = _parts()
    reader = argparse.ArgumentParser(prog="make bench", description="Measure, as ratios against a peer or a floor in the same run.")
    reader.add_argument(
        "part", nargs="*", metavar="PART", help=f"what to measure: {', '.join(parts)}, or engine for the last {len(ENGINE)}"
    )
    asked = reader.parse_args().part or list(parts)
    unknown = sorted(set(asked) - {*parts, "engine"})
    if unknown:
        reader.error(f"there is no part `{unknown[0]}`; there are {', '.join(parts)}, and engine for the last {len(ENGINE)}")
    chosen = [name for name in parts if name in asked or (name in ENGINE and "engine" in asked)]
    signal.signal(signal.SIGTERM, lambda number, frame: signal.raise_signal(signal.SIGINT))
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    try:
        print(f"{running.machine()}; medians; machines differ, so read the ratios\n")
        if any(name in ENGINE for name in chosen):
            print(f"the engine beside {alertmanager.version()}\n" if alertmanager.PROGRAM else f"{alertmanager.MISSING}\n")
        for name in chosen:
            begun = time.perf_counter()
            parts[name]()
            print(f"({name}: {time.perf_counter() - begun:.0f} s)\n")
    except KeyboardInterrupt:
        print("interrupted; what ran is ended, and what it wrote is removed", file=sys.stderr)
        return 130
    return 0


def _parts() -> dict[str, Callable[[], None]]:
    """What can be measured, by name, in the order in which it is."""
    return {
        "start-up": _start_up,
        "commands": commands.main,
        "decisions": _decisions,
        "ingest": ingest.main,
        "paging": paging.main,
        "memory": memory.main,
        "waiting": waiting.main,
        "losing": losing.main,
    }


def _start_up() -> None:
    ours, floor, ratio = processes.compared([processes.WATCHBILL, "--version"], [sys.executable, "-c", "pass"])
    print("start-up, CPU time")
    print(
        f"  watchbill --version        {ours * 1e3:7.0f} ms   python -c pass {floor * 1e3:.0f} ms   ratio {ratio:.2f} (target: at most 4)\n"
    )


def _decisions() -> None:
    print("decisions, microseconds of CPU an alert")
    print("  policies   candidates   zen-engine's table   a loop      opens   joins   sent again")
    first = None
    for size in decisions.SIZES:
        figures = decisions.measure(size)
        first = first or figures.candidates
        table = f"{figures.table:9.0f} ({figures.table / figures.candidates:3.0f}x)" if figures.table else " " * 16
        loop = f"{figures.loop:9.0f}"
        print(
            f"  {size:8,}   {figures.candidates:10.1f}   {table:>18}   {loop}"
            f"   {figures.opens:6.0f}  {figures.joins:6.0f}   {figures.again:10.1f}"
        )
        if size == decisions.SIZES[-1]:
            print(
                f"  growth of candidates from {decisions.SIZES[0]} to {size:,} policies: "
                f"x{figures.candidates / first:.1f} (target: at most 5)"
            )
    print("  targets at 10,000: 30x zen-engine's table; opens under 200, joins under 40, sent again under 5")
    if not decisions.HAS_ZEN:
        print("  zen-engine is not installed: its column is left out")


if __name__ == "__main__":
    sys.exit(main())
