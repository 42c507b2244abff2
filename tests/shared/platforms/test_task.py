import pytest

from shared.errors import InvalidSettings
from shared.platforms.task import Task, read_task

CLOUD_RUN = {"CLOUD_RUN_EXECUTION": "run-1", "CLOUD_RUN_TASK_INDEX": "3", "CLOUD_RUN_TASK_ATTEMPT": "1"}
CODE_ENGINE = {"CE_JOBRUN": "jobrun-1", "JOB_INDEX": "4", "JOB_INDEX_RETRY_COUNT": "2", "JOB_ARRAY_SIZE": "1"}
LOCAL = {"TASK_EXECUTION": "local-1", "TASK_INDEX": "5", "TASK_ATTEMPT": "0"}


@pytest.mark.parametrize(
    ("environ", "task"),
    [
        ({}, Task()),
        (CLOUD_RUN, Task(index=3, attempt=1, execution="run-1")),
        (CODE_ENGINE, Task(index=4, attempt=2, execution="jobrun-1")),
        (LOCAL, Task(index=5, attempt=0, execution="local-1")),
        ({"TASK_INDEX": "2"}, Task(index=2)),
        ({"CLOUD_RUN_EXECUTION": "run-1"}, Task(execution="run-1")),
        ({"CE_JOBRUN": "jobrun-1", "JOB_INDEX": ""}, Task(execution="jobrun-1")),
        ({"REELWRIGHT_CLAIM": "secret"} | LOCAL, Task(index=5, execution="local-1", claim="secret")),
        ({"REELWRIGHT_CLAIM": "secret"}, Task(claim="secret")),
    ],
)
def test_each_platform_s_variables_are_read(environ: dict[str, str], task: Task) -> None:
    assert read_task(environ) == task


@pytest.mark.parametrize("around", [CLOUD_RUN, CODE_ENGINE])
def test_the_local_platform_inside_a_cloud_s_container_is_the_one_that_counts(
    around: dict[str, str],
) -> None:
    assert read_task(around | LOCAL) == Task(index=5, execution="local-1")


def test_only_what_a_platform_started_is_managed() -> None:
    assert read_task(LOCAL).managed
    assert not read_task({"TASK_INDEX": "1"}).managed


@pytest.mark.parametrize("value", ["-1", "one", "1.5", "٣", " 1"])
def test_a_number_that_is_none_names_its_variable(value: str) -> None:
    with pytest.raises(InvalidSettings, match="CLOUD_RUN_TASK_INDEX") as caught:
        read_task(CLOUD_RUN | {"CLOUD_RUN_TASK_INDEX": value})
    assert repr(value) in str(caught.value)
