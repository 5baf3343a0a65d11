"""Bytes to alerts: what senders post, taken whole or refused with the place and the next thing to do.

Rule 1: parse at the door. What leaves here is the model's `Alert`, and nobody checks it again.
Rule 2: whatever the bytes are, they give alerts or one `UserError`, never anything else.
Rule 3: everything is bounded: bytes, alerts, labels, names, values, years.
Rule 4: identity is ours. A fingerprint is computed from the labels as received, or from the key by which a sender tells its own
        alerts apart; never taken over.
"""

from watchbill.ingest.fingerprints import fingerprint
from watchbill.ingest.payload import (
    Notice,
    Payload,
    completed,
    parse_alertmanager,
    parse_alerts,
    parse_alerts_v2,
    parse_payload,
    resolution,
)

__all__ = [
    "Notice",
    "Payload",
    "completed",
    "fingerprint",
    "parse_alertmanager",
    "parse_alerts",
    "parse_alerts_v2",
    "parse_payload",
    "resolution",
]
