"""The status of an incident, and the fold of its changes."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.makers import NOON, a_claimed_alert, an_alert
from watchbill.model.change import AcknowledgedUntil, AlertsTaken, NoteTaken, Opened, PagingSnoozed, StatusChanged
from watchbill.model.fold import Fold, fold
from watchbill.model.incident import TRANSITIONS, lead_of

OPENED = Opened("checkout-aaaaaa", "service/checkout", "checkout", "payments", 1, "critical", NOON, "4f2c1d9")


def test_every_status_can_be_resolved_or_reopened() -> None:
    """
    Whatever its status, an incident can come to its end, and come back.
    """
    assert {status for (status, trigger), to in TRANSITIONS.items() if to == "resolved"} == {"triggered", "acknowledged", "mitigated"}
    assert TRANSITIONS["resolved", "reopen"] == "triggered"


def test_a_change_of_status_that_is_no_row_cannot_happen() -> None:
    """
    Only rows of the table change a status: nothing acknowledges what is resolved.
    """
    resolved = fold(None, [OPENED, StatusChanged("resolve", NOON)])

    with pytest.raises(KeyError):
        fold(resolved, [StatusChanged("acknowledge", NOON, "ana")])


def test_reopening_counts() -> None:
    """
    Each time it comes back the incident is one reopening older, and nobody has it.
    """
    incident = fold(
        None, [OPENED, StatusChanged("acknowledge", NOON, "ana"), StatusChanged("resolve", NOON), StatusChanged("reopen", NOON)]
    )

    assert (incident.status, incident.reopen_count, incident.acknowledged_by) == ("triggered", 1, "")


def test_a_fold_shares_nothing_with_what_it_gave() -> None:
    """
    An incident that was folded does not change when the folding goes on.
    """
    folding = Fold()
    folding.apply(OPENED)
    before = folding.incident()
    folding.apply(AlertsTaken((a_claimed_alert(),), NOON))

    assert before.alerts == {}
    assert len(folding.incident().alerts) == 1


def test_the_lead_is_the_most_severe_firing_then_the_oldest() -> None:
    """
    The lead is the most severe alert that fires, of those the oldest, of those the first by fingerprint.
    """
    old = a_claimed_alert(an_alert(alertname="Old", starts_at=NOON - timedelta(hours=1)))
    new = a_claimed_alert(an_alert(alertname="New"))
    twin = a_claimed_alert(an_alert(alertname="Twin"))
    mild = a_claimed_alert(an_alert(alertname="Mild", severity="warning", starts_at=NOON - timedelta(hours=2)))
    ended = a_claimed_alert(an_alert(alertname="Ended", status="resolved", starts_at=NOON - timedelta(hours=3)))

    assert lead_of((new, mild, ended, old)).alert.name == "Old"
    assert lead_of((twin, new)).alert.name == "New"
    assert lead_of((mild, ended)).alert.name == "Mild"


def test_an_acknowledgement_has_an_end() -> None:
    """
    Whoever has an incident has it until then, unless it is put off or its status changes; who mitigates what nobody has, has it.
    """
    taken = [OPENED, StatusChanged("acknowledge", NOON, "ana"), AcknowledgedUntil(NOON + timedelta(hours=4), NOON)]
    held = fold(None, taken)
    mitigated = fold(held, [StatusChanged("mitigate", NOON, "bo")])

    assert (held.acknowledged_until, held.acknowledged_by) == (NOON + timedelta(hours=4), "ana")
    assert (mitigated.acknowledged_until, mitigated.acknowledged_by) == (None, "ana")
    assert fold(held, [PagingSnoozed("ana", NOON, NOON + timedelta(hours=1))]).acknowledged_until is None
    assert fold(None, [OPENED, StatusChanged("mitigate", NOON, "bo")]).acknowledged_by == "bo"


def test_a_snooze_lasts_until_the_status_changes() -> None:
    """
    What was put off stays put off until its time, or until anything else happens to it; a note is nothing of that.
    """
    taken = [OPENED, StatusChanged("acknowledge", NOON, "ana"), PagingSnoozed("ana", NOON, NOON + timedelta(hours=1))]
    snoozed = fold(None, [*taken, NoteTaken("bo", NOON, "hello")])
    woken = fold(snoozed, [StatusChanged("snooze-end", NOON + timedelta(hours=1))])

    assert (snoozed.status, snoozed.snoozed_until) == ("acknowledged", NOON + timedelta(hours=1))
    assert (woken.status, woken.snoozed_until, woken.acknowledged_by) == ("triggered", None, "")
