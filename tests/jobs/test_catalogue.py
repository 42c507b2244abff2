"""Nothing is unlisted: what lies in jobs/ is in a pipeline.yaml, in the catalogue, and has a test."""

import importlib
from pathlib import Path

import pytest

from jobs import ad
from jobs.catalogue import STAGES, pipelines
from jobs.story import layout
from shared.errors import BadRequest
from shared.records.creation import Creation
from shared.stages.stage import Stage
from shared.storage.memory import MemoryStore

JOBS = Path(__file__).parent.parent.parent / "jobs"
FOLDERS = sorted(path.parent.name for path in JOBS.glob("*/pipeline.yaml"))


def stage_modules(pipeline: str) -> set[str]:
    """Modules that have a `STAGE`, by their names."""
    names = (path.stem for path in (JOBS / pipeline).glob("*.py") if path.stem != "__init__")
    return {name for name in names if hasattr(importlib.import_module(f"jobs.{pipeline}.{name}"), "STAGE")}


def test_every_folder_with_a_pipeline_is_in_the_catalogue() -> None:
    assert sorted(pipelines()) == FOLDERS


@pytest.mark.parametrize("pipeline", FOLDERS)
def test_every_stage_is_in_its_pipeline_and_in_the_catalogue(pipeline: str) -> None:
    assert stage_modules(pipeline) == set(pipelines()[pipeline].stages)
    assert stage_modules(pipeline) == {name for owner, name in STAGES if owner == pipeline}


@pytest.mark.parametrize("pipeline", FOLDERS)
def test_a_pipeline_has_the_name_of_its_folder(pipeline: str) -> None:
    assert pipelines()[pipeline].name == pipeline


@pytest.mark.parametrize("pipeline", FOLDERS)
def test_every_pipeline_refuses_what_its_stages_could_not_use(pipeline: str) -> None:
    with pytest.raises(BadRequest, match="shoe_size"):
        pipelines()[pipeline].check(Creation(MemoryStore(), "spring"), {"shoe_size": 43})


@pytest.mark.parametrize(
    ("pipeline", "outputs", "inputs"),
    [
        (
            "story",
            layout.OUTPUTS,
            ["assets/story.json", "assets/1/image.jpg", "assets/music.mp3"],
        ),
        ("ad", ad.OUTPUTS, ["assets/ad.json", "assets/product.jpg", "assets/music.mp3"]),
    ],
)
def test_a_pipeline_knows_what_it_makes_from_what_people_put_in(
    pipeline: str, outputs: frozenset[str], inputs: list[str]
) -> None:
    makes = pipelines()[pipeline].makes
    assert [name for name in sorted(outputs) if not makes(name)] == []
    assert [name for name in inputs if makes(name)] == []


@pytest.mark.parametrize(("pipeline", "name"), sorted(STAGES))
def test_the_catalogue_gives_the_stage_of_that_name(pipeline: str, name: str) -> None:
    stage = STAGES[pipeline, name]()
    assert isinstance(stage, Stage)
    assert (stage.pipeline, stage.name) == (pipeline, name)
    assert stage is importlib.import_module(f"jobs.{pipeline}.{name}").STAGE


@pytest.mark.parametrize(("pipeline", "name"), sorted(STAGES))
def test_every_stage_has_a_test_of_its_own(pipeline: str, name: str) -> None:
    assert (Path(__file__).parent / pipeline / f"test_{name}.py").exists()
