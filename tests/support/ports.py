"""Ports that are free on this machine."""

import socket
from contextlib import ExitStack


def free_base_port(count: int) -> int:
    """The first of so many ports in a row of which none is in use."""
    for base in range(42_000, 60_000, 97):
        with ExitStack() as stack:
            try:
                for port in range(base, base + count):
                    stack.enter_context(socket.socket()).bind(("127.0.0.1", port))
            except OSError:
                continue
        return base
    raise OSError(f"no {count} free ports in a row")
