"""What the engine and the server say of themselves in numbers, for Prometheus.

The registry is this object's own, so that two servers in one process do not count for each other.
"""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from watchbill import __version__
from watchbill.errors import Finding
from watchbill.execute.deciding import Decided
from watchbill.execute.engine import Engine
from watchbill.model.change import Opened, StatusChanged, StepChanged
from watchbill.model.plan import FINAL, Step
from watchbill.store import asking

QUICK: Final = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
"""Seconds: where the steps of the histograms are."""

MOST_SOURCES: Final = 200

_COUNTED: Final = {
    "alerts": "Alerts that were taken in.",
    "requests": "Requests with alerts that were taken in.",
    "decisions": "Decisions that were recorded.",
    "alarms": "What was said by the last resort.",
    "alarms_failed": "What it could not say.",
    "synthetic_pages_done": "Synthetic pages that left.",
    "synthetic_pages_again": "Attempts at a synthetic page that are to be made again.",
    "synthetic_pages_failed": "Synthetic pages that did not leave.",
    "set_aside": "Requests that nothing could be decided on.",
    "record_failures": "Decisions that the record could not take.",
    "heartbeats": "Beats that reached the dead man's switch.",
    "heartbeats_failed": "Beats that did not.",
    "heartbeats_withheld": "Beats that were not sent because something is wrong here.",
    "clock_jumps": "How often the machine's clock was set.",
}
"""What the engine counts, by its names; what it counts besides is told without words."""


class Metrics:
    """Counts, and tells Prometheus.

    *beat_at* is when the dead man's switch was last fed in Unix time, 0 for never; *findings* what cannot be carried out of the policies.
    """

    def __init__(self, engine: Engine, beat_at: Callable[[], float], findings: Callable[[], Sequence[Finding]] = tuple) -> None:
        self._registry = CollectorRegistry(auto_describe=False)
        self._requests = Counter(
            "watchbill_http_requests",
            "Requests by what they asked for and how they ended.",
            ("route", "method", "code"),
            registry=self._registry,
        )
        self._ingest = Histogram(
            "watchbill_ingest_seconds",
            "From a request's first byte until it was in the record for good.",
            ("source",),
            buckets=QUICK,
            registry=self._registry,
        )
        self._decision = Histogram(
            "watchbill_decision_seconds",
            "From a request's arrival until its alerts were decided on.",
            buckets=QUICK,
            registry=self._registry,
        )
        self._steps = Counter(
            "watchbill_steps", "Steps that came to an end, by their kind and how.", ("kind", "state"), registry=self._registry
        )
        self._deliveries = Counter(
            "watchbill_deliveries",
            "What became of deliveries to persons, by the connector: each change of a delivery's result.",
            ("connector", "result"),
            registry=self._registry,
        )
        self._opened = Counter(
            "watchbill_incidents_opened", "Incidents that were opened, by severity.", ("severity",), registry=self._registry
        )
        self._changed = Counter(
            "watchbill_incident_changes", "Changes of incidents' status, by what caused them.", ("by",), registry=self._registry
        )
        self._refused = Counter(
            "watchbill_source_refusals", "Requests that were not taken for their source's.", ("source",), registry=self._registry
        )
        self._sources: set[str] = set()
        self._registry.register(_Standing(engine, beat_at, findings))

    def answered(self, route: str, method: str, code: int) -> None:
        """A request was answered."""
        self._requests.labels(route, method, str(code)).inc()

    def took_in(self, source: str, seconds: float) -> None:
        """A request of this *source* is in the record."""
        self._ingest.labels(self._named(source)).observe(seconds)

    def took(self, what: str, seconds: float) -> None:
        """The engine took so long for something."""
        if what == "decision":
            self._decision.observe(max(0.0, seconds))

    def refused_source(self, source: str) -> None:
        """A request did not prove that it is this *source*'s."""
        self._refused.labels(self._named(source)).inc()

    def decided(self, decided: Decided) -> None:
        """A decision was recorded."""
        for change in decided.decision.changes:
            if isinstance(change, StepChanged) and change.step.state in FINAL:
                self._steps.labels(change.step.kind, change.step.state).inc()
            elif isinstance(change, Opened):
                self._opened.labels(change.severity).inc()
            elif isinstance(change, StatusChanged):
                self._changed.labels(change.trigger).inc()
        for step in _with_deliveries(decided):
            before = decided.before.steps.get(step.id) if decided.before is not None else None
            known = before.deliveries if before is not None else ()
            for number, each in enumerate(step.deliveries):
                was = known[number].result if number < len(known) else "waiting"
                if each.result not in (was, "waiting"):
                    self._deliveries.labels(each.connector, each.result).inc()

    def text(self) -> tuple[bytes, str]:
        """All of it as Prometheus reads it, and of what type that is. It reads the record."""
        return generate_latest(_Lean(self._registry)), CONTENT_TYPE_LATEST

    def _named(self, source: str) -> str:
        """The *source*, or «other» once there are very many: each is a series of its own."""
        if source not in self._sources and len(self._sources) >= MOST_SOURCES:
            return "other"
        self._sources.add(source)
        return source


