"""The timeline and the plan of segments, which a stage that lays out a film writes for the later ones."""

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from shared.errors import StoreError
from shared.records.creation import Creation, canonical_json
from shared.records.names import TIMELINE
from shared.stages.film_steps import missing_segments, render_missing, write_output
from shared.stages.stage import Context, Output, Result
from shared.video.rendering.segments import Segment
from shared.video.timeline import Timeline

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PLAN_NAME: Final = "cache/plan.json"
SPEECH: Final = "cache/speech/"
"""The folder of speech, keyed by text and voice."""


def read_timeline(creation: Creation) -> Timeline:
    return Timeline.model_validate_json(creation.read(TIMELINE)[0])


def speech_stands(creation: Creation) -> bool:
    """Whether all speech of the timeline is in the store."""
    there = {name for name, _ in creation.list(SPEECH)}
    return all(spoken.key in there for spoken in read_timeline(creation).speech)


def segments_stand(creation: Creation) -> bool:
    """Whether all segments of the plan are in the store."""
    return not missing_segments(creation, read_plan(creation))


def read_plan(creation: Creation) -> list[Segment]:
    """All segments of the film, in order."""
    try:
        return [Segment(**segment) for segment in json.loads(creation.read(PLAN_NAME)[0])]
    except (ValueError, TypeError) as error:
        reason = f"not a plan ({error}); delete it and run again"
        raise StoreError("read", creation.key(PLAN_NAME), reason) from error


def write_plan(context: Context, segments: Sequence[Segment]) -> Output:
    """The plan as an output of the stage."""
    return write_output(
        context, PLAN_NAME, canonical_json(list(_rows(segments))), "the segments and their keys"
    )


def _rows(segments: Sequence[Segment]) -> Iterator[dict[str, Any]]:
    for segment in segments:
        yield {
            "key": segment.key,
            "shot": segment.shot,
            "offset": segment.offset,
            "first_frame": segment.first_frame,
            "frames": segment.frames,
        }


def pictures_of(timeline: Timeline) -> list[str]:
    """Names of all pictures and clips of the shots and the figure, each once."""
    figure = [timeline.figure.picture, timeline.figure.clip] if timeline.figure else []
    shown = [name for shot in timeline.shots for name in (shot.picture, shot.clip)]
    return sorted({name for name in (*shown, *figure) if name})


def rendering_inputs(creation: Creation) -> list[str]:
    """All objects that `render_share` depends on."""
    return [TIMELINE, PLAN_NAME, *pictures_of(read_timeline(creation))]


def render_share(context: Context) -> Result:
    """Draw and encode this task's share of the plan's missing segments."""
    from shared.video.captions.pages import caption_states

    plan = read_plan(context.creation)
    mine = _share(plan, context.task_index, context.task_count)
    todo = missing_segments(context.creation, mine)
    if todo:
        timeline = read_timeline(context.creation)
        context.progress.update(0.0, f"{len(todo)} segments to render")
        load = _loader(context, max(timeline.width, timeline.height) * 2)
        render_missing(context, timeline, todo, caption_states(timeline), load, clip=_clips(context))
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


def _clips(context: Context) -> Callable[[str], Path]:
    """The files of clips, each fetched once."""
    files: dict[str, Path] = {}
    lock = threading.Lock()

    def clip(name: str) -> Path:
        with lock:
            if name not in files:
                path = context.scratch / f"clip-{len(files)}{PurePosixPath(name).suffix}"
                files[name] = context.creation.download(name, path)
            return files[name]

    return clip
