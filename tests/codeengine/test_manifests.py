"""Code Engine's files are what its SDK and its custom resource take, and mean what was asked for."""

import inspect
import json
from typing import Any, Literal

import pytest
from ibm_cloud_sdk_core.authenticators import NoAuthAuthenticator
from ibm_code_engine_sdk.code_engine_v2 import CodeEngineV2, EnvVarPrototype
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from codeengine.job_file import JobFile, run_limit_s
from codeengine.manifests import CodeEngineDeployment, limits, manifests
from shared.pipelines.deployed import deployed_jobs
from tests.support.deployments import all_pipelines

DEPLOYMENT = CodeEngineDeployment(region="eu-de", bucket="films", context="4svg40kna19")
DOCUMENTS = {path: documents[0] for path, documents in manifests(all_pipelines(), DEPLOYMENT).items()}
JOBS = {job.name: job for job in deployed_jobs(all_pipelines())}
RATIOS = (2, 4, 8)
MOST_CPUS, MOST_GB = 12, 48


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class SecretKey(Strict):
    name: str
    key: str


class ValueFrom(Strict):
    secretKeyRef: SecretKey  # noqa: N815 - Kubernetes' name


class Variable(Strict):
    name: str
    value: str | None = None
    valueFrom: ValueFrom | None = None  # noqa: N815 - Kubernetes' name


class Requests(Strict):
    cpu: str
    memory: str
    ephemeral_storage: str = Field(alias="ephemeral-storage")


class Resources(Strict):
    requests: Requests


class Container(Strict):
    name: str
    image: str
    command: list[str] = []
    args: list[str] = []
    env: list[Variable]
    resources: Resources


class PullSecret(Strict):
    name: str


class Template(Strict):
    """Not Kubernetes' PodTemplateSpec."""

    containers: list[Container]
    imagePullSecrets: list[PullSecret]  # noqa: N815 - Kubernetes' name
    serviceAccountName: str  # noqa: N815 - Kubernetes' name


class Spec(Strict):
    arraySpec: str = Field(pattern=r"^\d+(-\d+)?(,\d+(-\d+)?)*$")  # noqa: N815 - Kubernetes' name
    maxExecutionTime: int = Field(gt=0, le=86_400)  # noqa: N815 - Kubernetes' name
    retryLimit: int = Field(ge=0, le=5)  # noqa: N815 - Kubernetes' name
    template: Template


class Metadata(Strict):
    name: str = Field(pattern=r"^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$")


class JobDefinition(Strict):
    apiVersion: Literal["codeengine.cloud.ibm.com/v1beta1"]  # noqa: N815 - Kubernetes' name
    kind: Literal["JobDefinition"]
    metadata: Metadata
    spec: Spec


@pytest.mark.parametrize("name", JOBS)
def test_a_file_to_apply_is_a_request_that_the_sdk_makes(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    document = DOCUMENTS[f"codeengine/jobs/{name}.yaml"]
    sent: list[dict[str, Any]] = []
    service = CodeEngineV2(authenticator=NoAuthAuthenticator())
    monkeypatch.setattr(service, "send", sent.append)
    known = set(inspect.signature(service.create_job).parameters)
    variables = [EnvVarPrototype.from_dict(each) for each in document["run_env_variables"]]
    service.create_job("project", **document | {"run_env_variables": variables})
    assert set(document) <= known
    assert json.loads(sent[0]["data"]) == document


@pytest.mark.parametrize("name", JOBS)
def test_a_file_to_apply_is_one_that_apply_takes_once_it_holds_no_placeholder(name: str) -> None:
    path = f"codeengine/jobs/{name}.yaml"
    mine = DEPLOYMENT.model_copy(update={"image_prefix": "icr.io/films"})
    document = manifests(all_pipelines(), mine)[path][0]
    body = JobFile.model_validate(document).to_body()
    assert {key: body[key] for key in document} == document
    with pytest.raises(ValidationError):
        JobFile.model_validate(DOCUMENTS[path])  # NAMESPACE


@pytest.mark.parametrize("name", JOBS)
def test_a_job_means_what_its_pipeline_says(name: str) -> None:
    document, definition = DOCUMENTS[f"codeengine/jobs/{name}.yaml"], JOBS[name].definition
    assert document["name"] == f"reelwright-{name}"
    assert document["image_reference"].endswith(f"/{JOBS[name].image}:{DEPLOYMENT.tag}")
    assert tuple(document["run_commands"]) == JOBS[name].command
    assert document["scale_max_execution_time"] == run_limit_s(definition)
    assert document["scale_retry_limit"] == definition.retries
    assert int(document["scale_cpu_limit"]) >= definition.cpu
    assert document["scale_ephemeral_storage_limit"] == document["scale_memory_limit"]
    variables = {variable["name"]: variable for variable in document["run_env_variables"]}
    assert variables["STORE_URL"]["value"] == "cos://films"
    for key in ("COS_HMAC_ACCESS_KEY_ID", "COS_HMAC_SECRET_ACCESS_KEY"):
        assert variables[key]["type"] == "secret_key_reference"
        assert "value" not in variables[key]


@pytest.mark.parametrize("name", JOBS)
def test_both_ways_to_deploy_mean_the_same(name: str) -> None:
    applied = DOCUMENTS[f"codeengine/jobs/{name}.yaml"]
    definition = JobDefinition.model_validate(DOCUMENTS[f"codeengine/kubectl/{name}.yaml"])
    (container,) = definition.spec.template.containers
    requests = container.resources.requests
    assert definition.metadata.name == container.name == applied["name"]
    assert (container.image, container.command) == (applied["image_reference"], applied["run_commands"])
    assert definition.spec.template.serviceAccountName == f"4svg40kna19-{applied['run_service_account']}"
    assert [secret.name for secret in definition.spec.template.imagePullSecrets] == [applied["image_secret"]]
    assert (definition.spec.maxExecutionTime, definition.spec.retryLimit) == (
        applied["scale_max_execution_time"],
        applied["scale_retry_limit"],
    )
    assert (requests.cpu, requests.memory, requests.ephemeral_storage) == (
        applied["scale_cpu_limit"],
        applied["scale_memory_limit"],
        applied["scale_ephemeral_storage_limit"],
    )
    assert [_meaning(each) for each in container.env] == [
        (each["name"], each.get("value") or (each["reference"], each["key"]))
        for each in applied["run_env_variables"]
    ]


def _meaning(variable: Variable) -> tuple[str, str | tuple[str, str]]:
    if variable.valueFrom is None:
        return variable.name, variable.value or ""
    secret = variable.valueFrom.secretKeyRef
    return variable.name, (secret.name, secret.key)


@pytest.mark.parametrize("path", DOCUMENTS)
def test_a_file_leaves_room_below_the_limit_of_ten_kibibytes(path: str) -> None:
    assert len(json.dumps(DOCUMENTS[path])) < 5 * 1024


@pytest.mark.parametrize("cpu", [1, 2, 4, 8])
@pytest.mark.parametrize("memory_mib", [512, 1907, 1908, 2048, 8192, 16_384, 32_768])
def test_cpus_and_memory_are_a_pair_that_code_engine_has(cpu: int, memory_mib: int) -> None:
    cpus, gigabytes = limits(cpu, memory_mib)
    assert cpu <= cpus <= MOST_CPUS
    assert gigabytes / cpus in RATIOS
    assert memory_mib * 2**20 <= gigabytes * 10**9 <= MOST_GB * 10**9


def test_more_than_code_engine_has_is_refused() -> None:
    with pytest.raises(ValueError, match="65536"):
        limits(1, 65_536)
