"""The embedded skills: facts stay, marks go, and slides follow the text's structure or its topics."""

import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.presenter.deck.notes import without_pauses
from jobs.presenter.deck.slides import Picture, Slides
from jobs.presenter.skills.embedded.blocks import read_markdown
from jobs.presenter.skills.embedded.phrases import shown_length
from jobs.presenter.skills.embedded.provider import EmbeddedSkills
from jobs.presenter.skills.embedded.sentences import MOST_WORDS, sentences, words_in
from jobs.presenter.skills.facts import lost_facts, negations_in
from jobs.presenter.skills.places import words_of_script
from jobs.presenter.skills.wish import Wish
from shared.errors import InvalidAssets
from tests.jobs.presenter.skills.texts import ARTICLE, OTHERS, TIDES

SKILLS = EmbeddedSkills()
MEDIA = {"bulges.png": "assets/media/bulges.png"}


def talk(text: str, language: str = "en", **wishes: object) -> tuple[str, Slides]:
    wish = Wish(language=language, media=MEDIA, **wishes)  # type: ignore[arg-type]
    script = SKILLS.rewrite_script(text, wish)
    slides = SKILLS.generate_slides(script, text, wish)
    check(script, slides, language)
    return script, slides


def check(script: str, slides: Slides, language: str) -> None:
    """What holds for every deck."""
    assert squeezed("".join(slide.notes for slide in slides.slides)) == squeezed(script)
    for slide in slides.slides:
        assert len(slide.bullets) <= 5
        assert slide.seconds > 0
        places = [bullet.at for bullet in slide.bullets if bullet.at is not None]
        assert places == sorted(places)
        assert all(place <= len(slide.notes) for place in places)


def squeezed(text: str) -> str:
    return "".join(text.split())


def said(text: str) -> list[str]:
    return [word.text for word in words_of_script(text)]


@pytest.mark.parametrize(
    ("language", "text"), [("en", TIDES), ("en", ARTICLE), *OTHERS.items()], ids=["tides", "article", *OTHERS]
)
def test_the_script_has_every_word_of_the_prose_in_order_and_no_mark(language: str, text: str) -> None:
    script, _ = talk(text, language)
    prose = [b.text for b in read_markdown(text).blocks if b.kind in ("heading", "text", "item", "quote")]
    rest = iter(said(script))
    assert all(word in rest for word in said(" ".join(prose)))
    assert lost_facts(text, script, language) == []
    assert not re.search(r"[*`#<>|]|\]\(", script)


@st.composite
def markdown(draw: st.DrawFn) -> str:
    word = st.sampled_from(
        ["Ada", "not", "no", "7", "3.5", "1,200", "the", "waves", "km", "never", "café", "x86", "(so)", "🌊"]
    )
    line = st.lists(word, min_size=1, max_size=40).map(" ".join)
    form = st.sampled_from(
        [
            "{}",
            "# {}",
            "- {}",
            "  - {}",
            "> {}",
            "**{}**",
            "1. {}",
            "<b>{}</b>",
            "{}; {}",
            "{}, and {}",
            "a {}\n---",
        ]
    )
    parts = draw(st.lists(st.tuples(form, line, line), min_size=1, max_size=8))
    return "\n\n".join(each.format(one, other) for each, one, other in parts)


@settings(max_examples=60, deadline=None)
@given(markdown())
def test_whatever_the_structure_no_fact_is_lost(text: str) -> None:
    script, _ = talk(text)
    plain = re.sub(r"(?m)^1\. |<[^>]*>", "", text)
    assert said(script) == [word for word in said(plain) if word not in ("b",)]
    assert len(negations_in(script, "en")) == len(negations_in(plain, "en"))


@settings(max_examples=40, deadline=None)
@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=200))
def test_no_text_makes_it_fail_but_one_with_nothing_to_say(text: str) -> None:
    try:
        talk(text)
    except InvalidAssets as error:
        assert "nothing to say" in str(error)  # noqa: PT017 - most texts raise nothing


