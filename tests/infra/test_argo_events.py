"""Messages become workflows: of Argo Events' schema, one workflow a creation, whatever comes twice."""

import json
import re
from typing import Any

import pytest

from jobs.catalogue import pipelines
from jobs.presenter.messages.video_job import SCHEMA_VERSION, schema
from scripts.exports.argo import ArgoDeployment, manifests

FILES = manifests(pipelines(), ArgoDeployment(brokers="a.example:9093"))
SOURCE, SENSOR, *IDENTITY = FILES["infra/argo/presenter-events.yaml"]
(TEMPLATE,) = FILES["infra/argo/presenter.yaml"]
(TRIGGER,) = SENSOR["spec"]["triggers"]
(DEPENDENCY,) = SENSOR["spec"]["dependencies"]


@pytest.mark.parametrize(("name", "document"), [("EventSource", SOURCE), ("Sensor", SENSOR)])
def test_it_is_of_argo_events_schema(name: str, document: dict[str, Any]) -> None:
    from hera.events import models

    understood = getattr(models, name).model_validate(document)
    dumped = understood.model_dump(by_alias=True, exclude_none=True, mode="json")
    assert without_resource(dumped) == without_resource(document)
    assert (document["apiVersion"], document["kind"]) == ("argoproj.io/v1alpha1", name)


def without_resource(document: dict[str, Any]) -> dict[str, Any]:
    """Without what hera doesn't model: a resource of any kind, and the document's own kind."""
    copied = json.loads(json.dumps({"metadata": document["metadata"], "spec": document["spec"]}))
    for trigger in copied["spec"].get("triggers", []):
        del trigger["template"]["k8s"]["source"]["resource"]
    return dict(copied)


def test_the_sensor_listens_to_the_source_and_the_source_to_the_topic() -> None:
    consumed = pipelines()["presenter"].consumed
    assert consumed
    kafka = SOURCE["spec"]["kafka"][DEPENDENCY["eventName"]]
    assert DEPENDENCY["eventSourceName"] == SOURCE["metadata"]["name"]
    assert (kafka["topic"], kafka["consumerGroup"]["groupName"]) == (consumed.topic, consumed.group)
    assert kafka["consumerGroup"]["oldest"] is True


def test_no_message_is_lost_and_none_makes_a_second_workflow() -> None:
    assert TRIGGER["atLeastOnce"] is True
    made = TRIGGER["template"]["k8s"]
    assert made["operation"] == "patch"  # creates what is not there, and leaves what is
    assert "generateName" not in made["source"]["resource"]["metadata"]
    name = next(each for each in made["parameters"] if each["dest"] == "metadata.name")
    assert re.search(r"body\.jobId \| sha256sum \| trunc 40", name["src"]["dataTemplate"])
    assert len(made["source"]["resource"]["metadata"]["name"]) + 40 <= 63


def test_the_workflow_is_of_the_pipelines_template_and_gets_the_creation_id_and_the_message() -> None:
    made = TRIGGER["template"]["k8s"]
    spec = made["source"]["resource"]["spec"]
    assert spec["workflowTemplateRef"]["name"] == TEMPLATE["metadata"]["name"]
    declared = {each["name"]: each.get("value") for each in TEMPLATE["spec"]["arguments"]["parameters"]}
    given = [each["name"] for each in spec["arguments"]["parameters"]]
    assert given == ["creation_id", "message"]
    assert (declared["creation_id"], declared["message"]) == (None, "")
    sources = {each["dest"]: each["src"] for each in made["parameters"]}
    assert sources["spec.arguments.parameters.0.value"]["dataKey"] == "body.jobId"
    message = sources["spec.arguments.parameters.1.value"]
    assert "{{ $encoded := .Input.body | toJson | b64enc }}" in message["dataTemplate"]
    assert message["value"] == ""  # what a message gives that is too large for a workflow


def test_a_workflow_may_hold_the_message_three_times() -> None:
    """As its argument, in its stored template and in the state of a step."""
    (most,) = re.findall(r"le \(len \$encoded\) (\d+)", json.dumps(TRIGGER))
    assert 3 * int(most) < 1 << 20


def test_only_messages_of_the_schema_are_taken() -> None:
    filters = {each["path"]: each for each in DEPENDENCY["filters"]["data"]}
    assert set(filters) <= {f"body.{name}" for name in schema()["properties"]}
    assert filters["body.schemaVersion"]["value"] == [str(SCHEMA_VERSION)]
    pattern = filters["body.jobId"]["value"][0]
    assert re.match(pattern, "2025/10/30/spring")
    assert not re.match(pattern, "../x")


def test_the_sensor_may_make_workflows_and_no_more() -> None:
    account, role, binding = IDENTITY
    assert SENSOR["spec"]["template"]["serviceAccountName"] == account["metadata"]["name"]
    assert [(rule["resources"], rule["verbs"]) for rule in role["rules"]] == [
        (["workflows"], ["get", "create", "patch"])
    ]
    assert binding["roleRef"]["name"] == role["metadata"]["name"]
