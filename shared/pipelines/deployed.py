"""Deployments: the job of every stage of every pipeline, its image and its settings."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Annotated, Any, ClassVar, Final

from pydantic import BaseModel, ConfigDict, Field, field_validator

from shared.errors import BadRequest
from shared.pipelines.definition import FUSED, JobDefinition, Pipeline
from shared.settings import SECRET, SETTINGS, read_settings
from shared.validation import name_pattern

TRIGGER_SETTINGS: Final = tuple(each.variable for each in SETTINGS.values() if each.read_by != "here")
"""Settings that a trigger's container reads on every platform; one that runs the stages itself reads all."""
JOB_SETTINGS: Final = tuple(each.variable for each in SETTINGS.values() if each.read_by == "jobs")
"""Settings that a stage's container reads."""
S3_VARIABLES: Final = (
    *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
    *("AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"),
)
"""Variables that boto3 reads for an `s3://` store."""
ImagePrefix = Annotated[str, Field(pattern=r"^[A-Za-z0-9][\w.:/-]*$")]
"""Registry and folder, or namespace, of the images."""

Brokers = Annotated[str, Field(pattern=r"^(BROKERS|[\w.-]+:\d+(,[\w.-]+:\d+)*)$")]
"""Of Kafka, as a client first asks them."""


class Noted(dict[str, Any]):
    """A document of a deployment file, with a comment for those who read it."""

    def __init__(self, note: str, document: Mapping[str, Any]) -> None:
        super().__init__(document)
        self.note = note


def deployed_name(prefix: str, what: str) -> str:
    """A cloud's name for a job, or for anything else that belongs to the jobs with this prefix."""
    return f"{prefix}-{what}"


_TAG: Final = r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$"
"""As registries take it. A class of the letters of all scripts took 50 ms to prepare."""


class Deployment(BaseModel):
    """The options of every platform's deployment."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tag: str = Field(default_factory=lambda: version("reelwright"), pattern=_TAG)
    """The tag of the images."""
    job_prefix: str = Field("reelwright", pattern=name_pattern(24))
    """The prefix of the names of jobs and everything that belongs to them: JOB_PREFIX for a trigger."""
    settings: dict[str, str] = {}
    """Settings that are not secret, by variable."""
    allowed: ClassVar[tuple[str, ...]] = TRIGGER_SETTINGS
    """The variables that the platform's files may hold."""

    @field_validator("settings")
    @classmethod
    def _are_allowed(cls, settings: dict[str, str]) -> dict[str, str]:
        for name in settings:
            if name in SECRET:
                raise ValueError(f"{name} may hold a secret: give it to the containers as one, not in a file")
            if name not in cls.allowed:
                choices = ", ".join(each for each in cls.allowed if each not in SECRET)
                raise ValueError(f"{name} is not a setting for a file; use one of {choices}")
        read_settings(settings)
        return settings

    def name(self, what: str) -> str:
        return deployed_name(self.job_prefix, what)

    @property
    def job_settings(self) -> dict[str, str]:
        return {name: value for name, value in self.settings.items() if name in JOB_SETTINGS}


class CloudDeployment(Deployment):
    """More options, for a platform whose images are in a registry."""

    image_prefix: ImagePrefix

    def image(self, target: str) -> str:
        return f"{self.image_prefix}/{target}:{self.tag}"


@dataclass(frozen=True, kw_only=True)
class DeployedJob:
    """One job, the same on every cloud."""

    name: str
    """Without the platform's prefix, e.g. `story-render` or `video-generator`."""
    image: str
    """Its pipeline's, which holds all stages."""
    command: tuple[str, ...]
    """The container's command; the creation ID follows it."""
    pipeline: str
    stage: str
    """Or `FUSED`."""
    definition: JobDefinition


def deployed_jobs(pipelines: Mapping[str, Pipeline]) -> Iterator[DeployedJob]:
    """The jobs of all pipelines, in the order of their stages, the fused one last."""
    for pipeline in pipelines.values():
        for stage, name in pipeline.jobs.items():
            yield DeployedJob(
                name=name,
                image=image_of(pipeline),
                command=command_of(pipeline, stage),
                pipeline=pipeline.name,
                stage=stage,
                definition=pipeline.definition_of(stage),
            )


def image_of(pipeline: Pipeline) -> str:
    """The image's name, as `infra/images.sh` builds it."""
    return pipeline.name.replace("_", "-")


def command_of(pipeline: Pipeline, stage: str) -> tuple[str, ...]:
    """The command that runs a stage, or all stages for `FUSED`."""
    if stage == FUSED:
        return ("python", "-m", "jobs", pipeline.name)
    return ("python", "-m", f"jobs.{pipeline.name}.{stage}")


def named_values(option: str, pairs: Sequence[str]) -> dict[str, str]:
    """The values of NAME=VALUE options; raises `BadRequest` for any other form."""
    bad = [pair for pair in pairs if not pair.partition("=")[0] or "=" not in pair]
    if bad:
        raise BadRequest(*(f"{option} {pair!r}: give NAME=VALUE" for pair in bad))
    return {name: value for name, _, value in (pair.partition("=") for pair in pairs)}
