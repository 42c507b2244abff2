"""A JobDefinition of kubectl is applied as it is."""

import io
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from codeengine.apply import main
from codeengine.job_file import read_job_files
from jobs.catalogue import pipelines
from shared.errors import BadRequest
from tests.emulators.code_engine import API_KEY, PROJECT, CodeEngine
from tests.support.deployments import ROOT

FILE = ROOT / "codeengine/orchestrate-service.yaml"


def definition(**changes: Any) -> str:
    document = yaml.safe_load(FILE.read_text())
    document.update(changes)
    return yaml.safe_dump(document)


def test_the_job_that_composes_is_what_its_pipeline_says() -> None:
    (job,) = read_job_files(FILE.read_text().replace("latest", "abc1234"), "stdin")
    body, said = job.to_body(), pipelines()["presenter"].extra_jobs["orchestrate-service"]
    assert (body["name"], body["image_reference"]) == (
        "orchestrate-service",
        "icr.io/videogenie/orchestrate-service:abc1234",
    )
    assert (body["scale_max_execution_time"], body["scale_retry_limit"]) == (300, 2)
    assert (said.time_limit_s, said.retries) == (300, 2)
    assert body["run_commands"] == ["python", "-m", "jobs.presenter.compose_job"]
    variables = {each.get("name") or each["reference"]: each for each in body["run_env_variables"]}
    assert variables["ORCH_APIKEY"] == {
        "type": "secret_key_reference",
        "name": "ORCH_APIKEY",
        "reference": "orch-creds",
        "key": "apikey",
    }
    assert variables["orchestrate-service-config"]["type"] == "config_map_full_reference"
    assert body["run_service_account"] == "none"


def test_its_schedule_is_a_comment_with_the_command_that_really_does_it() -> None:
    text = FILE.read_text()
    assert '# schedule: "*/5 * * * *"' in text
    assert "# ibmcloud ce subscription cron create" in text
    assert "schedule" not in yaml.safe_load(text)["spec"]


def test_it_is_applied_from_stdin(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with CodeEngine(lambda image: [image]) as engine:
        environ = {
            "CE_PROJECT_ID": PROJECT,
            "IBMCLOUD_API_KEY": API_KEY,
            "CODE_ENGINE_URL": engine.url,
            "IBM_IAM_URL": engine.url,
        }
        for verb in ("created", "unchanged"):
            monkeypatch.setattr(sys, "stdin", io.StringIO(FILE.read_text().replace("latest", "1")))
            assert main(["-f", "-"], environ) == 0
            assert capsys.readouterr().out.startswith(f"job orchestrate-service: {verb}")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"kind": "Job"}, "kind: Input should be 'JobDefinition'"),
        ({"apiVersion": "v1"}, "apiVersion: 'v1' is not codeengine.cloud.ibm.com/v1beta1"),
        ({"schedule": "* * * * *"}, "schedule: is not a field"),
        ({"spec": {"runPolicy": {"retryLimit": 2}}}, "spec.runPolicy: is not a field"),
    ],
)
def test_what_code_engine_has_no_such_thing_is_named(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(BadRequest, match=said):
        read_job_files(definition(**changes), str(Path("job.yaml")))
