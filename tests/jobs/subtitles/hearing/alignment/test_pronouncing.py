"""pronouncing: words that no dictionary has, in the letters of the one that the aligner uses."""

from pathlib import Path

import pytest
import yaml

from jobs.subtitles.hearing.alignment.following import _decoder
from jobs.subtitles.hearing.alignment.pronouncing import pronunciations

NAMES = (
    "Odalys",
    "Kvasnik",
    "Brandovar",
    "Skarnholm",
    "Łódź",
    "Nguyen",
    "Björk",
    "Çelik",
    "Xochitl",
    "Llanelli",
)
VOWELS = ("AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW")
PHONES = {*VOWELS, *"BDFGKLMNPRSTVWYZ", "CH", "DH", "HH", "JH", "NG", "SH", "TH", "ZH"}


@pytest.mark.parametrize(
    ("word", "sounds"),
    [
        ("cheese", "CH IY Z"),
        ("judge", "JH AH JH"),
        ("thing", "TH IH NG"),
        ("measure", "M EH ZH ER"),
        ("boy", "B OY"),
        ("house", "HH AW S"),
    ],
)
def test_english_sounds_as_the_dictionary_says(word: str, sounds: str) -> None:
    assert pronunciations([word]) == [sounds]
    assert _decoder().lookup_word(word) == sounds


@pytest.mark.parametrize("name", NAMES)
def test_names_of_all_kinds_have_only_sounds_that_the_aligner_knows(name: str) -> None:
    [sounds] = pronunciations([name.lower()])
    assert len(sounds.split()) >= 3
    assert set(sounds.split()) <= PHONES


def test_words_are_pronounced_one_by_one() -> None:
    together = pronunciations(["kvasnik", "in", "lumeria"])
    assert together == [pronunciations([word])[0] for word in ("kvasnik", "in", "lumeria")]


def test_what_can_not_be_read_has_no_sounds() -> None:
    assert pronunciations(["'"]) == [""]
    assert pronunciations([]) == []


def test_most_words_sound_nearly_as_in_the_dictionary() -> None:
    sentences = yaml.safe_load(Path("benchmarks/sentences.yaml").read_text(encoding="utf-8"))["en"]
    text = " ".join(sentences).lower()
    words = [
        word for word in dict.fromkeys(text.replace(".", " ").replace(",", " ").split()) if word.isalpha()
    ]
    known = {word: sounds for word in words if (sounds := _decoder().lookup_word(word))}
    near = 0
    for ours, theirs in zip(pronunciations(list(known)), known.values(), strict=True):
        near += abs(len(ours.split()) - len(theirs.split())) <= 1
    assert len(known) > 100
    assert near >= 0.95 * len(known)
