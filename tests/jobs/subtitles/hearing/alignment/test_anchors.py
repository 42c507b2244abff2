"""anchors: a script is laid over what was heard; every word of it is there once, in order, with a time."""

import random
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from jobs.subtitles.hearing.alignment.anchors import Placed, place
from jobs.subtitles.hearing.words import HeardWord, split
from tests.jobs.subtitles.hearing.making import chunk, heard_words

SENTENCES = yaml.safe_load(Path("benchmarks/sentences.yaml").read_text(encoding="utf-8"))["en"]


def placed(
    script: str,
    heard: Sequence[HeardWord],
    speech: Sequence[tuple[float, float]] = ((0.0, 20.0),),
) -> list[Placed]:
    return place(split(script), heard, [chunk(each) for each in speech], "en", speech)


def timings(found: Sequence[Placed]) -> list[str]:
    return [each.word.timing for each in found]


def test_what_agrees_has_the_times_that_were_heard() -> None:
    found = placed("We sail at dawn, Captain!", heard_words("we sail at Dawn captain", 2.0))
    assert timings(found) == ["recognised"] * 5
    assert [each.word.start for each in found] == pytest.approx([2.0, 2.3, 2.6, 2.9, 3.2])
    assert [each.word.bare for each in found] == ["We", "sail", "at", "dawn,", "Captain!"]


def test_what_was_not_heard_lies_between_its_neighbours() -> None:
    heard = heard_words("we sail", 2.0) + heard_words("at dawn", 4.0)
    found = placed("we sail very early at dawn", heard)
    assert timings(found) == ["recognised"] * 2 + ["spread"] * 2 + ["recognised"] * 2
    assert found[2].word.start == pytest.approx(2.6)
    assert found[3].word.end == pytest.approx(4.0)


def test_numbers_agree_with_how_they_are_spoken() -> None:
    found = placed("It is 7 o'clock", heard_words("it is seven o'clock"))
    assert timings(found) == ["recognised"] * 4


def test_a_name_that_was_misheard_is_found_by_its_sound_alike_spelling() -> None:
    found = placed("ask Mister Kvasnik about it", heard_words("ask mister Kvasnick about it"))
    assert timings(found) == ["recognised"] * 5
    other = placed("ask Mister Kvasnik about it", heard_words("ask mister tomorrow about it"))
    assert other[2].word.timing == "spread"


def test_a_single_word_that_agrees_by_chance_is_no_anchor() -> None:
    heard = heard_words("the rain in the north", 1.0)
    found = placed("nobody knew what the lantern was for", heard)
    assert timings(found) == ["spread"] * 7


def test_a_script_of_one_word_is_found() -> None:
    assert timings(placed("Ferry!", heard_words("ferry"))) == ["recognised"]


def test_words_before_and_after_what_was_heard_lie_in_the_rest_of_the_speech() -> None:
    speech = ((1.0, 3.0), (10.0, 16.0))
    found = placed(
        "once upon a time we sail at dawn and never return", heard_words("we sail at dawn", 10.0), speech
    )
    assert found[0].word.start == 1.0
    assert [each.chunk for each in found[:4]] == [0] * 4
    assert [each.chunk for each in found[4:]] == [1] * 7
    assert found[-1].word.end == 16.0


def test_more_words_than_anybody_could_say_there_are_not_spoken() -> None:
    heard = heard_words("we sail at dawn", 0.0) + heard_words("and never return", 1.3)
    found = placed("we sail at dawn " + "extraordinarily " * 8 + "and never return", heard)
    assert [each.is_spoken for each in found] == [True] * 4 + [False] * 8 + [True] * 3


@pytest.mark.parametrize("seed", range(12))
def test_no_word_is_lost_and_times_are_in_order_however_badly_it_was_heard(seed: int) -> None:
    rng = random.Random(seed)
    script = " ".join(rng.sample(SENTENCES, 6))
    spoken = [word for word in script.split() if rng.random() > 0.25]
    for _ in range(len(spoken) // 8):
        spoken.insert(rng.randrange(len(spoken)), rng.choice(("the", "uh", "whistle", "seventeen")))
    heard = heard_words(" ".join(spoken), rng.uniform(0, 3))
    speech = [(0.0, heard[-1].end / 2), (heard[-1].end / 2 + 0.1, heard[-1].end + 2)]
    found = placed(script, heard, speech)
    assert [each.word.text for each in found] == split(script)
    assert all(one.word.end <= other.word.start for one, other in pairwise(found))
    assert all(0 <= each.word.start <= each.word.end <= speech[-1][1] for each in found)
    assert all(one.chunk <= other.chunk for one, other in pairwise(found))
    assert timings(found).count("recognised") >= len(found) / 2
