"""Assembles a trigger from settings: its platform, its time limits, its listeners."""

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from shared.pipelines.definition import Pipeline
from shared.platforms import Platform
from shared.preparing.looking import go_on
from shared.reports.run_reporter import listeners_of
from shared.runs.launch import Fuses, fusing
from shared.runs.trigger import Trigger
from shared.settings import Settings
from shared.storage import ObjectStore

if TYPE_CHECKING:
    from shared.reports.metrics import Metrics
    from shared.reports.sink import Audience


def trigger_of(
    settings: Settings,
    store: ObjectStore,
    platform: Platform,
    pipelines: Mapping[str, Pipeline],
    publisher: "Audience | None",
    *,
    metrics: "Metrics | None" = None,
    fuses: Fuses | None = None,
    held_token: str = "",
) -> Trigger:
    """The trigger for these settings. On a platform that sees a stage end, that starts the next one.

    `fuses` follows FUSED unless given; `held_token` is the token of the fused container, if this process is
    one.
    """
    trigger = Trigger(
        store,
        platform,
        pipelines,
        stale_after_s=settings.stale_after_s,
        fuses=fuses or fusing(settings, in_cloud=not platform.is_here),
        held_token=held_token,
        listeners=listeners_of(settings, pipelines, publisher, metrics=metrics),
        time_limit_s=settings.job_timeout_s,
    )
    platform.on_end = partial(go_on, trigger)
    return trigger
