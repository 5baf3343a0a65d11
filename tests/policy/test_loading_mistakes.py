"""One file that is not well: every mistake with its place, its rule and the next thing to do."""

from __future__ import annotations

import sys
import tracemalloc

import pytest

from watchbill.errors import Finding
from watchbill.policy.loading import Loaded, load_text


def loaded(text: str | bytes) -> Loaded:
    return load_text(text.encode() if isinstance(text, str) else text, "a.yaml")


def findings(text: str | bytes) -> list[tuple[str, str]]:
    """Place and rule of all that is wrong."""
    return [(str(finding.place).removeprefix("a.yaml:"), finding.rule) for finding in loaded(text).findings]


def the_finding(text: str | bytes) -> Finding:
    (finding,) = loaded(text).findings
    return finding


# --- syntax ---------------------------------------------------------------------------

SYNTAX = [
    ("a:\n\tb: 1\n", "2:1", "a tab"),
    ("a:\n  b: 1\n\tc: 2\n", "3:1", "a tab"),
    ("a: @x\n", "1:4", "cannot begin with `@`"),
    ("a: `x`\n", "1:4", "cannot begin with a backtick"),
    ("title: foo: bar\n", "1:11", "a second `: `"),
    ("title: foo\n  bar: 1\n", "2:6", "a key cannot stand here"),
    ("a: - b\n", "1:4", "on the line of its key"),
    ("a: [*]\n", "1:5", "`*` begins an alias"),
    ("a: & b\n", "1:4", "`&` begins an anchor"),
    ("a: !x!y z\n", "1:4", "`!` begins a tag"),
    ('a: "\\xzz"\n', "1:7", "no such escape"),
    ('a: "x\nb: 1\n', "1:4", "this quote is never closed"),
    ("a: 'x\n---\nb: 1\n", "1:4", "where the document ends"),
    ("a: [1, 2\nb: 1\n", "2:2", "`]` is missing before this; the `[` stands in line 1"),
    ("a: {b: 1\nc: 2\n", "2:2", "`}` is missing before this; the `{` stands in line 1"),
    ("a: [1, 2\n", "1:4", "the bracket `[` is never closed"),
    ("a: {b: 1\n\n", "1:4", "the bracket `{` is never closed"),
    ("a: ]\n", "1:4", "a value is missing before `]`"),
    ("a: 1\nb\nc: 2\n", "2:1", "neither a key with its value"),
    ("a:\n   b: 1\n  c: 2\n", "3:3", "indented like nothing above"),
    ("a:\n  - x\n - y\n", "3:2", "indented like nothing above"),
    ('a: "x" y\n', "1:8", "after the end of a value"),
    ("a: |x\n  b\n", "1:5", "after `|` or `>`"),
    ("{a: 1}\nb: 1\n", "2:1", "after the end of the document"),
    ("%YAML 3.0\n---\na: 1\n", "1:1", "another YAML"),
    ("%YAML 1.2", "1:10", "no document follows"),
    ("a: 1\n<<<<<<< HEAD\nb: 2\n=======\nb: 3\n>>>>>>> x\n", "2:1", "a merge conflict"),
    ('a: x-{{ y }}\nb: {{ "x" ~ y }}\n', "2:4", "a template without quotes"),
    ("a: 1\nb: [", "2:4", "the bracket `[` is never closed"),
    ("a: 1\nb: {x: [  # and so on\n", "2:8", "the bracket `[` is never closed"),
    ("a: &x !!seq [1, 2\n", "1:13", "the bracket `[` is never closed"),
    ("&x %", "1:4", "cannot begin with `%`"),
    ("a: [1,", "1:4", "the bracket `[` is never closed"),
]


@pytest.mark.parametrize(("text", "place", "message"), SYNTAX)
def test_broken_syntax_is_said_in_words(text: str, place: str, message: str) -> None:
    """
    Broken YAML is one finding at the most useful place, in a sentence about what was written.
    """
    finding = the_finding(text)

    assert message in finding.message
    assert str(finding.place) == f"a.yaml:{place}"
    assert finding.help
    assert "{" not in finding.help or "{{ … }}" in finding.help


