"""Documents: what people write, kind by kind, as pydantic models.

One module per folder of kinds. The right model is looked up by `kind` first, so that what is wrong with a document is
said in the words of its kind. This is the only room that knows pydantic.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from watchbill.model.references import Kind
from watchbill.policy.documents import grouping, ownership, policies, repair, settings, sources, testing, timing
from watchbill.policy.documents.section import API_VERSION, Document, Section

KINDS: Final[Mapping[Kind, type[Document]]] = {
    "Settings": settings.Settings,
    "Person": ownership.Person,
    "Team": ownership.Team,
    "Service": ownership.Service,
    "Schedule": ownership.Schedule,
    "Override": ownership.Override,
    "Escalation": policies.Escalation,
    "Triage": policies.Triage,
    "Audience": policies.Audience,
    "Comms": policies.Comms,
    "Remediation": repair.Remediation,
    "Grouping": grouping.Grouping,
    "Inhibition": grouping.Inhibition,
    "Silence": timing.Silence,
    "TimeInterval": timing.TimeInterval,
    "Guardrail": repair.Guardrail,
    "Connector": repair.Connector,
    "Source": sources.Source,
    "Probe": sources.Probe,
    "PolicyTest": testing.PolicyTest,
}
"""Every kind of the language, in the order in which the docs tell them."""

__all__ = ["API_VERSION", "KINDS", "Document", "Section"]
