"""The log: one line for each thing that is said, with its time, its level, what happened, and the fields that go with it.

On a terminal it is to be read, elsewhere it is JSON. Secrets and personal data are taken out of every field. What uvicorn says goes the
same way.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final, Literal, TextIO

import structlog

from watchbill.connectors.redacting import Redactor
from watchbill.execute.deciding import Decided
from watchbill.model.change import Opened, SeverityRaised, StatusChanged, StepChanged
from watchbill.model.references import Json

Form = Literal["text", "json"]
Say = Callable[..., None]
"""Takes a level, what happened in a word, and fields."""

LEVELS: Final = {"debug": 10, "info": 20, "warning": 30, "error": 40, "critical": 50}
LONGEST: Final = 4_000
"""Characters of one field."""

_PLAIN: Final = frozenset(("event", "level", "at", "incident", "step"))
"""Fields that are ours, and hold nothing that was sent to us."""


class Log:
    """Writes to *stream*, in this *form*, what is at least as loud as *level*. *now* gives each line its time."""

    def __init__(self, stream: TextIO, form: Form, now: Callable[[], datetime], level: str = "info", *, colour: bool = False) -> None:
        self._least = LEVELS[level]
        self._redactor = Redactor()
        render: Any = structlog.processors.JSONRenderer(ensure_ascii=False, default=str)
        if form == "text":
            render = structlog.dev.ConsoleRenderer(colors=colour, timestamp_key="at", sort_keys=False, pad_event_to=24)
        self._now = now
        # Wrapped here and not configured: what is configured holds for the whole process.
        self._logger = structlog.wrap_logger(
            structlog.PrintLogger(stream),
            processors=[self._stamped, self._redacted, render],
            wrapper_class=structlog.BoundLogger,
            context_class=dict,
        )

    def __call__(self, level: str, event: str, /, **fields: object) -> None:
        """Say that this *event* happened."""
        if LEVELS.get(level, 20) < self._least:
            return
        try:
            self._logger.msg(event, level=level, **{name: value for name, value in fields.items() if value is not None and value != ""})
        except (OSError, ValueError):
            # Nobody reads it, or the disk is full. What would be said of that could not be written either.
            return

    def sink(self, level: str, said: str, fields: Mapping[str, Json]) -> None:
        """Say what a connector of the type `log` was asked to."""
        self(level, said, **{("said_" + name if name in ("level", "event") else name): value for name, value in fields.items()})

    def decided(self, decided: Decided) -> None:
        """Say what changed with a decision; what only goes on is not said."""
        incident = decided.incident
        if incident is None:
            return
        for change in decided.decision.changes:
            if isinstance(change, Opened):
                about = {"service": change.service, "team": change.team, "severity": change.severity, "revision": change.revision}
                self("info", "incident_opened", incident=incident.id, alert=incident.lead.alert.name, **about)
            elif isinstance(change, StatusChanged):
                self("info", "incident_status", incident=incident.id, status=incident.status, why=change.trigger, by=change.by)
            elif isinstance(change, SeverityRaised):
                self("info", "incident_severity", incident=incident.id, severity=change.severity)
            elif isinstance(change, StepChanged) and change.step.state == "failed":
                self("warning", "step_failed", incident=incident.id, step=change.step.id, error=change.step.problem)
        for step in decided.decision.steps:
            people = ", ".join(duty.person for duty in step.people)
            self("info", "step_begun", incident=incident.id, step=step.id, kind=step.kind, people=people)

    def _stamped(self, logger: Any, method: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        first = {"at": f"{self._now():%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z", "level": fields.pop("level"), "event": fields.pop("event")}
        return {**first, **fields}

    def _redacted(self, logger: Any, method: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        return {name: value if name in _PLAIN and name != "event" else self._redact(value) for name, value in fields.items()}

    def _redact(self, value: object) -> object:
        if isinstance(value, bool | int | float):
            return value
        if isinstance(value, str):
            return self._redactor.text(value[:LONGEST])
        if isinstance(value, Mapping | list | tuple):
            return self._redactor.json(value)
        return self._redactor.text(str(value)[:LONGEST])


@contextmanager
def taking_over(say: Say) -> Iterator[None]:
    """What uvicorn and asyncio log goes to this log meanwhile."""
    passing = _Passing(say)
    names = ("uvicorn.error", "asyncio")
    before = [(logger, logger.level, logger.propagate) for logger in map(logging.getLogger, names)]
    for logger, _, _ in before:
        logger.addHandler(passing)
        logger.setLevel(logging.INFO)
        logger.propagate = False
    try:
        yield
    finally:
        for logger, level, propagate in before:
            logger.removeHandler(passing)
            logger.setLevel(level)
            logger.propagate = propagate


class _Passing(logging.Handler):
    """Passes on what is logged in the standard way."""

    def __init__(self, say: Say) -> None:
        super().__init__()
        self._say = say

    def emit(self, record: logging.LogRecord) -> None:
        """Pass this *record* on. What it says of every request and connection is said by us."""
        try:
            # «Started», «running on», «waiting for»: we say all of that ourselves.
            level = "debug" if record.levelno <= logging.INFO else record.levelname.lower()
            trace = ""
            if record.exc_info and record.exc_info[1] is not None:
                trace = "".join(_traced(record.exc_info[1]))
            self._say(level, "server", text=record.getMessage(), trace=trace)
        except Exception:
            self.handleError(record)


def _traced(error: BaseException) -> list[str]:
    import traceback

    return traceback.format_exception(error)
