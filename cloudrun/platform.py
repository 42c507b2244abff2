"""Stages as executions of Cloud Run jobs: one Job for each stage, which all creations share.

An execution has two names: `launch` returns the full one (`projects/…/jobs/<job>/executions/<name>`), its
containers know the short one (`<job>-<suffix>`, `CLOUD_RUN_EXECUTION`). All functions here accept both.
"""

import logging
import re
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import grpc  # type: ignore[import-untyped]  # grpcio ships no types
from google.api_core.exceptions import (
    FailedPrecondition,
    GoogleAPICallError,
    NotFound,
    PermissionDenied,
    ResourceExhausted,
    Unauthenticated,
)
from google.auth.exceptions import GoogleAuthError
from google.cloud import run_v2
from google.cloud.run_v2.services.executions.transports import ExecutionsGrpcTransport
from google.cloud.run_v2.services.jobs.transports import JobsGrpcTransport
from google.cloud.run_v2.services.tasks.transports import TasksGrpcTransport

from cloudrun.reasons import completion, reason_of_execution, reason_of_task
from cloudrun.retry import (
    LOOK_AGAIN_AFTER_S,
    READ_TIMEOUT_S,
    TRY_LATER,
    UNANSWERED,
    WRITE_TIMEOUT_S,
    NotStarted,
    repeating,
    resending,
    waiting_for_quota,
)
from shared.errors import InvalidSettings, PlatformBusy, PlatformError
from shared.logs import log
from shared.pipelines.deployed import deployed_name
from shared.platforms import ExecutionState, LaunchOrder, Unattended
from shared.platforms.deployed import some_are_there
from shared.platforms.remembered import NO_NEWS, UNKNOWN, Remembered
from shared.platforms.task import CLAIM_VARIABLE, CREATION_VARIABLE
from shared.records.documents import utc_now
from shared.settings import Settings

_FULL_NAME: Final = re.compile(r"projects/[^/]+/locations/[^/]+/jobs/[^/]+/executions/[^/]+")
_SHORT_NAME: Final = re.compile(r"([a-z][a-z0-9-]*)-[a-z0-9]+")
_PAGE: Final = 100
_LAUNCHES_SINCE: Final = timedelta(hours=24)


@dataclass(frozen=True, kw_only=True)
class Clients:
    """The three clients of the Cloud Run API that are used here."""

    jobs: run_v2.JobsClient
    executions: run_v2.ExecutionsClient
    tasks: run_v2.TasksClient


def open_platform(settings: Settings) -> "CloudRunPlatform":
    """The platform that the settings name; raises `InvalidSettings` with everything that is missing."""
    missing = {
        "GOOGLE_CLOUD_PROJECT": (settings.google_project, "name the project that the jobs are in"),
        "CLOUD_RUN_REGION": (settings.cloud_run_region, "name the region that they are in, e.g. us-central1"),
    }
    problems = [
        f"{variable} is unset: {remedy}" for variable, (value, remedy) in missing.items() if not value
    ]
    if problems:
        raise InvalidSettings(*problems)
    return CloudRunPlatform(
        connect(settings.cloud_run_emulator),
        location=f"projects/{settings.google_project}/locations/{settings.cloud_run_region}",
        job_prefix=settings.job_prefix,
    )


def connect(emulator: str | None = None) -> Clients:
    """Clients of the Cloud Run API, or of a stand-in at `<host>:<port>`; raises `InvalidSettings`."""
    if emulator:
        channel = grpc.insecure_channel(emulator)
        return Clients(
            jobs=run_v2.JobsClient(transport=JobsGrpcTransport(channel=channel)),
            executions=run_v2.ExecutionsClient(transport=ExecutionsGrpcTransport(channel=channel)),
            tasks=run_v2.TasksClient(transport=TasksGrpcTransport(channel=channel)),
        )
    try:
        return Clients(
            jobs=run_v2.JobsClient(), executions=run_v2.ExecutionsClient(), tasks=run_v2.TasksClient()
        )
    except GoogleAuthError as error:
        raise InvalidSettings(
            "GOOGLE_APPLICATION_CREDENTIALS: no credentials that Google's library can use; on a machine of "
            "your own unset it and sign in: gcloud auth application-default login"
        ) from error


