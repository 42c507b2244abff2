import json
from itertools import pairwise

import pytest

from shared.text.markup import Styled
from shared.video.captions.pages import PageWord, State, caption_pages, caption_states
from shared.video.timeline import Cue, Timeline, Word
from tests.shared.video.caption_timelines import captioned

STORY = (
    "The old lighthouse keeper climbed ninety-nine steps. He never counted them; he knew each by its sound."
)


def lit_text(state: State) -> list[str]:
    return [piece.text for line in state.lines for piece in line if piece.lit]


@pytest.mark.parametrize("size", [(1080, 1920), (1920, 1080), (1080, 1080), (64, 64)])
def test_pages_have_at_most_two_lines_and_all_of_the_text(size: tuple[int, int]) -> None:
    pages = caption_pages(captioned(STORY, size=size))
    assert all(1 <= len(page.lines) <= 2 for page in pages)
    shown = "".join(line for page in pages for line in page.lines)
    assert shown.replace(" ", "") == STORY.replace(" ", "")


@pytest.mark.parametrize("look", ["highlight", "karaoke", "plain"])
def test_states_tile_their_cues_without_gaps(look: str) -> None:
    timeline = captioned(STORY, "And so on, and so on.", look=look)
    states = caption_states(timeline)
    assert states[0].first_frame == timeline.cues[0].at_frame
    assert states[-1].end_frame == timeline.cues[-1].at_frame + timeline.cues[-1].frames
    assert all(before.end_frame == after.first_frame for before, after in pairwise(states))
    assert all(state.first_frame < state.end_frame for state in states)


def test_a_word_lights_up_when_it_is_heard() -> None:
    states = caption_states(captioned("Hello, big world"))
    assert [(state.first_frame, lit_text(state)) for state in states] == [
        (10, []),
        (16, ["Hello,"]),
        (31, ["big"]),
        (40, ["world"]),
    ]


def test_karaoke_lights_all_words_heard_so_far() -> None:
    states = caption_states(captioned("Hello, big world", look="karaoke"))
    assert [lit_text(state) for state in states] == [[], ["Hello,"], ["Hello, big"], ["Hello, big world"]]


def test_plain_has_one_state_a_page_and_off_none_but_still_pages() -> None:
    plain = captioned(STORY, look="plain")
    assert [len(caption_states(plain)), *map(lit_text, caption_states(plain))] == [
        len(caption_pages(plain)),
        *[[]] * len(caption_pages(plain)),
    ]
    off = captioned(STORY, look="off")
    assert (caption_states(off), caption_pages(off)) == ([], caption_pages(plain))


def test_half_a_frame_counts_as_a_whole_one() -> None:
    words = (Word(start=0, end=1, start_ms=0, end_ms=50), Word(start=2, end=3, start_ms=50, end_ms=900))
    states = caption_states(captioned("a b", words=words))
    assert [state.first_frame for state in states] == [10, 12]


def test_capitals_keep_the_words_where_they_are() -> None:
    states = caption_states(captioned("Straße größer", uppercase=True))
    assert [lit_text(state) for state in states] == [[], ["STRASSE"], ["GRÖSSER"]]


def test_greek_capitals_have_no_accents() -> None:
    states = caption_states(captioned("Ο άνθρωπος, Μάιος", uppercase=True))
    assert [lit_text(state) for state in states] == [[], ["Ο"], ["ΑΝΘΡΩΠΟΣ,"], ["ΜΑΪΟΣ"]]


def test_styles_cut_lines_into_pieces_beside_the_highlight_and_count_in_the_key() -> None:
    timeline = captioned("  One two\nthree", markup="markdown")
    cue = timeline.cues[0].model_copy(update={"styles": (Styled(start=2, end=9, bold=True),)})
    states = caption_states(timeline.model_copy(update={"cues": (cue,)}))
    assert [(piece.text, piece.lit, piece.style) for piece in states[1].lines[0]] == [
        ("One", True, "bold"),
        (" two", False, "bold"),
        (" three", False, ""),
    ]
    assert [(piece.text, piece.style) for piece in states[1].unlit[0]] == [
        ("One two", "bold"),
        (" three", ""),
    ]
    assert states[0].key() != caption_states(timeline)[0].key()
    assert "style" not in caption_states(timeline)[0].key()


def test_white_space_and_controls_are_laid_out_as_single_spaces() -> None:
    page = caption_pages(captioned("  one\n\ttwo \u202e\x07three  "))[0]
    assert " ".join(page.lines) == "one two three"
    assert [page.lines[word.line][word.start : word.end] for word in page.words] == ["one", "two", "three"]


def test_a_word_cut_between_lines_lights_up_on_both() -> None:
    page = caption_pages(captioned("Donaudampfschifffahrtsgesellschaft"))[0]
    assert [(word.number, word.line) for word in page.words] == [(0, 0), (0, 1)]


def test_a_caption_without_word_times_is_shown_by_the_share_of_its_text() -> None:
    timeline = captioned(STORY, words=())
    pages = caption_pages(timeline)
    assert len(pages) > 1
    assert pages[0].start_frame < pages[1].start_frame < pages[-1].end_frame == 10 + timeline.cues[0].frames


def test_a_cue_that_runs_into_the_next_one_gives_way() -> None:
    timeline = captioned("one", "two")
    first = timeline.cues[0].model_copy(update={"frames": 1000})
    pages = caption_pages(timeline.model_copy(update={"cues": (first, timeline.cues[1])}))
    assert pages[0].end_frame == pages[1].start_frame == timeline.cues[1].at_frame


@pytest.mark.parametrize("text", ["", "  \n", "\u200b\u202e"])
def test_an_empty_caption_has_no_page(text: str) -> None:
    cue = Cue(at_frame=0, frames=30, text=text, language="en", words=())
    timeline = captioned("x").model_copy(update={"cues": (cue,)})
    assert caption_pages(timeline) == []


def test_pages_can_be_made_without_fonts() -> None:
    timeline = captioned(STORY).model_copy(update={"fonts": ()})
    assert caption_pages(timeline)


def test_equal_looks_have_equal_keys_at_different_times() -> None:
    first, second = (
        [state.key() for state in caption_states(timeline)]
        for timeline in (captioned("Hello world"), captioned("x", "Hello world"))
    )
    assert second[-3:] == first
    assert len(set(first)) == 3
    assert json.loads(first[0])["right_to_left"] is False


def test_word_places_are_those_of_the_line() -> None:
    page = caption_pages(captioned("שלום עולם"))[0]
    assert page.right_to_left
    assert page.words[1] == PageWord(number=1, line=0, start=5, end=9, start_ms=600)


def test_pages_survive_words_out_of_order() -> None:
    words = (Word(start=6, end=11, start_ms=900, end_ms=950), Word(start=0, end=5, start_ms=100, end_ms=200))
    timeline: Timeline = captioned("Hello world", words=words)
    states = caption_states(timeline)
    assert all(before.end_frame == after.first_frame for before, after in pairwise(states))
