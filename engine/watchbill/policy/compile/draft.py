"""A document on its way from text to model: where each of its values stands, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from watchbill.errors import Finding, Level, Place
from watchbill.model.references import Kind, Ref
from watchbill.policy.loading.placed import RawDocument


@dataclass(slots=True, eq=False)
class Draft:
    """One document: as it was written, as it was read (*document*), and what came of it (*value*).

    *document* is None where its keys or types are wrong. It *is_left_out* of the policy set as soon as one finding is an
    error, or when a document that it needs is left out. *weigh* says how much a finding counts here, and None for one that
    does not; without it each counts as it was reported. *unknown* are the paths of keys that nobody knows, and that were passed over.
    """

    raw: RawDocument
    kind: Kind | None = None
    name: str | None = None
    team: str = ""
    document: Any = None
    value: Any = None
    findings: list[Finding] = field(default_factory=list)
    is_left_out: bool = False
    weigh: Callable[[Finding], Level | None] | None = None
    unknown: set[tuple[str | int, ...]] = field(default_factory=set)

    @property
    def label(self) -> str:
        """``Kind/name``, or where it stands if it has none."""
        if self.kind and self.name:
            return f"{self.kind}/{self.name}"
        return f"{self.kind or 'document'} at {self.place}"

    @property
    def place(self) -> Place:
        """Where the document begins."""
        return Place(self.raw.file, self.raw.line)

    @property
    def ref(self) -> Ref:
        """What steps and reasons point back to. To be asked of a draft that was read."""
        assert self.kind is not None
        assert self.name is not None
        return Ref(self.kind, self.name, self.team, self.place)

    @property
    def top(self) -> At:
        """The document as a whole."""
        return At(self, ())

    def report(self, rule: str, place: Place, message: str, help: str, level: Level = "error") -> None:
        """Add a finding; an error leaves the document out."""
        document = f"{self.kind}/{self.name}" if self.kind and self.name else None
        finding = Finding(rule, place, message, help, level, document)
        weight = level if self.weigh is None else self.weigh(finding)
        if weight is None:
            return
        self.findings.append(finding if weight == level else replace(finding, level=weight))
        if weight == "error":
            self.is_left_out = True

    def leave_out(self, at: At, needed: Draft | str) -> None:
        """Leave it out because what stands at *at* names a document that is left out itself."""
        label = needed if isinstance(needed, str) else needed.label
        self.report(
            "depends-on-quarantined",
            at.place,
            f"{self.label} is left out, because {label} is",
            f"mend {label}",
            "warning",
        )
        self.is_left_out = True


class At:
    """A value inside a draft, by its path. `at / "levels" / 0` goes on to what stands inside."""

    __slots__ = ("draft", "path")

    def __init__(self, draft: Draft, path: tuple[str | int, ...]) -> None:
        self.draft = draft
        self.path = path

    def __truediv__(self, part: str | int) -> At:
        return At(self.draft, (*self.path, part))

    @property
    def place(self) -> Place:
        """Where the value begins."""
        return self.draft.raw.place(*self.path)

    @property
    def key_place(self) -> Place:
        """Where its key stands."""
        return self.draft.raw.key_place(*self.path)

    @property
    def key(self) -> str:
        """The name of the key that the value stands under, for messages."""
        return next((part for part in reversed(self.path) if isinstance(part, str)), "")

    def within(self, text: str, offset: int) -> Place:
        """Where the character at this *offset* of the *text* stands that is written here.

        What a place cannot tell is how a text is quoted. Texts that hold what plain YAML cannot are counted from behind
        their quote; for one that is written in several lines it is where the text begins.
        """
        place = self.place
        if offset <= 0 or "\n" in text:
            return place
        column = place.column + offset + (1 if _needs_quotes(text) else 0)
        widths = self.draft.raw.widths
        # A text of one line may be written in several, which YAML has joined.
        is_there = place.line > len(widths) or column <= widths[place.line - 1] + 1
        return Place(place.file, place.line, column) if is_there else place

    def report(self, rule: str, message: str, help: str, level: Level = "error") -> None:
        """Add a finding at this value."""
        self.draft.report(rule, self.place, message, help, level)


def _needs_quotes(text: str) -> bool:
    return text[0] in "{}[]&*!|>%@`'\"#,?:-" or ": " in text or " #" in text or '"' in text or "'" in text
