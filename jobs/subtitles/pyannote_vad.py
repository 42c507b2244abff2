"""pyannote_vad: finds speech a second time with another detector, and merges both.

The merged speech is Silero's, with its edges moved inwards to those of the second detector where the two
agree about what is around them (`voices/spans.py` has the rule and the reason).
"""

import logging
import sys
from typing import Final

from jobs.subtitles.entry import main
from jobs.subtitles.job.documents import SpeechSegments, read_document
from jobs.subtitles.job.names import AUDIO, PYANNOTE, SILERO, SPEECH
from jobs.subtitles.voices import pyannote, second_opinion
from jobs.subtitles.voices.listening import fetch_sound, telling, write_speech
from jobs.subtitles.voices.sound import Sound
from jobs.subtitles.voices.spans import JOINED_S, MERGE_PARAMETERS, MERGE_RULE, Span, merged
from shared.logs import log
from shared.settings import Settings
from shared.stages.stage import Context, Result, Stage

_Heard = tuple[list[Span], str, dict[str, float | int | str]]
"""What a detector found, its name and its parameters."""


def run(context: Context) -> Result:
    """The stage's work."""
    first = read_document(context.creation, SILERO, SpeechSegments)
    sound = fetch_sound(context)
    second, engine, parameters = _second(context, sound)
    both = merged([(each.start, each.end) for each in first.segments], second)
    merging = {"first": first.engine, "second": engine, **MERGE_PARAMETERS}
    return Result(
        outputs={
            "pyannote": write_speech(context, PYANNOTE, second, engine, parameters),
            "speech": write_speech(context, SPEECH, both, MERGE_RULE, merging),
        },
        metadata={
            "engine": engine,
            "segments": len(both),
            "speech_s": round(sum(end - start for start, end in both), 3),
        },
        reusable=engine.startswith(pyannote.SEGMENTATION) or not pyannote.installed_version(),
    )


def _second(context: Context, sound: Sound) -> _Heard:
    """What pyannote hears, or without it the second opinion."""
    try:
        context.progress.update(0.05, "looking for speech a second time")
        found = pyannote.speech_spans(sound, context.settings.hf_token)
    except pyannote.NoPyannote as missing:
        log(
            logging.INFO,
            "second_opinion",
            f"{missing}; the band of voices is looked at instead.",
            stage="pyannote_vad",
        )
    else:
        return found, f"{pyannote.SEGMENTATION} {pyannote.installed_version()}", {"joined_gap_s": JOINED_S}
    tell = telling(context, "looking for speech a second time", since=0.05, until=0.95)
    return second_opinion.loud_spans(sound, tell), second_opinion.ENGINE, second_opinion.PARAMETERS


def _salt(settings: Settings) -> str:
    found = pyannote.installed_version()
    return f"{second_opinion.ENGINE} pyannote {found or 'none'} {bool(found and settings.hf_token)}"


STAGE: Final = Stage(
    pipeline="subtitles",
    name="pyannote_vad",
    version=1,
    inputs=lambda _creation: [AUDIO, SILERO],
    run=run,
    salt=_salt,
)

if __name__ == "__main__":
    sys.exit(main(STAGE))
