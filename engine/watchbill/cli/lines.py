"""The very line that decided: the matcher that failed, the claim, the team. A compiled policy knows where its document begins."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from watchbill.errors import Place
from watchbill.expressions.matchers import parse_matcher
from watchbill.expressions.problems import ExpressionError
from watchbill.model.explanation import Explanation, LookedAt
from watchbill.model.plan import Reason
from watchbill.model.references import Ref
from watchbill.policy.loading import RawDocument, load_repository

Documents = dict[tuple[str, str], RawDocument]


def pointing(explanations: Iterable[Explanation], root: Path) -> tuple[Explanation, ...]:
    """The same *explanations*, with places that point to lines of the documents below this *root*."""
    _, loaded = load_repository(root)
    documents: Documents = {}
    for document in loaded.documents:
        metadata = document.data.get("metadata")
        name = metadata.get("name") if isinstance(metadata, dict) else None
        # Of two documents with one name, the first is the one that counts.
        documents.setdefault((str(document.data.get("kind")), str(name)), document)
    return tuple(
        replace(
            each,
            services=tuple(_pointed(documents, one) for one in each.services),
            policies=tuple(_pointed(documents, one) for one in each.policies),
        )
        for each in explanations
    )


def _pointed(documents: Documents, looked_at: LookedAt) -> LookedAt:
    ref = looked_at.policy
    asked = tuple(replace(one, place=_line(documents, ref, one.refusal, one.place)) for one in looked_at.asked)
    return replace(looked_at, place=_line(documents, ref, looked_at.reason, looked_at.place), asked=asked)


def _line(documents: Documents, ref: Ref, reason: Reason | None, otherwise: Place) -> Place:
    """Where the condition of this *reason* is written; *otherwise* where it is nowhere, or known already."""
    document = documents.get((ref.kind, ref.name))
    if document is None or document.file != ref.place.file or reason is None:
        return otherwise
    if reason.kind == "scope":
        return _without_column(document.key_place("metadata", "team"))
    if reason.kind != "matcher":
        return _without_column(otherwise)
    spec = document.data.get("spec")
    written = spec.get("claims" if ref.kind == "Service" else "match") if isinstance(spec, dict) else None
    for path in _matchers(written):
        if _is(path[-1], reason.failed):
            return _without_column(document.place("spec", "claims" if ref.kind == "Service" else "match", *path[:-1]))
    # A service without claims has one by its name.
    return _without_column(document.place("metadata", "name"))


def _matchers(written: object) -> Iterator[tuple[int | str, ...]]:
    """Each text among these matchers, behind the way to it."""
    for index, each in enumerate(written if isinstance(written, list) else ()):
        if isinstance(each, str):
            yield (index, each)
        elif isinstance(each, list):
            yield from ((index, inner, text) for inner, text in enumerate(each) if isinstance(text, str))


def _is(text: int | str, failed: str) -> bool:
    """Whether this *text* is the matcher that failed, however it is spaced and quoted."""
    try:
        return str(parse_matcher(str(text))) == failed
    except ExpressionError:
        return False


def _without_column(place: Place) -> Place:
    return Place(place.file, place.line)
