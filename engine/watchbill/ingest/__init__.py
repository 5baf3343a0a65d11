"""Bytes to alerts: what senders post, taken whole or refused with the place and the next thing to do.

Rule 1: parse at the door. What leaves here is the model's `Alert`, and nobody checks it again.
Rule 2: whatever the bytes are, they give alerts or one `UserError`, never anything else.
Rule 3: everything is bounded: bytes, alerts, labels, names, values, years.
Rule 4: identity is ours. A fingerprint is computed from the labels as received, whatever the sender says it is.
"""

from watchbill.ingest.fingerprints import fingerprint
from watchbill.ingest.payload import Payload, parse_alerts, parse_payload

__all__ = ["Payload", "fingerprint", "parse_alerts", "parse_payload"]
