"""Stages as job runs of Code Engine jobs: one job for each stage, which all creations share.

A job run is named after its claim, and names are unique in a project: a launch that is repeated starts only
once. The name is free again when the run is deleted; a second run under the claim then finds the first one's
results in the store.
"""

import hashlib
import logging
import re
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError

from codeengine.client import ApiAnswer, Client, open_client, repeating, why_refused
from codeengine.job_file import run_limit_s
from codeengine.reasons import JobRun, reason_of_run, reasons_by_task
from shared.errors import InvalidSettings, PlatformBusy, PlatformError
from shared.logs import log
from shared.pipelines.deployed import deployed_name
from shared.platforms import ExecutionState, JobOrder, LaunchOrder, Unattended
from shared.platforms.deployed import some_are_there
from shared.platforms.remembered import NO_NEWS, UNKNOWN, Remembered
from shared.platforms.task import CLAIM_VARIABLE, CREATION_VARIABLE
from shared.settings import Settings
from shared.validation import problems_of

_LONGEST_NAME: Final = 53
_ATTEMPTS: Final = 6
_QUOTA: Final = re.compile(r"quota|limit of \d+ job|too many (requests|job)", re.IGNORECASE)
"""Code Engine documents the quota of 100 job runs, but not how its API refuses the next one."""


def open_platform(settings: Settings) -> "CodeEnginePlatform":
    """The platform that the settings name; raises `InvalidSettings` with everything that is missing."""
    return CodeEnginePlatform(open_client(settings), job_prefix=settings.job_prefix)


