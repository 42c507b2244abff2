"""What every text of an ad keeps to."""

import pytest

from jobs.ad.copy import AdBrief, AdCopy
from jobs.ad.copy.rules import problems_of_copy, spoken_name, words_in
from jobs.ad.copy.template import TemplateProvider
from tests.jobs.ad.copy.briefs import NAMES, brief_of


def good(brief: AdBrief) -> AdCopy:
    provider = TemplateProvider()
    return provider.write(brief, provider.analyse(None, product_name=brief.product_name))


def with_voice(copy: AdCopy, text: str, scene: int = 2) -> AdCopy:
    scenes = list(copy.scenes)
    scenes[scene - 1] = scenes[scene - 1].model_copy(update={"voiceover_text": text})
    return copy.model_copy(update={"scenes": tuple(scenes)})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", 0),
        ("Shop Now.", 2),
        ("高級腕時計", 3),
        ("A" * 40, 3),
        ("– yes –", 3),
        ("نسخة فاخرة", 2),
        ("☕", 1),
    ],
)
def test_words_are_counted_by_the_time_they_take(text: str, words: int) -> None:
    assert words_in(text) == words


@pytest.mark.parametrize("name", NAMES.values(), ids=list(NAMES))
@pytest.mark.parametrize("most", [1, 3, 9])
def test_a_long_name_is_shortened_from_its_end(name: str, most: int) -> None:
    said = spoken_name(name, most)
    assert said
    assert name.startswith(said)
    assert words_in(said) <= most


@pytest.mark.parametrize(
    ("name", "most", "said"),
    [
        ("Premium Watch", 2, "Premium Watch"),
        ("Sound One – Wireless Headphones with Noise Cancelling", 4, "Sound One"),
        ("House of the Rising Sun", 3, "House"),
        ("Nightwatch by Maison Example of Geneva", 4, "Nightwatch"),
    ],
)
def test_a_shortened_name_ends_where_people_would_end_it(name: str, most: int, said: str) -> None:
    assert spoken_name(name, most) == said


@pytest.mark.parametrize(
    "text",
    [
        "[whispering] It is quiet.",
        "It is *very* quiet.",
        "(music swells) It is quiet.",
        "Narrator: It is quiet.",
        "Scene 2: It is quiet.",
        "It is quiet 🤫",
        "Go to https://example.com",
        "It is {adjective}.",
        "It is [benefit statement]",
        "word " * 40,
        " ",
        "...",
    ],
)
def test_what_can_not_be_spoken_is_found(text: str) -> None:
    problems = problems_of_copy(with_voice(good(brief_of()), text), brief_of())
    assert problems
    assert all(problem.startswith("scene 2: ") for problem in problems)


def test_scenes_must_be_those_of_the_brief_in_their_order() -> None:
    copy = good(brief_of())
    for scenes in (copy.scenes[:3], copy.scenes[::-1], (*copy.scenes, copy.scenes[0])):
        assert len(problems_of_copy(copy.model_copy(update={"scenes": scenes}), brief_of())) == 1


def test_the_first_scene_must_name_the_product_and_the_last_the_call_to_action() -> None:
    copy = good(brief_of())
    assert "'Premium Watch'" in problems_of_copy(with_voice(copy, "Look at this.", 1), brief_of())[0]
    assert "'Shop Now'" in problems_of_copy(with_voice(copy, "Buy it today.", 4), brief_of())[0]


def test_a_name_may_hold_what_copy_may_not() -> None:
    brief = brief_of("Watch [Gen 2] ☕ {new}", cta_text="Go > here ⇒")
    copy = with_voice(good(brief), "Discover Watch [Gen 2] ☕ {new} today.", 1)
    assert problems_of_copy(copy, brief) == []


def test_placeholders_are_found_in_prompts_too() -> None:
    copy = good(brief_of()).model_copy(update={"hook": "{product_name}!", "cta_image_prompt": "\n"})
    assert len(problems_of_copy(copy, brief_of())) == 2
