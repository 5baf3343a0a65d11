"""Switches, tokens, revisions and observations: the contract of every backend."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.makers import NOON, an_alert
from tests.store.desk import Desk
from watchbill.errors import UserError
from watchbill.model.event import Resolved
from watchbill.store import observations, revisions, switches, tokens
from watchbill.store.record import Record

LATER = NOON + timedelta(hours=1)


# --- switches -------------------------------------------------------------------------


def test_a_switch_holds_until_it_is_lifted_or_over(record: Record) -> None:
    """
    A switch holds from its time on, until it is lifted or its end has come; afterwards it can still be seen, with who lifted it.
    """
    freeze = record.write(lambda c: switches.put(c, kind="freeze", scope="all", name="", by="ana", reason="sale", at=NOON, until=LATER))
    kill = record.write(lambda c: switches.put(c, kind="kill", scope="service", name="checkout", by="bo", reason="loop", at=NOON))
    with record.read() as connection:
        both = switches.holding(connection, NOON)
        assert switches.holding(connection, NOON - timedelta(seconds=1)) == ()
        assert [each.id for each in switches.holding(connection, LATER)] == [kill]
    assert record.write(lambda c: switches.lift(c, kill, by="eve", at=LATER))
    assert not record.write(lambda c: switches.lift(c, kill, by="dan", at=LATER))
    with record.read() as connection:
        assert [each.id for each in switches.holding(connection, NOON)] == [freeze]
        (newest, _) = switches.latest(connection)

    assert both[0] == switches.Switch(freeze, "freeze", "all", "", "ana", "sale", NOON, LATER)
    assert (newest.id, newest.lifted_by, newest.lifted_at, newest.until) == (kill, "eve", LATER, None)


# --- tokens ---------------------------------------------------------------------------


def test_a_token_is_found_by_its_secret(record: Record) -> None:
    """
    The secret is shown once and found by itself alone; the record does not hold it.
    """
    with record.read() as connection:
        assert not tokens.any(connection, now=NOON)
    token, secret = record.write(lambda c: tokens.create(c, name="prom", who="prometheus", scopes=("ingest",), now=NOON))
    with record.read() as connection:
        assert tokens.find(connection, secret, now=NOON) == token
        assert tokens.find(connection, secret + "x", now=NOON) is None
        assert tokens.find(connection, "\ud800", now=NOON) is None
        assert tokens.any(connection, now=NOON)
    record.close()

    assert secret.startswith("wb_")
    assert len(secret) > 40
    assert all(secret.encode() not in path.read_bytes() for path in record.path.parent.iterdir())


def test_a_token_ends(record: Record) -> None:
    """
    A token that was revoked, or is over, opens nothing; its name is not given again.
    """
    _, first = record.write(lambda c: tokens.create(c, name="a", who="ana", scopes=(), now=NOON))
    _, second = record.write(lambda c: tokens.create(c, name="b", who="bo", scopes=("ack", "read"), now=NOON, expires_at=LATER))
    assert record.write(lambda c: tokens.revoke(c, "a", at=NOON))
    assert not record.write(lambda c: tokens.revoke(c, "a", at=NOON))
    with record.read() as connection:
        assert tokens.find(connection, first, now=NOON) is None
        assert tokens.find(connection, second, now=NOON) is not None
        assert tokens.find(connection, second, now=LATER) is None
        assert not tokens.any(connection, now=LATER)
        assert [(each.name, each.scopes, each.revoked_at) for each in tokens.listing(connection)] == [
            ("a", (), NOON),
            ("b", ("ack", "read"), None),
        ]
    with pytest.raises(UserError, match="called `a` already"):
        record.write(lambda c: tokens.create(c, name="a", who="ana", scopes=(), now=NOON))


def test_the_day_of_its_last_use_is_noted(record: Record) -> None:
    """
    That a token was used is written once a day.
    """
    record.write(lambda c: tokens.create(c, name="a", who="ana", scopes=(), now=NOON))
    used = [record.write(lambda c, now=now: tokens.used(c, "a", now=now)) for now in (NOON, LATER, NOON + timedelta(days=1), NOON)]  # type: ignore[misc]
    with record.read() as connection:
        (token,) = tokens.listing(connection)

    assert used == [True, False, True, False]
    assert token.last_used_at == NOON.replace(hour=0) + timedelta(days=1)


# --- revisions ------------------------------------------------------------------------


def test_a_revision_comes_back_file_by_file(record: Record) -> None:
    """
    The files of a revision come back as they were put; what several have in common is kept once.
    """
    files = {"watchbill.yaml": b"kind: Settings", "policies/a.yaml": bytes(range(256)), "policies/empty.yaml": b""}
    record.write(lambda c: revisions.put(c, "r1", files))
    record.write(lambda c: revisions.put(c, "r2", files | {"policies/a.yaml": b"a: 2"}))
    record.write(lambda c: revisions.put(c, "r1", {}))
    with record.read() as connection:
        assert revisions.get(connection, "r1") == files
        assert revisions.get(connection, "r2") == files | {"policies/a.yaml": b"a: 2"}
        assert revisions.get(connection, "r3") is None
        assert revisions.known(connection) == ("r1", "r2")
        assert connection.exec_driver_sql("SELECT count(*) FROM blob").scalar() == 4


def test_a_revision_is_kept_while_an_incident_goes_by_it(record: Record) -> None:
    """
    What no open incident goes by can be forgotten, with the files that nobody else has.
    """
    desk = Desk(record)
    desk.receives(an_alert())
    for revision in ("4f2c1d9", "old", "new"):
        record.write(lambda c, revision=revision: revisions.put(c, revision, {"a": revision.encode(), "b": b"same"}))  # type: ignore[misc]
    record.write(lambda c: revisions.keep_only(c, ["new"]))
    with record.read() as connection:
        assert revisions.pinned(connection) == ("4f2c1d9",)
        assert revisions.known(connection) == ("4f2c1d9", "new")
        assert connection.exec_driver_sql("SELECT count(*) FROM blob").scalar() == 3
    desk.happens(Resolved("ana"))
    record.write(lambda c: revisions.keep_only(c, ["new"]))
    with record.read() as connection:
        assert revisions.known(connection) == ("new",)


# --- observations ---------------------------------------------------------------------


def test_what_was_seen_last_is_known(record: Record) -> None:
    """
    Under each name stands what was seen last, and when.
    """
    for name, value in (("heartbeat/a", 1), ("heartbeat/b", {"ok": True}), ("page", None), ("heartbeat/a", 2)):
        record.write(lambda c, name=name, value=value: observations.put(c, name, NOON, value))  # type: ignore[misc]
    with record.read() as connection:
        assert observations.get(connection, "heartbeat/a") == observations.Observation("heartbeat/a", NOON, 2)
        assert [each.name for each in observations.all_under(connection, "heartbeat/")] == ["heartbeat/a", "heartbeat/b"]
        assert len(observations.all_under(connection)) == 3
    record.write(lambda c: observations.forget(c, "page"))
    with record.read() as connection:
        assert observations.get(connection, "page") is None
