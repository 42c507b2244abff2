"""The files for compose. Format: https://github.com/compose-spec/compose-spec.

`infra/compose.yaml` has the trigger, and a service for each job under the profile `jobs`. The trigger runs
the jobs in its own container; the services are for `PLATFORM=compose` on the host, which starts one for each
task.

`infra/<pipeline>/compose.yaml`, for a pipeline of jobs by date, has a service for each stage that a person
starts with a job's folder: `docker compose run --rm -e CONFIG_PATH=… asr /app/out/2025/10/30/1/20251030-001`.
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
_FOLDERS: Final = {"out": "", "logs": "", "config": ":ro"}
"""Of a person's working folder, which is the repository's unless JOBS names another."""


class ComposeDeployment(Deployment):
    """The job prefix is the project's name. REGISTRY, TAG, PORT and CREATIONS are variables of compose."""


def manifests(
    pipelines: Mapping[str, Pipeline], deployment: ComposeDeployment
) -> dict[str, list[dict[str, Any]]]:
    """The files' documents by their paths under the repository."""
    jobs = {job.name: _service(job, deployment) for job in deployed_jobs(pipelines)}
    volumes: dict[str, Any] = {"creations": {}, "scratch": {}}
    services = {_TRIGGER: _trigger(deployment)} | jobs
    whole = {"name": deployment.job_prefix, "services": services, "volumes": volumes}
    return {"infra/compose.yaml": [whole]} | {
        f"infra/{pipeline.name}/compose.yaml": [_of_jobs(pipeline, deployment)]
        for pipeline in pipelines.values()
        if pipeline.by_date
    }


def _of_jobs(pipeline: Pipeline, deployment: ComposeDeployment) -> dict[str, Any]:
    """A service for each stage, without an order among them: a person starts them one by one."""
    jobs = [job for job in deployed_jobs({pipeline.name: pipeline}) if job.stage in pipeline.stages]
    return {
        "name": f"{deployment.job_prefix}-{pipeline.name}",
        "services": {job.stage.replace("_", "-"): _stage_of_job(job, deployment) for job in jobs},
    }


def _stage_of_job(job: DeployedJob, deployment: ComposeDeployment) -> dict[str, Any]:
    service = _service(job, deployment)
    names = [name for name in service["environment"] if name != "STORE_URL"]
    return {name: value for name, value in service.items() if name != "profiles"} | {
        "build": {**service["build"], "context": "../.."},
        # Who owns the jobs' folders; in a rootless container that is 0.
        "user": "${JOB_USER:-0:0}",
        "volumes": [f"${{JOBS:-../..}}/{name}:/app/{name}{mode}" for name, mode in _FOLDERS.items()],
        "environment": {"CONFIG_PATH": None} | {name: service["environment"][name] for name in names},
    }


def _trigger(deployment: ComposeDeployment) -> dict[str, Any]:
    container = _container("app", _build("app"), deployment)
    # Only jobs need the keys of buckets: the trigger's store is a volume.
    handed_on = (name for name in TRIGGER_SETTINGS if not name.startswith("COS_"))
    return container | {
        # Named, since `down` keeps an image's anonymous volumes; `run --rm` removes those of jobs.
        "volumes": [*container["volumes"], f"scratch:{_SCRATCH}"],
        "command": ["serve", "--studio", "--host", "0.0.0.0"],  # noqa: S104 - published on loopback only
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
