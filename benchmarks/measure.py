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

_SAMPLE_EVERY_S = 0.02


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What a piece of work took, and what it said of itself (its last line, JSON)."""

    wall_s: float
    cpu_s: float
    peak_mb: float
    """Largest sum of the resident sizes of the process and all its children, sampled every 20 ms."""
    said: dict[str, float]


def measure(arguments: Sequence[str]) -> Measured:
    """Run `python -m benchmarks.work <arguments>` and measure it; raises when it fails."""
    command = [sys.executable, "-m", "benchmarks.work", *arguments]
    started = time.perf_counter()
    before = os.times()
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        sampler = _Sampler(process.pid)
        sampler.start()
        assert process.stdout is not None
        output = process.stdout.read()
        process.wait()
        sampler.done.set()
        sampler.join()
    after = os.times()
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed with exit code {process.returncode}")
    spent = (after.children_user - before.children_user) + (after.children_system - before.children_system)
    return Measured(
        wall_s=time.perf_counter() - started,
        cpu_s=spent,
        peak_mb=sampler.peak_kib / 1024,
        said=json.loads(output.splitlines()[-1]),
    )


class _Sampler(threading.Thread):
    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.done = threading.Event()
        self.peak_kib = 0
        self._pid = pid

    def run(self) -> None:
        while not self.done.wait(_SAMPLE_EVERY_S):
            self.peak_kib = max(self.peak_kib, sum(_resident_kib(pid) for pid in _tree(self._pid)))


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
