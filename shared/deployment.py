"""What is deployed: the job of every stage of every pipeline, with the image that it runs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from shared.pipeline import FUSED, JobDefinition, Pipeline


@dataclass(frozen=True, kw_only=True)
class DeployedJob:
    """One job, as every cloud has it."""

    name: str
    """Without the platform's prefix, e.g. `story-render` or `video-generator`."""
    target: str
    """Of `infra/Dockerfile`, and the image's name: a stage's job, or the pipeline for all stages in one."""
    pipeline: str
    stage: str
    """Or `FUSED`."""
    definition: JobDefinition


def deployed_jobs(pipelines: Mapping[str, Pipeline]) -> Iterator[DeployedJob]:
    """The jobs of all pipelines, in the order of their stages, the fused one last."""
    for pipeline in pipelines.values():
        for stage, name in pipeline.jobs.items():
            yield DeployedJob(
                name=name,
                target=pipeline.name.replace("_", "-") if stage == FUSED else name,
                pipeline=pipeline.name,
                stage=stage,
                definition=pipeline.definition_of(stage),
            )
