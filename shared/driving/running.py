"""Runs of blueprints: the export is kept with the creation, then its RPCs are called level by level."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from shared.blueprints.documents import Blueprint, parse
from shared.blueprints.folders import BLUEPRINT, Export
from shared.driving.calling import Manner, Service
from shared.driving.stages import (
    KEPT_EXPORT,
    KEPT_INPUTS,
    blueprint_of,
    pipeline_of,
    read_inputs,
    stages_of,
)
from shared.errors import BadRequest
from shared.pipelines.definition import Pipeline
from shared.records.creation import Creation
from shared.records.documents import load_request
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
    """Keep the export with the creation and make its pipeline.

    `said` is the input. A run after one that failed goes on from there, unless it is to be `fresh`. Raises
    `BadRequest` for an input that no request could hold and for a creation of another pipeline.
    """
    request, _ = load_request(creation)
    if request:
        check_pipeline(creation, request, BLUEPRINTS)
    inputs = read_inputs(said, export, rounds)
    limit_s = max(_SHORTEST_S, min(86_400, round(manner.deadline_s + manner.wait_s)))
    pipeline = pipeline_of(export.blueprint, time_limit_s=limit_s)
    known = {BLUEPRINTS: pipeline}
    platform = InlinePlatform(creation.store, settings, known, stages_of(export, services, inputs, manner))
    trigger = trigger_of(settings, creation.store, platform, known, None, fuses=never_fuses)
    before = str(request.latest_parameters.get(_SERIES, "")) if request else ""
    starts_over = fresh or not before or trigger.status(creation.creation_id).status == "completed"
    files = {f"{KEPT_EXPORT}{path}": text.encode() for path, text in export.files().items()}
    keep(creation, KEPT_EXPORT, files)
    keep(creation, KEPT_INPUTS, inputs.kept(export))
    return Drive(
        creation=creation,
        pipeline=pipeline,
        platform=platform,
        trigger=trigger,
        parameters={_SERIES: secrets.token_hex(8) if starts_over else before},
    )


def keep(creation: Creation, folder: str, objects: Mapping[str, bytes]) -> None:
    """Make these the objects of a folder of the creation; those of an earlier run are deleted."""
    for name, data in objects.items():
        creation.bring_bytes(data, name)
    for name, _ in list(creation.list(folder)):
        if name not in objects:
            creation.delete(name)


def kept_pipeline(creation: Creation) -> Pipeline:
    """The pipeline of a blueprint's run, from the creation's own copy of the blueprint."""
    blueprint = parse(blueprint_of(creation), BLUEPRINT, Blueprint)
    pipeline = pipeline_of(blueprint)
    if not pipeline.stages:
        raise BadRequest(
            f"creation {creation.creation_id!r}: its {BLUEPRINT} has no RPC that could be called"
        )
    return pipeline
