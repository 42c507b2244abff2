import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from shared.errors import Stopped, ToolFailed
from shared.machine.process import process_is_gone, this_process
from shared.machine.workers import Answer, PastDeadline, WorkerCrashed, Workers

Read = Callable[[Answer], int]


@pytest.fixture
def workers() -> Iterator[Workers]:
    workers = Workers("tests.support.toy_worker", most=2)
    yield workers
    workers.end()


def pid_of(answer: Answer) -> int:
    pixels = bytearray(6)
    answer.read_into(memoryview(pixels))
    assert pixels == b"pixels"
    return int(answer.said["pid"])


def ask(workers: Workers, what: str, read: Read = pid_of, **more: float) -> int:
    return workers.ask({"do": what, **more}, read)


def test_one_process_does_one_piece_of_work_after_another(workers: Workers) -> None:
    assert ask(workers, "answer") == ask(workers, "answer")


def test_work_past_its_deadline_is_ended_and_the_next_is_done(workers: Workers) -> None:
    first = ask(workers, "answer")
    with pytest.raises(PastDeadline):
        ask(workers, "hang", deadline_s=0.01)
    assert ask(workers, "answer") != first


def test_work_that_makes_its_process_crash_is_to_blame(workers: Workers) -> None:
    with pytest.raises(WorkerCrashed, match="SIGSEGV"):
        ask(workers, "crash")


def test_a_process_that_fails_by_itself_says_why(workers: Workers) -> None:
    with pytest.raises(ToolFailed, match="no such thing"):
        ask(workers, "fail")


def test_a_process_that_left_since_it_was_idle_is_replaced(workers: Workers) -> None:
    assert ask(workers, "leave") != ask(workers, "answer")


def test_an_answer_that_is_not_heard_to_its_end_is_not_taken_for_the_next_one(workers: Workers) -> None:
    def give_up(_: Answer) -> int:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ask(workers, "answer", give_up)
    assert ask(workers, "answer") > 0


def hang(workers: Workers, pool: ThreadPoolExecutor, count: int) -> tuple[list[int], list[Future[int]]]:
    """Work that never ends, begun: the processes' IDs, and what becomes of it."""
    pids: list[int] = []
    begun = threading.Barrier(count + 1)

    def read(answer: Answer) -> int:
        pids.append(answer.said["pid"])
        begun.wait()
        return pid_of(answer)

    ends = [pool.submit(ask, workers, "hang", read) for _ in range(count)]
    begun.wait()
    return pids, ends


class Queue(threading.BoundedSemaphore):
    """Says when somebody comes to wait."""

    def __init__(self, room: int) -> None:
        super().__init__(room)
        self.came = threading.Event()

    def __enter__(self, blocking: bool = True, timeout: float | None = None) -> bool:
        self.came.set()
        return super().__enter__(blocking, timeout)


def test_the_end_of_all_work_ends_what_is_done_and_what_waits(workers: Workers) -> None:
    workers._slots = queue = Queue(2)
    with ThreadPoolExecutor() as pool:
        pids, ends = hang(workers, pool, 2)
        queue.came.clear()
        waiting = pool.submit(ask, workers, "answer")
        queue.came.wait()
        workers.end()
        assert all(isinstance(end.exception(), Stopped) for end in (*ends, waiting))
    host, namespace, _, _ = this_process().split("|")
    assert all(process_is_gone(f"{host}|{namespace}|{pid}|0") for pid in pids)
    assert ask(workers, "answer") > 0


def test_slow_work_holds_nobody_up_while_there_is_room(workers: Workers) -> None:
    with ThreadPoolExecutor() as pool:
        _, (slow,) = hang(workers, pool, 1)
        assert ask(workers, "answer") > 0
        workers.end()
        assert isinstance(slow.exception(), Stopped)
