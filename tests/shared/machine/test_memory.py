"""Peaks of processes that do nothing but take memory."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.machine.memory import tree_kib


def measured(code: str) -> int:
    """The peak that a process of its own is said to have, in MiB: `touch(n)` takes n of them."""
    head = """
import os, subprocess, sys
from shared.machine.memory import PeakMemory
def touch(mib):
    block = bytearray(mib << 20)
    block[::4096] = b"x" * len(block[::4096])
    return block
def tool(mib, *, then):
    code = f"b = bytearray({mib} << 20); b[::4096] = b'x' * len(b[::4096]); print(flush=True); {then}"
    return subprocess.Popen([sys.executable, "-c", code], stdin=-1, stdout=-1)
"""
    tail = "\nprint(peak.read_kib() // 1024)"
    done = subprocess.run(
        [sys.executable, "-c", head + code + tail], capture_output=True, text=True, check=True
    )
    return int(done.stdout)


def test_it_sees_the_largest_size_since_it_began() -> None:
    large = measured("peak = PeakMemory(); block = touch(200); del block")
    small = measured("block = touch(200); del block; peak = PeakMemory()")
    assert 200 <= large < 300
    if sys.platform == "linux":
        assert small < 100


linux_only = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what processes share")


@linux_only
def test_pages_that_a_process_shares_with_its_children_count_once() -> None:
    forked = """
block = touch(200)
peak = PeakMemory()
ready, stay = os.pipe(), os.pipe()
for _ in range(3):
    if os.fork() == 0:
        os.write(ready[1], b"x")
        os.close(stay[1])
        os.read(stay[0], 1)
        os._exit(0)
    os.read(ready[0], 1)
"""
    assert 200 <= measured(forked) < 300


@linux_only
def test_a_tool_is_not_taken_to_be_as_large_as_the_process_that_started_it() -> None:
    assert 200 <= measured("block = touch(200); peak = PeakMemory(); subprocess.run(['true'])") < 300


@linux_only
def test_what_a_process_and_its_tools_take_at_the_same_time_is_added_up() -> None:
    at_once = """
peak, block = PeakMemory(), touch(100)
tools = [tool(100, then="input()") for _ in range(2)]
for each in tools:
    each.stdout.readline()
"""
    assert 300 <= measured(at_once) < 400


@linux_only
def test_a_tool_that_has_ended_counts_but_only_since_it_began() -> None:
    over = 'peak = PeakMemory()\ntool(200, then="").communicate()'
    before = 'tool(200, then="").communicate()\npeak = PeakMemory()'
    assert 200 <= measured(over) < 300
    assert measured(before) < 100


def test_a_process_that_ends_while_it_is_looked_at_takes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(path: Path) -> Iterator[Path]:
        raise ProcessLookupError(3, "No such process", str(path))

    monkeypatch.setattr(Path, "iterdir", gone)
    assert tree_kib(2**22 - 1) == 0
