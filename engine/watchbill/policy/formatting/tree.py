"""A YAML file as a tree that has its comments in it, and forgets where everything stood.

What a node looked like is kept as far as it stays: a scalar by its own letters, a collection by whether it was written
as a block or in brackets.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Comment:
    """A comment with its ``#``. *blank*: an empty line stands above it. *gap* parts it from what it stands behind."""

    text: str
    column: int = 0
    blank: bool = False
    gap: str = " "


@dataclass(slots=True)
class Scalar:
    """A scalar as it was written, without its tag and anchor, or an alias; an empty *source* is a value that was left out.

    *style* is the sign it began with: a quote, ``|``, ``>`` or ``*``; none for a plain one. *value* is the text that it stands for.
    """

    source: str
    value: str
    style: str = ""
    properties: str = ""


@dataclass(slots=True)
class Collection:
    """A mapping or a list. *column* is where the entries of a block began, *end* are the comments behind the last of them."""

    is_mapping: bool
    is_flow: bool
    column: int
    properties: str = ""
    entries: list[Entry] = field(default_factory=list)
    end: list[Comment] = field(default_factory=list)


@dataclass(slots=True)
class Entry:
    """A key with its value, or an item of a list, which has no key.

    *before* are the comments above it, *beside* the one behind the key's colon, *between* those above a value that stands
    on a line of its own (*is_below*), *behind* the one at the end. *blank*: an empty line stands right above it.
    """

    key: Scalar | None
    value: Scalar | Collection
    before: list[Comment] = field(default_factory=list)
    blank: bool = False
    beside: Comment | None = None
    between: list[Comment] = field(default_factory=list)
    is_below: bool = False
    behind: Comment | None = None


@dataclass(slots=True)
class Document:
    """One document: its directives, the comment behind its ``---``, those above its first key, and its mapping."""

    root: Collection
    directives: list[str] = field(default_factory=list)
    marker: Comment | None = None
    before: list[Comment] = field(default_factory=list)
    has_aliases: bool = False


@dataclass(slots=True)
class File:
    """A file: its documents, and its comments, in the order in which they stand. *loose* ones are in no document."""

    documents: list[Document] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    loose: list[Comment] = field(default_factory=list)