def _with_deliveries(decided: Decided) -> tuple[Step, ...]:
    """The steps whose deliveries this decision may have changed, as they are after it."""
    changed = (change.step for change in decided.decision.changes if isinstance(change, StepChanged))
    return tuple({step.id: step for step in changed if step.deliveries}.values())


class _Lean(Collector):
    """What is in a registry, without the series that only say when each other series began."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    def collect(self) -> Iterator[Metric]:
        """Every metric."""
        for metric in self._registry.collect():
            metric.samples = [sample for sample in metric.samples if not sample.name.endswith("_created")]
            yield metric


class _Standing(Collector):
    """How things stand when somebody asks."""

    def __init__(self, engine: Engine, beat_at: Callable[[], float], findings: Callable[[], Sequence[Finding]]) -> None:
        self._engine, self._beat_at, self._findings = engine, beat_at, findings

    def collect(self) -> Iterator[Metric]:
        """Every number, as it is now."""
        engine = self._engine
        counted = dict(engine.counts.total)
        for name in dict.fromkeys((*_COUNTED, *sorted(counted))):
            yield CounterMetricFamily(f"watchbill_{name}", _COUNTED.get(name, ""), value=counted.get(name, 0))
        info = GaugeMetricFamily("watchbill_info", "Which version runs, by which policies.", labels=("version", "revision"))
        info.add_metric((__version__, engine.policies.current.revision), 1)
        yield info
        is_writing = engine.record.writer.is_alive and engine.record.writer.trouble is None
        troubles = GaugeMetricFamily("watchbill_trouble", "1 for each thing that is wrong, by its kind.", labels=("kind",))
        for kind in dict.fromkeys(each.kind for each in engine.troubles()):
            troubles.add_metric((kind,), 1)
        yield troubles
        yield self._of_findings()
        yield _gauge("watchbill_ready", "Whether alerts are taken in and plans carried out.", engine.is_ready)
        yield _gauge("watchbill_record_writable", "Whether the last write to the record succeeded.", is_writing)
        yield _gauge("watchbill_alerts_firing", "Alerts that fire.", len(engine.standing))
        yield _gauge(
            "watchbill_clock_ahead_seconds",
            "How far the engine's time is ahead of a clock that was set back.",
            engine.clock.ahead.total_seconds(),
        )
        yield _gauge("watchbill_heartbeat_timestamp_seconds", "When the dead man's switch was last fed; 0 for never.", self._beat_at())
        yield from self._from_record()

    def _of_findings(self) -> Metric:
        """What cannot be carried out; that nobody is out of reach is said as well, so that an alert on it can end."""
        found = Tally((each.level, each.rule) for each in self._findings())
        findings = GaugeMetricFamily("watchbill_findings", "What cannot be carried out of the policies.", labels=("level", "rule"))
        for level, rule in sorted({*found, ("error", "reaches-nobody")}):
            findings.add_metric((level, rule), found[level, rule])
        return findings

    def _from_record(self) -> Iterator[Metric]:
        engine = self._engine
        queues = GaugeMetricFamily("watchbill_queue_length", "What waits, by where.", labels=("queue",))
        queues.add_metric(("undecided",), engine.backlog)
        queues.add_metric(("writer",), engine.record.writer.waiting)
        queues.add_metric(("performing",), len(engine.performing))
        incidents = GaugeMetricFamily("watchbill_incidents_open", "Open incidents by their status.", labels=("status",))
        try:
            with engine.record.read() as connection:
                statuses, waiting = asking.open_by_status(connection), asking.waiting(connection)
                unanswered = asking.unanswered(connection)
        except Exception:
            # The numbers that need no record are the more wanted when it cannot be read.
            yield queues
            return
        for name, length in waiting.items():
            queues.add_metric((name,), length)
        for status in ("triggered", "acknowledged", "mitigated"):
            incidents.add_metric((status,), statuses.get(status, 0))
        yield queues
        yield incidents
        yield _gauge("watchbill_incidents_unanswered", "Incidents that nobody answers: every round went by, the alarm sounds.", unanswered)


def _gauge(name: str, help: str, value: float) -> Metric:
    return GaugeMetricFamily(name, help, value=float(value))
