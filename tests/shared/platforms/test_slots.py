import threading
from concurrent.futures import ThreadPoolExecutor

from shared.platforms.slots import Slots
from tests.support.patience import until


def test_no_more_work_at_once_than_there_are_places() -> None:
    slots, at_work, most, lock = Slots(2), [0], [0], threading.Lock()

    def work(number: int) -> None:
        with slots.taken(str(number % 3)):
            with lock:
                at_work[0] += 1
                most[0] = max(most[0], at_work[0])
            threading.Event().wait(0.005)
            with lock:
                at_work[0] -= 1

    with ThreadPoolExecutor(max_workers=8) as pool:
        list(pool.map(work, range(24)))
    assert most == [2]


def test_who_waits_for_the_run_that_came_first_is_next() -> None:
    slots, order, let_go = Slots(1), list[str](), threading.Event()

    def hold() -> None:
        with slots.taken("one"):
            assert let_go.wait(10)

    def note(run: str) -> None:
        with slots.taken(run):
            order.append(run)

    with ThreadPoolExecutor(max_workers=5) as pool:
        pool.submit(hold)
        until(lambda: slots._free == 0)
        for number, run in enumerate(["two", "three", "one", "two"], 1):
            pool.submit(note, run)
            until(lambda number=number: len(slots._waiting) == number)  # type: ignore[misc]
        let_go.set()
    assert order == ["one", "two", "two", "three"]


def test_a_place_is_free_again_after_an_error() -> None:
    slots = Slots(1)
    for _ in range(2):
        try:
            with slots.taken("one"):
                raise RuntimeError("broke")
        except RuntimeError:
            continue
    assert slots._free == 1
