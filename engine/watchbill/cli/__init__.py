"""The command line: the only place that wires the rooms together, and the only one that reads the clock.

Rule 1: exit codes are a promise. 0 well; 1 findings, or a difference that was asked for; 2 wrong use, or nothing could be
loaded; 3 something outside failed. A person who breaks off gets 130.
Rule 2: what is printed is built whole first. On an error standard output stays empty.
Rule 3: a verb is a module, imported when it is called, and imports what is slow when it needs it.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out one command line, and say how it went as an exit code.

    Asking for the version is answered before anything slow is imported: shells and installers ask it often.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        if given == ["--version"]:
            from watchbill import __version__
            from watchbill.cli.output import write

            write(sys.stdout, f"watchbill {__version__}\n")
            return 0
        from watchbill.cli.app import run

        return run(given)
    except KeyboardInterrupt:
        return 130
