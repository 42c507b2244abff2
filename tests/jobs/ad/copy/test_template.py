"""template: an embedded copywriter that sounds like one."""

import re
from pathlib import Path

import pytest
from PIL import Image

from jobs.ad.copy import AdBrief, ProductAnalysis, SceneBrief
from jobs.ad.copy.rules import is_latin, words_in
from jobs.ad.copy.template import TemplateProvider
from jobs.ad.copy.vocabulary import Kind, kind_of, vocabulary
from jobs.ad.styles import style_names
from shared.errors import UnknownName
from tests.jobs.ad.copy.briefs import NAMES, brief_of, watch_picture

BARE = TemplateProvider().analyse(None, product_name="Premium Watch")


def spoken(brief: AdBrief, analysis: ProductAnalysis = BARE) -> list[str]:
    return [scene.voiceover_text for scene in TemplateProvider().write(brief, analysis).scenes]


@pytest.mark.parametrize("call", ["Shop Now", "X", "Order yours today and see what this is all about"])
@pytest.mark.parametrize("style", style_names())
def test_scenes_are_filled_to_four_fifths_or_more(style: str, call: str) -> None:
    for name in NAMES.values():
        brief = brief_of(name, style, call)
        for text, scene in zip(spoken(brief), brief.scenes, strict=True):
            assert 0.8 <= words_in(text) / scene.most_words <= 1, (name, text)


@pytest.mark.parametrize("kind", vocabulary().kinds, ids=lambda kind: str(kind.name))
def test_every_kind_of_product_has_words_for_every_style(kind: Kind) -> None:
    for style in style_names():
        brief = brief_of(f"Zephyr {kind.words[0].strip('-')}", style)
        assert kind_of(brief.product_name) == kind
        for text, scene in zip(spoken(brief), brief.scenes, strict=True):
            assert 0.8 <= words_in(text) / scene.most_words <= 1, text


def test_a_call_to_action_that_leaves_no_room_for_the_name_still_comes_last() -> None:
    call = "a b c d e f g h i j k l m n o p"
    assert spoken(brief_of(cta_text=call))[3].endswith(f"{call}.")


@pytest.mark.parametrize("style", style_names())
def test_no_sentence_is_said_twice_in_an_ad(style: str) -> None:
    for variation in range(8):
        sentences = re.findall(r"[^.!?]+[.!?]", " ".join(spoken(brief_of(style=style, variation=variation))))
        assert len(sentences) == len(set(sentences))


def test_styles_open_and_close_in_their_own_words() -> None:
    scripts = {style: spoken(brief_of(style=style)) for style in style_names()}
    assert {style: texts[0].split()[0] for style, texts in scripts.items()} == {
        "luxury": "Discover",
        "energetic": "Introducing",
        "minimal": "Meet",
        "bold": "This",
    }
    assert scripts["bold"][3].endswith("Take action now. Shop Now.")


def test_what_the_picture_shows_is_spoken_of(tmp_path: Path) -> None:
    provider = TemplateProvider()
    analysis = provider.analyse(watch_picture(tmp_path / "watch.png"), product_name="Premium Watch")
    scripts = {" ".join(spoken(brief_of(style="bold", variation=i), analysis)) for i in range(8)}
    assert any("Black and gold" in script for script in scripts)
    assert not any("Ice cold" in script or "Full light" in script for script in scripts)
    assert "black and gold" in provider.write(brief_of(), analysis).scenes[0].video_prompt


def test_models_are_told_the_shape_of_the_frame() -> None:
    brief = brief_of().model_copy(update={"orientation": "square"})
    copy = TemplateProvider().write(brief, BARE)
    assert all(scene.video_prompt.endswith("Square, no writing") for scene in copy.scenes)
    assert copy.cta_image_prompt.startswith("square background")


def test_a_cool_light_picture_gets_no_words_of_heat_or_dark(tmp_path: Path) -> None:
    Image.new("RGB", (64, 64), "#BFD9F2").save(tmp_path / "pale.png")
    analysis = TemplateProvider().analyse(tmp_path / "pale.png", product_name="Zephyr")
    for style in style_names():
        for variation in range(8):
            script = " ".join(spoken(brief_of("Zephyr", style, variation=variation), analysis))
            assert not re.search(r"\b(dark|warm|warmth|heat)\b", script, re.IGNORECASE), script


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Premium Watch", "watch"),
        ("Nachtigall Armbanduhr", "watch"),
        ("高級腕時計", "watch"),
        ("ساعة الليل", "watch"),
        ("Trail Sneakers", "shoes"),
        ("Smartphone Z", "phone"),
        ("Nordlicht Kopfhörer", "headphones"),
        ("Coffee Table", "furniture"),
        ("Phone Case", "thing"),
        ("Oscar", "thing"),
        ("X", "thing"),
    ],
)
def test_the_kind_of_product_is_guessed_from_its_name(name: str, kind: str) -> None:
    assert kind_of(name).name == kind


def test_lines_need_nothing_that_nobody_gives() -> None:
    known = {"noun", "A", "colours", "Colours"}
    for lines in vocabulary().styles.values():
        for slot in ("opening", "benefit", "proof", "closing"):
            pool = lines.pool(slot)
            for line in (*pool.main, *pool.tail):
                text = line if isinstance(line, str) else next(iter(line.values()))
                assert set(re.findall(r"\{(\w*)\}", text)) <= known
                assert text[-1] in ".!?"


def test_a_scene_with_hardly_any_time_still_says_something_that_fits() -> None:
    for most in range(1, 9):
        for template in ("Discover {product_name}. [benefit statement]", "{product_name}. Now. {cta_text}."):
            scene = SceneBrief(
                id=1, seconds=1, most_words=most, purpose="", template=template, picture_template="it"
            )
            brief = brief_of(NAMES["100 characters"]).model_copy(update={"scenes": (scene,)})
            (text,) = spoken(brief)
            assert 1 <= words_in(text) <= most


def test_a_call_to_action_that_the_style_would_say_anyway_is_said_once() -> None:
    closing = spoken(brief_of(style="minimal", cta_text="Learn more"))[3]
    assert closing.count("Learn more") == 1


def test_a_style_without_lines_is_named() -> None:
    with pytest.raises(UnknownName) as caught:
        spoken(brief_of().model_copy(update={"lines": "baroque"}))
    assert caught.value.args[1] == "baroque"


@pytest.mark.parametrize("style", style_names())
@pytest.mark.parametrize("name", ["ساعة الليل الفاخرة", "高級腕時計プレミアム", "นาฬิกา", "Часы"])
def test_for_a_voice_that_reads_latin_only_no_other_letter_is_said(style: str, name: str) -> None:
    brief = brief_of(name, style, "今すぐ購入").model_copy(update={"latin_only": True})
    for text, scene in zip(spoken(brief), brief.scenes, strict=True):
        assert is_latin(text), text
        assert 0.8 <= words_in(text) / scene.most_words <= 1, text
    assert spoken(brief)[0].split()[1].strip(".!") in ("it", "is")


@pytest.mark.parametrize("name", ["Premium Watch", "Straßenkreuzer", "Ørsted № 5"])
def test_a_voice_that_reads_latin_only_says_latin_names(name: str) -> None:
    brief = brief_of(name).model_copy(update={"latin_only": True})
    assert spoken(brief) == spoken(brief_of(name))
