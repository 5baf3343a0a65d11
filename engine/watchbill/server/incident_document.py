"""All that is shown of one incident, gathered from the record and from the policies that are in force."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from watchbill.model.incident import Incident
from watchbill.model.plan import Done
from watchbill.model.policyset import PolicySet
from watchbill.model.references import Json
from watchbill.server import shapes
from watchbill.server.house import House
from watchbill.store import asking, delivery_rows, effects, incidents, steps, switches

if TYPE_CHECKING:
    from sqlalchemy import Connection

MOST_LINKS = 20
"""How many links are told: an incident may have any number of alerts."""


def incident_document(connection: Connection, house: House, found: Incident, url_of: shapes.UrlOf) -> shapes.Document:
    """The incident that was *found*: how it stands, what stops it, what its checks saw, and where help is written."""
    policies, now = house.engine.policies.current.policies, house.engine.now()
    document = shapes.incident(
        found,
        asking.number_of(connection, found.id),
        steps.of(connection, found.id),
        delivery_rows.of_incident(connection, found.id),
        url_of,
        _seen(connection, found),
    )
    teams = policies.line_of(found.team)
    stops = [each for each in switches.holding(connection, now) if each.covers(found.service, teams)]
    document["stops"] = [shapes.switch(each) for each in stops]
    links = dict.fromkeys(links_of(policies, found))
    document["links"] = [{"title": title, "url": url} for title, url in list(links)[:MOST_LINKS]]
    return document


def load_document(connection: Connection, house: House, incident: str, url_of: shapes.UrlOf) -> shapes.Document:
    """The same of the incident with this id, which is there."""
    found = incidents.load(connection, incident)
    assert found is not None, incident
    return incident_document(connection, house, found, url_of)


def _seen(connection: Connection, found: Incident) -> dict[str, Json]:
    """What each check of a remediation saw when it last looked, by step."""
    seen: dict[str, Json] = {}
    for step in found.steps.values():
        if step.kind == "verify" and step.started_at is not None:
            for each in effects.of_step(connection, step.id):
                if isinstance(each.outcome, Done):
                    seen[step.id] = each.outcome.result
    return seen


def links_of(policies: PolicySet, found: Incident) -> Iterator[tuple[str, str]]:
    """Where help is written: as the alerts that fire say, as the service does, and as its remediations do."""
    for alert in found.firing or tuple(found.alerts.values()):
        for name, title in (("runbook_url", "Runbook"), ("runbook", "Runbook"), ("dashboard_url", "Dashboard")):
            if alert.alert.annotations.get(name):
                yield f"{title} of {alert.alert.name}", alert.alert.annotations[name]
    service = policies.services.get(found.service or "")
    for link in service.links if service is not None else ():
        yield link.title, link.url
    for step in found.steps.values():
        remediation = policies.remediations.get(step.because.name) if step.kind in ("offer", "repair") else None
        if remediation is not None and remediation.runbook:
            yield f"Runbook of {remediation.ref.name}", remediation.runbook
