"""What a server has counted since its start, as metrics for Prometheus. No label is about a single job."""

from collections.abc import Iterable, Mapping
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from shared.pipelines.definition import Pipeline
from shared.records.creation import Creation
from shared.records.documents import Request
from shared.runs.listeners import Reported
from shared.runs.manifest import paid_usd
from shared.runs.status import RunStatus, StageStatus

_BUCKETS_S: Final = (1, 2, 5, 10, 20, 30, 60, 90, 120, 180, 300, 600, 1200, 1800, 3600, 7200)
CANCELLED: Final = "cancelled"
TIME_LIMIT: Final = "time_limit"
OTHER: Final = "other"
WEBHOOK_OUTCOMES: Final = ("delivered", "failed", "given_up")


class Metrics:
    """Counts runs that have ended, as one of a trigger's `Listeners.on_end`. May be used from any thread."""

    def __init__(self, pipelines: Mapping[str, Pipeline]) -> None:
        self._pipelines = pipelines
        self._counted = Reported()
        self._registry = CollectorRegistry()
        self._runs = Histogram(
            "pipeline_duration_seconds",
            "From the request to the end of the run.",
            ("pipeline", "outcome"),
            buckets=_BUCKETS_S,
            registry=self._registry,
        )
        self._stages = Histogram(
            "stage_duration_seconds",
            "From the start of a stage's first task to the end of its last.",
            ("pipeline", "stage", "outcome"),
            buckets=_BUCKETS_S,
            registry=self._registry,
        )
        self._errors = self._counter(
            "pipeline_errors_total", "Runs that failed, by what failed.", "error_type"
        )
        self._spend = self._counter(
            "provider_spend_usd_total", "Paid to providers, list price in US dollars.", "component"
        )
        self._webhooks = self._counter("webhooks_total", "Attempts to notify a webhook.", "outcome")
        self._busy = Gauge(
            "jobs_in_progress",
            "Runs under way, or ended and not yet reported to all listeners.",
            registry=self._registry,
        )
        for kind in error_types(pipelines.values()):  # from the start, so that a rate counts the first
            self._errors.labels(kind)
        for outcome in WEBHOOK_OUTCOMES:
            self._webhooks.labels(outcome)

    def run_ended(self, creation: Creation, request: Request, status: RunStatus) -> bool:
        """Count a run that has ended, once in this process; True, since it need not be called again."""
        if not self._counted.is_new((creation.creation_id, request.run)):
            return True
        pipeline = self._pipelines[request.pipeline]
        ended_at = status.completed_at or request.cancelled_at
        if ended_at:
            seconds = max(0.0, (ended_at - request.requested_at).total_seconds())
            self._runs.labels(pipeline.name, status.status).observe(seconds)
        if status.status == "failed":
            self._errors.labels(error_type(pipeline, status)).inc()
        for stage in status.stages.values():
            self._count_stage(pipeline, stage)
        for component, usd in paid_usd(status.records).items():
            self._spend.labels(component).inc(usd)
        return True

    def webhook_tried(self, outcome: str) -> None:
        """Count an attempt: one of `WEBHOOK_OUTCOMES`."""
        self._webhooks.labels(outcome).inc()

    def exposition(self, in_progress: int | None) -> bytes:
        """All metrics in Prometheus's text format; `in_progress` is None when it is unknown."""
        self._busy.set(float("nan") if in_progress is None else in_progress)
        return generate_latest(self._registry)

    def _counter(self, name: str, about: str, label: str) -> Counter:
        return Counter(name, about, (label,), registry=self._registry)

    def _count_stage(self, pipeline: Pipeline, stage: StageStatus) -> None:
        ends = [record.completed_at for record in stage.records if record.completed_at]
        if not ends:
            return
        seconds = (max(ends) - min(record.started_at for record in stage.records)).total_seconds()
        self._stages.labels(pipeline.name, stage.name, _outcome(stage)).observe(max(0.0, seconds))


def error_types(pipelines: Iterable[Pipeline]) -> list[str]:
    """All possible results of `error_type`."""
    reported = [pipeline.reported for pipeline in pipelines if pipeline.reported]
    phases = {_spelt(phase) for each in reported for phase in each.phases.values()}
    return [*sorted(phases), CANCELLED, TIME_LIMIT, OTHER]


def error_type(pipeline: Pipeline, status: RunStatus) -> str:
    """What made a run fail: the phase of its failed stage, a cancel, its time limit, or something else."""
    if status.failure_kind in (CANCELLED, TIME_LIMIT):
        return status.failure_kind
    if status.failed_stage is None or pipeline.reported is None:
        return OTHER
    return _spelt(pipeline.reported.phases[status.failed_stage.name])


def _spelt(phase: str) -> str:
    return phase.lower().replace(" ", "_")


def _outcome(stage: StageStatus) -> str:
    if stage.state == "success":
        return "reused" if all(record.reused for record in stage.records) else "completed"
    return "stopped" if stage.was_stopped else "failed"
