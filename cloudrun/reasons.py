"""Explains why an execution ended, as clauses for people.

The words of an attempt's status are Cloud Run's ("Task x failed with exit code: 0 and message: The configured
memory limit was reached."). They are not documented, so unknown ones are passed on unchanged.
"""

from typing import Final

from google.cloud import run_v2

_EXECUTION_REASONS: Final = {
    run_v2.Condition.ExecutionReason.CANCELLED: "it was cancelled",
    run_v2.Condition.ExecutionReason.CANCELLING: "it was cancelled",
    run_v2.Condition.ExecutionReason.DELETED: "it was deleted",
}
_NO_IMAGE: Final = "its image could not be pulled"
_NO_PERMISSION: Final = f"{_NO_IMAGE}: Cloud Run's service agent lacks roles/artifactregistry.reader on it"
_COMMON_REASONS: Final = {
    run_v2.Condition.CommonReason.CONTAINER_MISSING: _NO_IMAGE,
    run_v2.Condition.CommonReason.CONTAINER_PERMISSION_DENIED: _NO_PERMISSION,
    run_v2.Condition.CommonReason.CONTAINER_IMAGE_UNAUTHORIZED: "its image is not authorized by policy",
    run_v2.Condition.CommonReason.SECRETS_ACCESS_CHECK_FAILED: "a secret that it needs could not be read",
}
_KILLED: Final = "its container was killed by signal 9, as when memory runs out"
_MESSAGES: Final = {
    "memory limit": "its memory ran out (memory_mib in pipeline.yaml)",
    "timeout was reached": "took longer than its time limit (time_limit_s in pipeline.yaml)",
}
"""By words in the status of an attempt; exit code and signal may both be 0 then."""


def completion(execution: run_v2.Execution) -> run_v2.Condition:
    """The condition that reports the end; others (`ResourcesAvailable`) succeed in failed executions too."""
    found = (condition for condition in execution.conditions if condition.type_ == "Completed")
    return next(found, run_v2.Condition())


def reason_of_execution(completed: run_v2.Condition, tasks: dict[int, str]) -> str:
    """Why an execution failed, for a person."""
    known = _EXECUTION_REASONS.get(completed.execution_reason) or _COMMON_REASONS.get(completed.reason)
    if known == _NO_IMAGE and completed.message:
        return f"{known}: {completed.message.rstrip('.')}"
    return known or next(iter(tasks.values()), "") or completed.message.rstrip(".")


def reason_of_task(task: run_v2.Task) -> str:
    """Why a task's last attempt failed; empty if it didn't, or without a reason."""
    result = task.last_attempt_result
    message = str(result.status.message)
    for words, reason in _MESSAGES.items():
        if words in message:
            return reason
    if result.term_signal == 9 or result.exit_code == 137:
        return _KILLED
    if result.term_signal:
        return f"its container was killed by signal {result.term_signal}"
    if result.exit_code:
        return f"exit code {result.exit_code}"
    return message.rstrip(".") if result.status.code else ""
