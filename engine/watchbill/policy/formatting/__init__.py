"""The canonical form of policy files: one way to write each of them, whoever wrote it.

`reading` makes a tree of a text that has every comment in its place, `ordering` puts the keys of a document in order,
`writing` writes the tree with the words of `scalars`.

Rule 1: the meaning never changes. What comes out is loaded, and compared with what went in, before anybody gets it.
Rule 2: no comment is lost. They are counted, too.
Rule 3: formatting twice changes nothing more.
Rule 4: what people chose with their eyes stays: quotes, block or flow, paragraphs, the distance of a comment from its line.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from watchbill.errors import Finding
from watchbill.policy.formatting.ordering import in_order
from watchbill.policy.formatting.reading import read
from watchbill.policy.formatting.tree import File
from watchbill.policy.formatting.writing import WIDTH, written
from watchbill.policy.loading import load_text
from watchbill.policy.loading.syntax import lines_of

__all__ = ["WIDTH", "Formatted", "format_text"]


@dataclass(frozen=True, slots=True)
class Formatted:
    """A file in canonical form; where it could not be read as YAML, the file as it was and the *findings* that say why."""

    content: bytes
    findings: tuple[Finding, ...] = ()


def format_text(content: bytes, file: str) -> Formatted:
    """The canonical form of these bytes, which places in findings call *file*.

    Lines end as the first one does. Raises RuntimeError where the form would say something else than the file did or
    lose a comment of it; that is a mistake of ours, and better than either.
    """
    before = load_text(content, file)
    if before.findings:
        return Formatted(content, before.findings)
    source = content.decode().removeprefix("\ufeff")
    tree = read("\n".join(lines_of(source)))
    text = written(in_order(tree))
    end = "\r\n" if source.partition("\n")[0].endswith("\r") else "\n"
    form = text.replace("\n", end).encode()
    after = load_text(form, file)
    if after.findings or [_exact(each.data) for each in after.documents] != [_exact(each.data) for each in before.documents]:
        raise RuntimeError(f"{file}: its canonical form would say something else, so it was left as it is")
    if _comments(tree) != _comments(read(text)):
        raise RuntimeError(f"{file}: its canonical form would lose a comment, so it was left as it is")
    return Formatted(form)


def _exact(value: object) -> object:
    """A *value* that equals another one only where the types do too: for Python, 1 and 1.0 and True are equal."""
    if isinstance(value, dict):
        # The order of keys means nothing, so dicts are compared as such.
        return {key: _exact(child) for key, child in value.items()}
    if isinstance(value, list):
        return [_exact(child) for child in value]
    return (type(value), value)


def _comments(file: File) -> Counter[str]:
    return Counter(comment.text for comment in file.comments)
