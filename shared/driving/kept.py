"""What a creation keeps of its blueprint's run: with it the run is shown, and taken up without the export's
folder."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from pydantic import Field

from shared.blueprints.documents import Blueprint, parse
from shared.blueprints.folders import BLUEPRINT, Export, read_export
from shared.blueprints.generating import BASE_PORT
from shared.blueprints.graph import place_name
from shared.driving.addresses import services_of
from shared.driving.calling import Manner, Service
from shared.driving.stages import Inputs, input_name, pipeline_of, read_inputs
from shared.errors import BadRequest
from shared.machine.temporary import scratch
from shared.pipelines.definition import Pipeline
from shared.records.creation import Creation
from shared.records.documents import Document, load, save
from shared.records.names import CALLING, KEPT_EXPORT, KEPT_INPUTS


@dataclass(frozen=True, kw_only=True)
class Plan:
    """All that a run of a blueprint needs."""

    export: Export
    services: Mapping[str, Service]
    inputs: Inputs
    manner: Manner


class Calling(Document):
    """`claims/calling.json`: where the services are, and how they are called."""

    addresses: dict[str, str]
    deadline_s: float = Field(gt=0)
    wait_s: float = Field(gt=0)
    trusted: str = ""
    server_name: str = ""

    @classmethod
    def of(cls, plan: Plan) -> Self:
        manner = plan.manner
        return cls(
            addresses={name: service.address for name, service in plan.services.items()},
            deadline_s=manner.deadline_s,
            wait_s=manner.wait_s,
            trusted=str(manner.trusted.absolute()) if manner.trusted else "",
            server_name=manner.server_name,
        )

    @property
    def manner(self) -> Manner:
        return Manner(
            deadline_s=self.deadline_s,
            wait_s=self.wait_s,
            trusted=Path(self.trusted) if self.trusted else None,
            server_name=self.server_name,
        )


class _Given(Document):
    """What a person gave one RPC."""

    general: dict[str, Any]
    own: list[dict[str, Any]]
    rounds: int = Field(1, ge=0)


def keep_plan(creation: Creation, plan: Plan) -> None:
    """Keep the plan with the creation, in place of an earlier one."""
    files = {f"{KEPT_EXPORT}{path}": text.encode() for path, text in plan.export.files().items()}
    _keep(creation, KEPT_EXPORT, files)
    _keep(creation, KEPT_INPUTS, plan.inputs.kept(plan.export))
    save(creation, CALLING, Calling.of(plan), expect=None)


def _keep(creation: Creation, folder: str, objects: Mapping[str, bytes]) -> None:
    """Make these the objects of a folder of the creation; those of an earlier run are deleted."""
    for name, data in objects.items():
        creation.bring_bytes(data, name)
    for name, _ in list(creation.list(folder)):
        if name not in objects:
            creation.delete(name)


def kept_plan(creation: Creation) -> Plan:
    """The plan of the creation's last run; raises `BadRequest` if it keeps none, or one that is damaged."""
    calling, _ = load(creation, CALLING, Calling)
    if calling is None:
        raise BadRequest(
            f"creation {creation.creation_id!r} does not say where its services are; go on with it by "
            f"`blueprint run <export-dir> --id {creation.creation_id}`"
        )
    export = _kept_export(creation)
    return Plan(
        export=export,
        services=services_of(export, calling.addresses, {}, BASE_PORT),
        inputs=_kept_inputs(creation, export),
        manner=calling.manner,
    )


def _kept_export(creation: Creation) -> Export:
    with scratch() as folder:
        for name, _ in list(creation.list(KEPT_EXPORT)):
            path = folder / name.removeprefix(KEPT_EXPORT)
            path.parent.mkdir(parents=True, exist_ok=True)
            creation.download(name, path)
        return read_export(folder, "ai-effect")


def _kept_inputs(creation: Creation, export: Export) -> Inputs:
    said: dict[str, Any] = {}
    rounds = 1
    for place in export.graph.places:
        name = input_name(place)
        given, _ = load(creation, name, _Given)
        if given is None:
            raise BadRequest(f"{creation.key(name)}: is gone; run the export again by `blueprint run`")
        said |= given.general
        if given.own:
            said[place_name(place)] = given.own
        rounds = given.rounds if export.is_source(place) else rounds
    return read_inputs(said, export, rounds)


def kept_pipeline(creation: Creation) -> Pipeline:
    """The pipeline of a blueprint's run, from the creation's own copy of the blueprint."""
    data, _ = creation.read(f"{KEPT_EXPORT}{BLUEPRINT}")
    pipeline = pipeline_of(parse(data, BLUEPRINT, Blueprint))
    if not pipeline.stages:
        raise BadRequest(
            f"creation {creation.creation_id!r}: its {BLUEPRINT} has no RPC that could be called"
        )
    return pipeline
