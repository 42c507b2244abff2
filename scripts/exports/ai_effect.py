"""An onboarding export of one of our own pipelines for AI-Effect: a gRPC facade (`jobs/facade.py`) for each
stage.

`infra/Dockerfile` builds the images, as target `facade`.
"""

import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from jobs.facade import Names, facade_proto
from shared.blueprints.compose import ComposeOptions, production
from shared.blueprints.connections import Connections
from shared.blueprints.documents import MOST_JSON_BYTES, Blueprint, parse
from shared.blueprints.folders import BLUEPRINT, COMPOSE, read_inside
from shared.blueprints.generating import ExportOptions, export_of
from shared.blueprints.protos.reading import read_proto
from shared.pipelines.definition import Pipeline

_ID: Final = uuid.UUID("7e3d5f3c-6f4b-4d0a-9a57-9d3f3f9a1c11")
"""Of these exports: a pipeline's own ID derives from it and the pipeline's name."""


def files_of(pipeline: Pipeline, said: Mapping[str, Any], folder: Path) -> dict[str, str]:
    """The export's files, with the compose file, by path below their `folder`.

    The date stays that of an export that is there already, so that the same pipeline gives the same bytes.
    Raises pydantic's `ValidationError` for invalid options.
    """
    names = {"image_prefix": "registry", "tag": "tag"}
    unknown = {name: value for name, value in said.items() if name not in names}
    options = ExportOptions.model_validate(
        {
            "pipeline_id": str(uuid.uuid5(_ID, pipeline.name)),
            "creation_date": _date_of(folder),
            **{names[name]: value for name, value in said.items() if name in names},
            **unknown,
        }
    )
    services = {stage: Names.of(pipeline.name, stage) for stage in pipeline.stages}
    protos = {
        names.package: read_proto(
            facade_proto(pipeline.name, stage, pipeline.stages[stage].description).encode(),
            f"{names.package}.proto",
        )
        for stage, names in services.items()
    }
    export = export_of(pipeline.name, protos, _connections(pipeline, services), options)
    compose = production(export, ComposeOptions())
    return export.files() | {COMPOSE: compose}


def _connections(pipeline: Pipeline, services: Mapping[str, Names]) -> Connections:
    links = [
        {
            "from_service": services[need].package,
            "from_method": services[need].rpc,
            "to_service": services[stage].package,
            "to_method": services[stage].rpc,
        }
        for stage, definition in pipeline.stages.items()
        for need in definition.needs
    ]
    first = services[next(iter(pipeline.stages))].package
    said = {
        "name": pipeline.name,
        "description": pipeline.description,
        "start_service": first,
        "connections": links,
    }
    return Connections.model_validate({"pipeline": said})


def _date_of(folder: Path) -> str:
    if not (folder / BLUEPRINT).is_file():
        return ""
    return parse(read_inside(folder, BLUEPRINT, MOST_JSON_BYTES), BLUEPRINT, Blueprint).creation_date or ""
