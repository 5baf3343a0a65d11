"""The command line: the only place that wires the rooms together, and the only one that reads the clock.

Rule 1: exit codes are a promise. 0 well; 1 findings, or a difference that was asked for; 2 wrong use, or nothing could be
loaded; 3 something outside failed. A person who breaks off gets 130.
Rule 2: what is printed is built whole first. On an error standard output stays empty.
Rule 3: a verb is a module, imported when it is called, and imports what is slow when it needs it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out one command line, and say how it went as an exit code.

    Asking for the version is answered before anything slow is imported: shells and installers ask it often.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    _open_what_is_closed()
    try:
        if given == ["--version"]:
            return _version()
        from watchbill.cli.app import run

        return run(given)
    except KeyboardInterrupt:
        return 130


def _version() -> int:
    from watchbill import __version__
    from watchbill.cli.output import complain, write

    try:
        write(sys.stdout, f"watchbill {__version__}\n")
    except OSError as error:
        complain(f"standard output: {error.strerror} [outside-failed]\n  help: mend that and try again\n")
        return 3
    return 0


def _open_what_is_closed() -> None:
    """Lead standard streams that were closed to nowhere; the next file of ours would be opened in their place otherwise."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115 # it stays open as long as we run
