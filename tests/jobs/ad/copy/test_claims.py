"""An ad claims what its brief holds: built-in words, what Claude answers, and a proof as it was given."""

from collections.abc import Iterator

import pytest

from jobs.ad.copy.claims import claims_in
from jobs.ad.copy.rules import said_proof, words_in
from jobs.ad.copy.template import TemplateProvider
from jobs.ad.copy.truth import made_true, untruths
from jobs.ad.copy.vocabulary import Pool, vocabulary
from jobs.ad.styles import style_named, style_names
from tests.jobs.ad.copy.briefs import NAMES, brief_of

PROOF = "4.8 stars from 2,100 reviews"


def _said_in(pool: Pool) -> Iterator[str]:
    for line in (*pool.main, *pool.tail):
        yield line if isinstance(line, str) else next(iter(line.values()))


def built_in() -> Iterator[str]:
    for lines in vocabulary().styles.values():
        yield from lines.hooks
        for pool in (lines.opening, lines.benefit, lines.proof, lines.closing):
            yield from _said_in(pool)
    for kind in vocabulary().kinds:
        yield from (kind.audience, *kind.gives, *kind.calm, *kind.lively)
    for style in style_names():
        for scene in style_named(style).scenes:
            yield from (scene.text_overlay, scene.voiceover_template)


def test_no_built_in_line_claims_anything() -> None:
    assert {line: found for line in built_in() if (found := claims_in(line))} == {}


@pytest.mark.parametrize("style", style_names())
@pytest.mark.parametrize("proof", [None, PROOF])
def test_no_built_in_ad_claims_more_than_its_brief(style: str, proof: str | None) -> None:
    for name in [*NAMES.values(), "Best Coffee", "Watch 3000", "#1 Tea Towel", "Handmade Soap"]:
        brief = brief_of(name, style).model_copy(update={"proof": proof})
        provider = TemplateProvider()
        copy = provider.write(brief, provider.analyse(None, product_name=name))
        assert untruths(copy, brief) == []


@pytest.mark.parametrize(
    "text",
    [
        *(
            "Loved by Thousands",
            "Simply Better",
            "Trusted Simplicity",
            "Leaders Choose Us",
            "the best there is",
        ),
        *(
            "Proven to work",
            "Guaranteed",
            "Clinically tested",
            "For a limited time",
            "It's free",
            "award-winning",
        ),
        *(
            "The #1 choice",
            "No. 1",
            "9 out of 10 agree",
            "nine out of ten",
            "10k+ fans",
            "½ price",
            "5 stars",
        ),
        *("faster than any other", "Handmade in Italy", "real leather", "a new formula", "five-star comfort"),
        *(
            "be\u200bst",
            "ＢＥＳＴ",
            "⭐⭐⭐⭐⭐",
            "９８％",
            "٩٨٪",
            "९८",
            "২০০০",
            "Nr. 1",
            "三千人",
            "満足度",
            "१",
        ),
        *("Tausende lieben es", "la meilleure", "el mejor", "лучший", "무료", "免费", "الأفضل", "कुल २ लाखों"),
    ],
)
def test_claims_are_found_in_many_words_and_every_script(text: str) -> None:
    assert claims_in(text)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "For the rest of the day, feel free to look.",
            "Take a moment.",
            "Rather stay than go?",
            "The first sip.",
        ),
        *(
            "Nimm dir Zeit.",
            "Prends ton temps.",
            "静かな朝に。",
            "خذ وقتك",
            "The interest, the forest, the guest.",
        ),
    ],
)
def test_invitation_and_mood_are_no_claims(text: str) -> None:
    assert claims_in(text) == []


@pytest.mark.parametrize(
    ("text", "given", "found"),
    [
        ("Best Coffee. The BEST COFFEE in town.", "Best Coffee", []),
        ("Best Coffee is the best coffee.", "Best Coffee", ["best"]),
        ("Discover Watch 3000. The 3000 is here.", "Watch 3000", []),
        ("3000 happy customers", "Watch 3000", ["3000 happy customers"]),
        ("3000 покупателей", "Watch 3000", ["3000 покупателей"]),
        (f"{PROOF}. See for yourself.", PROOF, []),
        ("5 stars from 2,100 reviews", PROOF, ["5 stars"]),
        ("4 or 8", PROOF, ["4", "8"]),
        ("Soap, handmade", "Handmade Soap", []),
        ("the best", "X", ["best"]),
    ],
)
def test_what_the_asker_gave_may_be_said_and_not_made_more_of(
    text: str, given: str, found: list[str]
) -> None:
    assert claims_in(text, [given]) == found


@pytest.mark.parametrize("style", style_names())
def test_a_proof_is_said_word_for_word_in_its_scene_alone(style: str) -> None:
    brief = brief_of(style=style).model_copy(update={"proof": PROOF})
    provider = TemplateProvider()
    scenes = provider.write(brief, provider.analyse(None, product_name="Premium Watch")).scenes
    assert [PROOF in scene.voiceover_text for scene in scenes] == [False, False, True, False]
    assert words_in(scenes[2].voiceover_text) <= brief.scenes[2].most_words


@pytest.mark.parametrize("proof", ["★★★★★", "word " * 19 + "word", "<b>Good</b>"])
def test_a_proof_that_can_not_be_said_is_not_said(proof: str) -> None:
    brief = brief_of().model_copy(update={"proof": proof})
    assert [said_proof(scene, brief) for scene in brief.scenes] == ["", "", "", ""]


def test_offending_words_alone_are_replaced_with_a_warning_each() -> None:
    brief = brief_of()
    provider = TemplateProvider()
    good = provider.write(brief, provider.analyse(None, product_name="Premium Watch"))
    scenes = list(good.scenes)
    scenes[1] = scenes[1].model_copy(update={"text_overlay": "Simply Better", "voiceover_text": "My own."})
    bent = good.model_copy(update={"hook": "The best watch", "scenes": tuple(scenes)})
    mended = made_true(bent, brief, lambda: good)
    assert (mended.hook, mended.scenes[1].text_overlay) == (good.hook, "")
    assert mended.scenes[1].voiceover_text == "My own."
    assert [("best" in each, "better" in each) for each in mended.warnings] == [(True, False), (False, True)]
