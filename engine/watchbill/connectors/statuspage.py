"""Atlassian Statuspage: what customers read.

There is no key to a request: an update repeated is a second update, and a second mail to every subscriber. So `post`
does not count as repeatable; where its outcome is unknown, the liaison is asked.
"""

from __future__ import annotations

from watchbill.connectors.schemas import Schema, arguments, flag, maybe, named, one_of, result, several, text, web_url, whole
from watchbill.model.policyset import Action, ConnectorType

_STATUSES = ("investigating", "identified", "monitoring", "resolved")
_COMPONENT = ("operational", "degraded_performance", "partial_outage", "major_outage", "under_maintenance")
_IMPACTS = ("none", "minor", "major", "critical")

_INCIDENT: dict[str, Schema] = {
    "id": text("The page's own id of it."),
    "name": text("Its headline."),
    "status": text("Its status."),
    "impact": text("Its impact."),
    "url": text("Its short link."),
    "updated_at": text("When it was last updated, in RFC 3339."),
}

TYPE = ConnectorType(
    name="statuspage",
    summary="Publishes incidents on a status page, and reads what it says.",
    settings=arguments(
        {
            "page_id": text("The page's id."),
            "url": web_url("Where the API answers; Atlassian's own where it is left out."),
        },
        ("page_id",),
    ),
    secrets=("token",),
    actions=(
        Action(
            name="post",
            carried_out=False,
            summary="Publishes an incident, or updates the one that was published for the same incident before.",
            arguments=arguments(
                {
                    "subject": text(
                        "The headline, set when the incident is published; the update's own where it is left out.", longest=255
                    ),
                    "text": text("The update; the update's own text where it is left out.", longest=25_000),
                    "status": one_of(
                        "What the page says; where it is left out, it follows the incident: triggered is investigating, "
                        "acknowledged identified, mitigated monitoring, resolved resolved.",
                        *_STATUSES,
                    ),
                    "components": named(
                        "Components by id, and how they are while the incident is open; all of them operational once it is resolved.",
                        one_of("How it is.", *_COMPONENT),
                    ),
                    "impact": one_of("Overrules the impact that the page works out from the components.", *_IMPACTS),
                    "notify": flag("Whether subscribers get a message.", default=True),
                }
            ),
            does="tells",
            escaping=(("subject", "none"), ("text", "html"), ("status", "none"), ("components", "none"), ("impact", "none")),
            result=result({**_INCIDENT, "is_new": {"type": "boolean", "description": "Whether it was published now."}}),
        ),
        Action(
            name="get",
            carried_out=False,
            summary="Reads what the page says: incidents that are open, and how components are.",
            arguments=arguments({"limit": whole("How many incidents at most.", least=1, most=100, default=10)}),
            does="reads",
            idempotent=True,
            result=result(
                {
                    "incidents": several("Incidents that are open, the newest first.", result(_INCIDENT)),
                    "count": whole("How many are open."),
                    "components": named("Components by name, and how they are.", one_of("How it is.", *_COMPONENT)),
                    "worst_impact": maybe(text("The highest impact of those open; null where none is.")),
                }
            ),
        ),
    ),
)
