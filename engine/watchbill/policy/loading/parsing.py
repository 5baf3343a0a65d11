"""From the bytes of one file to its documents, every value with its place.

PyYAML reads the text and says what begins and ends where; what comes of it is decided here:

Rule 1: plain scalars mean what `scalars` says, whatever is quoted is a text.
Rule 2: nothing is made but text, numbers, booleans, null, lists and mappings with text keys; there are no other tags.
Rule 3: a text from a stranger costs little. Size, depth, and what aliases repeat are bounded, and nothing here recurses.
Rule 4: a file with one mistake gives none of its documents. Behind broken syntax nothing can be trusted, not even what
stands before it: a bracket or a quote that was forgotten may have swallowed half a document in silence. All mistakes up
to there are reported.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final, NamedTuple

from watchbill.errors import Finding, Place
from watchbill.policy.loading.events import event_parser
from watchbill.policy.loading.placed import PlacedDict, PlacedList, RawDocument, Spot
from watchbill.policy.loading.scalars import FORBIDDEN_ESCAPED, SCALAR_TAGS, TAG, decode, resolve, resolve_tagged
from watchbill.policy.loading.syntax import lines_of, names_in, syntax_finding

LARGEST_FILE: Final = 1024 * 1024
DEEPEST: Final = 50
MOST_REPEATED: Final = 10_000
MOST_FINDINGS: Final = 100


class Parsed(NamedTuple):
    """What one file gave: its documents, or findings and the names of what is not there because of them."""

    documents: tuple[RawDocument, ...]
    findings: tuple[Finding, ...]
    quarantined: tuple[str, ...]


def parse(content: bytes, file: str) -> Parsed:
    """The documents in these bytes, or all that is wrong with them. *file* is the name that places carry."""
    if len(content) > LARGEST_FILE:
        return Parsed((), (too_large(file),), ())
    text, finding = decode(content, file)
    if finding is not None:
        return Parsed((), (finding,), names_in(text))
    construction = _Construction(file, text)
    construction.run()
    if not construction.findings:
        return Parsed(tuple(construction.documents), (), ())
    return Parsed((), tuple(sorted(construction.findings, key=lambda finding: finding.order)), construction.names())


def too_large(file: str) -> Finding:
    """The finding for a *file* that is not read because of its size."""
    help = "split it; a file may hold as few documents as you like"
    return Finding("yaml-size", Place(file), "this file is larger than 1 MiB and was not read", help)


# --- documents ------------------------------------------------------------------------

_LOST: Final = object()
"""The key of a value that has no place to go, because something is wrong with its key."""

_NOUNS: Final = {
    PlacedDict: "a mapping",
    PlacedList: "a list",
    str: "a text",
    bool: "a boolean",
    int: "a number",
    float: "a number",
    type(None): "null",
}


class _Stop(Exception):
    """The rest of this file is not worth reading."""


class _Anchor(NamedTuple):
    """What an anchor names: the *value*, how many nodes it has written out, and how deep it is (0 for a scalar)."""

    value: Any
    nodes: int
    height: int


class _Open(NamedTuple):
    """What stands around the node that is being read, and what to know when that node ends."""

    node: Any
    key: Any
    anchor: str | None
    nodes: int
    deepest: int


class _Construction:
    """One file while its events come in: what is read so far, what is open, what is wrong."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.text = text
        self.documents: list[RawDocument] = []
        self.findings: list[Finding] = []
        self._lost: list[str] = []
        self._widths = tuple(map(len, lines_of(text)))
        self._split: list[str] = []
        self._repeated = 0
        self._is_whole = False
        self._begin(1)

    def run(self) -> None:
        """Read the file to its end, or to where it cannot be read any further."""
        from yaml import events
        from yaml.error import MarkedYAMLError

        steps: dict[type, Callable[[Any], None]] = {
            events.ScalarEvent: self._scalar,
            events.MappingStartEvent: self._mapping,
            events.MappingEndEvent: self._end,
            events.SequenceStartEvent: self._sequence,
            events.SequenceEndEvent: self._end,
            events.AliasEvent: self._alias,
            events.DocumentStartEvent: lambda event: self._begin(event.start_mark.line + 1),
            events.DocumentEndEvent: self._document,
            events.StreamEndEvent: self._finish,
        }
        parser = event_parser(self.text)
        try:
            while (event := parser.get_event()) is not None:
                step = steps.get(event.__class__)
                if step is not None:
                    step(event)
        except _Stop:
            self._name_findings()
        except MarkedYAMLError as error:
            finding = syntax_finding(error, self.text, self.file, None if self._node is None else self._node.place)
            # What is already reported in the same line is the same mistake seen twice, as in `a: {{ x }} y`.
            if all(other.place.line != finding.place.line for other in self.findings):
                self.findings.append(finding)
            self._name_findings()
        finally:
            parser.dispose()

    def names(self) -> tuple[str, ...]:
        """The documents (``Kind/name``) of this file, as far as they can be made out."""
        whole = [name for document in self.documents if (name := _name(document.data))]
        rest = () if self._is_whole else names_in("\n".join(self._lines()[self._line - 1 :]))
        return tuple(dict.fromkeys((*whole, *self._lost, *rest)))

    # A document from its first line to its last.

    def _begin(self, line: int) -> None:
        self._line = line
        self._root: Any = None
        self._root_at: Spot = (line, 1)
        self._first_finding = len(self.findings)
        self._anchors: dict[str, _Anchor | None] = {}
        self._stack: list[_Open] = []
        self._node: Any = None
        self._key: Any = None
        self._nodes = 0
        self._deepest = 0

    def _document(self, event: Any) -> None:
        root = self._root
        if isinstance(root, PlacedDict):
            self.documents.append(RawDocument(self.file, root, root.place[0], self._widths))
        elif root is not None and root is not _LOST:
            self._report(
                "yaml-document",
                self._root_at,
                f"a document is a mapping; this one is {_NOUNS[type(root)]}",
                "begin it with `apiVersion:` and `kind:`, and put `---` between documents",
            )
        self._name_findings()
        self._begin(event.end_mark.line + 1)

    def _finish(self, event: Any) -> None:
        self._is_whole = True

    def _lines(self) -> list[str]:
        if not self._split:
            self._split = lines_of(self.text)
        return self._split

    def _name_findings(self) -> None:
        """Say of the findings of this document in which it is, where that can be seen."""
        if self._first_finding == len(self.findings):
            return
        opened = [entry.node for entry in self._stack if entry.node is not None]
        root = opened[0] if opened else self._node if self._node is not None else self._root
        name = _name(root)
        if name:
            self._lost.append(name)
            self.findings[self._first_finding :] = [replace(finding, document=name) for finding in self.findings[self._first_finding :]]

    def _report(self, rule: str, spot: Spot, message: str, help: str) -> None:
        self.findings.append(Finding(rule, Place(self.file, *spot), message, help))
        if len(self.findings) >= MOST_FINDINGS:
            last = "more than that is wrong from here on, and was not read"
            self.findings.append(Finding("yaml-many", Place(self.file, *spot), last, f"mend the first {MOST_FINDINGS}, then look again"))
            raise _Stop

    # Nodes, in the order in which they stand.

    def _scalar(self, event: Any) -> None:
        mark = event.start_mark
        spot = (mark.line + 1, mark.column + 1)
        text: str = event.value
        is_key = self._key is None and self._node.__class__ is PlacedDict
        value: Any = text
        if event.tag is not None:
            value = self._tagged(event.tag, text, spot)
        elif event.implicit[0]:
            if is_key and text == "<<":
                self._merge(spot)
                return
            try:
                value = resolve(text)
            except ValueError:
                help = f'put it in quotes if a text is meant: "{_short(text)}"'
                self._report("yaml-number", spot, f"`{_short(text)}` is no number that JSON knows", help)
        elif event.style == '"' and (found := FORBIDDEN_ESCAPED.search(text)):
            message = f"this text holds the invisible character U+{ord(found[0]):04X} as an escape"
            self._report("yaml-encoding", spot, message, "take the escape away")
        if event.anchor is not None:
            self._anchors[event.anchor] = _Anchor(value, 1, 0)
        self._nodes += 1
        if not is_key:
            self._put(value, spot)
        elif isinstance(value, str):
            self._take_key(value, spot)
        else:
            self._refuse_key(value, text, spot)

    def _mapping(self, event: Any) -> None:
        mark = event.start_mark
        self._start(event, "map", PlacedDict((mark.line + 1, mark.column + 1)))

    def _sequence(self, event: Any) -> None:
        mark = event.start_mark
        self._start(event, "seq", PlacedList((mark.line + 1, mark.column + 1)))

    def _start(self, event: Any, tag: str, node: PlacedDict | PlacedList) -> None:
        if event.tag is not None and event.tag != TAG + tag:
            self._refuse_tag(event.tag, node.place)
        self._stack.append(_Open(self._node, self._key, event.anchor, self._nodes, self._deepest))
        depth = len(self._stack)
        if depth > DEEPEST:
            self._too_deep(node.place)
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        self._node, self._key = node, None
        self._nodes += 1
        self._deepest = depth

    def _end(self, event: Any) -> None:
        node, depth = self._node, len(self._stack)
        around = self._stack.pop()
        if around.anchor is not None:
            self._anchors[around.anchor] = _Anchor(node, self._nodes - around.nodes, self._deepest - depth + 1)
        self._deepest = max(self._deepest, around.deepest)
        self._node, self._key = around.node, around.key
        if self._key is None and self._node.__class__ is PlacedDict:
            self._refuse_key(node, "", node.place)
        else:
            self._put(node, node.place)

    def _alias(self, event: Any) -> None:
        mark = event.start_mark
        spot = (mark.line + 1, mark.column + 1)
        name: str = event.anchor
        is_key = self._key is None and self._node.__class__ is PlacedDict
        anchor = self._anchors.get(name)
        if anchor is None:
            self._refuse_alias(name, spot)
            anchor = _Anchor(_LOST, 1, 0)
        self._repeated += anchor.nodes
        if self._repeated > MOST_REPEATED:
            message = f"the aliases of this file repeat more than {MOST_REPEATED:,} values"
            self._report("yaml-bomb", spot, message, "write out what is meant, with fewer aliases that hold others")
            raise _Stop
        self._deepest = max(self._deepest, len(self._stack) + anchor.height)
        if self._deepest > DEEPEST:
            self._too_deep(spot)
        self._nodes += anchor.nodes
        if not is_key:
            self._put(anchor.value, spot)
        elif isinstance(anchor.value, str):
            self._take_key(anchor.value, spot)
        elif anchor.value is _LOST:
            self._key = _LOST
        else:
            self._refuse_key(anchor.value, "*" + name, spot)

    # Where a node goes.

    def _put(self, value: Any, spot: Spot) -> None:
        node = self._node
        if node.__class__ is PlacedDict:
            key, self._key = self._key, None
            if key is not _LOST:
                node[key] = value
                node.values_at[key] = spot
        elif node is None:
            self._root, self._root_at = value, spot
        else:
            node.append(value)
            node.values_at.append(spot)

    def _take_key(self, key: str, spot: Spot) -> None:
        keys_at: dict[str, Spot] = self._node.keys_at
        first = keys_at.get(key)
        if first is None:
            keys_at[key] = spot
            self._key = key
            return
        self._key = _LOST
        message = f"the key `{_short(key)}` stands twice in this mapping"
        self._report("yaml-duplicate-key", spot, message, f"it is also at line {first[0]}, column {first[1]}: keep one of them")

    def _refuse_key(self, key: Any, text: str, spot: Spot) -> None:
        self._key = _LOST
        line, column = spot
        if isinstance(key, PlacedDict) and self._lines()[line - 1][column - 2 : column] == "{{":
            message, help = "a template without quotes is read as a mapping", 'put the whole text in quotes: "{{ … }}"'
            self._report("yaml-key", (line, column - 1), message, help)
        elif not text:
            message = "a key is missing before this `:`" if key is None else f"a key is a text, and this is {_NOUNS[type(key)]}"
            self._report("yaml-key", spot, message, "write a text as the key")
        else:
            message = f"a key is a text, and `{_short(text)}` is read as {_NOUNS[type(key)]}"
            self._report("yaml-key", spot, message, f'put it in quotes: "{_short(text)}"')

    def _refuse_alias(self, name: str, spot: Spot) -> None:
        shown = _short(name)
        if name in self._anchors:
            message, help = f"`*{shown}` stands inside what it names, and would never end", "write out what is meant"
        else:
            message = f"no anchor above in this document is called `{shown}`"
            help = f"put a text that begins with `*` in quotes, or mark what is to be repeated with `&{shown}`"
        self._report("yaml-alias", spot, message, help)

    def _merge(self, spot: Spot) -> None:
        self._key = _LOST
        help = "write the keys out, or give a whole value an anchor (`&name`) and repeat it as `*name`"
        self._report("yaml-merge", spot, "`<<` merges nothing: YAML 1.2 has no merge key", help)

    # Tags and depth.

    def _tagged(self, tag: str, text: str, spot: Spot) -> Any:
        name = tag.removeprefix(TAG)
        if not tag.startswith(TAG) or name not in SCALAR_TAGS:
            self._refuse_tag(tag, spot)
            return text
        try:
            return resolve_tagged(tag, text)
        except ValueError:
            self._report("yaml-tag", spot, f"`{_short(text)}` is no value for the tag `!!{name}`", "take the tag away, or mend the value")
            return text

    def _refuse_tag(self, tag: str, spot: Spot) -> None:
        shown = _short(tag.replace(TAG, "!!", 1))
        help = "take the tag away; put the text in quotes if the `!` belongs to it"
        self._report("yaml-tag", spot, f"the tag `{shown}` means nothing here", help)

    def _too_deep(self, spot: Spot) -> None:
        help = "nest less; no policy needs more than a dozen levels"
        self._report("yaml-depth", spot, f"this is nested deeper than {DEEPEST} levels", help)
        raise _Stop


def _name(root: Any) -> str | None:
    """``Kind/name`` of a document, where both can be seen."""
    if not isinstance(root, PlacedDict):
        return None
    kind, metadata = root.get("kind"), root.get("metadata")
    name = metadata.get("name") if isinstance(metadata, PlacedDict) else None
    return f"{kind}/{name}" if isinstance(kind, str) and isinstance(name, str) else None


def _short(text: str) -> str:
    """The user's words for a message, on one line and not too long."""
    line = " ".join(text.split())
    return line if len(line) <= 40 else line[:39] + "…"
