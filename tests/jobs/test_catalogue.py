"""Nothing is unlisted: what lies in jobs/ is in a pipeline.yaml, in the catalogue, and has a test."""

import importlib
import tomllib
from pathlib import Path

import pytest

from jobs.catalogue import pipelines, stages
from jobs.story.input import layout
from shared.errors import BadRequest
from shared.pipelines.definition import named
from shared.records.creation import Creation
from shared.stages.stage import Stage
from shared.storage.memory import MemoryStore

JOBS = Path(__file__).parent.parent.parent / "jobs"
FOLDERS = sorted(path.parent.name for path in JOBS.glob("*/pipeline.yaml"))


MADE = frozenset(
    {"assets/script.json", "assets/voiceovers/scene_1.mp3", "assets/scenes/scene_4.mp4", "assets/video.mp4"}
)


def stage_modules(pipeline: str) -> set[str]:
    """Modules that have a `STAGE`, by their names."""
    names = (path.stem for path in (JOBS / pipeline).glob("*.py") if path.stem != "__init__")
    return {name for name in names if hasattr(importlib.import_module(f"jobs.{pipeline}.{name}"), "STAGE")}


@pytest.mark.parametrize("pipeline", FOLDERS)
def test_every_stage_is_in_its_pipeline(pipeline: str) -> None:
    assert stage_modules(pipeline) == set(pipelines()[pipeline].stages)


def test_a_pipeline_has_the_name_of_its_folder_and_an_extra_of_that_name() -> None:
    project = tomllib.loads((JOBS.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert sorted(pipelines()) == FOLDERS
    assert {name.replace("_", "-") for name in FOLDERS} <= project["optional-dependencies"].keys()


@pytest.mark.parametrize("pipeline", FOLDERS)
def test_what_a_pipeline_brings_by_name_is_there(pipeline: str) -> None:
    found = pipelines()[pipeline]
    brought = [
        name for name in (found.checked_by, found.command, found.routes, found.cut, found.still) if name
    ]
    assert all(name.startswith(f"jobs.{pipeline}.") for name in brought)
    for name in brought:
        named(name)  # must not raise
    assert all(found.makes(name) for name in (found.film, found.timeline) if name)


@pytest.mark.parametrize("pipeline", FOLDERS)
def test_every_pipeline_refuses_what_its_stages_could_not_use(pipeline: str) -> None:
    with pytest.raises(BadRequest, match="shoe_size"):
        pipelines()[pipeline].check(Creation(MemoryStore(), "spring"), {"shoe_size": 43})


@pytest.mark.parametrize(
    ("pipeline", "outputs", "inputs"),
    [
        ("story", layout.OUTPUTS, ["assets/story.json", "assets/1/image.jpg", "assets/music.mp3"]),
        ("ad", MADE, ["assets/ad.json", "assets/product.jpg", "assets/music.mp3"]),
        (
            "presenter",
            frozenset({"assets/slides.json", "assets/slides/001.png", "assets/pages/page-001.png"}),
            ["assets/talk.md", "assets/avatar.png", "assets/deck.pdf", "assets/media/map.png"],
        ),
    ],
)
def test_a_pipeline_knows_what_it_makes_from_what_people_put_in(
    pipeline: str, outputs: frozenset[str], inputs: list[str]
) -> None:
    makes = pipelines()[pipeline].makes
    assert [name for name in sorted(outputs) if not makes(name)] == []
    assert [name for name in inputs if makes(name)] == []


@pytest.mark.parametrize(("pipeline", "name"), sorted(stages()))
def test_the_catalogue_gives_the_stage_of_that_name(pipeline: str, name: str) -> None:
    stage = stages()[pipeline, name]()
    assert isinstance(stage, Stage)
    assert (stage.pipeline, stage.name) == (pipeline, name)
    assert stage is importlib.import_module(f"jobs.{pipeline}.{name}").STAGE


@pytest.mark.parametrize(("pipeline", "name"), sorted(stages()))
def test_every_stage_has_a_test_of_its_own(pipeline: str, name: str) -> None:
    assert (Path(__file__).parent / pipeline / f"test_{name}.py").exists()
