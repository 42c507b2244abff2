"""How much memory a process and its tools use at one time, every page counted once."""

import os
import resource
import sys
import threading
import time
import weakref
from contextlib import suppress
from pathlib import Path
from typing import Final

_EVERY_S: Final = 0.05
_REST: Final = 20
"""Reading large processes takes a while; the pause between two readings is this many times as long."""
_MAXRSS_PER_KIB: Final = 1024 if sys.platform == "darwin" else 1


class PeakMemory:
    """The peak memory of this process and its tools together, from now to `read_kib()`.

    It is the largest of three:
    - the peak of this process's resident set, which the kernel keeps (VmHWM) and which is reset here,
    - the peak of a tool that has ended since, for one too short to be sampled (ru_maxrss of children; Linux
      starts it at the parent's own peak, so that only a larger value counts),
    - the sum of all their proportional set sizes (`tree_kib`), sampled every 50 ms while tools run.

    So a page that processes share counts once, as it does in a container's cgroup. The cgroup's own figure
    (memory.peak) also includes cached files, and other stages in the same container.
    """

    def __init__(self) -> None:
        _reset_own_peak()
        self._tools_before_kib = _largest_tool_kib()
        self._seen = _Seen()
        done = threading.Event()
        weakref.finalize(self, done.set)  # the thread holds no reference to this object, and ends with it
        threading.Thread(target=self._seen.watch, args=(done,), name="memory", daemon=True).start()

    def read_kib(self) -> int:
        """The peak so far."""
        self._seen.look()
        tool_kib = _largest_tool_kib()
        return max(self._seen.peak_kib, tool_kib if tool_kib > self._tools_before_kib else 0)


class _Seen:
    """The largest value seen so far."""

    def __init__(self) -> None:
        self.peak_kib = 0

    def watch(self, done: threading.Event) -> None:
        wait_s = _EVERY_S
        while not done.wait(wait_s):
            started = time.perf_counter()
            self.look()
            wait_s = max(_EVERY_S, _REST * (time.perf_counter() - started))

    def look(self) -> None:
        """The kernel's peak is also read each time: another stage in this process may reset it."""
        tree = _tree(os.getpid())
        together_kib = sum(map(_share_kib, tree)) if len(tree) > 1 else 0
        self.peak_kib = max(self.peak_kib, _own_peak_kib(), together_kib)


def tree_kib(pid: int) -> int:
    """Memory used by a process and its descendants now: the sum of their proportional set sizes.

    In the proportional set size (PSS, proc(5)) a page that n processes share counts 1/n, so that the sum
    counts each page once. Pages shared with other processes, such as a library's code, count in proportion.
    Where the kernel doesn't report it, the resident set is used instead.
    """
    return sum(map(_share_kib, _tree(pid)))


def _tree(pid: int) -> list[int]:
    found = [pid]
    for parent in found:
        for thread in _threads(parent):
            try:
                found += [int(child) for child in (thread / "children").read_text().split()]
            except OSError:
                continue  # the thread has just ended
    return found


def _threads(pid: int) -> list[Path]:
    try:
        return list(Path(f"/proc/{pid}/task").iterdir())
    except OSError:  # the process has just ended
        return []


def _share_kib(pid: int) -> int:
    return _field_kib(f"/proc/{pid}/smaps_rollup", "Pss:") or _field_kib(f"/proc/{pid}/status", "VmRSS:")


def _field_kib(path: str, name: str) -> int:
    """A field of one of a process's files; 0 where it can't be read, e.g. after the process has ended."""
    try:
        lines = Path(path).read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(name)), 0)


def _own_peak_kib() -> int:
    own = _field_kib("/proc/self/status", "VmHWM:")
    return own or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // _MAXRSS_PER_KIB


def _largest_tool_kib() -> int:
    """The peak of the largest ended child process."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // _MAXRSS_PER_KIB


def _reset_own_peak() -> None:
    """Reset the process's peak where Linux allows it (proc(5), clear_refs 5): stages must not share it."""
    with suppress(OSError):  # not Linux, or a read-only /proc: the peak is then that of the whole process
        Path("/proc/self/clear_refs").write_text("5")
