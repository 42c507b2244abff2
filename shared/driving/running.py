"""Runs of blueprints: the export is kept with the creation, then its RPCs are called level by level."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from shared.blueprints.folders import Export
from shared.driving.calling import Manner, Service
from shared.driving.kept import Plan, keep_plan, kept_plan
from shared.driving.stages import pipeline_of, read_inputs, stages_of
from shared.pipelines.definition import Pipeline
from shared.records.creation import Creation
from shared.records.documents import Request, load_request
from shared.records.names import BLUEPRINTS
from shared.reports.composing import trigger_of
from shared.runs.asking import check_pipeline
from shared.runs.launch import never_fuses
from shared.runs.status import RunStatus
from shared.runs.trigger import Trigger
from shared.settings import Settings
from shared.worker.fused import run_to_end
from shared.worker.inline import InlinePlatform

_SHORTEST_S: Final = 1
_SERIES: Final = "series"
"""A parameter that runs share until one of them completes: of their results, those of an earlier run count.
What services did outside of their responses is unknown, so a run after a completed one starts over."""


@dataclass(frozen=True, kw_only=True)
class Drive:
    """A run of a blueprint that is about to begin."""

    creation: Creation
    pipeline: Pipeline
    platform: InlinePlatform
    trigger: Trigger
    parameters: Mapping[str, Any]

    def run(self) -> RunStatus:
        """Call all RPCs whose last results no longer count, and return the run's status.

        A run that another process left in the middle is taken up.
        """
        status = self._run()
        if any(stage.error and stage.error.has_died for stage in status.stages.values()):
            status = self._run()
        return status

    def _run(self) -> RunStatus:
        self.trigger.start(BLUEPRINTS, self.creation.creation_id, self.parameters, checked=False)
        return run_to_end(self.trigger, self.platform, self.creation.creation_id, self.pipeline.width)


def prepare(
    export: Export,
    creation: Creation,
    services: Mapping[str, Service],
    said: Mapping[str, Any],
    settings: Settings,
    manner: Manner,
    *,
    fresh: bool = False,
    rounds: int = 1,
) -> Drive:
    """Keep the export and all that is said about its run with the creation, and make its pipeline.

    `said` is the input. A run after one that failed goes on from there, unless it is to be `fresh`. Raises
    `BadRequest` for an input that no request could hold and for a creation of another pipeline.
    """
    request, _ = load_request(creation)
    if request:
        check_pipeline(creation, request, BLUEPRINTS)
    plan = Plan(export=export, services=services, inputs=read_inputs(said, export, rounds), manner=manner)
    drive = _drive(creation, plan, settings, request)
    has_ended = request and drive.trigger.status(creation.creation_id).status == "completed"
    keep_plan(creation, plan)
    return replace(drive, parameters=_new_series()) if fresh or has_ended else drive


def take_up(creation: Creation, settings: Settings) -> Drive:
    """The creation's last run once more, as it was asked for: what it has done is not repeated.

    Raises `BadRequest` for a creation that keeps no such run.
    """
    request, _ = load_request(creation)
    if request:
        check_pipeline(creation, request, BLUEPRINTS)
    return _drive(creation, kept_plan(creation), settings, request)


def _drive(creation: Creation, plan: Plan, settings: Settings, before: Request | None) -> Drive:
    manner = plan.manner
    limit_s = max(_SHORTEST_S, min(86_400, round(manner.deadline_s + manner.wait_s)))
    pipeline = pipeline_of(plan.export.blueprint, time_limit_s=limit_s)
    known = {BLUEPRINTS: pipeline}
    stages = stages_of(plan.export, plan.services, plan.inputs, manner)
    platform = InlinePlatform(creation.store, settings, known, stages)
    return Drive(
        creation=creation,
        pipeline=pipeline,
        platform=platform,
        trigger=trigger_of(settings, creation.store, platform, known, None, fuses=never_fuses),
        parameters=(before.latest_parameters if before else {}) or _new_series(),
    )


def _new_series() -> dict[str, str]:
    return {_SERIES: secrets.token_hex(8)}
