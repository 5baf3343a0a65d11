"""The parts of pages that are made from the code: every `--help`, every key of a plan, every field, every rule of the
language, the README's plan.

`python -m tests.pages` writes them anew between their markers; read the difference before it is committed.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from tests import connector_page, kind_pages, language_page
from tests.cli.makers import ROOT, watchbill
from watchbill.cli.app import VERBS
from watchbill.expressions.conditions.functions import SIGNATURES
from watchbill.expressions.context import FIELDS, described
from watchbill.report.explain_schema import explain_schema
from watchbill.report.plan_schema import plan_schema

CLI: Final = ROOT / "docs" / "reference" / "cli.md"
PLAN: Final = ROOT / "docs" / "reference" / "plan.md"
EXPLAIN: Final = ROOT / "docs" / "reference" / "explain.md"
CONTEXT: Final = ROOT / "docs" / "reference" / "context.md"
README: Final = ROOT / "README.md"

_MADE: Final = re.compile(r"(<!-- made: (.+?) -->\n)(.*?)(<!-- end -->)", re.DOTALL)


def made() -> Iterator[tuple[Path, str]]:
    """Every page with parts that are made, and its text with these as the code says now."""
    yield from kind_pages.pages()
    yield connector_page.page()
    for page in (README, CLI, PLAN, EXPLAIN, CONTEXT, language_page.PAGE):
        yield page, _MADE.sub(lambda found: f"{found[1]}{part(found[2])}{found[4]}", page.read_text(encoding="utf-8"))


@cache
def part(name: str) -> str:
    """One made part: the help of ``watchbill VERB --help``, or the keys of ``plan KEY`` and ``explain KEY``."""
    if name == "context fields":
        return table(("field", "type", "what it is"), ((f"`{each.path}`", described(each.type), each.doc) for each in FIELDS))
    if name == "context functions":
        return table(("function", "gives", "what it does"), functions())
    if name.startswith("rules of "):
        return language_page.rules_of(name.removeprefix("rules of "))
    if name == "the demo's plan":
        return the_plan()
    if name == "why bo was not paged":
        return an_explanation()
    if name.startswith("watchbill"):
        with tempfile.TemporaryDirectory() as empty:
            done = watchbill(*name.split()[1:], cwd=Path(empty), COLUMNS="80")
        assert done.returncode == 0, done.stderr
        return f"```text\n{done.stdout}```\n"
    of, _, key = name.partition(" ")
    return keys({"plan": plan_schema, "explain": explain_schema}[of]()["$defs"][key])


def keys(schema: Mapping[str, Any]) -> str:
    """A table of the keys of an object."""
    return table(
        ("key", "type", "what it says"),
        ((f"`{name}`", kind(value), value.get("description", "")) for name, value in schema["properties"].items()),
    )


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A table in Markdown; a bar inside a cell is escaped."""
    lines = [head, ("---",) * len(head), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', '&#124;') for cell in row)} |\n" for row in lines)


def functions() -> Iterator[tuple[str, str, str]]:
    """Every function of a condition: how it is called, what it gives, what it does."""
    for name, signature in SIGNATURES.items():
        words = [" or ".join(takes) or "anything" for takes in signature.takes]
        for position in range(len(words) - signature.optional, len(words)):
            words[position] = f"[{words[position]}]"
        more = ", …" if signature.repeats else ""
        yield f"`{name}({', '.join(words)}{more})`", described(signature.gives), signature.doc


def the_plan() -> str:
    """The plan that the demo ends with, down to where responders talk; its revision is an example."""
    plan = watchbill("plan", "examples/alerts/checkout-high-error-rate.json", "--at", "2026-11-23T03:12:00Z", "--width", "80", cwd=ROOT)
    assert plan.returncode == 0, plan.stderr
    beginning = plan.stdout[: plan.stdout.index("\nCOLLECT")].rstrip()
    shown = re.sub(r" {2,}revision [0-9a-f]+\+?,", lambda found: "revision 4f2c1d9,".rjust(len(found[0])), beginning)
    return f"```text\n{shown}\n```\n"


def an_explanation() -> str:
    """Why somebody of the reference repository is not called at night; its revision is an example, and git is not asked."""
    arguments = ("examples/alerts/checkout-high-error-rate.json", "--at", "2026-11-23T03:12:00Z", "--width", "80", "--no-history", "bo")
    done = watchbill("explain", *arguments, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    shown = re.sub(r" {2,}revision [0-9a-f]+\+?,", lambda found: "revision 4f2c1d9,".rjust(len(found[0])), done.stdout.rstrip())
    return f"```text\n{shown}\n```\n"


def kind(schema: Mapping[str, Any]) -> str:
    """What a value is, in a word or two, with a link to what is described elsewhere."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return f"[{name}](#{name})"
    if "anyOf" in schema:
        return f"{kind(schema['anyOf'][0])} or null"
    if "const" in schema:
        return f"`{schema['const']}`"
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    if schema["type"] == "array":
        return f"list of {kind(schema['items'])}"
    return {"string": "text", "integer": "whole number"}.get(schema["type"], str(schema["type"]))


def missing() -> list[str]:
    """What should stand on a page and has no place there."""
    placed = {
        name for page in (CLI, PLAN, EXPLAIN, language_page.PAGE) for _, name, _, _ in _MADE.findall(page.read_text(encoding="utf-8"))
    }
    wanted = {"watchbill --help", *(f"watchbill {verb} --help" for verb in VERBS)}
    wanted |= {f"plan {name}" for name, schema in plan_schema()["$defs"].items() if "properties" in schema}
    wanted |= {f"explain {name}" for name, schema in explain_schema()["$defs"].items() if "properties" in schema}
    wanted |= {f"rules of {name}" for name in language_page.names()}
    return sorted(wanted - placed)


if __name__ == "__main__":
    for path, text in made():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    for path in kind_pages.stale():
        path.unlink()
