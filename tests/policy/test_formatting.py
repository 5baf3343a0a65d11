"""The canonical form: what it does to a file, and what it leaves alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from watchbill.policy.formatting import WIDTH, format_text
from watchbill.policy.loading import load_repository

ROOT = Path(__file__).resolve().parents[2]


def formatted(text: str) -> str:
    """The canonical form of this *text*, which must be one that formatting leaves alone."""
    done = format_text(text.encode(), "a.yaml")
    assert done.findings == ()
    assert format_text(done.content, "a.yaml") == done
    return done.content.decode()


# --- order ------------------------------------------------------------------------------


def test_keys_stand_in_the_order_of_the_language():
    """
    A document's keys, those of its metadata and those of its spec are put in order; what nobody knows comes last.
    """
    text = """\
spec:
  levels:
    - {page: role/primary}
  colour: red
  text: help
  match: [a="b"]
metadata: {team: shop, name: any}
kind: Escalation
apiVersion: watchbill/v1
"""

    assert formatted(text) == (
        """\
apiVersion: watchbill/v1
kind: Escalation
metadata: {name: any, team: shop}
spec:
  match: [a="b"]
  text: help
  levels:
    - {page: role/primary}
  colour: red
"""
    )


def test_a_key_takes_its_comments_with_it():
    """
    The comments above and behind a key, and those inside its value, go where the key goes; those above a document stay on top.
    """
    text = """\
# the document
spec:
  # the levels
  levels: # in order
    - page: role/primary # first
      # - page: role/lead
  # which ones
  match: [a="b"] # all of them
  # the end
kind: Escalation # a kind
"""

    assert formatted(text) == (
        """\
# the document
kind: Escalation # a kind
spec:
  # which ones
  match: [a="b"] # all of them
  # the levels
  levels: # in order
    - page: role/primary # first
      # - page: role/lead
  # the end
