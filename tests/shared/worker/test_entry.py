import json
import logging
import signal
from pathlib import Path
from typing import Any

import pytest

from shared.storage.file import FileStore
from shared.storage.memory import MemoryStore
from shared.worker.entry import stage_main
from tests.shared.runs.attempts import ask, broken, leave
from tests.support.toys import PIPELINE_FILE, STAGES, fill, run_fused, with_run


@pytest.fixture
def _signals() -> Any:
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.usefixtures("_signals")
def test_the_entrypoint_prints_what_it_made_and_logs_one_outcome(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(FileStore(tmp_path))
    assert stage_main(STAGES["first"], PIPELINE_FILE, ["toy"], {"STORE_URL": tmp_path.as_uri()}) == 0
    stdout, stderr = capsys.readouterr()
    assert json.loads(stdout) == {"first": "assets/first.json"}
    (line,) = [line for line in lines(stderr) if line["action"].startswith("stage_")]
    assert (line["severity"], line["action"], line["stage"]) == ("INFO", "stage_done", "first")
    assert {"message", "time", "creation_id", "run", "attempt", "duration_ms", "cpu_s", "usd"} <= line.keys()


@pytest.mark.usefixtures("_signals")
@pytest.mark.parametrize(
    ("arguments", "environ", "exit_code", "action"),
    [
        (["toy"], {}, 1, "stage_failed"),
        (["../toy"], {}, 2, "bad_request"),
        (["toy"], {"HEARTBEAT_S": "often"}, 2, "bad_request"),
        (["toy"], {"TASK_INDEX": "-1"}, 2, "bad_request"),
    ],
)
def test_the_entrypoint_says_what_failed_by_exit_code_and_log(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    environ: dict[str, str],
    exit_code: int,
    action: str,
) -> None:
    store = FileStore(tmp_path)
    fill(store)
    stage = with_run("first", broken)["first"]
    found = stage_main(stage, PIPELINE_FILE, arguments, {"STORE_URL": store.url} | environ)
    said = lines(capsys.readouterr().err)
    assert found == exit_code
    assert next(line["action"] for line in said if line["severity"] == "ERROR") == action
    assert len([line for line in said if line["action"] == action]) == 1


def test_each_stage_of_a_run_has_one_outcome_line(
    store: MemoryStore, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "reelwright"):
        run_fused(store)
    outcomes = [
        (data["stage"], data["task"])
        for record in caplog.records
        if getattr(record, "action", "") == "stage_done" and (data := vars(record)["data"])
    ]
    assert outcomes == [
        ("first", 0),
        ("left", 0),
        ("right", 0),
        ("right", 1),
        ("right", 2),
        ("extra", 0),
        ("last", 0),
    ]


@pytest.mark.usefixtures("_signals")
def test_whoever_chains_the_stages_gets_the_plan_of_what_fans_out(tmp_path: Path) -> None:
    fill(FileStore(tmp_path / "store"))
    environ = {"STORE_URL": (tmp_path / "store").as_uri()}
    plan = tmp_path / "plan"
    assert stage_main(STAGES["first"], PIPELINE_FILE, ["toy", "--plan", str(plan)], environ) == 0
    assert {path.name: json.loads(path.read_text()) for path in plan.iterdir()} == {"right.json": [0, 1, 2]}


@pytest.mark.usefixtures("_signals")
def test_no_plan_is_made_of_a_stage_that_another_process_works_on(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "store")
    fill(store)
    ask(store)
    leave(store, process="far|away|1|2")
    plan = tmp_path / "plan"
    arguments = ["toy", "--plan", str(plan)]
    assert stage_main(STAGES["first"], PIPELINE_FILE, arguments, {"STORE_URL": store.url}) == 1
    assert not plan.exists()
