import json
from typing import Any

import pytest

from shared.records.creation import Creation
from shared.runs.manifest import manifest_generation, rewrite_manifest
from shared.runs.status import RunStatus
from shared.stages.stage import Context, Result
from shared.storage import ABSENT
from shared.storage.memory import MemoryStore
from tests.support.toys import run_fused, toys, with_run


def stored(store: MemoryStore) -> dict[str, Any]:
    return dict(json.loads(store.read("toy/manifest.json")[0]))


def test_a_finished_run_is_told_stage_by_stage(store: MemoryStore) -> None:
    run_fused(store)
    found = stored(store)
    assert (found["version"], found["job_id"], found["pipeline_name"]) == ("1.0.0", "toy", "toys")
    assert (found["run"], found["output_dir"], found["parameters"]) == (1, "toy/assets", {})
    assert found["pipeline"] == {
        "status": "completed",
        "current_stage": None,
        "completed_stages": ["first", "left", "right", "extra", "last"],
        "failed_stages": [],
        "error": None,
    }
    numbers = {name: stage["stage_number"] for name, stage in found["stages"].items()}
    assert numbers == {"first": 1, "left": 2, "right": 3, "extra": 4, "last": 5}
    assert found["timing"]["total_seconds"] >= 0


def test_a_stage_is_told_with_what_it_read_made_and_used(store: MemoryStore) -> None:
    run_fused(store)
    first = stored(store)["stages"]["first"]
    info = store.stat("toy/assets/first.json")
    assert info is not None
    assert first["outputs"]["first"] == {
        "path": "assets/first.json",
        "exists": True,
        "size_bytes": info.size_bytes,
        "content_hash": info.content_hash,
        "description": "what assets/first.json says",
    }
    assert [(file["key"], file["exists"]) for file in first["input_files"]] == [("assets/words.txt", True)]
    assert (first["status"], first["reused"], first["attempt"], first["error"]) == ("success", False, 0, None)
    assert first["metadata"] == {"items": 5}
    assert first["cost"]["usd"].keys() == {"cloudrun", "codeengine"}
    right = stored(store)["stages"]["right"]
    assert (right["tasks"], set(right["outputs"])) == (3, {"right0", "right1", "right2"})


@pytest.mark.logs_errors
def test_a_failed_run_names_the_stage_and_the_error(store: MemoryStore) -> None:
    def broken(_context: Context) -> Result:
        raise RuntimeError("it broke")

    run_fused(store, stages=with_run("left", broken))
    found = stored(store)
    assert found["pipeline"]["status"] == "failed"
    assert found["pipeline"]["failed_stages"] == ["left"]
    assert found["stages"]["left"]["error"]["kind"] == "RuntimeError"
    assert "last" not in found["stages"]


def finished(store: MemoryStore) -> tuple[Creation, RunStatus]:
    return Creation(store, "toy"), run_fused(store)


def test_it_is_written_over_the_generation_that_was_noted_and_no_other(store: MemoryStore) -> None:
    creation, status = finished(store)
    noted = manifest_generation(creation)
    store.write("toy/manifest.json", b"{}")
    assert not rewrite_manifest(creation, status.request, status, toys(), over=noted)
    assert store.read("toy/manifest.json")[0] == b"{}"
    assert rewrite_manifest(creation, status.request, status, toys(), over=manifest_generation(creation))
    assert stored(store)["pipeline"]["status"] == "completed"


def test_what_is_there_already_is_not_written_again(store: MemoryStore) -> None:
    creation, status = finished(store)
    before = manifest_generation(creation)
    assert rewrite_manifest(creation, status.request, status, toys(), over=ABSENT)
    assert manifest_generation(creation) == before


def test_one_that_is_gone_is_made_again(store: MemoryStore) -> None:
    creation, status = finished(store)
    noted = manifest_generation(creation)
    store.delete("toy/manifest.json")
    assert not rewrite_manifest(creation, status.request, status, toys(), over=noted)
    assert rewrite_manifest(creation, status.request, status, toys(), over=ABSENT)