class CloudRunPlatform(Unattended):
    """Runs each stage as an execution of the Job `<job_prefix>-<order.job>`, which must be deployed."""

    name = "cloudrun"

    def __init__(
        self,
        clients: Clients,
        *,
        location: str,
        job_prefix: str,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        """`location` is `projects/<project>/locations/<region>`."""
        self._clients = clients
        self._location = location
        self._job_prefix = job_prefix
        self._sleep = sleep
        self._now = now
        self._remembered = Remembered(clock)

    def check(self, jobs: Collection[str]) -> None:
        if some_are_there(jobs, self._is_deployed, lambda job: f"Cloud Run has no job {self._deployed(job)}"):
            return
        _, project, _, region = self._location.split("/")
        raise InvalidSettings(
            f"GOOGLE_CLOUD_PROJECT={project!r}, CLOUD_RUN_REGION={region!r}, "
            f"JOB_PREFIX={self._job_prefix!r}: it has no jobs; "
            f"deploy them: gcloud run jobs replace cloudrun/jobs/{next(iter(jobs))}.yaml"
        )

    def _is_deployed(self, job: str) -> bool:
        """Whether Cloud Run has the job, as far as it answers."""
        name = f"{self._location}/jobs/{self._deployed(job)}"
        try:
            repeating(self._sleep)(self._clients.jobs.get_job, name=name, timeout=READ_TIMEOUT_S, retry=None)
        except NotFound:
            return False
        except TRY_LATER as error:
            log(logging.WARNING, "job_unknown", f"Cloud Run can't say if it has {name}: {error.message}")
        except GoogleAPICallError as error:
            raise InvalidSettings(
                f"GOOGLE_CLOUD_PROJECT, CLOUD_RUN_REGION: {name} can't be read ({error.message}); "
                "name the project and region of the jobs, and grant this identity roles/run.viewer on them"
            ) from error
        return True

    def launch(self, order: LaunchOrder) -> str:
        """Start the stage; returns the execution's full name.

        Cloud Run has no idempotency key, so an answer that was lost is looked up by the claim's token before
        anything is sent again. When even that can't be answered this is a `PlatformBusy` too: a later launch
        begins with `find`.
        """
        try:
            return waiting_for_quota(self._sleep)(self._send_and_resend, order)
        except NotStarted as error:
            raise self._busy(order, "it did not answer, and started nothing") from error.__cause__
        except ResourceExhausted as error:
            raise self._busy(order, f"its quota is used up ({error.message})") from error
        except GoogleAPICallError as error:
            raise self._refused(order, f"run job {self._job_name(order)!r}", error) from error

    def find(self, order: LaunchOrder) -> str | None:
        """The execution with the claim's token; `PlatformBusy` if Cloud Run can't say for now."""
        try:
            return self._find(order)
        except TRY_LATER as error:
            raise self._busy(order, f"it can't say if it runs already ({error.message})") from error
        except GoogleAPICallError as error:
            raise self._refused(order, f"list executions of job {self._job_name(order)!r}", error) from error

    def state(self, execution: str, *, ask_again: bool = False) -> ExecutionState:
        """Its state; `unknown` if Cloud Run has forgotten it or can't answer."""
        name = self._full_name(execution)
        if not name:
            return UNKNOWN
        return self._remembered.state(name, self._ask_state, ask_again=ask_again)

    def cancel(self, execution: str) -> None:
        name = self._full_name(execution)
        if not name:
            return
        try:
            waiting_for_quota(self._sleep)(repeating(self._sleep), self._send_cancel, name)
        except (FailedPrecondition, NotFound):
            return  # it has ended, or is forgotten
        except TRY_LATER as error:
            raise PlatformBusy(self.name, f"cancel {name!r}", f"{error.message}; try again later") from error
        except GoogleAPICallError as error:
            remedy = f"{error.message}; grant the caller roles/run.jobsExecutorWithOverrides on its job"
            raise PlatformError(self.name, f"cancel {name!r}", remedy) from error
        finally:
            self._remembered.forget(name)

    def release(self, execution: str) -> bool:  # noqa: ARG002 - the contract's
        """Nothing to do: Cloud Run itself keeps no more than a Job's newest thousand executions."""
        return True

    def _send_and_resend(self, order: LaunchOrder) -> str:
        return resending(self._sleep)(self._send, order)

    def _send(self, order: LaunchOrder) -> str:
        """Send the launch once; raises `NotStarted` if there was no answer and it has started nothing."""
        try:
            operation = self._clients.jobs.run_job(
                _request(self._job(order), order), timeout=WRITE_TIMEOUT_S, retry=None
            )
            return str(operation.metadata.name)
        except UNANSWERED as error:
            log(
                logging.WARNING,
                "launch_unanswered",
                f"Cloud Run: {type(error).__name__}; looking if {order.job} was started",
                creation_id=order.creation_id,
            )
            found = self._find_in_time(order)
            if found:
                return found
            raise NotStarted(order.job) from error

    def _send_cancel(self, name: str) -> None:
        self._clients.executions.cancel_execution(name=name, timeout=WRITE_TIMEOUT_S, retry=None)

    def _find_in_time(self, order: LaunchOrder) -> str | None:
        """Look a few times; raises `PlatformBusy` if Cloud Run can't answer: then never launch again."""
        for pause_s in LOOK_AGAIN_AFTER_S:
            if pause_s:
                self._sleep(pause_s)
            try:
                found = self._find(order)
            except GoogleAPICallError as error:
                reason = f"it did not answer, and can't say if it started anything: {error.message}"
                raise self._busy(order, reason) from error
            if found:
                return found
        return None

    def _find(self, order: LaunchOrder) -> str | None:
        """The execution with the order's token: one that still runs, else the latest."""
        found = repeating(self._sleep)(self._list_with_token, order)
        running = [execution for execution in found if "completion_time" not in execution]
        chosen = next(iter(running or found), None)
        return chosen.name if chosen else None

    def _list_with_token(self, order: LaunchOrder) -> list[run_v2.Execution]:
        request = run_v2.ListExecutionsRequest(parent=self._job(order), page_size=_PAGE)
        listed = self._clients.executions.list_executions(request, timeout=READ_TIMEOUT_S, retry=None)
        recent = _recent(listed, since=self._now() - _LAUNCHES_SINCE)
        return [execution for execution in recent if _token(execution) == order.token]

    def _ask_state(self, name: str) -> ExecutionState:
        try:
            execution = repeating(self._sleep)(
                self._clients.executions.get_execution, name=name, timeout=READ_TIMEOUT_S, retry=None
            )
        except NotFound:
            return UNKNOWN
        except GoogleAPICallError as error:
            return self._unsaid(name, error)
        if "completion_time" not in execution and "delete_time" not in execution:
            return ExecutionState(status="running")
        completed = completion(execution)
        if completed.state == run_v2.Condition.State.CONDITION_SUCCEEDED:
            return ExecutionState(status="ended")
        tasks = self._task_reasons(name)
        return ExecutionState(
            status="ended", reason=reason_of_execution(completed, tasks), task_reasons=tasks
        )

    def _task_reasons(self, name: str) -> dict[int, str]:
        try:
            tasks = repeating(self._sleep)(self._list_tasks, name)
        except GoogleAPICallError as error:
            self._unsaid(name, error)
            return {}
        reasons = {task.index: reason_of_task(task) for task in tasks}
        return {index: reason for index, reason in sorted(reasons.items()) if reason}

    def _list_tasks(self, name: str) -> list[run_v2.Task]:
        request = run_v2.ListTasksRequest(parent=name, page_size=_PAGE)
        return list(self._clients.tasks.list_tasks(request, timeout=READ_TIMEOUT_S, retry=None))

    def _unsaid(self, name: str, error: GoogleAPICallError) -> ExecutionState:
        log(logging.WARNING, "state_unknown", f"Cloud Run can't say the state of {name}: {error.message}")
        return NO_NEWS if isinstance(error, TRY_LATER) else UNKNOWN

    def _deployed(self, job: str) -> str:
        return deployed_name(self._job_prefix, job)

    def _job_name(self, order: LaunchOrder) -> str:
        return self._deployed(order.job)

    def _job(self, order: LaunchOrder) -> str:
        return f"{self._location}/jobs/{self._job_name(order)}"

    def _full_name(self, execution: str) -> str:
        """The full name of an execution; empty for one that can't be of a job of ours: the name comes out of
        the store, to which jobs write."""
        if execution.startswith(f"{self._location}/jobs/{self._deployed('')}"):
            return execution if _FULL_NAME.fullmatch(execution) else ""
        short = _SHORT_NAME.fullmatch(execution)
        if not short or not execution.startswith(self._deployed("")):
            return ""
        return f"{self._location}/jobs/{short[1]}/executions/{execution}"

    def _busy(self, order: LaunchOrder, reason: str) -> PlatformBusy:
        return PlatformBusy(self.name, f"run job {self._job_name(order)!r}", f"{reason}; try again later")

    def _refused(self, order: LaunchOrder, action: str, error: GoogleAPICallError) -> PlatformError:
        region = self._location.rpartition("/")[2]
        remedy = f"{error.message}; compare the job with cloudrun/jobs/{order.job}.yaml"
        if isinstance(error, NotFound):
            command = f"gcloud run jobs replace cloudrun/jobs/{order.job}.yaml --region {region}"
            remedy = f"the job does not exist; deploy it: {command}"
        elif isinstance(error, PermissionDenied | Unauthenticated):
            remedy = f"{error.message}; grant the caller roles/run.jobsExecutorWithOverrides on it: " + (
                f"gcloud run jobs add-iam-policy-binding {self._job_name(order)} --region {region} "
                "--role roles/run.jobsExecutorWithOverrides --member serviceAccount:<account>"
            )
        return PlatformError(self.name, action, remedy)


def _request(job: str, order: LaunchOrder) -> run_v2.RunJobRequest:
    overrides = run_v2.RunJobRequest.Overrides(
        container_overrides=[
            run_v2.RunJobRequest.Overrides.ContainerOverride(
                args=[order.creation_id],
                env=[
                    run_v2.EnvVar(name=CLAIM_VARIABLE, value=order.token),
                    run_v2.EnvVar(name=CREATION_VARIABLE, value=order.creation_id),
                ],
            )
        ],
        task_count=order.tasks,
        timeout=timedelta(seconds=order.definition.time_limit_s),
    )
    return run_v2.RunJobRequest(name=job, overrides=overrides)


def _recent(executions: Iterable[run_v2.Execution], *, since: datetime) -> Iterator[run_v2.Execution]:
    """Those created since then; they come newest first."""
    for execution in executions:
        created_at = execution.create_time
        if created_at and created_at < since:
            return
        yield execution


def _token(execution: run_v2.Execution) -> str:
    """The claim's token that the execution was launched with."""
    variables = (variable for container in execution.template.containers for variable in container.env)
    return next((variable.value for variable in variables if variable.name == CLAIM_VARIABLE), "")
