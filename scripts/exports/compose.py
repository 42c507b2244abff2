"""What compose is to have: the trigger, and a service for each job under the profile `jobs`.

The trigger runs the jobs inside itself; the services are for `PLATFORM=compose` outside, which starts one
for each task. Format: https://github.com/compose-spec/compose-spec.
"""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel, ConfigDict

from shared.deployment import DeployedJob, deployed_jobs
from shared.pipeline import Pipeline

_TRIGGER: Final = "trigger"
_CREATIONS: Final = "/creations"
_SCRATCH: Final = "/scratch"
_PROVIDERS: Final = (
    *("TEXT_PROVIDER", "SPEECH_PROVIDER", "VIDEO_PROVIDER", "IMAGE_PROVIDER"),
    *("ANTHROPIC_API_KEY", "CLAUDE_MODEL", "ELEVENLABS_API_KEY", "ELEVENLABS_MODEL"),
    *("REPLICATE_API_TOKEN", "VIDEO_MODEL", "REDIS_URL"),
)
_TOLD: Final = ("WEBHOOK_URL", "WEBHOOK_SECRET", "JOB_TIMEOUT")
"""Of ends the trigger alone tells."""
_HANDED_ON: Final = (
    *_PROVIDERS,
    "LOG_LEVEL",
    "HEARTBEAT_S",
    "STALE_AFTER_S",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_DEFAULT_REGION",
    "AWS_ENDPOINT_URL_S3",
    "COS_ENDPOINT",
    "COS_HMAC_ACCESS_KEY_ID",
    "COS_HMAC_SECRET_ACCESS_KEY",
)


class ComposeDeployment(BaseModel):
    """Nothing to say: REGISTRY, TAG, PORT and CREATIONS are variables of compose itself."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def manifests(
    pipelines: Mapping[str, Pipeline], _deployment: ComposeDeployment
) -> dict[str, list[dict[str, Any]]]:
    """The one file's document by its path under the repository."""
    services = {_TRIGGER: _trigger()} | {job.name: _service(job) for job in deployed_jobs(pipelines)}
    volumes: dict[str, Any] = {"creations": {}, "scratch": {}}
    document = {"name": "reelwright", "services": services, "volumes": volumes}
    return {"infra/compose.yaml": [document]}


def _trigger() -> dict[str, Any]:
    container = _container("app")
    return container | {
        # By name, since `down` leaves an image's own volumes behind; those of jobs are gone with `run --rm`.
        "volumes": [*container["volumes"], f"scratch:{_SCRATCH}"],
        "command": ["serve", "--host", "0.0.0.0"],  # noqa: S104 - published on loopback only
        "environment": {
            **_environment(),
            **dict.fromkeys((*_PROVIDERS, *_TOLD)),
            "PLATFORM": "local",
            "API_TOKEN": "${API_TOKEN:?set it to a secret of your choice; the HTTP face demands it}",
        },
        "ports": ["127.0.0.1:${PORT:-8080}:8080"],
        "restart": "unless-stopped",
        "stop_grace_period": "30s",
    }


def _service(job: DeployedJob) -> dict[str, Any]:
    return _container(job.target) | {
        "profiles": ["jobs"],
        # Without a value: handed on from where compose is called, if it is set there.
        "environment": {**_environment(), **dict.fromkeys(_HANDED_ON)},
        "cpus": job.definition.cpu,
        "mem_limit": f"{job.definition.memory_mib}m",
    }


def _container(target: str) -> dict[str, Any]:
    return {
        "image": f"${{REGISTRY:-reelwright}}/{target}:${{TAG:-latest}}",
        "build": {"context": "..", "dockerfile": "infra/Dockerfile", "target": target},
        "volumes": [f"${{CREATIONS:-creations}}:{_CREATIONS}"],
        "tmpfs": ["/tmp"],  # noqa: S108 - the container's own
        "init": True,
        "read_only": True,
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
    }


def _environment() -> dict[str, str | None]:
    # The store keeps its own things in that folder, and nothing else of a container can be written to.
    database = f"sqlite:///{_CREATIONS}/.reelwright/jobs.db"
    return {
        "STORE_URL": f"file://{_CREATIONS}",
        "LOG_FORMAT": "json",
        "DATABASE_URL": f"${{DATABASE_URL:-{database}}}",
    }
