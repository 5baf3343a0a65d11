"""docs/reference/api.md is held to what the server answers: every example is asked, one after another."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.server.places import served
from watchbill.server import app

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "api.md"
TEXT = PAGE.read_text("utf-8")

OPEN = {"labels", "annotations", "facts", "incidents"}
"""Objects whose keys are what somebody else said, or how many of what there are."""


def examples() -> Iterator[tuple[str, str, dict[str, str], str, int, Any]]:
    """Each request of the page with its answer: method, path, headers, body; status, and what it says."""
    pairs = re.findall(r"^```http\n(.*?)^```\n\n```json\n(.*?)^```", TEXT, flags=re.MULTILINE | re.DOTALL)
    for asked, answered in pairs:
        head, _, body = asked.partition("\n\n")
        first, *headers = head.strip().splitlines()
        method, _, path = first.partition(" ")
        status, _, said = answered.partition("\n")
        yield method, path, dict(line.split(": ", 1) for line in headers), body, int(status), json.loads(said) if said.strip() else None


def differences(told: Any, found: Any, at: str = "$") -> Iterator[str]:
    """Where what was *found* is of another form than what the page has *told*: other keys, other types.

    A list on the page is a part of one: there has to be something alike for each thing in it.
    """
    if isinstance(told, Mapping) and isinstance(found, Mapping):
        if set(told) != set(found) and at.rsplit(".", 1)[-1] not in OPEN:
            yield f"{at}: {sorted(set(told) ^ set(found))}"
        for name in set(told) & set(found):
            yield from differences(told[name], found[name], f"{at}.{name}")
    elif isinstance(told, list) and isinstance(found, list):
        for one in told:
            yield from min((list(differences(one, each, f"{at}[]")) for each in found), key=len, default=[f"{at}: there is none"])
    elif type(told) is not type(found):
        yield f"{at}: told {told!r}, found {found!r}"


def test_every_example_is_answered_as_the_page_says(shop: Path) -> None:
    """
    Asked in the order of the page, each example is answered with its status, in its form, and where it says a sentence, with that.
    """
    found = list(examples())
    with served(shop) as at:
        for method, path, headers, body, status, told in found:
            answered = at.client.request(method, path, headers=headers, content=body.encode())

            assert answered.status_code == status, f"{method} {path}: {answered.text}"
            if told is None:
                assert answered.content == b"", path
                continue
            assert list(differences(told, answered.json())) == [], f"{method} {path}"
            if isinstance(told, dict) and "answer" in told:
                assert answered.json()["answer"] == told["answer"]
            if path == "/v1/ingest/outside-check":
                settled(at)

    assert len(found) > 15


def settled(at: Any) -> None:
    """Until what came in is decided on: the page goes on when it is."""
    at.wait(lambda: len(at.alerts()) == 3 and at.incident("checkout")["steps"][0]["state"] == "failed")


def test_every_path_is_on_the_page() -> None:
    """
    Whatever is served is told of, with its word.
    """
    told = TEXT.replace("/v1/incidents/ID/WORD", " ".join(f"/v1/incidents/{{incident}}/{word}" for word in words()))
    told = told.replace("/v1/incidents/ID/steps/STEP/approve", " ".join(f"/steps/{{step:path}}/{word}" for word in words()))
    named = (("/silences/{silence}", "/silences/ID"), ("/silence/{silence}", "/silence/ID"))
    for name, shown in (*named, ("{incident}", "ID"), ("{source}", "SOURCE"), ("{switch}", "N")):
        told = told.replace(shown, name)
    paths = {route.path.removeprefix("/v1/incidents/{incident}") if "/steps/" in route.path else route.path for route in app.routes()}
    short = {path: path.rpartition("/")[2] for path in paths}

    assert [path for path, last in short.items() if path not in told and f"`/{last}`" not in told] == []


def words() -> list[str]:
    """What people say."""
    return re.findall(r"`([a-z]+)`", "".join(re.findall(r"^\| \[`POST /v1/incidents/ID/WORD`.*$", TEXT, re.MULTILINE)))


def test_the_words_are_those_that_the_server_knows() -> None:
    """
    The words on the page are those that can be said.
    """
    from watchbill.server import acting

    assert set(words()) == set(acting.OF_INCIDENT) | set(acting.OF_STEP)
