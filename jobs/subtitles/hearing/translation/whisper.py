"""Translations by Whisper itself: it hears each chunk again and writes English."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count, groupby

from jobs.subtitles.hearing.chunks import RATE_HZ
from jobs.subtitles.hearing.film import Film
from jobs.subtitles.hearing.recognition.languages import whisper_code
from jobs.subtitles.hearing.recognition.recogniser import Recogniser
from jobs.subtitles.hearing.segments import Sentence
from jobs.subtitles.hearing.translation.sentences import Translate, shared_out
from shared.errors import BadRequest
from shared.settings import SETTINGS


def by_whisper(film: Film, recogniser: Recogniser, on_progress: Callable[[int, int], None]) -> Translate:
    """The text of a chunk is shared out among its sentences. Raises `BadRequest` for weights that can't."""
    if not recogniser.can_translate:
        key = SETTINGS["anthropic_api_key"].variable
        name = recogniser.weights.name
        raise BadRequest(f"translate_to: Whisper {name} can't translate; choose large-v3, or set {key}")

    def translate(sentences: Sequence[Sentence]) -> list[str]:
        starts = [chunk.spans[0][0] / RATE_HZ for chunk in film.chunks]
        groups = [
            (number, list(group))
            for number, group in groupby(sentences, key=lambda each: _chunk(each, starts))
        ]
        done = count(1)

        def of_chunk(numbered: tuple[int, list[Sentence]]) -> list[str]:
            number, group = numbered
            film.check()
            language = whisper_code(group[0].language, recogniser.languages)
            text = recogniser.translated(film.sound, film.chunks[number], language)
            on_progress(next(done), len(groups))
            return shared_out(text, group)

        with ThreadPoolExecutor(film.cores, thread_name_prefix="translate") as pool:
            return [text for part in pool.map(of_chunk, groups) for text in part]

    return translate


def _chunk(sentence: Sentence, starts: Sequence[float]) -> int:
    """The number of the chunk that the middle of the sentence is in."""
    return max(0, bisect_right(starts, (sentence.start + sentence.end) / 2) - 1)
