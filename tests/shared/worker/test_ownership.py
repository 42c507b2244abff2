import threading
from functools import partial

import pytest

from shared.errors import PreconditionFailed, StaleAttempt, Stopped, StoreError
from shared.records.documents import utc_now
from shared.stages.stage import Context, Result
from shared.storage.memory import MemoryStore
from tests.shared.runs.attempts import BEATING, MANAGED, ask, claim, leave, record_of, run_first
from tests.support.patience import until
from tests.support.toys import STAGES, contents, watched


@pytest.mark.parametrize("error", [PreconditionFailed, StoreError])
@pytest.mark.parametrize("nth", range(1, 7))
def test_no_lost_answer_loses_the_stage_or_publishes_twice(
    store: MemoryStore, error: type[StoreError], nth: int
) -> None:
    writes: list[str] = []

    def on_call(_number: int, side: str, name: str, key: str) -> None:
        if side == "after" and name in ("write", "upload"):
            writes.append(key)
            if len(writes) == nth:
                raise error(key, "1", "2")

    record = run_first(watched(store, on_call))
    assert record == record_of(store)
    assert record.status == "success"
    assert len([key for key in writes if key.endswith("assets/first.json")]) == 1
    assert len(writes) >= nth


@pytest.mark.parametrize("error", [PreconditionFailed, StoreError])
def test_a_lost_answer_to_a_heartbeat_is_not_a_lost_stage(
    store: MemoryStore, error: type[StoreError]
) -> None:
    beaten = threading.Event()
    records = 0

    def on_call(_number: int, side: str, name: str, key: str) -> None:
        nonlocal records
        if side == "after" and name == "write" and key.endswith("stages/first.json"):
            records += 1
            if records in (2, 3):
                raise error("write", key, "no answer")
            if records > 4:
                beaten.set()

    def slow(context: Context) -> Result:
        assert beaten.wait(20)
        context.progress.update(0.5, "still here")
        return Result()

    assert run_first(watched(store, on_call), run=slow, settings=BEATING).status == "success"


def test_a_store_that_is_down_for_a_while_does_not_end_the_stage(
    store: MemoryStore, caplog: pytest.LogCaptureFixture
) -> None:
    down = threading.Event()
    missed = threading.Semaphore(0)

    def on_call(_number: int, side: str, _name: str, key: str) -> None:
        if down.is_set() and side == "before":
            missed.release()
            raise StoreError("reach", key, "it is down")

    def slow(_context: Context) -> Result:
        down.set()
        for _ in range(4):
            assert missed.acquire(timeout=20)
        down.clear()
        return Result()

    assert run_first(watched(store, on_call), run=slow, settings=BEATING).status == "success"
    assert "heartbeat_missed" in {getattr(record, "action", "") for record in caplog.records}


@pytest.mark.logs_errors
def test_a_failure_that_cannot_be_recorded_is_still_the_one_that_is_raised(store: MemoryStore) -> None:
    def on_call(_number: int, side: str, _name: str, key: str) -> None:
        if down and side == "before":
            raise StoreError("reach", key, "it is down")

    down: list[bool] = []

    def fails(_context: Context) -> Result:
        down.append(True)
        raise RuntimeError("it broke")

    with pytest.raises(RuntimeError, match="it broke"):
        run_first(watched(store, on_call), run=fails)


def shows(store: MemoryStore, message: str) -> bool:
    return record_of(store).message == message


def test_progress_shows_in_the_record_and_never_goes_backwards(store: MemoryStore) -> None:
    seen: list[tuple[float, str]] = []

    def steps(context: Context) -> Result:
        for fraction, message in [(0.2, "a"), (0.7, "b"), (0.4, "c"), (7.0, "d")]:
            context.progress.update(fraction, message)
            until(partial(shows, store, message))
            seen.append((record_of(store).progress, message))
        return Result()

    run_first(store, run=steps, settings=BEATING)
    assert seen == [(0.2, "a"), (0.7, "b"), (0.7, "c"), (1.0, "d")]


def test_a_cancelled_run_stops_a_stage_that_reports_progress(store: MemoryStore) -> None:
    def endless(context: Context) -> Result:
        ask(store, cancelled_at=utc_now())
        while True:
            context.progress.update(0.5, "on and on")

    ask(store)
    claim(store)
    with pytest.raises(Stopped, match="cancel"):
        run_first(store, MANAGED, endless, BEATING)
    assert record_of(store).status == "failed"
    assert "toy/assets/first.json" not in contents(store)


def test_a_cancelled_run_publishes_nothing_more(store: MemoryStore) -> None:
    def oblivious(context: Context) -> Result:
        result = STAGES["first"].run(context)
        ask(store, cancelled_at=utc_now())
        until(lambda: _raises(context))
        return result

    ask(store)
    claim(store)
    with pytest.raises(Stopped):
        run_first(store, MANAGED, oblivious, BEATING)
    assert "toy/assets/first.json" not in contents(store)


def _raises(context: Context) -> bool:
    try:
        context.progress.update(0.5, "still here")
    except Stopped:
        return True
    return False


def test_the_heartbeat_notices_a_take_over(store: MemoryStore) -> None:
    def robbed(context: Context) -> Result:
        leave(store, run=2)
        while True:
            context.progress.update(0.5, "unaware")

    with pytest.raises(StaleAttempt):
        run_first(store, run=robbed, settings=BEATING)
    assert record_of(store).owner == "another"
