"""What a YAML file becomes: plain values that know where they were written.

Rule 1: values are those of JSON (text, numbers, booleans, null, lists, mappings with text keys); the
places stand beside them, so that whoever needs none reads ordinary dicts and lists.
Rule 2: places are pairs of line and column from 1, columns counted in characters.
Rule 3: what an alias repeats is the same object again; nothing here is changed after loading.
"""

from __future__ import annotations

import json
import sys
from array import array
from base64 import b64decode, b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from watchbill.errors import Finding, Place

Spot: TypeAlias = tuple[int, int]
"""Line and column, from 1."""

_FORMAT: Final = 1
"""Of `to_json`. Raise it with every change of what is written."""


class PlacedDict(dict[str, Any]):
    """A mapping that knows where it begins (*place*), and where each of its keys and values does."""

    __slots__ = ("keys_at", "place", "values_at")

    def __init__(self, place: Spot = (1, 1), keys_at: dict[str, Spot] | None = None, values_at: dict[str, Spot] | None = None) -> None:
        self.place = place
        self.keys_at = {} if keys_at is None else keys_at
        self.values_at = {} if values_at is None else values_at


class PlacedList(list[Any]):
    """A list that knows where it begins (*place*), and where each of its values does."""

    __slots__ = ("place", "values_at")

    def __init__(self, place: Spot = (1, 1)) -> None:
        self.place = place
        self.values_at: list[Spot] = []


@dataclass(frozen=True, slots=True)
class RawDocument:
    """One document as it was written, nothing checked but that it is a mapping.

    *line* is where its first key stands. *widths* are those of the lines of its file, where they are known.
    """

    file: str
    data: PlacedDict
    line: int
    widths: Sequence[int] = field(default=(), compare=False, repr=False)

    def place(self, *path: str | int) -> Place:
        """Where the value at this *path* begins.

        Parts that the YAML lacks are passed over: names of variants that a schema puts between, and
        whatever is missing. What is asked for and not there is thus said at the mapping it belongs in.
        """
        return self._find(path)[0]

    def key_place(self, *path: str | int) -> Place:
        """Where the key of the value at this *path* stands; for an item of a list, where the item begins."""
        return self._find(path)[1]

    def _find(self, path: tuple[str | int, ...]) -> tuple[Place, Place]:
        node: Any = self.data
        value_at = key_at = self.data.place
        for part in path:
            if isinstance(node, PlacedDict) and isinstance(part, str) and part in node:
                key_at, value_at = node.keys_at[part], node.values_at[part]
                node = node[part]
            elif isinstance(node, PlacedList) and isinstance(part, int) and 0 <= part < len(node):
                key_at = value_at = node.values_at[part]
                node = node[part]
        return Place(self.file, *value_at), Place(self.file, *key_at)


@dataclass(frozen=True, slots=True)
class Loaded:
    """What files gave: their documents in order of file and line, and all that is wrong in them.

    *digest* is the SHA-256 over the names and bytes of the *files*, in hexadecimal; the same digest means
    the same documents and findings. *quarantined* names (``Kind/name``) what stands in files that gave nothing
    because something in them is broken, as far as it can be made out, so that a reference to it is no second finding.
    """

    documents: tuple[RawDocument, ...]
    findings: tuple[Finding, ...]
    digest: str
    files: int
    quarantined: tuple[str, ...] = ()


# --- to keep what was loaded ----------------------------------------------------------


def to_json(loaded: Loaded) -> bytes:
    """The same as JSON, for a cache by digest. An alias is written out as what it repeats."""
    findings = [[f.rule, f.place.file, f.place.line, f.place.column, f.message, f.help, f.level, f.document] for f in loaded.findings]
    documents = [[document.file, document.line, document.data] for document in loaded.documents]
    # Places are many and small: as one row of 32-bit numbers they cost a tenth of what they would as JSON.
    row = array("I", (number for document in loaded.documents for spot in _spots(document.data) for number in spot))
    if sys.byteorder == "big":
        row.byteswap()
    content = [_FORMAT, loaded.digest, loaded.files, loaded.quarantined, findings, documents, b64encode(row.tobytes()).decode()]
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def from_json(text: bytes) -> Loaded:
    """What `to_json` wrote.

    Raises ValueError for anything else, among it what another version wrote: read the files again then.
    """
    try:
        version, digest, files, quarantined, findings, documents, spots = json.loads(text)
        if version != _FORMAT:
            raise ValueError("written by another version")
        row = array("I", b64decode(spots))
        if sys.byteorder == "big":
            row.byteswap()
        numbers = iter(row)
        placing = _Placing(list(zip(numbers, numbers, strict=True)))
        return Loaded(
            documents=tuple(RawDocument(file, placing.placed(data), line) for file, line, data in documents),
            findings=tuple(
                Finding(rule, Place(file, line, column), message, help, level, document)
                for rule, file, line, column, message, help, level, document in findings
            ),
            digest=digest,
            files=files,
            quarantined=tuple(quarantined),
        )
    except (AttributeError, IndexError, TypeError) as error:
        raise ValueError("not what was written") from error


def _spots(node: PlacedDict | PlacedList) -> Iterator[Spot]:
    """The places of a tree: of the node itself, of its keys, of its values, then those of each child."""
    yield node.place
    if isinstance(node, PlacedDict):
        yield from map(node.keys_at.__getitem__, node)
        yield from map(node.values_at.__getitem__, node)
    else:
        yield from node.values_at
    for child in node.values() if isinstance(node, PlacedDict) else node:
        if isinstance(child, PlacedDict | PlacedList):
            yield from _spots(child)


class _Placing:
    """Gives plain trees their places again, which come in the order of `_spots`."""

    def __init__(self, spots: list[Spot]) -> None:
        self._spots = spots
        self._at = 0

    def placed(self, node: Any) -> Any:
        """The tree below this *node*; no deeper than `yaml-depth` lets a document be."""
        spots, at, size = self._spots, self._at, len(node)
        if node.__class__ is dict:
            middle, end = at + 1 + size, at + 1 + 2 * size
            mapping = PlacedDict(
                spots[at], dict(zip(node, spots[at + 1 : middle], strict=True)), dict(zip(node, spots[middle:end], strict=True))
            )
            mapping.update(node)
            self._at = end
            for key, child in node.items():
                if child.__class__ is dict or child.__class__ is list:
                    mapping[key] = self.placed(child)
            return mapping
        items = PlacedList(spots[at])
        items.values_at = spots[at + 1 : at + 1 + size]
        self._at = at + 1 + size
        items.extend([self.placed(child) if child.__class__ is dict or child.__class__ is list else child for child in node])
        return items
