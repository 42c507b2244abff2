from typing import Any

import pytest

from shared.text.language import (
    is_right_to_left,
    is_same_language,
    iso_639_2,
    iso_639_2b,
    scripts_of,
    words_of,
)


@pytest.mark.parametrize(
    ("text", "scripts"),
    [
        ("Hello, 世界!", {"Latn": 5, "Hani": 2}),
        ("カメラをＡＢ買った々ー", {"Kana": 4, "Hira": 3, "Latn": 2, "Hani": 2}),
        ("ｶﾒﾗ", {"Kana": 3}),
        ("हिन्दी", {"Deva": 6}),
        ("عربي ١٢٣ שלום", {"Arab": 4, "Hebr": 4}),
        ("한국어 ภาษา Ελ Рус", {"Hang": 3, "Thai": 4, "Grek": 2, "Cyrl": 3}),
        ("𠮷", {"Hani": 1}),
        ("12 3.5 😀 € \0 \ud800", {}),
    ],
)
def test_letters_are_counted_by_script(text: str, scripts: dict[str, int]) -> None:
    assert dict(scripts_of(text)) == scripts


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("שלום world", True),
        ("world שלום", False),
        ("123 … مرحبا", True),
        ("😀!", False),
        ("", False),
        ("Привет", False),
        ("\u200fabc", True),
    ],
)
def test_the_first_character_with_a_direction_decides(text: str, answer: bool) -> None:
    assert is_right_to_left(text) is answer


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('"Hello, world!" — it\'s $3.50.', ['"Hello,', 'world!"', "—", "it's", "$3.50."]),
        (" two\nlines\u00a0here\t", ["two", "lines", "here"]),
        ("ein\0zwei\u200bdrei", ["ein", "zwei", "drei"]),
        ("오늘은 좋아요.", ["오늘은", "좋아요."]),
        ("今天很好。我", ["今", "天", "很", "好。", "我"]),
        ("「天気」がいい！？", ["「天", "気」", "が", "い", "い！？"]),
        ("我買了iPhone 15,真", ["我", "買", "了", "iPhone", "15,", "真"]),
        ("葛󠄀城", ["葛󠄀", "城"]),
        ("𠮷野家", ["𠮷", "野", "家"]),
        ("วันนี้ เก่งไหม", ["วั", "น", "นี้", "เก่", "ง", "ไห", "ม"]),
        ("ကောင်းတယ်", ["ကောင်း", "တယ်"]),
        ("ល្អណាស់", ["ល្អ", "ណា", "ស់"]),
        ("ມື້ນີ້", ["ມື້", "ນີ້"]),
        ("👨‍👩‍👧 ❤️", ["👨‍👩‍👧", "❤️"]),
        ("", []),
        (" \n\0", []),
    ],
)
def test_a_text_parts_into_words(text: str, words: list[Any] | list[str]) -> None:
    assert [text[start:end] for start, end in words_of(text)] == words


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("de", "ger", True),
        ("de-AT", "deu", True),
        ("fre", "fra", True),
        ("en", "de", False),
        ("und", "und", False),
        ("xx", "und", False),
    ],
)
def test_codes_of_all_kinds_name_the_same_languages(one: str, other: str, same: bool) -> None:
    assert is_same_language(one, other) == is_same_language(other, one) == same


def test_a_language_has_two_codes_where_libraries_and_linguists_disagree() -> None:
    assert (iso_639_2("de"), iso_639_2b("de")) == ("deu", "ger")
    assert (iso_639_2("ger"), iso_639_2b("deu-DE")) == ("deu", "ger")
    assert (iso_639_2("en"), iso_639_2b("en"), iso_639_2("qq")) == ("eng", "eng", "und")
