"""Pipelines: directed graphs of stages, written in `jobs/<pipeline>/pipeline.yaml`."""

from collections import Counter
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from shared.errors import BadRequest, UnknownName
from shared.validation import from_yaml, problems_of

FUSED: Final = "fused"
"""Takes the place of a stage's name for the job that runs all stages; no stage has this name."""
Kind = Literal["image", "text", "audio", "json", "video", "film", "document"]
"""The name of an asset that people supply: `audio` is music, `video` a clip; a `film` is a whole film or a
recording with sound."""
_DOTTED: Final = r"^[a-z_]+(\.[A-Za-z_]+)+$"


class _Definition(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FanOut(_Definition):
    """How a stage is spread over tasks."""

    over: str = Field(pattern=r"^[a-z_]+\.[a-z_]+$")
    """`<stage>.<name>`: a number in the metadata of a stage that this one needs, e.g. `narrate.segments`."""
    per_task: int = Field(ge=1)
    most: int = Field(ge=1, le=1000)


class JobDefinition(_Definition):
    """The resources that a platform gives the containers of a job."""

    retries: int = Field(2, ge=0, le=5)
    time_limit_s: int = Field(600, ge=1, le=86_400)
    """The limit of one attempt at one task."""
    cpu: Literal[1, 2, 4, 8] = 1
    memory_mib: int = Field(2048, ge=512, le=32_768)


class FusedDefinition(JobDefinition):
    """All stages in one container: for short work, most of whose time would go into starting containers."""

    job: str = Field(pattern=r"^[a-z][a-z-]*$")
    """The platforms' name of the job."""
    most_assets: int = Field(ge=1)
    """With more objects than this under `assets/` each stage gets its own container."""


class ExtraJob(JobDefinition):
    """A job beside the stages, such as one that works on a creation before its run begins.

    `time_limit_s` is the limit of all its attempts together.
    """

    module: str = Field(pattern=r"^[a-z_]+$")
    """Of the pipeline's folder: `python -m jobs.<pipeline>.<module>`."""
    description: str
    secrets: dict[str, Annotated[str, Field(pattern=r"^[a-z0-9-]+/[\w.-]+$")]] = {}
    """By variable, the secret and the key in it that a cloud takes its value from, e.g. `creds/apikey`."""


class Consumed(_Definition):
    """Messages, each of which asks for a run."""

    topic: str = Field(pattern=r"^[A-Za-z0-9._-]{1,249}$")
    group: str = Field(pattern=r"^[A-Za-z0-9._-]{1,249}$")
    """The consumer group of those that work on them."""
    id_field: str = Field(pattern=r"^[A-Za-z]+$")
    """The field of a message that holds the creation ID."""
    version: dict[Annotated[str, Field(pattern=r"^[A-Za-z]+$")], int] = Field(min_length=1, max_length=1)
    """The field that holds the message's version, and the version that is read."""
    module: str = Field(pattern=r"^[a-z_]+$")
    """Of the pipeline's folder: `python -m jobs.<pipeline>.<module>` takes one message and makes its film."""


class StageDefinition(JobDefinition):
    """One stage, as the platform sees it."""

    needs: tuple[str, ...] = ()
    fan_out: FanOut | None = None
    share: float = Field(gt=0, le=1)
    """Its share of the pipeline's overall progress."""
    optional: bool = False
    """If it fails, the pipeline continues without it."""
    description: str


class Reported(_Definition):
    """What is reported of a pipeline's runs while they are under way: to Redis, the database, webhooks."""

    brief: str
    """Name of the JSON object, below a creation, that holds the brief, e.g. `assets/order.json`."""
    fields: tuple[Annotated[str, Field(pattern=r"^[a-z][a-z_]{0,50}$")], ...] = ()
    """Texts of the brief that are reported, and columns of the database."""
    phases: dict[str, str]
    """By stage, people's name of that part of the work: `Asset generation` failed."""


class Called(_Definition):
    """Where a creation says what people call it: in a JSON object of its own, or in a stage's metadata."""

    document: str | None = None
    """Name below a creation, e.g. `assets/order.json`."""
    stage: str | None = None
    field: str = Field(pattern=r"^[a-z][a-z_]{0,50}$")
    """A run's parameter of this name comes before the document's."""

    @model_validator(mode="after")
    def _is_one_of_both(self) -> Self:
        if (self.document is None) == (self.stage is None):
            raise ValueError("give either document or stage")
        return self


class Listed(_Definition):
    """How creations are shown in the list of all."""

    called: tuple[Called, ...] = ()
    """Where their names are; the first that there is counts."""
    status_at: str | None = Field(None, pattern=r"^/[a-z/]*\{creation_id\}[a-z/_]*$")
    """The path of their status, if it is not that of the `action`."""


class Taken(_Definition):
    """Assets that may be put over HTTP."""

    name: str = Field(pattern=r"^[A-Za-z0-9_./<>-]+$")
    """Below `assets/`, without its ending: `<part>` and `<number>` stand for whole numbers, parts from 1,
    `<any>` for all characters except slashes, e.g. `<part>/<any>`."""
    kind: Kind
    """The endings that it may have, and the kind of content that each requires."""


class Options(_Definition):
    """What people may choose beside their assets."""

    document: str = Field(pattern=r"^assets/[a-z_]+\.json$")
    """Name of the JSON object that holds what they chose, below a creation."""
    model: str = Field(pattern=_DOTTED)
    """The dotted name of the pydantic model of that object; its schema describes the fields of a form."""


class Examples(_Definition):
    """Example commands."""

    command: str
    """After `reelwright`, for a film of the user's own."""
    http: tuple[str, ...] = ()
    """After `curl`; `{url}` stands for the server's address."""


class Pipeline(_Definition):
    """A graph of stages."""

    name: str = Field(pattern=r"^[a-z][a-z_]*$")
    description: str
    time_limit_s: int | None = Field(None, ge=1)
    """The time limit of a whole run, waiting included."""
    checked_by: str | None = Field(None, pattern=_DOTTED)
    """The dotted name of a function of a creation and a run's parameters, which raises `BadRequest` for input
    that the stages could not use. It may import only what every image has."""
    guide: str = ""
    """For `reelwright run <pipeline> --help`: what its assets are."""
    examples: Examples | None = None
    takes: tuple[Taken, ...] = ()
    """The assets that may be put over HTTP."""
    options: Options | None = None
    estimate: str | None = Field(None, pattern=_DOTTED)
    """The dotted name of a function of a creation, a run's parameters and the settings, which returns US
    dollars at list prices by component. It asks nothing of a provider, and raises `BadRequest` as the check
    does."""
    still: str | None = Field(None, pattern=_DOTTED)
    """The dotted name of a function of a creation, whose assets may be incomplete, and of options that
    override its own. It returns a frame as the film would look, as JPEG or PNG at most 640 pixels wide, or
    raises `BadRequest`. It may import what the server's image lacks."""
    action: str | None = Field(None, pattern=r"^[a-z][a-z_]*$")
    """The last part of `POST /me/creation/<creation_id>/<action>`, which starts it; unset: no such route."""
    routes: str | None = Field(None, pattern=_DOTTED)
    """The dotted name of a FastAPI router of its own."""
    command: str | None = Field(None, pattern=_DOTTED)
    """The dotted name of the function behind `reelwright run <pipeline>` (`jobs/desk.py`), where that takes
    more than a folder of assets."""
    reported: Reported | None = None
    """Unset: its progress is in the store only."""
    listed: Listed = Listed()
    """How its creations are shown in `GET /creations`."""
    by_date: bool = False
    """Its creations may be jobs by date (`shared.job_manager`): compose also gets a file with a service for
    each stage, which takes a job's folder."""
    identified_by: dict[str, Annotated[str, Field(pattern=r"^[a-z_]+\.[a-z_]+$")]] = {}
    """`<stage>.<name>`: what a stage's metadata says of what was put in, e.g. its title, for the `input` of a
    job's manifest."""
    film: str | None = None
    """The output that is the film, e.g. `assets/video.mp4`; where the container varies, the usual name of the
    output that is labelled `video`."""
    outputs: tuple[str, ...] = ()
    """The assets that its stages make, or whole folders of them (which end in `/`), e.g. `assets/video.mp4`.
    All other assets are inputs."""
    timeline: str | None = None
    """The output that is the film's timeline (`shared.video.timeline`), from which its cut is read."""
    cut: str | None = Field(None, pattern=_DOTTED)
    """Instead of that, the dotted name of a function of a creation and its film's name, which returns the
    film's `Cut` (`shared.cuts.cut`). It may import only what every image has."""
    fused: FusedDefinition | None = None
    extra_jobs: dict[Annotated[str, Field(pattern=r"^[a-z][a-z-]*$")], ExtraJob] = {}
    """Jobs that are not stages, by the name that platforms have for them, without a prefix."""
    consumed: Consumed | None = None
    """The messages that ask for its runs, if there are any."""
    stages: dict[str, StageDefinition] = Field(min_length=1)
    """In an order in which each stage comes after all that it needs."""

    @model_validator(mode="after")
    def _graph_is_sound(self) -> Self:
        if FUSED in self.stages:
            raise ValueError(f"no stage may be called {FUSED!r}")
        seen: list[str] = []
        for name, stage in self.stages.items():
            unknown = [need for need in stage.needs if need not in seen]
            if unknown:
                raise ValueError(f"stage {name!r} needs {unknown}, which must be listed before it")
            if stage.fan_out and stage.fan_out.over.split(".")[0] not in stage.needs:
                raise ValueError(
                    f"stage {name!r} fans out over {stage.fan_out.over!r} but doesn't need that stage"
                )
            seen.append(name)
        told = [*self.identified_by.values(), *(each.stage for each in self.listed.called if each.stage)]
        strange = [place for place in told if place.split(".")[0] not in seen]
        if strange:
            raise ValueError(f"identified_by, listed: {strange} name no stage")
        if self.reported and set(self.reported.phases) != set(self.stages):
            raise ValueError("reported.phases must name every stage, and no other")
        total = sum(stage.share for stage in self.stages.values())
        if abs(total - 1) > 1e-6:
            raise ValueError(f"the stages' shares add up to {total:g}, not 1")
        return self

    def makes(self, name: str) -> bool:
        """Whether the asset is one that the stages make."""
        folders = tuple(output for output in self.outputs if output.endswith("/"))
        return name in self.outputs or name.startswith(folders)

    @property
    def jobs(self) -> dict[str, str]:
        """The platforms' name of each stage's job, and of `FUSED` if there is one."""
        names = {stage: f"{self.name}-{stage}".replace("_", "-") for stage in self.stages}
        return names | ({FUSED: self.fused.job} if self.fused else {})

    def from_stage(self, name: str) -> tuple[str, ...]:
        """The stage and all that can't be right without it; raises `UnknownName`."""
        if name not in self.stages:
            raise UnknownName("stage", name, list(self.stages))
        found = [name]
        for other, stage in self.stages.items():
            if other not in found and not set(found).isdisjoint(stage.needs):
                found.append(other)
        return tuple(found)

    @property
    def optional(self) -> frozenset[str]:
        """The stages without which a run goes on."""
        return frozenset(name for name, stage in self.stages.items() if stage.optional)

    @property
    def ends(self) -> tuple[str, ...]:
        """The stages that no other one needs."""
        needed = {need for stage in self.stages.values() for need in stage.needs}
        return tuple(name for name in self.stages if name not in needed)

    @property
    def width(self) -> int:
        """How many of its stages can run at once, at most."""
        depths: dict[str, int] = {}
        for name, stage in self.stages.items():
            depths[name] = 1 + max((depths[need] for need in stage.needs), default=0)
        return max(Counter(depths.values()).values())

    def check(self, creation: object, parameters: Mapping[str, Any]) -> None:
        """Raise `BadRequest` for a run of this `Creation` that its stages would refuse."""
        if self.checked_by:
            named(self.checked_by)(creation, parameters)

    def definition_of(self, stage: str) -> JobDefinition:
        """The stage's definition, or that of the fused container for `FUSED`."""
        if stage != FUSED:
            return self.stages[stage]
        if self.fused is None:
            raise BadRequest(f"pipeline {self.name!r} has no fused: entry in its pipeline.yaml")
        return self.fused

    def tasks_of(self, stage: str, metadata: dict[str, dict[str, Any]]) -> int:
        """The stage's number of tasks, from the metadata of earlier stages."""
        fan_out = self.stages[stage].fan_out
        if fan_out is None:
            return 1
        source, name = fan_out.over.split(".")
        items = int(metadata.get(source, {}).get(name, 1))
        return max(1, min(fan_out.most, -(-items // fan_out.per_task)))


def named(dotted: str) -> Any:
    """Load an object of a pipeline by its dotted name."""
    module, _, name = dotted.rpartition(".")
    return getattr(import_module(module), name)


def load_pipeline(path: Path) -> Pipeline:
    """Read a `pipeline.yaml`; raises `BadRequest` naming the file and every problem."""
    try:
        return Pipeline.model_validate(from_yaml(path.read_text(encoding="utf-8")))
    except (yaml.YAMLError, ValidationError) as error:
        raise BadRequest(f"{path.name} in {path.parent.name}/: {problems_of(error)}") from error
