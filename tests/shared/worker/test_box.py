import json
import threading
from pathlib import Path
from typing import Any

import pytest

from shared.errors import BadRequest, StaleAttempt, Stopped, StoreError
from shared.machine.process import this_process
from shared.platforms.task import Task
from shared.records.creation import Creation
from shared.records.documents import utc_now
from shared.stages.stage import Context, Result
from shared.storage import ABSENT
from shared.storage.memory import MemoryStore
from shared.worker.box import run_task
from tests.shared.runs.attempts import MANAGED, ask, broken, claim, leave, record_of, run_first
from tests.support.toys import QUICK, STAGES, failing, generations, run_fused, toys, watched


def test_a_stage_started_by_hand_asks_claims_works_and_records(store: MemoryStore) -> None:
    record = run_first(store)
    assert record == record_of(store)
    assert (record.status, record.reused, record.run, record.attempt) == ("success", False, 1, 0)
    assert record.outputs["first"].key == "assets/first.json"
    assert record.metadata == {"items": 5}
    assert [file.key for file in record.inputs] == ["assets/words.txt"]
    assert (record.progress, record.final, record.process) == (1, True, this_process())
    assert record.cost.bytes_in > 0 < record.cost.bytes_out
    assert set(record.cost.usd) == {"cloudrun", "codeengine"}


def test_work_that_stands_is_not_done_again(store: MemoryStore) -> None:
    run_first(store)
    before = generations(store)
    record = run_first(store, run=broken)
    assert (record.status, record.reused, record.metadata) == ("success", True, {"items": 5})
    assert generations(store) == before


@pytest.mark.parametrize("change", ["input", "output edited", "output gone", "parameters", "version", "salt"])
def test_work_is_done_again_when_what_it_hangs_on_changed(store: MemoryStore, change: str) -> None:
    run_first(store)
    stage = STAGES["first"]
    if change == "input":
        store.write("toy/assets/words.txt", b"other words")
    elif change == "output edited":
        store.write("toy/assets/first.json", b"[]")
    elif change == "output gone":
        store.delete("toy/assets/first.json")
    elif change == "parameters":
        ask(store, parameters={"voice": "high"})
    elif change == "version":
        stage = type(stage)(**{**vars(stage), "version": 2})
    else:
        stage = type(stage)(**{**vars(stage), "salt": lambda _settings: "another voice"})
    record = run_task(stage, toys(), Creation(store, "toy"), Task(), QUICK)
    assert not record.reused
    assert json.loads(store.read("toy/assets/first.json")[0])[-1] == (
        "words" if change == "input" else "five"
    )


def test_a_result_that_is_not_reusable_is_made_anew(store: MemoryStore) -> None:
    def fickle(context: Context) -> Result:
        return Result(reusable=False)

    assert not run_first(store, run=fickle).reused
    assert not run_first(store, run=fickle).reused


@pytest.mark.logs_errors
def test_a_failure_is_in_the_record_with_its_cause(store: MemoryStore) -> None:
    with pytest.raises(RuntimeError, match="it broke"):
        run_first(store, run=broken)
    record = record_of(store)
    assert (record.status, record.final) == ("failed", True)
    assert record.error is not None
    assert (record.error.kind, record.error.permanent) == ("RuntimeError", False)
    assert "it broke" in record.error.message


@pytest.mark.logs_errors
def test_a_failed_attempt_that_a_platform_will_repeat_is_not_final(store: MemoryStore) -> None:
    ask(store)
    claim(store)
    for attempt, final in [(0, False), (1, False), (2, True)]:
        with pytest.raises(RuntimeError):
            run_first(store, Task(execution="fake", claim="secret", attempt=attempt), broken)
        record = record_of(store)
        assert (record.attempt, record.final) == (attempt, final)


@pytest.mark.logs_errors
def test_a_bad_request_is_refused_at_once_when_it_is_repeated(store: MemoryStore) -> None:
    store.write("toy/assets/words.txt", b" ")
    ask(store)
    claim(store)
    with pytest.raises(BadRequest):
        run_first(store, MANAGED)
    assert record_of(store).final
    with pytest.raises(BadRequest):
        run_first(store, Task(execution="fake", claim="secret", attempt=1), broken)
    assert record_of(store).attempt == 0


def test_a_process_with_another_launch_s_token_does_nothing(store: MemoryStore) -> None:
    ask(store)
    claim(store, token="another")
    before = generations(store, "")
    with pytest.raises(StaleAttempt):
        run_first(store, MANAGED)
    assert generations(store, "") == before


