import pytest

from codeengine.reasons import JobRun, indices_of, reason_of_run, reasons_by_task


def failed(reasons: dict[int, str | None], **others: object) -> JobRun:
    details = {
        str(index): {"status": "failed", "last_failure_reason": reason} for index, reason in reasons.items()
    }
    status = {"indices_details": details, **others}
    return JobRun.model_validate({"name": "r", "status": "failed", "status_details": status})


def test_nothing_but_a_name_is_enough() -> None:
    run = JobRun.model_validate({"name": "r", "status": None, "status_details": None, "new_field": 1})
    assert (run.has_ended, reasons_by_task(run), reason_of_run(run, {})) == (False, {}, "")


@pytest.mark.parametrize(
    ("spec", "indices"), [("", []), ("4", [4]), ("1,3-5", [1, 3, 4, 5]), ("7-8,2", [2, 7, 8]), ("none", [])]
)
def test_index_lists_are_read(spec: str, indices: list[int]) -> None:
    assert indices_of(spec) == indices


def test_an_index_without_details_has_failed_all_the_same() -> None:
    run = failed({1: "SomethingNew"}, failed_indices="1,3")
    tasks = reasons_by_task(run)
    assert (list(tasks), tasks[1]) == ([1, 3], "SomethingNew")
    assert tasks[3]


def test_one_reason_for_all_is_said_once_and_many_are_cut_short() -> None:
    same = failed({0: "ContainerExitedCode3", 5: "ContainerExitedCode3"})
    assert reason_of_run(same, reasons_by_task(same)) == "exit code 3"
    many = failed({index: f"ContainerExitedCode{index + 1}" for index in range(5)})
    told = reason_of_run(many, reasons_by_task(many))
    assert told == "task 0: exit code 1; task 1: exit code 2; task 2: exit code 3; and 2 more"


def test_a_failure_that_nothing_is_said_of_still_has_a_reason() -> None:
    run = failed({})
    assert reason_of_run(run, reasons_by_task(run))
