"""The ScaledJobs are of KEDA's schema, and their numbers fit how the consumer commits."""

from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from jobs.catalogue import pipelines
from scripts.exports.keda import KedaDeployment, manifests
from scripts.exports.text import to_text
from shared.settings import read_settings

BROKERS = "a.example:9093,b.example:9093"
FILES = manifests(pipelines(), KedaDeployment(brokers=BROKERS, store_url="s3://films"))
AUTHENTICATION, SCALED_JOB = FILES["infra/keda/presenter.yaml"]
Count = Annotated[int, Field(ge=0)]


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Reference(Part):
    name: str


class KafkaMetadata(Part):
    """https://keda.sh/docs/latest/scalers/apache-kafka/"""

    bootstrapServers: str  # noqa: N815 - KEDA's names, here and below
    consumerGroup: str  # noqa: N815
    topic: str
    lagThreshold: str = Field("10", pattern=r"^[1-9]\d*$")  # noqa: N815
    activationLagThreshold: str = "0"  # noqa: N815
    offsetResetPolicy: Literal["latest", "earliest"] = "latest"  # noqa: N815
    allowIdleConsumers: Literal["true", "false"] = "false"  # noqa: N815
    scaleToZeroOnInvalidOffset: Literal["true", "false"] = "false"  # noqa: N815
    excludePersistentLag: Literal["true", "false"] = "false"  # noqa: N815
    limitToPartitionsWithLag: Literal["true", "false"] = "false"  # noqa: N815
    sasl: Literal["none", "plaintext", "scram_sha256", "scram_sha512", "oauthbearer", "gssapi"] = "none"
    tls: Literal["enable", "disable"] = "disable"


class Trigger(Part):
    type: Literal["kafka"]
    metadata: KafkaMetadata
    authenticationRef: Reference | None = None  # noqa: N815


class Rollout(Part):
    strategy: Literal["default", "gradual"] = "default"
    propagationPolicy: Literal["background", "foreground"] = "background"  # noqa: N815


class ScalingStrategy(Part):
    strategy: Literal["default", "custom", "accurate", "eager"] = "default"
    pendingPodConditions: list[str] = []  # noqa: N815
    multipleScalersCalculation: Literal["max", "min", "avg", "sum"] = "max"  # noqa: N815


class JobTemplate(Part):
    """batch/v1 JobSpec, as far as it is used."""

    parallelism: Count
    completions: Count
    backoffLimit: Count  # noqa: N815
    activeDeadlineSeconds: Count  # noqa: N815
    ttlSecondsAfterFinished: Count  # noqa: N815
    template: dict[Literal["spec"], dict[str, Any]]


class ScaledJobSpec(Part):
    """https://keda.sh/docs/latest/reference/scaledjob-spec/"""

    jobTargetRef: JobTemplate  # noqa: N815
    pollingInterval: Count = 30  # noqa: N815
    successfulJobsHistoryLimit: Count = 100  # noqa: N815
    failedJobsHistoryLimit: Count = 100  # noqa: N815
    minReplicaCount: Count = 0  # noqa: N815
    maxReplicaCount: Count = 100  # noqa: N815
    envSourceContainerName: str = ""  # noqa: N815
    rollout: Rollout
    scalingStrategy: ScalingStrategy  # noqa: N815
    triggers: list[Trigger]


class SecretTarget(Part):
    parameter: Literal["sasl", "tls", "username", "password", "ca", "cert", "key"]
    name: str
    key: str


class AuthenticationSpec(Part):
    secretTargetRef: list[SecretTarget]  # noqa: N815


class ScaledJob(Part):
    apiVersion: Literal["keda.sh/v1alpha1"]  # noqa: N815
    kind: Literal["ScaledJob"]
    metadata: Reference
    spec: ScaledJobSpec


class TriggerAuthentication(Part):
    apiVersion: Literal["keda.sh/v1alpha1"]  # noqa: N815
    kind: Literal["TriggerAuthentication"]
    metadata: Reference
    spec: AuthenticationSpec


DOCUMENT: TypeAdapter[ScaledJob | TriggerAuthentication] = TypeAdapter(
    Annotated[ScaledJob | TriggerAuthentication, Field(discriminator="kind")]
)


@pytest.mark.parametrize("document", [AUTHENTICATION, SCALED_JOB])
def test_it_is_of_kedas_schema(document: dict[str, Any]) -> None:
    understood = DOCUMENT.validate_python(dict(document))
    assert understood.model_dump(mode="json", exclude_unset=True) == dict(document)


def test_the_scaler_looks_where_the_consumer_commits() -> None:
    consumed = pipelines()["presenter"].consumed
    assert consumed
    (container,) = SCALED_JOB["spec"]["jobTargetRef"]["template"]["spec"]["containers"]
    settings = read_settings({each["name"]: each.get("value", "") for each in container["env"]})
    (trigger,) = SCALED_JOB["spec"]["triggers"]
    scaler = trigger["metadata"]
    assert (settings.kafka_brokers, settings.kafka_topic, settings.kafka_group) == (
        scaler["bootstrapServers"],
        scaler["topic"],
        scaler["consumerGroup"],
    )
    assert (scaler["bootstrapServers"], scaler["topic"], scaler["consumerGroup"]) == (
        BROKERS,
        consumed.topic,
        consumed.group,
    )
    assert container["command"] == ["python", "-m", "jobs.presenter.consume"]


def test_kedas_traps_are_answered_and_the_answers_are_said() -> None:
    spec = SCALED_JOB["spec"]
    assert spec["triggers"][0]["metadata"]["offsetResetPolicy"] == "earliest"
    assert spec["triggers"][0]["metadata"]["lagThreshold"] == "1"
    assert (spec["scalingStrategy"]["strategy"], spec["rollout"]["strategy"]) == ("accurate", "gradual")
    comments = [line for line in to_text("keda", [SCALED_JOB]).splitlines() if line.startswith("# ")]
    for word in ("offsetResetPolicy", "maxReplicaCount", "scalingStrategy", "rollout"):
        assert any(line.startswith(f"# {word}: ") for line in comments)


def test_a_pod_may_write_to_its_scratch_alone_and_no_secret_is_in_the_file() -> None:
    pod = SCALED_JOB["spec"]["jobTargetRef"]["template"]["spec"]
    (container,) = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["automountServiceAccountToken"] is False
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    password = next(each for each in container["env"] if each["name"] == "KAFKA_PASSWORD")
    assert "value" not in password
    assert password["valueFrom"]["secretKeyRef"]["name"] == AUTHENTICATION["metadata"]["name"]
