"""Hearing a film: its languages, what is said in each chunk, when each word is, and who says it."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import count, groupby
from typing import Any, Final

from jobs.subtitles.hearing.alignment.aligner import Text, align_all
from jobs.subtitles.hearing.alignment.anchors import Placed, place
from jobs.subtitles.hearing.cautions import of_languages, of_script, of_silence, of_times
from jobs.subtitles.hearing.chunks import Chunk, level_db
from jobs.subtitles.hearing.film import Film
from jobs.subtitles.hearing.recognition.doubts import judge, over_silence
from jobs.subtitles.hearing.recognition.languages import (
    UNDETERMINED,
    Languages,
    of_words,
    spoken_languages,
    whisper_code,
)
from jobs.subtitles.hearing.recognition.prompts import Prompt, read_prompt
from jobs.subtitles.hearing.recognition.recogniser import Heard, RawWord, Recogniser
from jobs.subtitles.hearing.recognition.weights import Weights, refusal
from jobs.subtitles.hearing.segments import Sentence, by_speaker, sentences_of
from jobs.subtitles.hearing.words import HeardWord, in_order, spread, whole
from jobs.subtitles.job.documents import Dropped, SpeakerSegments, read_document
from jobs.subtitles.job.names import SPEAKERS
from shared.errors import BadRequest
from shared.records.creation import Creation

_SCRIPT_ENGINE: Final = "script"
_HEARD_UNTIL: Final = 0.8
_ALIGNED_UNTIL: Final = 0.92


@dataclass(frozen=True, kw_only=True)
class Said:
    """What is said in the film, in its own language."""

    sentences: tuple[Sentence, ...]
    language: str
    engine: str
    dropped: tuple[Dropped, ...] = ()
    warnings: tuple[str, ...] = ()
    facts: Mapping[str, Any]


def demand_able(language: str, weights: Weights) -> None:
    if problem := refusal(language, weights):
        raise BadRequest(problem)


def unheard(film: Film) -> Said:
    """Nobody speaks: no words, or those of the script from start to end."""
    language = film.options.language or UNDETERMINED
    if not film.script:
        return Said(sentences=(), language=language, engine="none", facts={"words": 0})
    times = spread(film.script, [(0.0, film.sound.duration_s)])
    words = [
        HeardWord(text=text, start=start, end=end, probability=None, timing="spread")
        for text, (start, end) in zip(film.script, times, strict=True)
    ]
    return Said(
        sentences=tuple(sentences_of(words, language)),
        language=language,
        engine=_SCRIPT_ENGINE,
        warnings=of_script(words),
        facts=_facts(words),
    )


def hear(film: Film, recogniser: Recogniser) -> Said:
    expected = _languages(film, recogniser)
    prompt = read_prompt(film.context.creation, recogniser.count_tokens)
    texts, dropped = _recognised(film, recogniser, expected, prompt)
    languages = _heard_languages(film, recogniser, expected, texts)
    tag = film.options.language or languages.main
    if film.script:
        words, warnings = _script_timed(film, texts, languages.main)
        sentences = sentences_of(words, tag)
        engine, dropped = _SCRIPT_ENGINE, []
    else:
        aligned = _aligned(film, texts)
        sentences, silent = _sentences(film, aligned, languages.main, tag)
        words = [word for sentence in sentences for word in sentence.words]
        warnings = (*of_silence(words, film.speech), *of_times(words, tag))
        engine = recogniser.weights.engine
        dropped = sorted([*dropped, *silent], key=lambda each: each.start)
    return Said(
        sentences=tuple(_with_speakers(film.context.creation, sentences)),
        language=tag if sentences or film.options.language else UNDETERMINED,
        engine=engine,
        dropped=tuple(dropped),
        warnings=(*of_languages(languages, film.options.language), *warnings),
        facts={
            **_facts(words),
            "model": recogniser.weights.name,
            "weights_sha256": recogniser.weights.sha256,
            "languages": _shares(languages),
            "prompt_from": list(prompt.sources),
        },
    )


def _languages(film: Film, recogniser: Recogniser) -> Languages:
    """Raises `BadRequest` for one that these weights can't write."""
    asked = film.options.language
    code = whisper_code(asked, recogniser.languages) if asked else None
    if not recogniser.is_multilingual:
        if code not in (None, "en"):
            reason = f"Whisper {recogniser.weights.name} knows only English; choose weights without .en"
            raise BadRequest(f"language {asked!r}: {reason}")
        return Languages(main="en", by_chunk=("en",) * len(film.chunks), others={}, chance=1.0)
    film.context.progress.update(0.03, "finding out the language")

    def chances(chunks: Sequence[Chunk]) -> list[Mapping[str, float]]:
        with ThreadPoolExecutor(film.cores, thread_name_prefix="languages") as pool:
            return list(pool.map(lambda chunk: recogniser.chances(film.sound, chunk), chunks))

    found = spoken_languages(film.chunks, code, chances)
    if not film.script:
        for each in ([found.main] if found.is_sure else []) + list(found.others):
            demand_able(each, recogniser.weights)
    return found


