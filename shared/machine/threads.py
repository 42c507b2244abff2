"""Work that a signal must not break off."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import TypeVar

from shared.errors import Stopped

_Made = TypeVar("_Made")


def in_thread(work: Callable[[], _Made], on_interrupt: Callable[[Exception], None]) -> _Made:
    """What `work` returns or raises, done in a thread of its own.

    A signal that raises in the meantime is handed to `on_interrupt`, which tells the work to end, and raised
    again once it has ended.
    """
    found: Future[_Made] = Future()

    def run() -> None:
        try:
            found.set_result(work())
        except BaseException as error:  # noqa: BLE001 - raised where it is waited for
            found.set_exception(error)

    worker = threading.Thread(target=run, name="stage", daemon=True)
    try:
        worker.start()
        wait([found])  # a thread whose join() was interrupted looks as if it had ended
    except BaseException as interrupt:
        on_interrupt(interrupt if isinstance(interrupt, Stopped) else Stopped("Ctrl-C"))
        if worker.ident is not None:
            wait([found])
        raise
    return found.result()
