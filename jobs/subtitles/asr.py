"""asr: recognises what is said, and finds out when each word is."""

import sys
from collections.abc import Sequence
from typing import Final

from jobs.subtitles.entry import main
from jobs.subtitles.hearing.alignment.aligner import aligner_version
from jobs.subtitles.hearing.film import Film, read_film
from jobs.subtitles.hearing.listening import Said, demand_able, hear, unheard
from jobs.subtitles.hearing.recognition.prompts import prompt_inputs
from jobs.subtitles.hearing.recognition.recogniser import Recogniser
from jobs.subtitles.hearing.recognition.weights import find_weights, identity_of
from jobs.subtitles.hearing.segments import to_segment
from jobs.subtitles.hearing.translation.translator import check_target, translated, translator_of
from jobs.subtitles.job.documents import Segment, Transcript, is_made
from jobs.subtitles.job.names import AUDIO, ENTITIES, SCRIPT, SOURCE_TRANSCRIPT, SPEAKERS, SPEECH, TRANSCRIPT
from jobs.subtitles.job.options import options_read, read_options
from shared.records.creation import Creation
from shared.settings import Settings
from shared.stages.film_steps import write_output
from shared.stages.stage import Context, Output, Result, Stage
from shared.text.language import primary_of


def run(context: Context) -> Result:
    """The stage's work."""
    film = read_film(context)
    target = film.options.translate_to
    if target and target != film.options.language:
        check_target(target, context.settings)
    recogniser = _recogniser(film) if film.chunks else None
    said = hear(film, recogniser) if recogniser else unheard(film)
    if target and said.sentences and primary_of(target) != primary_of(said.language):
        return _in_target(film, said, target, recogniser)
    transcript = _transcript(said)
    return _result(said, transcript.segments, _output(context, TRANSCRIPT, transcript))


def _recogniser(film: Film) -> Recogniser:
    """Raises `BadRequest` where the weights are missing, or can't write the language."""
    weights = find_weights(film.options.whisper_model or film.context.settings.whisper_model)
    if film.options.language and not film.script:
        demand_able(film.options.language, weights)
    film.context.progress.update(0.01, f"loading Whisper {weights.name}")
    return Recogniser(weights, film.cores)


def _in_target(film: Film, said: Said, target: str, recogniser: Recogniser | None) -> Result:
    """The transcript in the language of the subtitles, and beside it the one of what is said."""
    translation = translated(film, said.sentences, target, recogniser)
    source = _transcript(said)
    segments = tuple(
        to_segment(number, each.sentence, target, each.source_text)
        for number, each in enumerate(translation.sentences)
    )
    engine = f"{said.engine}, translated by {translation.engine}"
    transcript = source.model_copy(update={"language": target, "engine": engine, "segments": segments})
    return _result(
        said,
        segments,
        _output(film.context, TRANSCRIPT, transcript),
        _output(film.context, SOURCE_TRANSCRIPT, source),
        warnings=translation.warnings,
        translated_by=translation.engine,
    )


def _transcript(said: Said) -> Transcript:
    return Transcript(
        language=said.language,
        source_language=said.language,
        engine=said.engine,
        segments=tuple(to_segment(number, each, said.language) for number, each in enumerate(said.sentences)),
        dropped=said.dropped,
    )


def _output(context: Context, name: str, transcript: Transcript) -> Output:
    return write_output(context, name, transcript.to_bytes(), f"every word, in {transcript.language}")


def _result(
    said: Said,
    segments: Sequence[Segment],
    transcript: Output,
    source: Output | None = None,
    *,
    warnings: Sequence[str] = (),
    **facts: str,
) -> Result:
    return Result(
        outputs={"transcript": transcript, **({"source": source} if source else {})},
        metadata={
            "engine": said.engine,
            "language": said.language,
            "segments": len(segments),
            "dropped": len(said.dropped),
            **said.facts,
            **facts,
        },
        warnings=(*said.warnings, *warnings),
        keep={SOURCE_TRANSCRIPT: frozenset({SOURCE_TRANSCRIPT} if source else ())},
    )


def _inputs(creation: Creation) -> list[str]:
    return [AUDIO, SPEECH, SPEAKERS, SCRIPT, *prompt_inputs(creation)]


def _engines(settings: Settings) -> str:
    return f"{identity_of(settings.whisper_model)} {aligner_version()} {translator_of(settings)}"


def _facts(creation: Creation) -> str:
    """The options that are read, the weights that one of them names, and whether names are known."""
    named = read_options(creation).whisper_model
    options = options_read("language", "translate_to", "whisper_model")(creation)
    names = is_made(creation, ENTITIES, "pre_ner")
    return f"{options} {names} {identity_of(named) if named else ''}"


STAGE: Final = Stage(
    pipeline="subtitles",
    name="asr",
    version=3,
    inputs=_inputs,
    run=run,
    salt=_engines,
    facts=_facts,
)

if __name__ == "__main__":
    sys.exit(main(STAGE))
