"""`/docs`: Swagger UI from the package `fastapi-swagger`, so that nothing is loaded from elsewhere."""

import re
from base64 import b64encode
from functools import cache
from hashlib import sha256
from typing import Final

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.staticfiles import StaticFiles

from shared.api.http.prefix import server_url

_SCRIPT: Final = "swagger-ui-bundle.js"
_STYLE: Final = "swagger-ui.css"
_ICON: Final = "favicon-32x32.png"
_INLINE: Final = re.compile(rb"<script>(.*?)</script>", re.DOTALL)
_POLICY: Final = (
    "default-src 'none'; script-src 'self' {scripts}; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Swagger UI sets styles in attributes."""

router = APIRouter()


@router.get("/docs", include_in_schema=False)
async def show_docs(request: Request) -> Response:
    """The page."""
    page = get_swagger_ui_html(
        openapi_url=server_url("/openapi.json"),
        title=f"{request.app.title} – HTTP API",
        swagger_js_url=server_url(f"/docs/{_SCRIPT}"),
        swagger_css_url=server_url(f"/docs/{_STYLE}"),
        swagger_favicon_url=server_url(f"/docs/{_ICON}"),
        swagger_ui_parameters={"validatorUrl": None},  # else it shows a picture of another site
    )
    hashes = [b64encode(sha256(script).digest()).decode() for script in _INLINE.findall(bytes(page.body))]
    page.headers["Content-Security-Policy"] = _POLICY.format(
        scripts=" ".join(f"'sha256-{each}'" for each in hashes)
    )
    page.headers["X-Content-Type-Options"] = "nosniff"
    return page


@router.get("/docs/{name}", include_in_schema=False)
async def give_file(name: str, request: Request) -> Response:
    """One of the files that the page loads."""
    if name not in (_SCRIPT, _STYLE, _ICON):
        raise HTTPException(404, f"/docs has no {name[:60]!r}")
    answer = await _files().get_response(name, request.scope)
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer


@cache
def _files() -> StaticFiles:
    return StaticFiles(packages=[("fastapi_swagger", "resources")])
