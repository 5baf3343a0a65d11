"""The JSON Schemas: fresh, sound, and of one mind with the engine about shapes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.policy.makers import OTHERS, SETTINGS, SHOP, header, loaded
from tests.policy.test_values import REPAIR
from watchbill import SCHEMAS as HOME_OF_SCHEMAS
from watchbill.policy.documents import KINDS
from watchbill.policy.schema import file_of, schemas

FOLDER = Path(__file__).parents[2] / "schemas" / "v1"
SCHEMAS = schemas()
REMEDIATION = header("Remediation", "restart", "payments") + REPAIR
GOOD = [document for text in (SETTINGS, SHOP, OTHERS, REMEDIATION) for document in loaded(text).documents]


def errors(name: str, data: Any) -> list[str]:
    return sorted(error.json_path for error in Draft202012Validator(SCHEMAS[name]).iter_errors(data))


def test_there_is_one_for_each_kind_and_one_for_all():
    """
    Each kind has its schema under its name in lower case, with a hyphen between words.
    """
    assert list(SCHEMAS) == [*map(file_of, KINDS), "watchbill.json"]
    assert [schema["$id"] for schema in SCHEMAS.values()] == [f"{HOME_OF_SCHEMAS}/{name}" for name in SCHEMAS]


def test_the_files_are_fresh():
    """
    What stands in `schemas/v1` is what the documents' types say.
    """
    assert {name: json.loads((FOLDER / name).read_text(encoding="utf-8")) for name in SCHEMAS} == SCHEMAS


@pytest.mark.parametrize("name", SCHEMAS)
def test_each_is_a_sound_schema(name: str):
    """
    Each file is a schema of the dialect it names, and refers to no other file.
    """
    Draft202012Validator.check_schema(SCHEMAS[name])

    assert {ref.partition("/$defs/")[0] for ref in _values(SCHEMAS[name], "$ref")} <= {"#"}


@pytest.mark.parametrize("document", GOOD, ids=lambda document: f"{document.data['kind']}-{document.data['metadata']['name']}")
def test_good_documents_fit(document: Any):
    """
    What the engine takes, the schema of its kind takes, and so does that of all kinds.
    """
    assert errors(file_of(document.data["kind"]), document.data) == []
    assert errors("watchbill.json", document.data) == []


BAD = {
    "an unknown key": (header("Person", "cy") + "spec: {colour: red}\n", "$.spec"),
    "a missing key": (header("Service", "refunds", "payments") + "spec: {}\n", "$.spec"),
    "a number for a text": (header("Person", "cy") + "spec: {contacts: [{use: phone.call, to: 5}]}\n", "$.spec.contacts[0].to"),
    "a null": (header("Person", "cy") + "spec: {zone: }\n", "$.spec.zone"),
    "a name": (header("Person", "Cy") + "spec: {}\n", "$.metadata.name"),
    "a duration": (header("Escalation", "x", "payments") + "spec: {levels: [{page: role/x, wait: 5 min}]}\n", "$.spec.levels[0].wait"),
    "a target": (header("Escalation", "x", "payments") + "spec: {levels: [{page: ana}]}\n", "$.spec.levels[0].page"),
    "a secret": (header("Connector", "x") + "spec: {type: prometheus, secrets: {token: abc}}\n", "$.spec.secrets.token"),
    "a fallback without a hold": (header("Remediation", "x", "payments") + REPAIR.replace("  hold: 6m\n", ""), "$.spec"),
    "a silence without an end": (
        header("Silence", "x", "payments") + "spec: {author: ana, reason: x, from: 2026-12-05T22:00:00Z}\n",
        "$.spec",
    ),
    "a silence that comes again without an end": (
        header("Silence", "x", "payments") + "spec: {author: ana, reason: x, during: nights}\n",
        "$.spec",
    ),
    "an own source without fields": (header("Source", "x", "payments") + "spec: {type: custom}\n", "$.spec"),
    "a holiday of nowhere": (
        header("Schedule", "x", "payments")
        + "spec: {layers: [{name: x, participants: [a], rotation: {every: 1d, start: 2026-01-05 09:00}, holidays: [{name: y}]}]}\n",
        "$.spec.layers[0].holidays[0]",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_documents_do_not_fit(case: str):
    """
    What the engine refuses for its shape, the schema refuses at the same value.
    """
    text, path = BAD[case]
    (document,) = loaded(text).documents

    assert errors(file_of(document.data["kind"]), document.data) == [path]


def test_an_unknown_kind_does_not_fit():
    """
    The schema of all kinds knows no other.
    """
    assert errors("watchbill.json", {"apiVersion": "watchbill/v1", "kind": "Persn", "metadata": {}, "spec": {}}) == ["$.kind"]


def test_every_key_is_described_with_an_example():
    """
    An editor shows for each key what it is and how it looks.
    """
    silent = []
    for name, schema in SCHEMAS.items():
        for title, section in {**schema.get("$defs", {}), "": schema}.items():
            for key, value in section.get("properties", {}).items():
                if name != "watchbill.json" and not (value.get("description") and value.get("examples")):
                    silent.append(f"{name} {title}.{key}")

    assert silent == []


def test_the_examples_of_keys_are_good_ones():
    """
    Each example fits the key that it is an example of, unless it only shows the beginning of a section.
    """
    wrong = []
    for name, schema in SCHEMAS.items():
        definitions = schema.get("$defs", {})
        for title, section in definitions.items():
            for key, value in section.get("properties", {}).items():
                if "$ref" in value:
                    continue
                check = Draft202012Validator({**value, "$defs": definitions})
                wrong += [f"{name} {title}.{key}: {example}" for example in value.get("examples", []) if not check.is_valid(example)]

    assert wrong == []


def _values(node: Any, key: str) -> list[str]:
    if isinstance(node, dict):
        return [value for name, value in node.items() if name == key] + [found for value in node.values() for found in _values(value, key)]
    return [found for item in node for found in _values(item, key)] if isinstance(node, list) else []
