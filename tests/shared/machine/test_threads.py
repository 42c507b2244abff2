import os
import signal
import threading
import time
from types import FrameType

import pytest

from shared.errors import BadRequest, Stopped
from shared.machine.threads import in_thread


def test_what_the_work_returns_or_raises_comes_out() -> None:
    assert in_thread(lambda: 7, lambda _error: None) == 7

    def refuse() -> None:
        raise BadRequest("no; ask for something else")

    with pytest.raises(BadRequest):
        in_thread(refuse, lambda _error: None)


def test_a_signal_is_raised_once_the_work_has_come_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(_number: int, _frame: FrameType | None) -> None:
        raise Stopped("SIGUSR1")

    told, ended = threading.Event(), threading.Event()

    def work() -> None:
        os.kill(os.getpid(), signal.SIGUSR1)
        assert told.wait(10)
        time.sleep(0.05)
        ended.set()

    before = signal.signal(signal.SIGUSR1, stop)
    try:
        with pytest.raises(Stopped):
            in_thread(work, lambda _error: told.set())
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert ended.is_set()
