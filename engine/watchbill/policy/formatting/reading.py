"""From a text to its tree, with every comment where it belongs.

PyYAML says what begins and ends where; comments stand in the gaps between, in which nothing else has a ``#``.

Rule 1: a comment behind something belongs to it.
Rule 2: a comment on its own line belongs to what comes next, unless it is indented like a block that ends there: then it
is the last thing in that block, as an item is that somebody has switched off.
Rule 3: comments above the first key of a document belong to the document.
Rule 4: a text comes here only when it has been loaded without a finding.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable
from typing import Any, Final

from watchbill.policy.formatting.scalars import in_lines
from watchbill.policy.formatting.tree import Collection, Comment, Document, Entry, File, Scalar
from watchbill.policy.loading.events import event_parser
from watchbill.policy.loading.scalars import TAG

_COMMENT: Final = re.compile(r"#[^\n]*")
_PROPERTY: Final = re.compile(r"[&!]\S*(?:\s+|#[^\n]*)*")
_BLOCKS: Final = ("|", ">")
_DIRECTIVE: Final = re.compile(r"^%[^\n#]*(?<! )", re.MULTILINE)


def read(text: str) -> File:
    """The tree of this *text*, whose lines end in line feeds."""
    from yaml import events

    reading = _Reading(text)
    steps: dict[type, Callable[[Any], None]] = {
        events.DocumentStartEvent: reading.document,
        events.DocumentEndEvent: reading.document_end,
        events.MappingStartEvent: reading.collection,
        events.SequenceStartEvent: reading.collection,
        events.MappingEndEvent: reading.collection_end,
        events.SequenceEndEvent: reading.collection_end,
        events.ScalarEvent: reading.scalar,
        events.AliasEvent: reading.scalar,
        events.StreamEndEvent: reading.stream_end,
    }
    parser = event_parser(text)
    try:
        while (event := parser.get_event()) is not None:
            step = steps.get(event.__class__)
            if step is not None:
                step(event)
    finally:
        parser.dispose()
    return reading.file


class _Reading:
    """One text while its events come in."""

    def __init__(self, text: str) -> None:
        self.file = File()
        self._text = text
        self._lines = text.split("\n")
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line) + 1)
        # Up to where the text is read, the line that was at, and who takes a comment behind that; where the last literal ended.
        self._at = 0
        self._line = -1
        self._text_to = -1
        self._take: Callable[[Comment], None] = self._wait
        self._waiting: list[Comment] = []
        # What is open: each collection with the entry that it is the value of. What ended since the last node, innermost first.
        self._open: list[tuple[Collection, Entry]] = []
        self._ended: list[Collection] = []
        self._key: Entry | None = None
        self._directives: list[str] = []
        self._marker: Comment | None = None
        self._root: Entry | None = None
        self._before: list[Comment] = []
        self._has_aliases = False

    # Comments.

    def _reach(self, index: int) -> None:
        """Take the comments between where we are and this *index*."""
        behind_dash = False
        before = self._at
        for found in _COMMENT.finditer(self._text, self._at, max(index, self._at)):
            behind_dash = behind_dash or "-" in self._text[before : found.start()]
            before = found.end()
            line, column = self._spot(found.start())
            in_front = self._lines[line][:column]
            gap = in_front[len(in_front.rstrip()) :]
            comment = Comment(found[0].rstrip(), gap=gap if gap and not gap.strip(" ") else " ")
            # Behind the dash of the next item nothing belongs to the last one, however far it is indented.
            comment.column = 0 if behind_dash else column
            comment.blank = not (self._open and self._open[-1][0].is_flow) and self._is_blank_above(line)
            self.file.comments.append(comment)
            (self._take if line == self._line else self._wait)(comment)
        self._at = max(index, self._at)

    def _wait(self, comment: Comment) -> None:
        self._waiting.append(comment)

    def _waited(self) -> list[Comment]:
        waited, self._waiting = self._waiting, []
        return waited

    def _settle(self) -> None:
        """Give the comments that wait to the blocks that have ended, as far as they are indented like them."""
        column = self._open[-1][0].column if self._open else -1
        ended, self._ended = self._ended, []
        while ended and self._waiting and self._waiting[0].column > column:
            fitting = [block.column for block in ended if block.column <= self._waiting[0].column]
            if not fitting:
                break
            # Of a list and a mapping in the same column the outer one takes it, as it will when the list is indented.
            last = max(position for position, block in enumerate(ended) if block.column == max(fitting))
            del ended[:last]
            ended[0].end.append(self._waiting.pop(0))

    def _is_blank_above(self, line: int) -> bool:
        return line - 1 > self._text_to and not self._lines[line - 1].strip()

    def _spot(self, index: int) -> tuple[int, int]:
        line = bisect_right(self._starts, index) - 1
        return line, index - self._starts[line]

    def _went_to(self, index: int, take: Callable[[Comment], None]) -> None:
        """Go on behind what ends at this *index*; *take* takes a comment behind it."""
        self._at = index
        self._line = self._spot(index)[0]
        self._take = take

    # Documents.

    def document(self, event: Any) -> None:
        """A document begins."""
        start, end = event.start_mark.index, event.end_mark.index
        self._reach(start)
        self._directives = [found[0].rstrip() for found in _DIRECTIVE.finditer(self._text, start, end)]
        self._marker = None
        self._before = []
        self._has_aliases = False
        if event.explicit:
            self._reach(end)
            is_first = not self.file.documents and not self._directives
            self._went_to(end, self._wait if is_first else self._mark)

    def _mark(self, comment: Comment) -> None:
        self._marker = comment

    def document_end(self, event: Any) -> None:
        """A document ends; one without a value is left out, and its comments go on to the next."""
        self._reach(event.start_mark.index)
        root, self._root = self._root, None
        if root is not None and isinstance(root.value, Collection):
            self._settle()
            behind = [root.behind] if root.behind is not None else []
            root.value.end += [*root.before, *behind, *self._waited()]
            self.file.documents.append(Document(root.value, self._directives, self._marker, self._before, self._has_aliases))
        elif self._marker is not None:
            self._waiting.insert(0, self._marker)
        if event.explicit:
            self._went_to(event.end_mark.index, self._wait)

    def stream_end(self, event: Any) -> None:
        """The file ends."""
        self._reach(len(self._text))
        if self.file.documents:
            self.file.documents[-1].root.end += self._waited()
        else:
            self.file.loose = self._waited()

    # Nodes.

    def collection(self, event: Any) -> None:
        """A mapping or a list begins."""
        start, end = event.start_mark.index, event.end_mark.index
        self._reach(start)
        is_flow = bool(event.flow_style)
        column = self._spot(self._behind_properties(event, len(self._text)))[1]
        node = Collection("Mapping" in type(event).__name__, is_flow, column, _properties(event))
        self._open.append((node, self._place(node, start)))
        if is_flow and end > start:
            self._reach(end)
            self._went_to(end, self._wait)

    def collection_end(self, event: Any) -> None:
        """A mapping or a list ends."""
        start, end = event.start_mark.index, event.end_mark.index
        node, entry = self._open.pop()
        if not node.is_flow:
            self._ended.append(node)
            return
        self._reach(start)
        if node.entries:
            node.end += self._waited()
        else:
            entry.before += self._waited()
        if end > start:
            self._went_to(end, lambda comment: _put_behind(entry, comment))

    def scalar(self, event: Any) -> None:
        """A scalar or an alias: a key, a value or an item."""
        start, end = event.start_mark.index, event.end_mark.index
        inside = self._behind_properties(event, end)
        self._reach(inside)
        if not self._open:
            # The only document that is a scalar is one without a value.
            self._at = end
            return
        node = self._scalar(event, self._text[inside:end])
        if self._key is None and self._open[-1][0].is_mapping:
            self._settle()
            self._key = key = self._enter(Entry(node, Scalar("", "")), start)
            self._went_to(end, lambda comment: _put_beside(key, comment))
            return
        entry = self._place(node, start)
        self._went_to(end, lambda comment: _put_behind(entry, comment))
        if node.style in _BLOCKS:
            # What stands behind its sign is in the scalar itself; its end is a line of its own.
            self._line = -1
            self._text_to = self._spot(inside)[0] + len(in_lines(node).rest)
            found = _COMMENT.search(node.source.partition("\n")[0])
            if found:
                self.file.comments.append(Comment(found[0].rstrip()))

    def _scalar(self, event: Any, source: str) -> Scalar:
        if not hasattr(event, "value"):
            self._has_aliases = True
            return Scalar(source, "", "*")
        return Scalar(source, event.value, event.style or "", _properties(event))

    def _place(self, node: Scalar | Collection, start: int) -> Entry:
        """Put this *node*, which begins at *start*, where it belongs: under its key, into its list, or as the root."""
        if not self._open:
            self._before = self._waited()
            self._root = Entry(None, node)
            return self._root
        key, self._key = self._key, None
        if key is None:
            self._settle()
            return self._enter(Entry(None, node), start)
        key.value = node
        key.is_below = self._spot(start)[0] > self._line
        if node.is_flow if isinstance(node, Collection) else node.source or node.properties:
            key.between = self._waited()
        return key

    def _enter(self, entry: Entry, start: int) -> Entry:
        """Add an *entry*, which begins at *start*, to what is open."""
        collection = self._open[-1][0]
        entry.before = self._waited()
        entry.blank = not collection.is_flow and self._is_blank_above(self._spot(start)[0])
        collection.entries.append(entry)
        return entry

    def _behind_properties(self, event: Any, end: int) -> int:
        """Where the node begins behind its anchor and its tag."""
        start: int = event.start_mark.index
        if not hasattr(event, "implicit"):
            return start
        for _ in range((event.anchor is not None) + (event.tag is not None)):
            found = _PROPERTY.match(self._text, start, end)
            start = found.end() if found else start
        return start


def _properties(event: Any) -> str:
    """The tag and the anchor of a node, as they are written in front of it."""
    tag = f"!!{event.tag.removeprefix(TAG)}" if event.tag is not None else ""
    anchor = f"&{event.anchor}" if event.anchor is not None else ""
    return f"{tag} {anchor}".strip()


def _put_beside(entry: Entry, comment: Comment) -> None:
    entry.beside = comment


def _put_behind(entry: Entry, comment: Comment) -> None:
    entry.behind = comment