def test_long_sentences_are_cut_at_clauses_and_short_ones_are_not() -> None:
    long = (
        "The near side of the Earth is about twelve thousand km closer to the moon than the far side; "
        "iPhone owners and the rest of us who live there are pulled a little harder."
    )
    script, _ = talk(long)
    parts = script.split("side. ")
    assert [words_in(part) <= MOST_WORDS for part in parts] == [True, True]
    assert parts[1].startswith("iPhone owners")
    assert talk("The sea rises; it falls.")[0] == "The sea rises; it falls."


def test_tags_are_silent_and_a_break_is_a_pause() -> None:
    script, _ = talk("<speak>\nHello <break time='1500ms'/> <emphasis>world</emphasis> <!-- 5 -->\n</speak>")
    assert (without_pauses(script), "[pause 1.5 s]" in script) == ("Hello world.", True)


def test_headings_are_sections_lists_bullets_and_things_are_shown() -> None:
    _, deck = talk(TIDES)
    slides = deck.slides
    assert (slides[0].kind, slides[0].title) == ("title", "Tides")
    pull = next(slide for slide in slides if slide.picture)
    assert [bullet.level for bullet in pull.bullets] == [0, 0, 1]
    assert [pull.notes[b.at or 0 :].startswith(b.text[:20]) for b in pull.bullets] == [True] * 3
    assert pull.picture == Picture(name=MEDIA["bulges.png"], alt="The two bulges")
    assert [slide.code.language for slide in slides if slide.code] == ["python"]
    assert [len(slide.table.rows) for slide in slides if slide.table] == [2]
    assert [slide.quote.by for slide in slides if slide.quote] == ["Geoffrey Chaucer"]
    assert [len(slide.bullets) for slide in slides[-2:]] == [3, 3]


def test_a_long_table_is_several_even_ones() -> None:
    rows = "\n".join(f"| {number} | x |" for number in range(20))
    _, deck = talk(f"# Numbers\n\n## All\n\n| n | v |\n|---|---|\n{rows}\n")
    assert [len(slide.table.rows) for slide in deck.slides if slide.table] == [7, 7, 6]
    assert [slide.title for slide in deck.slides[1:]] == ["All", "All (2)", "All (3)"]


def test_prose_is_cut_where_its_topic_shifts() -> None:
    _, deck = talk(ARTICLE)
    subjects = ("sheep", "rocket", "dough")
    for slide in deck.slides[1:]:
        assert sum(subject in slide.notes.lower() for subject in subjects) == 1, slide.notes


def test_bullets_of_prose_are_short_parts_of_it_and_keep_its_negations() -> None:
    for slide in talk(ARTICLE)[1].slides:
        plain = " ".join(slide.notes.split())
        for bullet in slide.bullets:
            assert bullet.text[1:] in plain
            assert shown_length(bullet.text) <= 14
            sentence = next(plain[a:b] for a, b in sentences(plain, "en") if bullet.text[1:] in plain[a:b])
            assert len(negations_in(bullet.text, "en")) == len(negations_in(sentence, "en"))


def test_seconds_follow_the_voices_pace_and_dense_scripts_count_by_characters() -> None:
    slow, fast = (
        sum(s.seconds for s in talk(ARTICLE, words_per_minute=pace)[1].slides) for pace in (100, 200)
    )
    assert 1.8 < slow / fast < 2.2
    assert words_in("潮" * 30) == 15


def test_slides_of_a_script_by_somebody_else_are_cut_between_its_sentences() -> None:
    script = talk(TIDES)[0].replace("Twice a day, the sea climbs", "The sea, two times a day, climbs up")
    wish = Wish(language="en", media=MEDIA)
    deck = SKILLS.generate_slides(script, TIDES, wish)
    check(script, deck, "en")
    assert [slide.title for slide in deck.slides] == [slide.title for slide in talk(TIDES)[1].slides]


