"""What people should know of a transcript although it was made."""

from collections.abc import Sequence

from jobs.subtitles.hearing.alignment.aligner import has_aligner
from jobs.subtitles.hearing.recognition.languages import Languages
from jobs.subtitles.hearing.words import HeardWord, Times


def of_languages(languages: Languages, asked: str | None) -> tuple[str, ...]:
    if not languages.others:
        return ()
    shares = ", ".join(f"{code} {share:.0%}" for code, share in languages.others.items())
    if asked:
        return (
            f"some of the speech sounds like another language than {asked} ({shares}), but all "
            "of it was heard in that one; leave language out to have each part heard in its own",
        )
    return (
        f"more than one language is spoken: {languages.main}, and {shares}; each part was heard in its "
        "own, and where they change within seconds, in one of them",
    )


def of_silence(words: Sequence[HeardWord], speech: Sequence[Times]) -> tuple[str, ...]:
    if words:
        return ()
    seconds = sum(end - start for start, end in speech)
    return (
        f"{seconds:.1f} s sound like speech, but no words were understood; there will be no subtitles. If "
        "people do speak, set language, or a larger WHISPER_MODEL",
    )


def of_times(words: Sequence[HeardWord], language: str) -> tuple[str, ...]:
    if not words:
        return ()
    if not has_aligner(language):
        return (f"no aligner knows {language}: word times are the recogniser's own, good to about 0.2 s",)
    lost = sum(word.timing == "recognised" for word in words)
    if lost * 20 < len(words):
        return ()
    return (f"{lost} of {len(words)} words were too noisy to align: their times are good to about 0.2 s",)


def of_script(words: Sequence[HeardWord]) -> tuple[str, ...]:
    unheard = sum(word.timing == "spread" for word in words)
    if not unheard:
        return ()
    return (
        f"{unheard} of the script's {len(words)} words could not be heard: their times lie between those of "
        "their neighbours",
    )
