"""Words of every script are drawn whole, in the box, in the style's letters where it has them."""

from collections.abc import Sequence

import numpy as np
import pytest

from shared.video.lettering import shaping
from shared.video.lettering.fonts import face_named
from shared.video.lettering.letters import Lettering, Letters, draw_words, rounded
from shared.video.lettering.shaping import Shaper, clean, in_capitals

SERIF = Letters(family="Playfair Display", weight=600, size_px=72, colour="#DAA520", shadow_px=2)
HEAVY = Letters(family="Montserrat", weight=900, size_px=80, colour="#FFFFFF", uppercase=True, shadow_px=3)
NARROW = Letters(family="Anton", weight=900, size_px=88, colour="#FF2A2A", uppercase=True, shadow_px=4)
PLATED = Letters(family="Jost", weight=500, size_px=64, colour="#000000", plate="#FFFFFF")

ARABIC = "ساعة فاخرة من الذهب الخالص"
GERMAN = "Donaudampfschifffahrtsgesellschaftskapitänsmütze"
TEXTS = (
    "X",
    "Jgpqyj ÅÄÖ Ốẫ",
    "The Extraordinarily Long Name Of A Product That Somebody Wrote To See What Happens With A Hundred Chs",
    ARABIC,
    "اَلْعَرَبِيَّةُ",
    "שעון יוקרה",
    "सोने की शानदार घड़ी",
    "ที่นี่ ซึ้งทองคำแท้",
    GERMAN,
    "W" * 100,
)


def draw(
    text: str, letters: Letters = SERIF, *, box: tuple[int, int] = (860, 300), language: str = "und"
) -> Lettering:
    return draw_words(text, box_width=box[0], box_height=box[1], letters=letters, language=language)


@pytest.fixture
def raqm(monkeypatch: pytest.MonkeyPatch) -> None:
    """Text stays in the order of reading; drawing it takes a machine with FriBidi."""
    monkeypatch.setattr(shaping, "has_raqm", lambda: True)


def faces(text: str, letters: Letters = SERIF) -> list[tuple[str, str]]:
    """Which file draws which part, from left to right."""
    shaper = Shaper(text, family=letters.family, weight=letters.weight)
    return [(run.face.path.name.split("[")[0], run.text) for run in shaper.runs(shaper.text)]


def ink_of(shaper: Shaper, line: str, size_px: int) -> int:
    """How many pixels are not empty when a line is drawn with room to spare."""
    from PIL import Image, ImageDraw

    canvas = Image.new("L", (2400, 4 * size_px))
    shaper.draw(ImageDraw.Draw(canvas), line, (200.0, 2.0 * size_px), size_px)
    return int((np.asarray(canvas) > 0).sum())


@pytest.mark.parametrize("letters", [SERIF, HEAVY, NARROW], ids=["serif", "heavy", "narrow"])
@pytest.mark.parametrize("text", TEXTS)
def test_nothing_is_cut_off_and_nothing_leaves_the_box(text: str, letters: Letters) -> None:
    rgba = draw(text, letters).rgba
    height, width = rgba.shape[:2]
    assert 0 < width <= 860
    assert 0 < height <= 300
    alpha = rgba[..., 3]
    assert alpha[[0, -1]].max() == 0
    assert alpha[:, [0, -1]].max() == 0
    assert alpha.max() == 255


@pytest.mark.parametrize("text", [ARABIC, "اَلْعَرَبِيَّةُ", "Jgpqyj Ốẫ", "ที่ซึ้ง"])
def test_the_bitmap_holds_all_the_ink_that_there_is(text: str) -> None:
    plain = Letters(family="Jost", weight=500, size_px=60, colour="#000000")
    lettering = draw(text, plain, box=(2000, 300))
    shaper = Shaper(text, family="Jost", weight=500)
    whole = ink_of(shaper, lettering.lines[0], lettering.size_px)
    assert int((lettering.rgba[..., 3] > 0).sum()) == pytest.approx(whole, rel=0.01)


