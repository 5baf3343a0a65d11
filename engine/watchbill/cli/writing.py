"""Files that are there whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def write_whole(path: Path, content: bytes, mode: int) -> None:
    """Put a file with this *content* and *mode* at the *path* in one step: nobody ever reads half of it.

    What was there is replaced, a link itself and not what it leads to. Where it fails, what was there still is.
    """
    # The loader of policies passes over names that begin with a dot.
    descriptor, aside = tempfile.mkstemp(dir=path.parent, prefix=".watchbill-", suffix=".tmp")
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        os.chmod(aside, mode)
        os.replace(aside, path)
    except BaseException:
        os.unlink(aside)
        raise
