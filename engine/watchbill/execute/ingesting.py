"""What becomes of one request's alerts: those that say nothing new are extended, the others decided on, key by key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from watchbill.decide.claiming import severity_of
from watchbill.decide.correlating import correlate
from watchbill.errors import UserError
from watchbill.execute.deciding import Decided, decide_alerts, decide_event
from watchbill.execute.policies import Policies
from watchbill.execute.standing import Standing, StandingAlerts, is_said_by, says_the_same, sender_name
from watchbill.ingest import completed, parse_alertmanager, parse_alerts_v2
from watchbill.ingest.lasting import RESOLVE_TIMEOUT, expires_at, is_worth_writing
from watchbill.ingest.payload import Payload
from watchbill.model.alert import Alert
from watchbill.model.decision import Correlation
from watchbill.model.event import Woken
from watchbill.model.severity import RANK
from watchbill.model.sources import SourceType
from watchbill.store import alerts as rows

if TYPE_CHECKING:
    from sqlalchemy import Connection

Kind: TypeAlias = Literal["alerts-v2", "alertmanager", "source"]
"""How a request's body is read: as Prometheus' list, as Alertmanager's webhook, or as its `Source` says."""

SENDERS: Final[dict[str, SourceType]] = {"alerts-v2": "prometheus", "alertmanager": "alertmanager"}


def read(policies: Policies, kind: str, source: str, body: bytes, received_at: datetime) -> Payload:
    """What this *body* brings. Raises `UserError` where it is not as it should be, or its `Source` is not declared."""
    if kind == "alerts-v2":
        return parse_alerts_v2(body, received_at, source)
    if kind == "alertmanager":
        return parse_alertmanager(body, received_at, source)
    declared = policies.bill.policies.sources.get(source)
    if declared is None:
        raise UserError(
            f"no source is called `{source}`", "declare a `Source` of this name, or post to one that is declared", rule="unknown-name"
        )
    from watchbill.ingest.mapping import parse_from

    return parse_from(declared, body, received_at, file="the request")


def sender_of(policies: Policies, kind: str, source: str) -> SourceType:
    """What type of sender this *source* is."""
    declared = policies.bill.policies.sources.get(source) if kind == "source" else None
    return declared.type if declared is not None else SENDERS.get(kind, "alertmanager")


def urgency_of(policies: Policies, payload: Payload) -> int:
    """How urgent these alerts are: the rank of the most severe that fires, 0 where none does."""
    firing = {alert.labels.get("severity", "") for alert in payload.alerts if alert.status == "firing"}
    return max((1 + RANK[severity_of(policies.bill, word)[0]] for word in firing), default=0)


@dataclass(frozen=True, slots=True)
class Arrived:
    """The alerts of one request, and its type of *sender*. *received_at* is by the wall clock, which the engine's was *ahead* of."""

    payload: Payload
    sender: SourceType
    received_at: datetime
    ahead: timedelta = timedelta(0)


def take_in(
    connection: Connection,
    policies: Policies,
    standing: StandingAlerts,
    arrived: Iterable[Arrived],
    now: datetime,
    resolve_timeout: timedelta = RESOLVE_TIMEOUT,
    by: str = "",
) -> list[Decided]:
    """Every decision that the alerts of these requests bring, recorded; and all that stands afterwards, in the record and in *standing*.

    *by* is the person who says them, where one does.

    What several requests in a row bring is decided as if it had come in one, as long as that says the same: all of it fires or all of it
    has ended, and none of it is said twice.
    """
    news = _News({}, {})
    extended: dict[str, dict[str, datetime | None]] = {}
    decided: list[Decided] = []
    for request in arrived:
        if not news.alerts.keys().isdisjoint(alert.fingerprint for alert in request.payload.alerts):
            # What was said before is decided first: it changes what is known of these alerts.
            decided += _decide(connection, policies, standing, news, now)
            news = _News({}, {})
        its = _news_of(request, standing, extended, resolve_timeout)
        if not its.alerts:
            continue
        if not news.goes_with(its):
            decided += _decide(connection, policies, standing, news, now, by)
            # What was said in between may have changed what is known of these alerts.
            news, its = _News({}, {}), _news_of(request, standing, extended, resolve_timeout)
        news.alerts.update(its.alerts)
        news.senders.update(its.senders)
    if news.alerts:
        decided += _decide(connection, policies, standing, news, now, by)
    if extended:
        rows.extend(connection, extended, updated_at=now)
        for fingerprint, senders in extended.items():
            known = standing.get(fingerprint)
            if known is not None:
                known.written = dict(senders)
    return decided


