"""What a stage has to do when its container starts: the request it belongs to, the claim it works under.

Normally the trigger has written both. When a person or a workflow engine starts the stage, they are written
here.
"""

import secrets
from typing import Any

from shared.errors import BadRequest, CreationRemoved, PreconditionFailed, RunOvertaken, StaleAttempt
from shared.machine.process import this_process
from shared.pipelines.definition import Pipeline
from shared.platforms.task import Task
from shared.records.creation import Creation
from shared.records.documents import (
    Claim,
    Record,
    Request,
    first_request,
    load,
    load_request,
    save,
    save_request,
    utc_now,
)
from shared.records.names import claim_name, record_name
from shared.runs.asking import inputs_now, summary_of
from shared.storage import ABSENT


def request_for(
    creation: Creation,
    pipeline: Pipeline,
    task: Task,
    *,
    may_open: bool,
    time_limit_s: float | None = None,
) -> Request:
    """The request. If there is none, a person or workflow engine makes one by starting the stage."""
    request, generation = load_request(creation)
    if request and request.pipeline != pipeline.name:
        raise BadRequest(
            f"creation {creation.creation_id!r} belongs to pipeline {request.pipeline!r}, "
            f"not {pipeline.name!r}; use another creation ID"
        )
    if request and task.opens in ("", request.opened_by):
        return request
    if task.opens and not (may_open and (request is None or task.opens not in request.overtaken)):
        raise RunOvertaken(creation.creation_id)
    if request is None and task.claim:  # it was launched for a request that was deleted
        raise CreationRemoved(creation.creation_id)
    inputs = summary_of(inputs_now(creation, pipeline))
    facts: dict[str, Any] = {"inputs": inputs, "opened_by": task.opens, "time_limit_s": time_limit_s}
    if request:
        opened = request.next(utc_now(), parameters=request.latest_parameters, **facts)
    else:
        opened = first_request(creation, pipeline.name, utc_now(), **facts)
    try:
        save_request(creation, opened, expect=generation)
    except PreconditionFailed:
        # Another process's request was written first.
        return request_for(creation, pipeline, task, may_open=may_open, time_limit_s=time_limit_s)
    return opened


def claim_for(creation: Creation, stage: str, pipeline: Pipeline, request: Request, task: Task) -> Claim:
    """The stage's claim. A stage started without the trigger makes it, or works under an existing one."""
    name = claim_name(request.run, stage)
    claim, _ = load(creation, name, Claim)
    if task.claim and (claim is None or claim.token != task.claim):
        raise StaleAttempt(stage, task.attempt)
    if claim is None:
        claim = Claim(
            token=secrets.token_hex(8),
            tasks=_tasks(creation, pipeline, stage, request),
            claimed_at=utc_now(),
            execution=task.execution,
            process=this_process(),
        )
        try:
            save(creation, name, claim, expect=ABSENT)
        except PreconditionFailed:
            return claim_for(creation, stage, pipeline, request, task)
    return claim


def _tasks(creation: Creation, pipeline: Pipeline, stage: str, request: Request) -> int:
    """How many tasks the stage has, from the record of the stage that it fans out over."""
    fan_out = pipeline.stages[stage].fan_out
    if fan_out is None:
        return 1
    source = fan_out.over.split(".")[0]
    record, _ = load(creation, record_name(source, 0 if pipeline.stages[source].fan_out else None), Record)
    found = record is not None and record.run == request.run and record.status == "success"
    return pipeline.tasks_of(stage, {source: record.metadata} if found and record else {})
