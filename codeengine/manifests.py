"""Files for Code Engine, for `python -m codeengine.apply` or for kubectl.

The former hold the fields of a job in the Code Engine API, version 2; the latter are JobDefinitions of
`codeengine.cloud.ibm.com/v1beta1`.
"""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import Field

from codeengine.job_file import CPUS, gigabytes_with, run_limit_s
from shared.pipelines.definition import ExtraJob, Pipeline
from shared.pipelines.deployed import (
    JOB_SETTINGS,
    CloudDeployment,
    DeployedJob,
    ImagePrefix,
    Noted,
    deployed_jobs,
)

_WHOLE_CPUS: Final = tuple(int(cpus) for cpus in CPUS if "." not in cpus)
_SCHEDULE: Final = """\
schedule: "*/5 * * * *"
A definition has no schedule. A subscription starts the job at times, with a payload of its own:
ibmcloud ce subscription cron create --name {name}-cron --destination-type job --destination {name} \\
  --schedule '*/5 * * * *'"""
_EXTRA_IMAGES: Final = "icr.io/videogenie"
_KEYS: Final = ("COS_HMAC_ACCESS_KEY_ID", "COS_HMAC_SECRET_ACCESS_KEY")


class CodeEngineDeployment(CloudDeployment):
    """Where it is deployed; the export's options replace the parts in capitals."""

    allowed = JOB_SETTINGS
    image_prefix: ImagePrefix = "icr.io/NAMESPACE"
    region: str = Field("REGION", pattern=r"^[A-Za-z][A-Za-z0-9-]*$")
    bucket: str = Field("BUCKET", pattern=r"^[A-Za-z0-9][\w.-]+$")
    context: str = Field("CONTEXT", pattern=r"^[A-Za-z0-9][A-Za-z0-9-]*$")
    """The project's Kubernetes context, for kubectl: `ibmcloud ce project current` prints it."""

    @property
    def keys_secret(self) -> str:
        """Holds the HMAC keys with which jobs reach the bucket."""
        return self.name("cos")

    @property
    def registry_secret(self) -> str:
        return self.name("registry")

    def environment(self) -> dict[str, str]:
        """The variables of every job that are not secret."""
        return {
            "STORE_URL": f"cos://{self.bucket}",
            # Code Engine reaches Object Storage by its direct endpoints, inside IBM's network.
            "COS_ENDPOINT": f"https://s3.direct.{self.region}.cloud-object-storage.appdomain.cloud",
            "LOG_FORMAT": "json",
            **self.job_settings,
        }


def manifests(
    pipelines: Mapping[str, Pipeline], deployment: CodeEngineDeployment
) -> dict[str, list[dict[str, Any]]]:
    """Each file's documents by its path under the repository."""
    files: dict[str, list[dict[str, Any]]] = {}
    for job in deployed_jobs(pipelines):
        files[f"codeengine/jobs/{job.name}.yaml"] = [_job(job, deployment)]
        files[f"codeengine/kubectl/{job.name}.yaml"] = [_job_definition(job, deployment)]
    for pipeline in pipelines.values():
        for name, extra in pipeline.extra_jobs.items():
            files[f"codeengine/{name}.yaml"] = [_extra_job(pipeline, name, extra, deployment)]
    return files


