"""The order of keys: that of the language, wherever the language has one.

Rule 1: it holds for a document, its `metadata` and the first level of its `spec`, where it is that of the models. Deeper
down people put first what matters most to them, and it stays so.
Rule 2: a key takes its comments with it. One that the language does not know comes last.
Rule 3: a document with aliases keeps its order, for an alias must stand behind its anchor.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, Final

from watchbill.policy.formatting.tree import Collection, Document, File, Scalar

_DOCUMENT: Final = ("apiVersion", "kind", "metadata", "spec")
_METADATA: Final = ("name", "team", "labels", "description")
_BEHIND: Final = {
    "Settings": {"escalation": "fallback_team"},
    "Escalation": {"continue": "priority", "ack": "continue", "text": "ack"},
    "Remediation": {"mode": "phase"},
}
"""Keys that stand behind another one than in their model: short ones that change what the long ones below them mean."""


def in_order(file: File) -> File:
    """The same *file*, the keys of its documents in order."""
    for document in file.documents:
        if not document.has_aliases:
            _put_in_order(document)
    return file


def _put_in_order(document: Document) -> None:
    root = document.root
    _sort(root, _DOCUMENT)
    _sort(_child(root, "metadata"), _METADATA)
    kind = next((entry.value for entry in root.entries if entry.key is not None and entry.key.value == "kind"), None)
    _sort(_child(root, "spec"), _keys_of(kind.value) if isinstance(kind, Scalar) else ())


def _child(root: Collection, name: str) -> Collection | None:
    found = next((entry.value for entry in root.entries if entry.key is not None and entry.key.value == name), None)
    return found if isinstance(found, Collection) and found.is_mapping else None


def _sort(mapping: Collection | None, order: Sequence[str]) -> None:
    if mapping is None or not mapping.entries:
        return
    places = {name: place for place, name in enumerate(order)}
    first = mapping.entries[0]
    mapping.entries.sort(key=lambda entry: places.get(entry.key.value if entry.key is not None else "", len(places)))
    # The empty line above a first entry parts it from what stands above the mapping, whichever entry is the first.
    now_first = mapping.entries[0]
    first.blank, now_first.blank = now_first.blank, first.blank


@cache
def _keys_of(kind: str) -> tuple[str, ...]:
    """The keys of the spec of this *kind*, in order; none where there is no such kind."""
    from watchbill.policy.documents import KINDS

    model: Any = {str(name): each for name, each in KINDS.items()}.get(kind)
    if model is None:
        return ()
    fields = model.model_fields["spec"].annotation.model_fields
    keys = [field.alias or name for name, field in fields.items()]
    for key, other in _BEHIND.get(kind, {}).items():
        keys.remove(key)
        keys.insert(keys.index(other) + 1, key)
    return tuple(keys)
