"""The documents in the store: requests, claims, stage records. All JSON, all validated when read."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, Literal, TypeVar

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationError,
)

from shared.errors import ObjectNotFound, OutOfTime, Stopped, StoreError
from shared.machine.process import process_is_gone
from shared.records.creation import Creation, canonical_json
from shared.records.names import CLAIMS, REQUEST, record_name
from shared.storage import ABSENT
from shared.validation import problems_of

_Data = TypeVar("_Data", bound="Document")
_REMEMBERED: Final = 20
_STAGE_FIRST: Final = re.compile(r"([a-z][a-z0-9_]*): ")
RunFailureKind = Literal["cancelled", "stage", "time_limit", "workflow"]
"""Why a run failed: it was cancelled, a stage failed, it took longer than it may, or the workflow that
chains its stages ended before they did."""
Fraction01 = Annotated[float, Field(ge=0, le=1)]


def utc_now() -> datetime:
    return datetime.now(UTC)


class Document(BaseModel):
    """A document that the store keeps as JSON, the same bytes for the same data."""

    model_config = ConfigDict(frozen=True)

    def to_bytes(self) -> bytes:
        return canonical_json(self.model_dump(mode="json"))


class Queued(Document):
    """What was asked for while a run was under way; it starts when that run is over."""

    parameters: dict[str, Any] = {}
    asked_at: AwareDatetime


class GivenUp(Document):
    """Why a run has failed for good while stages were still at work; they must stop then."""

    kind: RunFailureKind
    stage: str = ""
    """The stage that failed; empty if none did."""
    message: str

    @classmethod
    def of_text(cls, text: str) -> "GivenUp":
        """Requests from before this was a document of its own hold one sentence."""
        stage = _STAGE_FIRST.match(text)
        return cls(kind="stage" if stage else "time_limit", stage=stage[1] if stage else "", message=text)


def _given_up(found: object) -> object:
    return (GivenUp.of_text(found) if found else None) if isinstance(found, str) else found


def _as_given_up(given_up: GivenUp | None) -> object:
    """Empty text for None, as workers of earlier versions read it."""
    return given_up.model_dump(mode="json") if given_up else ""


class Request(Document):
    """`request.json`: what was asked for."""

    pipeline: str
    parameters: dict[str, Any] = {}
    run: int = Field(1, ge=1)
    """Incremented by every start and resume."""
    requested_at: AwareDatetime
    cancelled_at: AwareDatetime | None = None
    time_limit_s: float | None = None
    """How long the run may take from `requested_at` on."""
    given_up: Annotated[GivenUp | None, BeforeValidator(_given_up), PlainSerializer(_as_given_up)] = None
    created_at: AwareDatetime
    """Of the first run."""
    opened_by: str = ""
    """Who chains this run's stages when the trigger doesn't, e.g. an Argo workflow's UID; then the trigger
    only reports."""
    overtaken: tuple[str, ...] = ()
    """Who opened the runs before this one, latest first: none of them may open another run."""
    inputs: str = ""
    """A summary of the inputs at that time (`shared.runs.asking.summary_of`); empty where unknown."""
    queued: Queued | None = None
    """The run after this one, asked for again because inputs or parameters changed."""
    outcome: str = ""
    """The workflow engine's outcome at its end: stages that have not ended by then have died."""

    @property
    def stopped_by(self) -> str:
        """Why this run must do no more work; empty while it may."""
        if self.cancelled_at:
            return "cancel"
        return "the failure of another part of the run" if self.given_up else ""

    @property
    def latest_parameters(self) -> dict[str, Any]:
        """The parameters that were asked for last."""
        return self.queued.parameters if self.queued else self.parameters

    def is_out_of_time(self, at: datetime) -> bool:
        limit_s = self.time_limit_s
        return limit_s is not None and at > self.requested_at + timedelta(seconds=limit_s)

    def next(
        self,
        at: datetime,
        *,
        parameters: dict[str, Any],
        inputs: str = "",
        opened_by: str = "",
        time_limit_s: float | None = None,
    ) -> "Request":
        """The request for the run after this one."""
        overtaken = (self.opened_by, *self.overtaken) if self.opened_by else self.overtaken
        return Request(
            pipeline=self.pipeline,
            parameters=parameters,
            run=self.run + 1,
            requested_at=at,
            created_at=self.created_at,
            inputs=inputs,
            opened_by=opened_by,
            time_limit_s=time_limit_s,
            overtaken=overtaken[:_REMEMBERED],
        )


class Claim(Document):
    """`claims/<run>/<stage>`: who launched the stage. Created once."""

    token: str
    """Fencing token: a process that was launched with another token refuses to work."""
    tasks: int = Field(1, ge=1)
    claimed_at: AwareDatetime
    retried_at: AwareDatetime | None = None
    """When the launch was tried again, after one with an unknown outcome."""
    retry_at: AwareDatetime | None = None
    """From this time on any process may look up a launch without an answer and try it again."""
    execution: str = ""
    """The platform's name of the execution; empty until the launch was answered."""
    process: str = ""
    """The launcher, as named by `shared.machine.process`."""


class Source(Document):
    """`claims/source.json`: `folder` or `product` that the command line made the creation's assets from."""

    folder: str = ""
    machine: str = ""
    """The folder's machine; empty where the store is on the same disk."""
    product: str = ""


