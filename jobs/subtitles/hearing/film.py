"""What is to be heard, and how far that is."""

from collections.abc import Callable
from dataclasses import dataclass

from jobs.subtitles.hearing.chunks import Chunk, Sound, chunks_of
from jobs.subtitles.hearing.words import split
from jobs.subtitles.job.documents import SpeechSegments, read_document
from jobs.subtitles.job.input import read_script
from jobs.subtitles.job.names import AUDIO, SCRIPT, SPEECH
from jobs.subtitles.job.options import JobOptions, read_options
from shared.machine.process import usable_cores
from shared.stages.stage import Context


@dataclass(frozen=True, kw_only=True)
class Film:
    """The sound, where there is speech in it, and what is known of that."""

    context: Context
    options: JobOptions
    sound: Sound
    speech: tuple[tuple[float, float], ...]
    chunks: tuple[Chunk, ...]
    script: tuple[str, ...]
    """The words of the script; empty without one."""
    cores: int

    def ticking(self, doing: str, since: float, until: float) -> Callable[[int, int], None]:
        """Reports how many of how many are done, from any thread; raises what ends the stage."""

        def tick(done: int, total: int) -> None:
            part = since + (until - since) * done / max(1, total)
            self.context.progress.update(part, f"{doing} {done} of {total}")

        return tick

    def check(self) -> None:
        """Raise what ends the stage, if anything does."""
        step = self.context.progress.step
        self.context.progress.update(step.fraction, step.message)


def read_film(context: Context) -> Film:
    """Fetches the sound."""
    creation = context.creation
    path = creation.download(AUDIO, context.scratch / "audio.wav")
    sound = Sound(path, AUDIO)
    found = read_document(creation, SPEECH, SpeechSegments)
    speech = tuple((each.start, each.end) for each in found.segments)
    has_script = creation.stat(SCRIPT) is not None
    return Film(
        context=context,
        options=read_options(creation, context.parameters),
        sound=sound,
        speech=speech,
        chunks=tuple(chunks_of(speech, sound.samples, sound.quietest)),
        script=tuple(split(read_script(creation))) if has_script else (),
        cores=context.settings.cores or usable_cores(),
    )
