"""A timeline as data, for other programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from watchbill.expressions.durations import format_duration
from watchbill.model.timeline import Timeline
from watchbill.report import API_VERSION
from watchbill.report.plan_json import place_json, time_json


def timelines_json(timelines: Sequence[Timeline]) -> dict[str, Any]:
    """The same as data: a document of kind TimelineList."""
    return {"apiVersion": API_VERSION, "kind": "TimelineList", "items": [_json(timeline) for timeline in timelines]}


def _json(timeline: Timeline) -> dict[str, Any]:
    return {
        "kind": "Timeline",
        "incident": timeline.incident,
        "title": timeline.title,
        "at": time_json(timeline.at),
        "until": time_json(timeline.until),
        "status": timeline.status,
        "happenings": [
            {
                "at": time_json(each.at),
                "after": format_duration(each.at - timeline.at),
                "what": each.what,
                "text": each.text,
                "people": list(each.people),
                "because": each.because or None,
                "place": place_json(each.place) if each.place else None,
                "note": each.note,
            }
            for each in timeline.happenings
        ],
    }
