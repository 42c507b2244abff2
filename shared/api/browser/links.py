"""Links that open one asset to all who have them, without a token, for a time: for a message, a player or a
page of another site."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import StreamingResponse

from shared.api.guard.auth import SHARED_PATH
from shared.api.http.prefix import server_url
from shared.api.http.problems import RESPONSES
from shared.api.routes.assets import GETTING, get_asset
from shared.api.routes.context import AssetName, WithCreation, WithSeals, WithTrigger
from shared.errors import ObjectNotFound
from shared.records.creation import Creation
from shared.records.names import ASSETS

_MOST: Final = timedelta(days=7)
_FILE: Final = SHARED_PATH + "{creation_id:path}/assets/{name:path}"
_OPENING: Final[dict[int | str, dict[str, Any]]] = {
    **{status: each for status, each in RESPONSES.items() if status != 401},
    **GETTING,
    403: {**RESPONSES[403], "description": "The link was changed, or has expired."},
}


class LinkRequest(BaseModel):
    """What is shared, and for how long."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=1024, description="The asset's.", examples=["video.mp4"])
    valid_s: int = Field(
        3600, ge=1, le=int(_MOST.total_seconds()), description="Seconds from now, 7 days at most."
    )


class LinkBody(BaseModel):
    """A link to one asset."""

    model_config = ConfigDict(frozen=True)

    url: str = Field(
        description="Relative to the server; GET and HEAD need no token there.",
        examples=["/shared/spring/assets/video.mp4?expires=1767225600&signature=h3…"],
    )
    expires_at: datetime


router = APIRouter(tags=["assets"], responses=RESPONSES)
shared_router = APIRouter(tags=["assets"])


@router.post("/me/creation/{creation_id:path}/links", status_code=201)
def make_link(creation: WithCreation, wanted: LinkRequest, seals: WithSeals, response: Response) -> LinkBody:
    """Make a link with which anyone can get this one asset until it expires, also what replaces it under its
    name. Another API_TOKEN ends all links; on a server without one, links last no longer than its process and
    open on its own machine only."""
    if creation.stat(f"{ASSETS}{wanted.name}") is None:
        raise ObjectNotFound(creation.key(f"{ASSETS}{wanted.name}"))
    expires_at = (seals.now() + timedelta(seconds=wanted.valid_s)).replace(microsecond=0)
    signature = seals.link(creation.creation_id, wanted.name, expires_at)
    path = f"{SHARED_PATH}{quote(creation.creation_id)}/{ASSETS}{quote(wanted.name)}"
    response.headers["Cache-Control"] = "no-store"
    url = server_url(f"{path}?expires={int(expires_at.timestamp())}&signature={signature}")
    return LinkBody(url=url, expires_at=expires_at)


def _opened(
    creation_id: str,
    name: AssetName,
    trigger: WithTrigger,
    seals: WithSeals,
    expires: Annotated[str, Query(description="As in the link.")] = "",
    signature: Annotated[str, Query(description="As in the link.")] = "",
) -> Creation:
    if not seals.is_link(creation_id, name, expires, signature):
        raise HTTPException(403, "this link was changed or has expired; ask for a new one")
    return Creation(trigger.store, creation_id)


@shared_router.head(_FILE, include_in_schema=False)
@shared_router.get(_FILE, response_class=StreamingResponse, responses=_OPENING)
def open_link(creation: Annotated[Creation, Depends(_opened)], name: AssetName, request: Request) -> Response:
    """An asset by a link, with byte ranges, as its own route gives it."""
    return get_asset(creation, name, request)
