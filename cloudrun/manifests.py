"""Files for Cloud Run: YAML for `gcloud run jobs replace` and `gcloud run services replace`.

Both are of the API's version 1, whose fields Google's discovery document of `run.v1` defines.
"""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import Field

from shared.pipelines.definition import Pipeline
from shared.pipelines.deployed import CloudDeployment, DeployedJob, ImagePrefix, deployed_jobs
from shared.validation import name_pattern

_MEMORY_MIB: Final = {1: (512, 4096), 2: (512, 8192), 4: (2048, 16_384), 6: (4096, 24_576), 8: (4096, 32_768)}
"""Least and most memory by CPUs: https://cloud.google.com/run/docs/configuring/jobs/memory-limits."""

_UPLOAD_MB: Final = 32
"""Cloud Run refuses larger requests."""


class CloudRunDeployment(CloudDeployment):
    """Where it is deployed; the export's options replace the parts in capitals."""

    image_prefix: ImagePrefix = "REGION-docker.pkg.dev/PROJECT/reelwright"
    project: str = Field("PROJECT", pattern=r"^[A-Za-z][\w.:-]*$")
    region: str = Field("REGION", pattern=r"^[A-Za-z][A-Za-z0-9-]*$")
    bucket: str = Field("BUCKET", pattern=r"^[A-Za-z0-9][\w.-]+$")
    job_prefix: str = Field("reelwright", pattern=name_pattern(22))
    """Shorter than elsewhere: names of service accounts have up to 30 characters, with `-trigger`."""
    audience: str | None = Field(None, pattern=r"^https://[^\s,]+$")
    """The audience of ID tokens from Eventarc and Cloud Scheduler; if None, the trigger refuses them."""

    def account(self, name: str) -> str:
        return f"{self.name(name)}@{self.project}.iam.gserviceaccount.com"


def manifests(
    pipelines: Mapping[str, Pipeline], deployment: CloudRunDeployment
) -> dict[str, list[dict[str, Any]]]:
    """Each file's documents by its path under the repository."""
    files = {f"cloudrun/jobs/{job.name}.yaml": [_job(job, deployment)] for job in deployed_jobs(pipelines)}
    return files | {"cloudrun/service.yaml": [_trigger(deployment)]}


def limits(cpu: int, memory_mib: int) -> tuple[int, int]:
    """The smallest container (CPUs, memory) of Cloud Run that is at least as large."""
    for cpus, (least, most) in _MEMORY_MIB.items():
        if cpus >= cpu and memory_mib <= most:
            return cpus, max(memory_mib, least)
    raise ValueError(f"Cloud Run has no container with {cpu} CPUs and {memory_mib} MiB; ask for less")


def _job(job: DeployedJob, deployment: CloudRunDeployment) -> dict[str, Any]:
    task = {
        "maxRetries": job.definition.retries,
        "timeoutSeconds": job.definition.time_limit_s,
        "serviceAccountName": deployment.account("jobs"),
        "containers": [
            {
                "name": job.name,
                "image": deployment.image(job.image),
                "command": list(job.command),
                "env": _environment(_common(deployment, deployment.job_settings)),
                "resources": {"limits": _limits(job.definition.cpu, job.definition.memory_mib)},
            }
        ],
    }
    return {
        "apiVersion": "run.googleapis.com/v1",
        "kind": "Job",
        "metadata": {
            "name": deployment.name(job.name),
            "labels": {"cloud.googleapis.com/location": deployment.region},
        },
        "spec": {
            "template": {
                "metadata": {"annotations": {"run.googleapis.com/execution-environment": "gen2"}},
                # The launcher says how many tasks; without parallelism as many as can run at once.
                "spec": {"taskCount": 1, "template": {"spec": task}},
            }
        },
    }


def _trigger(deployment: CloudRunDeployment) -> dict[str, Any]:
    secret = {"secretKeyRef": {"name": deployment.name("api-token"), "key": "latest"}}
    container = {
        "name": "trigger",
        "image": deployment.image("cloudrun-trigger"),
        "ports": [{"containerPort": 8080}],
        "env": [
            *_environment(_trigger_variables(deployment)),
            {"name": "API_TOKEN", "valueFrom": secret},
        ],
        "resources": {"limits": _limits(1, 1024)},
    }
    return {
        "apiVersion": "serving.knative.dev/v1",
        "kind": "Service",
        "metadata": {
            "name": deployment.name("trigger"),
            "labels": {"cloud.googleapis.com/location": deployment.region},
            # It checks tokens itself: Cloud Run would strip the signatures of those that it checked.
            "annotations": {"run.googleapis.com/invoker-iam-disabled": "true"},
        },
        "spec": {
            "template": {
                "metadata": {
                    "annotations": {
                        "run.googleapis.com/execution-environment": "gen2",
                        "autoscaling.knative.dev/maxScale": "3",
                    }
                },
                "spec": {
                    "serviceAccountName": deployment.account("trigger"),
                    # Uploads wait in memory: this many of the largest fit beside the server.
                    "containerConcurrency": 16,
                    "timeoutSeconds": 300,
                    "containers": [container],
                },
            }
        },
    }


def _common(deployment: CloudRunDeployment, settings: Mapping[str, str]) -> dict[str, str]:
    return {"STORE_URL": f"gs://{deployment.bucket}", "LOG_FORMAT": "json", **settings}


def _trigger_variables(deployment: CloudRunDeployment) -> dict[str, str]:
    variables = _common(deployment, {"MAX_UPLOAD_MB": str(_UPLOAD_MB), **deployment.settings}) | {
        "ENV": "p",
        "PLATFORM": "cloudrun",
        "GOOGLE_CLOUD_PROJECT": deployment.project,
        "CLOUD_RUN_REGION": deployment.region,
        "JOB_PREFIX": deployment.job_prefix,
    }
    if deployment.audience:
        variables |= {
            "EVENTS_AUDIENCE": deployment.audience,
            "EVENTS_ACCOUNTS": deployment.account("events"),
        }
    return variables


def _limits(cpu: int, memory_mib: int) -> dict[str, str]:
    cpus, mebibytes = limits(cpu, memory_mib)
    return {"cpu": str(cpus), "memory": f"{mebibytes}Mi"}


def _environment(variables: Mapping[str, str]) -> list[dict[str, Any]]:
    return [{"name": name, "value": value} for name, value in variables.items()]
