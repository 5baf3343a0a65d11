"""From text to syntax tree, by jmespath's own parser; what it refuses is said so that it can be mended."""

from __future__ import annotations

import re
import warnings
from typing import Any, Final

from watchbill.errors import Place
from watchbill.expressions.problems import ExpressionError
from watchbill.model.references import Condition, Json, Node

LONGEST: Final = 8_192
DEEPEST: Final = 100

_NUMBER: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_WORDS: Final = {"and": "&&", "or": "||", "not": "!"}
_QUOTES: Final = "‘’‚‛“”„‟«»"


def parse_condition(text: str, place: Place) -> Condition:
    """The condition that *text* is, written at *place*."""
    return Condition(text, parse_tree(text), place)


def parse_tree(text: str) -> Node:
    """The JMESPath syntax tree of *text*."""
    if not text.strip():
        raise ExpressionError("a condition is empty", "write one such as `env == 'prod'`, or leave it out")
    if len(text) > LONGEST:
        raise ExpressionError(f"a condition of {len(text)} characters is too long", f"keep it under {LONGEST}", LONGEST, len(text))
    return _node(_parsed(text), 0, text)


def _parsed(text: str) -> dict[str, Any]:
    from jmespath import exceptions
    from jmespath.parser import Parser

    try:
        with warnings.catch_warnings():
            # `` `text` `` without quotes is an old form; `check_condition` warns of it at its place
            warnings.simplefilter("ignore", PendingDeprecationWarning)
            return dict(Parser().parse(text).parsed)
    except exceptions.IncompleteExpressionError:
        raise _ends_early(text) from None
    except exceptions.LexerError as error:
        raise _unread(text, error.lexer_position, str(error.lexer_value), str(error.message)) from None
    except exceptions.ParseError as error:
        raise _unexpected(text, error.lex_position, str(error.token_value), str(error.msg)) from None
    except RecursionError:
        raise _too_deep(text) from None
    except ValueError:  # Python's own: a number of thousands of digits
        raise ExpressionError("a number in the condition is too long", "shorten it", 0, len(text)) from None


def _node(parsed: dict[str, Any], depth: int, text: str) -> Node:
    if depth > DEEPEST:
        raise _too_deep(text)
    kind: str = parsed["type"]
    if kind == "slice":
        start, stop, step = parsed["children"]
        if step == 0:
            raise ExpressionError(
                "a slice has a step of 0", "a step goes forwards or backwards: `[::2]`, `[::-1]`", max(text.find(":0]"), 0)
            )
        return Node(kind, (start, stop, step))
    value: Json = parsed.get("value")
    return Node(kind, value, tuple(_node(child, depth + 1, text) for child in parsed["children"]))


def _ends_early(text: str) -> ExpressionError:
    return ExpressionError(
        "the condition ends too early", "a value is missing at its end, or a bracket is not closed", len(text), len(text) + 1
    )


def _too_deep(text: str) -> ExpressionError:
    return ExpressionError(
        f"the condition is nested more than {DEEPEST} deep", "take it apart, or list values with `contains()`", 0, len(text)
    )


# --- what went wrong ----------------------------------------------------------------------


def _unread(text: str, at: int, token: str, reason: str) -> ExpressionError:
    """The characters themselves make no word of the language."""
    at = min(max(at, 0), len(text))
    char = text[at : at + 1]
    if "Unclosed" in reason:
        quote = char or "`"
        return ExpressionError(f"the {_quote_name(quote)} at column {at + 1} is not closed", f"end it with {_shown(quote)}", at, len(text))
    if char == "~" or text[at : at + 2] == "=~" or text[max(at - 1, 0) : at + 1] == "=~":
        return ExpressionError(
            "there are no patterns in a condition", "use `match:` for patterns, or `contains()`, `starts_with()` and `ends_with()`", at
        )
    if char == "=" or token == "=":
        at = _lone_equals(text, at)
        return ExpressionError("a single `=` compares nothing", "write `==`", at)
    if char in _QUOTES:
        return ExpressionError(f"`{char}` is a typographic quote", "a text stands in straight single quotes: 'prod'", at)
    if char == "-" and text[:at].strip():
        return ExpressionError("there is no subtraction", "compare with a number that is worked out already, in backticks: `` `3` ``", at)
    if char in "+/%":
        return ExpressionError(f"there is no arithmetic: `{char}` means nothing here", "compare with a number, in backticks: `` `3` ``", at)
    if char == "`":
        return ExpressionError(
            "what stands between the backticks is not JSON", "write a number as `` `3` `` and a text as `'prod'`", at, len(text)
        )
    if char == '"':
        return ExpressionError(
            "the name in double quotes cannot be read", "double quotes hold a field's name; a text stands in single quotes", at
        )
    return ExpressionError(
        f"`{char or token}` means nothing here", "texts stand in single quotes, numbers in backticks: `env == 'prod'`", at
    )


def _unexpected(text: str, at: int, token: str, reason: str) -> ExpressionError:
    """Each word is one of the language, but this one cannot stand here."""
    at = min(max(at, 0), len(text))
    if "Invalid function name" in reason or "function names" in reason:
        return ExpressionError(f"`{token}` is not the name of a function", "write it without quotes: `contains(...)`", at, at + len(token))
    number = _NUMBER.match(text, at)
    if number is not None:
        return ExpressionError(
            f"the number `{number[0]}` is not in backticks", f"write `` `{number[0]}` ``: a bare number is an index", at, number.end()
        )
    if token == "&":
        return ExpressionError("a single `&` joins nothing", "write `&&`", at)
    if token in _WORDS:
        return ExpressionError(f"`{token}` is not an operator", f"write `{_WORDS[token]}`", at, at + len(token))
    if token == "in":
        return ExpressionError("`in` is not an operator", "write `contains(['a', 'b'], env)`", at, at + 2)
    if text[max(at - 1, 0) : at + 1] in ("{{", "{%") or text[at : at + 2] in ("{{", "{%"):
        return ExpressionError("a condition is not a template", "name the field itself, without braces: `env == 'prod'`", at, at + 2)
    if "Quoted identifier" in reason:
        return ExpressionError("a name in double quotes cannot be called", "write the function's name without quotes", at)
    end = at + max(len(token), 1)
    if not token:
        return _ends_early(text)
    return ExpressionError(f"`{token}` cannot stand here", _word_help(text, at), at, end)


def _word_help(text: str, at: int) -> str:
    before = text[:at].rstrip()
    word = re.search(r"([A-Za-z]+)$", before)
    if word and word[1] in _WORDS:
        return f"write `{_WORDS[word[1]]}` for `{word[1]}`"
    if word and word[1] == "in":
        return "write `contains(['a', 'b'], env)` for `in`"
    if before.endswith(("==", "!=", "<", ">", "<=", ">=")):
        return "a value is missing: a text in single quotes, a number in backticks"
    if text[at : at + 1] in ")]}":
        return "it closes nothing, or something is missing before it"
    return "join conditions with `&&` or `||`; texts stand in single quotes, numbers in backticks"


def _lone_equals(text: str, near: int) -> int:
    """Where the `=` that is not part of an operator stands: jmespath's position may be one off."""
    for at in range(max(near - 1, 0), min(near + 2, len(text))):
        if text[at] == "=" and text[at + 1 : at + 2] != "=" and text[at - 1 : at] not in ("=", "!", "<", ">"):
            return at
    return near


def _quote_name(quote: str) -> str:
    return {"'": "single quote", '"': "double quote", "`": "backtick"}.get(quote, "quote")


def _shown(quote: str) -> str:
    return "another backtick" if quote == "`" else quote
