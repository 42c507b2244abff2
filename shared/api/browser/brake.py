"""Slows down clients that try tokens: wrong ones from one address are answered one after another.

The right token is never held up by that, and nothing is locked for longer than the attempts last. Behind a
proxy all clients have the proxy's address.
"""

import asyncio
import ipaddress
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Final

_PAUSE_S: Final = 1.0
_MOST_WAITING: Final = 5


class Brake:
    """Remembers the wrong attempts that wait for their answer, by address."""

    def __init__(self, sleep: Callable[[float], Awaitable[object]] = asyncio.sleep) -> None:
        self._sleep = sleep
        self._waiting: Counter[str] = Counter()

    def is_full(self, address: str) -> bool:
        """Whether so many attempts from there wait that no other is looked at."""
        return self._waiting[_network(address)] >= _MOST_WAITING

    async def hold(self, address: str) -> None:
        """Wait until a wrong attempt may be answered: one a second."""
        network = _network(address)
        self._waiting[network] += 1
        try:
            await self._sleep(self._waiting[network] * _PAUSE_S)
        finally:
            self._waiting[network] -= 1
            self._waiting += Counter()  # forgets those that are at 0


def _network(address: str) -> str:
    """What one client can choose its address from: a /64 of IPv6."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network((parsed, 64), strict=False)) if parsed.version == 6 else address
