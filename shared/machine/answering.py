"""The other end of `shared/machine/workers.py`: a process that answers requests, each within its limits."""

import json
import os
import resource
import select
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, BinaryIO


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Of one request; what goes beyond ends the process."""

    wall_s: float
    cpu_s: float
    memory_mib: int
    """Address space."""


Respond = Callable[[dict[str, Any]], tuple[dict[str, Any], bytes]]
"""Returns what to say, and bytes that follow it."""


def answer_requests(respond: Respond, limits: Limits, *, idle_s: float) -> None:
    """Answer requests until it was idle for a while, or until its caller has ended."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the caller
    for deadline in (signal.SIGALRM, signal.SIGPROF):
        signal.signal(deadline, signal.SIG_DFL)
    _limit_memory(limits.memory_mib)
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # libraries' messages go to stderr
    while select.select([sys.stdin], [], [], idle_s)[0]:
        line = sys.stdin.buffer.readline()
        if not line:
            return
        signal.setitimer(signal.ITIMER_REAL, limits.wall_s)
        signal.setitimer(signal.ITIMER_PROF, limits.cpu_s)
        said, following = respond(json.loads(line))
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.setitimer(signal.ITIMER_PROF, 0)
        _write(answers, said, following)


def _write(answers: BinaryIO, said: dict[str, Any], following: bytes) -> None:
    answers.write(json.dumps(said).encode() + b"\n")
    answers.write(following)
    answers.flush()


def _limit_memory(mib: int) -> None:
    if sys.platform == "linux":  # other systems count it differently
        resource.setrlimit(resource.RLIMIT_AS, (mib << 20, mib << 20))
