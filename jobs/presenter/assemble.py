"""assemble: joins the segments, mixes the sound, adds captions, chapters, poster and transcript."""

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from jobs.presenter import PIPELINE_FILE
from jobs.presenter.deck.slides import SLIDES_NAME, Slides
from jobs.presenter.draw import picture_name
from jobs.presenter.film.drawn import STARTS_NAME, deck_of
from jobs.presenter.film.transcript import transcript_markdown
from jobs.presenter.talk import OPTIONS_NAME, read_talk
from shared.records.creation import Creation
from shared.records.names import ASSETS, POSTER, SEGMENTS, TIMELINE, captions_name
from shared.stages.film_steps import (
    fetch_assets,
    finish_film,
    join_plan,
    loudness_of,
    mixing,
    shape_of,
    sounds_of,
    write_output,
)
from shared.stages.plan import PLAN_NAME, read_plan, read_timeline
from shared.stages.stage import Context, Output, Result, Stage
from shared.video.timeline import Timeline
from shared.worker.entry import stage_main

if TYPE_CHECKING:
    from shared.video.encoding.join import Chapter

CHAPTERS_NAME: Final = f"{ASSETS}chapters.vtt"
TRANSCRIPT_NAME: Final = f"{ASSETS}transcript.md"


def run(context: Context) -> Result:
    """The stage's work: make sound and picture in parallel, then join them in one file."""
    from shared.video.captions.subtitle_files import chapters_to_vtt

    creation = context.creation
    timeline, plan = read_timeline(creation), read_plan(creation)
    slides = deck_of(creation, read_talk(creation, context.parameters)).slides
    starts: list[int] = json.loads(creation.read(STARTS_NAME)[0])
    context.progress.update(0.05, "mixing the sound and joining the segments")
    sounds = fetch_assets(context, sounds_of(timeline))
    with mixing(context, timeline, sounds) as sound:
        joined = join_plan(context, timeline, plan, stage="assemble", since=0.1, until=0.7)
        audio = sound.result()
    captions = creation.download(captions_name("srt"), context.scratch / "captions.srt")
    chapters = list(chapters_of(slides, starts, timeline))
    film = finish_film(context, timeline, joined, captions, "the film, H.264 and AAC", chapters=chapters)
    transcript = transcript_markdown(slides, starts, timeline.frame_rate, _picture_of)
    shape = shape_of(timeline)
    end_ms = round(shape["duration_s"] * 1000)
    marks = chapters_to_vtt([(each.start_ms, each.title) for each in chapters], end_ms)
    return Result(
        outputs={
            "video": film,
            "poster": Output(name=POSTER, path=_poster(context), description="the first slide"),
            "chapters": write_output(
                context, CHAPTERS_NAME, marks.encode(), "when each slide's part of the film begins, WebVTT"
            ),
            "transcript": write_output(
                context, TRANSCRIPT_NAME, transcript.encode(), "what was said over each slide"
            ),
        },
        metadata={
            "duration_s": shape["duration_s"],
            "frames": shape["frames"],
            "chapters": len(chapters),
            "size_bytes": film.path.stat().st_size,
            **loudness_of(audio),
        },
        keep={SEGMENTS: frozenset(segment.name for segment in plan)},
    )


def chapters_of(slides: Slides, starts: Sequence[int], timeline: Timeline) -> "Iterator[Chapter]":
    """One for each slide; slides that continue the one before under the same title belong to its chapter."""
    from shared.video.encoding.join import Chapter

    before = None
    for number, (slide, start) in enumerate(zip(slides.slides, starts, strict=True), 1):
        title = slide.title or slide.subtitle or str(number)
        if title != before:
            yield Chapter(start_ms=round(start * 1000 / timeline.frame_rate), title=title)
        before = title


def _picture_of(place: int) -> str:
    """Where a slide's picture is, seen from the transcript."""
    return picture_name(place + 1).removeprefix(ASSETS)


def _poster(context: Context) -> Path:
    """The first slide, complete, as JPEG."""
    from PIL import Image

    path = context.scratch / "poster.jpg"
    slide = context.creation.download(picture_name(1), context.scratch / "first.png")
    with Image.open(slide) as picture:
        picture.convert("RGB").save(path, quality=90, optimize=True)
    return path


def _inputs(creation: Creation) -> list[str]:
    options = [OPTIONS_NAME] if creation.stat(OPTIONS_NAME) else []
    sounds = sounds_of(read_timeline(creation))
    files = [TIMELINE, PLAN_NAME, STARTS_NAME, SLIDES_NAME, captions_name("srt"), picture_name(1)]
    return [*files, *options, *sounds]


STAGE: Final = Stage(pipeline="presenter", name="assemble", version=1, inputs=_inputs, run=run)

if __name__ == "__main__":
    sys.exit(stage_main(STAGE, PIPELINE_FILE))
