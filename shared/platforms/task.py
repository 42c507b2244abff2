"""Which task of which attempt this process is: the only place that reads the platforms' variables."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from shared.errors import InvalidSettings


@dataclass(frozen=True, kw_only=True)
class Task:
    """One index of a stage, on its nth attempt."""

    index: int = 0
    attempt: int = 0
    """0 on the first try."""
    execution: str = ""
    """The platform's name of this execution; empty when a person started the process."""
    claim: str = ""
    """The launcher's fencing token; empty when a person started the process."""
    opens: str = ""
    """The run that a workflow engine wants this to be part of (`Request.opened_by`)."""

    @property
    def managed(self) -> bool:
        """Whether a platform started this process, and so may start it again when it fails."""
        return bool(self.execution)

    def is_last(self, retries: int) -> bool:
        """Whether no attempt follows this one. Inside a fused container, which itself is restarted, each of
        its attempts counts as `retries` + 1 of a stage's."""
        return self.attempt % (retries + 1) == retries


_PLATFORMS: Final = (
    # execution, index, attempt; the local platform first, since it may itself run inside a cloud's container
    ("TASK_EXECUTION", "TASK_INDEX", "TASK_ATTEMPT"),
    ("CLOUD_RUN_EXECUTION", "CLOUD_RUN_TASK_INDEX", "CLOUD_RUN_TASK_ATTEMPT"),
    ("CE_JOBRUN", "JOB_INDEX", "JOB_INDEX_RETRY_COUNT"),
)
CLAIM_VARIABLE: Final = "REELWRIGHT_CLAIM"
CREATION_VARIABLE: Final = "REELWRIGHT_CREATION"
"""Shows in an execution, e.g. to a completion event, which creation it works on."""
RUN_VARIABLE: Final = "REELWRIGHT_RUN"
VARIABLES: Final = (
    *(variable for three in _PLATFORMS for variable in three),
    *(CLAIM_VARIABLE, CREATION_VARIABLE, RUN_VARIABLE),
)
"""All variables that may identify the process's task."""


def read_task(environ: Mapping[str, str]) -> Task:
    """The task, from Cloud Run's, Code Engine's or our own variables, which Argo and compose set too.

    The number of tasks is not read here: Code Engine's JOB_ARRAY_SIZE shrinks on a partial rerun, so the
    number comes from the claim in the store. Raises `InvalidSettings`.
    """
    for execution, index, attempt in _PLATFORMS:
        if environ.get(execution):
            return Task(
                index=_number(environ, index),
                attempt=_number(environ, attempt),
                execution=environ[execution],
                claim=environ.get(CLAIM_VARIABLE, ""),
                opens=environ.get(RUN_VARIABLE, ""),
            )
    return Task(
        index=_number(environ, "TASK_INDEX"),
        claim=environ.get(CLAIM_VARIABLE, ""),
        opens=environ.get(RUN_VARIABLE, ""),
    )


def _number(environ: Mapping[str, str], variable: str) -> int:
    text = environ.get(variable) or "0"
    if not (text.isascii() and text.isdigit()):
        raise InvalidSettings(f"{variable}={text!r}: must be a whole number from 0")
    return int(text)
