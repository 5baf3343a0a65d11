"""Whatever document is broken or missing: every verb goes on with what is sound, and says what is left out."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.execute.house import House
from tests.laws.quarantines import ALERTS, DOCUMENTS, WAYS, Document, Ran, Repository
from tests.makers import at
from watchbill.cli.editions import load_edition
from watchbill.connectors.catalogue import catalogue
from watchbill.execute.policies import pinned
from watchbill.policy.documents import KINDS

ONE_OF_EACH = tuple({document.label.partition("/")[0]: document for document in reversed(DOCUMENTS)}.values())
"""The first document of each kind."""

ANY_ONE = tuple((document, way) for document in DOCUMENTS for way in WAYS if way != "unreadable" or document.index == 0)
"""Every document in every way; a file that cannot be read is the same whichever of its documents is the reason."""

LOADING = ("oncall", "plan", "explain", "simulate", "test")
"""Verbs that go by the policies, and not only look at them."""


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    return Repository(tmp_path_factory.mktemp("reference"))


def is_promised(ran: Ran, left_out: tuple[str, ...]) -> None:
    """Hold one answer to the promise: no traceback, a code that is promised, and what is left out is named."""
    verb, said = ran.arguments[0], f"{ran.arguments}: {ran.err}{ran.out[-2000:]}"
    assert "[bug]" not in ran.err, said
    if ran.code == 2:
        # What is asked about is left out itself, or without a team that the settings name nothing can be promised to anybody.
        assert any(rule in ran.err for rule in ("[no-policies]", "[unknown-name]", "[no-schedule]")), said
        return
    assert "Traceback" not in ran.err, said
    assert ran.code in ((0, 1) if verb in ("test", "fmt", "validate") else (0,)), said
    if verb == "validate" and left_out:
        assert ran.code == 1, said
    if verb in LOADING and left_out:
        assert "left out" in ran.err, said
        assert all(label in ran.err for label in left_out) or " more are left out" in ran.err, said


def test_there_is_one_of_each():
    """
    The reference has documents of every kind to leave out, and leaving out begins with one of each.
    """
    assert {document.label.partition("/")[0] for document in ONE_OF_EACH} == set(KINDS) - {"Settings"}


def test_nothing_is_left_out_of_what_is_sound(repository: Repository):
    """
    Of the reference as it stands every verb answers well, and names nothing as left out.
    """
    assert [(ran.arguments, ran.code, ran.err) for ran in repository.answers() if ran.code or ran.err] == []


@pytest.mark.parametrize("document", ONE_OF_EACH, ids=lambda document: document.label)
def test_a_broken_document_of_each_kind(repository: Repository, document: Document):
    """
    With a broken document every verb answers from the rest, with the promised code, and names that document.
    """
    with repository.without((document, "broken")):
        for ran in repository.answers(every=False):
            is_promised(ran, (document.label,))


@pytest.mark.parametrize("document", ONE_OF_EACH, ids=lambda document: document.label)
def test_an_engine_goes_on_without_a_document_of_each_kind(repository: Repository, tmp_path: Path, document: Document):
    """
    An engine on policies with a broken document takes alerts in, decides and carries out, and so does one that holds an incident which
    was opened while the document was sound.
    """
    with repository.without((document, "broken")):
        goes_on(repository.root, tmp_path)


def goes_on(root: Path, folder: Path) -> None:
    """Open an incident by the sound reference, and let an engine with the policies at *root* go on with it and open others."""
    loaded = load_edition(root, catalogue())
    house = House(folder, now=at("2026-11-23T03:12:00Z"))
    sound = house.policies

    async def first() -> None:
        async with house.running():
            await house.receive((ALERTS / "checkout-stuck-worker.json").read_bytes())

    async def second() -> None:
        async with house.running() as engine:
            for name in ("checkout-high-error-rate", "orders-db-connections", "nobody-claims-it"):
                await house.receive((ALERTS / f"{name}.json").read_bytes())
            await house.passes(timedelta(minutes=20), timedelta(minutes=5))
            assert engine.backlog == 0

    asyncio.run(first())
    house.policies = pinned(sound, loaded.edition.policies)
    asyncio.run(second())
    assert house.world.requests
    assert [each for each in house.said if each[0] == "error"] == []


# --- every one of them, and two at once ---------------------------------------------------


@pytest.mark.long
@pytest.mark.parametrize(("document", "way"), ANY_ONE, ids=lambda each: getattr(each, "label", each))
def test_any_one_document(repository: Repository, tmp_path: Path, document: Document, way: str):
    """
    The same of any one document of the reference, whether it is broken, stands in a file that cannot be read, or is gone.
    """
    with repository.without((document, way)):
        for ran in repository.answers(every=way == "broken"):
            is_promised(ran, () if way == "absent" else (document.label,))
        if way == "broken":
            goes_on(repository.root, tmp_path)


@pytest.mark.long
@settings(max_examples=100)
@given(data=st.data())
def test_any_two_documents(repository: Repository, data: st.DataObject):
    """
    The same of any two documents, each in a way of its own.
    """
    spoiled = st.tuples(st.sampled_from(DOCUMENTS), st.sampled_from(WAYS))
    one, other = data.draw(spoiled), data.draw(spoiled)
    assume(one[0] != other[0])
    with repository.without(one, other):
        left_out = tuple(document.label for document, way in (one, other) if way != "absent")
        for ran in repository.answers(every=False):
            is_promised(ran, left_out)
