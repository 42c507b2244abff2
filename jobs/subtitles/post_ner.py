"""post_ner: mends the names that were misheard, and finds out who says their own."""

import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Final

from jobs.subtitles.entry import main
from jobs.subtitles.job.documents import Entities, Transcript, is_made, read_document
from jobs.subtitles.job.names import CORRECTED, CORRECTIONS, ENTITIES, TRANSCRIPT
from jobs.subtitles.naming.introductions import speaker_names
from jobs.subtitles.naming.mending import Hearing, mend
from jobs.subtitles.naming.sounds import sounds_of
from shared.errors import ProviderFailed
from shared.records.creation import canonical_json
from shared.settings import Settings
from shared.stages.film_steps import write_output
from shared.stages.stage import Context, Result, Stage

_VOICES: Final = {"en": "en-us", "pt": "pt-br", "zh": "cmn", "no": "nb"}
"""What espeak calls a language, where it is not the language's code."""


def run(context: Context) -> Result:
    """The stage's work."""
    creation = context.creation
    transcript = read_document(creation, TRANSCRIPT, Transcript)
    entities = Entities(source="none")
    if is_made(creation, ENTITIES, "pre_ner"):
        entities = read_document(creation, ENTITIES, Entities)
    language = transcript.language.split("-")[0]
    context.progress.update(0.1, "comparing names by their sound")
    voice = _VOICES.get(language, language)
    hearing = Hearing(sounds=lambda texts: sounds_of(texts, voice), is_word=_vocabulary(language))
    warnings: tuple[str, ...] = ()
    try:
        mended, corrections = mend(transcript, entities, hearing)
    except ProviderFailed as error:
        mended, corrections = transcript, ()
        warnings = (f"names are not mended in {language!r}, of which the sounds are not known: {error}",)
    names = speaker_names(mended, entities)
    record = {
        "corrections": [each.model_dump(mode="json", by_alias=True) for each in corrections],
        "speaker_names": names,
    }
    return Result(
        outputs={
            "transcript": write_output(context, CORRECTED, mended.to_bytes(), "the transcript, names mended"),
            "corrections": write_output(context, CORRECTIONS, canonical_json(record), "what was mended"),
        },
        metadata={"corrections": len(corrections), "speaker_names": names},
        warnings=warnings,
    )


def _vocabulary(language: str) -> Callable[[str], bool]:
    """Whether a word is one of the language, where that is known; elsewhere every word may be one."""
    if language != "en":
        return lambda _word: True
    from pocketsphinx import get_model_path

    lines = Path(get_model_path("en-us/cmudict-en-us.dict")).read_text(encoding="utf-8").splitlines()
    words = {line.split(maxsplit=1)[0] for line in lines}
    return lambda word: word.casefold().replace("’", "'") in words


def _versions(_settings: Settings) -> str:
    return f"espeakng-loader {version('espeakng-loader')} pocketsphinx {version('pocketsphinx')}"


STAGE: Final = Stage(
    pipeline="subtitles",
    name="post_ner",
    version=2,
    inputs=lambda _creation: [TRANSCRIPT, ENTITIES],
    run=run,
    salt=_versions,
    facts=lambda creation: str(is_made(creation, ENTITIES, "pre_ner")),
)

if __name__ == "__main__":
    sys.exit(main(STAGE))
