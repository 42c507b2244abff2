"""What the stages that listen have in common: fetching the sound, saying how far they are, writing spans."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from jobs.subtitles.job.documents import SpeechSegments, stretches
from jobs.subtitles.job.names import AUDIO
from jobs.subtitles.voices.sound import Sound, open_sound
from jobs.subtitles.voices.spans import Span
from shared.stages.film_steps import write_output
from shared.stages.stage import Context, Output

SILENT: Final = "no speech was found in the sound; there will be no subtitles"


def fetch_sound(context: Context) -> Sound:
    """The film's sound as a local file."""
    context.progress.update(0.02, "fetching the sound")
    return open_sound(context.creation.download(AUDIO, context.scratch / "audio.wav"))


def telling(context: Context, message: str, *, since: float, until: float) -> Callable[[float], None]:
    """A function that takes the part of some work that is done; it ends the work when it is to end."""

    def tell(done: float) -> None:
        context.progress.update(since + (until - since) * done, f"{message}, {done:.0%}")

    return tell


def write_speech(
    context: Context,
    name: str,
    spans: Sequence[Span],
    engine: str,
    parameters: Mapping[str, float | int | str],
) -> Output:
    """A document of where there is speech."""
    found = stretches(spans)
    document = SpeechSegments(
        engine=engine,
        parameters=parameters,
        segments=found,
        segment_count=len(found),
        total_speech_duration=sum(each.duration for each in found),
    )
    return write_output(context, name, document.to_bytes(), f"where there is speech, {engine}")
