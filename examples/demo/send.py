"""Posts a file of alerts as a monitoring system would: `python send.py http://127.0.0.1:9494/v1/ingest/alertmanager FILE`."""

from __future__ import annotations

import sys
import urllib.request
from pathlib import Path


def main(address: str, file: str) -> None:
    """Post the *file*, and print what was answered."""
    request = urllib.request.Request(address, Path(file).read_bytes(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        print(f"{answer.status} {answer.reason}")


if __name__ == "__main__":
    main(*sys.argv[1:])
