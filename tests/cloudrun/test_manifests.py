"""Cloud Run's files have the shape that Google's discovery document defines, and mean what was asked for."""

import json
from importlib.resources import files
from typing import Any

import pytest
from google.cloud import run_v2

from cloudrun.manifests import CloudRunDeployment, limits, manifests
from shared.pipelines.deployed import deployed_jobs
from tests.support.deployments import all_pipelines

DEPLOYMENT = CloudRunDeployment(project="films-42", region="europe-west1", bucket="films")
DOCUMENTS = {path: documents[0] for path, documents in manifests(all_pipelines(), DEPLOYMENT).items()}
JOBS = {job.name: job for job in deployed_jobs(all_pipelines())}
SCHEMAS: dict[str, Any] = json.loads(
    files("googleapiclient.discovery_cache.documents").joinpath("run.v1.json").read_text()
)["schemas"]
MEMORY_GIB = {1: (0.5, 4), 2: (0.5, 8), 4: (2, 16), 6: (4, 24), 8: (4, 32)}


def problems(schema: dict[str, Any], value: Any, place: str) -> list[str]:
    """Where the value is not what the discovery document's schema says; unknown fields are problems."""
    if "$ref" in schema:
        schema = SCHEMAS[schema["$ref"]]
    kind = schema["type"]
    if kind == "object" and not isinstance(value, dict):
        return [f"{place}: no object"]
    if kind == "object" and "properties" in schema:
        unknown = [f"{place}.{name}: unknown" for name in value if name not in schema["properties"]]
        known = [(schema["properties"][name], part, f"{place}.{name}") for name, part in value.items()
                 if name in schema["properties"]]  # fmt: skip
        return unknown + [text for each in known for text in problems(*each)]
    if kind == "object":
        inner = schema["additionalProperties"]
        return [text for name, part in value.items() for text in problems(inner, part, f"{place}.{name}")]
    if kind == "array":
        parts = [problems(schema["items"], part, f"{place}[{n}]") for n, part in enumerate(value)]
        return [text for each in parts for text in each]
    wanted = (
        int
        if kind == "integer" or schema.get("format") == "int64"
        else {"string": str, "boolean": bool}[kind]
    )
    return [] if type(value) is wanted else [f"{place}: {value!r} is no {kind}"]


def as_v2(job: dict[str, Any]) -> run_v2.Job:
    """The job as version 2 of the API has it: field by field, what each is called there."""
    execution = job["spec"]["template"]["spec"]
    task = execution["template"]["spec"]
    environment = job["spec"]["template"]["metadata"]["annotations"][
        "run.googleapis.com/execution-environment"
    ]
    return run_v2.Job(
        template=run_v2.ExecutionTemplate(
            task_count=execution["taskCount"],
            parallelism=execution.get("parallelism", 0),
            template=run_v2.TaskTemplate(
                max_retries=task["maxRetries"],
                timeout={"seconds": task["timeoutSeconds"]},
                service_account=task["serviceAccountName"],
                execution_environment=f"EXECUTION_ENVIRONMENT_{environment.upper()}",
                containers=[
                    run_v2.Container(
                        name=container["name"],
                        image=container["image"],
                        command=container["command"],
                        env=[run_v2.EnvVar(name=env["name"], value=env["value"]) for env in container["env"]],
                        resources=run_v2.ResourceRequirements(limits=container["resources"]["limits"]),
                    )
                    for container in task["containers"]
                ],
            ),
        )
    )


@pytest.mark.parametrize("path", DOCUMENTS)
def test_a_file_has_the_shape_of_the_api(path: str) -> None:
    document = DOCUMENTS[path]
    assert problems({"$ref": document["kind"]}, document, document["kind"]) == []


def test_the_shape_is_checked_at_all() -> None:
    job = json.loads(json.dumps(DOCUMENTS["cloudrun/jobs/story-render.yaml"]))
    job["spec"]["template"]["spec"]["template"]["taskCount"] = 2
    job["spec"]["template"]["spec"]["parallelism"] = "2"
    job["spec"]["template"]["spec"]["template"]["spec"]["containers"][0]["env"][0]["value"] = 1
    found = {text.split(":")[0].rsplit(".", 1)[1] for text in problems({"$ref": "Job"}, job, "Job")}
    assert found == {"taskCount", "parallelism", "value"}


@pytest.mark.parametrize("name", JOBS)
def test_a_job_means_what_its_pipeline_says(name: str) -> None:
    document, definition = DOCUMENTS[f"cloudrun/jobs/{name}.yaml"], JOBS[name].definition
    assert document["metadata"]["name"] == f"reelwright-{name}"
    template = as_v2(document).template
    task = template.template
    (container,) = task.containers
    assert (template.task_count, template.parallelism) == (1, 0)
    assert (task.max_retries, task.timeout.total_seconds()) == (definition.retries, definition.time_limit_s)
    assert task.execution_environment == run_v2.ExecutionEnvironment.EXECUTION_ENVIRONMENT_GEN2
    assert task.service_account == "reelwright-jobs@films-42.iam.gserviceaccount.com"
    assert tuple(container.command) == JOBS[name].command
    assert container.image.endswith(f"/{JOBS[name].image}:{DEPLOYMENT.tag}")
    assert {env.name: env.value for env in container.env} == {"STORE_URL": "gs://films", "LOG_FORMAT": "json"}
    assert int(container.resources.limits["cpu"]) >= definition.cpu
    assert int(container.resources.limits["memory"].removesuffix("Mi")) >= definition.memory_mib


@pytest.mark.parametrize("cpu", [1, 2, 4, 8])
@pytest.mark.parametrize("memory_mib", [512, 2048, 4096, 4097, 8192, 16_384, 24_577, 32_768])
def test_cpus_and_memory_are_a_pair_that_cloud_run_has(cpu: int, memory_mib: int) -> None:
    cpus, memory = limits(cpu, memory_mib)
    least, most = MEMORY_GIB[cpus]
    assert cpus >= cpu
    assert memory >= memory_mib
    assert least * 1024 <= memory <= most * 1024


def test_more_than_cloud_run_has_is_refused() -> None:
    with pytest.raises(ValueError, match="32769"):
        limits(1, 32_769)


def test_the_trigger_believes_tokens_only_once_it_knows_whom_they_are_for() -> None:
    def variables(deployment: CloudRunDeployment) -> dict[str, str]:
        service = manifests(all_pipelines(), deployment)["cloudrun/service.yaml"][0]
        (container,) = service["spec"]["template"]["spec"]["containers"]
        return {env["name"]: env.get("value", "") for env in container["env"]}

    url = "https://reelwright-trigger-abc.a.run.app"
    told = variables(DEPLOYMENT.model_copy(update={"audience": url}))
    assert not {"EVENTS_AUDIENCE", "EVENTS_ACCOUNTS"} & set(variables(DEPLOYMENT))
    assert told["EVENTS_AUDIENCE"] == url
    assert told["EVENTS_ACCOUNTS"] == "reelwright-events@films-42.iam.gserviceaccount.com"


def test_the_trigger_reads_its_settings() -> None:
    from shared.settings import read_settings

    service = DOCUMENTS["cloudrun/service.yaml"]
    (container,) = service["spec"]["template"]["spec"]["containers"]
    environ = {env["name"]: env.get("value", "from-the-secret") for env in container["env"]}
    settings = read_settings(environ)
    assert (settings.platform, settings.google_project, settings.cloud_run_region, settings.api_token) == (
        "cloudrun",
        "films-42",
        "europe-west1",
        "from-the-secret",
    )