@pytest.mark.parametrize("text", ["", "#", "---", "<b></b>"])
def test_a_text_with_nothing_in_it_is_refused(text: str) -> None:
    with pytest.raises(InvalidAssets, match="nothing to say"):
        talk(text)


def test_one_word_is_one_slide_and_too_many_sections_are_refused() -> None:
    assert [slide.title for slide in talk("Hello")[1].slides] == ["Hello"]
    assert len(talk("\n\n".join(f"# Part {n}\n\nWords." for n in range(120)))[1].slides) == 120
    with pytest.raises(InvalidAssets, match="at most 400"):
        talk("\n\n".join(f"# Part {n}" for n in range(401)))


def test_twenty_thousand_words_are_done_in_a_moment() -> None:
    text = ARTICLE * 52
    _, deck = talk(text)
    assert len(text.split()) > 20_000
    assert len(deck.slides) <= 400


def test_characters_without_a_name_or_a_glyph_do_no_harm() -> None:
    odd = "".join(chr(code) for code in range(0x20, 0x3000) if unicodedata.category(chr(code))[0] in "CMS")
    talk(f"Words {odd} words.")


def test_pause_marks_of_the_text_are_heard_and_not_seen() -> None:
    script, slides = talk(
        "# A [pause 2 s] title\n\nHello.\n\n## Next\n\n- One [pause 1 s] point\n- Two points\n"
    )
    assert "A [pause 2 s] title" in script
    assert "One [pause 1 s] point" in script
    assert slides.title == "A title"
    assert [point.text for point in slides.slides[1].bullets] == ["One point", "Two points"]


@pytest.mark.parametrize(
    ("sentence", "shown"),
    [
        # The rest would say the opposite, or nothing.
        ("Most of what we know about the deep sea comes from a handful of dives that cost more than a house "
         "and lasted less than a day.", []),
        ("Plants that get light from one side grow towards it because a hormone called auxin moves to the "
         "dark side and makes them longer.", []),
        ("If the pressure in the boiler rises above 12 bar, the valve opens by itself and lets the steam out "
         "into the yard.", []),
        ("The bridge, which was built in 1932 by a team of engineers, still carries cars, and nobody has had "
         "to close it for long.", ["Nobody has had to close it for long"]),
        ("Because the index is sorted, the database finds a row quickly, even among a million rows that lie "
         "on a slow disk.", ["Because the index is sorted, the database finds a row quickly"]),
    ],
)  # fmt: skip
def test_a_bullet_is_a_clause_that_stands_alone(sentence: str, shown: list[str]) -> None:
    _, slides = talk(f"# Title\n\n## Part\n\nOne more thing to say here. {sentence}")
    bullets = [bullet.text for slide in slides.slides for bullet in slide.bullets]
    assert [text for text in bullets if text != "One more thing to say here"] == shown


def test_a_slide_that_shows_something_else_has_a_title_of_its_own() -> None:
    text = (
        "# Title\n\n## The code\n\n```\nx = 1\n```\n\nIt runs at once.\n\n> Patience is a virtue of ferries."
    )
    titles = [slide.title for slide in talk(text)[1].slides if slide.quote or slide.code]
    assert titles[0] == "The code"
    assert len(titles) == 1 or "(2)" not in titles[1]


def test_a_pause_in_the_text_is_no_fact_of_it() -> None:
    text = 'It has 3 parts. <break time="2s"/> Two are small.'
    assert lost_facts(text, "It has 3 parts. Two are small.", "en") == []
    assert lost_facts(text, "It has parts. Two are small.", "en") == ["the number 3 is missing"]


def test_the_place_of_an_item_without_words_is_within_the_notes() -> None:
    _, slides = talk("Ada\n\nAda\n\n- 🌊\n\nAda")
    (place,) = [
        (bullet.at, len(slide.notes))
        for slide in slides.slides
        for bullet in slide.bullets
        if bullet.text == "🌊"
    ]
    assert place[0] == place[1]
