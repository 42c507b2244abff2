"""Serves the page below `/studio/`, under a policy that lets it load nothing from anywhere else."""

from importlib.resources import files
from pathlib import Path
from typing import Final

from fastapi import FastAPI
from starlette.datastructures import MutableHeaders
from starlette.responses import RedirectResponse
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PATH: Final = "/studio"
_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob:",
        "media-src 'self' blob:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
_HEADERS: Final = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",  # asked for again each time, and answered with 304
}


def mount_studio(app: FastAPI) -> None:
    """Add the page to an app that has the API at its root."""
    app.get("/", include_in_schema=False)(_to_the_page)
    app.get(PATH, include_in_schema=False)(_to_the_page)
    app.mount(PATH, _Guarded(StaticFiles(directory=_site(), html=True)), name="studio")


async def _to_the_page() -> RedirectResponse:
    return RedirectResponse(f".{PATH}/", 307)


def _site() -> Path:
    return Path(str(files(__package__) / "site"))


class _Guarded:
    """Adds the headers to every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        await self._app(scope, receive, guarded)
