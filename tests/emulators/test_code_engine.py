import inspect
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ibm_cloud_sdk_core import ApiException
from ibm_cloud_sdk_core.authenticators import IAMAuthenticator
from ibm_code_engine_sdk import code_engine_v2 as sdk
from ibm_code_engine_sdk.code_engine_v2 import (
    CodeEngineV2,
    JobRunsPager,
)

from tests.emulators import code_engine
from tests.emulators.code_engine import API_KEY, PROJECT, REGION, CodeEngine
from tests.emulators.code_engine_http import Kind
from tests.emulators.code_engine_runs import Fate, wait_for

SCRIPT = """
import json, os, pathlib, signal, sys, time
folder = pathlib.Path(os.environ["FOLDER"])
index, attempt = os.environ["JOB_INDEX"], os.environ["JOB_INDEX_RETRY_COUNT"]
(folder / f"{index}-{attempt}.json").write_text(json.dumps({"argv": sys.argv[1:], **os.environ}))
todo = os.environ.get(f"DO_{index}", os.environ.get("DO", ""))
print("said", index, file=sys.stderr)
if todo == "sleep":
    signal.signal(signal.SIGTERM, lambda *_: ((folder / "term").touch(), sys.exit(9)))
    (folder / f"sleeps-{index}").touch()
    time.sleep(60)
if todo.startswith("exit") and int(attempt) < int(todo.split()[2]):
    sys.exit(int(todo.split()[1]))
"""


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[CodeEngine]:
    entrypoint = [sys.executable, "-S", "-c", SCRIPT]
    with CodeEngine(
        lambda image: [*entrypoint, image], environ={"FOLDER": str(tmp_path)}, most_runs=3
    ) as engine:
        yield engine


@pytest.fixture
def client(engine: CodeEngine) -> CodeEngineV2:
    client = CodeEngineV2(authenticator=IAMAuthenticator(API_KEY, url=engine.url))
    client.set_service_url(f"{engine.url}/v2")
    return client


def literal(name: str, value: str) -> dict[str, str]:
    return {"type": "literal", "name": name, "value": value}


def seen(folder: Path, index: int = 0, attempt: int = 0) -> dict[str, Any]:
    return dict(json.loads((folder / f"{index}-{attempt}.json").read_text()))


def run(engine: CodeEngine, **fields: Any) -> dict[str, Any]:
    """A job run of the job `j`, when it has ended."""
    if "j" not in engine.jobs:
        engine.deploy("j", "an/image:1")
    name = engine.create_run({"job_name": "j", "scale_retry_limit": 0, **fields})["name"]
    return engine.wait(name)


def test_ibm_s_own_client_makes_reads_and_changes_a_job(client: CodeEngineV2) -> None:
    variables = [sdk.EnvVarPrototype(type="literal", name="A", value="1")]
    made = client.create_job(PROJECT, "an/image:1", "j", run_env_variables=variables, scale_memory_limit="8G")
    read = client.get_job(PROJECT, "j").get_result()
    assert made.get_result() == read
    assert sdk.Job.from_dict(read).to_dict() == read
    patch = sdk.JobPatch(scale_retry_limit=1)
    changed = client.update_job(PROJECT, "j", read["entity_tag"], patch).get_result()
    assert {key for key in read if read[key] != changed[key]} == {"entity_tag", "scale_retry_limit"}
    assert sdk.JobList.from_dict(client.list_jobs(PROJECT).get_result()).jobs[0].name == "j"
    client.delete_job(PROJECT, "j")
    with pytest.raises(ApiException) as caught:
        client.get_job(PROJECT, "j")
    assert (caught.value.status_code, caught.value.message) == (404, "Resource not found.")


def test_a_change_of_another_version_is_refused(client: CodeEngineV2) -> None:
    client.create_job(PROJECT, "an/image:1", "j")
    with pytest.raises(ApiException) as caught:
        client.update_job(PROJECT, "j", "stale", sdk.JobPatch(scale_retry_limit=1))
    assert caught.value.status_code == 412
    client.update_job(PROJECT, "j", "*", sdk.JobPatch(scale_retry_limit=1))
    assert client.get_job(PROJECT, "j").get_result()["scale_retry_limit"] == 1


def test_ibm_s_own_client_makes_reads_lists_and_deletes_job_runs(
    engine: CodeEngine, client: CodeEngineV2
) -> None:
    client.create_job(PROJECT, "an/image:1", "j")
    for name in ("a", "b", "c"):
        made = client.create_job_run(PROJECT, job_name="j", name=name, scale_array_spec="0-1").get_result()
        assert sdk.JobRun.from_dict(made).to_dict() == made
    ended = [engine.wait(name) for name in ("a", "b", "c")]
    read = client.get_job_run(PROJECT, "a").get_result()
    assert read == ended[0]
    assert sdk.JobRun.from_dict(read).to_dict() == read
    assert (read["status"], read["status_details"]["succeeded"]) == ("completed", 2)
    pager = JobRunsPager(client=client, project_id=PROJECT, job_name="j", limit=2)
    assert [[each["name"] for each in pager.get_next()] for _ in range(2)] == [["a", "b"], ["c"]]
    assert not pager.has_next()
    assert client.list_job_runs(PROJECT, job_name="k").get_result()["job_runs"] == []
    client.delete_job_run(PROJECT, "a")
    assert sorted(engine.runs) == ["b", "c"]