def test_words_have_the_style_s_size_where_there_is_room_and_are_smaller_where_not() -> None:
    assert (draw("Shop Now").size_px, draw("Shop Now").lines) == (72, ("Shop Now",))
    long = draw("Order yours today and save fifty percent for ever", box=(500, 200))
    assert 36 <= long.size_px < 72
    tiny = draw("Order yours today and save fifty percent for ever", box=(120, 60))
    assert 8 <= tiny.size_px < 36


def test_words_are_as_large_as_the_box_allows() -> None:
    text = "Order yours today and save"
    size = draw(text, box=(400, 160)).size_px
    larger = Letters(
        family=SERIF.family, weight=600, size_px=size + 1, colour="#000000", shadow_px=2, least_px=size + 1
    )
    assert draw(text, larger, box=(400, 160)).size_px <= size


def test_a_long_word_is_rather_cut_between_its_parts_than_made_small() -> None:
    found = draw(GERMAN, box=(860, 300))
    assert found.size_px >= 0.8 * SERIF.size_px
    assert "".join(line.removesuffix("-") for line in found.lines) == GERMAN
    assert found.lines[0] == "Donaudampfschifffahrts-"


def test_a_word_is_not_cut_when_a_little_less_size_lets_it_be_whole() -> None:
    assert draw("Extraordinarily", box=(450, 200)).lines == ("Extraordinarily",)


@pytest.mark.usefixtures("raqm")
def test_every_character_is_in_the_face_of_the_style_if_that_has_it() -> None:
    assert faces("Premium ساعة") == [("PlayfairDisplay", "Premium "), ("NotoSansArabic", "ساعة")]


def test_a_word_that_the_style_s_face_has_only_partly_is_drawn_by_one_that_has_all_of_it() -> None:
    jost = Letters(family="Jost", weight=500, size_px=60, colour="#000000")
    assert [(face, text.strip()) for face, text in faces("Việt Nam", jost)] == [
        ("FiraSans-Bold.ttf", "Việt"),
        ("Jost", "Nam"),
    ]


@pytest.mark.usefixtures("raqm")
def test_digits_and_brackets_in_a_text_from_right_to_left_are_in_their_places() -> None:
    shaper = Shaper("ساعة X100 (جديدة)", family="Playfair Display", weight=600)
    shown = [(run.text.strip(), run.right_to_left) for run in shaper.runs(shaper.text)]
    assert [text for text, _ in shown if text][-1] == "ساعة"
    assert ("X100", False) in shown
    assert shown.index(("X100", False)) > 0


def test_a_variable_font_is_drawn_at_the_weight_that_is_asked_for() -> None:
    thin, thick = (Shaper("Shop", family="Montserrat", weight=weight) for weight in (300, 900))
    assert ink_of(thick, "Shop", 80) > 1.3 * ink_of(thin, "Shop", 80)


def test_fallback_faces_have_the_style_s_weight_too() -> None:
    thin, thick = (Shaper(ARABIC, family="Jost", weight=weight) for weight in (300, 900))
    assert ink_of(thick, thick.text, 80) > 1.2 * ink_of(thin, thin.text, 80)


def test_the_nearest_weight_of_a_family_is_found_by_file_name() -> None:
    def file(family: str, weight: int) -> str:
        face = face_named(family, weight)
        return face.path.name if face else ""

    assert file("Fira Sans", 500) == "FiraSans-Medium.ttf"
    assert file("fira sans", 880) == "FiraSans-Black.ttf"
    assert file("Playfair Display", 600) == "PlayfairDisplay[wght].ttf"
    assert file("No Such Family", 400) == ""


def test_a_family_that_is_not_here_is_told_and_another_draws() -> None:
    found = draw("Shop Now", Letters(family="No Such", weight=400, size_px=60, colour="#000000"))
    assert "fontpkg-no-such" in found.warnings[0]
    assert found.rgba.any()