@dataclass(frozen=True, slots=True)
class _News:
    """Alerts that say something new, by fingerprint, and who says that each fires, with when that is over unless it is said again."""

    alerts: dict[str, Alert]
    senders: dict[str, dict[str, datetime | None]]

    def goes_with(self, later: _News) -> bool:
        """Whether what came *later* can be decided together with this: nothing depends on which of the two came first."""
        statuses = {alert.status for news in (self, later) for alert in news.alerts.values()}
        return len(statuses) < 2 and self.alerts.keys().isdisjoint(later.alerts)


def _news_of(
    request: Arrived, standing: StandingAlerts, extended: dict[str, dict[str, datetime | None]], resolve_timeout: timedelta
) -> _News:
    """What this *request* says that is new. What still fires is *extended*, where that is worth writing.

    While one sender says that an alert fires, another that says the same, or that it is over, says nothing new.
    """
    news = _News({}, {})
    now = request.received_at + request.ahead
    for alert in request.payload.alerts:
        known = standing.get(alert.fingerprint)
        expires = expires_at(alert, request.received_at, request.sender, resolve_timeout=resolve_timeout)
        if expires is not None:
            expires += request.ahead
        sender = sender_name(alert, request.sender)
        others = known.others(sender, now) if known is not None else {}
        senders = others if alert.status == "resolved" else {**others, sender: expires}
        if known is not None and others and alert.status == "resolved":
            _hear(standing, known, senders, extended, now)
            continue
        if known is not None and known.is_open and alert.status == "firing" and _is_no_news(alert, known, sender, others):
            _hear(standing, known, senders, extended, now)
            continue
        if known is not None:
            alert = completed(alert, known.alert.alert)
        if alert.labels:
            extended.pop(alert.fingerprint, None)
            news.alerts[alert.fingerprint] = alert
            news.senders[alert.fingerprint] = senders
    return news


def _is_no_news(alert: Alert, known: Standing, sender: str, others: Mapping[str, datetime | None]) -> bool:
    """Whether this *alert*, which fires, says no more than what is *known*, or says it in other words than a sender that is still heard."""
    its = known.alert.alert
    return says_the_same(alert, its) or (not is_said_by(its, sender) and any(is_said_by(its, other) for other in others))


def _hear(
    standing: StandingAlerts,
    known: Standing,
    senders: dict[str, datetime | None],
    extended: dict[str, dict[str, datetime | None]],
    now: datetime,
) -> None:
    """An alert that is *known* fires as these *senders* say, as heard at *now*; what is worth writing of that is *extended*."""
    written = known.written
    if senders.keys() != written.keys() or any(is_worth_writing(written[name], until, now) for name, until in senders.items()):
        extended[known.alert.fingerprint] = senders
    standing.hear(known, senders, rows.latest(senders))


def expire(connection: Connection, policies: Policies, standing: StandingAlerts, over: Iterable[Standing], now: datetime) -> list[Decided]:
    """Every decision that alerts bring that nobody has said again in time: they count as resolved."""
    ended = [replace(each.alert.alert, status="resolved", ends_at=each.expires_at) for each in over]
    return _decide(connection, policies, standing, _News({alert.fingerprint: alert for alert in ended}, {}), now) if ended else []


