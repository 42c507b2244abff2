"""Measuring a piece of work in a process of its own: time, CPU, and the memory of its whole process tree."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

_SAMPLE_EVERY_S = 0.02


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What a piece of work took, and what it said of itself (its last line, JSON)."""

    wall_s: float
    cpu_s: float
    peak_mb: float
    """Largest sum of the resident sizes of the process and all its children, sampled every 20 ms."""
    said: dict[str, Any]


def measure(arguments: Sequence[str], *, module: str = "benchmarks.work") -> Measured:
    """Run `python -m <module> <arguments>` and measure it; raises when it fails."""
    command = [sys.executable, "-m", module, *arguments]
    started = time.perf_counter()
    before = os.times()
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process, MemorySampler(process.pid) as memory:
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
    """While the `with` block lasts, how much memory a process and all its children take."""

    def __init__(self, pid: int, *, every_s: float = _SAMPLE_EVERY_S) -> None:
        self.peak_mb = 0.0
        """Largest sum of their resident sizes so far."""
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
            self.peak_mb = max(self.peak_mb, sum(_resident_kib(pid) for pid in _tree(self._pid)) / 1024)


def _tree(pid: int) -> list[int]:
    found = [pid]
    for parent in found:
        for listing in Path(f"/proc/{parent}/task").glob("*/children"):
            try:
                found += [int(child) for child in listing.read_text().split()]
            except OSError:
                continue  # that thread just ended
    return found


def _resident_kib(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmRSS:")), 0)
