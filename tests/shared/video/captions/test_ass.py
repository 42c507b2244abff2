from pathlib import Path

import pytest

from shared.machine.ffmpeg import filter_value, run
from shared.text.markup import Styled
from shared.video.captions.ass import band_of, bottom_reach_px, document, escape, plates_of
from shared.video.captions.pages import Piece, State, caption_states, letter_px
from shared.video.lettering.font_copies import font_files
from shared.video.lettering.fonts import open_faces
from shared.video.timeline import Timeline
from tests.shared.video.caption_timelines import captioned


def state(text: str, lit: bool = False) -> State:
    pieces = (Piece(text=text, lit=lit),)
    return State(lines=(pieces,), right_to_left=False, first_frame=0, end_frame=1)


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("{\\b1}", "\\{\\\u2060b1\\}"),
        ("a\\Nb", "a\\\u2060Nb"),
        ("\\{", "\\\u2060\\{"),
        ("end\\", "end\\\u2060"),
        ("a\nb", "a b"),
    ],
)
def test_what_libass_would_read_as_commands_is_escaped(text: str, escaped: str) -> None:
    assert escape(text) == escaped


def test_a_page_is_drawn_once_and_then_only_lit_letters() -> None:
    states = [state("one"), state("one", lit=True), state("two"), state("one", lit=True)]
    assert [
        (shown, [(plate.state, plate.shows) for plate in plates]) for shown, plates in plates_of(states, ())
    ] == [
        (states[:2], [(states[0], "page"), (states[1], "lit")]),
        (states[2:3], [(states[2], "page")]),
        (states[3:], [(states[3], "page"), (states[3], "lit")]),
    ]


def fonts_selected(timeline: Timeline, folder: Path) -> set[tuple[str, str]]:
    """Pairs of the family that was asked for and the PostScript name of the font that libass took."""
    styled = timeline.caption_style.markup == "markdown"
    font_files(timeline.fonts, folder / "fonts", timeline.cues[0].text, styled=styled)
    text = folder / "captions.ass"
    pages = plates_of(caption_states(timeline), open_faces(timeline.fonts))
    text.write_text(document([plate for _, plates in pages for plate in plates], timeline), encoding="utf-8")
    options = f"{filter_value(text)}:fontsdir={filter_value(folder / 'fonts')}"
    graph = f"color=black@0:s=64x64,format=rgba,ass={options}"
    log = run(["-loglevel", "verbose", "-f", "lavfi", "-i", graph, "-frames:v", "9", "-f", "null", "-"])
    lines = (line.split("fontselect: (")[1] for line in log.splitlines() if "fontselect:" in line)
    return {(line.split(",")[0], line.split(" -> ")[1].split(",")[0]) for line in lines}


def test_libass_takes_the_fonts_of_the_timeline_and_no_other(tmp_path: Path) -> None:
    timeline = captioned("Hé שלום مرحبا \\N \u200d\ufe0f नमस्ते")
    assert fonts_selected(timeline, tmp_path) == {
        ("Fira Sans", "FiraSans-Bold"),
        ("Heebo", "Heebo-Regular"),
        ("Noto Sans Arabic", "NotoSansArabic-Regular"),
        ("Noto Sans Devanagari", "NotoSansDevanagari-Regular"),
    }


def test_bold_and_italic_are_faces_of_their_own(tmp_path: Path) -> None:
    timeline = captioned("Plain bold italic שלום", markup="markdown")
    styles = (Styled(start=6, end=10, bold=True), Styled(start=11, end=17, italic=True))
    cue = timeline.cues[0].model_copy(update={"styles": styles})
    selected = fonts_selected(timeline.model_copy(update={"cues": (cue,)}), tmp_path)
    assert {name for _, name in selected} == {
        *("FiraSans-Regular", "FiraSans-Bold", "FiraSans-Italic", "Heebo-Regular")
    }


@pytest.mark.parametrize("size", [(1080, 1920), (1920, 1080), (1080, 1080), (64, 64), (4096, 64)])
@pytest.mark.parametrize("position", ["bottom", "middle", "top"])
@pytest.mark.parametrize("scale", [0.5, 1, 2])
def test_the_band_is_inside_the_frame_and_even(size: tuple[int, int], position: str, scale: float) -> None:
    band = band_of(captioned("x", size=size, position=position, size_of_letters=scale))
    assert 0 <= band.y <= band.y + band.height <= size[1]
    assert (band.y % 2, band.height % 2) == (0, 0)


@pytest.mark.parametrize(
    ("size", "lowest", "highest"), [((1080, 1920), 0.18, 0.24), ((1920, 1080), 0.07, 0.09)]
)
def test_captions_keep_clear_of_what_apps_draw_at_the_bottom(
    size: tuple[int, int], lowest: float, highest: float
) -> None:
    timeline = captioned("x", size=size)
    band = band_of(timeline)
    foot = band.y + band.baselines(1)[0] + 0.25 * letter_px(timeline)
    assert lowest <= 1 - foot / size[1] <= highest


def test_lines_are_placed_by_position() -> None:
    places = {
        position: (band.baselines(1)[0], *band.baselines(2))
        for position in ("top", "middle", "bottom")
        if (band := band_of(captioned("x", position=position)))
    }
    for one, first, second in places.values():
        assert first < second
        assert first <= one <= second
    assert places["top"][0] == places["top"][1]
    assert places["bottom"][0] == places["bottom"][2]


@pytest.mark.parametrize("size", [(1920, 1080), (1080, 1080), (1080, 1920)])
def test_captions_reach_no_higher_than_is_kept_free_for_them(size: tuple[int, int]) -> None:
    timeline = captioned("x", size=size)
    band, em_px = band_of(timeline), letter_px(timeline)
    top_px = band.y + band.baselines(2)[0] - 0.8 * em_px  # of capitals and their outline
    assert size[1] - top_px <= bottom_reach_px(*size) < 0.35 * size[1]
