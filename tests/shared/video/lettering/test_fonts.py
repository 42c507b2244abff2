from pathlib import Path

import pytest

from shared.errors import BadRequest
from shared.video.lettering import font_copies, fonts
from shared.video.lettering.font_copies import font_files
from shared.video.lettering.fonts import choose_fonts, open_faces, runs_of
from shared.video.timeline import FontFace
from tests.support.faces import make_emoji_font, use_fonts
from tests.support.haste import save_instance


@pytest.fixture(autouse=True)
def _copies_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(font_copies, "_save_instance", save_instance)


def families(*texts: str) -> list[str]:
    return [face.family for face in choose_fonts(texts).faces]


def test_european_scripts_need_one_face() -> None:
    assert families("Straße, Привет, Γειά", "Việt ắ Ỗ") == ["Fira Sans"]


@pytest.mark.parametrize(
    ("text", "family"),
    [
        ("שלום 123", "Heebo"),
        ("مرحبا 2025!", "Noto Sans Arabic"),
        ("नमस्ते", "Noto Sans Devanagari"),
        ("வணக்கம்", "Noto Sans Tamil"),
        ("ที่นี่ ซึ้ง", "Noto Sans Thai"),
    ],
)
def test_a_script_with_its_digits_needs_only_its_own_face(text: str, family: str) -> None:
    assert families(text) == [family]


def test_latin_letters_in_another_script_still_get_the_latin_face_first() -> None:
    assert families("שלום ABC") == ["Fira Sans", "Heebo"]


def test_letters_that_are_written_decomposed_need_no_other_face() -> None:
    assert families("e\u0301 o\u0302\u0303") == ["Fira Sans"]


def test_joiners_selectors_and_controls_need_no_glyph() -> None:
    choice = choose_fonts(["a\u200d\u2060\ufe0f\u00ad\u202e b\tc\nd"])
    assert ([face.family for face in choice.faces], choice.missing) == (["Fira Sans"], ())


@pytest.mark.parametrize(
    ("text", "script", "package"),
    [
        ("𒀀𒀁", "Cuneiform", "fonts-noto-core"),
        ("𓀀", "Egyptian", "fonts-noto-core"),
        ("日本", "Hani", "manimgx-fonts-cjk"),
        ("ひら", "Hira", "manimgx-fonts-cjk"),
        ("한국", "Hang", "fonts-noto-cjk"),
        ("😀", "Zsye", "manimgx-fonts"),
        ("বাংলা", "Beng", "manimgx-fonts"),
        ("ខ្មែរ", "Khmr", "manimgx-fonts"),
    ],
)
@pytest.mark.usefixtures("no_noto")
def test_a_script_that_no_font_has_is_reported_with_a_remedy(text: str, script: str, package: str) -> None:
    choice = choose_fonts([f"Hello {text}"])
    assert [face.family for face in choice.faces] == ["Fira Sans"]
    assert [missing.script for missing in choice.missing] == [script]
    assert choice.missing[0].samples[0] == text[0]
    assert package in choice.missing[0].remedy


@pytest.mark.parametrize(
    ("language", "text", "region"),
    [
        ("ja", "日本", "JP"),
        ("ko-KR", "漢字", "KR"),
        ("zh-CN", "中文", "SC"),
        ("zh-Hant-TW", "中文", "TC"),
        ("zh-HK", "中文", "HK"),
        ("und", "ひらがな", "JP"),
        ("en", "한국", "KR"),
        ("en", "中文", "SC"),
    ],
)
def test_han_characters_take_the_shapes_of_the_language(language: str, text: str, region: str) -> None:
    assert fonts._region(language, text) == region


def test_digits_and_marks_are_drawn_with_the_letters_before_them() -> None:
    faces = open_faces(choose_fonts(["שלום abc"]).faces)
    runs = [(face.family if face else None, text) for face, text in runs_of("(12) שלום, 3 abc 4! 𒀀", faces)]
    assert runs == [("Heebo", "(12) שלום, 3 "), ("Fira Sans", "abc 4! "), (None, "𒀀")]


def test_exactly_the_needed_files_are_put_into_the_folder_in_bold_and_the_same_each_time(
    tmp_path: Path,
) -> None:
    from fontTools.ttLib import TTFont

    faces = choose_fonts(["שלום abc"]).faces
    font_files(faces, tmp_path / "a", "שלום abc")
    font_files(faces, tmp_path / "b", "שלום abc")
    files = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert files == sorted(face.file_name for face in faces)
    for name in files:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
        with TTFont(tmp_path / "a" / name) as font:
            assert (font["OS/2"].usWeightClass, "fvar" in font) == (700, False)


@pytest.mark.parametrize("change", [{"file_name": "NotoSansCJK-Heavy.ttc"}, {"sha256": "0" * 64}])
def test_a_face_that_is_not_on_this_machine_is_a_bad_request(change: dict[str, str], tmp_path: Path) -> None:
    face = FontFace(family="Fira Sans", file_name="FiraSans-Bold.ttf", sha256="1" * 64)
    changed = face.model_copy(update=change)
    with pytest.raises(BadRequest) as caught:
        font_files([changed], tmp_path, "abc")
    package = "fontpkg-fira-sans" if "sha256" in change else "fonts-noto-cjk"
    assert package in caught.value.problems[0]
    assert changed.file_name in caught.value.problems[0]


def test_a_damaged_font_file_is_passed_over(tmp_path: Path) -> None:
    damaged = tmp_path / "Broken-Bold.ttf"
    damaged.write_bytes(b"\x00\x01\x00\x00 not a font")
    assert fonts._open(damaged, "SC") is None


@pytest.mark.parametrize(
    ("language", "text", "family"),
    [
        ("ja", "日本", "Noto Sans CJK JP"),
        ("zh-TW", "日本", "Noto Sans CJK TC"),
        ("ko", "한국", "Noto Sans CJK KR"),
        ("bn", "বাংলা", "Noto Sans Bengali"),
        ("en", "😀", "Noto Emoji"),
    ],
)
def test_the_bundled_noto_fonts_draw_what_others_lack_in_the_shapes_of_the_language(
    language: str, text: str, family: str
) -> None:
    choice = choose_fonts([text], language)
    assert ([face.family for face in choice.faces], choice.missing) == ([family], ())


def test_of_a_variable_collection_only_the_drawn_characters_are_copied_in_bold(tmp_path: Path) -> None:
    from fontTools.ttLib import TTFont

    font_files(choose_fonts(["海边"], "ja").faces, tmp_path, "海边")
    (path,) = tmp_path.iterdir()
    with TTFont(path) as font:
        assert (font["OS/2"].usWeightClass, font["name"].getDebugName(1)) == (700, "Noto Sans CJK JP")
        assert {chr(code) for code in font.getBestCmap()} == {"海", "边"}


def test_spaces_and_digits_are_not_drawn_with_the_face_of_emoji() -> None:
    faces = open_faces(choose_fonts(["a 😀 1"]).faces)
    runs = [(face.family if face else None, text) for face, text in runs_of("a 😀 1", faces)]
    assert runs == [("Fira Sans", "a "), ("Noto Emoji", "😀"), ("Fira Sans", " 1")]


def test_emoji_take_a_font_in_colour_only_where_that_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    use_fonts(monkeypatch, make_emoji_font(tmp_path, {"😀": "red"}))
    families_of = [
        [face.family for face in choose_fonts(["ab 😀 🚀 ☂"], emoji_in_colour=wanted).faces]
        for wanted in (True, False)
    ]
    assert families_of == [["Fira Sans", "Test Color Emoji", "Noto Emoji"], ["Fira Sans", "Noto Emoji"]]