"""
    )


def test_order_inside_sections_stays():
    """
    Below the first level of a spec nothing is moved.
    """
    text = "kind: Person\nspec:\n  contacts:\n    - {to: ana@example.com, use: mail.send}\n"

    assert formatted(text) == text


def test_a_document_with_aliases_keeps_its_order():
    """
    An alias must stand behind its anchor, so the keys of such a document stay where they are.
    """
    text = "kind: Escalation\nspec:\n  levels: &all [{page: role/primary}]\n  match: *all\napiVersion: watchbill/v1\n"

    assert formatted(text) == text


@pytest.mark.parametrize("kind", ["Unknown", "[a]", "{a: b}"])
def test_a_kind_that_is_none_has_no_order(kind: str):
    """
    The spec of a document whose kind is unknown, or no word, keeps its order.
    """
    text = f"kind: {kind}\nspec: {{z: 1, a: 2}}\n"

    assert formatted(text) == text


# --- indentation ------------------------------------------------------------------------


def test_two_blanks_for_each_level():
    """
    Mappings are indented by two, lists by two below their key, lists in lists on one line.
    """
    text = "a:\n    b:\n    - c:   1\n      d:  2\n    -\n        - e\n        -   f: 3\nq:\n- g\n"

    assert formatted(text) == "a:\n  b:\n    - c: 1\n      d: 2\n    - - e\n      - f: 3\nq:\n  - g\n"


def test_one_line_feed_ends_the_file_and_no_blank_a_line():
    """
    Blanks at the ends of lines and empty lines at the end of the file go, and a missing line feed is put there.
    """
    assert formatted("a: 1   \nb: 2 # c  \n\n  \n") == "a: 1\nb: 2 # c\n"
    assert formatted("a: 1") == "a: 1\n"


def test_empty_lines_part_paragraphs():
    """
    One empty line stays one, several become one, and none is left where a file, a document or a block begins or ends.
    """
    text = "\n\na:\n\n  b: 1\n\n\n  # c\n\n  d: 2\n\n---\n\nk: 1\n\n"

    assert formatted(text) == "a:\n  b: 1\n\n  # c\n\n  d: 2\n---\nk: 1\n"


def test_documents_are_parted_by_three_dashes():
    """
    Dashes above the first document and dots behind one go, empty documents go, and every comment there stays.
    """
    text = "# top\n--- # one\na: 1\n...\n# between\n---\n---\n# two\nb: 2\n# end\n--- # empty\n"

    assert formatted(text) == "# top\n# one\na: 1\n---\n# between\n# two\nb: 2\n# end\n# empty\n"


def test_a_comment_behind_the_dashes_stays_there():
    """
    What is said of a document on the line of its dashes stays on that line.
    """
    assert formatted("a: 1\n---  # two\nb: 2\n") == "a: 1\n---  # two\nb: 2\n"


def test_directives_stay():
    """
    A document with a directive keeps it, and the dashes that it needs.
    """
    text = "%YAML 1.2\n---\na: 1\n...\n%YAML 1.2\n---\nb: 2\n"

    assert formatted(text) == text


@pytest.mark.parametrize("text", ["", "# nothing but this\n", "a: {}\n", "{}\n"])
def test_little_stays_little(text: str):
    """
    A file without documents, and a document without keys, are what they were.
    """
    assert formatted(text) == text


def test_line_ends_stay_those_of_the_file():
    """
    A file whose first line ends as on Windows ends all its lines so; a byte order mark goes.
    """
    assert format_text(b"\xef\xbb\xbfa:  1\r\nb: |\n  c\n", "a.yaml").content == b"a: 1\r\nb: |\r\n  c\r\n"


# --- brackets ---------------------------------------------------------------------------


def test_brackets_that_fit_stay():
    """
    What is in brackets and fits is put on one line, with a blank behind commas and colons and none inside the brackets.
    """
    text = "a: [ 1,2,\n  3 ]\nb: {c:  1,\n  'd' : [ ], \"e\":2}\nf: [g: 1]\n"

    assert formatted(text) == "a: [1, 2, 3]\nb: {c: 1, 'd': [], \"e\": 2}\nf: [{g: 1}]\n"


def test_brackets_that_do_not_fit_are_opened():
    """
    What would be longer than the width becomes a block; what is inside it stays in brackets where that fits.
    """
    long = "x" * (WIDTH - 8)

    assert formatted(f"a: [{long}, 1]\n") == f"a: [{long}, 1]\n"
    assert formatted(f"a: [{long}, 12]\n") == f"a:\n  - {long}\n  - 12\n"
    assert formatted(f"a: [{{b: {long}, c: [1, 2]}}]\n") == f"a:\n  - b: {long}\n    c: [1, 2]\n"


def test_brackets_below_their_key_stay_there():
    """
    What was written in brackets below its key moves up where it fits, stays where it fits there only, and else becomes a block.
    """
    long = "x" * (WIDTH - 7)

    assert formatted("a:\n    [1, 2]\n") == "a: [1, 2]\n"
    assert formatted(f"a:\n    [{long}, 1]\n") == f"a:\n  [{long}, 1]\n"
    assert formatted(f"a:\n    [{long}, 12]\n") == f"a:\n  - {long}\n  - 12\n"


def test_brackets_that_hold_comments_are_opened():
    """
    A comment needs a line, so what holds one becomes a block, and the comment stays with what it is about.
    """
    text = "a: [\n  1, # one\n  # two\n  2,\n  # three\n]\n"

    assert formatted(text) == "a:\n  - 1 # one\n  # two\n  - 2\n  # three\n"


def test_blocks_stay_blocks():
    """
    A block that would fit between brackets stays a block: people chose it.
    """
    text = "a:\n  - 1\n  - b: 2\n"

    assert formatted(text) == text


def test_findings_that_are_set_aside_stay_so():
    """
    A line that says which of its findings to ignore is not taken apart, however long it is.
    """
    long = "x" * WIDTH
    text = f"a: [{long}, 1] # watchbill: ignore[no-effect] we mean it\n# watchbill: ignore[no-effect] this too\nb: [{long}]\n"

    assert formatted(text) == text


# --- words ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "word", ["no", "'no'", '"on"', "0777", "0o17", "1_000", "12:30", "2026-01-05", "~", "=", '"\\x41\\/"', "'it''s'", "1e3", "null"]
)
def test_words_keep_their_letters(word: str):
    """
    No quote is added or taken away, and no word is rewritten, whatever other readers of YAML would make of it.
    """
    assert formatted(f"a: {word}\n") == f"a: {word}\n"
    assert formatted(f"a: [{word}]\n") == f"a: [{word}]\n"


def test_texts_keep_their_lines():
    """
    Literals, folded texts and texts over several lines are indented anew, and otherwise stay as they were written.
    """
    text = """\