class InputFile(Document):
    """An object that a stage read."""

    key: str
    size_bytes: int | None
    """None if there was no such object."""
    content_hash: str
    label: str = ""
    """What its reader calls it; empty, its name is enough."""
    description: str = ""


class OutputFile(Document):
    """An object that a stage published."""

    key: str
    size_bytes: int
    content_hash: str
    description: str


class Failure(Document):
    """Why a stage failed."""

    kind: str
    """The error's class, or one of `Unraised`."""
    message: str
    permanent: bool
    """A retry without a change can't help."""

    @property
    def has_died(self) -> bool:
        return self.kind == DIED

    @property
    def was_stopped(self) -> bool:
        """Whether it failed only because it was stopped."""
        return self.kind == Stopped.__name__

    @property
    def is_out_of_time(self) -> bool:
        """Whether the run's time limit was exceeded; `TIME_LIMIT` is about a single stage's."""
        return self.kind == OutOfTime.__name__


Unraised = Literal["Died", "TimeLimit"]
"""The kinds of failure that are not an error's class, since no process was left to raise it."""
DIED: Final = "Died"
"""A worker died without recording an error."""
TIME_LIMIT: Final = "TimeLimit"
"""A worker was stopped because its stage took too long."""


class Cost(Document):
    """What a stage used, and its price."""

    duration_ms: int = 0
    cpu_s: float = 0
    peak_memory_mib: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    usd: dict[str, float] = {}
    """By platform, list price, for the CPU and memory that the pipeline defines for the stage."""
    paid_usd: dict[str, float] = {}
    """By paid provider, list price, of all attempts in this run."""


class Record(Document):
    """`stages/<stage>.json`, or `stages/<stage>/<index>.json` for a fan-out: the result of one task."""

    pipeline: str
    stage: str
    index: int = 0
    run: int
    attempt: int = 0
    owner: str
    """The attempt that owns the record; any other has been taken over."""
    execution: str = ""
    process: str = ""
    """The worker, as named by `shared.machine.process`, so that its own host sees at once that it died."""
    status: Literal["running", "success", "failed"]
    final: bool = True
    """False in a failed record if the platform will try again."""
    reused: bool = False
    """The result of an earlier run was still valid; no work was done."""
    fingerprint: str = ""
    started_at: AwareDatetime
    heartbeat_at: AwareDatetime
    completed_at: AwareDatetime | None = None
    progress: Fraction01 = 0
    message: str = ""
    inputs: tuple[InputFile, ...] = ()
    outputs: dict[str, OutputFile] = {}
    metadata: dict[str, Any] = {}
    warnings: tuple[str, ...] = ()
    """Problems that the user should know of although the stage succeeded."""
    cost: Cost = Cost()
    error: Failure | None = None

    @property
    def is_unfinished(self) -> bool:
        """Whether the record says that the task will go on."""
        return self.status == "running" or (self.status == "failed" and not self.final)

    @property
    def has_failed(self) -> bool:
        """Whether it failed permanently."""
        return self.status == "failed" and self.final


def is_dead(record: Record, *, now: datetime, stale_after_s: float) -> bool:
    """Whether a running record's worker died: its process is gone, or its heartbeat is too old."""
    silent = now - record.heartbeat_at > timedelta(seconds=stale_after_s)
    return silent or process_is_gone(record.process)


def load(creation: Creation, name: str, kind: type[_Data]) -> tuple[_Data | None, str]:
    """The document and its generation, or None and `ABSENT`; raises `StoreError` if it can't be parsed."""
    try:
        data, info = creation.read(name)
    except ObjectNotFound:
        return None, ABSENT
    try:
        return kind.model_validate_json(data), info.generation
    except ValidationError as error:
        reason = f"not a valid {kind.__name__} ({problems_of(error)}); delete it and run again"
        raise StoreError("read", creation.key(name), reason) from error


def save(creation: Creation, name: str, document: Document, *, expect: str | None) -> str:
    """Write the document under a precondition and return its new generation.

    A write that succeeded without an answer looks like a refusal, so the stored document is read back first.
    Raises `PreconditionFailed` when it is another document.
    """
    data = document.to_bytes()
    try:
        return creation.write(name, data, expect=expect).generation
    except StoreError:
        found, generation = load(creation, name, type(document))
        if found is None or found.to_bytes() != data:
            raise
        return generation


def load_request(creation: Creation) -> tuple[Request | None, str]:
    """The creation's request, as `load` returns it."""
    return load(creation, REQUEST, Request)


def save_request(creation: Creation, request: Request, *, expect: str | None) -> str:
    """Save the request, as `save` does."""
    return save(creation, REQUEST, request, expect=expect)


def first_request(creation: Creation, pipeline: str, at: datetime, **facts: Any) -> Request:
    """The request for a creation's first run: number 1, or more where claims are left of runs whose request
    was deleted."""
    runs = (name.split("/")[1] for name, _ in creation.list(CLAIMS))
    run = max((int(run) for run in runs if run.isdecimal()), default=0) + 1
    return Request(pipeline=pipeline, run=run, requested_at=at, created_at=at, **facts)


def records_of(creation: Creation, stage: str, *, fans_out: bool, tasks: int) -> Iterator[Record | None]:
    """The stage's records in task order; None where there is none yet."""
    for index in range(tasks):
        record, _ = load(creation, record_name(stage, index if fans_out else None), Record)
        yield record
