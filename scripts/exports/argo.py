"""Files for Argo Workflows: a WorkflowTemplate for each pipeline, in which Argo starts the stages.

So there are no launches or claims. The first stage opens a run that the workflow names (`REELWRIGHT_RUN`).
A stage that others fan out over writes their task numbers to a file (`--plan`). At the end `settle` ends the
run. Where messages ask for runs, a step before all stages writes the message down. Fields: https://argo-workflows.readthedocs.io/en/latest/fields/.
"""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import Field

from scripts.exports import argo_events
from scripts.exports.pods import SCRATCH, confined, pod_security, resources, volumes
from shared.pipelines.definition import Consumed, Pipeline, StageDefinition
from shared.pipelines.deployed import (
    JOB_SETTINGS,
    Brokers,
    CloudDeployment,
    ImagePrefix,
    command_of,
    image_of,
)

_PLAN: Final = f"{SCRATCH}/plan"
_MESSAGE: Final = "/message"
_BAD_REQUEST: Final = 2

# Kubernetes replaces $(NAME) in arguments by the container's variables, including keys; $$ is a plain $.
_LOCK: Final = '{{=sprig.replace("/", ".", workflow.parameters.creation_id)}}'
"""Argo splits the names of its locks at slashes."""
_CREATION: Final = '{{=sprig.replace("$", "$$", workflow.parameters.creation_id)}}'


class ArgoDeployment(CloudDeployment):
    """Defaults of the workflow's parameters; the export's options replace the parts in capitals."""

    allowed = JOB_SETTINGS
    image_prefix: ImagePrefix = "REGISTRY/reelwright"
    store_url: str = Field("s3://BUCKET", pattern=r"^(gs|s3|cos)://[\w./-]+$")
    brokers: Brokers = "BROKERS"


def manifests(
    pipelines: Mapping[str, Pipeline], deployment: ArgoDeployment
) -> dict[str, list[dict[str, Any]]]:
    """Each file's documents by its path under the repository."""
    files = {
        f"infra/argo/{pipeline.name}.yaml": [_workflow_template(pipeline, deployment)]
        for pipeline in pipelines.values()
    }
    files |= argo_events.manifests(pipelines, deployment, deployment.brokers)
    return files | {"infra/argo/identities.yaml": _identities(deployment)}


def _workflow_template(pipeline: Pipeline, deployment: ArgoDeployment) -> dict[str, Any]:
    stages = [_stage(pipeline, name, deployment) for name in pipeline.stages]
    if pipeline.consumed:
        stages = [_keeping(pipeline, pipeline.consumed, deployment), *stages]
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "WorkflowTemplate",
        "metadata": {"name": deployment.name(pipeline.name.replace("_", "-"))},
        "spec": {
            "entrypoint": "pipeline",
            "onExit": "settle",
            "arguments": {
                "parameters": [
                    {"name": "creation_id"},
                    *([{"name": argo_events.MESSAGE, "value": ""}] if pipeline.consumed else []),
                    {"name": "store_url", "value": deployment.store_url},
                    {"name": "image_prefix", "value": deployment.image_prefix},
                    {"name": "tag", "value": deployment.tag},
                ]
            },
            "synchronization": {"mutexes": [{"name": deployment.name(_LOCK)}]},
            "activeDeadlineSeconds": _longest(pipeline),
            "serviceAccountName": deployment.name("jobs"),
            "automountServiceAccountToken": False,
            "executor": {"serviceAccountName": deployment.name("executor")},
            "podGC": {"strategy": "OnPodSuccess", "deleteDelayDuration": "600s"},
            "ttlStrategy": {"secondsAfterCompletion": 86_400},
            "securityContext": pod_security(),
            "templates": [_dag(pipeline), *stages, _settle(pipeline, deployment)],
        },
    }


def _longest(pipeline: Pipeline) -> int:
    """Enough time for all stages, one after another, to use up their attempts."""
    return sum((stage.retries + 1) * (stage.time_limit_s + 60) for stage in pipeline.stages.values())


def _dag(pipeline: Pipeline) -> dict[str, Any]:
    tasks = [_task(pipeline, name, stage) for name, stage in pipeline.stages.items()]
    if pipeline.consumed:
        kept = _keeper(pipeline)
        for task in tasks:
            task.setdefault("dependencies", [kept])
        has_one = f"{{{{=workflow.parameters.{argo_events.MESSAGE} != ''}}}}"
        tasks = [{"name": kept, "template": kept, "when": has_one}, *tasks]
    return {"name": "pipeline", "dag": {"tasks": tasks}}


def _keeper(pipeline: Pipeline) -> str:
    return f"{image_of(pipeline)}-message"


def _keeping(pipeline: Pipeline, consumed: Consumed, deployment: ArgoDeployment) -> dict[str, Any]:
    """Writes the message down, which comes as a file: an argument may have 128 KiB at most."""
    raw = {"data": f"{{{{workflow.parameters.{argo_events.MESSAGE}}}}}"}
    command = ["python", "-m", f"jobs.{pipeline.name}.{consumed.module}"]
    arguments = ["--keep", _MESSAGE, "--", _CREATION]
    return {
        "name": _keeper(pipeline),
        "inputs": {"artifacts": [{"name": argo_events.MESSAGE, "path": _MESSAGE, "raw": raw}]},
        **_quick(deployment, image_of(pipeline), command, arguments),
    }


