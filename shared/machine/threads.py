"""Work that a signal must not interrupt."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import TypeVar

from shared.errors import Stopped

_Made = TypeVar("_Made")


def in_thread(work: Callable[[], _Made], on_interrupt: Callable[[Exception], None]) -> _Made:
    """Run `work` in a thread of its own; return or raise its result.

    A signal that raises meanwhile is passed to `on_interrupt`, which asks the work to end, and raised again
    after the work has ended.
    """
    found: Future[_Made] = Future()

    def run() -> None:
        try:
            found.set_result(work())
        except BaseException as error:  # noqa: BLE001 - raised by the waiting thread
            found.set_exception(error)

    worker = threading.Thread(target=run, name="stage", daemon=True)
    try:
        worker.start()
        wait([found])  # an interrupted join() leaves a thread that looks ended
    except BaseException as interrupt:
        on_interrupt(interrupt if isinstance(interrupt, Stopped) else Stopped("Ctrl-C"))
        if worker.ident is not None:
            wait([found])
        raise
    return found.result()