@pytest.mark.parametrize(
    "later",
    [{"run": 2}, {"run": 2, "status": "success"}, {"execution": "fake", "attempt": 1, "status": "failed"}],
    ids=["later run", "later run that is done", "later attempt"],
)
def test_a_record_of_later_work_is_not_taken_over(store: MemoryStore, later: dict[str, Any]) -> None:
    ask(store)
    claim(store)
    leave(store, **later)
    before = generations(store, "")
    with pytest.raises(StaleAttempt):
        run_first(store, MANAGED)
    assert generations(store, "") == before


def test_a_task_that_was_done_in_this_run_is_not_touched_when_it_is_delivered_twice(
    store: MemoryStore,
) -> None:
    ask(store)
    claim(store)
    run_first(store, MANAGED)
    before = generations(store, "")
    assert run_first(store, MANAGED, broken).status == "success"
    assert generations(store, "") == before


def test_a_task_at_work_elsewhere_is_left_alone(store: MemoryStore) -> None:
    ask(store)
    claim(store)
    leave(store, process="far|away|1|2")
    assert run_first(store, MANAGED, broken).owner == "another"
    assert record_of(store).status == "running"


@pytest.mark.parametrize("sign", ["silent", "gone", "next attempt"])
def test_a_task_whose_worker_died_is_taken_over(store: MemoryStore, sign: str) -> None:
    ask(store)
    claim(store)
    changes: dict[str, dict[str, Any]] = {
        "silent": {"heartbeat_at": "2020-01-01T00:00:00Z"},
        "gone": {"process": this_process().rpartition("|")[0] + "|1"},
        "next attempt": {"execution": "fake"},
    }
    leave(store, **changes[sign])
    task = Task(execution="fake", claim="secret", attempt=1) if sign == "next attempt" else MANAGED
    assert run_first(store, task).status == "success"


def test_a_stage_of_a_cancelled_run_does_not_begin(store: MemoryStore) -> None:
    ask(store, cancelled_at=utc_now())
    claim(store)
    with pytest.raises(Stopped):
        run_first(store, MANAGED, broken)
    error = record_of(store).error
    assert error is not None
    assert error.kind == "Stopped"


@pytest.mark.logs_errors
def test_ctrl_c_is_recorded_as_a_stop(store: MemoryStore) -> None:
    def interrupted(_context: Context) -> Result:
        raise KeyboardInterrupt

    with pytest.raises(Stopped):
        run_first(store, run=interrupted)
    error = record_of(store).error
    assert error is not None
    assert error.kind == "Stopped"


@pytest.mark.logs_errors
@pytest.mark.parametrize("signal", [KeyboardInterrupt(), Stopped("SIGTERM")])
def test_what_a_signal_breaks_is_recorded_as_a_stop(store: MemoryStore, signal: BaseException) -> None:
    def interrupted(_context: Context) -> Result:
        try:
            raise signal
        finally:
            threading.Lock().release()  # as a lock does that the signal came before: RuntimeError

    with pytest.raises(Stopped):
        run_first(store, run=interrupted)
    error = record_of(store).error
    assert error is not None
    assert error.kind == "Stopped"


def test_a_creation_of_another_pipeline_is_refused(store: MemoryStore) -> None:
    ask(store, pipeline="story")
    with pytest.raises(BadRequest, match="story"):
        run_first(store)


def test_a_task_that_the_stage_does_not_have_is_refused(store: MemoryStore) -> None:
    with pytest.raises(BadRequest, match="task 1"):
        run_first(store, Task(index=1))


def test_the_scratch_folder_goes_away_whatever_happens(store: MemoryStore) -> None:
    seen: list[Path] = []

    def look(context: Context) -> Result:
        (context.scratch / "file").write_text("x")
        seen.append(context.scratch)
        raise Stopped("SIGTERM")

    ask(store)
    claim(store)
    with pytest.raises(Stopped):
        run_first(store, MANAGED, look)
    assert not seen[0].exists()


def test_what_the_stage_keeps_stays_and_what_is_older_goes(store: MemoryStore) -> None:
    creation = Creation(store, "toy")
    for name in ("old", "kept"):
        creation.write(f"cache/things/{name}", b"")
    creation.write("cache/others/old", b"")

    def tidy(context: Context) -> Result:
        context.creation.write("cache/things/new", b"")
        return Result(keep={"cache/things/": frozenset({"cache/things/kept"})})

    run_first(store, run=tidy)
    assert [name for name, _ in creation.list("cache/")] == [
        "cache/others/old",
        "cache/things/kept",
        "cache/things/new",
    ]


