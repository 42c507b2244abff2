"""Names for processes that outlive them, so that another process on the same host can detect their death."""

import os
import secrets
import socket
from functools import cache
from pathlib import Path


def this_process() -> str:
    """`<host>|<pid namespace>|<pid>|<start time>`: different for every process."""
    return _name(os.getpid())


def process_is_alive(name: str) -> bool:
    """Whether the named process certainly lives: False when it ended or can't be seen from here."""
    return _is_near(name) and not process_is_gone(name)


def process_is_stopped(name: str) -> bool:
    """Whether the named process is certainly stopped by a signal (SIGSTOP, Ctrl-Z) and makes no progress."""
    return _is_near(name) and _stat_field(int(name.split("|")[2]), 0) == "T"


def process_is_gone(name: str) -> bool:
    """Whether the named process has certainly ended: False when it is alive or can't be seen from here."""
    if not _is_near(name):
        return False
    pid = int(name.split("|")[2])
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False  # alive, and another user's
    return _name(pid) != name or _is_zombie(pid)


def _is_near(name: str) -> bool:
    return name.startswith(f"{socket.gethostname()}|{_namespace()}|")


def _name(pid: int) -> str:
    return f"{socket.gethostname()}|{_namespace()}|{pid}|{_stat_field(pid, 19)}"


@cache
def _namespace() -> str:
    """Shared by all processes that can see one another. Containers of a cloud may all be called `localhost`
    and have the same namespace number, each on a kernel of its own: the kernel's boot ID distinguishes
    them."""
    link = Path("/proc/self/ns/pid")
    if not link.exists():
        return "host"
    try:
        boot_id = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        boot_id = secrets.token_hex(8)  # without a boot ID no other process counts as near
    return f"{link.readlink().name}@{boot_id}"


def _is_zombie(pid: int) -> bool:
    return _stat_field(pid, 0) == "Z"


def _stat_field(pid: int, number: int) -> str:
    """Field of /proc/<pid>/stat, counted after the command's closing parenthesis (proc(5)); else empty."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    return text.rpartition(")")[2].split()[number]


def usable_cores() -> int:
    """How many cores this process may run on."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1
