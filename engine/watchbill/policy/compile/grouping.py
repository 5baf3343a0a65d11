"""Groupings and inhibitions: from documents to the model."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from watchbill.expressions.matchers import matches_everything
from watchbill.model.policies import Flaps, Grouping, Inhibition, Selector
from watchbill.policy.compile import texts
from watchbill.policy.compile.draft import At, Draft
from watchbill.policy.compile.policies import expect_owner
from watchbill.policy.compile.selecting import check_label, check_not_everything, interval, needs_interval, selector
from watchbill.policy.compile.workbench import Workbench
from watchbill.policy.documents import grouping as written
from watchbill.policy.wording import quoted

LONGEST_WAIT: Final = timedelta(seconds=30)
"""How long paging may wait for further alerts. More would be felt by whoever waits for help."""

LONGEST_FLAPPING: Final = timedelta(days=1)
"""How long an incident may be kept open, or its returns be counted. What comes back a day later is another matter."""

# --- groupings ------------------------------------------------------------------------


def grouping(bench: Workbench, draft: Draft) -> Grouping:
    """A grouping; left out where its interval is."""
    spec: written.GroupingSpec = draft.document.spec
    at = draft.top / "spec"
    expect_owner(bench, draft)
    compiled = Grouping(
        ref=draft.ref,
        selector=selector(bench, at, spec),
        by=_labels(bench, at / "by", spec.by),
        wait=texts.duration(at / "wait", spec.wait, most=LONGEST_WAIT),
        reopen=texts.duration(at / "reopen", spec.reopen),
        flapping=_flaps(at / "flapping", spec.flapping) if spec.flapping is not None else Flaps(),
    )
    needs_interval(bench, at / "during", spec.during)
    return compiled


def _flaps(at: At, spec: written.FlappingSection) -> Flaps:
    within = texts.duration(at / "in", spec.in_, most=LONGEST_FLAPPING)
    return Flaps(spec.returns, within, texts.duration(at / "quiet", spec.quiet, most=LONGEST_FLAPPING))


def _labels(bench: Workbench, at: At, names: list[str]) -> tuple[str, ...]:
    """Label names, each once."""
    for index, name in enumerate(names):
        if not name.strip():
            (at / index).report("bad-value", "a label without a name", "write a label's name, as in `region`")
        else:
            check_label(bench, at / index, name)
        if name in names[:index]:
            (at / index).report("no-effect", f"{quoted(name)} stands here already", "take it away", "warning")
    return tuple(dict.fromkeys(names))


# --- inhibitions ----------------------------------------------------------------------


def inhibition(bench: Workbench, draft: Draft) -> Inhibition:
    """An inhibition, narrow enough to be meant; left out where its interval is: rather a page too many.

    It may name any alerts as its source, for it does nothing to them. With `depends_on` it may name any as its target too: those
    of other teams it hides with their consent only.
    """
    spec: written.InhibitionSpec = draft.document.spec
    at = draft.top / "spec"
    expect_owner(bench, draft)
    compiled = Inhibition(
        ref=draft.ref,
        source=selector(bench, at / "source", spec.source, anywhere=True),
        target=selector(bench, at / "target", spec.target, anywhere=spec.depends_on),
        equal=_labels(bench, at / "equal", spec.equal),
        depends_on=spec.depends_on,
        during=interval(bench, at / "during", spec.during),
    )
    check_not_everything(at / "source", "match", compiled.source, "any alert at all hides others by this")
    check_not_everything(at / "target", "match", compiled.target, "this hides every alert of the team and of those below it")
    if not draft.is_left_out and not (spec.equal or spec.depends_on or (_is_bound(compiled.source) and _is_bound(compiled.target))):
        help = "name labels in `equal`, write `depends_on: true`, or name a service in `match` on both sides"
        draft.report("unrelated-inhibition", at.key_place, "nothing says what these alerts have to do with each other", help)
    needs_interval(bench, at / "during", spec.during)
    return compiled


def _is_bound(side: Selector) -> bool:
    """Whether a side is about certain services."""
    return any(each.name == "service" and each.operator in ("=", "=~") and not matches_everything(each) for each in side.match)
