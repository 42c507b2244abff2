"""All pipelines and their stages.

To add a pipeline:
1. write `jobs/<name>/pipeline.yaml` and one module per stage, each with a `STAGE`,
2. add its stages here,
3. give each stage a test of its own; `tests/jobs/test_catalogue.py` says what is missing.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from shared.pipelines.definition import Pipeline, load_pipeline
from shared.stages.stage import Stage


def _narrate() -> Stage:
    from jobs.story.narrate import STAGE

    return STAGE


def _render() -> Stage:
    from jobs.story.render import STAGE

    return STAGE


def _assemble() -> Stage:
    from jobs.story.assemble import STAGE

    return STAGE


def _script_gen() -> Stage:
    from jobs.ad.script_gen import STAGE

    return STAGE


def _voice_gen() -> Stage:
    from jobs.ad.voice_gen import STAGE

    return STAGE


def _video_gen() -> Stage:
    from jobs.ad.video_gen import STAGE

    return STAGE


def _cta_gen() -> Stage:
    from jobs.ad.cta_gen import STAGE

    return STAGE


def _compositing() -> Stage:
    from jobs.ad.compositing import STAGE

    return STAGE


STAGES: Final[dict[tuple[str, str], Callable[[], Stage]]] = {
    ("story", "narrate"): _narrate,
    ("story", "render"): _render,
    ("story", "assemble"): _assemble,
    ("ad", "script_gen"): _script_gen,
    ("ad", "voice_gen"): _voice_gen,
    ("ad", "video_gen"): _video_gen,
    ("ad", "cta_gen"): _cta_gen,
    ("ad", "compositing"): _compositing,
}


def pipelines() -> dict[str, Pipeline]:
    """Every pipeline by its name, read from its `pipeline.yaml`."""
    names = {pipeline for pipeline, _ in STAGES}
    return {name: load_pipeline(Path(__file__).parent / name / "pipeline.yaml") for name in sorted(names)}
