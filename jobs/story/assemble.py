"""assemble: joins the segments, mixes the sound, adds the soft captions and the poster."""

import sys
from pathlib import Path
from typing import Final

from jobs.story import PIPELINE_FILE
from shared.records.creation import Creation
from shared.records.names import POSTER, SEGMENTS, TIMELINE, captions_name
from shared.stages.film_steps import (
    fetch_assets,
    finish_film,
    join_plan,
    loudness_of,
    mixing,
    shape_of,
    sounds_of,
)
from shared.stages.plan import PLAN_NAME, read_plan, read_timeline
from shared.stages.stage import Context, Output, Result, Stage
from shared.video.timeline import Timeline
from shared.worker.entry import stage_main


def run(context: Context) -> Result:
    """The stage's work: make sound and picture in parallel, then join them in one file."""
    timeline = read_timeline(context.creation)
    plan = read_plan(context.creation)
    context.progress.update(0.05, "mixing the sound and joining the segments")
    sounds = fetch_assets(context, sounds_of(timeline))
    with mixing(context, timeline, sounds) as sound:
        poster = _poster(context, timeline)
        joined = join_plan(context, timeline, plan, stage="assemble", since=0.1, until=0.7)
        audio = sound.result()
    captions = context.creation.download(captions_name("srt"), context.scratch / "captions.srt")
    film = finish_film(context, timeline, joined, captions, "the film, H.264 and AAC")
    shape = shape_of(timeline)
    return Result(
        outputs={
            "video": film,
            "poster": Output(name=POSTER, path=poster, description="the first picture"),
        },
        metadata={
            "duration_s": shape["duration_s"],
            "frames": shape["frames"],
            "size_bytes": film.path.stat().st_size,
            **loudness_of(audio),
        },
        keep={SEGMENTS: frozenset(segment.name for segment in plan)},
    )


def _poster(context: Context, timeline: Timeline) -> Path:
    """The first shot's picture in the frame's shape, as JPEG, without captions."""
    from PIL import Image

    from shared.video.frames.canvas import draw_canvas
    from shared.video.frames.pictures import load_picture

    shot = timeline.shots[0]
    picture = None
    if shot.picture:
        local = context.creation.download(shot.picture, context.scratch / "picture")
        picture = load_picture(local, name=shot.picture, max_side=2 * max(timeline.width, timeline.height))
    path = context.scratch / "poster.jpg"
    Image.fromarray(draw_canvas(shot, timeline, picture, 1.0)).save(path, quality=90, optimize=True)
    return path


def _inputs(creation: Creation) -> list[str]:
    timeline = read_timeline(creation)
    speech = sorted({spoken.key for spoken in timeline.speech})
    music = [timeline.music.key] if timeline.music else []
    return [TIMELINE, PLAN_NAME, captions_name("srt"), *speech, *music]


STAGE: Final = Stage(pipeline="story", name="assemble", version=1, inputs=_inputs, run=run)

if __name__ == "__main__":
    sys.exit(stage_main(STAGE, PIPELINE_FILE))
