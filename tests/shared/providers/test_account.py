import threading
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from shared.errors import Stopped, StoreError
from shared.providers.account import Account, Bought, key_of
from shared.records.creation import canonical_json
from shared.storage import ObjectInfo
from shared.storage.memory import MemoryStore


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


def shop(sold: list[str], data: bytes = b"sound") -> Callable[[], Bought]:
    def buy() -> Bought:
        sold.append("one")
        return Bought(data=data, facts={"words": [1, 2]}, usd=0.25)

    return buy


def test_what_was_bought_is_bought_by_nobody_again(store: MemoryStore) -> None:
    sold: list[str] = []
    first, second = Account(store), Account(store)
    bought = first.once("voice", {"text": "Hello"}, shop(sold))
    again = second.once("voice", {"text": "Hello"}, shop(sold))
    assert (again.data, again.facts) == (bought.data, bought.facts) == (b"sound", {"words": [1, 2]})
    assert (len(sold), first.spent, second.spent) == (1, {"voice": 0.25}, {})


def test_another_order_or_component_is_another_purchase(store: MemoryStore) -> None:
    sold: list[str] = []
    account = Account(store)
    for component, what in (("voice", {"a": 1}), ("voice", {"a": 2}), ("film", {"a": 1})):
        account.once(component, what, shop(sold))
    assert len(sold) == 3
    assert account.spent == {"film": 0.25, "voice": 0.5}


def test_threads_that_want_the_same_at_once_buy_it_once(store: MemoryStore) -> None:
    sold: list[str] = []
    account = Account(store)
    gate = threading.Barrier(4)

    def work() -> None:
        gate.wait()
        account.once("voice", {"text": "Hello"}, shop(sold))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sold) == 1


def test_a_purchase_that_failed_is_tried_anew(store: MemoryStore) -> None:
    sold: list[str] = []
    account = Account(store)

    def fail() -> Bought:
        raise OSError("no")

    with pytest.raises(OSError, match="no"):
        account.once("voice", {"text": "Hello"}, fail)
    account.once("voice", {"text": "Hello"}, shop(sold))
    assert (len(sold), account.spent) == (1, {"voice": 0.25})


@pytest.mark.parametrize(
    "damage",
    [
        lambda store, key: store.write(f"_paid/voice/{key}.json", b"{"),
        lambda store, key: store.write(f"_paid/voice/{key}.json", canonical_json({"data": 7})),
        lambda store, key: [
            store.write(o.key, b"noise") for o in store.list("_paid/voice/") if "bin" in o.key
        ],
        lambda store, key: [store.delete(o.key) for o in list(store.list("_paid/voice/")) if "bin" in o.key],
    ],
    ids=["half an entry", "a wrong entry", "other bytes", "no bytes"],
)
def test_a_damaged_result_is_bought_once_more_and_then_kept(
    store: MemoryStore, damage: Callable[[MemoryStore, str], Any]
) -> None:
    sold: list[str] = []
    Account(store).once("voice", {"text": "Hello"}, shop(sold))
    damage(store, key_of({"text": "Hello"}))
    for _ in range(2):
        assert Account(store).once("voice", {"text": "Hello"}, shop(sold)).data == b"sound"
    assert len(sold) == 2


class Full(MemoryStore):
    """Takes nothing any more."""

    def write(self, key: str, data: bytes | Iterable[bytes], *, expect: str | None = None) -> ObjectInfo:
        raise StoreError("write", key, "no space left")


def test_what_cannot_be_kept_is_used_all_the_same(caplog: pytest.LogCaptureFixture) -> None:
    account = Account(Full())
    assert account.once("voice", {"text": "Hello"}, shop([])).data == b"sound"
    assert account.spent == {"voice": 0.25}
    assert [getattr(record, "action", "") for record in caplog.records] == ["paid_result_not_kept"]


def test_nothing_is_bought_for_a_stage_that_has_ended(store: MemoryStore) -> None:
    sold: list[str] = []

    def ended() -> None:
        raise Stopped("a signal")

    account = Account(store, check=ended)
    with pytest.raises(Stopped):
        account.once("voice", {"text": "Hello"}, shop(sold))
    assert sold == []
    account.unchecked().once("voice", {"text": "Hello"}, shop(sold))
    assert len(sold) == 1


def test_waiting_ends_soon_after_the_stage(store: MemoryStore) -> None:
    slept: list[float] = []

    def check() -> None:
        if sum(slept) >= 1:
            raise Stopped("a signal")

    with pytest.raises(Stopped):
        Account(store, check=check, sleep=slept.append).sleep(60)
    assert 1 <= sum(slept) <= 2
    slept.clear()
    Account(store, sleep=slept.append).sleep(0.6)
    assert sum(slept) == pytest.approx(0.6)


def test_notes_are_in_the_store_until_they_are_forgotten(store: MemoryStore) -> None:
    Account(store).remember("predictions/a.json", {"id": "x"})
    assert Account(store).recall("predictions/a.json") == {"id": "x"}
    Account(store).forget("predictions/a.json")
    Account(store).forget("predictions/a.json")
    assert Account(store).recall("predictions/a.json") is None
    store.write("_paid/predictions/a.json", b"[1]")
    assert Account(store).recall("predictions/a.json") is None
