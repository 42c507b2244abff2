from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from shared.video.captions.ass import band_of
from shared.video.captions.bitmaps import CaptionBitmap, draw_states
from shared.video.captions.pages import Piece, State, caption_states
from shared.video.lettering.fonts import choose_fonts
from shared.video.timeline import CaptionStyle, Timeline
from tests.shared.video.caption_timelines import captioned
from tests.support.faces import make_emoji_font, use_fonts

TALL = "ÅÇgjpqyĚ Ỗ ที่นี่ ซึ้ง ฎุ र्कें ट्रू كِّي وَرَّ"


def state(*lines: str, lit: str = "", right_to_left: bool = False) -> State:
    """A state whose lines are drawn as they are, with one part lit."""
    pieces = []
    for line in lines:
        before, _, after = line.partition(lit) if lit else (line, "", "")
        parts = [Piece(text=before, lit=False), Piece(text=lit, lit=True), Piece(text=after, lit=False)]
        pieces.append(tuple(part for part in parts if part.text))
    return State(lines=tuple(pieces), right_to_left=right_to_left, first_frame=0, end_frame=1)


def draw(timeline: Timeline, scratch: Path, *states: State) -> list[CaptionBitmap]:
    return list(draw_states(states or caption_states(timeline), timeline, scratch))


def yellow(bitmap: CaptionBitmap) -> NDArray[np.intp]:
    """Columns in which there is highlight colour."""
    red, green, blue = (bitmap.rgba[..., channel].astype(int) for channel in range(3))
    return bitmap.x + np.flatnonzero(((red > 200) & (green > 150) & (blue < 120)).any(axis=0))


def test_there_is_a_bitmap_for_each_state_even_and_inside_the_frame(tmp_path: Path) -> None:
    timeline = captioned("The old keeper climbed ninety-nine steps. Every night!", size=(360, 640))
    states = caption_states(timeline)
    bitmaps = draw(timeline, tmp_path)
    assert len(bitmaps) == len(states)
    for bitmap in bitmaps:
        height, width, _ = bitmap.rgba.shape
        assert (bitmap.x % 2, bitmap.y % 2, width % 2, height % 2) == (0, 0, 0, 0)
        assert bitmap.x >= 0
        assert bitmap.x + width <= 360
        assert bitmap.y + height <= 640


def test_bitmaps_are_premultiplied_in_full_range_and_the_same_each_time(tmp_path: Path) -> None:
    timeline = captioned("Hello big world", size=(360, 640))
    first, second = draw(timeline, tmp_path / "a"), draw(timeline, tmp_path / "b")
    for one, other in zip(first, second, strict=True):
        assert np.array_equal(one.rgba, other.rgba)
        assert (one.rgba[..., :3] <= one.rgba[..., 3:]).all()
    colours = {tuple(colour) for colour in first[1].rgba.reshape(-1, 4).tolist()}
    assert {(255, 255, 255, 255), (255, 210, 63, 255), (16, 16, 24, 255), (0, 0, 0, 0)} <= colours


def test_a_highlight_changes_the_colour_of_its_word_alone(tmp_path: Path) -> None:
    timeline = captioned("Hello world", size=(360, 640))
    plain, first, second = draw(timeline, tmp_path)
    assert yellow(plain).size == 0
    assert yellow(first).max() < yellow(second).min()
    assert np.array_equal(plain.rgba[..., 3], first.rgba[..., 3])


def test_right_to_left_lines_start_at_the_right(tmp_path: Path) -> None:
    timeline = captioned("مرحبا بالعالم كله", size=(360, 640))
    first, middle, last = (yellow(bitmap) for bitmap in draw(timeline, tmp_path)[1:])
    assert last.max() < middle.min() <= middle.max() < first.min()


def test_a_line_that_starts_with_latin_follows_the_direction_of_its_caption(tmp_path: Path) -> None:
    timeline = captioned("שלום ABC", size=(360, 640))
    lines = ("ABC שלום",)
    to_the_left, to_the_right = draw(
        timeline, tmp_path, state(*lines, lit="ABC", right_to_left=True), state(*lines, lit="ABC")
    )
    assert yellow(to_the_left).mean() > 180 > yellow(to_the_right).mean()


def test_colours_do_not_break_the_joining_of_arabic(tmp_path: Path) -> None:
    timeline = captioned("مرحبا", size=(360, 640), highlight="#FFFFFF")
    plain, lit = draw(
        timeline,
        tmp_path,
        state("مرحبا", right_to_left=True),
        state("مرحبا", lit="ح", right_to_left=True),
    )
    assert np.array_equal(plain.rgba, lit.rgba)


def test_commands_in_the_text_are_drawn_not_obeyed(tmp_path: Path) -> None:
    text = "{\\b1}x\\Ny"
    timeline = captioned(text + " \\h", size=(640, 360))
    whole, without_braces, obeyed, plain = draw(
        timeline, tmp_path, state(text), state("\\b1x\\Ny"), state("x", "y"), state("xy")
    )
    widths = [bitmap.rgba.shape[1] for bitmap in (whole, without_braces, plain)]
    assert widths == sorted(widths, reverse=True)
    assert len(set(widths)) == 3
    assert whole.rgba.shape[0] < obeyed.rgba.shape[0]


