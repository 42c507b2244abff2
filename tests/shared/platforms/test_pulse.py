"""When an attempt counts as silent: in looks of its launcher, whatever any clock says."""

from datetime import timedelta
from typing import Literal

import pytest

from shared.errors import StoreError
from shared.pipelines.definition import FUSED, FusedDefinition, JobDefinition
from shared.platforms import LaunchOrder
from shared.platforms.pulse import Patience, Pulse, patience_of
from shared.records.creation import Creation
from shared.records.documents import Record, utc_now
from shared.settings import Settings
from shared.storage import ObjectStore
from shared.storage.memory import MemoryStore
from tests.support.toys import failing, toys

BEGAN = utc_now()
PATIENCE = Patience(at_work_s=60, otherwise_s=300)
LOOKS = 12
"""In `at_work_s`."""


def pulse_of(store: ObjectStore, stage: str = "right", patience: Patience = PATIENCE) -> Pulse:
    definition: JobDefinition = FusedDefinition(job="toys", most_assets=1)
    if stage != FUSED:
        definition = toys().stages[stage]
    order = LaunchOrder(
        pipeline="toys", stage=stage, job="toys", definition=definition,
        creation_id="toy", run=3, token="t", tasks=3,
    )  # fmt: skip
    pulse = Pulse(creation=Creation(store, "toy"), order=order, execution="mine", index=1, patience=patience)
    assert pulse.silence() == ""
    return pulse


def beat(
    store: ObjectStore,
    at_s: float = 0,
    *,
    name: str = "right/1",
    execution: str = "mine",
    run: int = 3,
    status: Literal["running", "success"] = "running",
) -> None:
    record = Record(
        pipeline="toys", stage="right", index=1, run=run, owner="o", execution=execution, status=status,
        started_at=BEGAN, heartbeat_at=BEGAN + timedelta(seconds=at_s),
    )  # fmt: skip
    Creation(store, "toy").write(f"stages/{name}.json", record.to_bytes())


def looks(pulse: Pulse, most: int = 1000) -> int:
    """How many looks in a row see no reason to end the attempt."""
    return next((number for number in range(most) if pulse.silence()), most)


def test_an_attempt_whose_heartbeat_stops_is_silent_when_the_time_for_it_is_over() -> None:
    store = MemoryStore()
    pulse = pulse_of(store)
    beat(store)
    assert looks(pulse) == LOOKS + 1
    assert pulse.silence() == (
        "its heartbeat was 70 s old, more than STALE_AFTER_S=60 allows, so it was ended"
    )


def test_an_attempt_whose_heartbeat_goes_on_is_never_silent_whatever_its_clock_says() -> None:
    store = MemoryStore()
    pulse = pulse_of(store)
    for number in range(10):
        beat(store, -1e7 - number)
        assert looks(pulse, LOOKS) == LOOKS


@pytest.mark.parametrize(
    "other", [{}, {"execution": "another"}, {"run": 2}, {"status": "success"}, {"name": "right/0"}], ids=str
)
def test_an_attempt_that_has_yet_to_begin_or_to_end_may_be_silent_for_longer(other: dict[str, str]) -> None:
    store = MemoryStore()
    pulse = pulse_of(store)
    if other:
        beat(store, **other)  # type: ignore[arg-type]  # each of its own type
    assert 4 * LOOKS < looks(pulse) < 6 * LOOKS
    assert pulse.silence().startswith("it wrote no heartbeat for ")


def test_the_heartbeat_of_an_attempt_before_is_not_this_one_s() -> None:
    store = MemoryStore()
    beat(store)
    pulse = pulse_of(store)
    assert looks(pulse) > 2 * LOOKS
    beat(store, 1)
    assert looks(pulse) == LOOKS + 1


def test_a_store_that_can_t_be_read_says_nothing_of_the_attempt() -> None:
    store = MemoryStore()
    beat(store)
    pulse = pulse_of(store)
    beat(store, 1)
    assert looks(pulse, LOOKS) == LOOKS
    pulse.creation = Creation(
        failing(store, StoreError("read", "x", "is ill"), call="read", key="1.json"), "toy"
    )
    assert looks(pulse) == LOOKS + 1


def test_of_all_stages_in_one_container_any_one_s_heartbeat_counts() -> None:
    store = MemoryStore()
    pulse = pulse_of(store, FUSED)
    beat(store, name="first", status="success")
    for number in range(4):
        beat(store, number, name=f"right/{number}")
        assert looks(pulse, LOOKS) == LOOKS
    assert looks(pulse) < LOOKS
    assert "STALE_AFTER_S=60" in pulse.silence()


def test_the_setting_decides_but_for_a_start_that_is_never_hurried() -> None:
    assert patience_of(Settings(stale_after_s=10)) == Patience(at_work_s=10, otherwise_s=300)
    assert patience_of(Settings(stale_after_s=900)) == Patience(at_work_s=900, otherwise_s=900)
