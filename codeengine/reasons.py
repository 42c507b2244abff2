"""Reads Code Engine's job runs, and explains why they ended, as clauses for people.

The reasons are those of https://cloud.ibm.com/docs/codeengine?topic=codeengine-troubleshoot-job, which is
incomplete, and those of Kubernetes for images; unknown ones are passed on unchanged.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, model_validator

_KILLED: Final = "its container was killed by signal 9, as when memory runs out"
_NO_IMAGE: Final = "its image could not be pulled (image_reference and image_secret of the job)"
_NO_WORD: Final = "Code Engine does not say why"
_REASONS: Final = {
    "OOMKilled": "it needed more memory than its {memory} (memory_mib in pipeline.yaml)",
    "ExceededEphemeralStorage": "it wrote more than its {disk} of disk (scale_ephemeral_storage_limit)",
    "ExecutableNotFound": "its image does not hold the command to run (run_commands of the job)",
    "MaxExecutionTimeExceeded": "its job run took longer than {limit_s} s (time_limit_s in pipeline.yaml)",
    "ContainerExitedCode137": _KILLED,
    "ContainerExitedCode143": "its container was stopped by signal 15",
    "ErrImagePull": _NO_IMAGE,
    "ImagePullBackOff": _NO_IMAGE,
    "ErrImageNeverPull": _NO_IMAGE,
    "InvalidImageName": _NO_IMAGE,
    "CreateContainerConfigError": "a secret or config map that the job refers to is missing",
}


class _Said(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    @model_validator(mode="before")
    @classmethod
    def _null_is_unsaid(cls, data: Any) -> Any:
        return (
            {key: value for key, value in data.items() if value is not None}
            if isinstance(data, dict)
            else data
        )


class EnvVar(_Said):
    """A variable of a job run; `value` only when it is a literal."""

    name: str = ""
    value: str = ""


class IndexDetails(_Said):
    """The state of the latest attempt of one index."""

    status: str = ""
    last_failure_reason: str = ""


class StatusDetails(_Said):
    """The indices of a job run."""

    failed_indices: str = ""
    """Such as `1,3-4`."""
    indices_details: dict[int, IndexDetails] = Field(default_factory=dict)


class JobRun(_Said):
    """The fields of a job run that matter here."""

    name: str
    job_name: str = ""
    status: str = ""
    status_details: StatusDetails = Field(default_factory=StatusDetails)
    run_env_variables: tuple[EnvVar, ...] = ()
    scale_ephemeral_storage_limit: str = "limit"
    scale_max_execution_time: int = 0
    scale_memory_limit: str = "limit"

    @property
    def has_ended(self) -> bool:
        return self.status in ("completed", "failed")

    def literal(self, name: str) -> str:
        """The value of the literal variable of that name, or an empty text."""
        return next((variable.value for variable in self.run_env_variables if variable.name == name), "")


def reasons_by_task(run: JobRun) -> dict[int, str]:
    """Why each failed index failed, in order, without those that succeeded in a retry."""
    details = run.status_details.indices_details
    failed = {index for index, detail in details.items() if detail.status == "failed"}
    failed |= set(indices_of(run.status_details.failed_indices))
    return {index: _clause(run, details.get(index, IndexDetails())) for index in sorted(failed)}


def reason_of_run(run: JobRun, tasks: Mapping[int, str]) -> str:
    """Why the job run failed; empty if it didn't."""
    if run.status != "failed":
        return ""
    reasons = set(tasks.values())
    if len(reasons) == 1:
        return reasons.pop()
    told = [f"task {index}: {reason}" for index, reason in list(tasks.items())[:3]]
    more = [f"and {len(tasks) - 3} more"] if len(tasks) > 3 else []
    return "; ".join([*told, *more]) or _NO_WORD


def indices_of(spec: str) -> list[int]:
    """The indices of an array specification such as `1,3-4`, in order; invalid parts are ignored."""
    found: set[int] = set()
    for first, last in re.findall(r"(\d+)(?:-(\d+))?", spec):
        found.update(range(int(first), int(last or first) + 1))
    return sorted(found)


def _clause(run: JobRun, detail: IndexDetails) -> str:
    reason = detail.last_failure_reason
    exited = re.fullmatch(r"ContainerExitedCode(\d+)", reason)
    if reason not in _REASONS:
        return f"exit code {exited[1]}" if exited else reason or _NO_WORD
    return _REASONS[reason].format(
        memory=run.scale_memory_limit,
        disk=run.scale_ephemeral_storage_limit,
        limit_s=run.scale_max_execution_time,
    )
