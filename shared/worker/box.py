"""The box around a stage: everything that is not the stage's own work.

It works out what to do (request, claim, task), holds the record with a heartbeat, skips work whose results
are still valid, publishes under preconditions, writes the record last, cleans up, and turns errors into exit
codes.
"""

import hashlib
import logging
import secrets
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shared.errors import BadRequest, OutOfTime, ReelwrightError, StaleAttempt, Stopped, StoreError
from shared.logs import log
from shared.machine.process import this_process
from shared.machine.scratch import FULL, full_scratch
from shared.machine.temporary import remove_abandoned, scratch
from shared.machine.threads import in_thread
from shared.pipelines.definition import Pipeline, StageDefinition
from shared.platforms.task import Task
from shared.providers.account import Account
from shared.records.creation import Creation, canonical_json
from shared.records.documents import (
    Claim,
    Cost,
    Failure,
    InputFile,
    OutputFile,
    Record,
    Request,
    is_dead,
    load,
    load_request,
    utc_now,
)
from shared.records.names import record_name
from shared.settings import Settings
from shared.stages.progress import Progress
from shared.stages.stage import Context, Result, Stage
from shared.worker.assignment import claim_for, request_for
from shared.worker.meter import Meter
from shared.worker.ownership import Heartbeat, Ownership, check_wanted
from shared.worker.publish import prune, publish

if TYPE_CHECKING:
    from shared.reports.sink import Audience


@dataclass(frozen=True, kw_only=True)
class Job:
    """One task of one stage of one run: everything that the box must know before it starts."""

    stage: Stage
    definition: StageDefinition
    creation: Creation
    task: Task
    settings: Settings
    request: Request
    claim: Claim
    account: Account
    report: Callable[[Record], None]
    ending: Callable[[], bool]

    @property
    def name(self) -> str:
        return record_name(self.stage.name, self.task.index if self.definition.fan_out else None)


def run_task(
    stage: Stage,
    pipeline: Pipeline,
    creation: Creation,
    task: Task,
    settings: Settings,
    *,
    publisher: "Audience | None" = None,
    ending: Callable[[], bool] = lambda: False,
) -> Record:
    """Do one task of a stage and return its record.

    `publisher` receives reports of its progress, if the pipeline is reported; `ending` returns whether this
    process, which may have other work too, must end.

    Raises the stage's error after it is in the record; `StaleAttempt` when another attempt owns the task. A
    task that another living process works on, or that is done in this run, is left alone.
    """
    definition = pipeline.stages[stage.name]
    request = request_for(
        creation,
        pipeline,
        task,
        may_open=not definition.needs,
        time_limit_s=settings.job_timeout_s or pipeline.time_limit_s,
    )
    claim = claim_for(creation, stage.name, pipeline, request, task)
    if task.index >= (claim.tasks if definition.fan_out else 1):
        raise BadRequest(f"stage {stage.name!r} has no task {task.index} in this run; count from 0")
    job = Job(
        stage=stage,
        definition=definition,
        creation=creation,
        task=task,
        settings=settings,
        request=request,
        claim=claim,
        account=Account(creation.store),
        report=_reporter(creation, pipeline, request, publisher),
        ending=ending,
    )
    before, generation = load(creation, job.name, Record)
    if before and _leave_alone(job, before):
        return before
    remove_abandoned(creation.store.url)
    try:
        return _work(job, before, generation)
    except BaseException:
        creation.withdraw_if_removed()
        raise


def _reporter(
    creation: Creation, pipeline: Pipeline, request: Request, publisher: "Audience | None"
) -> Callable[[Record], None]:
    if publisher is None or pipeline.reported is None:
        return lambda _record: None
    from shared.reports.record_reporter import RecordReporter

    return RecordReporter(creation, pipeline, request, publisher)


def _leave_alone(job: Job, before: Record) -> bool:
    if _is_later(before, job):
        raise StaleAttempt(job.stage.name, job.task.attempt)
    if before.run != job.request.run:
        return False
    if before.status == "success" and job.task.managed:
        log(logging.INFO, "stage_delivered_twice", f"{job.stage.name}: already done in this run")
        return True
    if before.status == "failed" and before.error and before.error.permanent and job.task.managed:
        log(
            logging.ERROR,
            "stage_refused",
            f"{job.stage.name}: failed for good before: {before.error.message}",
        )
        raise BadRequest(before.error.message)
    next_attempt = before.execution == job.task.execution and job.task.attempt > before.attempt
    alive = not is_dead(before, now=utc_now(), stale_after_s=job.settings.stale_after_s)
    if before.status == "running" and alive and not next_attempt:
        log(logging.WARNING, "stage_elsewhere", f"{job.stage.name}: another process works on it")
        return True
    return False


