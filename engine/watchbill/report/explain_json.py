"""An explanation as JSON for other programs: the shape that `schemas/v1/explanation.json` describes, by the rules of a plan's."""

from __future__ import annotations

from collections.abc import Sequence

from watchbill.model.explanation import Asked, LastChange, LookedAt, PersonExplained, Rung, Seat, Standing
from watchbill.report import API_VERSION
from watchbill.report.explain_text import Answer
from watchbill.report.plan_json import Document, page_json, place_json, reason_json, ref_json, time_json


def answers_json(answers: Sequence[Answer]) -> Document:
    """The *answers* as one document of kind ExplanationList, an Explanation for each incident."""
    return {"apiVersion": API_VERSION, "kind": "ExplanationList", "items": [answer_json(answer) for answer in answers]}


def answer_json(answer: Answer) -> Document:
    """One *answer* as a document of kind Explanation."""
    plan = answer.explanation.plan
    return {
        "apiVersion": API_VERSION,
        "kind": "Explanation",
        "at": time_json(plan.at),
        "revision": plan.revision,
        "tzdata": plan.tzdata,
        "incident": plan.incident,
        "key": plan.key,
        "title": plan.title,
        "severity": plan.severity,
        "service": None if plan.service is None else ref_json(plan.service),
        "team": plan.team,
        "lead": plan.lead.fingerprint,
        "about": None if answer.about is None else ref_json(answer.about),
        "answer": answer.sentences,
        "looked_at": [_looked_at(answer, each) for each in answer.looked_at],
        "person": None if answer.who is None else _person(answer, answer.who),
        "quarantined": list(plan.quarantined),
    }


def _looked_at(answer: Answer, looked_at: LookedAt) -> Document:
    return {
        **reason_json(looked_at.reason),
        "policy": ref_json(looked_at.policy),
        "place": place_json(looked_at.place),
        "changed": _change(answer.changes.get(looked_at.place)),
        "asked": [_asked(answer, each) for each in looked_at.asked],
    }


def _asked(answer: Answer, asked: Asked) -> Document:
    return {
        "fingerprint": asked.fingerprint,
        "alert": asked.alert,
        "holds": asked.refusal is None,
        "failed": asked.refusal.failed or None if asked.refusal else None,
        "saw": asked.refusal.saw if asked.refusal and asked.refusal.failed else None,
        "place": place_json(asked.place),
        "changed": _change(answer.changes.get(asked.place)),
    }


def _change(change: LastChange | None) -> Document | None:
    if change is None:
        return None
    return {
        "revision": change.revision or None,
        "author": change.author,
        "at": None if change.at is None else time_json(change.at),
        "summary": change.summary,
    }


# --- people ---------------------------------------------------------------------------


def _person(answer: Answer, who: PersonExplained) -> Document:
    return {
        "name": who.person.name,
        "full_name": who.full_name,
        "local_at": who.local_at.isoformat(),
        "zone": who.zone,
        "has_contacts": who.has_contacts,
        "away_until": None if who.away_until is None else who.away_until.isoformat(),
        "pages": [page_json(page) for page in who.pages],
        "levels": [_rung(answer, rung) for rung in who.rungs],
        "others": [_looked_at(answer, each) for each in who.others],
        "besides": list(who.besides),
    }


def _rung(answer: Answer, rung: Rung) -> Document:
    return {
        "page": page_json(rung.page),
        "is_named": rung.is_named,
        "is_paged": rung.is_paged,
        "standings": [_standing(answer, each) for each in rung.standings],
        "note": rung.note,
    }


def _standing(answer: Answer, standing: Standing) -> Document:
    return {
        "schedule": ref_json(standing.schedule),
        "at": time_json(standing.at),
        "holder": standing.holder,
        "because": standing.because,
        "place": place_json(standing.place),
        "changed": _change(answer.changes.get(standing.place)),
        "until": None if standing.until is None else time_json(standing.until),
        "layer": standing.layer,
        "override": None if standing.override is None else ref_json(standing.override),
        "layers": [_seat(each) for each in standing.seats],
        "is_listed": standing.is_listed,
        "next_at": None if standing.next_at is None else time_json(standing.next_at),
        "next_until": None if standing.next_until is None else time_json(standing.next_until),
    }


def _seat(seat: Seat) -> Document:
    return {"name": seat.layer, "person": seat.person, "because": seat.because, "place": place_json(seat.place)}