def end_declared(connection: Connection, decided: Decided) -> tuple[str, ...]:
    """Write down which declared alerts have ended because a person resolved their incident; their fingerprints."""
    if decided.before is None or decided.incident is None:
        return ()
    now = decided.incident.alerts
    ended = tuple(each.fingerprint for each in decided.before.firing if each.alert.is_declared and not now[each.fingerprint].is_firing)
    rows.ended(connection, ended)
    return ended


def _decide(
    connection: Connection,
    policies: Policies,
    standing: StandingAlerts,
    news: _News,
    now: datetime,
    by: str = "",
) -> list[Decided]:
    decided: list[Decided] = []
    for correlation in _where_they_belong(correlate(policies.bill, tuple(news.alerts.values()), now), standing):
        one = decide_alerts(connection, policies, correlation, now, by)
        decided.append(one)
        _note(connection, standing, correlation, one, news.senders, now)
    return decided + _look_again(connection, policies, standing, decided, now)


def _where_they_belong(correlations: Iterable[Correlation], standing: StandingAlerts) -> Iterable[Correlation]:
    """The same, where an alert that stands stays with the incident that it is in, even if policies would now tell it apart."""
    for correlation in correlations:
        elsewhere: dict[str, list[str]] = {}
        for alert in correlation.alerts:
            known = standing.get(alert.fingerprint)
            if known is not None and known.is_open and known.key != correlation.key:
                elsewhere.setdefault(known.key, []).append(alert.fingerprint)
        moved = {fingerprint for group in elsewhere.values() for fingerprint in group}
        for key, group in elsewhere.items():
            its = tuple(alert for alert in correlation.alerts if alert.fingerprint in group)
            yield replace(correlation, key=key, alerts=its, wanted=replace(correlation.wanted, incident_key=key))
        rest = tuple(alert for alert in correlation.alerts if alert.fingerprint not in moved)
        if rest:
            yield replace(correlation, alerts=rest) if moved else correlation


def _note(
    connection: Connection,
    standing: StandingAlerts,
    correlation: Correlation,
    decided: Decided,
    senders: Mapping[str, dict[str, datetime | None]],
    now: datetime,
) -> None:
    """Write down which of these alerts stand now."""
    incident = decided.incident
    if incident is None:
        return
    if decided.before is not None and (decided.before.status == "resolved") != (incident.status == "resolved"):
        standing.close(incident.id, incident.status != "resolved")
    fires = [alert for alert in correlation.alerts if alert.is_firing]
    over = [alert.fingerprint for alert in correlation.alerts if not alert.is_firing]
    said = {alert.fingerprint: senders.get(alert.fingerprint, {}) for alert in fires}
    expiries = {fingerprint: rows.latest(its) for fingerprint, its in said.items()}
    if fires:
        rows.upsert(
            connection,
            [
                rows.known(each, incident.id, updated_at=now, expires_at=expiries[each.fingerprint], senders=said[each.fingerprint])
                for each in fires
            ],
        )
    if over:
        rows.ended(connection, over)
    for alert in fires:
        expires = expiries[alert.fingerprint]
        is_open = incident.status != "resolved"
        its = said[alert.fingerprint]
        standing.put(Standing(alert, incident.id, correlation.key, expires, is_open, its, dict(its)))
    for fingerprint in over:
        standing.drop(fingerprint)


def _look_again(
    connection: Connection, policies: Policies, standing: StandingAlerts, decided: Iterable[Decided], now: datetime
) -> list[Decided]:
    """Decide afresh on incidents whose alerts these have begun, or ceased, to hide."""
    if not policies.bill.may_hide:
        return []
    touched = {one.incident.id for one in decided if one.incident is not None}
    changed = [alert for one in decided if one.incident is not None for alert in one.incident.alerts.values()]
    if not any(policies.bill.hides(alert) for alert in changed):
        return []
    others = {
        each.incident for each in standing if each.is_open and each.incident not in touched and policies.bill.may_be_hidden(each.alert)
    }
    again = (decide_event(connection, policies, incident, Woken(), now) for incident in sorted(others))
    return [one for one in again if one is not None and one.decision.changes]
