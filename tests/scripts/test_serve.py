import threading
from typing import Any

import pytest

from scripts import serve
from shared.api.routes.removal import Rows
from shared.settings import Settings
from shared.storage.memory import MemoryStore


def test_a_sweep_that_hangs_does_not_hold_up_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "_SWEEP_EVERY_S", 0)
    monkeypatch.setattr(serve, "_SWEEP_ENDS_WITHIN_S", 0.01)
    began, gate = threading.Event(), threading.Event()

    class Hanging:
        store = MemoryStore()

        def sweep(self) -> None:
            began.set()
            gate.wait(10)

    trigger: Any = Hanging()
    with serve._sweeping(trigger, Rows(Settings())):
        assert began.wait(10)
    assert not gate.is_set()
    gate.set()
