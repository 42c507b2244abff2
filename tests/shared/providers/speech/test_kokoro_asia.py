"""Japanese and Chinese by the neural voice. Their readers are stood in for where the extras are missing."""

import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from shared.providers.speech.kokoro import provider as provider_module
from shared.providers.speech.kokoro.languages import language_of
from shared.providers.speech.kokoro.phonemes import chinese, japanese
from shared.providers.speech.kokoro.phonemes.symbols import Said
from shared.providers.speech.kokoro.provider import KokoroProvider
from shared.providers.speech.kokoro.timing import Sound, words_in
from shared.text.language import words_of

_STATION = "「駅」まで25分、歩きます。"
_LIBRARY = "她说：“去图书馆，25%。”"


def _japanese(monkeypatch: pytest.MonkeyPatch) -> None:
    """What OpenJTalk gives for `_STATION`."""
    parts = [
        *(("「", "、", (0, 1)), ("駅", "エキ", (1, 2)), ("」", "、", (2, 3)), ("まで", "マデ", (3, 5))),
        *(("二", "ニ", (5, 6)), ("十", "ジュー", (0, 0)), ("五", "ゴ", (6, 7)), ("分", "フン", (7, 8))),
        *(
            ("、", "、", (8, 9)),
            ("歩き", "アルキ", (9, 11)),
            ("ます", "マス’", (11, 13)),
            ("。", "、", (13, 14)),
        ),
    ]
    nodes = [{"string": of, "pron": said, "pos": "記号" if said == "、" else ""} for of, said, _ in parts]
    spans = [{"surface": of, "char_span": span} for of, _, span in parts]
    reader = SimpleNamespace(
        run_frontend_detailed=lambda text, use_sudachi_kanji_yomi: (nodes, []),
        make_phoneme_mapping=lambda nodes, morphemes, caller_text: spans,
    )
    monkeypatch.setitem(sys.modules, "pyopenjtalk", reader)