def _is_later(before: Record, job: Job) -> bool:
    """Whether the record is of a later run or attempt than this one, which then slept meanwhile."""
    if before.run != job.request.run:
        return before.run > job.request.run
    return before.execution == job.task.execution and before.attempt > job.task.attempt


def _work(job: Job, before: Record | None, generation: str) -> Record:
    meter = Meter()
    now = utc_now()
    record = Record(
        pipeline=job.request.pipeline,
        stage=job.stage.name,
        index=job.task.index,
        run=job.request.run,
        attempt=job.task.attempt,
        owner=secrets.token_hex(8),
        execution=job.task.execution,
        process=this_process(),
        status="running",
        started_at=now,
        heartbeat_at=now,
    )
    if before and before.run == job.request.run:
        record = record.model_copy(update={"cost": Cost(paid_usd=before.cost.paid_usd)})
    ownership = Ownership(job.creation, job.name, record, replacing=generation, report=job.report)
    try:
        return _do(job, before, ownership, meter)
    except StaleAttempt:
        raise
    except (KeyboardInterrupt, Exception) as error:
        reason = _reason(error)
        _record_failure(job, ownership, meter, reason)
        if reason is error:
            raise
        raise reason from error


def _reason(error: BaseException) -> Exception:
    """Why the work ended. A signal is raised wherever the process is, even between a lock and its release:
    what goes wrong in consequence is not the reason."""
    found: BaseException | None = error
    while found is not None:
        if isinstance(found, KeyboardInterrupt):
            return Stopped("Ctrl-C")
        if isinstance(found, Stopped):
            return found
        found = found.__context__
    assert isinstance(error, Exception)
    return error


def _do(job: Job, before: Record | None, ownership: Ownership, meter: Meter) -> Record:
    if job.task.managed:
        check_wanted(job.request)
    progress = Progress(partial(_check, job, ownership))
    with Heartbeat(ownership, lambda: progress.step, every_s=job.settings.heartbeat_s):
        made = _make(job, before, ownership, progress)
    return _finish(job, ownership, meter, **made)


def _make(job: Job, before: Record | None, ownership: Ownership, progress: Progress) -> dict[str, Any]:
    """The record's fields about the work: of this attempt, or of an earlier result that is still valid.

    Reading the inputs may take long, so this part has a heartbeat too.
    """
    inputs = tuple(_describe(job.creation, job.stage.inputs(job.creation)))
    fingerprint = _fingerprint(job, inputs)
    if before and _still_stands(job.creation, before, fingerprint) and job.stage.stands(job.creation):
        return {
            "reused": True,
            "fingerprint": fingerprint,
            "inputs": inputs,
            "outputs": before.outputs,
            "metadata": before.metadata,
            "warnings": before.warnings,
        }
    job.account.check = partial(_check, job, ownership)
    with scratch() as folder:
        result = _run(job, folder, progress, ownership)
        outputs = publish(job.creation, result.outputs, ownership)
        prune(job.creation, result, ownership)
        ownership.check_stands()  # a removal from now on finds all that was published
    return {
        "fingerprint": fingerprint if result.reusable and _unchanged(job, fingerprint) else "",
        "inputs": inputs,
        "outputs": outputs,
        "metadata": dict(result.metadata),
        "warnings": result.warnings,
    }


def _check(job: Job, ownership: Ownership) -> None:
    """Raise what ended this attempt, if anything did."""
    ownership.check()
    if job.ending():
        raise Stopped("a signal")


def _is_unwanted(job: Job) -> bool:
    """Whether a stopped run is over; False where that is unknown, so that it may go on."""
    try:
        return _is_abandoned(job)
    except StoreError:
        return False


def _is_abandoned(job: Job) -> bool:
    request, _ = load_request(job.creation)
    if request is None or request.run != job.request.run:
        return True
    return bool(request.stopped_by) or request.is_out_of_time(utc_now())


def _run(job: Job, scratch: Path, progress: Progress, ownership: Ownership) -> Result:
    context = Context(
        creation=job.creation,
        parameters=job.request.parameters,
        settings=job.settings,
        task_index=job.task.index,
        task_count=job.claim.tasks,
        scratch=scratch,
        progress=progress,
        account=job.account,
        abandoned=partial(_is_abandoned, job),
    )
    try:
        if job.stage.runs_in_thread:
            return in_thread(partial(job.stage.run, context), ownership.stop)
        return job.stage.run(context)
    except OSError as error:
        if error.errno not in FULL or isinstance(error, ReelwrightError):
            raise
        raise full_scratch() from error