def test_what_no_font_has_is_left_out_and_told() -> None:
    found = draw("Shop 𓀀 Now")
    assert found.lines == ("Shop Now",)
    assert "𓀀" in found.warnings[0]
    assert "install" in found.warnings[0]


@pytest.mark.usefixtures("no_noto")
def test_japanese_without_a_font_is_told_with_the_package() -> None:
    found = draw("腕時計")
    assert (found.rgba.shape, found.lines) == ((0, 0, 4), ())
    assert "fonts-noto-cjk" in found.warnings[0]


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("straße", "de", "STRASSE"),
        ("istanbul", "tr", "İSTANBUL"),
        ("ώρα", "el", "ΩΡΑ"),
        ("დღეს", "ka", "დღეს"),
        ("今 now", "ja", "今 NOW"),
    ],
)
def test_capitals_are_those_of_the_language(text: str, language: str, expected: str) -> None:
    assert in_capitals(text, language) == expected


def test_direction_overrides_and_controls_draw_nothing() -> None:
    assert clean("Shop\u202e \u0007 Now\n\u2066!") == "Shop Now !"


def shaped(text: str, monkeypatch: pytest.MonkeyPatch) -> Sequence[str]:
    monkeypatch.setattr(shaping, "has_raqm", lambda: False)
    shaper = Shaper(text, family="Playfair Display", weight=600)
    return [run.text for run in shaper.runs(shaper.text)]


def test_without_raqm_arabic_letters_still_join_and_run_leftwards(monkeypatch: pytest.MonkeyPatch) -> None:
    (word,) = shaped("ساعة", monkeypatch)
    assert [ord(char) for char in word] == [0xFE94, 0xFECB, 0xFE8E, 0xFEB3]


def test_without_raqm_hebrew_runs_leftwards(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shaped("שעון", monkeypatch) == ["ןועש"]


@pytest.mark.parametrize("text", ["सोने", "ที่นี่"])
def test_without_raqm_scripts_with_marks_are_told(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shaping, "has_raqm", lambda: False)
    found = draw(text)
    assert "libfribidi0" in found.warnings[0]
    assert found.rgba.any()


def test_the_shadow_is_dark_and_lies_to_the_right_and_below() -> None:
    letters = Letters(family="Jost", weight=500, size_px=90, colour="#FFFFFF", shadow_px=10)
    rgba = draw("I", letters).rgba
    dark = (rgba[..., 3] > 30) & (rgba[..., 0] < 60)
    light = (rgba[..., 3] > 200) & (rgba[..., 0] > 200)
    assert np.argwhere(dark).mean(axis=0)[1] > np.argwhere(light).mean(axis=0)[1] + 5


def test_a_plate_lies_behind_the_words_with_room_around_them() -> None:
    found = draw("Shop", PLATED)
    height, width = found.rgba.shape[:2]
    left, top, right, bottom = found.body
    assert tuple(found.rgba[height // 2, 3]) == (255, 255, 255, 255)
    assert min(left, top, width - right, height - bottom) > 15
    assert found.rgba[0, 0, 3] < 60


def test_the_body_reaches_from_the_capitals_to_the_baseline_whatever_hangs_below() -> None:
    letters = Letters(family="Jost", weight=500, size_px=90, colour="#000000")
    one, other = draw("HH", letters), draw("Hg", letters)
    assert one.body[3] - one.body[1] == other.body[3] - other.body[1]
    assert other.rgba.shape[0] > one.rgba.shape[0]


def test_the_same_words_are_the_same_bytes() -> None:
    assert draw(ARABIC, HEAVY).rgba.tobytes() == draw(ARABIC, HEAVY).rgba.tobytes()


def test_round_corners_are_round() -> None:
    box = rounded((40, 60), 20)
    assert box[0, 0] == 0
    assert box[20, 30] == 1
    assert box.sum() == pytest.approx(40 * 60 - (4 - np.pi) * 20**2, rel=0.01)
