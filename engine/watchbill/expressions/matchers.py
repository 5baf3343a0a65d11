"""Matchers as Alertmanager reads them by default: ``severity="critical"``, ``alertname=~"Node.*"``.

Alertmanager has two parsers. The classic one knows Prometheus' label names and is lenient about
values; the UTF-8 one knows every name, in double quotes where need be, and is strict. By default the
classic reading counts wherever there is one, and the UTF-8 one is taken for the rest. So does this
module, with one difference: `parse_matcher` refuses a comma outside quotes, which Alertmanager reads as
a part of the value in one place and as the end of the matcher in another.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, NamedTuple, cast

from watchbill.expressions.patterns import compile_pattern, is_universal
from watchbill.expressions.problems import ExpressionError
from watchbill.model.labels import Labels, Matcher, Operator

_CLASSIC: Final = re.compile(r"[\t\n\f\r ]*([a-zA-Z_:][a-zA-Z0-9_:]*)[\t\n\f\r ]*(=~|=|!=|!~)")
_CLASSIC_SPACE: Final = "\t\n\f\r "
_SPACE: Final = (
    "\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)
_RESERVED: Final = frozenset(_SPACE + "{}!=~,\\\"'`")
_ESCAPES: Final = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\", '"': '"'}
_NUMERIC: Final = re.compile(r"x([0-9a-fA-F]{2})|([0-7]{3})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})")
_EXAMPLE: Final = 'write it as `severity="critical"` or `alertname=~"Node.*"`'


# --- reading --------------------------------------------------------------------------------


def parse_matcher(text: str) -> Matcher:
    """The one matcher that *text* is."""
    stripped = text.strip(_SPACE)
    if stripped.startswith("{") or stripped.endswith("}"):
        at = text.index("{") if stripped.startswith("{") else text.rindex("}")
        raise ExpressionError(
            f"a single matcher has no braces, at column {at + 1}",
            "write each matcher of the braces as an item of its own; a value that holds a brace stands in double quotes",
            at,
        )
    for comma in _bare_commas(text):
        raise ExpressionError(
            f"a single matcher has no comma outside double quotes, at column {comma + 1}",
            "write each matcher as an item of its own; a value that holds a comma stands in double quotes",
            comma,
        )
    return _first_reading(text, lambda: (_classic_matcher(text),), lambda: _Utf8Reader(text).matchers(one=True))[0]


def parse_matchers(text: str) -> tuple[Matcher, ...]:
    """All matchers of a *text* such as ``{severity="critical", team!=web}``, in order; the braces may be left out."""
    return _first_reading(text, lambda: _classic_matchers(text), lambda: _Utf8Reader(text).matchers())


def _first_reading(text: str, classic: Callable[[], tuple[Matcher, ...]], utf8: Callable[[], tuple[Matcher, ...]]) -> tuple[Matcher, ...]:
    """The classic reading if there is one, else the UTF-8 one, whose errors say more."""
    for place, char in enumerate(text):
        if 0xD800 <= ord(char) <= 0xDFFF:
            raise ExpressionError("a matcher holds half a character", "write it as UTF-8", place)
    try:
        return classic()
    except ExpressionError:
        return utf8()


def _checked(name: str, operator: str, value: str, start: int, end: int) -> Matcher:
    """The matcher of these parts; a bad pattern is reported at the value, *start* to *end*."""
    if "~" in operator:
        try:
            compile_pattern(value)
        except ExpressionError as error:
            raise ExpressionError(error.message, error.help, start, end) from None
    return Matcher(name, cast(Operator, operator), value)


def _bare_commas(text: str) -> list[int]:
    """Where commas stand outside double quotes; a backslash takes only from a quote its meaning, as in the classic parser."""
    commas: list[int] = []
    in_quotes = is_escaped = False
    for place, char in enumerate(text):
        if char == ",":
            if not in_quotes:
                commas.append(place)
        elif char == '"':
            in_quotes ^= not is_escaped
            is_escaped = False
        else:
            is_escaped = char == "\\" and not is_escaped
    return commas


# --- the classic reading ----------------------------------------------------------------------


def _classic_matcher(text: str) -> Matcher:
    """The lenient reading: a value may be bare, and a backslash that escapes nothing stands for itself."""
    head = _CLASSIC.match(text)
    if head is None:
        raise ExpressionError("not a classic matcher", _EXAMPLE)
    raw = text[head.end() :].strip(_CLASSIC_SPACE)
    is_quoted = raw.startswith('"')
    if is_quoted:
        raw = raw[1:]
    value: list[str] = []
    is_escaped = is_closed = False
    for place, char in enumerate(raw):
        is_last = place == len(raw) - 1
        if is_escaped:
            is_escaped = False
            value.append("\n" if char == "n" else char if char in '"\\' else "\\" + char)
        elif char == "\\" and not is_last:
            is_escaped = True
        elif char == '"':
            if not (is_quoted and is_last):
                raise ExpressionError("a double quote inside a value", _EXAMPLE)
            is_closed = True
        else:
            value.append(char)
    if is_quoted and not is_closed:
        raise ExpressionError("a double quote is not closed", _EXAMPLE)
    return _checked(head[1], head[2], "".join(value), head.end(), len(text))


def _classic_matchers(text: str) -> tuple[Matcher, ...]:
    """The same, several of them; both braces are optional, and so is a comma at the end."""
    body = text.removeprefix("{").removesuffix("}")
    commas = _bare_commas(body)
    parts = [body[start:end] for start, end in zip([0, *(comma + 1 for comma in commas)], [*commas, len(body)], strict=True)]
    last = parts.pop().strip(_SPACE)
    return tuple(_classic_matcher(part) for part in ([*parts, last] if last else parts))


# --- the UTF-8 reading ------------------------------------------------------------------------


class _Token(NamedTuple):
    """*kind* is ``{``, ``}``, ``,``, ``operator``, ``quoted``, ``bare`` or ``end``."""

    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        return self.start + len(self.text)

    @property
    def found(self) -> str:
        return "the end" if self.kind == "end" else f"`{self.text}`"


class _Utf8Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.token = self.scan()

    def matchers(self, *, one: bool = False) -> tuple[Matcher, ...]:
        """Every matcher of the text; with *one* there must be exactly one, without braces."""
        found: list[Matcher] = []
        has_brace = self.token.kind == "{"
        if has_brace:
            self.advance()
        elif self.token.kind == "end" and not one:
            return ()
        while one or self.token.kind != "}":
            if has_brace and self.token.kind == "end":
                break
            found.append(self.matcher())
            if one or self.token.kind != ",":
                break
            self.advance()
            if self.token.kind == "end":
                break
        if has_brace:
            if self.token.kind != "}":
                raise self.expected("a comma or a closing brace")
            self.advance()
        if self.token.kind != "end":
            raise self.expected("a comma" if not has_brace and not one and self.token.kind != "}" else "nothing more")
        return tuple(found)

    def matcher(self) -> Matcher:
        if self.token.kind not in ("quoted", "bare"):
            raise self.expected("a label name")
        name_token = self.advance()
        name = self.unquoted(name_token)
        if not name:
            raise ExpressionError("a label name is empty", _EXAMPLE, name_token.start, name_token.end)
        if self.token.kind != "operator":
            raise self.expected("`=`, `!=`, `=~` or `!~`")
        operator = self.advance().text
        if self.token.kind not in ("quoted", "bare"):
            raise self.expected("a value")
        value_token = self.advance()
        return _checked(name, operator, self.unquoted(value_token), value_token.start, value_token.end)

    def expected(self, what: str) -> ExpressionError:
        token = self.token
        message = f"{what} is expected at column {token.start + 1}, not {token.found}"
        return ExpressionError(message, _help_for(what, self.text, token), token.start, max(token.end, token.start + 1))

    def advance(self) -> _Token:
        token, self.token = self.token, self.scan()
        return token

    def scan(self) -> _Token:
        text, start = self.text, self.position
        while start < len(text) and text[start] in _SPACE:
            start += 1
        if start == len(text):
            token = _Token("end", "", start)
        elif text[start] in "{},":
            token = _Token(text[start], text[start], start)
        elif text[start] in "=!":
            token = self.operator(start)
        elif text[start] == '"':
            token = self.quoted(start)
        elif text[start] in _RESERVED:
            raise ExpressionError(
                f"`{text[start]}` cannot stand at column {start + 1}",
                "put the value in double quotes; a backslash in them is written twice",
                start,
            )
        else:
            end = start
            while end < len(text) and text[end] not in _RESERVED:
                end += 1
            token = _Token("bare", text[start:end], start)
        self.position = token.end
        return token

    def operator(self, start: int) -> _Token:
        two = self.text[start : start + 2]
        if two in ("=~", "!=", "!~"):
            return _Token("operator", two, start)
        if two[0] == "=":
            return _Token("operator", "=", start)
        raise ExpressionError(
            f"`=` or `~` is expected after `!`, at column {start + 2}", "the operators are `=`, `!=`, `=~` and `!~`", start, start + 2
        )

    def quoted(self, start: int) -> _Token:
        end = start + 1
        while end < len(self.text) and self.text[end] != '"':
            end += 2 if self.text[end] == "\\" else 1
        if end >= len(self.text):
            raise ExpressionError(
                f"the double quote at column {start + 1} is not closed",
                'end it with `"`; inside, a quote is written `\\"` and a backslash `\\\\`',
                start,
                len(self.text),
            )
        return _Token("quoted", self.text[start : end + 1], start)

    def unquoted(self, token: _Token) -> str:
        """What the quotes of *token* hold, with the escapes of a Go string; a bare one is itself."""
        if token.kind == "bare":
            return token.text
        parts: list[bytes] = []
        body = token.text[1:-1]
        place = 0
        while place < len(body):
            char = body[place]
            if char == "\n":
                raise self.bad_escape(token, place, "a line feed")
            if char != "\\":
                parts.append(char.encode())
                place += 1
                continue
            following = body[place + 1]
            if following in _ESCAPES:
                parts.append(_ESCAPES[following].encode())
                place += 2
                continue
            number = _NUMERIC.match(body, place + 1)
            if number is None:
                raise self.bad_escape(token, place, f"`\\{following}`")
            parts.append(self.character(number, token, place))
            place = number.end()
        try:
            return b"".join(parts).decode()
        except UnicodeDecodeError:
            raise ExpressionError("the escapes do not make up UTF-8", "write the character itself", token.start, token.end) from None

    def character(self, number: re.Match[str], token: _Token, place: int) -> bytes:
        byte, octal, short, long = number.groups()
        if byte is not None or octal is not None:
            code = int(byte, 16) if byte is not None else int(octal, 8)
            if code > 0xFF:
                raise self.bad_escape(token, place, f"`\\{number[0]}`")
            return bytes([code])
        code = int(short or long, 16)
        if 0xD800 <= code <= 0xDFFF or code > 0x10FFFF:
            raise self.bad_escape(token, place, f"`\\{number[0]}`")
        return chr(code).encode()

    def bad_escape(self, token: _Token, place: int, what: str) -> ExpressionError:
        at = token.start + 1 + place
        return ExpressionError(
            f"{what} cannot stand inside the quotes, at column {at + 1}", 'the escapes are `\\"`, `\\\\` and `\\n`', at, at + 2
        )


def _help_for(what: str, text: str, token: _Token) -> str:
    if what == "a label name" and token.kind == "end":
        return _EXAMPLE
    if token.kind == "operator" and text[: token.start].rstrip(_SPACE).endswith("="):
        return "equality is a single `=`"
    if what in ("nothing more", "a comma", "a comma or a closing brace") and token.kind in ("bare", "quoted"):
        return "put a value that holds spaces in double quotes"
    if what == "a value":
        return 'give a value; the empty one is `""`'
    return _EXAMPLE


# --- running ----------------------------------------------------------------------------------


def compile_matcher(matcher: Matcher) -> Callable[[Labels], bool]:
    """A function that tells whether some labels satisfy this *matcher*; an absent label is the empty string."""
    name, value = matcher.name, matcher.value
    match matcher.operator:
        case "=":
            if value:
                return lambda labels: labels.get(name) == value
            return lambda labels: not labels.get(name)
        case "!=":
            if value:
                return lambda labels: labels.get(name) != value
            return lambda labels: bool(labels.get(name))
        case "=~":
            matches = compile_pattern(value)
            return lambda labels: matches(labels.get(name, ""))
        case "!~":
            differs = compile_pattern(value)
            return lambda labels: not differs(labels.get(name, ""))


def compile_matchers(matchers: tuple[Matcher, ...]) -> Callable[[Labels], Matcher | None]:
    """A function that gives the first of these *matchers* that some labels fail, or None if all hold."""
    if not matchers:
        return lambda labels: None
    if len(matchers) == 1:
        (only,) = matchers
        holds = compile_matcher(only)
        return lambda labels: None if holds(labels) else only
    if all(matcher.is_equality for matcher in matchers):
        wanted = tuple((matcher.name, matcher.value, matcher) for matcher in matchers)

        def first_unequal(labels: Labels) -> Matcher | None:
            get = labels.get
            for name, value, matcher in wanted:
                if get(name) != value:
                    return matcher
            return None

        return first_unequal
    tests = tuple((compile_matcher(matcher), matcher) for matcher in matchers)

    def first_failed(labels: Labels) -> Matcher | None:
        for holds, matcher in tests:
            if not holds(labels):
                return matcher
        return None

    return first_failed


def matches_everything(matcher: Matcher) -> bool:
    """Whether no value fails this *matcher*, as in ``team=~".*"``; such a matcher makes nothing more specific."""
    return matcher.operator == "=~" and is_universal(matcher.value)
