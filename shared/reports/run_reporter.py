"""The listeners that settings define: the publisher, webhooks, and a server's metrics."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from shared.pipelines.definition import Pipeline
from shared.records.creation import Creation
from shared.records.documents import Request
from shared.runs.listeners import Ended, Listeners, News, Overtaken, Reported
from shared.runs.report import PIPELINE, reports_of
from shared.runs.status import RunStatus
from shared.settings import Settings

if TYPE_CHECKING:
    from shared.reports.metrics import Metrics
    from shared.reports.sink import Audience


def listeners_of(
    settings: Settings,
    pipelines: Mapping[str, Pipeline],
    publisher: "Audience | None",
    *,
    metrics: "Metrics | None" = None,
) -> Listeners:
    """The listeners for these settings."""
    news: list[News] = [RunReporter(pipelines, publisher)] if publisher else []
    ends: list[Ended] = [metrics.run_ended] if metrics else []
    overtaken: list[Overtaken] = []
    if settings.webhook_url:
        from shared.reports.webhooks import Webhooks

        count = metrics.webhook_tried if metrics else lambda _outcome: None
        webhooks = Webhooks(settings, pipelines, count=count)
        ends.append(webhooks.deliver)
        overtaken.append(webhooks.redeliver)
    return Listeners(on_news=news, on_end=ends, on_overtaken=overtaken)


class RunReporter:
    """Publishes what stages don't report themselves: that a run was asked for, that it has ended, and the end
    of stages that died without recording it. Each once in this process."""

    def __init__(self, pipelines: Mapping[str, Pipeline], publisher: "Audience") -> None:
        self._pipelines = pipelines
        self._publisher = publisher
        self._reported = Reported()

    def __call__(self, creation: Creation, request: Request, status: RunStatus) -> None:
        pipeline = self._pipelines[request.pipeline]
        begun = status.status == "pending" and any(s.state != "waiting" for s in status.stages.values())
        if pipeline.reported is None or (begun and status.records):
            return
        states = (
            ",".join(stage.state for stage in status.stages.values()) if status.status == "failed" else ""
        )
        run = creation.creation_id, request.run
        if not self._reported.is_new((*run, status.status + states)):
            return
        reports = reports_of(creation, pipeline, request, status)
        if status.status == "pending":
            self._publisher.publish(reports[0])
            return
        for report in reports[:-1]:
            over = report.status in ("failed", "pending") and report.stage != PIPELINE
            if over and self._reported.is_new((*run, f"{report.stage} {report.status}")):
                self._publisher.publish(report)
        if self._reported.is_new((*run, "end")):
            self._publisher.publish(reports[-1])
