"""From a timeline to a film, step by step: the building blocks of every film pipeline's stages.

A timeline is cut into segments, each stored by what it shows. `render_missing` draws and encodes those that
the store lacks, in one task or spread over many; `join_plan` copies them into one picture track while
`mixing` makes the sound beside it; `finish_film` puts both and the soft captions into one file.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from shared.errors import ObjectNotFound, StageFailed
from shared.records.creation import Creation, canonical_json
from shared.records.names import FILM, SEGMENTS, TIMELINE, captions_name
from shared.stages.stage import Context, Output
from shared.video.rendering.segments import Segment
from shared.video.timeline import Timeline

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from shared.video.captions.pages import State
    from shared.video.encoding.join import Chapter
    from shared.video.sound.mix import AudioReport

    Picture = NDArray[np.uint8]

_REPORT_EVERY_SEGMENTS: Final = 50


def missing_segments(creation: Creation, segments: Sequence[Segment]) -> list[Segment]:
    """Those that the store lacks, in order; of segments that look alike (a picture shown twice) one."""
    there = {name for name, _ in creation.list(SEGMENTS)}
    first: dict[str, Segment] = {}
    for segment in segments:
        first.setdefault(segment.key, segment)
    return [segment for segment in first.values() if segment.name not in there]


def fetch_assets(context: Context, names: Sequence[str]) -> dict[str, Path]:
    """Local copies in a folder of their own, by name; a name that occurs twice is fetched once."""
    folder = context.scratch / "assets"
    folder.mkdir()
    return {
        name: context.creation.download(name, folder / f"{number}{PurePosixPath(name).suffix}")
        for number, name in enumerate(dict.fromkeys(names))
    }


def sounds_of(timeline: Timeline) -> list[str]:
    """Names of all speech and of the music."""
    names = [spoken.key for spoken in timeline.speech]
    return list(dict.fromkeys([*names, *([timeline.music.key] if timeline.music else [])]))


def render_missing(
    context: Context,
    timeline: Timeline,
    missing: Sequence[Segment],
    states: "Sequence[State]",
    load: "Callable[[str], Picture]",
    *,
    clip: Callable[[str], Path] | None = None,
    since: float = 0.0,
    until: float = 1.0,
) -> None:
    """Draw and encode the segments and store each as soon as it is done.

    `load` returns a picture by its name, `clip` a clip's file. Progress goes from `since` to `until`.
    """
    from shared.video.rendering.render import render_segments
    from shared.video.rendering.shots import no_clip

    if not missing:
        return
    folder = context.scratch / "rendered"
    folder.mkdir()
    render_segments(
        timeline,
        missing,
        states,
        load,
        lambda segment, path: context.creation.upload_once(path, segment.name),
        scratch=folder,
        clip=clip or no_clip,
        cores=context.settings.cores,
        on_frame=context.progress.count_frames(
            sum(segment.frames for segment in missing), since=since, until=until
        ),
    )


@contextmanager
def mixing(context: Context, timeline: Timeline, sounds: dict[str, Path]) -> "Iterator[Future[AudioReport]]":
    """Mix the sound into `audio.m4a` in the background of the block; `sounds` are local files by name."""
    from shared.video.sound.mix import mix_audio

    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="sound") as pool:
        yield pool.submit(mix_audio, timeline, sounds, _sound(context), context.scratch)


def join_plan(
    context: Context,
    timeline: Timeline,
    plan: Sequence[Segment],
    *,
    stage: str,
    since: float = 0.0,
    until: float = 1.0,
) -> Path:
    """Copy all segments into one file without sound; raises `StageFailed` that names a missing segment."""
    from shared.video.encoding.join import join_segments

    path, joined = context.scratch / "segment.mp4", context.scratch / "joined.mp4"

    def fetched() -> Iterator[tuple[Path, int]]:
        """Each segment's file, which exists only while it is read, and its frames."""
        for number, segment in enumerate(plan):
            try:
                context.creation.download(segment.name, path)
            except ObjectNotFound as error:
                raise StageFailed(stage, f"{segment.name} is missing; run again to render it") from error
            yield path, segment.frames
            if number % _REPORT_EVERY_SEGMENTS == 0:
                part = since + (until - since) * number / len(plan)
                context.progress.update(part, f"joined {number} of {len(plan)} segments")

    join_segments(fetched(), joined, timeline.frame_rate)
    return joined


def finish_film(
    context: Context,
    timeline: Timeline,
    joined: Path,
    captions: Path,
    description: str,
    *,
    chapters: "Sequence[Chapter]" = (),
) -> Output:
    """Put picture, sound and captions (SubRip; empty for none) into one file that starts to play at once."""
    from shared.video.encoding.join import mux

    video = context.scratch / "video.mp4"
    soft = captions if captions.stat().st_size else None
    mux(joined, _sound(context), soft, video, language=timeline.language, chapters=chapters)
    return Output(name=FILM, path=video, description=description)


def write_captions(context: Context, timeline: Timeline) -> dict[str, Output]:
    """`captions_srt` and `captions_vtt`."""
    from shared.video.captions.subtitle_files import to_srt, to_vtt

    kinds = {"srt": (to_srt, "SubRip"), "vtt": (to_vtt, "WebVTT")}
    return {
        f"captions_{kind}": write_output(
            context, captions_name(kind), write(timeline).encode(), f"captions, {name}"
        )
        for kind, (write, name) in kinds.items()
    }


def write_timeline(context: Context, timeline: Timeline, description: str) -> Output:
    """`assets/timeline.json`, the film as data."""
    data = canonical_json(timeline.model_dump(mode="json"))
    return write_output(context, TIMELINE, data, description)


def write_output(context: Context, name: str, data: bytes, description: str) -> Output:
    """Data as an output; the file's name in the scratch folder is the last part of `name`."""
    path = context.scratch / PurePosixPath(name).name
    path.write_bytes(data)
    return Output(name=name, path=path, description=description)


def shape_of(timeline: Timeline) -> dict[str, Any]:
    """The film's length and shape, for a stage's metadata."""
    return {
        "duration_s": round(timeline.duration_s, 3),
        "frames": timeline.frames,
        "width": timeline.width,
        "height": timeline.height,
        "frame_rate": str(timeline.frame_rate),
    }


def loudness_of(audio: "AudioReport") -> dict[str, Any]:
    """The mix's loudness, for a stage's metadata."""
    return {
        "loudness_lufs": round(audio.integrated_lufs, 2),
        "true_peak_dbtp": round(audio.true_peak_dbtp, 2),
    }


def _sound(context: Context) -> Path:
    return context.scratch / "audio.m4a"
