"""`make bench`: every figure with its ratio to a peer or a floor, measured in the same run."""

from __future__ import annotations

import sys

from benchmarks import commands, decisions, processes


def main() -> None:
    """Print all figures."""
    print("CPU time, medians; machines differ, so read the ratios\n")
    _start_up()
    commands.main()
    _decisions()


def _start_up() -> None:
    ours, floor, ratio = processes.compared([processes.WATCHBILL, "--version"], [sys.executable, "-c", "pass"])
    print("start-up")
    print(
        f"  watchbill --version        {ours * 1e3:7.0f} ms   python -c pass {floor * 1e3:.0f} ms   ratio {ratio:.2f} (target: at most 4)\n"
    )


def _decisions() -> None:
    print("decisions, microseconds an alert")
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
    main()
