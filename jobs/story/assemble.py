"""assemble: joins the segments, mixes the sound, adds the soft captions and the poster."""

import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from jobs.story import PIPELINE_FILE
from jobs.story.plan import PLAN_NAME, TIMELINE_NAME, read_plan, read_timeline
from shared.errors import ObjectNotFound, StageFailed
from shared.records.creation import Creation
from shared.stages.stage import Context, Output, Result, Stage
from shared.video.rendering.segments import Segment
from shared.video.timeline import Timeline
from shared.worker.entry import stage_main

_CAPTIONS_NAME: Final = "assets/captions.srt"


def run(context: Context) -> Result:
    """The stage's work: sound and picture side by side, then both into one file."""
    from shared.video.encoding.join import mux
    from shared.video.sound.mix import mix_audio

    timeline = read_timeline(context.creation)
    plan = read_plan(context.creation)
    scratch = context.scratch
    context.progress.update(0.05, "mixing the sound and joining the segments")
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="sound") as pool:
        sounds = _sounds(context, timeline)
        mixing = pool.submit(mix_audio, timeline, sounds, scratch / "audio.m4a", scratch)
        poster = _poster(context, timeline)
        joined = _join(context, timeline, plan)
        audio = mixing.result()
    captions = context.creation.download(_CAPTIONS_NAME, scratch / "captions.srt")
    video = scratch / "video.mp4"
    soft = captions if captions.stat().st_size else None
    mux(joined, scratch / "audio.m4a", soft, video, language=timeline.language)
    return Result(
        outputs={
            "video": Output(name="assets/video.mp4", path=video, description="the film, H.264 and AAC"),
            "poster": Output(name="assets/poster.jpg", path=poster, description="the first picture"),
        },
        metadata={
            "duration_s": round(timeline.duration_s, 3),
            "frames": timeline.frames,
            "size_bytes": video.stat().st_size,
            "loudness_lufs": round(audio.integrated_lufs, 2),
            "true_peak_dbtp": round(audio.true_peak_dbtp, 2),
        },
        keep={"cache/segments/": frozenset(segment.name for segment in plan)},
    )


def _join(context: Context, timeline: Timeline, plan: Sequence[Segment]) -> Path:
    from shared.video.encoding.join import join_segments

    joined = context.scratch / "joined.mp4"
    join_segments(_segments(context, plan), joined, timeline.frame_rate)
    return joined


def _sounds(context: Context, timeline: Timeline) -> dict[str, Path]:
    """Local copies of all speech and music, by their names."""
    names = dict.fromkeys(spoken.key for spoken in timeline.speech)
    if timeline.music:
        names[timeline.music.key] = None
    folder = context.scratch / "sounds"
    folder.mkdir()
    return {
        name: context.creation.download(name, folder / f"{number}{Path(name).suffix}")
        for number, name in enumerate(names)
    }


def _segments(context: Context, plan: Sequence[Segment]) -> Iterator[tuple[Path, int]]:
    """Each segment's file, only there while it is read, and its frames."""
    path = context.scratch / "segment.mp4"
    for number, segment in enumerate(plan):
        try:
            context.creation.download(segment.name, path)
        except ObjectNotFound as error:
            raise StageFailed("assemble", f"{segment.name} is missing; run again to render it") from error
        yield path, segment.frames
        if number % 50 == 0:
            part = 0.1 + 0.6 * number / len(plan)
            context.progress.update(part, f"joined {number} of {len(plan)} segments")


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
    sounds = sorted({spoken.key for spoken in timeline.speech})
    music = [timeline.music.key] if timeline.music else []
    return [TIMELINE_NAME, PLAN_NAME, _CAPTIONS_NAME, *sounds, *music]


STAGE: Final = Stage(pipeline="story", name="assemble", version=1, inputs=_inputs, run=run)

if __name__ == "__main__":
    sys.exit(stage_main(STAGE, PIPELINE_FILE))
