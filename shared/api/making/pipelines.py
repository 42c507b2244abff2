"""The pipelines that are installed, described so that a client can build its forms from the answer."""

from functools import cache
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from shared.api.http.content import endings_of
from shared.api.http.problems import RESPONSES
from shared.api.routes.context import WithTrigger
from shared.pipelines.definition import Pipeline, Taken, named

router = APIRouter(tags=["making"], responses=RESPONSES)


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True)


class TakenBody(_Body):
    """An asset that people may put in."""

    name: str = Field(
        description="Below `assets/`, without its ending. `<part>` and `<number>` stand for whole numbers, "
        "`<any>` for any name.",
        examples=["<part>/<any>"],
    )
    kind: str = Field(examples=["image"])
    endings: list[str] = Field(description="What its name may end in.", examples=[[".jpg", ".png"]])


class PipelineBody(_Body):
    """A pipeline: what it takes, what may be chosen, how it is started."""

    name: str = Field(examples=["slideshow"])
    description: str
    guide: str = Field(description="What its assets are, in a few lines.")
    takes: list[TakenBody]
    document: str | None = Field(
        description="The asset that holds the options as a JSON object.", examples=["story.json"]
    )
    options: dict[str, Any] = Field(description="JSON Schema of that object.")
    action: str | None = Field(
        description="`POST /me/creation/<creation_id>/<action>` starts a run, `<action>_status` tells its "
        "state, `<action>/cancel` stops it.",
        examples=["generate_video"],
    )
    still: bool = Field(
        description="Whether `POST /me/creation/<creation_id>/still?pipeline=<name>` draws a frame of it."
    )
    by_date: bool = Field(description="Whether its creations may be jobs with IDs by date.")
    stages: dict[str, str] = Field(description="What each stage does, in an order that suits.")
    film: str | None = Field(description="The asset that is the film.", examples=["video.mp4"])
    outputs: list[str] = Field(description="Assets that it makes, or folders of them.")


class PipelinesBody(_Body):
    """All pipelines of this server."""

    pipelines: list[PipelineBody]


@router.get("/pipelines")
def list_pipelines(trigger: WithTrigger) -> PipelinesBody:
    """What this server can make, and what each pipeline takes."""
    return PipelinesBody(pipelines=[_body(each) for each in trigger.pipelines.values()])


def _body(pipeline: Pipeline) -> PipelineBody:
    return PipelineBody(
        name=pipeline.name,
        description=pipeline.description,
        guide=pipeline.guide,
        takes=[_taken(each) for each in pipeline.takes],
        document=_asset(pipeline.options.document) if pipeline.options else None,
        options=_schema(pipeline.options.model) if pipeline.options else {},
        action=pipeline.action,
        still=pipeline.still is not None,
        by_date=pipeline.by_date,
        stages={name: stage.description for name, stage in pipeline.stages.items()},
        film=_asset(pipeline.film) if pipeline.film else None,
        outputs=[_asset(name) for name in pipeline.outputs],
    )


def _taken(taken: Taken) -> TakenBody:
    return TakenBody(name=taken.name, kind=taken.kind, endings=endings_of(taken.kind))


def _asset(name: str) -> str:
    return name.removeprefix("assets/")


@cache
def _schema(model: str) -> dict[str, Any]:
    """Of an object that is to be put in. Raises `TypeError` if the name is none of a pydantic model."""
    found = named(model)
    if not (isinstance(found, type) and issubclass(found, BaseModel)):
        raise TypeError(f"{model} is no pydantic model; mend options.model in pipeline.yaml")
    return found.model_json_schema(mode="validation")
