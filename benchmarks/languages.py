"""How well the model, and small tables of words, detect the languages of short captions."""

import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import files
from pathlib import Path
from typing import Any

import yaml

from benchmarks.word_tables import guess_language
from shared.text.guessing import Guesser

_CAPTIONS = Path(__file__).with_name("captions.yaml")
_TWENTY = frozenset(
    {
        *("ar", "de", "el", "en", "es", "fr", "he", "hi", "it", "ja"),
        *("ko", "nl", "pl", "pt", "ru", "sv", "tr", "uk", "vi", "zh"),
    }
)
"""Languages whose stories must all be detected correctly."""

Guesses = Callable[[Sequence[str]], Sequence[str]]
"""The languages of a story's captions, followed by that of the whole story."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """A story and its correct languages."""

    kind: str
    languages: tuple[str, ...]
    texts: tuple[str, ...]


def cases() -> Iterator[Case]:
    """Stories, their captions alone, other captions alone, and stories in several languages."""
    found: dict[str, Any] = yaml.safe_load(_CAPTIONS.read_text(encoding="utf-8"))
    for language, stories in found["stories"].items():
        twenty = "20 languages" if language in _TWENTY else "other languages"
        for half, story in zip(("tuned on", "held out"), stories, strict=True):
            yield Case(kind=f"stories, {twenty}, {half}", languages=(language,), texts=tuple(story))
            for text in story:
                yield Case(kind=f"captions, {twenty}, {half}", languages=(language,), texts=(text,))
    for language, texts in found["single"].items():
        for text in texts:
            yield Case(kind="captions that are odd", languages=(language,), texts=(text,))
    for story in found["mixed"]:
        languages, texts = zip(*story["captions"], strict=True)
        yield Case(kind="stories of several languages", languages=languages, texts=texts)


def _by_model() -> Guesses:
    guesser = Guesser()

    def guess(texts: Sequence[str]) -> Sequence[str]:
        found = guesser.guess(texts)
        return [*found.languages, found.language]

    return guess


def _by_tables() -> Guesses:
    def guess(texts: Sequence[str]) -> Sequence[str]:
        whole = guess_language("\n".join(texts))
        return [*(guess_language(text, default=whole) for text in texts), whole]

    return guess


WAYS: dict[str, Callable[[], Guesses]] = {"model": _by_model, "tables": _by_tables}


def judged(way: str) -> dict[str, Any]:
    """How many of each kind are right, which are wrong, and the CPU time."""
    started = time.process_time()
    guess = WAYS[way]()
    guess(["Warm up."])
    ready = time.process_time()
    scores: dict[str, list[int]] = {}
    wrong = []
    texts = 0
    for case in cases():
        found = guess(case.texts)
        texts += len(case.texts)
        right = _is_right(case, found)
        score = scores.setdefault(case.kind, [0, 0])
        score[0] += right
        score[1] += 1
        if not right:
            wrong.append(
                f"{case.kind}: {' '.join(case.languages)} taken for {' '.join(found)}: {case.texts[0]}"
            )
    took = time.process_time() - ready
    return {
        "scores": scores,
        "wrong": wrong,
        "load_s": ready - started,
        "caption_ms": took / texts * 1000,
        "package_mb": sum(each.size or 0 for each in files("py3langid") or ()) / 1e6 if way == "model" else 0,
    }


def _is_right(case: Case, found: Sequence[str]) -> bool:
    """For a story in one language, the whole and each caption; otherwise each caption."""
    *languages, whole = found
    if len(case.languages) == 1:
        return {whole, *languages} == {case.languages[0]}
    return tuple(languages) == case.languages


if __name__ == "__main__":
    sys.stdout.write(json.dumps(judged(sys.argv[1])) + "\n")
