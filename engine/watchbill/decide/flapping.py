"""Incidents that come and go: a flag beside the status, so that whoever was called is not called again for every return.

From the return that is one too many the incident stays open until no alert has fired for a while. Whoever has it keeps it; where
nobody has, the escalation goes on where it stopped, by its clock, and never again from level one. A higher severity pages as always.
"""

from __future__ import annotations

from watchbill.decide import following, updating
from watchbill.decide.draft import Draft
from watchbill.decide.grouping import grouping_of
from watchbill.model.change import FlappingBegun, StatusChanged, Trigger
from watchbill.model.policies import Flaps


def comes_back(draft: Draft, trigger: Trigger) -> None:
    """The incident was resolved, or nobody was affected any more, and an alert fires again."""
    holder = draft.fold.acknowledged_by
    if not _is_too_often(draft):
        following.change_status(draft, trigger)
        return
    draft.record(StatusChanged(trigger, draft.now))
    if draft.fold.flapping is None:
        flaps = _flaps(draft)
        draft.record(FlappingBegun(draft.now, flaps.returns, flaps.within, flaps.quiet))
    if holder:
        draft.record(StatusChanged("acknowledge", draft.now, holder))
    updating.status_changed(draft)


def _is_too_often(draft: Draft) -> bool:
    """Whether one more return is one too many."""
    if draft.fold.flapping is not None:
        return True
    flaps = _flaps(draft)
    lately = [at for at in draft.fold.returns if draft.now - at <= flaps.within]
    return 0 < flaps.returns <= len(lately) + 1


def _flaps(draft: Draft) -> Flaps:
    grouping = grouping_of(draft.bill, draft.fold.lead, draft.now, [])
    return grouping.flapping if grouping is not None else Flaps()


def falls_quiet(draft: Draft) -> bool:
    """No alert fires any more: whether the incident stays open all the same, and nobody is called meanwhile."""
    if draft.fold.flapping is None:
        return False
    following.plan(draft, anew=False)
    return True


def end(draft: Draft) -> None:
    """Resolve an incident that came and went, once it was quiet for long enough."""
    flapping = draft.fold.flapping
    ends_at = flapping.ends_at if flapping is not None else None
    if ends_at is not None and ends_at <= draft.now:
        following.resolve(draft, "")