@pytest.mark.parametrize(("text", "place", "message"), SYNTAX)
def test_both_parsers_of_pyyaml_are_said_alike(text: str, place: str, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The sentence does not depend on whether PyYAML was built with its C parser.
    """
    quick = loaded(text)
    monkeypatch.setitem(sys.modules, "yaml.cyaml", None)

    assert loaded(text).findings == quick.findings


def test_an_unknown_directive_is_said_in_words() -> None:
    """
    A line that begins with `%` is named as what YAML takes it for.
    """
    assert "`%`" in the_finding("%FOO\na: 1\n").message


def test_an_odd_mistake_is_still_a_finding() -> None:
    """
    What has no sentence of its own is a finding at its place all the same.
    """
    assert str(the_finding("%TAG ! x\n%TAG ! x\n---\na: 1\n").place) == "a.yaml:2:1"


def test_a_broken_file_gives_nothing() -> None:
    """
    Documents before broken syntax are not loaded either, for what stands there cannot be trusted.
    """
    broken = loaded("a: 1\n---\nb: [\n")

    assert broken.documents == ()
    assert [finding.rule for finding in broken.findings] == ["yaml-syntax"]


def test_mistakes_before_broken_syntax_are_reported_too() -> None:
    """
    All that is wrong up to broken syntax comes at once, in order of place.
    """
    assert findings("a: 1\na: 2\n---\n- x\n---\nb: ]\n") == [
        ("2:1", "yaml-duplicate-key"),
        ("4:1", "yaml-document"),
        ("6:4", "yaml-syntax"),
    ]


def test_one_mistake_is_one_message() -> None:
    """
    A template without quotes is reported once, though YAML stumbles over it twice.
    """
    assert findings("a: {{ x.y }} z\n") == [("1:4", "yaml-key")]


# --- names of what is not there -------------------------------------------------------

PEOPLE = """\
kind: Person
metadata: {name: ana}
---
kind: Person
metadata:
  labels: {a: b}
  name: bo
spec: {MISTAKE}
---
kind: Team
metadata:
  name: "payments"
spec:
  full_name: x
---
kind: Team
"""


@pytest.mark.parametrize("mistake", ["a: 1, a: 2", "a: [", "a: !x 1", "1: 2"])
def test_documents_of_a_broken_file_are_named(mistake: str) -> None:
    """
    Whatever is wrong in a file, the documents it would have given are named, also those behind broken syntax.
    """
    broken = loaded(PEOPLE.replace("MISTAKE", mistake))

    assert broken.documents == ()
    assert broken.quarantined == ("Person/ana", "Person/bo", "Team/payments")
    assert broken.findings[0].document == "Person/bo"


def test_documents_of_an_unreadable_text_are_named() -> None:
    """
    A file in another encoding still says whom it would have declared.
    """
    assert loaded("kind: Person\nmetadata: {name: ana, title: Chefin für alles}\n".encode("latin-1")).quarantined == ("Person/ana",)
    assert loaded("kind: Person\nmetadata: {name: ana}\n".encode("utf-16")).quarantined == ("Person/ana",)


def test_a_finding_without_a_known_document_names_none() -> None:
    """
    Where kind or name cannot be seen, a finding names no document.
    """
    assert the_finding("kind: [Team]\nmetadata: {name: a, name: b}\n").document is None
    assert the_finding("kind: Team\nmetadata: [a]\nx: !y z\n").document is None


def test_a_well_file_names_nothing() -> None:
    """
    Only broken files have documents that are not there.
    """
    assert loaded("kind: Team\nmetadata: {name: a}\n").quarantined == ()


# --- keys, tags, aliases --------------------------------------------------------------


def test_a_duplicate_key_shows_both_places() -> None:
    """
    A key that stands twice is found at its second place, and the first is named.
    """
    finding = the_finding("spec:\n  wait: 5m\n  repeat: 1\n  wait: 6m\n")

    assert str(finding).startswith("a.yaml:4:3: the key `wait` stands twice")
    assert "line 2, column 3" in finding.help


def test_each_further_repetition_is_a_mistake() -> None:
    """
    Every repetition of a key is found, in nested mappings as well.
    """
    assert findings("a: {b: 1, b: {c: 1}, b: 3}\na: x\n") == [
        ("1:11", "yaml-duplicate-key"),
        ("1:22", "yaml-duplicate-key"),
        ("2:1", "yaml-duplicate-key"),
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1: a", "`1` is read as a number"),
        ("1.5: a", "`1.5` is read as a number"),
        ("true: a", "`true` is read as a boolean"),
        ("~: a", "`~` is read as null"),
        ("?\n: a", "a key is missing"),
        ("? [a]\n: b", "this is a list"),
        ("? {a: b}\n: c", "this is a mapping"),
        ("{&x 1: a}", "`1` is read as a number"),
        ("a: &x [1]\n*x : b", "`*x` is read as a list"),
    ],
)
def test_keys_are_texts(text: str, words: str) -> None:
    """
    A key that is no text is found, and the message says what it is instead.
    """
    finding = the_finding(text)

    assert finding.rule == "yaml-key"
    assert words in finding.message


def test_a_template_needs_quotes() -> None:
    """
    `{{ … }}` without quotes, which YAML reads as a mapping in a mapping, is named as what was meant.
    """
    finding = the_finding("spec:\n  target: {{ alert.labels.instance }}\n")

    assert str(finding.place) == "a.yaml:2:11"
    assert finding.message == "a template without quotes is read as a mapping"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("!!set {a}", "`!!set`"),
        ("!!binary aGk=", "`!!binary`"),
        ("!!timestamp 2026-01-05", "`!!timestamp`"),
        ("!!python/object/apply:os.system [x]", "`!!python/object/apply:os.system`"),
        ("!secret x", "`!secret`"),
        ("!a.b == 'c'", "`!a.b`"),
        ("! x", "`!`"),
        ("!!map [a]", "`!!map`"),
        ("!!seq {a: b}", "`!!seq`"),
        ("!!str [a]", "`!!str`"),
    ],
)
def test_other_tags_are_refused(written: str, shown: str) -> None:
    """
    Tags outside the core schema, or on something they cannot be, are found and nothing is made of them.
    """
    finding = the_finding(f"when: {written}\n")

    assert (finding.rule, str(finding.place)) == ("yaml-tag", "a.yaml:1:7")
    assert shown in finding.message


@pytest.mark.parametrize("written", ["!!int foo", "!!bool 1", "!!null x", "!!float true", "!!int .inf"])
def test_a_tag_must_fit_its_value(written: str) -> None:
    """
    A tag of the core schema on a value that is not of it is found.
    """
    assert "is no value for the tag" in the_finding(f"a: {written}\n").message


def test_a_merge_key_is_refused() -> None:
    """
    `<<` is found, for YAML 1.2 has no merge key, and the help says what to write instead.
    """
    finding = the_finding("a: &a {b: 1}\nc:\n  <<: *a\n  d: 1\n")

    assert (finding.rule, str(finding.place)) == ("yaml-merge", "a.yaml:3:3")
    assert "`*name`" in finding.help


def test_an_alias_needs_an_anchor() -> None:
    """
    An alias without its anchor is found, as a value and as a key, and a text that begins with `*` is thought of.
    """
    assert findings("a: *x\n*y : b\n") == [("1:4", "yaml-alias"), ("2:1", "yaml-alias")]
    assert "in quotes" in the_finding("--- *x\n").help


@pytest.mark.parametrize("text", ["a: &a [*a]", "a: &a {b: {c: *a}}", "&a a: &a {*a : 1}"])
def test_a_value_cannot_hold_itself(text: str) -> None:
    """
    An alias inside what it names is found.
    """
    assert "would never end" in the_finding(text).message


@pytest.mark.parametrize(
    "written",
    [".inf", "-.INF", ".nan", "1e999", "-1e999", "18446744073709551616", "-9223372036854775809", "0xFFFFFFFFFFFFFFFFF", "9" * 9000],
)
def test_numbers_are_those_of_json(written: str) -> None:
    """
    A number that is infinite, none, or beyond 64 bits is found.
    """
    finding = the_finding(f"a: {written}\n")

    assert finding.rule == "yaml-number"
    assert len(finding.message) < 100


@pytest.mark.parametrize(("text", "noun"), [("- a\n", "a list"), ("hello\n", "a text"), ("3\n", "a number"), ("true\n", "a boolean")])
def test_a_document_is_a_mapping(text: str, noun: str) -> None:
    """
    A document that is something else than a mapping is found, and nothing of its file is loaded.
    """
    broken = loaded("a: 1\n---\n" + text)

    assert [(finding.rule, finding.place.line) for finding in broken.findings] == [("yaml-document", 3)]
    assert noun in broken.findings[0].message
    assert broken.documents == ()


# --- characters -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "place", "words"),
    [
        (b"a: x\nb: caf\xe9\n", "2:7", "the byte 0xE9"),
        (b"\xef\xbb\xbfa: \xc3\xa9\xff\n", "1:5", "the byte 0xFF"),
        ("a: 1\n".encode("utf-16"), "1:1", "UTF-16"),
        (b"a: x\x00y\n", "1:5", "U+0000"),
        (b"a: 1\r\n# \x1b[31m\r\n", "2:3", "U+001B"),
        ("a: x\x85y\n".encode(), "1:5", "U+0085"),
        ("a: 1\n\ufeff---\nb: 1\n".encode(), "2:1", "U+FEFF"),
    ],
)
def test_a_file_holds_text_only(content: bytes, place: str, words: str) -> None:
    """
    What is not UTF-8, and characters that nobody sees, are found at the first of them.
    """
    finding = the_finding(content)

    assert finding.rule == "yaml-encoding"
    assert str(finding.place) == f"a.yaml:{place}"
    assert words in finding.message


def test_line_breaks_that_editors_do_not_count_are_refused() -> None:
    """
    A line separator would put every place behind it wrong; the help names its escape.
    """
    assert "`\\L`" in the_finding("a: x\u2028y\n").help
    assert load_text(b'a: "x\\Ly"\n', "a.yaml").documents[0].data == {"a": "x\u2028y"}


@pytest.mark.parametrize("escape", ["\\0", "\\e", "\\x07", "\\u009b"])
def test_control_characters_do_not_come_by_an_escape_either(escape: str) -> None:
    """
    A control character, which a terminal would obey, is found behind its escape too.
    """
    assert findings(f'a: "x{escape}y"\n') == [("1:4", "yaml-encoding")]


# --- bounds ---------------------------------------------------------------------------


@pytest.mark.parametrize("bracket", ["[", "{", "- ", "? ", "{a: ", "[\n"])
def test_depth_is_bounded(bracket: str) -> None:
    """
    A text nested a hundred thousand deep is refused at the fifty-first level.
    """
    assert [rule for _, rule in findings(bracket * 100_000)] == ["yaml-depth"]


def test_aliases_do_not_hide_depth() -> None:
    """
    Levels inside an alias count where it stands.
    """
    text = "a: &a " + "[" * 30 + "]" * 30 + "\nb: " + "[" * 19 + "*a" + "]" * 19 + "\n"

    assert findings(text) == []
    assert findings(text.replace("*a", "[*a]")) == [("2:24", "yaml-depth")]


def test_a_bomb_is_refused() -> None:
    """
    Aliases that repeat a billion values are refused before they cost memory.
    """
    text = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n" + "".join(f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 12))
    findings("a: 1")
    tracemalloc.start()
    try:
        assert [rule for _, rule in findings(text)] == ["yaml-bomb"]
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_ten_thousand_values_may_be_repeated() -> None:
    """
    What aliases repeat in one file is counted, over all of its documents, up to ten thousand.
    """
    document = "a: &a [" + "x," * 999 + "]\nb: [" + "*a," * 5 + "]\n"

    assert findings(document + "---\n" + document) == []
    assert findings(document + "---\n" + document + "c: *a\n") == [("6:4", "yaml-bomb")]


def test_a_large_file_is_refused_unread() -> None:
    """
    A file over a mebibyte is refused for its size, and one of exactly that is read.
    """
    assert findings(b"a: 1\n" + b"#" * (1024 * 1024 - 5)) == []
    assert findings(b"a: [\n" + b"#" * (1024 * 1024 - 4)) == [("a.yaml", "yaml-size")]


def test_mistakes_are_counted_only_so_far() -> None:
    """
    After a hundred mistakes the file is put aside, and the last finding says so.
    """
    many = loaded("a:\n" * 300_000).findings

    assert len(many) == 101
    assert many[-1].rule == "yaml-many"
