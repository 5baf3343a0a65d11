"""watchbill's own log: somewhere to say things before there is anywhere else, and in a trial."""

from __future__ import annotations

from watchbill.connectors.performing import Outside, Request, Sink, Transient
from watchbill.connectors.redacting import Redactor
from watchbill.connectors.schemas import arguments, one_of, result, text
from watchbill.model.plan import Done
from watchbill.model.policyset import Action, ConnectorType
from watchbill.model.references import Json

TYPE = ConnectorType(
    name="log",
    summary="Writes to watchbill's own log.",
    settings=arguments({}),
    secrets=(),
    actions=(
        Action(
            name="write",
            summary="Writes one entry.",
            arguments=arguments(
                {
                    "subject": text("The headline; the page's or the update's own where it is left out."),
                    "text": text("What it says; the page's or the update's own text where it is left out."),
                    "level": one_of("How loud; `info` where it is left out.", "debug", "info", "warning", "error"),
                }
            ),
            does="tells",
            # A second entry carries the same step's id and harms nobody.
            idempotent=True,
            escaping=(("subject", "none"), ("text", "none"), ("level", "none")),
            result=result({"written": {"type": "boolean", "description": "Always true."}}),
        ),
    ),
)


def performer(outside: Outside) -> Log:
    """What carries the actions out, through these ways *outside*."""
    return Log(outside.sink)


class Log:
    """Writes entries to a *sink*, which is whatever the process logs to."""

    __slots__ = ("_sink",)

    def __init__(self, sink: Sink) -> None:
        self._sink = sink

    async def perform(self, request: Request) -> Done:
        """That it was written; a log is read by many, so personal data is taken out first."""
        subject, text = request.words()
        fields: dict[str, Json] = {"connector": request.connector, "step": request.key, "attempt": request.attempt}
        fields |= {name: value for name, value in (("incident", request.about.incident), ("text", text)) if value}
        if request.is_repeat:
            fields["possibly_repeated"] = True
        redactor = Redactor(request.secrets.values())
        redacted = {name: redactor.json(value) for name, value in fields.items()}
        try:
            self._sink(request.argument("level") or "info", redactor.text(subject or request.use), redacted)
        except (OSError, ValueError) as problem:
            raise Transient(f"the log took no entry: {problem}") from None
        return Done({"written": True})
