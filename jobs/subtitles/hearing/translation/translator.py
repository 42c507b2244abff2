"""Who translates: Claude where its key is set, else Whisper."""

from collections.abc import Sequence
from dataclasses import dataclass

from jobs.subtitles.hearing.film import Film
from jobs.subtitles.hearing.recognition.prompts import known_names
from jobs.subtitles.hearing.recognition.recogniser import Recogniser
from jobs.subtitles.hearing.segments import Sentence
from jobs.subtitles.hearing.translation.claude import by_claude
from jobs.subtitles.hearing.translation.sentences import Translated, in_target
from jobs.subtitles.hearing.translation.whisper import by_whisper
from shared.errors import BadRequest
from shared.providers.claude import DEFAULT_MODEL
from shared.settings import SETTINGS, Settings
from shared.text.language import primary_of

TRANSLATED_SINCE = 0.92
"""How far the stage is when this begins."""


@dataclass(frozen=True, kw_only=True)
class Translation:
    """All sentences in the language of the subtitles."""

    sentences: tuple[Translated, ...]
    engine: str
    warnings: tuple[str, ...] = ()


def check_target(target: str, settings: Settings) -> None:
    """Raise `BadRequest` for a language that nothing here translates into."""
    if not settings.anthropic_api_key and primary_of(target) != "en":
        raise BadRequest(
            f"translate_to {target!r}: without a key of Claude only English is possible, by Whisper itself; "
            f"set {_key()}, or set translate_to to en"
        )


def translator_of(settings: Settings) -> str:
    """Who translates, and by which model."""
    return f"Claude ({settings.claude_model or DEFAULT_MODEL})" if settings.anthropic_api_key else "Whisper"


def translated(
    film: Film, sentences: Sequence[Sentence], target: str, recogniser: Recogniser | None
) -> Translation:
    """The sentences, in `target`; `recogniser` is None where there is no speech."""
    context = film.context
    tick = film.ticking("translated part", TRANSLATED_SINCE, 1.0)
    engine = translator_of(context.settings)
    if context.settings.anthropic_api_key:
        names = known_names(context.creation)
        translate = by_claude(context.settings, context.account, target, names, tick)
        return Translation(sentences=tuple(in_target(sentences, target, translate)), engine=engine)
    if recogniser is None:
        raise BadRequest(f"translate_to: Whisper translates what it hears, and nobody speaks; set {_key()}")
    translate = by_whisper(film, recogniser, tick)
    return Translation(
        sentences=tuple(in_target(sentences, target, translate)),
        engine=engine,
        warnings=(f"translated into {target} by Whisper itself: rough, the smaller its weights the rougher",),
    )


def _key() -> str:
    return SETTINGS["anthropic_api_key"].variable
