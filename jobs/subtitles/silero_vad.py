"""silero_vad: finds where there is speech."""

import sys
from typing import Final

from jobs.subtitles.entry import main
from jobs.subtitles.job.names import AUDIO, SILERO
from jobs.subtitles.voices.listening import SILENT, fetch_sound, telling, write_speech
from jobs.subtitles.voices.silero import ENGINE, PARAMETERS, engine_version, speech_spans
from shared.stages.stage import Context, Result, Stage


def run(context: Context) -> Result:
    """The stage's work."""
    sound = fetch_sound(context)
    found = speech_spans(sound, telling(context, "looking for speech", since=0.05, until=0.97))
    return Result(
        outputs={"silero": write_speech(context, SILERO, found, ENGINE, PARAMETERS)},
        metadata={
            "segments": len(found),
            "speech_s": round(sum(end - start for start, end in found), 3),
            "duration_s": round(sound.duration_s, 3),
        },
        warnings=() if found else (SILENT,),
    )


STAGE: Final = Stage(
    pipeline="subtitles",
    name="silero_vad",
    version=1,
    inputs=lambda _creation: [AUDIO],
    run=run,
    salt=lambda _settings: engine_version(),
)

if __name__ == "__main__":
    sys.exit(main(STAGE))
