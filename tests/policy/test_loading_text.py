"""One file that is well: what its values are, and where they stand."""

from __future__ import annotations

import subprocess
import sys
from hashlib import sha256
from typing import Any

import pytest

from watchbill.policy.loading import PlacedDict, PlacedList, RawDocument, from_json, load_text, to_json
from watchbill.policy.loading.events import event_parser

ESCALATION = """\
# Who is called at night.
apiVersion: watchbill/v1
kind: Escalation
metadata: {name: night, team: payments}
spec:
  levels:
    - page: role/primary
      wait: 5m
    - page: [role/secondary, "person/cy"]
"""


def the_document(text: str) -> RawDocument:
    loaded = load_text(text.encode(), "a.yaml")
    assert loaded.findings == ()
    (document,) = loaded.documents
    return document


def read(scalar: str) -> Any:
    return the_document(f"value: {scalar}\n").data["value"]


# --- values ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("", None), ("~", None), ("null", None), ("Null", None), ("NULL", None), ("nULL", "nULL"),
        ("true", True), ("True", True), ("TRUE", True), ("false", False), ("False", False), ("FALSE", False), ("tRUE", "tRUE"),
        ("0", 0), ("-3", -3), ("+12", 12), ("0777", 777), ("0o777", 511), ("0x1F", 31), ("18446744073709551615", 2**64 - 1),
        ("1.5", 1.5), ("-.5", -0.5), ("5.", 5.0), ("1e3", 1000.0), ("12E-1", 1.2),
    ],
)  # fmt: skip
def test_plain_scalars_follow_the_core_schema(written: str, value: Any) -> None:
    """
    A word without quotes is null, a boolean or a number exactly where the core schema of YAML 1.2 says so.
    """
    found = read(written)

    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    "written",
    [
        "no",
        "yes",
        "on",
        "off",
        "y",
        "12:30",
        "2026-01-05",
        "2026-01-05T09:00:00Z",
        "1_000",
        "0b11",
        "-0x1",
        "0o8",
        "5m",
        "1h30m",
        "+",
        ".",
        "1.2.3",
    ],
)
def test_what_only_yaml_1_1_knows_is_a_text(written: str) -> None:
    """
    `no`, `on`, times of day and dates are texts, as in YAML 1.2.
    """
    assert read(written) == written


@pytest.mark.parametrize("written", ['"1"', "'true'", '"null"', "'~'", '""', '"<<"'])
def test_what_is_quoted_is_a_text(written: str) -> None:
    """
    A scalar in quotes is always a text.
    """
    assert read(written) == written[1:-1]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("!!str 1", "1"),
        ('!!int "7"', 7),
        ("!!float 1", 1.0),
        ("!!bool true", True),
        ("!!null ''", None),
        ("!!map {}", {}),
        ("!!seq []", []),
    ],
)
def test_the_core_tags_are_obeyed(written: str, value: Any) -> None:
    """
    The tags of the core schema may be written out.
    """
    found = read(written)

    assert found == value
    assert isinstance(found, type(value))


def test_a_quoted_merge_key_is_an_ordinary_key() -> None:
    """
    Only `<<` without quotes is taken for a merge key.
    """
    assert the_document('"<<": 1\n').data == {"<<": 1}


def test_an_alias_repeats_its_anchor() -> None:
    """
    An alias gives the same value again, as a value, in a list and as a key.
    """
    document = the_document("a: &m [1, {b: &k c}]\nd: *m\n*k : [*k, *m]\n")

    assert document.data == {"a": [1, {"b": "c"}], "d": [1, {"b": "c"}], "c": ["c", [1, {"b": "c"}]]}
    assert document.data["d"] is document.data["a"]


def test_a_list_may_be_long() -> None:
    """
    Only depth and repetition are bounded; twenty thousand values written out are fine.
    """
    assert len(read("[" + "x," * 20_000 + "]")) == 20_000


def test_a_document_may_be_deep() -> None:
    """
    Fifty levels of nesting are read, counted from the document itself.
    """
    assert read("[" * 49 + "]" * 49) is not None


# --- documents ------------------------------------------------------------------------


def test_a_file_holds_several_documents() -> None:
    """
    Documents come in order, each with the line of its first key.
    """
    loaded = load_text(b"# first\na: 1\n---\n\nb: 2\n...\n---\nc: 3\n", "many.yaml")

    assert [(document.data, document.line) for document in loaded.documents] == [({"a": 1}, 2), ({"b": 2}, 5), ({"c": 3}, 8)]
    assert {document.file for document in loaded.documents} == {"many.yaml"}
    assert loaded.files == 1


@pytest.mark.parametrize("text", ["", "\n", "# nothing\n", "---\n", "---\n---\n", "--- ~\n", "\ufeff"])
def test_empty_documents_are_passed_over(text: str) -> None:
    """
    A document with nothing in it is no document and no mistake.
    """
    loaded = load_text(text.encode(), "a.yaml")

    assert (loaded.documents, loaded.findings) == ((), ())


def test_a_byte_order_mark_does_not_count() -> None:
    """
    A byte order mark at the start is passed over, in columns too.
    """
    assert str(the_document("\ufeffa: 1\n").key_place("a")) == "a.yaml:1:1"


