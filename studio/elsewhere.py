"""The page beside a server that is somewhere else: it is served here, and all that it asks is passed on.

So the browser needs neither the server's token, which this process sends along, nor permission to ask another
origin. Only this machine may ask, or, where it is for a team, people who log in here with that token.
"""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from typing import Final
from urllib.parse import urlsplit

import httpx
from anyio import create_task_group
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from shared.api.browser import login
from shared.api.browser.brake import Brake
from shared.api.guard.access_log import AccessLog
from shared.api.guard.auth import Guard
from shared.api.guard.seals import Seals
from shared.api.http.problems import problem
from shared.errors import InvalidSettings
from shared.settings import Settings
from studio.serving import PATH, mount_studio

_METHODS: Final = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
_LOOK_S: Final = 2.0
_CONNECT_S: Final = 10.0
_ANSWER_S: Final = 120.0
"""Until the server answers: it may have to start a container first."""
_OWN: Final = frozenset(
    {"connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer"}
    | {"transfer-encoding", "upgrade", "host"}
)
"""Headers of one connection (RFC 9110, 7.6.1), and the one that names its server."""
_SECRET: Final = frozenset({"authorization", "cookie", "origin", "referer"})
"""What a browser says of itself, where the token speaks for it."""
_GOING_AWAY: Final = 1001
_REFUSED: Final = 1008


def check_server(url: str) -> str:
    """The server's address without a slash at its end; raises `InvalidSettings` for anything else."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise InvalidSettings(f"--server {url!r} is no address; write it as https://<host>")
    return url.rstrip("/")


def is_served_at(url: str) -> bool:
    """Whether the page is there already."""
    try:
        answer = httpx.get(f"{url}{PATH}/", timeout=_LOOK_S, follow_redirects=True, trust_env=False)
    except httpx.HTTPError:
        return False
    return answer.is_success and "Reelwright" in answer.text


def studio_elsewhere(server: str, *, token: str | None, for_team: bool = False) -> FastAPI:
    """The page, and all other paths passed on to `server` with `token`: for this machine, or `for_team`, for
    those who know the token. Raises `InvalidSettings` for an address that is none."""
    passing = _Passing(check_server(server), token)
    app = FastAPI(lifespan=passing.open, title="Reelwright", openapi_url=None, redirect_slashes=False)
    settings = Settings(api_token=token if for_team else None)
    app.state.settings = settings
    app.state.seals = seals = Seals(settings.api_token)
    app.state.brake = Brake()
    mount_studio(app)
    if for_team:
        app.include_router(login.router)
    app.add_api_route("/{path:path}", passing.on, methods=_METHODS, include_in_schema=False)
    app.add_api_websocket_route("/{path:path}", passing.listen)
    app.add_middleware(Guard, settings=settings, seals=seals)
    app.add_middleware(AccessLog)
    return app


class _Passing:
    """Passes requests on, and their answers back, piece by piece."""

    def __init__(self, server: str, token: str | None) -> None:
        self._server = server
        self._origin = "{0.scheme}://{0.netloc}".format(urlsplit(server))
        self._token = token
        timeout = httpx.Timeout(_ANSWER_S, connect=_CONNECT_S)
        self._client = httpx.AsyncClient(timeout=timeout, follow_redirects=False)

    @asynccontextmanager
    async def open(self, _app: FastAPI) -> AsyncIterator[None]:
        async with self._client:
            yield

    async def on(self, request: Request) -> Response:
        """The server's answer to the same request."""
        if _climbs(request.scope["path"]):
            return problem(400, "the path has a segment that is . or ..; leave it out")
        url = f"{self._server}{request.scope['raw_path'].decode('latin-1')}"
        if request.url.query:
            url += f"?{request.url.query}"
        has_body = "content-length" in request.headers or "transfer-encoding" in request.headers
        asked = self._client.build_request(
            request.method,
            url,
            headers=self._headers(request.headers.items()),
            content=request.stream() if has_body else None,
        )
        try:
            answer = await self._client.send(asked, stream=True)
        except httpx.HTTPError as error:
            return self._unreachable(error)
        back = [(name, value) for name, value in answer.headers.multi_items() if name.lower() not in _OWN]
        response = StreamingResponse(_closing(answer), answer.status_code)
        response.raw_headers = [
            (name.encode("latin-1"), self._here(name, value).encode("latin-1")) for name, value in back
        ]
        return response

    async def listen(self, socket: WebSocket) -> None:
        """Pass a WebSocket's messages from the server to the browser until one of them ends it."""
        if _climbs(socket.scope["path"]):
            await socket.close(_REFUSED)
            return
        url = f"{self._server.replace('http', 'ws', 1)}{socket.scope['raw_path'].decode('latin-1')}"
        headers = self._headers(socket.headers.items())
        said = {name: value for name, value in headers if not name.lower().startswith("sec-websocket")}
        try:
            async with connect(url, additional_headers=said, open_timeout=_CONNECT_S) as server:
                await socket.accept()
                await _relay(server, socket)
        except (OSError, TimeoutError, InvalidStatus):
            await socket.close(_GOING_AWAY)

    def _headers(self, given: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        kept = [(name, value) for name, value in given if name.lower() not in _OWN | _SECRET]
        return [*kept, ("authorization", f"Bearer {self._token}")] if self._token else kept

    def _here(self, name: str, value: str) -> str:
        """A place on the server is the same place here."""
        return value.removeprefix(self._origin) if name.lower() == "location" else value

    def _unreachable(self, error: Exception) -> Response:
        reason = str(error) or type(error).__name__
        detail = f"{self._server} can't be reached ({reason}); see that it runs, then try again"
        return problem(502, detail)


def _climbs(path: str) -> bool:
    """Whether the path that is asked for would become another one, which the guard has not seen."""
    return not {".", ".."}.isdisjoint(path.split("/"))


async def _closing(answer: httpx.Response) -> AsyncIterator[bytes]:
    try:
        async for chunk in answer.aiter_raw():
            yield chunk
    finally:
        await answer.aclose()


async def _relay(server: ClientConnection, socket: WebSocket) -> None:
    async with create_task_group() as tasks:

        async def to_browser() -> None:
            with suppress(ConnectionClosed, WebSocketDisconnect):  # how it ended is looked at below
                async for message in server:
                    await socket.send_text(message if isinstance(message, str) else message.decode())
            tasks.cancel_scope.cancel()

        async def until_gone() -> None:
            with suppress(WebSocketDisconnect):
                while True:
                    await socket.receive_text()  # a viewer has nothing to say
            tasks.cancel_scope.cancel()

        tasks.start_soon(to_browser)
        tasks.start_soon(until_gone)
    if socket.client_state is WebSocketState.CONNECTED:
        with suppress(WebSocketDisconnect):  # it may be gone at any time
            await socket.close(server.close_code or _GOING_AWAY, server.close_reason)
