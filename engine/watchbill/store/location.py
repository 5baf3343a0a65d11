"""Where a record is. Nothing is needed here that the base installation does not bring."""

from __future__ import annotations

from pathlib import Path

from watchbill.errors import UserError


def file_of(url: str) -> Path:
    """The file that this *url* (``sqlite:///path``, or a path alone) means. Raises UserError for what is none."""
    scheme, found, rest = url.partition(":")
    if not found or len(scheme) < 2 or not rest.startswith("/"):
        path = url
    elif scheme == "sqlite" and rest.startswith("///"):
        path = rest[3:]
    else:
        message = f"`{_without_password(url)}` names no record that this version can open"
        raise UserError(message, "write `sqlite:///` and the path of a file, or the path alone", rule="record-url")
    path = path.partition("?")[0] if scheme == "sqlite" else path
    if path in ("", ":memory:"):
        raise UserError("a record is a file: what is kept in memory is lost with the process", "name a file", rule="record-url")
    return Path(path)


def _without_password(url: str) -> str:
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"
