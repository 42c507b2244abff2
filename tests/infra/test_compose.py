"""The compose file is of the compose specification, starts only the trigger, and opens no door."""

import json
from importlib.metadata import version
from importlib.resources import files
from typing import Any

import jsonschema
import pytest

from jobs.catalogue import pipelines
from scripts.exports.compose import ComposeDeployment, manifests
from shared.pipelines.deployed import deployed_jobs
from shared.settings import VARIABLES
from tests.support.deployments import ROOT, all_pipelines

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
    assert service["build"]["target"] == "pipeline"
    assert service["build"]["args"] == {"PIPELINE": JOBS[name].pipeline}
    assert service["entrypoint"] == list(JOBS[name].command)
    assert service["environment"]["STORE_URL"] == "file:///creations"
    assert "API_TOKEN" not in service["environment"]
    assert "ports" not in service
    assert "command" not in service


def test_the_trigger_listens_on_loopback_and_demands_a_token() -> None:
    trigger = SERVICES["trigger"]
    assert all(port.startswith("127.0.0.1:") for port in trigger["ports"])
    assert trigger["environment"]["API_TOKEN"].startswith("${API_TOKEN:?")
    assert trigger["environment"]["PLATFORM"] == "local"


NOT_HANDED_ON = {
    "ENV",  # the trigger is in a container whose platform is said
    *("LOG_FILE", "COMPOSE_COMMAND", "COMPOSE_FILE"),  # name what is on the machine
    *("VOICES_DIR", "VOICES_URL"),  # the image's own matter
    *("GOOGLE_CLOUD_PROJECT", "CLOUD_RUN_REGION", "CLOUD_RUN_EMULATOR_HOST", "JOB_PREFIX"),  # clouds alone
    *("EVENTS_AUDIENCE", "EVENTS_ACCOUNTS", "CE_PROJECT_ID", "CE_REGION", "IBMCLOUD_API_KEY"),
    *("CODE_ENGINE_URL", "IBM_IAM_URL"),
    "STUDIO_SERVER",  # of an image that the file does not start
}


def test_every_setting_reaches_the_containers_that_heed_it() -> None:
    trigger = SERVICES["trigger"]["environment"]
    of_the_face = {"API_TOKEN", "FUSED", "MAX_UPLOAD_MB", "WEBHOOK_URL", "WEBHOOK_SECRET", "PLATFORM"}
    of_the_face |= {"CORS_ORIGINS", "ROOT_PATH"}
    of_buckets = {"COS_ENDPOINT", "COS_HMAC_ACCESS_KEY_ID", "COS_HMAC_SECRET_ACCESS_KEY"}
    assert set(trigger) == {*VARIABLES, "PLATFORM"} - NOT_HANDED_ON - of_buckets
    for name in JOBS:
        handed = set(SERVICES[name]["environment"])
        assert {each for each in handed if not each.startswith("AWS_")} == set(
            trigger
        ) - of_the_face | of_buckets
    fixed = {"STORE_URL", "PLATFORM", "API_TOKEN"}
    assert {name for name, value in trigger.items() if value is not None} == fixed


@pytest.mark.parametrize("name", SERVICES)
def test_an_image_is_of_a_version(name: str) -> None:
    assert SERVICES[name]["image"].endswith(f":${{TAG:-{version('reelwright')}}}")


def test_a_prefix_and_settings_of_ones_own_stand_in_the_file() -> None:
    mine = ComposeDeployment(job_prefix="buch-ai", settings={"CORES": "3", "MAX_UPLOAD_MB": "9"})
    (document,) = manifests(all_pipelines(), mine)["infra/compose.yaml"]
    environments = {name: service["environment"] for name, service in document["services"].items()}
    assert document["name"] == "buch-ai"
    assert {each["CORES"] for each in environments.values()} == {"3"}
    assert [name for name, each in environments.items() if "MAX_UPLOAD_MB" in each] == ["trigger"]


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


BY_DATE = {pipeline.name: pipeline for pipeline in all_pipelines().values() if pipeline.by_date}


@pytest.mark.parametrize("name", BY_DATE)
def test_a_pipeline_of_dated_jobs_has_a_service_for_each_stage(name: str) -> None:
    (document,) = manifests(all_pipelines(), ComposeDeployment())[f"infra/{name}/compose.yaml"]
    jsonschema.validate(document, SCHEMA)
    services = document["services"]
    assert list(services) == [stage.replace("_", "-") for stage in BY_DATE[name].stages]
    for stage, service in zip(BY_DATE[name].stages, services.values(), strict=True):
        assert service["entrypoint"] == ["python", "-m", f"jobs.{name}.{stage}"]
        assert "CONFIG_PATH" in service["environment"]
        assert not {"profiles", "depends_on", "container_name"} & service.keys()
        assert {volume.partition(":/app/")[2] for volume in service["volumes"]} == {
            "out",
            "logs",
            "config:ro",
        }


def test_there_are_dated_jobs() -> None:
    assert BY_DATE
