"""The compose file is of the compose specification, starts only the trigger, and opens no door."""

import json
from importlib.resources import files
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # ships no types
import pytest

from jobs.catalogue import pipelines
from scripts.exports.compose import ComposeDeployment, manifests
from shared.deployment import deployed_jobs
from tests.deployments import ROOT, all_pipelines

(DOCUMENT,) = manifests(all_pipelines(), ComposeDeployment())["infra/compose.yaml"]
SERVICES: dict[str, Any] = DOCUMENT["services"]
JOBS = {job.name: job for job in deployed_jobs(all_pipelines())}
SCHEMA = json.loads(
    files("check_jsonschema.builtin_schemas.vendor").joinpath("compose-spec.json").read_text()
)


def test_it_is_of_the_compose_specification() -> None:
    jsonschema.validate(DOCUMENT, SCHEMA)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**DOCUMENT, "services": {"trigger": {"memory": "1g"}}}, SCHEMA)


def test_up_starts_the_trigger_alone_and_each_job_has_a_service_of_its_name() -> None:
    assert [name for name, service in SERVICES.items() if "profiles" not in service] == ["trigger"]
    assert {name for name, service in SERVICES.items() if service.get("profiles") == ["jobs"]} == set(JOBS)


@pytest.mark.parametrize("name", JOBS)
def test_a_job_has_what_its_pipeline_says(name: str) -> None:
    service, definition = SERVICES[name], JOBS[name].definition
    assert (service["cpus"], service["mem_limit"]) == (definition.cpu, f"{definition.memory_mib}m")
    assert service["build"]["target"] == JOBS[name].target
    assert service["environment"]["STORE_URL"] == "file:///creations"
    assert "API_TOKEN" not in service["environment"]
    assert "ports" not in service
    assert "command" not in service


def test_the_trigger_listens_on_loopback_and_demands_a_token() -> None:
    trigger = SERVICES["trigger"]
    assert all(port.startswith("127.0.0.1:") for port in trigger["ports"])
    assert trigger["environment"]["API_TOKEN"].startswith("${API_TOKEN:?")
    assert trigger["environment"]["PLATFORM"] == "local"


@pytest.mark.parametrize("name", SERVICES)
def test_a_container_can_write_to_nothing_but_scratch_and_store(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    scratch = ["scratch:/scratch"] if name == "trigger" else []  # tasks at work at once share none
    assert service["volumes"] == ["${CREATIONS:-creations}:/creations", *scratch]
    assert not {"privileged", "cap_add", "devices", "network_mode", "pid", "ipc"} & set(service)


@pytest.mark.parametrize("name", [*pipelines()["story"].jobs.values(), "trigger"])
def test_its_image_is_a_target_of_the_dockerfile(name: str) -> None:
    targets = {
        words[3]
        for line in (ROOT / "infra/Dockerfile").read_text().splitlines()
        if (words := line.split())[:1] == ["FROM"] and len(words) == 4
    }
    assert SERVICES[name]["build"]["target"] in targets