def _unchanged(job: Job, fingerprint: str) -> bool:
    """Whether the inputs are still those that the work began with; a change meanwhile needs a new run."""
    return _fingerprint(job, tuple(_describe(job.creation, job.stage.inputs(job.creation)))) == fingerprint


def _describe(creation: Creation, names: Iterable[str]) -> Iterable[InputFile]:
    for name in names:
        info = creation.stat(name)
        size = info.size_bytes if info else None
        yield InputFile(key=name, size_bytes=size, content_hash=info.content_hash if info else "")


def _fingerprint(job: Job, inputs: tuple[InputFile, ...]) -> str:
    what = {
        "stage": [job.stage.pipeline, job.stage.name, job.stage.version, job.stage.salt(job.settings)],
        "parameters": job.request.parameters,
        "task": [job.task.index, job.claim.tasks],
        "inputs": [[file.key, file.content_hash] for file in inputs],
    }
    if facts := job.stage.facts(job.creation):
        what["facts"] = facts
    return hashlib.sha256(canonical_json(what)).hexdigest()


def _still_stands(creation: Creation, before: Record, fingerprint: str) -> bool:
    if before.status != "success" or before.fingerprint != fingerprint:
        return False
    return all(_is_intact(creation, output) for output in before.outputs.values())


def _is_intact(creation: Creation, output: OutputFile) -> bool:
    info = creation.stat(output.key)
    return info is not None and info.content_hash == output.content_hash


def _finish(job: Job, ownership: Ownership, meter: Meter, *, reused: bool = False, **facts: Any) -> Record:
    cost = _cost(job, ownership, meter)
    record = ownership.update(
        status="success",
        reused=reused,
        completed_at=utc_now(),
        progress=1.0,
        message="done",
        cost=cost,
        **facts,
    )
    doing = "reused an earlier result" if reused else "done"
    log(
        logging.INFO,
        "stage_done",
        f"{job.stage.name}: {doing} in {cost.duration_ms / 1000:.2f} s",
        **_outcome(job, cost),
        reused=reused,
        metadata=record.metadata,
    )
    for warning in record.warnings:
        log(logging.WARNING, "stage_warning", f"{job.stage.name}: {warning}")
    return record


def _record_failure(job: Job, ownership: Ownership, meter: Meter, error: Exception) -> None:
    if ownership.record.status == "success":
        return  # a signal came between its last word and here
    permanent = isinstance(error, BadRequest | OutOfTime)
    unwanted = isinstance(error, Stopped) and _is_unwanted(job)
    last = permanent or unwanted or job.task.is_last(job.definition.retries)
    will_retry = job.task.managed and not last
    message = str(error) if isinstance(error, ReelwrightError) else f"{type(error).__name__}: {error}"
    failure = Failure(kind=type(error).__name__, message=message, permanent=permanent)
    cost = _cost(job, ownership, meter)
    try:
        ownership.update(
            status="failed", final=not will_retry, completed_at=utc_now(), error=failure, cost=cost
        )
    except StoreError as unsaid:  # the failure matters more, and the silent record will be noticed
        log(logging.WARNING, "record_unwritten", f"{job.stage.name}: could not record its failure: {unsaid}")
    after = f"after {cost.duration_ms / 1000:.2f} s"
    log(
        logging.WARNING if will_retry or unwanted else logging.ERROR,
        "stage_failed",
        f"{job.stage.name}: failed {after}: {message}",
        **_outcome(job, cost),
        kind=failure.kind,
        will_retry=will_retry,
    )


def _outcome(job: Job, cost: Cost) -> dict[str, Any]:
    return {
        "creation_id": job.creation.creation_id,
        "pipeline": job.request.pipeline,
        "stage": job.stage.name,
        "run": job.request.run,
        "task": job.task.index,
        "attempt": job.task.attempt,
        **cost.model_dump(),
    }


def _cost(job: Job, ownership: Ownership, meter: Meter) -> Cost:
    """What this attempt used, and what all attempts of this run have paid for."""
    paid = Counter(ownership.record.cost.paid_usd)
    paid.update(job.account.spent)
    traffic = job.creation.traffic
    used = meter.cost(job.definition, bytes_in=traffic.bytes_in, bytes_out=traffic.bytes_out)
    return used.model_copy(update={"paid_usd": dict(paid)})
