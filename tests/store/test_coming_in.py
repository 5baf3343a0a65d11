"""The inbox, and the alerts that are known: the contract of every backend."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection

from tests.makers import NOON, a_claimed_alert, an_alert
from watchbill.store import alerts, inbox
from watchbill.store.record import Record

LATER = NOON + timedelta(minutes=5)


def put(record: Record, body: bytes, urgency: int = 0) -> int:
    """Keep this body; its number."""
    return record.write(lambda c: inbox.put(c, source="am", kind="alertmanager", body=body, received_at=NOON, urgency=urgency))


def test_what_came_in_waits_in_order(record: Record) -> None:
    """
    The most urgent comes first, then what came first; every byte of it as it came.
    """
    body = bytes(range(256)) * 300
    numbers = [put(record, body), put(record, b"b", 2), put(record, b"c", 1), put(record, b"d", 2)]
    with record.read() as connection:
        waiting = inbox.waiting(connection, 10)
        assert inbox.waiting(connection, 2) == waiting[:2]
        assert inbox.count(connection) == 4

    assert [entry.id for entry in waiting] == [numbers[1], numbers[3], numbers[2], numbers[0]]
    assert waiting[-1] == inbox.Entry(numbers[0], "am", "alertmanager", body, NOON, 0)


def test_what_is_done_is_gone_and_its_number_with_it(record: Record) -> None:
    """
    What is decided waits no more, and its number is never given again.
    """
    first = put(record, b"a")
    record.write(lambda connection: inbox.done(connection, first))
    second = put(record, b"b")

    assert second > first
    with record.read() as connection:
        assert [entry.id for entry in inbox.waiting(connection, 10)] == [second]


def test_what_cannot_be_read_is_kept_with_the_reason(record: Record) -> None:
    """
    A body that cannot be decided is not tried again, and can be looked at with what was wrong.
    """
    number = put(record, b"{")
    record.write(lambda connection: inbox.failed(connection, number, "this is not JSON"))
    with record.read() as connection:
        assert inbox.waiting(connection, 10) == ()
        assert inbox.count(connection) == 0
        (failure,) = inbox.failures(connection)

    assert (failure.id, failure.body, failure.error) == (number, b"{", "this is not JSON")


# --- alerts ---------------------------------------------------------------------------


def an_known(name: str, *, minutes: int = 5, incident: str = "checkout-1", **labels: str) -> alerts.Known:
    """An alert that is known, and expires so many minutes after noon."""
    claimed = a_claimed_alert(an_alert(alertname=name, annotations={"summary": "«it» is slow"}, **labels))
    return alerts.known(claimed, incident, updated_at=NOON, expires_at=NOON + timedelta(minutes=minutes))


def names(found: tuple[alerts.Known, ...]) -> list[str]:
    """What these alerts are called."""
    return [each.labels["alertname"] for each in found]


def test_alerts_come_back_as_they_were_received(record: Record) -> None:
    """
    What is known of an alert is what its source said, what it was claimed as, and by which incident.
    """
    known = an_known("Slow")
    record.write(lambda connection: alerts.upsert(connection, [known, an_known("Down", incident="cart-1", severity="warning")]))
    with record.read() as connection:
        assert alerts.active(connection, incident=["checkout-1"]) == (known,)
        assert names(alerts.active(connection)) == ["Down", "Slow"]
        assert names(alerts.active(connection, severity=["critical", "info"])) == ["Slow"]
        assert names(alerts.active(connection, service=["checkout"], team=["payments"], limit=1)) == ["Down"]
        assert alerts.active(connection, team=["platform"]) == ()
        assert alerts.count(connection) == 2

    assert known.labels == {"alertname": "Slow", "service": "checkout", "severity": "critical"}


def test_of_each_alert_the_last_is_known(record: Record) -> None:
    """
    An alert takes the place of what was known of its fingerprint; one that ended is known no more.
    """
    first = an_known("Slow")
    again = alerts.Known(**{name: getattr(first, name) for name in first.__slots__} | {"annotations": {}, "expires_at": LATER})
    record.write(lambda connection: alerts.upsert(connection, [first]))
    record.write(lambda connection: alerts.upsert(connection, [again]))
    record.write(lambda connection: alerts.upsert(connection, []))
    with record.read() as connection:
        assert alerts.active(connection) == (again,)
    record.write(lambda connection: alerts.ended(connection, [first.fingerprint, "unknown"]))
    with record.read() as connection:
        assert alerts.active(connection) == ()
        assert alerts.next_expiry(connection) is None


def test_alerts_expire_unless_they_are_heard_of(record: Record) -> None:
    """
    An alert that is not heard of in time has expired; one that is heard of holds on; and a grace puts all of them off.
    """
    known = [an_known("a", minutes=1), an_known("b", minutes=2), an_known("c", minutes=3)]
    prints = [each.fingerprint for each in known]

    def job(connection: Connection) -> None:
        alerts.upsert(connection, known)
        alerts.extend(
            connection, {prints[0]: {"prometheus": LATER}, "unknown": {"prometheus": LATER}}, updated_at=NOON + timedelta(minutes=1)
        )

    record.write(job)
    with record.read() as connection:
        assert alerts.next_expiry(connection) == NOON + timedelta(minutes=2)
        assert names(alerts.expired(connection, NOON + timedelta(minutes=3))) == ["b", "c"]
        assert names(alerts.expired(connection, NOON + timedelta(minutes=3), limit=1)) == ["b"]
        assert alerts.expiries(connection) == {prints[0]: LATER, prints[1]: known[1].expires_at, prints[2]: known[2].expires_at}
        assert alerts.expiries(connection, [prints[0], "unknown"]) == {prints[0]: LATER}
        assert alerts.active(connection)[0].updated_at == NOON + timedelta(minutes=1)
    assert record.write(lambda connection: alerts.grace(connection, LATER)) == 2
    with record.read() as connection:
        assert alerts.next_expiry(connection) == LATER


def test_an_alert_without_an_end_does_not_expire(record: Record) -> None:
    """
    An alert whose sender will say when it ends has no time at which it expires, whatever is put off.
    """
    claimed = a_claimed_alert(an_alert())
    known = alerts.known(claimed, "checkout-1", updated_at=NOON, expires_at=None)
    record.write(lambda connection: alerts.upsert(connection, [known]))
    record.write(lambda connection: alerts.grace(connection, LATER))
    with record.read() as connection:
        assert alerts.active(connection) == (known,)
        assert alerts.expired(connection, LATER + timedelta(days=9)) == ()
        assert alerts.next_expiry(connection) is None

    assert alerts.as_alert(known) == claimed.alert