def test_anchors_hold_within_one_document() -> None:
    """
    An anchor of one document is not known in the next.
    """
    loaded = load_text(b"a: &x 1\n---\nb: *x\n", "a.yaml")

    assert [finding.rule for finding in loaded.findings] == ["yaml-alias"]


def test_the_digest_is_of_name_and_bytes() -> None:
    """
    Another name or other bytes make another digest.
    """
    digests = {load_text(text, file).digest for text, file in ((b"a: 1", "x"), (b"a: 2", "x"), (b"a: 1", "y"), (b": 1", "xa"))}

    assert len(digests) == 4
    assert {len(digest) for digest in digests} == {len(sha256().hexdigest())}


def test_both_parsers_of_pyyaml_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Where PyYAML was built without its C parser, its Python one gives the same values at the same places.
    """
    quick = load_text(ESCALATION.encode(), "a.yaml")
    monkeypatch.setitem(sys.modules, "yaml.cyaml", None)
    slow = load_text(ESCALATION.encode(), "a.yaml")

    assert type(event_parser("")).__name__ == "PythonParser"
    assert to_json(slow) == to_json(quick)


def test_yaml_is_imported_only_to_load() -> None:
    """
    Importing this package does not import PyYAML, so that a command that loads nothing starts quickly.
    """
    program = "import sys, watchbill.policy.loading; sys.exit('yaml' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


# --- places ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "value", "key"),
    [
        ((), "2:1", "2:1"),
        (("kind",), "3:7", "3:1"),
        (("metadata", "team"), "4:31", "4:25"),
        (("spec", "levels"), "7:5", "6:3"),
        (("spec", "levels", 0), "7:7", "7:7"),
        (("spec", "levels", 0, "wait"), "8:13", "8:7"),
        (("spec", "levels", 1, "page", 1), "9:30", "9:30"),
    ],
)
def test_every_value_and_key_has_its_place(path: tuple[str | int, ...], value: str, key: str) -> None:
    """
    A value is found where it begins, and its key where that begins; an item of a list is its own key.
    """
    document = the_document(ESCALATION)

    assert str(document.place(*path)) == f"a.yaml:{value}"
    assert str(document.key_place(*path)) == f"a.yaml:{key}"


def test_parts_that_the_yaml_lacks_are_passed_over() -> None:
    """
    Names of variants that a schema puts into a path do not hinder the search.
    """
    document = the_document(ESCALATION)

    assert document.place("Escalation", "spec", "levels", 0, "Level", "wait", "str") == document.place("spec", "levels", 0, "wait")


@pytest.mark.parametrize("missing", ["repeat", 7, -1, True])
def test_what_is_missing_is_said_at_its_mapping(missing: str | int) -> None:
    """
    The place of something that is not there is that of the mapping or list it would stand in.
    """
    document = the_document(ESCALATION)

    assert document.place("spec", missing) == document.place("spec")
    assert document.place("metadata", "labels", missing) == document.place("metadata")


def test_an_alias_stands_where_it_is_written() -> None:
    """
    A repeated value is found at its alias, and what is inside it at the anchor.
    """
    document = the_document("a: &m\n  b: 1\nc: *m\n")

    assert str(document.place("c")) == "a.yaml:3:4"
    assert str(document.place("c", "b")) == "a.yaml:2:6"


def test_columns_count_characters() -> None:
    """
    A character outside ASCII is one column, also beyond the basic plane.
    """
    assert str(the_document('{"é🔥": 1, b: 2}\n').key_place("b")) == "a.yaml:1:11"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_as_they_like(end: str) -> None:
    """
    Line feeds, carriage returns and both together count as one line each.
    """
    assert str(the_document(f"a: 1{end}{end}b: 2{end}").key_place("b")) == "a.yaml:3:1"


# --- to keep --------------------------------------------------------------------------


def test_what_was_loaded_can_be_kept() -> None:
    """
    What was loaded comes back from JSON with all places and findings.
    """
    loaded = load_text(ESCALATION.encode(), "a.yaml")
    back = from_json(to_json(loaded))

    assert back == loaded
    assert isinstance(back.documents[0].data["metadata"], PlacedDict)
    assert isinstance(back.documents[0].data["spec"]["levels"], PlacedList)
    assert to_json(back) == to_json(loaded)


def test_findings_can_be_kept() -> None:
    """
    Findings and the names of what is not there come back from JSON as well.
    """
    loaded = load_text(b"kind: Team\nmetadata: {name: a, name: b}\n", "a.yaml")

    assert loaded.findings
    assert from_json(to_json(loaded)) == loaded


def test_what_is_kept_is_the_same_on_every_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Numbers are written with their least byte first, whatever the machine does.
    """
    loaded = load_text(ESCALATION.encode(), "a.yaml")
    monkeypatch.setattr(sys, "byteorder", "big" if sys.byteorder == "little" else "little")

    assert from_json(to_json(loaded)) == loaded


@pytest.mark.parametrize(
    "text", [b"", b"{}", b"[]", b"3", b'[0,"",0,[],[],[],""]', b'[1,"",0,[],[],[["f",{},1]],""]', b'[1,"",0,[],[[]],[],""]', b"\xff"]
)
def test_what_another_version_kept_is_refused(text: bytes) -> None:
    """
    Whatever is not what this version writes is a ValueError, and never a half-read set of documents.
    """
    with pytest.raises(ValueError):  # noqa: PT011 (many sentences, one meaning)
        from_json(text)
