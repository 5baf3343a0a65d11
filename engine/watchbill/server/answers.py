"""Answers as JSON, and the one shape of all that is no success."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response

from watchbill.errors import OutsideError, WatchbillError
from watchbill.store.encoding import encode_json

AGAIN_AFTER: Final = 5
"""Seconds after which a sender that was turned away may try again."""


class Problem(Exception):
    """A request cannot be served. *more* stands beside the error in the answer."""

    def __init__(
        self,
        status: int,
        message: str,
        help: str,
        *,
        rule: str,
        headers: Mapping[str, str] | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.help, self.rule = status, message, help, rule
        self.headers, self.more = headers or {}, more or {}

    def answer(self) -> Response:
        """It, as it is sent."""
        error = {"rule": self.rule, "message": self.message, "help": self.help}
        return json({"error": error, **self.more}, self.status, self.headers)


def json(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """This *value* as JSON."""
    return Response(encode_json(value), status, dict(headers or {}), "application/json")


def problem_of(error: WatchbillError) -> Problem:
    """What an error of the engine means to whoever asked: their mistake, or that it can be tried again."""
    if isinstance(error, OutsideError):
        # Where on this machine it went wrong is for the log.
        return Problem(503, error.message, error.help, rule=error.rule, headers={"Retry-After": str(AGAIN_AFTER)})
    message = f"{error.place}: {error.message}" if error.place is not None else error.message
    return Problem(404 if error.rule == "unknown-name" else 400, message, error.help, rule=error.rule)
