"""What the engine cannot carry out is said by the engine: in its log, by the last resort, and to whoever asks how it is."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.server.places import ENVIRONMENT, HOTLINE, Place, Said, a_shop, an_alert, served
from watchbill.cli.options import wall
from watchbill.cli.wiring import AtWork, Setup, at_work
from watchbill.server.logs import Log

PAGER = """\
---
apiVersion: watchbill/v1
kind: Connector
metadata: {name: pager}
spec: {type: webhook, with: {url: https://10.1.2.3/pages}, secrets: {token: env/SHOP_PAGER}}
"""
CY = """\
apiVersion: watchbill/v1
kind: Person
metadata: {name: cy}
spec: {contacts: [{use: phone.call, to: "+351 555 0102"}]}
"""
LAST = "  last_resort: {use: journal.write, with: {level: error}}\n"


def written(folder: Path, *, by: str = "phone.call", last_resort: bool = False) -> Path:
    """The shop, whose people are reached by this action, and which has a *last_resort* or none."""
    a_shop(folder)
    people = folder / "ownership" / "payments.yaml"
    text = people.read_text("utf-8").replace(HOTLINE, "").replace("hotline.page", "phone.call").replace("phone.call", by)
    people.write_text(text if by == "phone.call" else text + PAGER, "utf-8")
    settings = (folder / "watchbill.yaml").read_text("utf-8").replace("spec: {fallback_team: payments}", "spec:\n  fallback_team: payments")
    (folder / "watchbill.yaml").write_text(settings + (LAST if last_resort else ""), "utf-8")
    return folder


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """The shop, whose people are reached by nothing."""
    return written(tmp_path)


def gauges(at: Place) -> dict[tuple[str, str], float]:
    """How many findings there are, by level and rule."""
    found = text_string_to_metric_families(at.client.get("/metrics").text)
    samples = (sample for family in found if family.name == "watchbill_findings" for sample in family.samples)
    return {(sample.labels["level"], sample.labels["rule"]): sample.value for sample in samples}


# --- to whoever asks ----------------------------------------------------------------------


def test_who_cannot_be_reached_is_told_and_alerts_are_taken_in(shop: Path) -> None:
    """
    An engine that reaches nobody starts, takes alerts in, is ready, and says in its answer that something is wrong; strictly, it is not
    ready. Its status lists what is wrong, its metrics count it.
    """
    with served(shop) as at:
        ready, strict, status = (at.client.get(path) for path in ("/readyz", "/readyz?strict", "/v1/status"))
        numbers = gauges(at)

        assert at.fire(an_alert())
    trouble = "reach: 5 errors in what the policies ask for; `/v1/status` and `watchbill doctor` list all\n"
    listed = [(each["level"], each["document"]) for each in status.json()["findings"]]
    assert (ready.status_code, ready.text) == (200, f"ready\n{trouble}")
    assert (strict.status_code, strict.text) == (503, f"not ready, strictly\n{trouble}")
    assert status.json()["ready"] is True
    assert listed[:5] == [("error", each) for each in ("Person/ana", "Person/bo", "Service/checkout", "Service/search", None)]
    assert numbers == {("error", "reaches-nobody"): 5, ("warning", "not-carried-out"): 1}


def test_what_a_process_lacks_is_told(tmp_path: Path) -> None:
    """
    A secret that is absent and a private address without leave are in the status, each with what to do.
    """
    with served(written(tmp_path, by="pager.page")) as at:
        found = {each["rule"]: each["help"] for each in at.client.get("/v1/status").json()["findings"]}

    assert found["missing-secret"] == "set the variable `SHOP_PAGER` where watchbill runs"
    assert found["private-address"] == "start watchbill with `--allow-private 10.0.0.0/8`"


def test_an_engine_that_reaches_everybody_is_strictly_ready(tmp_path: Path) -> None:
    """
    Where everybody can be reached, nothing is added to the answer, and strictly it is ready too.
    """
    folder = written(tmp_path, by="pager.page")
    people = folder / "ownership" / "payments.yaml"
    people.write_text(people.read_text("utf-8").replace("env/SHOP_PAGER", "env/SHOP_KEY"), "utf-8")
    with served(folder, private=("10.0.0.0/8",)) as at:
        answers = [at.client.get(path) for path in ("/readyz", "/readyz?strict", "/-/ready?strict")]

        assert [(each.status_code, each.text) for each in answers] == [(200, "ready\n")] * 3
        assert gauges(at) == {("error", "reaches-nobody"): 0.0}


# --- by itself ----------------------------------------------------------------------------


def engine_of(folder: Path, said: list[dict[str, Any]], work: Callable[[AtWork], Awaitable[None]], *, verb: str = "serve") -> None:
    """Do this *work* with an engine at work over this *folder*."""

    async def run() -> None:
        log = Log(Said(said), "json", wall)  # type: ignore[arg-type]
        setup = Setup(folder, str(folder / "watchbill.db"), verb, secret_prefixes=("SHOP_",), environment=ENVIRONMENT)
        async with at_work(setup, log, log.sink) as room:
            await heard(room)
            await work(room)

    asyncio.run(run())


async def heard(room: AtWork) -> None:
    """Return when whatever is being said by the last resort is said."""
    await asyncio.gather(*room._alarms)


async def nothing(room: AtWork) -> None:
    """Do nothing more."""


def alarms(said: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [line for line in said if line["event"] == "last_resort"]


def test_it_says_so_in_its_log(tmp_path: Path) -> None:
    """
    At the start each thing that cannot be carried out has a line in the log, errors first, with its place and what to do.
    """
    said: list[dict[str, Any]] = []
    engine_of(written(tmp_path), said, nothing)
    lines = [line for line in said if line["event"] == "cannot_act"]

    assert [line["level"] for line in lines] == sorted((line["level"] for line in lines), key=["error", "warning"].index)
    assert {(line["rule"], line["place"]) for line in lines if line["level"] == "error"} >= {
        ("reaches-nobody", "ownership/payments.yaml:1")
    }
    assert all(line["text"] and line["help"] for line in lines)
    assert alarms(said) == []


def test_it_says_so_by_the_last_resort(tmp_path: Path) -> None:
    """
    Where there is a last resort, one message names how many errors there are and the first of them; again only where a reload brings
    new ones.
    """
    folder, said = written(tmp_path, last_resort=True), list[dict[str, Any]]()

    async def reloads(room: AtWork) -> None:
        assert await room.reload()
        await heard(room)
        assert len(alarms(said)) == 1
        (folder / "ownership" / "more.yaml").write_text(
            'apiVersion: watchbill/v1\nkind: Person\nmetadata: {name: cy}\nspec: {contacts: [{use: phone.call, to: "+351 555 0102"}]}\n',
            "utf-8",
        )
        assert await room.reload()
        await heard(room)

    engine_of(folder, said, reloads)
    first, second = alarms(said)

    assert first["subject"] == "watchbill cannot reach everybody"
    assert "no page reaches `ana` (`phone.call`: not carried out by this version)" in first["text"]
    assert first["text"].startswith("5 errors in what revision ")
    assert second["text"].startswith("6 errors in what revision ")


def test_no_reload_is_refused_for_it(tmp_path: Path) -> None:
    """
    Policies by which somebody is not reached any more are gone by all the same, and nobody is left out of them.
    """
    folder, said = written(tmp_path, by="pager.page"), list[dict[str, Any]]()

    async def reload(room: AtWork) -> None:
        before = room.engine.policies.current.revision
        path = folder / "ownership" / "payments.yaml"
        path.write_text(path.read_text("utf-8").replace("use: pager.page", "use: phone.call", 1), "utf-8")
        assert await room.reload()
        policies = room.engine.policies.current.policies
        assert policies.revision != before
        assert policies.quarantined == ()
        assert [str(contact) for contact in policies.people["ana"].contacts] == ["phone.call"]
        assert "no page reaches `ana` (`phone.call`: not carried out by this version)" in [each.message for each in room.findings]

    engine_of(folder, said, reload)
    assert "policies_refused" not in [line["event"] for line in said]


def test_a_secret_that_came_meanwhile_counts_at_the_next_reload(tmp_path: Path) -> None:
    """
    A reload of policies that have not changed looks anew at what the process has.
    """
    folder, said = written(tmp_path, by="pager.page"), list[dict[str, Any]]()
    found: list[list[str]] = []

    async def reload(room: AtWork) -> None:
        found.append([each.rule for each in room.findings])
        ENVIRONMENT["SHOP_PAGER"] = "a-secret"
        try:
            assert await room.reload()
        finally:
            del ENVIRONMENT["SHOP_PAGER"]
        found.append([each.rule for each in room.findings])

    engine_of(folder, said, reload)
    assert ["missing-secret" in rules for rules in found] == [True, False]


def test_whoever_looks_on_is_not_drowned(tmp_path: Path) -> None:
    """
    With `run`, errors alone have lines of their own; how much there is besides is one line.
    """
    said: list[dict[str, Any]] = []
    engine_of(written(tmp_path), said, nothing, verb="run")
    lines = [line for line in said if line["event"] == "cannot_act"]

    assert {line["level"] for line in lines if "rule" in line} == {"error"}
    assert [line["more"] for line in lines if "more" in line] == [1]
