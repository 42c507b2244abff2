from pathlib import Path
from typing import Any

import pytest
import yaml

from shared.errors import BadRequest
from shared.pipelines.definition import load_pipeline
from tests.support.toys import PIPELINE_FILE, toys


def written(folder: Path, data: Any) -> Path:
    path = folder / "pipeline.yaml"
    path.write_text(data if isinstance(data, str) else yaml.safe_dump(data, sort_keys=False))
    return path


def changed(**stages: dict[str, Any]) -> dict[str, Any]:
    data = yaml.safe_load(PIPELINE_FILE.read_text())
    for name, changes in stages.items():
        data["stages"].setdefault(name, {"description": "new", "share": 0.1}).update(changes)
    return dict(data)


def test_the_stages_keep_their_order_and_get_defaults() -> None:
    pipeline = toys()
    assert list(pipeline.stages) == ["first", "left", "right", "extra", "last"]
    first = pipeline.stages["first"]
    assert (first.cpu, first.memory_mib, first.optional, first.needs) == (1, 2048, False, ())


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (changed(left={"needs": ["middle"]}), ("left", "middle")),
        (changed(first={"needs": ["last"]}), ("first", "last")),
        (changed(left={"needs": ["left"]}), ("left",)),
        (changed(left={"share": 0.3}), ("1.1",)),
        (
            changed(left={"fan_out": {"over": "right.items", "per_task": 1, "most": 2}}),
            ("left", "right.items"),
        ),
        (changed(left={"fan_out": {"over": "first", "per_task": 1, "most": 2}}), ("fan_out.over",)),
        (changed(left={"fan_out": {"over": "first.items", "per_task": 0, "most": 2}}), ("per_task",)),
        (changed(left={"retrys": 1}), ("left.retrys",)),
        (changed(left={"retries": 6}), ("left.retries",)),
        (changed(left={"cpu": 3}), ("left.cpu",)),
        (changed(left={"memory_mib": 100}), ("left.memory_mib",)),
        (changed(left={"share": 0}), ("left.share",)),
        (changed(left={"time_limit_s": 0}), ("left.time_limit_s",)),
        ({"name": "Toys!", "description": "", "stages": {}}, ("name", "stages")),
        ("", ("dictionary",)),
        ("stages: [", ("pipeline.yaml",)),
    ],
)
def test_a_bad_pipeline_names_its_file_and_what_is_wrong(
    tmp_path: Path, data: Any, words: tuple[str, ...]
) -> None:
    with pytest.raises(BadRequest) as caught:
        load_pipeline(written(tmp_path, data))
    for word in (*words, "pipeline.yaml", tmp_path.name):
        assert word in str(caught.value)


def test_every_problem_of_a_stage_is_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(BadRequest) as caught:
        load_pipeline(written(tmp_path, changed(left={"retries": 9, "cpu": 3}, right={"share": 2})))
    for place in ("left.retries", "left.cpu", "right.share"):
        assert place in str(caught.value)


@pytest.mark.parametrize(("items", "tasks"), [(0, 1), (1, 1), (2, 1), (3, 2), (5, 3), (6, 3), (1000, 3)])
def test_tasks_follow_the_items_up_to_the_most(items: int, tasks: int) -> None:
    assert toys().tasks_of("right", {"first": {"items": items}}) == tasks


def test_a_stage_that_does_not_fan_out_is_one_task() -> None:
    assert toys().tasks_of("left", {"first": {"items": 100}}) == 1


def test_a_stage_whose_source_said_nothing_is_one_task() -> None:
    assert toys().tasks_of("right", {"first": {}}) == 1
