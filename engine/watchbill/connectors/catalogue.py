"""All connector types that come with watchbill, as data for validation, planning and editors."""

from __future__ import annotations

from typing import Final

from watchbill.connectors import (
    bridge,
    changes,
    email,
    exec,
    history,
    http,
    kubernetes,
    log,
    loki,
    postgres,
    prometheus,
    slack,
    ssh,
    statuspage,
    twilio,
    webhook,
)
from watchbill.model.policyset import Catalogue, ConnectorType

_TYPES: Final[tuple[ConnectorType, ...]] = (
    bridge.TYPE,
    changes.TYPE,
    email.TYPE,
    exec.TYPE,
    history.TYPE,
    http.TYPE,
    kubernetes.TYPE,
    log.TYPE,
    loki.TYPE,
    postgres.TYPE,
    prometheus.TYPE,
    slack.TYPE,
    ssh.TYPE,
    statuspage.TYPE,
    twilio.TYPE,
    webhook.TYPE,
)


def catalogue() -> Catalogue:
    """Every connector type by its name, in the order of names."""
    return {each.name: each for each in sorted(_TYPES, key=lambda each: each.name)}