def _chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the packages give for `_LIBRARY`."""
    words = {"她说：“去图书馆，": ["她", "说", "：", "“", "去", "图书馆", "，"], "。”": ["。", "”"], "": []}
    pinyin = {"她": "ta1", "说": "shuo1", "去": "qu4", "图书馆": "tu2 shu1 guan3"}
    pinyin["百分之二十五"] = "bai3 fen1 zhi1 er4 shi2 wu3"
    ipa = {
        **{"ta1": "tʰa˥", "shuo1": "ʂwo˥", "qu4": "tɕʰy˥˩", "tu2": "tʰu˧˥", "shu1": "ʂu˥"},
        **{"guan3": "kwa˧˩˧n", "bai3": "pai̯˧˩˧", "fen1": "fə˥n", "zhi1": "ʈʂɻ̩˥", "er4": "ɚ˥˩"},
        **{"shi2": "ʂɻ̩˧˥", "wu3": "u˧˩˧"},
    }
    stand_ins: dict[str, Any] = {
        "rjieba": SimpleNamespace(cut=words.__getitem__),
        "cn2an": SimpleNamespace(an2cn=lambda figures, mode: {("25", "low"): "二十五"}[figures, mode]),
        "pypinyin": SimpleNamespace(
            Style=SimpleNamespace(TONE3=8), lazy_pinyin=lambda word, **_: pinyin.get(word, "").split()
        ),
        "pinyin_to_ipa": SimpleNamespace(pinyin_to_ipa=lambda syllable: [tuple(ipa[syllable])]),
    }
    for name, module in stand_ins.items():
        monkeypatch.setitem(sys.modules, name, module)


def _by(extra: str, stand_in: Callable[[pytest.MonkeyPatch], None]) -> list[Any]:
    """The packages themselves, and what stands for them."""
    itself = pytest.param(lambda _: None, id=extra, marks=pytest.mark.asian_voices)
    return [itself, pytest.param(stand_in, id="stand-in")]


def _shown(text: str, words: list[Said]) -> list[tuple[str, str, str, str]]:
    return [(text[word.at : word.end], word.before, word.symbols, word.after) for word in words]


@pytest.mark.parametrize("prepare", _by("voice-ja", _japanese))
def test_japanese_is_read_by_morphemes_in_the_letters_of_the_model(
    prepare: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(monkeypatch)
    assert _shown(_STATION, japanese.said_of(_STATION)) == [
        *(("駅", "“", "ekʲi", "”"), ("まで", "", "made", ""), ("2", "", "ɲi", ""), ("", "", "ʥɨː", "")),
        *(("5", "", "ɡo", ""), ("分", "", "ɸɯɴ", ","), ("歩きます", "", "aɾɯkʲimasɨ", ".")),
    ]


@pytest.mark.parametrize("prepare", _by("voice-zh", _chinese))
def test_chinese_is_read_by_words_with_tones_and_figures_in_characters(
    prepare: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(monkeypatch)
    assert _shown(_LIBRARY, chinese.said_of(_LIBRARY)) == [
        *(("她", "", "tʰa→", ""), ("说", "", "ʂwo→", ":"), ("去", "“", "ʨʰy↘", "")),
        ("图书馆", "", "tʰu↗ʂu→kwa↓n", ","),
        ("25%", "", "pai↓fə→nꭧɨ→ɚ↘ʂɨ↗u↓", ".”"),
    ]


@pytest.mark.asian_voices
def test_odd_japanese_is_read_as_far_as_it_can_be() -> None:
    for text in ("んぁーぁ", "한글 1人〜ゞ", "〃😀・", "長い。" * 300):
        places = [place for word in japanese.said_of(text) for place in (word.at, word.end)]
        assert places == sorted(places)
        assert all(place <= len(text) for place in places)


def test_the_characters_of_a_word_share_its_time() -> None:
    text = "图书馆，去"
    sound = Sound(samples=np.zeros(24_000, np.float32), heard=((0, 3, 0, 14_400), (4, 5, 16_800, 24_000)))
    times = [(text[word.start : word.end], word.start_ms, word.end_ms) for word in words_in(text, sound)]
    assert times == [("图", 0, 200), ("书", 200, 400), ("馆，", 400, 600), ("去", 700, 1000)]


@pytest.mark.parametrize(
    ("language", "text", "remedies"),
    [
        ("ja", "はい。", ["pip install 'reelwright[voice-ja]'"]),
        ("zh-CN", "你好。", ["pip install 'reelwright[voice-zh]'", "reelwright voices add zf_xiaobei"]),
    ],
)
def test_without_its_extra_espeak_speaks_and_the_warning_names_it(
    language: str, text: str, remedies: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    kokoro = KokoroProvider(tmp_path)
    monkeypatch.setattr(provider_module, "is_missing", lambda package: True)
    speech = kokoro.speak(text, language=language, voice=None, rate=1.0)
    assert speech.sample_rate_hz == 22_050
    assert [remedy in speech.warning for remedy in remedies] == [True] * len(remedies)
    assert speech.warning.count("espeak speaks it") == 1


@pytest.mark.asian_voices
def test_japanese_is_spoken_and_every_character_has_its_time(tmp_path: Path) -> None:
    text = "春です。"
    speech = KokoroProvider(tmp_path).speak(text, language="ja", voice=None, rate=1.0)
    assert (speech.warning, speech.sample_rate_hz) == ("", 24_000)
    assert [(word.start, word.end) for word in speech.words] == words_of(text)
    assert all(word.end_ms > word.start_ms for word in speech.words)


def test_all_tags_of_mandarin_are_chinese() -> None:
    found = [language_of(tag) for tag in ("zh", "cmn", "zh-TW", "yue")]
    assert [language and language[0].tag for language in found] == ["zh", "zh", "zh", None]
