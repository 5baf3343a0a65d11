"""What `correlate` asks the record for, what it answers, and what `decide` gives back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from watchbill.model.alert import ClaimedAlert
from watchbill.model.change import Change
from watchbill.model.incident import Incident
from watchbill.model.plan import Reason, Step
from watchbill.model.policies import Silence


@dataclass(frozen=True, slots=True)
class Wanted:
    """The facts that deciding these alerts needs from the record.

    *remediations* are those whose past runs count, over the longest span (*history*) that a guard looks back. *all_runs*
    asks for the runs of all remediations over that span, because a guardrail counts them. An incident that was resolved
    longer than *reopen* ago is not wanted any more. *active* asks for the alerts that fire in other incidents, because an
    inhibition may let them hide these.
    """

    incident_key: str
    remediations: tuple[str, ...] = ()
    all_runs: bool = False
    history: timedelta = timedelta(0)
    reopen: timedelta = timedelta(hours=1)
    active: bool = False


@dataclass(frozen=True, slots=True)
class Correlation:
    """Alerts that belong together, under their correlation key, and the facts wanted to decide them."""

    key: str
    service: str | None
    alerts: tuple[ClaimedAlert, ...]
    wanted: Wanted
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class RepairRun:
    """One past or present run of a remediation. *ended_at* is None while it runs."""

    remediation: str
    incident: str
    target: str
    service: str | None
    team: str
    started_at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the record knows that matters to one decision: small, and loaded in its transaction.

    *runs* are of the remediations that were wanted, oldest first. *is_frozen* is a person's own stop of all unattended work,
    besides what guardrails say: nothing begins. With *is_killed* what has begun by itself stops as well. *active* are the
    alerts that fire in other incidents, where they were wanted. *silences* are those that people made on the running server and that
    are not over, besides those that policies declare.
    """

    incident: Incident | None = None
    runs: tuple[RepairRun, ...] = ()
    is_frozen: bool = False
    active: tuple[ClaimedAlert, ...] = ()
    is_killed: bool = False
    silences: tuple[Silence, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """All that follows from one event.

    *incident* is the fold of *changes* over what was there; None where nothing was and nothing began.
    *steps* fall due now and are to be carried out.
    *wake_at* is when to look again, None for never. *revision* and *tzdata* say by which policies and zone rules.
    """

    incident: Incident | None
    changes: tuple[Change, ...]
    steps: tuple[Step, ...]
    wake_at: datetime | None
    reasons: tuple[Reason, ...]
    revision: str
    tzdata: str
