"""What is sent to the servers: bodies as Prometheus posts them, and the same policies for whoever is to route them.

A disturbance is a burst of alerts of one service and one name, from many instances: 120 of them make one incident, 166 incidents make
20,000 alerts. Policies are led by the equality of service and severity, three for each service, and one in ten names the alert by a
pattern besides; a single policy takes everything.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

BURST = 120
SEVERITIES = ("critical", "warning", "info")
NAMES = ("HighErrorRate", "StuckWorker", "HighLatency", "StuckQueue")
FEWEST_SERVICES = 166
PATIENT = "patient"
"""The service whose alerts page somebody who is reached at once, and nobody else for an hour."""


def services(policies: int) -> int:
    """How many services there are beside so many *policies*."""
    return max(FEWEST_SERVICES, -(-policies // len(SEVERITIES)))


def matchers(policy: int, policies: int) -> list[str]:
    """What the policy of this number takes, as Alertmanager and watchbill write it."""
    if policies == 1:
        return ['severity="critical"']
    several = services(policies)
    its = [f'service="s{policy % several}"', f'severity="{SEVERITIES[policy // several]}"']
    return [*its, 'alertname=~"High.*|Stuck.*"'] if policy % 10 == 0 else its


def instance(number: int) -> str:
    """The label that tells the alert of this *number* from the others."""
    return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}:9090"


def alert(number: int, burst: int, policies: int, run: str, service: str = "") -> dict[str, object]:
    """The alert of this *number*, which belongs to this *burst*; in another *run* it is another alert, of another incident.

    One of a *service* that is named is a warning, which no policy for all takes.
    """
    now = datetime.now(UTC)
    return {
        "labels": {
            "alertname": NAMES[burst % len(NAMES)],
            "service": service or f"s{burst * 7 % services(policies)}",
            "severity": "warning" if service else "critical",
            "env": "prod",
            "instance": instance(number),
            "job": "app",
            "region": "eu-west-1",
            "run": run,
        },
        "annotations": {
            "summary": f"More than 5 % of the requests to instance {number} fail",
            "description": "The rate of errors has been above its threshold for 5 minutes; see the dashboard of the service.",
        },
        "startsAt": (now - timedelta(minutes=3)).isoformat().replace("+00:00", "Z"),
        "endsAt": (now + timedelta(hours=1)).isoformat().replace("+00:00", "Z"),
        "generatorURL": "https://prometheus.example.com/graph?g0.expr=rate%28errors%5B5m%5D%29+%3E+0.05&g0.tab=1",
    }


def bodies(
    alerts: int, batch: int = 1, policies: int = 1, run: str = "first", burst: int = BURST, service: str = "", first: int = 0
) -> list[bytes]:
    """So many *alerts*, *batch* of them a request, in bursts of *burst* each, numbered from *first*."""
    found = (alert(number, number // burst, policies, run, service) for number in range(first, first + alerts))
    whole = list(found)
    return [json.dumps(whole[begin : begin + batch], separators=(",", ":")).encode() for begin in range(0, alerts, batch)]


def incidents(alerts: int, burst: int = BURST) -> int:
    """How many incidents so many *alerts* make."""
    return -(-alerts // burst)


def lines(policies: int) -> Iterator[list[str]]:
    """The matchers of every policy."""
    return (matchers(number, policies) for number in range(policies))
