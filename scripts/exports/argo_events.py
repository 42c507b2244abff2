"""Files for Argo Events: messages on a topic become workflows of a pipeline's WorkflowTemplate.

A workflow is named after the creation ID, and the sensor's operation is `patch`, which creates what is not
there and otherwise changes nothing: a message that comes twice makes no second workflow and no error. The
message goes along in base64, since Argo would fill in what looks like a reference in it. Fields: https://argoproj.github.io/argo-events/APIs/.
"""

from collections.abc import Mapping
from typing import Any, Final

from shared.pipelines.definition import Consumed, Pipeline
from shared.pipelines.deployed import CloudDeployment, image_of

MESSAGE: Final = "message"
"""The workflow's parameter that holds the message; empty: it is in the store."""
_EVENT: Final = "asked"
_NAME_CHARS: Final = 40
_MOST_CHARS: Final = 340_000
"""Of a message in base64. A workflow has 1 MiB at most, and Argo keeps three copies of the message in it."""


def manifests(pipelines: Mapping[str, Pipeline], deployment: CloudDeployment, brokers: str) -> dict[str, Any]:
    """Each file's documents by its path under the repository."""
    return {
        f"infra/argo/{pipeline.name}-events.yaml": [
            _event_source(pipeline, pipeline.consumed, deployment, brokers),
            _sensor(pipeline, pipeline.consumed, deployment),
            *_identity(pipeline, deployment),
        ]
        for pipeline in pipelines.values()
        if pipeline.consumed
    }


def _source_name(pipeline: Pipeline, deployment: CloudDeployment) -> str:
    return deployment.name(f"{image_of(pipeline)}-messages")


def _sensor_name(pipeline: Pipeline, deployment: CloudDeployment) -> str:
    return deployment.name(f"{image_of(pipeline)}-sensor")


def _event_source(
    pipeline: Pipeline, consumed: Consumed, deployment: CloudDeployment, brokers: str
) -> dict[str, Any]:
    secret = deployment.name("kafka")
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "EventSource",
        "metadata": {"name": _source_name(pipeline, deployment)},
        "spec": {
            "kafka": {
                _EVENT: {
                    "url": brokers,
                    "topic": consumed.topic,
                    "jsonBody": True,
                    "consumerGroup": {"groupName": consumed.group, "oldest": True},
                    "sasl": {
                        "mechanism": "PLAIN",
                        "userSecret": {"name": secret, "key": "KAFKA_USER"},
                        "passwordSecret": {"name": secret, "key": "KAFKA_PASSWORD"},
                    },
                    "tls": {"insecureSkipVerify": False},
                }
            }
        },
    }


def _sensor(pipeline: Pipeline, consumed: Consumed, deployment: CloudDeployment) -> dict[str, Any]:
    name = _sensor_name(pipeline, deployment)
    ((version_field, version),) = consumed.version.items()
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Sensor",
        "metadata": {"name": name},
        "spec": {
            "template": {"serviceAccountName": name},
            "dependencies": [
                {
                    "name": _EVENT,
                    "eventSourceName": _source_name(pipeline, deployment),
                    "eventName": _EVENT,
                    "filters": {
                        "data": [
                            {"path": f"body.{version_field}", "type": "number", "value": [str(version)]},
                            {
                                "path": f"body.{consumed.id_field}",
                                "type": "string",
                                "value": [r"^[A-Za-z0-9][A-Za-z0-9._/-]*$"],
                            },
                        ]
                    },
                }
            ],
            "triggers": [_trigger(pipeline, consumed, deployment)],
        },
    }


def _trigger(pipeline: Pipeline, consumed: Consumed, deployment: CloudDeployment) -> dict[str, Any]:
    template = deployment.name(image_of(pipeline))
    digest = f"{{{{ .Input.body.{consumed.id_field} | sha256sum | trunc {_NAME_CHARS} }}}}"
    creation_id = {"dependencyName": _EVENT, "dataKey": f"body.{consumed.id_field}"}
    name = {"dependencyName": _EVENT, "dataTemplate": digest}
    encoded = "{{ $encoded := .Input.body | toJson | b64enc }}"
    fitting = f"{{{{ if le (len $encoded) {_MOST_CHARS} }}}}{{{{ $encoded }}}}{{{{ end }}}}"
    message = {"dependencyName": _EVENT, "dataTemplate": encoded + fitting, "value": ""}
    return {
        "atLeastOnce": True,
        "retryStrategy": {"steps": 10},
        "template": {
            "name": _EVENT,
            "k8s": {
                "operation": "patch",
                "patchStrategy": "application/merge-patch+json",
                "source": {
                    "resource": {
                        "apiVersion": "argoproj.io/v1alpha1",
                        "kind": "Workflow",
                        "metadata": {"name": f"{template}-"},
                        "spec": {
                            "workflowTemplateRef": {"name": template},
                            "arguments": {
                                "parameters": [
                                    {"name": "creation_id", "value": ""},
                                    {"name": MESSAGE, "value": ""},
                                ]
                            },
                        },
                    }
                },
                "parameters": [
                    {"src": creation_id, "dest": "spec.arguments.parameters.0.value"},
                    {"src": message, "dest": "spec.arguments.parameters.1.value"},
                    {"src": name, "dest": "metadata.name", "operation": "append"},
                ],
            },
        },
    }


def _identity(pipeline: Pipeline, deployment: CloudDeployment) -> list[dict[str, Any]]:
    """The sensor may make workflows, and no more."""
    name, rbac = _sensor_name(pipeline, deployment), "rbac.authorization.k8s.io"
    rule = {
        "apiGroups": ["argoproj.io"],
        "resources": ["workflows"],
        "verbs": ["get", "create", "patch"],
    }
    metadata = {"metadata": {"name": name}}
    return [
        {"apiVersion": "v1", "kind": "ServiceAccount", **metadata},
        {"apiVersion": f"{rbac}/v1", "kind": "Role", **metadata, "rules": [rule]},
        {
            "apiVersion": f"{rbac}/v1",
            "kind": "RoleBinding",
            **metadata,
            "roleRef": {"apiGroup": rbac, "kind": "Role", "name": name},
            "subjects": [{"kind": "ServiceAccount", "name": name}],
        },
    ]
