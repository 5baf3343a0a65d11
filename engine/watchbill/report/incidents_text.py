"""Incidents for a terminal, as somebody wants them who was woken by one: first what waits for a person, with the command for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Final

from watchbill.report import delivery_words, words
from watchbill.report.counts import count
from watchbill.report.incident_waits import label_of, waits
from watchbill.report.incidents import AlertShown, DeliveryShown, Evidence, IncidentShown, LinkShown, Listed, StepShown, Stop
from watchbill.report.layout import MEASURE, annotated, placed, wrap
from watchbill.report.paint import Line, Span, Style, line, paint_all
from watchbill.report.plain import plain
from watchbill.report.sections import DETAIL
from watchbill.report.stops_text import stop_lines
from watchbill.report.timeline_text import span_of

_SEVERITIES: Final[dict[str, Style]] = {"critical": "critical", "warning": "warning", "info": "info"}
_STATUSES: Final[dict[str, Style]] = {"triggered": "critical", "acknowledged": "warning", "mitigated": "info", "resolved": "good"}
_STATES: Final[dict[str, Style]] = {"failed": "critical", "waiting": "warning", "done": "good"}

_SECTIONS: Final = (
    ("PAGE", ("page", "alarm")),
    ("TALK", ("notify", "hub", "bridge")),
    ("TELL", ("update", "review", "remind", "tell")),
    ("REPAIR", ("repair", "verify", "rollback", "offer")),
)
UNANSWERED: Final = "NOBODY ANSWERS"
"""What is said of an incident of which every round went by without an answer."""

_BELOW: Final = 6
EVIDENCE_WIDTH: Final = 300
"""Characters of what a collector gave in one line that are shown; all of it is in JSON."""

LINE_WIDTH: Final = 200
MOST_LINES: Final = 12
"""Of a text of several lines, so many characters of each and so many lines are shown."""


# --- many ---------------------------------------------------------------------------------


def listing_text(
    incidents: Sequence[Listed], at: datetime, what: str, *, stops: Sequence[Stop] = (), width: int = 80, colour: bool = False
) -> str:
    """The *incidents* as they stand at this time, one a row; *what* they are (``open``) is said on top, and above it what is stopped."""
    measure = min(width, MEASURE)
    number = count(len(incidents), f"{what} incident".strip())
    unanswered = sum(each.unanswered for each in incidents)
    whom = ("it" if unanswered == 1 else "them") if unanswered == len(incidents) else f"{unanswered} of them"
    loud = (Span(f", nobody answers {whom}", "critical"),) if unanswered else ()
    head = [line(Span(number if incidents else f"no {what} incidents".replace("  ", " "), "strong"), *loud)]
    lines = [*_stopped(stops, at, measure), *placed(head, line(Span(words.instant(at.replace(second=0)), "aside")), measure, 0)]
    rows = [_row(each, at) for each in incidents]
    lines += [()] * bool(rows)
    lines += [each for drawn in annotated(rows, measure, _BELOW, 0, keep=3) for each in drawn]
    return paint_all(lines, colour)


def _row(its: Listed, at: datetime) -> list[Line]:
    return [
        line(Span(plain(its.id), "name")),
        _severity(its.severity),
        line(Span(UNANSWERED, "critical")) if its.unanswered else _standing(its.status, its.acknowledged_by),
        line(_title(its.name, its.service)),
        line(Span(f"{span_of(at - its.opened_at)} ago" if its.status == "resolved" else f"for {span_of(at - its.opened_at)}", "time")),
        line(Span(" · ".join(filter(None, (_alert_count(its), _until(its, at)))), "aside")),
    ]


def _alert_count(its: Listed) -> str:
    """How many alerts fire, where that is not one, and how many of them are silenced."""
    if not its.silenced:
        return count(its.alerts, "alert") if its.alerts != 1 else ""
    if its.silenced >= its.alerts:
        return "silenced" if its.alerts == 1 else f"{count(its.alerts, 'alert')}, silenced"
    return f"{count(its.alerts, 'alert')}, {its.silenced} silenced"


def _title(name: str, service: str) -> str:
    return f"{plain(name)} on {plain(service) or 'no known service'}"


def _severity(severity: str) -> Line:
    return line(Span(plain(severity), _SEVERITIES.get(severity, "none")))


def _until(its: Listed, at: datetime) -> str:
    """Until when somebody has an incident, as it is read at this time; empty where nobody has it, or that has no end."""
    return f"until {words.clock(its.acknowledged_until, at)}" if its.acknowledged_until is not None else ""


def _standing(status: str, taken_by: str | None) -> Line:
    """The status, and who has taken it."""
    said = Span(plain(status), _STATUSES.get(status, "strong"))
    if not taken_by:
        return line(said)
    return line(said, f" by {plain(taken_by)}" if status == "acknowledged" else f", taken by {plain(taken_by)}")


# --- one ----------------------------------------------------------------------------------


def incident_text(its: IncidentShown, at: datetime, *, width: int = 80, colour: bool = False) -> str:
    """One incident as it stands at this time: what waits for a person, what fires, who was paged, what runs, what was found."""
    measure = min(width, MEASURE)
    lines = head(its, at, measure)
    for section in (waits(its, at, measure), _links(its.links, measure), _alerts(its.alerts, its.opened_at, measure)):
        lines += [(), *section] if section else []
    for label, kinds in _SECTIONS:
        section = section_of_steps(label, [each for each in its.steps if each.kind in kinds], its.opened_at, at, measure)
        lines += [(), *section] if section else []
    found = _evidence(its.evidence, measure)
    lines += [(), *found] if found else []
    return paint_all(lines, colour)


def head(its: IncidentShown, at: datetime, width: int) -> list[Line]:
    """That nobody answers it and what stops unattended work, where that is so; what it is, how it stands at this time, and since when."""
    tier = f" · tier {its.tier}" if its.tier is not None else ""
    title = line(Span(_title(its.name, its.service), "strong"), "   ", *_severity(its.severity), f"{tier} · {plain(its.team)}")
    lines = [*_alarm(its, at, width), *_stopped(its.stops, at, width), *wrap(title, width, 0, 2)]
    stands = line(Span(plain(its.id), "name"), "  ", *_standing(its.status, its.acknowledged_by), f", for {span_of(at - its.status_at)}")
    lines += wrap(stands, width, 2, 4)
    opened = f"opened {words.instant(its.opened_at)}, {span_of(at - its.opened_at)} ago"
    lines += wrap(line(Span(opened, "time")), width, 2, 4)
    if its.acknowledged_until is not None:
        ends = f"until {words.instant(its.acknowledged_until)}, in {span_of(its.acknowledged_until - at)}; then people are paged again"
        lines += wrap(line(ends, f"; keep it: watchbill extend {plain(its.id)}"), width, 2, 4)
    if its.snoozed_until is not None:
        lines += wrap(line(Span(f"snoozed until {words.instant(its.snoozed_until)}", "warning")), width, 2, 4)
    if its.flapping is not None:
        ends_at = its.flapping.ends_at
        until = (
            f"resolved at {words.instant(ends_at)} unless an alert fires again"
            if ends_at is not None
            else "pages for a higher severity only"
        )
        lines += wrap(line(Span(f"flapping since {words.instant(its.flapping.since)}: {until}", "warning")), width, 2, 4)
    if its.reopen_count:
        lines += wrap(line(f"came back {its.reopen_count} time{'s' if its.reopen_count > 1 else ''}"), width, 2, 4)
    return lines + (wrap(line(plain(its.url)), width, 2, 4) if its.url else [])


def _alarm(its: IncidentShown, at: datetime, width: int) -> list[Line]:
    """That every round went unanswered, since when, and the command that takes the incident. How the alarm went stands with its step."""
    since = its.unanswered_since
    if since is None:
        return []
    went_by = f"  every round went by until {words.clock(since, at)}, {span_of(at - since)} ago; take it:"
    return [*wrap(line(Span(UNANSWERED, "critical"), went_by), width, 0, 2), line(f"  watchbill ack {plain(its.id)}"), ()]


def _stopped(stops: Sequence[Stop], at: datetime, width: int) -> list[Line]:
    """The freezes and kills that are in force, with an empty line below them."""
    lines = [each for stop in stops for each in stop_lines(stop, at, width)]
    return [*lines, ()] if lines else []


def _alerts(alerts: Sequence[AlertShown], start: datetime, width: int) -> list[Line]:
    firing = sum(each.status == "firing" for each in alerts)
    over = f", {len(alerts) - firing} over" if len(alerts) > firing else ""
    lines: list[Line] = [line(Span("ALERTS", "section"), f"  {firing} firing{over}")] if alerts else []
    for each in alerts:
        began = Span(words.clock(each.starts_at, start), "time")
        state = "" if each.status == "firing" else ", over"
        lines += wrap(line(began, "  ", Span(plain(each.name), "name"), "  ", *_severity(each.severity), state), width, 2, DETAIL)
        said = dict.fromkeys(filter(None, (each.annotations.get(name, "").strip() for name in ("summary", "description"))))
        lines += [row for text in said for row in _kept(rows_of(text), width, DETAIL)]
        if each.muted is not None:
            lines += wrap(line(Span(f"not acted on: {plain(each.muted.why)}", "warning")), width, DETAIL, DETAIL)
        shown = [f"{plain(name)}={plain(value)}" for name, value in each.labels.items() if name not in ("alertname", "service", "severity")]
        lines += wrap(line(Span(", ".join(shown), "aside")), width, DETAIL, DETAIL) if shown else []
        lines += wrap(line(Span(plain(each.generator_url), "aside")), width, DETAIL, DETAIL) if each.generator_url else []
    return lines


def section_of_steps(label: str, steps: Sequence[StepShown], start: datetime, at: datetime, width: int) -> list[Line]:
    """Each step by when it began or is due, with how far it has come by this time, and its contacts.

    Those that were given up before they began are counted.
    """
    shown = [each for each in steps if each.state != "withdrawn" or each.started_at is not None]
    rest = len(steps) - len(shown)
    lines: list[Line] = [line(Span(label, "section"))] if steps else []
    for step in shown:
        moment = step.started_at or step.due_at
        when = words.clock(moment, start) if moment is not None else ""
        stands, style = _stands(step, start), _STATES.get(step.state, "none")
        lines += wrap(line(Span(when.ljust(5), "time"), "  ", Span(label_of(step), "name"), "  ", Span(stands, style)), width, 2, DETAIL)
        lines += contacts_of(step.deliveries if step.started_at is not None else (), start, at, width)
        note = plain("; ".join(filter(None, (step.note, step.error))))
        lines += wrap(line(Span(note, "aside")), width, DETAIL, DETAIL) if note else []
        if step.kind == "verify" and step.saw is not None and step.state != "done":
            rows = rows_of(value_text(step.saw))
            lines += _kept([f"it saw {rows[0]}", *rows[1:]], width, DETAIL)
    if rest:
        more = f"{rest} more" if shown else f"{rest}"
        lines += wrap(line(Span(f"{more} given up before {'they' if rest > 1 else 'it'} began", "aside")), width, DETAIL, DETAIL)
    return lines


def contacts_of(deliveries: Iterable[DeliveryShown], start: datetime, at: datetime, width: int) -> list[Line]:
    """What became of each contact by this time, a person a line: ``mei: call refused (401), SMS left 03:14``."""
    lines: list[Line] = []
    for person, found in delivery_words.by_person(each.known for each in deliveries).items():
        lines += wrap(line(f"{plain(person)}: {plain(delivery_words.contacts(found, start, at))}"), width, DETAIL, DETAIL + 2)
    return lines


def _stands(step: StepShown, start: datetime) -> str:
    if step.deliveries and step.started_at is not None:
        return plain(delivery_words.stands(step.kind, [each.known for each in step.deliveries]))
    done = "sent" if step.kind in ("update", "notify", "alarm") else "done"
    after = f"again at {words.clock(step.retry_at, start)}" if step.retry_at is not None else ""
    known: dict[str, Callable[[], str]] = {
        "planned": lambda: "not yet",
        "waiting": lambda: "offered" if step.kind == "offer" else "waits for a yes",
        "started": lambda: after or "under way",
        "done": lambda: done,
        "failed": lambda: "failed",
        "withdrawn": lambda: "stopped",
    }
    said = known.get(step.state, lambda: plain(step.state))()
    return said + (", possibly repeated" if step.possibly_repeated else "")


def _links(links: Sequence[LinkShown], width: int) -> list[Line]:
    """Where help is written."""
    lines: list[Line] = [line(Span("LINKS", "section"))] if links else []
    for each in links:
        lines += wrap(line(Span(plain(each.title), "name"), "  ", plain(each.url)), width, 2, 4)
    return lines


def _evidence(found: Iterable[Evidence], width: int) -> list[Line]:
    lines: list[Line] = []
    for each in found:
        lines = lines or [line(Span("FOUND", "section"))]
        name, rows = Span(plain(each.collector), "name"), _given(each)
        if len(rows) == 1:
            lines += wrap(line(name, "  ", rows[0]), width, 2, 4)
        else:
            lines += [*wrap(line(name), width, 2, 4), *_kept(rows, width, 4)]
    return lines


def _given(evidence: Evidence) -> list[str]:
    """What a collector gave, with its lines."""
    outcome = evidence.outcome
    if outcome is None:
        return ["not there yet"]
    if outcome.error is not None:
        return [f"nothing: {plain(outcome.error)}"]
    return rows_of(value_text(outcome.result))


def rows_of(text: str) -> list[str]:
    """The lines of a *text* from outside that say anything, each harmless; of a long one the beginning."""
    rows = [said for each in text.splitlines() if (said := plain(each))] or ["nothing"]
    longest = EVIDENCE_WIDTH if len(rows) == 1 else LINE_WIDTH
    more = len(rows) - MOST_LINES
    shown = [each if len(each) <= longest else f"{each[: longest - 1]}…" for each in rows[:MOST_LINES]]
    return [*shown, f"… {count(more, 'more line')}"] if more > 0 else shown


def _kept(rows: Iterable[str], width: int, indent: int) -> list[Line]:
    """These *rows*, each on lines of its own and so far in that none can be taken for one of watchbill's sections."""
    return [each for row in rows for each in wrap(line(row), width, indent, indent)]


def value_text(result: object) -> str:
    """A result of a connector in words."""
    if isinstance(result, dict):
        return ", ".join(f"{name} {value_text(value)}" for name, value in result.items()) or "nothing"
    if isinstance(result, list):
        return "; ".join(map(value_text, result)) or "nothing"
    return "nothing" if result is None else str(result)
