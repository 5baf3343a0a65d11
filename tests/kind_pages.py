"""A reference page for every kind, made from the documents' own descriptions and from the reference repository."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from watchbill.policy.schema import file_of, schemas

ROOT: Final = Path(__file__).resolve().parents[1]
FOLDER: Final = ROOT / "docs" / "reference" / "kinds"
MADE: Final = "<!-- made by `python -m tests.pages`: change the descriptions in engine/watchbill/policy/documents instead -->\n"

Schema = Mapping[str, Any]


def pages() -> Iterator[tuple[Path, str]]:
    """Every page, and its text as the documents say now."""
    kinds = {schema["title"]: schema for name, schema in schemas().items() if name != "watchbill.json"}
    yield FOLDER / "README.md", index(kinds)
    for kind, schema in kinds.items():
        yield FOLDER / f"{slug(kind)}.md", page(kind, schema)


def slug(kind: str) -> str:
    """The file of a kind: ``PolicyTest`` is ``policy-test``."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", kind).lower()


def index(kinds: Mapping[str, Schema]) -> str:
    """The list of all kinds."""
    rows = "".join(f"| [`{kind}`]({slug(kind)}.md) | {cell(schema['description'])} |\n" for kind, schema in kinds.items())
    return (
        f"{MADE}# Kinds of documents\n\n"
        "A policy repository is a `watchbill.yaml` (kind `Settings`) and YAML files in the folders that it names. A file may hold several\n"
        "documents, separated by `---`, and folders mean nothing to the engine. Names are unique per kind in the whole repository.\n\n"
        f"| kind | what it declares |\n| --- | --- |\n{rows}"
    )


def page(kind: str, schema: Schema) -> str:
    """One kind: what it is for, an example, every key."""
    parts = [f"{MADE}# {kind}\n", f"{schema['description']}\n", example(kind)]
    defs = schema.get("$defs", {})
    for name, section in sections(schema, defs):
        table = "".join(row(key, value, section, defs) for key, value in section["properties"].items())
        about = "" if section is schema else f"{section.get('description', '')}\n\n"
        parts.append(f"## {name}\n\n{about}| key | type | what it says |\n| --- | --- | --- |\n{table}")
    parts.append(f"The JSON Schema for editors is [`schemas/v1/{file_of(kind)}`](../../../schemas/v1/{file_of(kind)}).\n")
    return "\n".join(parts)


def sections(schema: Schema, defs: Mapping[str, Schema]) -> Iterator[tuple[str, Schema]]:
    """The document, and every section below it in the order in which a reader meets them, each once."""
    seen: list[str] = []
    waiting: list[tuple[str, Schema]] = [("The document", schema)]
    while waiting:
        name, section = waiting.pop(0)
        yield name, section
        for value in section["properties"].values():
            for reference in references(value):
                if reference not in seen and defs[reference].get("properties"):
                    seen.append(reference)
                    waiting.append((reference, defs[reference]))


def references(value: Any) -> Iterator[str]:
    """The names of the sections that a key leads to."""
    if isinstance(value, Mapping):
        if "$ref" in value:
            yield str(value["$ref"]).rsplit("/", 1)[1]
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def row(key: str, value: Schema, section: Schema, defs: Mapping[str, Schema]) -> str:
    """One key of a section."""
    said = [str(value.get("description", ""))]
    if key in section.get("required", ()):
        said.append("**Needed.**")
    elif value.get("default") not in (None, "", [], {}):
        said.append(f"Default: {code(value['default'])}.")
    if value.get("examples"):
        said.append("Example: " + " or ".join(code(each) for each in value["examples"][:2]))
    return f"| `{key}` | {kind_of(value, defs)} | {cell(' '.join(said))} |\n"


def written(value: Any) -> str:
    """A value as one would write it in YAML's flow form."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def code(value: Any) -> str:
    """A value as code, with backticks around it that it does not end."""
    text = written(value)
    return f"`` {text} ``" if "`" in text else f"`{text}`"


def cell(text: str) -> str:
    """A text that stays in its cell."""
    return " ".join(text.split()).replace("|", "&#124;")


def kind_of(value: Schema, defs: Mapping[str, Schema]) -> str:
    """What a value is, in a word or two, with a link to its section."""
    if "$ref" in value:
        name = str(value["$ref"]).rsplit("/", 1)[1]
        return f"[{name}](#{name.lower()})" if defs[name].get("properties") else kind_of(defs[name], defs)
    for several in ("anyOf", "oneOf"):
        if several in value:
            return " or ".join(dict.fromkeys(kind_of(each, defs) for each in value[several]))
    if "const" in value:
        return f"`{written(value['const'])}`"
    if "enum" in value:
        return ", ".join(f"`{each}`" for each in value["enum"])
    if value.get("type") == "array":
        return f"list of {kind_of(value.get('items', {}), defs)}"
    if isinstance(value.get("type"), list):
        return " or ".join(kind_of({**value, "type": each}, defs) for each in value["type"])
    words = {"string": "text", "integer": "whole number", "object": "mapping", "boolean": "true or false", "null": "nothing"}
    return words.get(str(value.get("type")), str(value.get("type", "anything")))


def example(kind: str) -> str:
    """The first document of this *kind* in the reference repository, as its team wrote it."""
    found = next(((file, text) for file, text in documents() if re.search(rf"^kind: {kind}$", text, re.MULTILINE)), None)
    if found is None:
        return ""
    file, text = found
    return f"From the reference repository, [`{file}`](../../../{file}):\n\n```yaml\n{text.strip()}\n```\n"


@cache
def documents() -> tuple[tuple[str, str], ...]:
    """Every document of the reference repository as text, with its file; the shortest files' first documents are as good as any."""
    files = [ROOT / "watchbill.yaml", *sorted((ROOT / "ownership").rglob("*.yaml")), *sorted((ROOT / "policies").rglob("*.yaml"))]
    return tuple(
        (path.relative_to(ROOT).as_posix(), text)
        for path in files
        for text in re.split(r"^---\n", path.read_text("utf-8"), flags=re.MULTILINE)
    )


def stale() -> list[Path]:
    """Pages that are there and stand for no kind any more."""
    wanted = {path for path, _ in pages()}
    return [path for path in FOLDER.glob("*.md") if path not in wanted]
