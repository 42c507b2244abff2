"""diarization: finds out who speaks when."""

import logging
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from jobs.subtitles.entry import main
from jobs.subtitles.job.documents import (
    UNKNOWN_SPEAKER,
    SpeakerSegments,
    SpeakerStretch,
    SpeechSegments,
    read_document,
)
from jobs.subtitles.job.names import AUDIO, SPEAKERS, SPEECH
from jobs.subtitles.job.options import options_read, read_options
from jobs.subtitles.voices import pyannote
from jobs.subtitles.voices.embedding.encoder import SHA256, NoWeights, load_encoder
from jobs.subtitles.voices.listening import fetch_sound, telling
from jobs.subtitles.voices.sound import Sound
from jobs.subtitles.voices.speakers import Ear, network_ear, timbre_ear, who_speaks
from shared.logs import log
from shared.settings import Settings
from shared.stages.film_steps import write_output
from shared.stages.stage import Context, Result, Stage

_NETWORK: Final = "resemblyzer-ge2e"
_TIMBRE: Final = "mean-mfcc"


@dataclass(frozen=True, kw_only=True)
class _Heard:
    segments: Sequence[SpeakerStretch]
    engine: str
    warnings: tuple[str, ...] = ()


def run(context: Context) -> Result:
    """The stage's work."""
    count = read_options(context.creation, context.parameters).speakers
    sound = fetch_sound(context)
    heard = _heard(context, sound, count)
    names = {each.speaker for each in heard.segments} - {UNKNOWN_SPEAKER}
    document = SpeakerSegments(
        engine=heard.engine,
        experimental=not heard.engine.startswith(pyannote.DIARIZATION),
        speaker_count=len(names),
        segments=tuple(heard.segments),
    )
    unknown_s = sum(each.duration for each in heard.segments if each.speaker == UNKNOWN_SPEAKER)
    return Result(
        outputs={"speakers": write_output(context, SPEAKERS, document.to_bytes(), "who speaks when")},
        metadata={
            "engine": document.engine,
            "experimental": document.experimental,
            "speakers": document.speaker_count,
            "segments": len(document.segments),
            "unknown_s": round(unknown_s, 3),
        },
        warnings=(*heard.warnings, *_miscounted(count, document)),
        reusable=not (document.experimental and pyannote.installed_version()),
    )


def _heard(context: Context, sound: Sound, count: int | None) -> _Heard:
    """By pyannote, or without it by how alike the voices are."""
    try:
        context.progress.update(0.05, "telling voices apart")
        found = pyannote.speaker_stretches(sound, context.settings.hf_token, count)
    except pyannote.NoPyannote as missing:
        log(
            logging.INFO,
            "speakers_by_embedding",
            f"{missing}; voices are told apart by how alike they sound, which is experimental.",
            stage="diarization",
        )
    else:
        return _Heard(segments=found, engine=f"{pyannote.DIARIZATION} {pyannote.installed_version()}")
    ear, engine, warnings = _ear()
    speech = read_document(context.creation, SPEECH, SpeechSegments)
    segments = who_speaks(
        sound,
        [(each.start, each.end) for each in speech.segments],
        ear,
        count=count,
        on_progress=telling(context, "telling voices apart", since=0.05, until=0.95),
    )
    return _Heard(segments=segments, engine=engine, warnings=warnings)


def _ear() -> tuple[Ear, str, tuple[str, ...]]:
    try:
        return network_ear(load_encoder()), _NETWORK, ()
    except NoWeights as missing:
        warning = f"{missing}, so speakers are told apart by their timbre alone, which errs more often"
        return timbre_ear(), _TIMBRE, (warning,)


def _miscounted(count: int | None, document: SpeakerSegments) -> tuple[str, ...]:
    if count in (None, document.speaker_count) or not document.segments:
        return ()
    return (f"{document.speaker_count} speakers were found where {count} were said to be",)


def _salt(settings: Settings) -> str:
    found = pyannote.installed_version()
    return f"{_ear()[1]} {SHA256[:12]} pyannote {found or 'none'} {bool(found and settings.hf_token)}"


STAGE: Final = Stage(
    pipeline="subtitles",
    name="diarization",
    version=1,
    inputs=lambda _creation: [AUDIO, SPEECH],
    run=run,
    salt=_salt,
    facts=options_read("speakers"),
)

if __name__ == "__main__":
    sys.exit(main(STAGE))
