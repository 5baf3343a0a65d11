"""Laws of loading: what was written is what is read, and each place leads to its value."""

from __future__ import annotations

import re
from math import inf
from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from watchbill.policy.loading import PlacedDict, PlacedList, from_json, load_text, to_json

# Neither control characters nor surrogates may stand in a policy; a line feed may, inside a text.
TEXTS = st.text(st.characters(exclude_categories=("Cc", "Cs")) | st.sampled_from("\n\t:#'\"\\{}[]"), max_size=20)
KEYS = st.text(st.characters(exclude_categories=("Cc", "Cs")) | st.sampled_from(":#'\"\\{}[]"), max_size=10)
NUMBERS = st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)
DOCUMENTS = st.lists(st.dictionaries(KEYS, VALUES, max_size=5), min_size=1, max_size=3)


class Writer(yaml.SafeDumper):
    """Writes every text in quotes, and no anchors."""

    quote = '"'

    def represent_str(self, data: str) -> yaml.ScalarNode:
        return self.represent_scalar("tag:yaml.org,2002:str", data, style=self.quote)

    def ignore_aliases(self, data: Any) -> bool:
        return True


Writer.add_representer(str, Writer.represent_str)


@st.composite
def texts(draw: st.DrawFn) -> tuple[list[dict[str, Any]], str]:
    """Documents, and a YAML file that holds them."""
    documents = draw(DOCUMENTS)
    writer = type("Writer", (Writer,), {"quote": draw(st.sampled_from("'\""))})
    options: dict[str, Any] = {
        "default_flow_style": draw(st.sampled_from([True, False, None])),
        "indent": draw(st.sampled_from([2, 4, 7])),
        "allow_unicode": draw(st.booleans()),
        "explicit_start": draw(st.booleans()),
        "sort_keys": False,
        "width": inf,
    }
    return documents, yaml.dump_all(documents, Dumper=writer, **options)


@given(texts())
def test_what_was_written_is_read(written: tuple[list[dict[str, Any]], str]) -> None:
    """
    For all data, what another writer wrote as YAML is loaded as the same values of the same types.
    """
    documents, text = written
    loaded = load_text(text.encode(), "a.yaml")

    assert loaded.findings == ()
    assert repr([document.data for document in loaded.documents]) == repr(documents)


@given(texts())
def test_every_place_leads_to_its_value(written: tuple[list[dict[str, Any]], str]) -> None:
    """
    For all data, the place of every key and value is where it stands in the text.
    """
    text = written[1]
    lines = text.split("\n")

    def rest(spot: tuple[int, int]) -> str:
        line, column = spot
        return "\n".join([lines[line - 1][column - 1 :], *lines[line:]])

    for document in load_text(text.encode(), "a.yaml").documents:
        assert document.line == document.data.place[0]
        _check(document.data, document.data.place, rest)


def _check(value: Any, spot: tuple[int, int], rest: Any) -> None:
    """Look the value up in the text at its place, then what is inside it."""
    here: str = rest(spot)
    if isinstance(value, PlacedDict):
        assert value.place == spot
        assert here.startswith(("{", "? ")) or next(iter(value.keys_at.values())) == spot
        assert list(value.keys_at) == list(value.values_at) == list(value)
        for key, child in value.items():
            _check(key, value.keys_at[key], rest)
            _check(child, value.values_at[key], rest)
    elif isinstance(value, PlacedList):
        assert value.place == spot
        assert here.startswith(("[", "- "))
        assert len(value.values_at) == len(value)
        for child, child_spot in zip(value, value.values_at, strict=True):
            _check(child, child_spot, rest)
    elif isinstance(value, str):
        token = re.match(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^']|'')*'", here, re.DOTALL)
        assert token is not None
        assert yaml.safe_load(token[0]) == value
    else:
        token = re.match(r"[^\s,\]}]+", here)
        assert token is not None
        assert yaml.safe_load(token[0]) == value


@given(texts())
def test_what_is_kept_comes_back(written: tuple[list[dict[str, Any]], str]) -> None:
    """
    For all data, JSON gives back the same documents with the same places.
    """
    loaded = load_text(written[1].encode(), "a.yaml")
    back = from_json(to_json(loaded))

    assert back == loaded
    for one, other in zip(back.documents, loaded.documents, strict=True):
        assert _places(one.data) == _places(other.data)


def _places(node: Any) -> Any:
    if isinstance(node, PlacedDict):
        return (node.place, node.keys_at, node.values_at, [_places(child) for child in node.values()])
    if isinstance(node, PlacedList):
        return (node.place, node.values_at, [_places(child) for child in node])
    return None


@given(st.text(st.sampled_from("abc1.0~ \n\t:-?,[]{}\"'&*!|>#%@`<\\é\x00\ufeff"), max_size=40) | st.text(max_size=20))
def test_no_text_breaks_the_loader(text: str) -> None:
    """
    For all texts there are documents or findings, never both, and every finding stands in the text.
    """
    content = text.encode(errors="surrogatepass")
    loaded = load_text(content, "a.yaml")
    lines = re.split(r"\r\n|\r|\n", text)

    assert not (loaded.documents and loaded.findings)
    for finding in loaded.findings:
        assert finding.message
        assert finding.help
        assert 1 <= finding.place.line <= len(lines)
        assert 1 <= finding.place.column <= len(lines[finding.place.line - 1]) + 1


@given(st.binary(max_size=40))
def test_no_bytes_break_the_loader(content: bytes) -> None:
    """
    For all bytes there are documents or findings, never both.
    """
    loaded = load_text(content, "a.yaml")

    assert not (loaded.documents and loaded.findings)
