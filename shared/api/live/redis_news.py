"""Updates from Redis as they are published. During an outage there are none, and the store suffices."""

import asyncio
import json
import logging
from collections.abc import Callable
from typing import Final

from pydantic import ValidationError

from shared.api.live.updates import Update
from shared.logs import log
from shared.redact import without_paths
from shared.reports.redis_channel import CHANNEL

_AGAIN_AFTER_S: Final = 5.0
_CONNECT_S: Final = 2.0
_ASK_EVERY_S: Final = 15.0
"""How often to check that Redis still answers."""


async def listen(url: str, take: Callable[[Update], None]) -> None:
    """Pass on every update until this task is cancelled. An outage is logged at its start and its end."""
    is_out = False

    def on_ready() -> None:
        nonlocal is_out
        if is_out:
            log(logging.INFO, "redis_heard_again", "Redis answers again")
        is_out = False

    while True:
        try:
            await _listen(url, take, on_ready)
        except Exception as error:  # noqa: BLE001 - any error of its client: the store holds the same
            if not is_out:
                text = "Redis can't be reached; jobs are watched by reading the store"
                log(logging.WARNING, "redis_unheard", text, kind=type(error).__name__)
            is_out = True
        await asyncio.sleep(_AGAIN_AFTER_S)


async def _listen(url: str, take: Callable[[Update], None], on_ready: Callable[[], None]) -> None:
    from redis.asyncio import Redis
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff

    client = Redis.from_url(
        url,
        socket_connect_timeout=_CONNECT_S,
        health_check_interval=_ASK_EVERY_S,
        retry=Retry(NoBackoff(), 0),  # outages are handled in one place: `listen`
    )
    async with client, client.pubsub(ignore_subscribe_messages=True) as pubsub:
        await pubsub.subscribe(CHANNEL)
        on_ready()
        while True:
            message = await pubsub.get_message(timeout=_ASK_EVERY_S)
            update = parse(message["data"]) if message else None
            if update:
                take(update)


def parse(data: bytes | str) -> Update | None:
    """The update, or None for another publisher's message."""
    try:
        fields = json.loads(data)
        return Update.model_validate({**fields, "message": without_paths(str(fields["message"]))})
    except (ValueError, TypeError, KeyError, ValidationError):
        return None