@pytest.mark.parametrize(
    ("method", "fields"),
    [("create_job", code_engine._FIELDS), ("create_job_run", code_engine._RUN_FIELDS)],
)
def test_it_takes_the_fields_that_ibm_s_client_sends(method: str, fields: set[str]) -> None:
    parameters = set(inspect.signature(getattr(CodeEngineV2, method)).parameters)
    assert fields == parameters - {"self", "project_id", "kwargs"}


def test_a_container_finds_what_code_engine_sets(engine: CodeEngine, tmp_path: Path) -> None:
    engine.secrets["keys"] = {"id": "me", "secret": "s"}
    reference = {"type": "secret_key_reference", "name": "KEY", "reference": "keys", "key": "id"}
    every = {"type": "secret_full_reference", "reference": "keys", "prefix": "COS_"}
    variables = [literal("A", "job"), literal("B", "job"), reference, every]
    engine.deploy("j", "an/image:1", run_env_variables=variables, run_arguments=["of the job"])
    own = {"run_env_variables": [literal("B", "run")], "run_arguments": ["mine"]}
    name = run(engine, scale_array_spec="0-1", scale_retry_limit=2, **own)["name"]
    found = seen(tmp_path, 1)
    expected = {
        "argv": ["an/image:1", "mine"], "A": "job", "B": "run", "KEY": "me", "COS_id": "me",
        "COS_secret": "s",
        "JOB_INDEX": "1", "JOB_ARRAY_SIZE": "2", "JOB_INDEX_RETRY_COUNT": "0", "JOB_RETRY_LIMIT": "2",
        "JOB_MODE": "task", "CE_JOB": "j", "CE_JOBRUN": name, "CE_PROJECT_ID": PROJECT, "CE_REGION": REGION,
        "CE_API_BASE_URL": engine.url, "HOSTNAME": f"{name}-1-0",
    }  # fmt: skip
    assert {key: found.get(key) for key in expected} == expected
    assert engine.runs[name].logs[1, 0] == "said 1\n"


def test_a_partial_rerun_has_a_smaller_array(engine: CodeEngine, tmp_path: Path) -> None:
    run(engine, scale_array_spec="3,7-8")
    assert [seen(tmp_path, index)["JOB_ARRAY_SIZE"] for index in (3, 7, 8)] == ["3", "3", "3"]
    run(engine, scale_array_spec="3", scale_array_size_variable_override=10)
    assert seen(tmp_path, 3)["JOB_ARRAY_SIZE"] == "10"


def test_one_index_is_tried_again_and_another_fails_for_good(engine: CodeEngine, tmp_path: Path) -> None:
    variables = [literal("DO_1", "exit 3 1"), literal("DO_2", "exit 4 9")]
    ended = run(engine, scale_array_spec="0-3", scale_retry_limit=1, run_env_variables=variables)
    details = ended["status_details"]
    assert (ended["status"], details["succeeded_indices"], details["failed_indices"]) == (
        "failed",
        "0,1,3",
        "2",
    )
    stood = {
        index: (detail["status"], detail["retries"], detail.get("last_failure_reason"))
        for index, detail in details["indices_details"].items()
    }
    assert stood == {
        "0": ("succeeded", 0, None),
        "1": ("succeeded", 1, "ContainerExitedCode3"),
        "2": ("failed", 1, "ContainerExitedCode4"),
        "3": ("succeeded", 0, None),
    }
    assert not (tmp_path / "2-2.json").exists()


def test_the_time_limit_is_the_whole_run_s(engine: CodeEngine, tmp_path: Path) -> None:
    variables = [literal("DO_1", "sleep")]
    limits = {"scale_max_execution_time": 1, "scale_retry_limit": 3}
    ended = run(engine, scale_array_spec="0-1", run_env_variables=variables, **limits)
    details = ended["status_details"]["indices_details"]
    assert ended["status"] == "failed"
    assert (details["0"]["status"], details["1"]["last_failure_reason"]) == (
        "succeeded",
        "MaxExecutionTimeExceeded",
    )
    assert (tmp_path / "term").exists()
    assert not (tmp_path / "1-1.json").exists()


