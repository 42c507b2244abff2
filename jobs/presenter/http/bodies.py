"""The HTTP request and response of a talk; the fields document the API."""

from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from jobs.presenter.messages.request import MOST_AVATAR_BYTES
from jobs.presenter.talk import TalkOptions
from shared.api.routes.models import creation_url, websocket_url
from shared.pipelines.definition import Pipeline

_OWN: Final[dict[str, Any]] = {
    "text": {
        "type": "string",
        "minLength": 1,
        "description": "What is said, as Markdown. Or `script`.",
    },
    "avatar": {
        "type": "string",
        "description": "Who presents: a name, whose initials are drawn, or a picture as "
        f"`data:image/png;base64,…` of at most {MOST_AVATAR_BYTES >> 20} MB. Or `avatarId`.",
        "examples": ["Ada Lovelace"],
    },
    "voice": {"type": "string", "description": "A voice's name. Or `voiceId`.", "examples": ["ada"]},
}


def request_schema() -> dict[str, Any]:
    """The JSON Schema of a request."""
    options = TalkOptions.model_json_schema()["properties"]
    return {"type": "object", "properties": {**options, **_OWN}, "required": ["text"]}


class AcceptedBody(BaseModel):
    """The talk will be made."""

    model_config = ConfigDict(frozen=True)

    jobId: str = Field(  # noqa: N815 - clients know it by this name
        description="The creation ID, all the way.", examples=["7f1c3b9e-6a51-4d0e-9a53-0f6d2b1c8e77"]
    )
    status: Literal["pending"] = "pending"
    statusUrl: str = Field(description="Poll it.")  # noqa: N815
    websocketUrl: str = Field(description="Or watch it here.")  # noqa: N815
    videoUrl: str = Field(description="The video, once it is made.")  # noqa: N815


def accepted_body(job_id: str, pipeline: Pipeline) -> AcceptedBody:
    return AcceptedBody(
        jobId=job_id,
        statusUrl=creation_url(job_id, f"{pipeline.action}_status"),
        websocketUrl=websocket_url(job_id),
        videoUrl=creation_url(job_id, str(pipeline.film)),
    )