def _task(pipeline: Pipeline, name: str, stage: StageDefinition) -> dict[str, Any]:
    names = pipeline.jobs
    index = "{{item}}" if stage.fan_out else "0"
    task: dict[str, Any] = {
        "name": names[name],
        "template": names[name],
        "arguments": {"parameters": [{"name": "index", "value": index}]},
    }
    if stage.needs:
        task["dependencies"] = [names[need] for need in stage.needs]
    if stage.fan_out:
        source = names[stage.fan_out.over.split(".")[0]]
        task["withParam"] = f"{{{{tasks.{source}.outputs.parameters.{names[name]}}}}}"
    if stage.optional:
        task["continueOn"] = {"failed": True, "error": True}
    return task


def _stage(pipeline: Pipeline, name: str, deployment: ArgoDeployment) -> dict[str, Any]:
    stage, job = pipeline.stages[name], pipeline.jobs[name]
    planned = [
        {"name": pipeline.jobs[other], "valueFrom": {"path": f"{_PLAN}/{other}.json"}}
        for other, definition in pipeline.stages.items()
        if definition.fan_out and definition.fan_out.over.split(".")[0] == name
    ]
    template: dict[str, Any] = {
        "name": job,
        "inputs": {"parameters": [{"name": "index"}]},
        "activeDeadlineSeconds": stage.time_limit_s,
        "retryStrategy": {
            "limit": stage.retries,
            "retryPolicy": "Always",
            "expression": f"lastRetry.exitCode != '{_BAD_REQUEST}'",
            "backoff": {"duration": "10s", "factor": 2, "maxDuration": f"{_patience_s(stage)}s"},
        },
        "volumes": volumes(),
        "container": _container(
            image_of(pipeline),
            list(command_of(pipeline, name)),
            [*(["--plan", _PLAN] if planned else []), "--", _CREATION],
            {
                "TASK_EXECUTION": "argo|{{workflow.namespace}}|{{workflow.name}}",
                "TASK_INDEX": "{{inputs.parameters.index}}",
                "TASK_ATTEMPT": "{{retries}}",
                "REELWRIGHT_RUN": "{{workflow.uid}}",
            },
            deployment,
        )
        | {"resources": resources(str(stage.cpu), f"{stage.memory_mib}Mi")},
    }
    if planned:
        template["outputs"] = {"parameters": planned}
    return template


def _patience_s(stage: StageDefinition) -> int:
    """Argo counts from the first attempt's start: all attempts and the pauses between them."""
    pauses = sum(10 * 2**pause for pause in range(stage.retries))
    return (stage.retries + 1) * stage.time_limit_s + int(pauses)


def _settle(pipeline: Pipeline, deployment: ArgoDeployment) -> dict[str, Any]:
    command = ["python", "-m", "scripts", "settle"]
    said = ["--workflow", "{{workflow.uid}}", "--outcome", "{{workflow.status}}"]
    arguments = [*said, "--", pipeline.name, _CREATION]
    return {"name": "settle", **_quick(deployment, "app", command, arguments)}


def _quick(
    deployment: ArgoDeployment, image: str, command: list[str], arguments: list[str]
) -> dict[str, Any]:
    """A template that does something in the store and ends; it is repeated until the store answers."""
    return {
        "activeDeadlineSeconds": 300,
        "retryStrategy": {
            "limit": 5,
            "retryPolicy": "Always",
            "expression": f"lastRetry.exitCode != '{_BAD_REQUEST}'",
            "backoff": {"duration": "10s", "factor": 2},
        },
        "volumes": volumes(),
        "container": _container(image, command, arguments, {}, deployment)
        | {"resources": resources("1", "512Mi")},
    }


def _container(
    image: str,
    command: list[str],
    arguments: list[str],
    variables: Mapping[str, str],
    deployment: ArgoDeployment,
) -> dict[str, Any]:
    environment = {
        "STORE_URL": "{{workflow.parameters.store_url}}",
        "LOG_FORMAT": "json",
        **deployment.job_settings,
        **variables,
    }
    return {
        "image": f"{{{{workflow.parameters.image_prefix}}}}/{image}:{{{{workflow.parameters.tag}}}}",
        # Without it the controller would have to look it up in the registry.
        "command": command,
        "args": arguments,
        "env": [{"name": name, "value": value} for name, value in environment.items()],
        "envFrom": [{"secretRef": {"name": deployment.name("store"), "optional": True}}],
        **confined(),
    }


def _identities(deployment: ArgoDeployment) -> list[dict[str, Any]]:
    """The jobs' service account has no rights; Argo's own sidecar may report their results.

    The token's name is the one that Argo expects:
    https://argo-workflows.readthedocs.io/en/latest/service-account-secrets/.
    """
    jobs, executor = deployment.name("jobs"), deployment.name("executor")
    rbac, role = "rbac.authorization.k8s.io", {"kind": "Role", "name": executor}
    token: dict[str, Any] = _named("v1", "Secret", f"{executor}.service-account-token")
    token["metadata"]["annotations"] = {"kubernetes.io/service-account.name": executor}
    rule = {
        "apiGroups": ["argoproj.io"],
        "resources": ["workflowtaskresults"],
        "verbs": ["create", "patch"],
    }
    return [
        _named("v1", "ServiceAccount", jobs) | {"automountServiceAccountToken": False},
        _named("v1", "ServiceAccount", executor),
        token | {"type": "kubernetes.io/service-account-token"},
        _named(f"{rbac}/v1", "Role", executor) | {"rules": [rule]},
        _named(f"{rbac}/v1", "RoleBinding", executor)
        | {
            "roleRef": {"apiGroup": rbac, **role},
            "subjects": [{"kind": "ServiceAccount", "name": executor}],
        },
    ]


def _named(api_version: str, kind: str, name: str) -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name}}
