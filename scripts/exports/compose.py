"""The file for compose: the trigger, and a service for each job under the profile `jobs`.

The trigger runs the jobs in its own container. The services are for `PLATFORM=compose` on the host, which
starts one for each task. Format: https://github.com/compose-spec/compose-spec.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from shared.pipelines.definition import Pipeline
from shared.pipelines.deployed import (
    JOB_SETTINGS,
    S3_VARIABLES,
    TRIGGER_SETTINGS,
    DeployedJob,
    Deployment,
    deployed_jobs,
)

_TRIGGER: Final = "trigger"
_CREATIONS: Final = "/creations"
_SCRATCH: Final = "/scratch"


class ComposeDeployment(Deployment):
    """The job prefix is the project's name. REGISTRY, TAG, PORT and CREATIONS are variables of compose."""


def manifests(
    pipelines: Mapping[str, Pipeline], deployment: ComposeDeployment
) -> dict[str, list[dict[str, Any]]]:
    """The one file's document by its path under the repository."""
    jobs = {job.name: _service(job, deployment) for job in deployed_jobs(pipelines)}
    volumes: dict[str, Any] = {"creations": {}, "scratch": {}}
    services = {_TRIGGER: _trigger(deployment)} | jobs
    return {"infra/compose.yaml": [{"name": deployment.job_prefix, "services": services, "volumes": volumes}]}


def _trigger(deployment: ComposeDeployment) -> dict[str, Any]:
    container = _container("app", _build("app"), deployment)
    # Only jobs need the keys of buckets: the trigger's store is a volume.
    handed_on = (name for name in TRIGGER_SETTINGS if not name.startswith("COS_"))
    return container | {
        # Named, since `down` keeps an image's anonymous volumes; `run --rm` removes those of jobs.
        "volumes": [*container["volumes"], f"scratch:{_SCRATCH}"],
        "command": ["serve", "--host", "0.0.0.0"],  # noqa: S104 - published on loopback only
        "environment": {
            **_environment(handed_on, deployment.settings),
            "PLATFORM": "local",
            "API_TOKEN": "${API_TOKEN:?set it to a secret of your choice; the HTTP API requires it}",
        },
        "ports": ["127.0.0.1:${PORT:-8080}:8080"],
        "restart": "unless-stopped",
        "stop_grace_period": "30s",
    }


def _service(job: DeployedJob, deployment: ComposeDeployment) -> dict[str, Any]:
    return _container(job.image, _build("pipeline") | {"args": {"PIPELINE": job.pipeline}}, deployment) | {
        "profiles": ["jobs"],
        "entrypoint": list(job.command),
        "environment": _environment((*JOB_SETTINGS, *S3_VARIABLES), deployment.job_settings),
        "cpus": job.definition.cpu,
        "mem_limit": f"{job.definition.memory_mib}m",
    }


def _build(target: str) -> dict[str, Any]:
    return {"context": "..", "dockerfile": "infra/Dockerfile", "target": target}


def _container(image: str, build: Mapping[str, Any], deployment: ComposeDeployment) -> dict[str, Any]:
    return {
        "image": f"${{REGISTRY:-reelwright}}/{image}:${{TAG:-{deployment.tag}}}",
        "build": dict(build),
        "volumes": [f"${{CREATIONS:-creations}}:{_CREATIONS}"],
        "tmpfs": ["/tmp"],  # noqa: S108 - the container's own
        "init": True,
        "read_only": True,
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
    }


def _environment(handed_on: Iterable[str], settings: Mapping[str, str]) -> dict[str, str | None]:
    """A variable without a value is passed on from the environment of compose, if it is set there. A default
    such as `${CORES:-2}` doesn't work: podman-compose 1.3 passes it on literally."""
    return {
        "STORE_URL": f"file://{_CREATIONS}",
        **dict.fromkeys(handed_on),
        **{name: value.replace("$", "$$") for name, value in settings.items()},
    }
