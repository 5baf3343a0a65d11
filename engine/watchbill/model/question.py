"""What somebody is asked to approve: the very call, and the digest that tells it from any other."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from watchbill.model.plan import Call, Step
from watchbill.model.references import Json

STARTED_BY: Final = "run"
"""The duty of whoever had a step of a remediation started, in its people."""

LENGTH: Final = 12
"""How many hexadecimal digits a digest has."""


@dataclass(frozen=True, slots=True)
class Question:
    """What waits for a yes: the *action*, its *arguments* and the *target*; of an update its channels, its words and its `Comms`.

    *asked_by* is who had it started, empty where it began by itself; *until* is when it counts as a no. *revision* is that of the
    policies it comes from, and *digest* stands for all that: whoever says yes says it to that.
    """

    action: str
    arguments: Mapping[str, Json]
    target: str
    asked_by: str
    until: datetime | None
    revision: str
    digest: str


def question_of(step: Step, revision: str) -> Question | None:
    """What this *step* of an incident of that *revision* asks, if it is a repair or an update that waits for a yes and is known."""
    if step.state != "waiting" or not step.calls:
        return None
    if step.kind == "update":
        return _review_of(step, revision)
    if step.kind != "repair":
        return None
    call, target = step.calls[0], target_of(step)
    by = next((duty.person for duty in step.people if duty.duty == STARTED_BY), "")
    digest = digest_of(call, target, revision)
    return Question(f"{call.connector}.{call.action}", call.arguments, target, by, step.answer_by, revision, digest)


def _review_of(step: Step, revision: str) -> Question:
    """What a review is asked for: the words of an update, and the channels that they leave by."""
    channels = [f"{call.connector}.{call.action}" for call in step.calls]
    words = {"subject": step.subject, "text": step.text}
    arguments: dict[str, Json] = {name: said for name, said in words.items() if said}
    return Question(
        ", ".join(channels), arguments, step.because.name, "", step.answer_by, revision, _digest({**words, "channels": channels})
    )


def target_of(step: Step) -> str:
    """What this *step* of a remediation is done to."""
    return step.slot.rsplit("/", 1)[0]


def digest_of(call: Call, target: str, revision: str) -> str:
    """The digest of this action, its arguments, its *target* and the *revision* of its policies: the same wherever it is worked out."""
    return _digest({"action": f"{call.connector}.{call.action}", "arguments": call.arguments, "target": target, "revision": revision})


def _digest(content: Mapping[str, Any]) -> str:
    text = json.dumps(_plain(content), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:LENGTH]


def _plain(value: Any) -> Any:
    """The *value* as JSON has it, and as the record gives it back: what is no Unicode is replaced."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, Mapping):
        return {_plain(name): _plain(each) for name, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, Sequence) else value


def brief(question: Question) -> str:
    """The *question* on one line, long arguments cut short: ``cluster.scale replicas=3 on worker-1``."""
    words = [question.action, *(f"{name}={shorten(in_words(value))}" for name, value in question.arguments.items())]
    return " ".join(words) + (f" on {shorten(in_words(question.target))}" if question.target else "")


def shorten(text: str, length: int = 80) -> str:
    """The *text* on one line of at most this *length*."""
    line = " ".join(text.split())
    return line if len(line) <= length else f"{line[: length - 1]}…"


def in_words(value: Json) -> str:
    """An argument as people read it: a text of one line as it is, all else as JSON, so that no value looks like a line of its own."""
    return value if isinstance(value, str) and value.isprintable() else json.dumps(_plain(value))
