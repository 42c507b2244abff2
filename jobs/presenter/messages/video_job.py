"""The message on the topic `videoJob`: who presents, what is said, and the slides.

`video_job.schema.json` beside this file publishes the schema; `python -m jobs.presenter.messages.video_job`
prints it.
"""

import json
import sys
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import from_json

from jobs.presenter.deck.slides import MOST_SLIDES, Slide
from shared.errors import BadRequest
from shared.records.creation import check_creation_id
from shared.validation import problems_of

SCHEMA_VERSION: Final = 1


class InvalidMessage(BadRequest):
    """A message that no repetition makes readable."""


class VideoJob(BaseModel):
    """A talk to be rendered."""

    model_config = ConfigDict(
        frozen=True, extra="allow", populate_by_name=True, json_schema_extra={"title": "videoJob"}
    )

    schema_version: Literal[1] = Field(1, alias="schemaVersion")
    job_id: Annotated[str, AfterValidator(check_creation_id)] = Field(
        alias="jobId",
        min_length=1,
        max_length=128,
        description="The creation ID, from the request to the video.",
    )
    avatar: str | None = Field(
        None, description="Who presents: a name, or the asset that holds a picture, e.g. assets/avatar.png."
    )
    voice: str | None = None
    text: str | None = Field(None, description="As it was sent.")
    script: str = Field(description="What is spoken, with pause marks.")
    slides: Annotated[tuple[Slide, ...], Field(min_length=1, max_length=MOST_SLIDES)]

    def to_bytes(self) -> bytes:
        """The message's value: UTF-8 JSON, with every key of the request."""
        body = self.model_dump(mode="json", by_alias=True, exclude_unset=True)
        return json.dumps({"schemaVersion": SCHEMA_VERSION, **body}, ensure_ascii=False).encode()


def read_message(value: bytes | None) -> VideoJob:
    """The message; raises `InvalidMessage` with everything that is wrong with it."""
    try:
        found = from_json(value or b"")
    except ValueError as error:
        raise InvalidMessage(f"not JSON: {error}") from error
    version = found.get("schemaVersion") if isinstance(found, dict) else None
    if isinstance(found, dict) and version != SCHEMA_VERSION:
        raise InvalidMessage(f"schemaVersion {version!r} is unknown; this consumer reads {SCHEMA_VERSION}")
    try:
        return VideoJob.model_validate(found)
    except ValidationError as error:
        raise InvalidMessage(f"not a videoJob message: {problems_of(error)}") from error


def schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of the message."""
    made = VideoJob.model_json_schema(by_alias=True)
    required = ["schemaVersion", *made.pop("required")]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **made,
        "required": required,
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(schema(), indent=2) + "\n")