def test_an_attempt_that_was_taken_over_prunes_nothing(store: MemoryStore) -> None:
    creation = Creation(store, "toy")
    creation.write("cache/things/old", b"")

    def on_call(_number: int, side: str, name: str, key: str) -> None:
        if (side, name) == ("before", "list") and key.endswith("cache/things/"):
            leave(store, run=2)

    def tidy(_context: Context) -> Result:
        return Result(keep={"cache/things/": frozenset()})

    with pytest.raises(StaleAttempt):
        run_first(watched(store, on_call), run=tidy)
    assert creation.stat("cache/things/old") is not None


def test_a_document_that_is_no_json_names_itself_and_the_remedy(store: MemoryStore) -> None:
    run_first(store)
    for name, data in [
        ("stages/first.json", b"{"),
        ("claims/1/first", b"\xff"),
        ("request.json", b'{"run": 0}'),
    ]:
        kept, _ = store.read(f"toy/{name}")
        store.write(f"toy/{name}", data)
        with pytest.raises(StoreError, match="delete it") as caught:
            run_first(store)
        assert caught.value.args[1] == f"toy/{name}"
        store.write(f"toy/{name}", kept)


def test_a_request_that_was_removed_starts_beyond_the_claims_that_are_left(store: MemoryStore) -> None:
    run_fused(store)
    run_fused(store)
    store.delete("toy/request.json")
    assert run_first(store).run == 3
    assert store.read("toy/claims/3/first")[1].generation != ABSENT


def test_a_failing_first_write_of_an_output_is_done_by_the_next_attempt(store: MemoryStore) -> None:
    error = StoreError("write", "assets/first.json", "no room")
    faulty = failing(store, error, call="upload", key="assets/first.json", when="before")
    ask(store)
    claim(store)
    with pytest.raises(StoreError, match="no room"):
        run_first(faulty, MANAGED)
    assert run_first(faulty, Task(execution="fake", claim="secret", attempt=1)).status == "success"


def chained(name: str, workflow: str, store: MemoryStore, *, index: int = 0, attempt: int = 0) -> Any:
    """One pod of a workflow that chains the stages itself."""
    task = Task(index=index, attempt=attempt, execution=f"argo|{workflow}", opens=workflow)
    return run_task(STAGES[name], toys(), Creation(store, "toy"), task, QUICK)


def test_the_first_stage_of_a_workflow_opens_a_run_that_its_other_stages_belong_to(
    store: MemoryStore,
) -> None:
    assert [chained(name, "w1", store).run for name in ("first", "left")] == [1, 1]
    assert [chained("right", "w1", store, index=index).status for index in range(3)] == ["success"] * 3
    assert chained("last", "w1", store).status == "success"
    again = [chained(name, "w2", store) for name in ("first", "left")]
    assert [(record.run, record.reused) for record in again] == [(2, True), (2, True)]


def test_a_retried_pod_stays_in_the_run_of_its_workflow(store: MemoryStore) -> None:
    assert [chained("first", "w1", store, attempt=attempt).run for attempt in (0, 1)] == [1, 1]


def test_a_pod_of_a_workflow_that_was_overtaken_does_nothing(store: MemoryStore) -> None:
    chained("first", "w1", store)
    chained("first", "w2", store)
    with pytest.raises(StaleAttempt):
        chained("left", "w1", store)


def test_a_fan_out_without_a_trigger_has_as_many_tasks_as_the_stage_before_it_says(
    store: MemoryStore,
) -> None:
    run_first(store)
    task = Task(index=2)
    record = run_task(STAGES["right"], toys(), Creation(store, "toy"), task, QUICK)
    assert record.outputs["right2"].key == "assets/right/2.txt"
    with pytest.raises(BadRequest):
        run_task(STAGES["right"], toys(), Creation(store, "toy"), Task(index=3), QUICK)


def test_a_first_pod_of_a_workflow_that_was_overtaken_opens_no_run(store: MemoryStore) -> None:
    for workflow in ("w1", "w2", "w3"):
        chained("first", workflow, store)
    for workflow in ("w1", "w2"):
        with pytest.raises(StaleAttempt):
            chained("first", workflow, store)
    assert record_of(store).run == 3
