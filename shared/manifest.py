"""A stage of one's own: what a script did for a job, in the records that our own stages write.

    with StageManifest("asr", Path("out/2025/10/30/1/20251030-001"), logger) as manifest:
        manifest.add_input("audio", audio_file, "16 kHz mono audio")
        manifest.add_output("transcript", transcript_file, "what is said")
        manifest.add_metadata("model", "large-v3")

The block is the stage: it holds the stage's record with a heartbeat, its end is success, an error in it is
the stage's failure, and the job's `manifest.json` is rewritten at both ends. The next stage finds it done.
"""

import secrets
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from shared.errors import BadRequest, ReelwrightError, UnknownName
from shared.logs import LOGGER
from shared.machine.process import this_process
from shared.pipelines.definition import Pipeline
from shared.pipelines.installed import installed_pipelines
from shared.platforms.task import Task
from shared.records.creation import Creation
from shared.records.dated import dated_job, place_of
from shared.records.documents import (
    Claim,
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
from shared.stages.progress import Step
from shared.storage.file import FileStore
from shared.worker.alone import refresh_manifest
from shared.worker.assignment import claim_for, request_for
from shared.worker.meter import Meter
from shared.worker.ownership import Heartbeat, Ownership
from shared.worker.publish import sha256_of


class Logger(Protocol):
    """What is told how the stage ended; a `logging.Logger` is one."""

    def info(self, message: str, /, *values: object) -> object: ...

    def error(self, message: str, /, *values: object) -> object: ...


class StageManifest:
    """A stage while its block runs. Files are hashed at the end, so that they may still change meanwhile."""

    def __init__(
        self,
        stage_name: str,
        movie_dir: Path | str,
        logger: Logger | None = None,
        job_id: str | None = None,
        user_id: int | None = None,
        job_env_file: Path | str | None = None,  # noqa: ARG002 - the manifest has it from job_info.json
        *,
        pipeline: str | None = None,
    ) -> None:
        """`movie_dir` is the job's folder; `job_id` and `user_id`, if given, must be its own. `pipeline` is
        that of a job that was never started, if several have a stage of this name.

        Raises `BadRequest` for a folder that is no job's, and `UnknownName` for an unknown stage.
        """
        place = place_of(str(Path(movie_dir).absolute()))
        assert place  # an absolute path always has one
        url, creation_id = place
        self._creation = Creation(FileStore.from_url(url), creation_id)
        self._folder = Path(movie_dir).absolute()
        _check_job(creation_id, job_id, user_id)
        self._logger: Logger = logger or LOGGER
        self._stage = stage_name
        self._pipeline = _pipeline_of(self._creation, stage_name, pipeline)
        self._settings = Settings()
        self._inputs: dict[str, tuple[Path, str]] = {}
        self._outputs: dict[str, tuple[Path, str]] = {}
        self._metadata: dict[str, Any] = {}
        self._meter = Meter()
        self._ownership: Ownership | None = None
        self._heartbeat: Heartbeat | None = None

    def add_input(self, key: str, path: Path | str, description: str = "") -> None:
        """A file that the stage reads, anywhere."""
        self._inputs[key] = (Path(path).absolute(), description)

    def add_output(self, key: str, path: Path | str, description: str = "") -> None:
        """A file that the stage writes; raises `BadRequest` if it is outside of the job's folder."""
        whole = Path(path).absolute()
        if not whole.is_relative_to(self._folder):
            raise BadRequest(
                f"output {key!r}: {whole} is outside of the job's folder; write it below {self._folder}"
            )
        self._outputs[key] = (whole, description)

    def add_metadata(self, key: str, value: Any) -> None:
        """A fact about the work; JSON."""
        self._metadata[key] = value

    def __enter__(self) -> Self:
        task = Task()
        limit = self._pipeline.time_limit_s
        request = request_for(self._creation, self._pipeline, task, may_open=True, time_limit_s=limit)
        claim = claim_for(self._creation, self._stage, self._pipeline, request, task)
        name = record_name(self._stage, None)
        before, generation = load(self._creation, name, Record)
        self._check_free(before, request)
        record = _record(self._pipeline, self._stage, request, claim)
        self._ownership = Ownership(self._creation, name, record, replacing=generation)
        self._refresh()
        step = Step(fraction=0, message="at work")
        self._heartbeat = Heartbeat(self._ownership, lambda: step, every_s=self._settings.heartbeat_s)
        self._heartbeat.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._ownership
        assert self._heartbeat
        try:
            self._heartbeat.__exit__(kind, error, trace)
            if error is None or (isinstance(error, SystemExit) and error.code in (None, 0)):
                self._succeed(self._ownership)
            else:
                self._fail(self._ownership, error)
        finally:
            self._refresh()

    def _check_free(self, before: Record | None, request: Request) -> None:
        if before is None or before.run != request.run or before.status != "running":
            return
        if not is_dead(before, now=utc_now(), stale_after_s=self._settings.stale_after_s):
            raise BadRequest(f"{self._stage}: another process works on it; wait for its end")

    def _succeed(self, ownership: Ownership) -> None:
        missing = [f"{key} ({path})" for key, (path, _) in self._outputs.items() if not path.is_file()]
        if missing:
            reason = BadRequest(
                f"{self._stage}: {', '.join(missing)}: not written; write it before the block ends"
            )
            self._fail(ownership, reason)
            raise reason
        inputs = tuple(
            self._input(key, path, description) for key, (path, description) in self._inputs.items()
        )
        outputs = {key: self._output(path, description) for key, (path, description) in self._outputs.items()}
        ownership.update(
            status="success",
            completed_at=utc_now(),
            progress=1.0,
            message="done",
            inputs=inputs,
            outputs=outputs,
            metadata=self._metadata,
            cost=self._cost(),
        )
        self._logger.info("%s: done", self._stage)

    def _fail(self, ownership: Ownership, error: BaseException) -> None:
        message = str(error) if isinstance(error, ReelwrightError) else f"{type(error).__name__}: {error}"
        failure = Failure(kind=type(error).__name__, message=message, permanent=isinstance(error, BadRequest))
        ownership.update(status="failed", completed_at=utc_now(), error=failure, cost=self._cost())
        self._logger.error("%s: failed: %s", self._stage, message)

    def _cost(self) -> Any:
        return self._meter.cost(self._pipeline.stages[self._stage], bytes_in=0, bytes_out=0)

    def _input(self, key: str, path: Path, description: str) -> InputFile:
        is_there = path.is_file()
        return InputFile(
            key=self._name(path),
            size_bytes=path.stat().st_size if is_there else None,
            content_hash=sha256_of(path) if is_there else "",
            label=key,
            description=description,
        )

    def _output(self, path: Path, description: str) -> OutputFile:
        return OutputFile(
            key=self._name(path),
            size_bytes=path.stat().st_size,
            content_hash=sha256_of(path),
            description=description,
        )

    def _name(self, path: Path) -> str:
        """Below the job's folder; a whole path for a file elsewhere."""
        return str(path.relative_to(self._folder) if path.is_relative_to(self._folder) else path)

    def _refresh(self) -> None:
        refresh_manifest(self._creation, self._pipeline, self._settings)


def _check_job(creation_id: str, job_id: str | None, user_id: int | None) -> None:
    job = dated_job(creation_id)
    own_id = job.job_id if job else creation_id
    if job_id not in (None, own_id):
        raise BadRequest(f"job_id={job_id!r}: the folder is that of job {own_id}; name the job's own folder")
    if job and user_id not in (None, job.user_id):
        raise BadRequest(f"user_id={user_id}: the folder is that of user {job.user_id}; name the job's own")


def _pipeline_of(creation: Creation, stage: str, name: str | None) -> Pipeline:
    """The pipeline of the creation's run; of one without a run that named, or the one with this stage."""
    known = installed_pipelines()
    request, _ = load_request(creation)
    name = request.pipeline if request else name
    if name is not None and name not in known:
        raise UnknownName("pipeline", name, list(known))
    found = [each for each in known.values() if stage in each.stages and name in (None, each.name)]
    if not found:
        stages = {each for pipeline in known.values() for each in pipeline.stages}
        raise UnknownName("stage", stage, list(known[name].stages) if name else sorted(stages))
    if len(found) > 1:
        names = ", ".join(each.name for each in found)
        raise BadRequest(f"stage {stage!r} is one of several pipelines ({names}); name yours: pipeline=...")
    return found[0]


def _record(pipeline: Pipeline, stage: str, request: Request, claim: Claim) -> Record:
    now = utc_now()
    return Record(
        pipeline=pipeline.name,
        stage=stage,
        run=request.run,
        owner=secrets.token_hex(8),
        execution=claim.execution,
        process=this_process(),
        status="running",
        started_at=now,
        heartbeat_at=now,
    )
