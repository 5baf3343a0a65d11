"""Telling the service manager how it goes, where one asks to be told (`Type=notify`): a datagram to the socket that it names."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from contextlib import suppress


class Notifying:
    """Tells systemd, if *environment* says where. What cannot be told is passed over: the service is worth more than the message."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        name = environment.get("NOTIFY_SOCKET", "")
        # A name that begins with @ is one without a file.
        self._address = f"\0{name[1:]}" if name.startswith("@") else name

    def ready(self, status: str) -> None:
        """It serves."""
        self._tell(f"READY=1\nSTATUS={status}")

    def alive(self) -> None:
        """Its event loop goes round; with `WatchdogSec` the service is restarted when this is not heard."""
        self._tell("WATCHDOG=1")

    def stopping(self) -> None:
        """It is about to end."""
        self._tell("STOPPING=1")

    def _tell(self, text: str) -> None:
        if not self._address or not hasattr(socket, "AF_UNIX"):
            return
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sending:
            sending.sendto(text.encode(), self._address)
