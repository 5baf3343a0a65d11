"""The bytes of files that a stranger may have left: no more of them than asked for, and never a wait.

A pipe would wait for a writer, and a device has no end. Neither is a policy, so neither is read.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import Final

LARGEST_FILE: Final = 1024 * 1024
"""As much of a policy file as is ever read; a test holds it to what the loader says."""

DEEPEST_FOLDER: Final = 50
"""How many folders deep policies are looked for; a test holds it to what the loader says."""


def content(path: Path, most: int = LARGEST_FILE + 1) -> bytes:
    """The first *most* bytes of the regular file at this *path*. Raises OSError where it is none, or cannot be read."""
    # Opened without waiting and asked afterwards, so that nothing can be exchanged in between.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with open(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "not a regular file", str(path))
        return file.read(most)