@pytest.mark.parametrize(
    ("fate", "reason"),
    [
        ("image_pull", "ErrImagePull"),
        ("image_pull_hangs", "MaxExecutionTimeExceeded"),
        ("no_secret", "CreateContainerConfigError"),
        ("oom", "OOMKilled"),
        ("evicted", "ExceededEphemeralStorage"),
        ("killed", "ContainerExitedCode137"),
    ],
)
def test_a_container_meets_its_fate(engine: CodeEngine, tmp_path: Path, fate: Fate, reason: str) -> None:
    engine.strike(fate, index=1)
    limit = {"scale_max_execution_time": 1} if fate == "image_pull_hangs" else {}
    variables = [literal("DO_1", "sleep")]
    ended = run(engine, scale_array_spec="0-1", run_env_variables=variables, **limit)
    details = ended["status_details"]["indices_details"]
    assert (details["0"]["status"], details["1"]["status"]) == ("succeeded", "failed")
    assert details["1"]["last_failure_reason"] == reason
    assert not (tmp_path / "term").exists()


def test_a_missing_secret_starts_no_process(engine: CodeEngine, tmp_path: Path) -> None:
    reference = {"type": "secret_key_reference", "name": "KEY", "reference": "keys", "key": "id"}
    ended = run(engine, run_env_variables=[reference])
    assert (ended["status"], list(tmp_path.iterdir())) == ("failed", [])


def test_ended_runs_count_against_the_quota_until_they_are_deleted(
    engine: CodeEngine, client: CodeEngineV2
) -> None:
    names = [run(engine)["name"] for _ in range(3)]
    with pytest.raises(ApiException) as caught:
        client.create_job_run(PROJECT, job_name="j")
    assert caught.value.status_code == 403
    client.delete_job_run(PROJECT, names[0])
    client.create_job_run(PROJECT, job_name="j")


def test_a_name_is_taken_until_its_run_is_gone(engine: CodeEngine, client: CodeEngineV2) -> None:
    run(engine, name="once")
    with pytest.raises(ApiException) as caught:
        client.create_job_run(PROJECT, job_name="j", name="once")
    assert caught.value.status_code == 409
    engine.forget("once")
    with pytest.raises(ApiException) as caught:
        client.get_job_run(PROJECT, "once")
    assert caught.value.status_code == 404
    assert client.create_job_run(PROJECT, job_name="j", name="once").get_status_code() == 202


def test_deleting_a_run_stops_its_processes(engine: CodeEngine, client: CodeEngineV2, tmp_path: Path) -> None:
    engine.deploy("j", "an/image:1")
    engine.create_run({"job_name": "j", "name": "once", "run_env_variables": [literal("DO", "sleep")]})
    wait_for((tmp_path / "sleeps-0").exists)
    stopped = engine.runs["once"]
    client.delete_job_run(PROJECT, "once")
    wait_for(stopped.ended.is_set)
    assert (tmp_path / "term").exists()
    assert not (tmp_path / "0-1.json").exists()


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"run_arguments": ["x" * 11_000]}, 400),
        ({"scale_cpu_limit": "1", "scale_memory_limit": "3G"}, 400),
        ({"scale_cpu_limit": "3", "scale_memory_limit": "6G"}, 400),
        ({"scale_ephemeral_storage_limit": "5G"}, 400),
        ({"scale_retry_limit": 6}, 400),
        ({"scale_max_execution_time": 86_401}, 400),
        ({"image_secret": "s"}, 400),
        ({"run_service_account": "none"}, 400),
        ({"image_reference": "another/image:1"}, 400),
        ({"name": "No_Name"}, 400),
        ({"job_name": "unknown"}, 404),
    ],
)
def test_what_code_engine_refuses_is_refused(
    engine: CodeEngine, client: CodeEngineV2, fields: dict[str, Any], status: int
) -> None:
    engine.deploy("j", "an/image:1")
    with pytest.raises(ApiException) as caught:
        client.create_job_run(PROJECT, **{"job_name": "j", **fields})
    assert (caught.value.status_code, engine.runs) == (status, {})


def test_only_tokens_that_it_gave_out_are_good(engine: CodeEngine, client: CodeEngineV2) -> None:
    client.list_jobs(PROJECT)
    engine.tokens.clear()
    with pytest.raises(ApiException) as caught:
        client.list_jobs(PROJECT)
    assert caught.value.status_code == 401
    client.authenticator.token_manager.apikey = client.authenticator.token_manager.request_payload[
        "apikey"
    ] = ""
    client.authenticator.token_manager.expire_time = 0
    with pytest.raises(ApiException) as caught:
        client.list_jobs(PROJECT)
    assert caught.value.status_code == 400


@pytest.mark.parametrize(
    ("kind", "started"),
    [("refused", 0), ("refused after", 1), ("reset", 0), ("reset after", 1), ("silent after", 1)],
)
def test_a_call_breaks_before_or_after_it_is_carried_out(
    engine: CodeEngine, client: CodeEngineV2, kind: Kind, started: int
) -> None:
    engine.deploy("j", "an/image:1")
    client.set_http_config({"timeout": 0.3})
    fault = engine.fail(kind)
    with pytest.raises((ApiException, OSError)):
        client.create_job_run(PROJECT, job_name="j")
    assert (len(engine.runs), fault.times) == (started, 0)
    assert client.create_job_run(PROJECT, job_name="j").get_status_code() == 202
