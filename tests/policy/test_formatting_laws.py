"""Laws of the canonical form: it says the same, it loses nothing, and it is where formatting ends."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.policy.test_loading_laws import texts
from watchbill.policy.formatting import format_text
from watchbill.policy.loading import load_text

ROOT = Path(__file__).resolve().parents[2]

ODD = """\
apiVersion: watchbill/v1
kind: Escalation
spec:
  levels:
  - page: [a,
      b, {c: d,
       e: "x
         y z"}]   # eol
    wait: &w 5m
  -   - nested
      - - deep
        -   k: v
            l: w
  -
    only: below
  text: |2-
      lead
    rest

    # no comment
  fold: >+
    one
    two

      more

  keep: |+
    a

  long: this is a long
    plain scalar

    with a break
  q: "quoted \\
    joined\\  \\
    \\ x

    y"
  s: 'it''s
    single'
  below:
    "scalar"
  empty:
  ? explicit
  : value
  'quoted key': {a: b, c, "d": }
  al: *w
  map: !!map {x: !!str 5, y: &q [], z: *q }
  e: {}
  f: []
metadata: {team: x, name: y}
---
{kind: Person, spec: {zone: UTC}, apiVersion: watchbill/v1}
--- # marker
# header

# second
kind: Remediation
spec: {}
...
# between
---
a: 1
"""
"""Everything that YAML allows and people seldom write."""

PIECES = (
    *("a", "b: ", '"c" : ', "'d': ", "- ", "? ", ": ", "[", "]", "{", "}", ", ", "\n", "\n  ", "\n    ", "\n\n", " # x\n", "# y\n", "#z"),
    *(" |\n", "|+\n", " >2-\n", "|-\n  t", "> \n u", '"q\n r"', "'s\n\n t'", "&m ", "*m", "!!str ", "!!map ", "--- ", "\n---\n", "\n...\n"),
    *("%YAML 1.2\n---\n", "1", "~", "\\", '"', "\t", "\\ ", "  ", "é", "spec: ", "kind: Person", "\nmetadata: ", "name: x", "null", "\r\n"),
)


@cache
def written_by_people() -> tuple[str, ...]:
    """Documents of the reference repository, and odd ones."""
    files = (*ROOT.glob("ownership/*.yaml"), *ROOT.glob("policies/*/*.yaml"))
    return (ODD, *(document for path in sorted(files) for document in path.read_text("utf-8").split("---\n")))


@st.composite
def scribbled(draw: st.DrawFn) -> str:
    """What people wrote, with comments, empty lines, line breaks and blanks put in at any place, and lines taken out."""
    lines = draw(st.sampled_from(written_by_people())).split("\n")
    for number in range(draw(st.integers(0, 8))):
        at = draw(st.integers(0, len(lines) - 1))
        indentation = " " * draw(st.integers(0, 8))
        scribble = f"# s{number}."
        match draw(st.sampled_from(("comment", "behind", "empty", "gone", ", ", ": ", "- ", "{", "]"))):
            case "comment":
                lines.insert(at, indentation + scribble)
            case "behind":
                lines[at] += f" {scribble}"
            case "empty":
                lines.insert(at, "")
            case "gone" if len(lines) > 1:
                del lines[at]
            case sign:
                middle = draw(
                    st.sampled_from((f" {scribble}\n{indentation}", f"\n{indentation}", f"\n\n{indentation}  {scribble}\n ", "   "))
                )
                lines[at] = lines[at].replace(sign, f"{sign}{middle}{indentation}", 1)
    text = "\n".join(lines)
    return draw(st.sampled_from((text, text.rstrip("\n"), text.replace("\n", "\r\n"))))


def words(data: Any) -> Iterator[str]:
    """Every key and text in the *data*."""
    if isinstance(data, dict):
        for key, value in data.items():
            yield key
            yield from words(value)
    elif isinstance(data, list):
        for value in data:
            yield from words(value)
    elif isinstance(data, str):
        yield data


def check(text: str) -> None:
    """Hold the laws against this *text*."""
    before = load_text(text.encode(), "a.yaml")
    done = format_text(text.encode(), "a.yaml")
    form = done.content
    assert done.findings == before.findings
    if before.findings:
        assert form == text.encode()
        return
    after = load_text(form, "a.yaml")

    assert after.findings == ()
    assert [json.dumps(each.data, sort_keys=True) for each in after.documents] == [
        json.dumps(each.data, sort_keys=True) for each in before.documents
    ]
    assert format_text(form, "a.yaml").content == form
    assert form == b"" or form.endswith(b"\n")
    said = "\n".join(word for document in before.documents for word in words(document.data))
    for comment in set(re.findall(r"# s\d\.", text)):
        assert comment in said or form.count(comment.encode()) == text.count(comment)


@given(scribbled())
def test_what_people_write_is_kept(text: str) -> None:
    """
    For all policies, however untidy, the form says the same, holds every comment, and is its own form.
    """
    check(text)


@given(texts())
def test_what_programs_write_is_kept(written: tuple[list[dict[str, Any]], str]) -> None:
    """
    For all data that another writer wrote as YAML, the form says the same and is its own form.
    """
    check(written[1])


@given(st.lists(st.sampled_from(PIECES), min_size=2, max_size=12).map("".join), st.sampled_from(("", "k: ", "k:\n  ")))
def test_whatever_loads_is_kept(text: str, start: str) -> None:
    """
    For all texts, however odd, the form of one that loads says the same and is its own form; any other is left as it was.
    """
    check(start + text)
