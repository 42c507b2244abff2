"""All pipelines and their stages.

To add a pipeline:
1. write `jobs/<name>/pipeline.yaml` (`shared/pipelines/definition.py` defines its fields) and one module for
   each stage, with a `STAGE`,
2. add a line to pyproject.toml: the extra `<name>`, which lists the packages of its image,
3. give each stage its own test; `tests/jobs/test_catalogue.py` reports what is missing.
The command line, HTTP, metrics, the database, exports and images all derive from these.
"""

from collections.abc import Callable, Mapping
from functools import partial

from shared.pipelines.definition import Pipeline, named
from shared.pipelines.installed import installed_pipelines
from shared.stages.stage import Stage


def pipelines() -> dict[str, Pipeline]:
    """Every pipeline by its name, read from its `pipeline.yaml`."""
    return installed_pipelines()


def stages() -> Mapping[tuple[str, str], Callable[[], Stage]]:
    """By pipeline and stage, a function that imports the stage's module and returns its `STAGE`."""
    return {
        (pipeline.name, stage): partial(_stage, pipeline.name, stage)
        for pipeline in pipelines().values()
        for stage in pipeline.stages
    }


def _stage(pipeline: str, name: str) -> Stage:
    stage = named(f"jobs.{pipeline}.{name}.STAGE")
    assert isinstance(stage, Stage)
    return stage
