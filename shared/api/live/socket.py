"""Jobs watched live over a WebSocket: all updates from first to last, however late a client connects."""

import asyncio
import logging
from contextlib import suppress
from typing import Final

from fastapi import APIRouter, WebSocket, WebSocketDisconnect

from shared.api.guard.auth import SUBPROTOCOL, TOKEN_SUBPROTOCOL
from shared.api.live.viewers import NoSuchJob, Viewer, Viewers
from shared.errors import PlatformError, StoreError
from shared.logs import log

DONE: Final = 1000
UNKNOWN: Final = 1008
TRY_AGAIN: Final = 1013
"""Close codes (RFC 6455, section 7.4, and IANA's registry)."""

router = APIRouter()


@router.websocket("/ws/job/{job_id:path}")
async def watch_job(websocket: WebSocket, job_id: str) -> None:
    """Send the job's updates (`shared.api.live.updates.Update`, as JSON) and close: 1000 after the last one,
    1008 for an unknown job, 1013 when the store can't be read now. Messages from the client are not read."""
    viewers = websocket.app.state.viewers
    assert isinstance(viewers, Viewers)
    await websocket.accept(subprotocol=_choose(websocket.scope["subprotocols"]))
    try:
        with suppress(WebSocketDisconnect):  # the client has left
            await _serve(websocket, viewers, job_id)
    except (StoreError, PlatformError) as error:
        log(logging.WARNING, "watch_refused", f"a job can't be watched now: {error}", job_id=job_id)
        await _close(websocket, TRY_AGAIN, "the job can't be read now; try again soon")


async def _serve(websocket: WebSocket, viewers: Viewers, job_id: str) -> None:
    try:
        client = await viewers.join(job_id)
    except NoSuchJob:
        await _close(websocket, UNKNOWN, "the job does not exist; start one first")
        return
    work = [asyncio.create_task(_send(websocket, client)), asyncio.create_task(_until_gone(websocket))]
    try:
        done, _ = await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        viewers.leave(client)
        for task in work:
            task.cancel()
        await asyncio.gather(*work, return_exceptions=True)


async def _send(websocket: WebSocket, client: Viewer) -> None:
    """Send the updates until the job ends."""
    while (update := await client.mailbox.take()) is not None:
        await websocket.send_text(update.model_dump_json())
        if update.is_the_last:
            await _close(websocket, DONE, "the job has ended")
            return
    await _close(websocket, UNKNOWN, "the job was deleted")


async def _until_gone(websocket: WebSocket) -> None:
    while (await websocket.receive())["type"] != "websocket.disconnect":
        pass


async def _close(websocket: WebSocket, code: int, reason: str) -> None:
    """`reason` has at most 123 bytes."""
    with suppress(WebSocketDisconnect, RuntimeError):  # the client closed first
        await websocket.close(code, reason)


def _choose(offered: list[str]) -> str | None:
    """Of the offered subprotocols: ours, else the one that carries the token, since a browser closes the
    connection when none is chosen."""
    if SUBPROTOCOL in offered:
        return SUBPROTOCOL
    return next((name for name in offered if name.startswith(TOKEN_SUBPROTOCOL)), None)