def test_a_backslash_takes_as_much_room_before_a_command_letter_as_before_any_other(tmp_path: Path) -> None:
    timeline = captioned("\\Nu", size=(640, 360))
    bitmaps = draw(timeline, tmp_path, state("u\\Nu"), state("uN\\u"))
    widths = [bitmap.rgba.shape[1] for bitmap in bitmaps]
    assert abs(widths[0] - widths[1]) <= 4


@pytest.mark.parametrize("position", ["bottom", "middle", "top"])
def test_nothing_is_cut_off_at_the_edges_of_the_band(tmp_path: Path, position: str) -> None:
    timeline = captioned(TALL, size=(720, 1280), position=position)
    band = band_of(timeline)
    for bitmap in draw(timeline, tmp_path, *(state(text, text) for text in TALL.split())):
        assert bitmap.y > band.y
        assert bitmap.y + bitmap.rgba.shape[0] < band.y + band.height


@pytest.mark.parametrize(
    "text",
    [
        "https://example.org/a/very/long/address/that/never/ends?and=then&goes=on-for_ever",
        "WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW",
        "كان يا ما كان في قديم الزمان ملك عظيم عاش في مملكة بعيدة",
        "क्षत्रिय राजाओं की कहानी सुनेंगे यह बहुत पुरानी बात है",
        "The AVATAR wove a tapestry of Yves' favourite Toys, Waves and Vows.",
    ],
)
def test_drawn_lines_stay_inside_the_margins(tmp_path: Path, text: str) -> None:
    timeline = captioned(text, size=(720, 1280), look="plain")
    effects_px = 0.3 * 50
    for bitmap in draw(timeline, tmp_path):
        assert bitmap.x >= 0.08 * 720 - effects_px
        assert bitmap.x + bitmap.rgba.shape[1] <= 0.92 * 720 + effects_px


def test_faces_of_different_height_stand_on_one_baseline(tmp_path: Path) -> None:
    timeline = captioned("H ח ا", size=(720, 1280), outline="#FF0000", colour="#FFFFFF")
    feet = []
    for bitmap in draw(timeline, tmp_path, state("HH"), state("הה"), state("اا")):
        white = (bitmap.rgba[..., 1] > 200).any(axis=1)
        feet.append(bitmap.y + int(np.flatnonzero(white).max()))
    assert max(feet) - min(feet) <= 1


def test_what_no_font_has_is_left_out_not_boxed(tmp_path: Path) -> None:
    timeline = captioned("ab", size=(360, 640))
    with_unknown, without, nothing = draw(timeline, tmp_path, state("a𒀀b"), state("ab"), state("𒀀"))
    assert np.array_equal(with_unknown.rgba, without.rgba)
    assert nothing.rgba.size == 0


def test_captions_that_no_font_has_any_of_add_nothing(tmp_path: Path) -> None:
    timeline = captioned("𒀀 𒀁")
    assert timeline.fonts == ()
    drawings = draw(timeline, tmp_path)
    assert len(drawings) == len(caption_states(timeline)) > 1
    assert [drawing.rgba.size for drawing in drawings] == [0] * len(drawings)


def test_no_states_need_no_fonts(tmp_path: Path) -> None:
    timeline = captioned("ab").model_copy(update={"fonts": (), "caption_style": CaptionStyle(look="off")})
    assert draw(timeline, tmp_path) == []


def test_a_task_that_draws_only_some_states_draws_them_the_same(tmp_path: Path) -> None:
    timeline = captioned("Hello big world, and so on and on.", size=(360, 640))
    states = caption_states(timeline)
    whole = draw(timeline, tmp_path / "a")
    part = draw(timeline, tmp_path / "b", *states[2:5])
    assert all(np.array_equal(one.rgba, other.rgba) for one, other in zip(whole[2:5], part, strict=True))


def columns_of(bitmap: CaptionBitmap, colour: tuple[int, int, int]) -> NDArray[np.intp]:
    """Columns of the frame in which a colour is."""
    near = np.abs(bitmap.rgba.astype(int) - [*colour, 255]).max(axis=2) < 8
    return bitmap.x + np.flatnonzero(near.any(axis=0))


def test_emoji_are_pictures_in_their_places_whichever_way_the_line_runs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    colours = {"😀": "#FF0000", "🇩🇪": "#00FF00"}
    use_fonts(monkeypatch, make_emoji_font(tmp_path, colours))
    red, green = (255, 0, 0), (0, 255, 0)
    for text in ("ab 😀 cd 🇩🇪 ef", "אב 🇩🇪 גד 😀 הו"):
        faces = choose_fonts([text], emoji_in_colour=True).faces
        timeline = captioned(text, size=(640, 360)).model_copy(update={"fonts": faces})
        plain, *lit = draw(timeline, tmp_path / text)
        one, other = columns_of(plain, red), columns_of(plain, green)
        assert len(one) == len(other) == 18, "18 pixels are the em"
        assert 0 < one[0] < one[-1] < other[0] < other[-1] < 640
        assert all(np.array_equal(columns_of(bitmap, red), one) for bitmap in lit)


def test_a_caption_of_one_emoji_in_colour_needs_no_other_font(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    use_fonts(monkeypatch, make_emoji_font(tmp_path, {"😀": "#FF0000"}))
    faces = choose_fonts(["😀"], emoji_in_colour=True).faces
    (bitmap,) = draw(captioned("😀", size=(640, 360)).model_copy(update={"fonts": faces}), tmp_path)
    columns = columns_of(bitmap, (255, 0, 0))
    assert (columns[0] + columns[-1]) // 2 in {319, 320}
