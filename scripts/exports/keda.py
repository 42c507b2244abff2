"""Files for KEDA: a ScaledJob for each pipeline that takes messages, whose pods take one message each.

Fields: https://keda.sh/docs/latest/reference/scaledjob-spec/ and
https://keda.sh/docs/latest/scalers/apache-kafka/. `infra/README.md` says what the numbers answer.
"""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import Field

from scripts.exports.pods import confined, pod_security, resources, volumes
from shared.pipelines.definition import Consumed, FusedDefinition, Pipeline
from shared.pipelines.deployed import JOB_SETTINGS, Brokers, CloudDeployment, ImagePrefix, Noted, image_of

_TRAPS: Final = """\
offsetResetPolicy: a group that never committed has no offsets. With the default, `latest`, KEDA would see no
lag, start nothing, and nobody would ever commit; with `earliest` all that is in the topic is lag.
maxReplicaCount: KEDA starts at most as many pods as there are partitions each time it looks. A pod commits
within seconds of its start and leaves the group before it renders: more pods than partitions can be at work.
scalingStrategy: `accurate` is for consumers that commit on receipt. It leaves out pods that wait for a node,
so that no more are started for their messages. A surplus pod finds no message, or a duplicate, and ends.
rollout: the default would kill pods at work when this file is applied again."""
_GRACE_S: Final = 60


class KedaDeployment(CloudDeployment):
    """Where it is deployed; the export's options replace the parts in capitals."""

    allowed = JOB_SETTINGS
    image_prefix: ImagePrefix = "REGISTRY/reelwright"
    store_url: str = Field("s3://BUCKET", pattern=r"^(gs|s3|cos)://[\w./-]+$")
    brokers: Brokers = "BROKERS"
    pods: int = Field(10, ge=1, le=1000)
    """How many render at once, at most."""


def manifests(
    pipelines: Mapping[str, Pipeline], deployment: KedaDeployment
) -> dict[str, list[dict[str, Any]]]:
    """Each file's documents by its path under the repository."""
    return {
        f"infra/keda/{pipeline.name}.yaml": [
            _authentication(deployment),
            _scaled_job(pipeline, pipeline.fused, pipeline.consumed, deployment),
        ]
        for pipeline in pipelines.values()
        if pipeline.consumed and pipeline.fused
    }


def _authentication(deployment: KedaDeployment) -> dict[str, Any]:
    """KEDA's own access to the brokers: keys of the secret that the pods get too."""
    secret = deployment.name("kafka")
    parameters = {"sasl": "sasl", "tls": "tls", "username": "KAFKA_USER", "password": "KAFKA_PASSWORD"}
    return {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "TriggerAuthentication",
        "metadata": {"name": secret},
        "spec": {
            "secretTargetRef": [
                {"parameter": parameter, "name": secret, "key": key} for parameter, key in parameters.items()
            ]
        },
    }


def _scaled_job(
    pipeline: Pipeline, fused: FusedDefinition, consumed: Consumed, deployment: KedaDeployment
) -> dict[str, Any]:
    job = {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "ScaledJob",
        "metadata": {"name": deployment.name(f"{image_of(pipeline)}-consumer")},
        "spec": {
            "jobTargetRef": _job(pipeline, fused, consumed, deployment),
            "pollingInterval": 15,
            "maxReplicaCount": deployment.pods,
            "successfulJobsHistoryLimit": 20,
            "failedJobsHistoryLimit": 50,
            "rollout": {"strategy": "gradual"},
            "scalingStrategy": {"strategy": "accurate"},
            "triggers": [_trigger(consumed, deployment)],
        },
    }
    return Noted(_TRAPS, job)


def _trigger(consumed: Consumed, deployment: KedaDeployment) -> dict[str, Any]:
    return {
        "type": "kafka",
        "metadata": {
            "bootstrapServers": deployment.brokers,
            "topic": consumed.topic,
            "consumerGroup": consumed.group,
            "lagThreshold": "1",
            "offsetResetPolicy": "earliest",
        },
        "authenticationRef": {"name": deployment.name("kafka")},
    }


def _job(
    pipeline: Pipeline, fused: FusedDefinition, consumed: Consumed, deployment: KedaDeployment
) -> dict[str, Any]:
    return {
        "parallelism": 1,
        "completions": 1,
        "backoffLimit": fused.retries,
        "activeDeadlineSeconds": (fused.retries + 1) * fused.time_limit_s,
        "ttlSecondsAfterFinished": 86_400,
        "template": {
            "spec": {
                "restartPolicy": "Never",
                "serviceAccountName": deployment.name("jobs"),
                "automountServiceAccountToken": False,
                "terminationGracePeriodSeconds": _GRACE_S,
                "securityContext": pod_security(),
                "containers": [_container(pipeline, fused, consumed, deployment)],
                "volumes": volumes(),
            }
        },
    }


def _container(
    pipeline: Pipeline, fused: FusedDefinition, consumed: Consumed, deployment: KedaDeployment
) -> dict[str, Any]:
    environment = {
        "STORE_URL": deployment.store_url,
        "LOG_FORMAT": "json",
        "KAFKA_BROKERS": deployment.brokers,
        "KAFKA_TOPIC": consumed.topic,
        "KAFKA_GROUP": consumed.group,
        **deployment.job_settings,
    }
    return {
        "name": "consumer",
        "image": deployment.image(image_of(pipeline)),
        "command": ["python", "-m", f"jobs.{pipeline.name}.{consumed.module}"],
        "env": [
            *({"name": name, "value": value} for name, value in environment.items()),
            *(_from_secret(name, deployment) for name in ("KAFKA_USER", "KAFKA_PASSWORD")),
        ],
        "envFrom": [{"secretRef": {"name": deployment.name("store"), "optional": True}}],
        "resources": resources(str(fused.cpu), f"{fused.memory_mib}Mi"),
        **confined(),
    }


def _from_secret(name: str, deployment: KedaDeployment) -> dict[str, Any]:
    key = {"name": deployment.name("kafka"), "key": name, "optional": True}
    return {"name": name, "valueFrom": {"secretKeyRef": key}}