def _heard_languages(
    film: Film, recogniser: Recogniser, expected: Languages, texts: Sequence[Text]
) -> Languages:
    """Those of the words. Raises `BadRequest` for one that these weights can't write."""
    if film.script or film.options.language:
        return expected
    words_s = [sum(word.end - word.start for word in text.words) for text in texts]
    found = of_words(expected, words_s)
    for each in (found.main, *found.others):
        demand_able(each, recogniser.weights)
    return found


def _recognised(
    film: Film, recogniser: Recogniser, languages: Languages, prompt: Prompt
) -> tuple[list[Text], list[Dropped]]:
    """What is believed of what was heard in each chunk, and what is not."""
    tick, done = film.ticking("heard part", 0.05, _HEARD_UNTIL), count(1)
    total = len(film.chunks)

    def hear_one(chunk: Chunk, language: str) -> tuple[Heard, float]:
        film.check()
        heard = recogniser.hear(film.sound, chunk, language, prompt)
        level = level_db(film.sound.heard(chunk))
        tick(next(done), total)
        return heard, level

    with ThreadPoolExecutor(film.cores, thread_name_prefix="hear") as pool:
        found = list(pool.map(hear_one, film.chunks, languages.by_chunk))
    judged = [(heard, judge(heard, level, prompt.hotwords)) for heard, level in found]
    texts = [
        Text(chunk=heard.chunk, language=heard.language, words=tuple(_in_film(heard, each.words)))
        for heard, each in judged
    ]
    return texts, [dropped for _, each in judged for dropped in each.dropped]


def _in_film(heard: Heard, words: Sequence[RawWord]) -> list[HeardWord]:
    times = in_order([heard.chunk.in_film(word.start, word.end) for word in words], 0.0, heard.chunk.end_s)
    return whole(
        [
            HeardWord(text=word.text, start=start, end=end, probability=word.probability, timing="recognised")
            for word, (start, end) in zip(words, times, strict=True)
        ]
    )


def _aligned(film: Film, texts: Sequence[Text]) -> list[Text]:
    tick = film.ticking("timed part", _HEARD_UNTIL, _ALIGNED_UNTIL)
    return align_all(film.sound, texts, film.cores, tick)


def _sentences(
    film: Film, texts: Sequence[Text], main: str, tag: str
) -> tuple[list[Sentence], list[Dropped]]:
    """The sentences of runs of chunks in one language; what lies over silence is dropped."""
    kept, dropped = [], []
    for language, run in groupby(texts, key=lambda text: text.language):
        words = [word for text in run for word in text.words]
        for sentence in sentences_of(words, tag if language == main else language):
            silent = over_silence(sentence.words, film.speech)
            if silent:
                dropped.append(silent)
            else:
                kept.append(sentence)
    return kept, dropped


def _script_timed(
    film: Film, texts: Sequence[Text], language: str
) -> tuple[list[HeardWord], tuple[str, ...]]:
    """The script's words, each once and in order, timed by what was recognised and then aligned."""
    heard = [word for text in texts for word in text.words]
    placed = place(film.script, heard, film.chunks, language, film.speech)
    words = [each.word for each in placed]
    for places, text in _by_chunk(film, placed, language):
        for at, word in zip(places, text.words, strict=True):
            words[at] = word
    times = in_order([(word.start, word.end) for word in words], 0.0, film.sound.duration_s)
    ordered = [replace(word, start=start, end=end) for word, (start, end) in zip(words, times, strict=True)]
    return ordered, (*of_script(ordered), *of_times(ordered, language))


def _by_chunk(film: Film, placed: Sequence[Placed], language: str) -> Iterator[tuple[list[int], Text]]:
    """The aligned words of each chunk and their places in the script."""
    spoken = [(at, each) for at, each in enumerate(placed) if each.is_spoken]
    groups = [(chunk, list(group)) for chunk, group in groupby(spoken, key=lambda pair: pair[1].chunk)]
    texts = [
        Text(chunk=film.chunks[chunk], language=language, words=tuple(each.word for _, each in group))
        for chunk, group in groups
    ]
    for (_, group), text in zip(groups, _aligned(film, texts), strict=True):
        yield [at for at, _ in group], text


def _with_speakers(creation: Creation, sentences: Sequence[Sentence]) -> list[Sentence]:
    """The sentences, cut where another person speaks; as they are where nobody told voices apart."""
    if creation.stat(SPEAKERS) is None:
        return list(sentences)
    return by_speaker(sentences, read_document(creation, SPEAKERS, SpeakerSegments).segments)


def _facts(words: Sequence[HeardWord]) -> dict[str, Any]:
    aligned = sum(word.timing == "aligned" for word in words)
    return {"words": len(words), "aligned": round(aligned / len(words), 4) if words else 0.0}


def _shares(languages: Languages) -> dict[str, float]:
    others = {code: round(share, 3) for code, share in languages.others.items()}
    return {languages.main: round(1 - sum(others.values()), 3), **others}
