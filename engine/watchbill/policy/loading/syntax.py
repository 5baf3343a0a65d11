"""What is wrong with a text that is no YAML, in our words, and what its documents would have been called.

PyYAML's two parsers say the same thing in different sentences, so a message is chosen by a few words that both
use, and by the text at the place. The sentence itself is ours.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from watchbill.errors import Finding, Place

if TYPE_CHECKING:
    from yaml.error import MarkedYAMLError


class _Saying(NamedTuple):
    """How a problem is said, where one of *words* stands in PyYAML's sentence.

    *at* is the better of its two places: that of the problem, or that of what was being read then (its context).
    ``{here}`` is the character at the place, ``{line}`` the line of the context.
    """

    words: tuple[str, ...]
    at: Literal["problem", "context"]
    message: str
    help: str


_QUOTE: Final = "put the text in quotes"
_SINGLE: Final = "use single quotes, in which `\\` is an ordinary character, or write `\\\\`"
_SPACES: Final = "indent with spaces"
_BRACKET: Final = "close it, or put the text in quotes if the bracket belongs to it"

_TAB: Final = _Saying((), "problem", "a tab stands where only spaces may", _SPACES)
_TEMPLATE: Final = _Saying((), "problem", "a template without quotes is read as a mapping", 'put the whole text in quotes: "{{{{ … }}}}"')
_AFTER: Final = _Saying(
    (), "problem", "something stands after the end of a value", "put the whole value in quotes, or take away what follows it"
)
_COLON: Final = _Saying((), "problem", "a second `: ` stands in this value", "put the whole text in quotes")
_ALONE: Final = _Saying((), "problem", "no document follows the line that begins with `%`", "take that line away")
_OPEN: Final = _Saying((), "context", "the bracket {here} is never closed", _BRACKET)
_UNKNOWN: Final = _Saying((), "problem", "this is not YAML", "look at quotes, brackets and indentation around this line")

_SAYINGS: Final = (
    _Saying(("cannot start any token",), "problem", "a text without quotes cannot begin with {here}", _QUOTE),
    _Saying(
        ("mapping values are not allowed",),
        "problem",
        "a key cannot stand here: it is indented unlike its neighbours, or the line above lacks its `:`",
        "line it up with its neighbours, and end the line above with `:` if it holds this one",
    ),
    _Saying(
        ("entries are not allowed", "mapping keys are not allowed"),
        "problem",
        "a list cannot begin on the line of its key",
        "begin it on the next line, or write it as `[…]`; put a text that begins with `- ` or `? ` in quotes",
    ),
    _Saying(("found unknown escape", "escape sequence", "hexdecimal"), "problem", "no such escape is known inside double quotes", _SINGLE),
    _Saying(("Unicode character escape",), "problem", "this escape stands for no character", _SINGLE),
    _Saying(("end of stream",), "context", "this quote is never closed", "close it with the same quote mark"),
    _Saying(("document indicator", "document separator"), "context", "this quote is still open where the document ends", "close it"),
    _Saying(("',' or ']'",), "problem", "a `,` or `]` is missing before this; the `[` stands in line {line}", _BRACKET),
    _Saying(("',' or '}'",), "problem", "a `,` or `}}` is missing before this; the `{{` stands in line {line}", _BRACKET),
    _Saying(("node content",), "problem", "a value is missing before {here}", "write the value, or take {here} away"),
    _Saying(
        ("could not find expected ':'",),
        "context",
        "this is neither a key with its value nor part of the text above",
        "write `key: value`, or indent it to go on with the text above",
    ),
    _Saying(
        ("expected key", "'-' indicator", "<block end>"),
        "problem",
        "this is indented like nothing above it",
        "line it up with what it belongs to; the block around it begins in line {line}",
    ),
    _Saying(
        ("<document start>",),
        "problem",
        "something stands after the end of the document",
        "put `---` on a line of its own between two documents",
    ),
    _Saying(("incompatible YAML",), "problem", "another YAML than 1.2 is asked for here", "take the `%YAML` line away"),
    _Saying(
        ("comment or line break", "chomping", "indentation indicator"),
        "problem",
        "after `|` or `>` only `+`, `-` or a digit may stand",
        "begin the text on the next line",
    ),
)

_BY_CONTEXT: Final = (
    _Saying(("alias",), "context", "a `*` begins an alias, and no name follows it", _QUOTE),
    _Saying(("anchor",), "context", "a `&` begins an anchor, and no name follows it", _QUOTE),
    _Saying(("tag", "a node"), "context", "a `!` begins a tag, and this is none", _QUOTE),
    _Saying(("directive",), "context", "a line that begins with `%` is read as a directive", "take it away, or put the text in quotes"),
)

_CONFLICT: Final = re.compile(r"^(?:<{7}|={7}|>{7})(?=\s|\Z)", re.MULTILINE)
_BARE_TEMPLATE: Final = re.compile(r"[:,\[-] +(\{\{)")
_IN_BRACKETS: Final = re.compile(r"',' or '[\]}]'|node content")
# An anchor and a tag may stand before it.
_BRACKET_BEHIND: Final = re.compile(r"(?:[&!]\S*\s+)*(?=[\[{])")
_BREAK: Final = re.compile(r"\r\n|\r|\n")


def lines_of(text: str) -> list[str]:
    """The lines of this *text*, as YAML and editors count them; `str.splitlines` knows further breaks."""
    return _BREAK.split(text)


def spot_of(text: str, offset: int) -> tuple[int, int]:
    """Line and column, from 1, of the character at this *offset*."""
    before = lines_of(text[:offset])
    return len(before), len(before[-1]) + 1


def syntax_finding(error: MarkedYAMLError, text: str, file: str, opened: tuple[int, int] | None) -> Finding:
    """The finding for the *error* at which PyYAML gave up on this *text*.

    *opened* is where the innermost mapping or list begins that was not at its end then.
    """
    conflict = _CONFLICT.search(text)
    if conflict:
        place = Place(file, *spot_of(text, conflict.start()))
        return Finding("yaml-syntax", place, "a merge conflict is left in this file", "resolve it and take its markers away")
    lines = lines_of(text)
    problem = (error.problem_mark.line, error.problem_mark.column) if error.problem_mark else (0, 0)
    context = (error.context_mark.line, error.context_mark.column) if error.context_mark else problem
    row, column = problem
    line = lines[row] if row < len(lines) else ""
    template = _BARE_TEMPLATE.search(line)
    is_end = not line[column:].strip() and not "".join(lines[row + 1 :]).strip()
    if template and column >= template.start():
        saying, problem = _TEMPLATE, (row, template.start(1))
    elif is_end and _IN_BRACKETS.search(error.problem or "") and (bracket := _bracket(lines, opened)):
        saying, context = _OPEN, bracket
    else:
        saying = _saying(error, line, column, is_end)
    row, column = context if saying.at == "context" else problem
    if row >= len(lines):
        # The parsers put the end of the text behind its last line.
        row, column = len(lines) - 1, len(lines[-1])
    here = lines[row][column : column + 1]
    here = "a backtick" if here == "`" else f"`{here}`" if here else "the end of the line"
    message, help = (part.format(here=here, line=context[0] + 1) for part in (saying.message, saying.help))
    return Finding("yaml-syntax", Place(file, row + 1, column + 1), message, help)


def _bracket(lines: list[str], opened: tuple[int, int] | None) -> tuple[int, int] | None:
    """Row and column of the bracket that begins what was *opened*; None where it is in no brackets."""
    found = opened and _BRACKET_BEHIND.match(lines[opened[0] - 1], opened[1] - 1)
    return (opened[0] - 1, found.end()) if opened and found else None


def _saying(error: MarkedYAMLError, line: str, column: int, is_end: bool) -> _Saying:
    """How to say this *error*, whose problem is at this *column* of this *line*."""
    problem = error.problem or ""
    if "violates indentation" in problem or line[column : column + 1] == "\t":
        return _TAB
    if is_end and "<document start>" in problem:
        return _ALONE
    if ("expected key" in problem or "<block end>" in problem) and line[:column].strip(" -"):
        return _AFTER
    if "mapping values" in problem and re.search(r":\s", line[:column]):
        return _COLON
    found = next((saying for saying in _SAYINGS if any(word in problem for word in saying.words)), None)
    if found is None:
        context = error.context or ""
        found = next((saying for saying in _BY_CONTEXT if any(word in context for word in saying.words)), _UNKNOWN)
    return found


def names_in(text: str) -> tuple[str, ...]:
    """The documents (``Kind/name``) that this *text* seems to hold, for a text that cannot be read as YAML.

    A guess by the look of the lines, good for keeping quiet about references to them and for nothing else.
    """
    names = []
    for document in re.split(r"^---", text, flags=re.MULTILINE):
        kind = re.search(r"^kind:[ \t]*[\"']?([A-Za-z]+)", document, re.MULTILINE)
        metadata = re.search(r"^metadata:", document, re.MULTILINE)
        # A name stands near the top of `metadata`, in block or flow style.
        name = metadata and re.search(r"\bname:[ \t]*[\"']?([a-z0-9-]+)", document[metadata.end() : metadata.end() + 500])
        if kind and name:
            names.append(f"{kind[1]}/{name[1]}")
    return tuple(names)