class CodeEnginePlatform(Unattended):
    """Runs each stage as a job run of the job `<job_prefix>-<order.job>`, which must be deployed."""

    name = "codeengine"

    def __init__(
        self,
        client: Client,
        *,
        job_prefix: str,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._prefix = job_prefix
        self._sleep = sleep
        self._remembered = Remembered(clock)

    def check(self, jobs: Collection[str]) -> None:
        if some_are_there(
            jobs, self._is_deployed, lambda job: f"Code Engine has no job {self._deployed(job)}"
        ):
            return
        raise InvalidSettings(
            f"CE_PROJECT_ID={self._client.project_id!r}, JOB_PREFIX={self._prefix!r}: it has no jobs; "
            f"deploy them: python -m codeengine.apply -f codeengine/jobs/{next(iter(jobs))}.yaml"
        )

    def _is_deployed(self, job: str) -> bool:
        """Whether Code Engine has the job; assumed if it can't answer for now."""
        name = self._deployed(job)
        answer = self._client.get_job(name)
        if answer.may_pass:
            log(
                logging.WARNING, "job_unknown", f"Code Engine can't say if it has {name}: {self._why(answer)}"
            )
            return True
        if answer.is_done or answer.status == 404:
            return answer.is_done
        raise InvalidSettings(f"CE_PROJECT_ID={self._client.project_id!r}: {self._why(answer)}")

    def launch(self, order: LaunchOrder) -> str:
        job = self._deployed(order.job)
        name = run_name(job, order.token)
        body = {
            "run_arguments": [order.creation_id],
            "scale_array_spec": f"0-{order.tasks - 1}" if order.tasks > 1 else "0",
            "scale_max_execution_time": run_limit_s(order.definition),
        }
        file = f"codeengine/jobs/{order.job}.yaml"
        return self._start(order, _Submit(name=name, job=job, file=file, body=body))

    def start_job(self, order: JobOrder) -> str:
        """The job's own name has no prefix; those of its runs have it, as all that is ours here."""
        name = run_name(self._deployed(order.job), order.token)
        body = {
            "scale_array_spec": "0",
            "scale_max_execution_time": order.definition.time_limit_s,
            "run_env_variables": _literals(order.environ),
        }
        file = f"codeengine/{order.job}.yaml"
        return self._start(order, _Submit(name=name, job=order.job, file=file, body=body))

    def _start(self, order: LaunchOrder | JobOrder, submit: "_Submit") -> str:
        """A lost answer is made up for by sending again under the same name; so is one that no repetition
        brought, which is why that too is `PlatformBusy`."""
        answers: list[ApiAnswer] = []

        def send() -> ApiAnswer:
            answers.append(self._client.create_run(_body(order, submit)))
            return answers[-1]

        answer = repeating(_calls_for_another, self._sleep, attempts=_ATTEMPTS, longest_s=8)(send)
        if not answer.is_done:
            self._explain(order.token, submit, answer, in_doubt=any(each.is_lost for each in answers))
        return submit.name

    def find(self, order: LaunchOrder) -> str | None:
        return self._owned(order.token, run_name(self._deployed(order.job), order.token), "look for")

    def state(self, execution: str, *, ask_again: bool = False) -> ExecutionState:
        if not self._may_be_mine(execution):
            return UNKNOWN
        return self._remembered.state(execution, self._ask, ask_again=ask_again)

    def cancel(self, execution: str) -> None:
        """Code Engine stops a job run only by deleting it; its containers get SIGTERM."""
        if self._may_be_mine(execution):
            self._delete(execution, "cancel")

    def release(self, execution: str) -> bool:
        """Delete the job run if it has ended: a project has room for 100, ended ones included."""
        if not self._may_be_mine(execution):
            return True
        try:
            run = self._read(execution, "release")
            if run and not run.has_ended:
                return False
            if run:
                self._delete(execution, "release")
        except PlatformError as error:
            log(logging.WARNING, "release_postponed", str(error), execution=execution)
            return False
        return True

    def _may_be_mine(self, execution: str) -> bool:
        return execution.startswith(self._deployed("")) and bool(re.fullmatch(r"[a-z0-9-]{1,63}", execution))

    def _deployed(self, job: str) -> str:
        return deployed_name(self._prefix, job)

    def _explain(self, token: str, submit: "_Submit", answer: ApiAnswer, *, in_doubt: bool) -> None:
        """Return if the launch has started despite this answer; otherwise raise the reason.

        `in_doubt` if an earlier answer was lost: then a refusal does not mean that the first try failed.
        """
        action = f"start {submit.name}"
        if answer.status == 409 or in_doubt:
            if self._has_started(token, submit.name, answer):
                return
            if answer.status == 409 or answer.is_lost:
                raise PlatformBusy(self.name, action, self._why(answer))
        if _is_busy(answer):
            room = "Code Engine keeps 100 job runs a project, ended ones included; delete some"
            raise PlatformBusy(self.name, action, f"{self._why(answer)}; {room}")
        if answer.status == 404:
            remedy = f"python -m codeengine.apply -f {submit.file}"
            where = f"job {submit.job} in project {self._client.project_id}"
            raise PlatformError(self.name, action, f"{self._why(answer)}; deploy {where}: {remedy}")
        raise PlatformError(self.name, action, self._why(answer))

    def _has_started(self, token: str, name: str, answer: ApiAnswer) -> bool:
        """Whether there is a job run of the claim; raises `PlatformBusy` where that can't be known, and
        `PlatformError` for a conflict with a run that is someone else's."""
        try:
            return self._owned(token, name, "start") is not None
        except PlatformBusy as error:  # the first answer has the reason
            raise PlatformBusy(self.name, f"start {name}", self._why(answer)) from error
        except PlatformError as error:
            if answer.status == 409:
                raise
            raise PlatformBusy(*error.args) from error

    def _owned(self, token: str, name: str, verb: str) -> str | None:
        """The name, if there is a job run of it; raises `PlatformError` when that is someone else's."""
        run = self._read(name, verb)
        if run is None:
            return None
        if run.literal(CLAIM_VARIABLE) != token:
            theirs = f"a job run of that name exists and is not of claim {token}; delete it"
            raise PlatformError(self.name, f"{verb} {name}", theirs)
        return name

    def _read(self, name: str, verb: str) -> JobRun | None:
        """The job run, or None if there is none; raises `PlatformBusy` when it can't be known for now."""
        answer = self._client.get_run(name)
        if answer.status == 404:
            return None
        if not answer.is_done:
            kind = PlatformBusy if answer.may_pass else PlatformError
            raise kind(self.name, f"{verb} {name}", self._why(answer))
        try:
            return JobRun.model_validate(answer.body)
        except ValidationError as error:
            reason = f"its description can't be read: {problems_of(error)}"
            raise PlatformError(self.name, f"{verb} {name}", reason) from error

    def _ask(self, execution: str) -> ExecutionState:
        try:
            run = self._read(execution, "look at")
        except PlatformError as error:
            log(logging.WARNING, "state_unknown", str(error), execution=execution)
            return NO_NEWS if isinstance(error, PlatformBusy) else UNKNOWN
        if run is None:
            return UNKNOWN
        if run.status in ("pending", "running"):
            return ExecutionState(status="running")
        if not run.has_ended:
            return UNKNOWN
        tasks = reasons_by_task(run)
        return ExecutionState(status="ended", reason=reason_of_run(run, tasks), task_reasons=tasks)

    def _delete(self, execution: str, verb: str) -> None:
        answer = self._client.delete_run(execution)
        if not answer.is_done and answer.status != 404:
            raise PlatformError(self.name, f"{verb} {execution}", self._why(answer))
        self._remembered.forget(execution)

    def _why(self, answer: ApiAnswer) -> str:
        return why_refused(answer, self._client.project_id)


@dataclass(frozen=True, kw_only=True)
class _Submit:
    """A job run to be started."""

    name: str
    job: str
    file: str
    """Deploys the job."""
    body: Mapping[str, Any]


def _body(order: LaunchOrder | JobOrder, submit: _Submit) -> dict[str, Any]:
    own = {CLAIM_VARIABLE: order.token, CREATION_VARIABLE: order.creation_id}
    return {
        **submit.body,
        "name": submit.name,
        "job_name": submit.job,
        "run_env_variables": [*_literals(own), *submit.body.get("run_env_variables", ())],
        "scale_retry_limit": order.definition.retries,
    }


def _literals(variables: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"type": "literal", "name": name, "value": value} for name, value in variables.items()]


def run_name(job: str, token: str) -> str:
    """The name of a job's run under a claim, whose token is never cut."""
    plain = re.fullmatch(r"[a-z0-9]{1,16}", token)
    token = token if plain else hashlib.sha256(token.encode()).hexdigest()[:16]
    return f"{job[: _LONGEST_NAME - len(token) - 1].rstrip('-')}-{token}"


def _is_busy(answer: ApiAnswer) -> bool:
    refused = 400 <= answer.status < 500
    return answer.status == 429 or (refused and bool(_QUOTA.search(answer.reason)))


def _calls_for_another(answer: ApiAnswer) -> bool:
    return answer.is_lost or _is_busy(answer)