a:
      b: |
             one
               two

             three
      c: >-
        four
        five
      d: "six
            seven"
      e: eight
             nine

             ten
"""

    assert formatted(text) == (
        """\
a:
  b: |
    one
      two

    three
  c: >-
    four
    five
  d: "six
    seven"
  e: eight
    nine

    ten
"""
    )


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("a: |4\n      b\n    c\n", "a: |2\n    b\n  c\n"),
        ("a: |2\n  b\n", "a: |\n  b\n"),
        ("a: |+\n  b\n", "a: |\n  b\n"),
        ("a: |+\n  b\n\nc: 1\n", "a: |+\n  b\n\nc: 1\n"),
        ("a: |\n  b", "a: |-\n  b\n"),
        ("a: |  # c\n  b  \n", "a: |  # c\n  b  \n"),
        ("a: |\n\nb: 1\n", 'a: ""\n\nb: 1\n'),
        ("a: |2\n  \tb\n", "a: |2\n  \tb\n"),
    ],
)
def test_the_sign_of_a_literal_says_what_it_must(text: str, form: str):
    """
    Indentation is said where it cannot be seen, line feeds at the end are said where they count; blanks in the text stay.
    """
    assert formatted(text) == form


def test_a_text_below_its_key_moves_up_where_it_fits():
    """
    A value on the line below its key goes behind it, unless it is too long, has several lines, or a comment stands above it.
    """
    long = "x" * WIDTH
    text = f"a:\n    short\nb:\n    {long}\nc:\n  # why\n  short\nd: # why\n  short\ne:\n   one\n   two\n"

    assert formatted(text) == f"a: short\nb:\n  {long}\nc:\n  # why\n  short\nd: # why\n  short\ne:\n  one\n  two\n"


def test_lines_of_a_text_between_brackets_become_one():
    """
    Between brackets there is one line only, so a text over several lines is folded, in quotes if it has line feeds.
    """
    assert formatted("a: [b\n  c, 'd\n  e', \"f\n\n  g\"]\n") == "a: [b c, 'd e', \"f\\ng\"]\n"


def test_tags_and_anchors_stay():
    """
    Tags and anchors stay in front of what they belong to.
    """
    text = "a: &b\n  c: !!str 1\nd: [*b, &e f]\ng:\n  - &h\n    i: *e\n"

    assert formatted(text) == text


def test_an_escaped_blank_at_the_end_of_a_line_stays():
    """
    A text whose line ends in an escaped blank cannot be indented anew, so it is written on one line.
    """
    assert formatted('a: "b\\ \n  c"\n') == 'a: "b  c"\n'


def test_tags_of_a_whole_document_stay():
    """
    What is said of a document's mapping stands on a line of its own above it.
    """
    assert formatted("--- !!map\na: 1\n") == "!!map\na: 1\n"


def test_a_key_that_looks_like_the_end_is_quoted():
    """
    A key that would end the document at the beginning of a line is put in quotes.
    """
    assert formatted("  --- a: 1\n") == '"--- a": 1\n'


def test_long_keys_are_marked():
    """
    A key that no reader would look for any further keeps its question mark; others lose it.
    """
    long = "k" * 1025

    assert formatted(f"? {long}\n: 1\n") == f"? {long}\n: 1\n"
    assert formatted("? k\n: 1\n? |\n  l\n: 2\n") == 'k: 1\n"l\\n": 2\n'


# --- comments ---------------------------------------------------------------------------


def test_comments_behind_keep_their_distance():
    """
    Comments that people lined up stay lined up.
    """
    text = "a:\n  - one      # 1\n  - sixteen  # 16\n"

    assert formatted(text.replace("\n  ", "\n      ")) == text


def test_a_comment_belongs_where_it_is_indented():
    """
    A comment below a block belongs to the block if it is indented like it, and else to what comes next.
    """
    text = "a:\n  - b: 1\n    # of b\n  # of the list\n# of c\nc: 2\n"

    assert formatted(text) == text
    assert formatted("a:\n    b: 1\n  # of c\nc: 2\n") == "a:\n  b: 1\n# of c\nc: 2\n"


def test_comments_behind_a_dash_move_up():
    """
    A comment between a dash and its item stands above the item.
    """
    assert formatted("a:\n  - # one\n    b: 1\n  -\n    # two\n    - c\n") == "a:\n  # one\n  - b: 1\n  # two\n  - - c\n"


def test_a_comment_behind_a_key_without_a_value_stays():
    """
    A comment between a key and the colon of a value that was left out stays behind the key; one more goes above it.
    """
    assert formatted("? a # one\n: # two\nb: 1\n") == "# two\na: # one\nb: 1\n"


def test_comments_inside_empty_brackets_move_up():
    """
    What is empty has no line for a comment, so that stands above it.
    """
    assert formatted("a: [ # one\n  # two\n]\n") == "# one\n# two\na: []\n"


# --- files ------------------------------------------------------------------------------


def test_what_is_no_yaml_is_refused():
    """
    A file with a mistake in its YAML is given back as it was, with what is wrong in it.
    """
    content = b"a: [1\nb: 2\n"
    done = format_text(content, "policies/a.yaml")

    assert done.content == content
    assert [finding.rule for finding in done.findings] == ["yaml-syntax"]
    assert done.findings[0].place.file == "policies/a.yaml"


def test_a_wrong_policy_is_formatted_all_the_same():
    """
    Only YAML is looked at: a policy with a wrong key can be formatted while it is worked on.
    """
    assert formatted("kind: Triage\nspec: {colect: []}\n") == "kind: Triage\nspec: {colect: []}\n"


@pytest.mark.parametrize("root", [ROOT, ROOT / "examples" / "mistakes"], ids=["reference", "mistakes"])
def test_our_own_policies_are_in_canonical_form(root: Path):
    """
    The reference repository and the examples are as `watchbill fmt` writes them.
    """
    files = sorted({document.file for document in load_repository(root)[1].documents} | {"watchbill.yaml"})
    stale = [file for file in files if format_text((root / file).read_bytes(), file).content != (root / file).read_bytes()]

    assert len(files) > 5
    assert stale == []


@pytest.mark.parametrize(
    ("text", "wrong"), [("a: 1\n", "a: 2\n"), ("a: 1\n", "a: [\n"), ("a: 1\n", "a: 1.0\n"), ("a: 1 # b\n", "a: 1\n")], ids=str
)
def test_a_form_that_says_something_else_is_not_given_out(text: str, wrong: str, monkeypatch: pytest.MonkeyPatch):
    """
    Were the writer ever to change a value or to lose a comment, nobody would get what it wrote.
    """
    monkeypatch.setattr("watchbill.policy.formatting.written", lambda tree: wrong)

    with pytest.raises(RuntimeError, match=r"a\.yaml: its canonical form would"):
        format_text(text.encode(), "a.yaml")
