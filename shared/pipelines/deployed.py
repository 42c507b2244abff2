"""What is deployed: the job of every stage of every pipeline, the image that it runs, and its settings."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import ClassVar, Final

from pydantic import BaseModel, ConfigDict, Field, field_validator

from shared.errors import BadRequest
from shared.pipelines.definition import FUSED, JobDefinition, Pipeline
from shared.settings import SECRET, VARIABLES, read_settings

_OF_THE_PLACE: Final = frozenset(
    {
        *("STORE_URL", "LOG_FILE", "COMPOSE_COMMAND", "COMPOSE_FILE", "JOB_PREFIX"),
        *("VOICES_DIR", "VOICES_URL"),
        *("GOOGLE_CLOUD_PROJECT", "CLOUD_RUN_REGION", "CLOUD_RUN_EMULATOR_HOST"),
        *("EVENTS_AUDIENCE", "EVENTS_ACCOUNTS"),
        *("CE_PROJECT_ID", "CE_REGION", "IBMCLOUD_API_KEY", "CODE_ENGINE_URL", "IBM_IAM_URL"),
    }
)
"""They name what is there where they are set, a folder or a cloud; a container has its own."""
_OF_THE_TRIGGER: Final = frozenset({"API_TOKEN", "FUSED", "MAX_UPLOAD_MB", "WEBHOOK_URL", "WEBHOOK_SECRET"})
TRIGGER_SETTINGS: Final = tuple(name for name in VARIABLES if name not in _OF_THE_PLACE)
"""What a trigger's container heeds, whatever it runs on; one that runs the stages itself heeds all of it."""
JOB_SETTINGS: Final = tuple(name for name in TRIGGER_SETTINGS if name not in _OF_THE_TRIGGER)
"""What a stage's container heeds."""


class Deployment(BaseModel):
    """What every platform can be told."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tag: str = Field(default_factory=lambda: version("reelwright"), pattern=r"^\w[\w.-]{0,127}$")
    """Of the images."""
    job_prefix: str = Field("reelwright", pattern=r"^[a-z]([a-z0-9-]{0,22}[a-z0-9])?$")
    """What the names of jobs start with, and of all that belongs to them: JOB_PREFIX to a trigger."""
    settings: dict[str, str] = {}
    """Settings that are no secrets, by their variables."""
    heeded: ClassVar[tuple[str, ...]] = TRIGGER_SETTINGS
    """Those that the platform's files have a place for."""

    @field_validator("settings")
    @classmethod
    def _are_heeded(cls, settings: dict[str, str]) -> dict[str, str]:
        for name in settings:
            if name in SECRET:
                raise ValueError(f"{name} may hold a secret: hand it to the containers as one, not in a file")
            if name not in cls.heeded:
                choices = ", ".join(each for each in cls.heeded if each not in SECRET)
                raise ValueError(f"{name} is no setting to write into a file; use one of {choices}")
        read_settings(settings)
        return settings

    @property
    def job_settings(self) -> dict[str, str]:
        return {name: value for name, value in self.settings.items() if name in JOB_SETTINGS}


@dataclass(frozen=True, kw_only=True)
class DeployedJob:
    """One job, as every cloud has it."""

    name: str
    """Without the platform's prefix, e.g. `story-render` or `video-generator`."""
    target: str
    """Of `infra/Dockerfile`, and the image's name: a stage's job, or the pipeline for all stages in one."""
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
                target=pipeline.name.replace("_", "-") if stage == FUSED else name,
                pipeline=pipeline.name,
                stage=stage,
                definition=pipeline.definition_of(stage),
            )


def named_values(option: str, pairs: Sequence[str]) -> dict[str, str]:
    """What an option of the kind NAME=VALUE says; raises `BadRequest` for what is not of that kind."""
    bad = [pair for pair in pairs if not pair.partition("=")[0] or "=" not in pair]
    if bad:
        raise BadRequest(*(f"{option} {pair!r}: give NAME=VALUE" for pair in bad))
    return {name: value for name, _, value in (pair.partition("=") for pair in pairs)}
