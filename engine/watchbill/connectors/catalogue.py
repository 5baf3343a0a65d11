"""All connector types as data, for validation, planning and editors: those that come with watchbill, and those of others."""

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
from watchbill.connectors.discovering import installed, joined_types
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


def catalogue(*more: ConnectorType) -> Catalogue:
    """Every connector type by its name, in the order of names: ours, those of installed packages, and *more*.

    Raises UserError where a package offers one that cannot be used, and where two have one name.
    """
    return joined_types(_TYPES, (each.type for each in installed()), more)
