"""Pipelines to deploy in tests: those of the repository, and one that the exporters don't know."""

from pathlib import Path

from jobs.catalogue import pipelines
from shared.pipelines.definition import Pipeline

ROOT = Path(__file__).parent.parent.parent

UNHEARD_OF = Pipeline.model_validate(
    {
        "name": "slide_show",
        "description": "Slides are drawn by many, and a nicety by one.",
        "fused": {"job": "slides-at-once", "cpu": 4, "memory_mib": 512, "most_assets": 3, "retries": 0},
        "consumed": {
            "topic": "slideShows",
            "group": "showers",
            "id_field": "show",
            "version": {"v": 3},
            "module": "show_one",
        },
        "stages": {
            "plan": {
                "description": "Counts.",
                "share": 0.2,
                "cpu": 1,
                "memory_mib": 8192,
                "time_limit_s": 60,
            },
            "draw": {
                "description": "Draws.",
                "needs": ["plan"],
                "fan_out": {"over": "plan.slides", "per_task": 1, "most": 1000},
                "share": 0.5,
                "cpu": 8,
                "memory_mib": 32_768,
                "retries": 5,
                "time_limit_s": 86_400,
            },
            "title_page": {
                "description": "Pretty.",
                "needs": ["plan"],
                "optional": True,
                "share": 0.1,
                "memory_mib": 512,
            },
            "bind": {"description": "Joins.", "needs": ["draw", "title_page"], "share": 0.2},
        },
    }
)


def all_pipelines() -> dict[str, Pipeline]:
    return {**pipelines(), UNHEARD_OF.name: UNHEARD_OF}
