"""demux: takes the sound out of the film, lists its streams and finds its cuts."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import Final

from jobs.subtitles.entry import main
from jobs.subtitles.film.choice import chosen_track
from jobs.subtitles.film.decoding import RATE_HZ, Heard, decode_film
from jobs.subtitles.film.inventory import Inventory, inventory_of
from jobs.subtitles.film.rhythm import USUAL
from jobs.subtitles.job.documents import Media, Track
from jobs.subtitles.job.input import film_names, read_given
from jobs.subtitles.job.names import AUDIO, MEDIA
from jobs.subtitles.job.options import options_read
from shared.machine.process import usable_cores
from shared.records.creation import canonical_json
from shared.stages.film_steps import write_output
from shared.stages.stage import Context, Output, Result, Stage

_KNOWS_ITS_LENGTH: Final = ("mov", "matroska", "avi", "asf", "wav", "flac")
"""Containers whose duration is written and not estimated."""
_MOST_MISSING: Final = 0.98


def run(context: Context) -> Result:
    """The stage's work."""
    given = read_given(context.creation, context.parameters)
    context.progress.update(0.01, "fetching the film")
    path = context.creation.download(given.film, context.scratch / f"film{PurePosixPath(given.film).suffix}")
    film = inventory_of(path, name=given.film)
    track, doubt = chosen_track(film, given.options, name=given.film)
    audio = context.scratch / "audio.wav"
    heard = decode_film(
        film,
        track,
        path,
        audio,
        name=given.film,
        threads=context.settings.cores or usable_cores(),
        on_time=_clock(context, film.duration_s),
    )
    media = _media(film, track, heard)
    return _result(context, media, audio, [*filter(None, [doubt]), *_doubts(film, heard, given.film)])


def _clock(context: Context, duration_s: float) -> Callable[[float], None]:
    def on_time(done_s: float) -> None:
        part = done_s / duration_s if duration_s else 0
        context.progress.update(0.1 + 0.85 * min(1, part), f"{done_s:.0f} of {duration_s:.0f} s decoded")

    return on_time


def _media(film: Inventory, track: Track, heard: Heard) -> Media:
    picture = film.picture
    rhythm = picture.rhythm if picture else None
    return Media(
        container=film.container,
        duration=max(heard.sound_s, heard.film_s if heard.saw_cuts else 0),
        frame_rate=str(rhythm.frame_rate if rhythm else USUAL),
        width=picture.width if picture else None,
        height=picture.height if picture else None,
        rotation=picture.rotation if picture else 0,
        is_variable=rhythm.is_variable if rhythm else False,
        tracks=film.tracks,
        audio_track=track.index,
        integrated_lufs=heard.integrated_lufs,
        cuts=heard.cuts_s,
    )


def _doubts(film: Inventory, heard: Heard, name: str) -> Iterator[str]:
    promised_s, found_s = film.duration_s, max(heard.sound_s, heard.film_s)
    if film.container.startswith(_KNOWS_ITS_LENGTH) and found_s < promised_s * _MOST_MISSING - 1:
        yield f"{name}: ends after {found_s:.1f} s of its {promised_s:.1f} s; put the whole file there"
    if heard.integrated_lufs is None:
        yield f"{name}: its sound is silent; choose another track by audio_language"
    if film.picture and not heard.saw_cuts:
        yield f"{name}: its picture can't be decoded, so that no cuts are known"


def _result(context: Context, media: Media, audio: Path, warnings: list[str]) -> Result:
    taken = next(track for track in media.tracks if track.index == media.audio_track)
    data = canonical_json(media.model_dump(mode="json"))
    return Result(
        outputs={
            "audio": Output(name=AUDIO, path=audio, description=f"the sound, mono, {RATE_HZ} Hz"),
            "media": write_output(context, MEDIA, data, "what the film is"),
        },
        metadata={
            "container": media.container,
            "duration_s": round(media.duration, 3),
            "audio_track": taken.index,
            "audio_language": taken.language,
            "audio_delay_s": round(taken.start, 3),
            "loudness_lufs": media.integrated_lufs,
            "frame_rate": media.frame_rate,
            "is_variable": media.is_variable,
            "cuts": len(media.cuts),
            "tracks": len(media.tracks),
        },
        warnings=tuple(warnings),
    )


STAGE: Final = Stage(
    pipeline="subtitles",
    name="demux",
    version=1,
    inputs=film_names,
    run=run,
    facts=options_read("audio_language", "language"),
)

if __name__ == "__main__":
    sys.exit(main(STAGE))
