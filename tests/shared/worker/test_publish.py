from pathlib import Path

import pytest

from shared.errors import PreconditionFailed, StaleAttempt
from shared.records.creation import Creation
from shared.records.documents import Record, utc_now
from shared.stages.stage import Output
from shared.storage import ABSENT, ObjectStore
from shared.storage.memory import MemoryStore
from shared.worker.ownership import Ownership
from shared.worker.publish import publish
from tests.support.toys import contents, generations, watched


def own(store: ObjectStore, owner: str = "me", *, replacing: str = ABSENT) -> Ownership:
    now = utc_now()
    record = Record(
        pipeline="toys", stage="left", run=1, owner=owner, status="running", started_at=now, heartbeat_at=now
    )
    return Ownership(Creation(store, "toy"), "stages/left.json", record, replacing=replacing)


def take_over(store: ObjectStore) -> Ownership:
    return own(store, "another", replacing=store.read("toy/stages/left.json")[1].generation)


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def outputs(tmp_path: Path) -> dict[str, Output]:
    made = {}
    for label in ("one", "two"):
        path = tmp_path / label
        path.write_text(label)
        made[label] = Output(name=f"assets/{label}.txt", path=path, description=f"number {label}")
    return made


def test_outputs_are_there_and_described(store: MemoryStore, outputs: dict[str, Output]) -> None:
    published = publish(Creation(store, "toy"), outputs, own(store))
    assert contents(store) == {"toy/assets/one.txt": b"one", "toy/assets/two.txt": b"two"}
    for label, output in published.items():
        info = store.stat(f"toy/{output.key}")
        assert info is not None
        assert (output.size_bytes, output.content_hash) == (info.size_bytes, info.content_hash)
        assert output.description == f"number {label}"


def test_an_older_output_is_replaced(store: MemoryStore, outputs: dict[str, Output]) -> None:
    store.write("toy/assets/one.txt", b"older")
    publish(Creation(store, "toy"), outputs, own(store))
    assert contents(store)["toy/assets/one.txt"] == b"one"


def test_the_same_bytes_are_written_again_so_that_a_sleeper_s_precondition_fails(
    store: MemoryStore, outputs: dict[str, Output]
) -> None:
    store.write("toy/assets/one.txt", b"one")
    before = generations(store)
    publish(Creation(store, "toy"), outputs, own(store))
    assert generations(store)["toy/assets/one.txt"] != before["toy/assets/one.txt"]


@pytest.mark.parametrize("moment", range(1, 6))
def test_an_attempt_that_another_overtakes_at_any_call_leaves_the_other_s_outputs(
    store: MemoryStore, outputs: dict[str, Output], moment: int
) -> None:
    calls: list[str] = []

    def on_call(_number: int, side: str, name: str, _key: str) -> None:
        if armed and side == "before":
            calls.append(name)
            if len(calls) == moment:
                take_over(store)
                for label in outputs:
                    store.write(f"toy/assets/{label}.txt", b"the other's")

    armed: list[bool] = []
    sleeper = watched(store, on_call)
    attempt = own(sleeper)
    armed.append(True)
    with pytest.raises(StaleAttempt):
        publish(Creation(sleeper, "toy"), outputs, attempt)
    assert contents(store)["toy/assets/two.txt"] == b"the other's"
    assert contents(store)["toy/assets/one.txt"] == b"the other's"
    assert calls[:moment] == ["stat", "stat", "write", "upload", "upload"][:moment]


def test_someone_s_edit_in_between_is_replaced_while_the_record_is_ours(
    store: MemoryStore, outputs: dict[str, Output]
) -> None:
    def on_call(_number: int, side: str, name: str, key: str) -> None:
        if (side, name) == ("before", "upload") and not edited:
            edited.append(key)
            store.write(key, b"edited")

    edited: list[str] = []
    publish(Creation(watched(store, on_call), "toy"), outputs, own(store))
    assert contents(store)[edited[0]] == b"one"


def test_an_output_that_keeps_changing_is_given_up(store: MemoryStore, outputs: dict[str, Output]) -> None:
    def on_call(_number: int, side: str, name: str, key: str) -> None:
        if (side, name) == ("before", "upload"):
            store.write(key, b"edited")

    with pytest.raises(PreconditionFailed, match="keeps changing"):
        publish(Creation(watched(store, on_call), "toy"), outputs, own(store))
