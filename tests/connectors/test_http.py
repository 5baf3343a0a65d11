"""Pages and APIs that are read."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.connectors.makers import Ways, a_request, carry_out
from tests.connectors.sides import Side, a_server, answering
from watchbill.connectors.catalogue import catalogue
from watchbill.connectors.performers import performers
from watchbill.connectors.performing import Refused, Transient

pytestmark = pytest.mark.anyio


async def fetched(out: Ways, arguments: dict[str, Any], secrets: dict[str, str] | None = None, **answer: Any) -> tuple[Any, Side]:
    async with a_server(answering(**answer)) as side:
        request = a_request("http", "get", arguments, settings={"url": f"http://127.0.0.1:{side.port}"}, secrets=secrets or {})
        done = await carry_out(performers(out.outside), catalogue(), request)
    return done.result, side


@pytest.mark.parametrize("status", [200, 404, 503])
async def test_any_answer_is_the_result(out: Ways, status: int):
    """
    How somebody else is doing is what was asked, so an error of theirs is an answer too.
    """
    result, _ = await fetched(out, {"path": "/health"}, status=status, body=b"so so")

    assert (result["status"], result["text"], result["value"]) == (status, "so so", None)
    assert result["seconds"] >= 0


@pytest.mark.parametrize(
    ("select", "value"),
    [("status.indicator", "major"), ("components[0].ok", False), ("components", None), ("missing", None), ("length(components)", 2)],
)
async def test_a_plain_value_is_selected(out: Ways, select: str, value: object):
    """
    `select` gives a plain value of a JSON answer; a list or a mapping is none.
    """
    body = json.dumps({"status": {"indicator": "major"}, "components": [{"ok": False}, {}]}).encode()
    result, _ = await fetched(out, {"select": select}, body=body)

    assert result["value"] == value


async def test_an_answer_that_is_no_json_has_no_values(out: Ways):
    """
    Selecting from a page that is no JSON finds nothing.
    """
    result, _ = await fetched(out, {"select": "status"}, body=b"<html>")

    assert result["value"] is None


async def test_a_selection_that_cannot_be_read_is_refused(out: Ways):
    """
    An expression that is none needs a person.
    """
    with pytest.raises(Refused, match="`select`"):
        await fetched(out, {"select": "a["})


async def test_parameters_are_encoded(out: Ways):
    """
    Parameters become a query, whatever they hold.
    """
    _, side = await fetched(out, {"path": "/q?a=1", "parameters": {"b": "x&y=z", "c": True, "d": 2}})

    assert side.got[0].path == "/q?a=1&b=x%26y%3Dz&c=true&d=2"


@pytest.mark.parametrize(
    ("secrets", "header"),
    [({"token": "t0ken"}, "Bearer t0ken"), ({"username": "ana", "password": "pässword"}, "Basic YW5hOnDDpHNzd29yZA=="), ({}, None)],
)
async def test_how_it_says_who_asks(out: Ways, secrets: dict[str, str], header: str | None):
    """
    A token goes as bearer, a name and a password as basic authentication.
    """
    _, side = await fetched(out, {}, secrets)

    assert side.got[0].headers.get("authorization") == header


async def test_long_answers_are_cut(out: Ways):
    """
    A long page is cut, and says by how much.
    """
    result, _ = await fetched(out, {}, body=b"x" * 100_000)

    assert result["text"].endswith("x… (67232 more characters)")


async def test_where_nobody_listens_it_may_be_asked_again(out: Ways):
    """
    A page that cannot be reached may be there later.
    """
    request = a_request("http", "get", settings={"url": "http://127.0.0.1:1"})

    with pytest.raises(Transient, match="cannot be reached"):
        await carry_out(performers(out.outside), catalogue(), replace(request))
