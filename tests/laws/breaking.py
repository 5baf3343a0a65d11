"""Good documents of every kind, and many ways to break one: what a slip, a bad merge or somebody unkind would leave behind.

The same seed gives the same document, on every machine.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import yaml

from tests.policy.makers import OTHERS, SETTINGS, SHOP, header
from tests.policy.test_values import REPAIR

ROOT: Final = Path(__file__).parents[2]
MORE: Final = "---\n".join(
    (
        header("Remediation", "restart", "payments") + REPAIR,
        header("Triage", "http", "platform") + "spec: {collect: [{name: up, use: metrics.query, with: {query: up}}]}\n",
        header("Comms", "all", "support")
        + 'spec: {audience: customers, when: "tier == `1`", messages: {triggered: {body: "{{ alert.name }}"}}}\n',
        header("Override", "swap")
        + "spec: {schedule: payments-primary, person: bo, from: 2026-12-24T09:00:00Z, to: 2026-12-25T09:00:00Z}\n",
        SETTINGS,
    )
)

TEXTS: Final = (
    *("", " ", "\n", "~", "x", "-", "/", ".", "é", "ａｎａ", "nul\0", "bell\x07", "esc\x1b[31m", "rtl\u202eabc", "zero\u200bwidth"),
    *("a" * 64, "b" * 5000, "ß" * 300, "😀", "\u2028", "\ufeff", "\ud7ff", "../../etc/passwd", "javascript:x"),
    *("5m", "0", "0s", "-5m", "5", "5 m", "99999999999999y", "1y2y", "1e3m", "١m", "10y", "9" * 400 + "s"),
    *("2026-02-30", "0000-00-00", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", "2026-12-24", "24:00", "25:00", "2026-W01-1"),
    *("UTC", "Europe/Lisbonn", "../UTC", "/etc/localtime", "Etc/GMT+12", "\0UTC"),
    *("person/ana", "team/payments", "role/primary", "role/x@y@z", "schedule/role/primary", "person/", "role/@", "team/a/b"),
    *("metrics.query", "metrics", "metrics.", ".query", "a.b.c", "cluster.rollout-restart", "nothing.at-all", "phone.call"),
    *('a="b"', 'a=~"(a+)+$"', 'a=~"(?P<x>a)\\1"', 'a=~"["', 'a=~"a{1000}{1000}"', 'a=~"(?<=x)y"', "a=", "=b", '"=~"', 'a!~".*"'),
    *("tier == `1`", "tier == `1", "((((", "a" + ".b" * 300, "[*][*][*]", "`{`", "!!!!tier", "sort_by(@, &@)", "v < 1", "length(now)"),
    *("tier == `" + "9" * 5000 + "`", " || ".join(["env"] * 400), "(" * 300 + "env" + ")" * 300, "\x00 == `1`", "'it''s'"),
    *("{{ alert.name }}", "{{", "}}", "{% for", "{% for x in alert.labels %}{{ x }}{% endfor %}", "{{ ''.__class__.__mro__ }}"),
    *("{{ 'a' * 10 ** 9 }}", "{% for x in range(10 ** 9) %}x{% endfor %}", "{{ lipsum() }}", "{% include '/etc/passwd' %}", "{{ self }}"),
    *(
        "{{ alert.labels['" + "x" * 200 + "'] }}",
        "{{ " + "(" * 200 + "1" + ")" * 200 + " }}",
        "{% raw %}",
        "{# ",
        "{{ 1 if }}",
        "{{ x|y }}",
    ),
    *("https://", "https:///x", "http://[::1", "https://a b", "ftp://x", "//x", "https://user:pass-word-long@example.com/"),
    *("env/", "file/../../x", "xoxb-123456789012-abcdefghijkl", "AKIA" + "A" * 16, "watchbill/v2", "Team", "team", "Settings"),
)
NUMBERS: Final = (0, -1, 1, 2, 5, 6, 100, 101, 10**9, 2**63, -(2**63), 2**64 - 1, 0.5, -0.0, 1e308, 1e-308)
RAW: Final = (
    *("99999999999999999999999", ".inf", "-.nan", "1e999", "0x" + "f" * 40, "0o7", "+", "!!python/object:os.system x", "!x y", "&a *a"),
    *(
        "*nobody",
        "&a [*a]",
        "<<: {a: 1}",
        "{<<: *x}",
        "? [a]\n: b",
        "{{ x }}",
        "[",
        "]",
        "{",
        "'",
        '"',
        '"\\x00"',
        '"\\ud800"',
        "|\n",
        ">9",
    ),
    *("[" * 60 + "]" * 60, "{a: " * 60 + "1" + "}" * 60, "\t", "- -", ": :", "%YAML 1.1", "---", "...", "#", "@x", "`x`", "<<<<<<< HEAD"),
)
BYTES: Final = (
    *(b"\0", b"\xff", b"\xc3\x28", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xef\xbb\xbf", b"\xfe\xff", b"\x85", b"\xe2\x80\xa8", b"\r"),
    *(b"\t", b"\x1b[2J", b"\x7f", b"\xe2\x80\xae", b"\x0c", b"\r\n", b"\n\n", b"  ", b"\n- ", b"\n? ", b": ", b" #", b"\n---\n"),
)
BOMB: Final = "a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n" for before, name in zip("abcdefg", "bcdefgh", strict=True)
)


def good_documents() -> tuple[str, ...]:
    """The text of good documents, some of every kind: the small shop's, and the reference's."""
    files = sorted((*ROOT.glob("policies/*/*.yaml"), *ROOT.glob("ownership/*.yaml")))
    texts = (SHOP, OTHERS, MORE, *(file.read_text(encoding="utf-8") for file in files))
    parts = (part.strip("\n") + "\n" for text in texts for part in re.split(r"^---\n", text, flags=re.MULTILINE))
    return tuple(part for part in parts if "kind:" in part)


class Breaker:
    """Breaks good documents, each seed in its own way."""

    def __init__(self) -> None:
        self.good = good_documents()
        self.trees = tuple(yaml.load(text, getattr(yaml, "CBaseLoader", yaml.BaseLoader)) for text in self.good)

    def broken(self, seed: int) -> bytes:
        """One document with one to three things wrong in it."""
        chance = random.Random(seed)
        index = chance.randrange(len(self.good))
        content = self._in_tree(chance, index) if chance.random() < 0.6 else self.good[index].encode()
        for _ in range(chance.choice((0, 1, 1, 2)) if content != self.good[index].encode() else chance.choice((1, 1, 2, 3))):
            content = chance.choice(_IN_TEXT)(chance, content, self)
        return content

    def _in_tree(self, chance: random.Random, index: int) -> bytes:
        """The document with some of its keys and values changed, as any YAML writer would write it."""
        tree = _copied(self.trees[index])
        for _ in range(chance.choice((1, 1, 2, 3))):
            places = list(_places(tree))
            if places:
                owner, key = chance.choice(places)
                chance.choice(_IN_TREE)(chance, owner, key, self)
        written: str = yaml.safe_dump(
            tree, allow_unicode=chance.random() < 0.7, sort_keys=False, default_flow_style=chance.choice((None, False))
        )
        return written.encode(errors="surrogatepass")


def _copied(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: _copied(value) for key, value in node.items()}
    return [_copied(item) for item in node] if isinstance(node, list) else node


def _places(node: Any) -> Any:
    """Every owner and key (or index) of the tree."""
    for key, value in list(node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()):
        yield node, key
        yield from _places(value)


# --- in the tree ------------------------------------------------------------------------


def _value(chance: random.Random, breaker: Breaker) -> Any:
    """A value that somebody might write anywhere."""
    kind = chance.randrange(10)
    if kind < 6:
        return chance.choice(TEXTS)
    if kind < 7:
        return chance.choice(NUMBERS)
    if kind < 8:
        return chance.choice((None, True, False, [], {}, [[]], [None], {"": ""}, ["x", 5, None], {"x": {"y": [1]}}))
    owner, key = chance.choice(list(_places(chance.choice(breaker.trees))))
    return _copied(owner[key])


def _delete(chance: random.Random, owner: Any, key: Any, breaker: Breaker) -> None:
    del owner[key]


def _replace(chance: random.Random, owner: Any, key: Any, breaker: Breaker) -> None:
    owner[key] = _value(chance, breaker)


def _rename(chance: random.Random, owner: Any, key: Any, breaker: Breaker) -> None:
    if isinstance(owner, dict):
        other, slip = str(chance.choice(TEXTS)), str(key)
        at = chance.randrange(len(slip) + 1)
        owner[chance.choice((slip[:at] + slip[at + 1 :], slip[:at] + "x" + slip[at:], slip.upper(), other))] = owner.pop(key)


def _wrap(chance: random.Random, owner: Any, key: Any, breaker: Breaker) -> None:
    for _ in range(chance.choice((1, 1, 2, 60))):
        owner[key] = chance.choice(([owner[key]], {str(key): owner[key]}))


def _repeat(chance: random.Random, owner: Any, key: Any, breaker: Breaker) -> None:
    value = owner[key]
    owner[key] = value * chance.choice((2, 50)) if isinstance(value, list | str) else [_copied(value) for _ in range(3)]


def _swap(chance: random.Random, owner: Any, key: Any, breaker: Breaker) -> None:
    other, place = chance.choice(list(_places(owner)))
    if other is owner:
        owner[key], owner[place] = owner[place], owner[key]


def _splice(chance: random.Random, owner: Any, key: Any, breaker: Breaker) -> None:
    if isinstance(owner[key], str):
        at, text = chance.randrange(len(owner[key]) + 1), chance.choice(TEXTS)
        owner[key] = owner[key][:at] + text + owner[key][at:]


_IN_TREE: Final[tuple[Callable[[random.Random, Any, Any, Breaker], None], ...]] = (
    *(_delete, _replace, _replace, _replace, _rename, _rename, _wrap, _repeat, _swap, _splice, _splice),
)

# --- in the text ------------------------------------------------------------------------


def _lines(chance: random.Random, content: bytes, breaker: Breaker) -> bytes:
    """A line is lost, doubled, moved, indented otherwise, or comes from another document."""
    lines = content.split(b"\n")
    at, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    match chance.randrange(5):
        case 0:
            del lines[at]
        case 1:
            lines.insert(other, lines[at])
        case 2:
            lines[at], lines[other] = lines[other], lines[at]
        case 3:
            lines[at] = chance.choice((b" ", b"\t", b"   ")) + lines[at] if chance.random() < 0.7 else lines[at].lstrip()
        case _:
            lines[at:other] = chance.choice(breaker.good).encode().split(b"\n")[:4]
    return b"\n".join(lines)


def _cut(chance: random.Random, content: bytes, breaker: Breaker) -> bytes:
    return content[: chance.randrange(len(content) + 1)]


def _insert(chance: random.Random, content: bytes, breaker: Breaker) -> bytes:
    at = chance.randrange(len(content) + 1)
    what = chance.choice(BYTES) if chance.random() < 0.6 else chance.choice(RAW).encode(errors="surrogatepass")
    return content[:at] + what + content[at:]


def _put_raw(chance: random.Random, content: bytes, breaker: Breaker) -> bytes:
    """The value behind some colon becomes something that only YAML's own grammar could explain."""
    colons = [found.end() for found in re.finditer(rb": ", content)]
    if not colons:
        return content
    at = chance.choice(colons)
    end = content.find(b"\n", at)
    return content[:at] + chance.choice(RAW).encode(errors="surrogatepass") + (content[end:] if end >= 0 else b"")


def _join(chance: random.Random, content: bytes, breaker: Breaker) -> bytes:
    """Two documents run into each other, or follow each other with too little or too much between them."""
    other = chance.choice(breaker.good).encode()
    return content + chance.choice((b"", b"---\n", b"...\n", b"---\n---\n", b"--- x\n", b"\n%TAG ! x\n---\n")) + other


def _bomb(chance: random.Random, content: bytes, breaker: Breaker) -> bytes:
    return chance.choice((BOMB.encode() + content, content + BOMB.encode(), content + b"x: " + b"[" * 3000, content + b"- " * 3000))


_IN_TEXT: Final[tuple[Callable[[random.Random, bytes, Breaker], bytes], ...]] = (
    *(_lines, _lines, _lines, _cut, _insert, _insert, _insert, _put_raw, _put_raw, _join, _bomb),
)
