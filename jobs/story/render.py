"""render: draws and encodes the segments that are missing in the store. Fans out over the plan."""

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from jobs.story import PIPELINE_FILE
from shared.records.creation import Creation
from shared.records.names import TIMELINE
from shared.stages.film_steps import missing_segments, render_missing
from shared.stages.plan import PLAN_NAME, read_plan, read_timeline, segments_stand
from shared.stages.stage import Context, Result, Stage
from shared.video.rendering.segments import Segment
from shared.worker.entry import stage_main

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def run(context: Context) -> Result:
    """The stage's work: this task's share of the missing segments."""
    from shared.video.captions.pages import caption_states

    plan = read_plan(context.creation)
    mine = _share(plan, context.task_index, context.task_count)
    todo = missing_segments(context.creation, mine)
    if todo:
        timeline = read_timeline(context.creation)
        context.progress.update(0.0, f"{len(todo)} segments to render")
        load = _loader(context, max(timeline.width, timeline.height) * 2)
        render_missing(context, timeline, todo, caption_states(timeline), load)
    frames = sum(segment.frames for segment in todo)
    return Result(metadata={"segments": len(mine), "rendered": len(todo), "frames_rendered": frames})


def _share(plan: Sequence[Segment], index: int, count: int) -> Sequence[Segment]:
    """This task's neighbouring segments; thus most pictures are loaded by one task only."""
    return plan[len(plan) * index // count : len(plan) * (index + 1) // count]


def _loader(context: Context, max_side: int) -> "Callable[[str], NDArray[np.uint8]]":
    from shared.video.frames.pictures import load_picture

    def load(name: str) -> "NDArray[np.uint8]":
        path = context.creation.download(name, context.scratch / "picture")
        return load_picture(path, name=name, max_side=max_side)

    return load


def _inputs(creation: Creation) -> list[str]:
    return [
        TIMELINE,
        PLAN_NAME,
        *sorted({shot.picture for shot in read_timeline(creation).shots if shot.picture}),
    ]


STAGE: Final = Stage(
    pipeline="story", name="render", version=1, inputs=_inputs, run=run, stands=segments_stand
)

if __name__ == "__main__":
    sys.exit(stage_main(STAGE, PIPELINE_FILE))
