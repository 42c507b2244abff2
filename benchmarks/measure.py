"""Measures a piece of work in a separate process: time, CPU, and the memory of its process tree."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from shared.machine.memory import tree_kib

_SAMPLE_EVERY_S = 0.02


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What a piece of work used, and its own result (its last line, JSON)."""

    wall_s: float
    cpu_s: float
    peak_mb: float
    """Of the process and all its children, counting shared pages once; sampled every 20 ms."""
    said: dict[str, Any]


def measure(
    arguments: Sequence[str], *, module: str = "benchmarks.work", packages: str | None = None
) -> Measured:
    """Run `python -m <module> <arguments>` and measure it; raises if it fails.

    `packages` is a folder whose packages come before those of this environment.
    """
    command = [sys.executable, "-m", module, *arguments]
    started = time.perf_counter()
    before = os.times()
    environ = {**os.environ, "PYTHONPATH": packages} if packages else None
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, env=environ) as process,
        MemorySampler(process.pid) as memory,
    ):
        assert process.stdout is not None
        output = process.stdout.read()
        process.wait()
    after = os.times()
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed with exit code {process.returncode}")
    spent = (after.children_user - before.children_user) + (after.children_system - before.children_system)
    return Measured(
        wall_s=time.perf_counter() - started,
        cpu_s=spent,
        peak_mb=memory.peak_mb,
        said=json.loads(output.splitlines()[-1]),
    )


class MemorySampler:
    """Measures the memory of a process and all its children during the `with` block."""

    def __init__(self, pid: int, *, every_s: float = _SAMPLE_EVERY_S) -> None:
        self.peak_mb = 0.0
        """The maximum so far, counting shared pages once."""
        self._pid = pid
        self._every_s = every_s
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _sample(self) -> None:
        while not self._done.wait(self._every_s):
            self.peak_mb = max(self.peak_mb, tree_kib(self._pid) / 1024)