def _extra_job(
    pipeline: Pipeline, name: str, job: ExtraJob, deployment: CodeEngineDeployment
) -> dict[str, Any]:
    """A job that is not a stage, under its own name and with an image of that name. Where creations and
    brokers are is in a config map, so that the file can be applied as it is."""
    cpus, gigabytes = limits(job.cpu, job.memory_mib)
    secrets = {variable: place.split("/") for variable, place in job.secrets.items()}
    container = {
        "name": name,
        "image": f"{_EXTRA_IMAGES}/{name}:latest",
        "command": ["python", "-m", f"jobs.{pipeline.name}.{job.module}"],
        "env": [
            {"name": "LOG_FORMAT", "value": "json"},
            *({"name": key, "value": value} for key, value in deployment.job_settings.items()),
            *(
                {"name": variable, "valueFrom": {"secretKeyRef": {"name": secret, "key": key}}}
                for variable, (secret, key) in secrets.items()
            ),
        ],
        "envFrom": [
            {"configMapRef": {"name": f"{name}-config"}},
            {"secretRef": {"name": deployment.keys_secret}},
            {"secretRef": {"name": deployment.name("kafka")}},
        ],
        "resources": {"requests": {"cpu": str(cpus), "memory": f"{gigabytes}G"}},
    }
    template = {"imagePullSecrets": [{"name": deployment.registry_secret}], "containers": [container]}
    definition = {
        "apiVersion": "codeengine.cloud.ibm.com/v1beta1",
        "kind": "JobDefinition",
        "metadata": {"name": name},
        "spec": {
            "arraySpec": "0",
            "maxExecutionTime": job.time_limit_s,
            "retryLimit": job.retries,
            "template": template,
        },
    }
    return Noted(_SCHEDULE.format(name=name), definition)


def limits(cpu: int, memory_mib: int) -> tuple[int, int]:
    """The smallest instance (CPUs, decimal gigabytes) of Code Engine that is at least as large."""
    bytes_asked = memory_mib * 2**20
    for cpus in _WHOLE_CPUS:
        enough = [int(size) for size in gigabytes_with(cpus) if size * 10**9 >= bytes_asked]
        if cpus >= cpu and enough:
            return cpus, enough[0]
    raise ValueError(f"Code Engine has no instance with {cpu} CPUs and {memory_mib} MiB; ask for less")


def _job(job: DeployedJob, deployment: CodeEngineDeployment) -> dict[str, Any]:
    cpus, gigabytes = limits(job.definition.cpu, job.definition.memory_mib)
    literals = deployment.environment().items()
    return {
        "name": deployment.name(job.name),
        "image_reference": deployment.image(job.image),
        "image_secret": deployment.registry_secret,
        "run_env_variables": [
            *({"type": "literal", "name": name, "value": value} for name, value in literals),
            *(
                {
                    "type": "secret_key_reference",
                    "name": key,
                    "reference": deployment.keys_secret,
                    "key": key,
                }
                for key in _KEYS
            ),
        ],
        "run_commands": list(job.command),
        "run_service_account": "none",
        "scale_cpu_limit": str(cpus),
        "scale_memory_limit": f"{gigabytes}G",
        # The default of 400 MB is too small for films; more than the memory is refused.
        "scale_ephemeral_storage_limit": f"{gigabytes}G",
        "scale_max_execution_time": run_limit_s(job.definition),
        "scale_retry_limit": job.definition.retries,
    }


def _job_definition(job: DeployedJob, deployment: CodeEngineDeployment) -> dict[str, Any]:
    cpus, gigabytes = limits(job.definition.cpu, job.definition.memory_mib)
    name = deployment.name(job.name)
    container = {
        "name": name,
        "image": deployment.image(job.image),
        "command": list(job.command),
        "env": [
            *({"name": key, "value": value} for key, value in deployment.environment().items()),
            *(
                {"name": key, "valueFrom": {"secretKeyRef": {"name": deployment.keys_secret, "key": key}}}
                for key in _KEYS
            ),
        ],
        "resources": {
            "requests": {
                "cpu": str(cpus),
                "memory": f"{gigabytes}G",
                "ephemeral-storage": f"{gigabytes}G",
            }
        },
    }
    return {
        "apiVersion": "codeengine.cloud.ibm.com/v1beta1",
        "kind": "JobDefinition",
        "metadata": {"name": name},
        "spec": {
            "arraySpec": "0",
            "maxExecutionTime": run_limit_s(job.definition),
            "retryLimit": job.definition.retries,
            "template": {
                "serviceAccountName": f"{deployment.context}-none",
                "imagePullSecrets": [{"name": deployment.registry_secret}],
                "containers": [container],
            },
        },
    }
