"""What a sender reports, between its own form and an alert.

The rules that hold for every sender:
1. Labels have stable names: `alertname`, `severity` (the sender's own word), `service` and `instance` where the sender gives
   them, and its own further words. What is said explicitly stands before what a tag says.
2. What changes from one post to the next is an annotation: `summary` first.
3. Identity comes from the key by which the sender itself tells its alerts apart, and from the labels only where it has none. A
   resolution meets what it resolves, however little it repeats.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

from watchbill.ingest.document import Part
from watchbill.ingest.fingerprints import fingerprint
from watchbill.ingest.limits import CONTROL, LABELS, NAME_LENGTH
from watchbill.ingest.problems import Problem, short
from watchbill.model.alert import Alert

LABELS_IN_DETAILS: Final = ("alertname", "service", "environment", "env", "cluster", "namespace", "region", "instance")
"""Details of a sender's own making that are labels: they say where, and do not change while it lasts."""

_LARGE: Final = "send less: labels tell alerts apart, and an annotation says a sentence; a log has its own place"
_VISIBLE: Final = "take control characters out at the sender"
_NO_LABEL: Final = re.compile(r"[^A-Za-z0-9_]+")


@dataclass(slots=True)
class Report:
    """One alert as its sender tells of it, while it is read: *part* is where. *key* is the sender's own name for it, or empty."""

    part: Part
    status: Literal["firing", "resolved"] = "firing"
    key: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    annotations: dict[str, str] = field(default_factory=dict)
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    link: str = ""

    def label(self, /, **labels: str) -> None:
        """Set these *labels* where they are not empty and not set already."""
        for name, value in labels.items():
            if value:
                self.labels.setdefault(name, value)

    def annotate(self, /, **annotations: str) -> None:
        """Set these *annotations* where they are not empty and not set already."""
        for name, value in annotations.items():
            if value:
                self.annotations.setdefault(name, value)

    def tag(self, tags: Iterable[str]) -> None:
        """Set a label for each of the *tags* that is a name and a value, and an annotation that has all of them."""
        tags = tuple(tags)
        for each in tags:
            name, colon, value = each.partition(":")
            if colon and value.strip():
                self.label(**{label_name(name.strip()): value.strip()})
        self.annotate(tags=", ".join(tags))

    def details(self, details: Part) -> None:
        """Set labels for those *details* that say where it is, and annotations for all others."""
        for name, value in details.written():
            if name in LABELS_IN_DETAILS:
                self.label(**{name: value})
            else:
                self.annotate(**{name: value})

    def alert(self, source: str, received_at: datetime) -> Alert:
        """The alert that this is, of the *source* of this name. Raises `Problem` where it is more than an alert may be."""
        for what, texts in (("labels", self.labels), ("annotations", self.annotations)):
            if len(texts) > LABELS:
                raise Problem(f"what gives at most {LABELS} {what}", str(len(texts)), _LARGE, self.part.path)
            for name in texts:
                if len(name) > NAME_LENGTH:
                    raise Problem(f"a name of at most {NAME_LENGTH} characters", str(len(name)), _LARGE, self.part.path)
                if CONTROL.search(name):
                    raise Problem("a name without control characters", ascii(short(name)), _VISIBLE, self.part.path)
        identity = identity_of(source, self.key) if self.key else fingerprint(self.labels)
        starts_at = self.starts_at or self.ends_at or received_at
        return Alert(identity, self.labels, self.annotations, self.status, starts_at, self.ends_at, self.link, source)


def identity_of(source: str, key: str) -> str:
    """The fingerprint of the alert that the *source* of this name calls *key*."""
    return fingerprint({"source": source, "key": key})


def label_name(name: str) -> str:
    """This *name* as a label's: letters, digits and underscores, not beginning with a digit."""
    plain = _NO_LABEL.sub("_", name) or "_"
    return f"_{plain}" if plain[0].isdigit() else plain
